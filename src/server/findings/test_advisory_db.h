/* For tests: small advisory databases, made of feed documents that are written out by hand. */
#ifndef VL_SERVER_TEST_ADVISORY_DB_H
#define VL_SERVER_TEST_ADVISORY_DB_H

#include "model/inventory.h"

/* Builds PATH out of these feeds:
 *   Debian 12: zlib CVE-2022-37434 fixed in 1:1.2.13.dfsg-1 (medium), openssl CVE-2023-0286 fixed in 3.0.13-1
 *   (high); npm: lodash CVE-2019-10744 fixed in 4.17.12 (CVSS 9.8: critical)
 * With `more`: lodash CVE-2020-8203 fixed in 4.17.20 (critical) too; and CVE-2022-37434 is known to be
 * exploited. */
void vl_test_advisory_db(const char *path, bool more);

/* Debian 12 with zlib1g 1:1.2.11.dfsg-4 (source zlib), libssl3 3.0.11-1~deb12u2 (source openssl) in layer 0
 * and lodash 4.17.11 in layer 1: CVE-2022-37434, CVE-2023-0286, CVE-2019-10744. */
struct vl_inventory *vl_test_inventory(const char *digest);

#endif
