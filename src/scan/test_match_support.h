/* A small advisory database out of feed documents, and packages of an inventory in a line each. */
#ifndef VL_SCAN_TEST_MATCH_SUPPORT_H
#define VL_SCAN_TEST_MATCH_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scan/scan.h"

struct test_feed {
    const char *path; /* below the folder of feeds: "osv/npm/all.zip" (plain JSON does), "k8s/1.json" */
    const char *text;
};

/* Fails the test where the database cannot be built. The folder is removed again by test_db_close(). */
struct vl_advisory_db *test_db_open(const struct test_feed *feeds, size_t n);
void test_db_close(struct vl_advisory_db *db);

#define TEST_OSV(id, aliases, eco, name, events, more)                                           \
    "{\"id\":\"" id "\",\"aliases\":[" aliases "],\"summary\":\"Title of " id                    \
    "\",\"published\":\"2024-03-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"" eco \
    "\",\"name\":\"" name "\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]}]" more "}"
#define TEST_FROM(v)  "{\"introduced\":\"" v "\"}"
#define TEST_FIXED(v) ",{\"fixed\":\"" v "\"}"
#define TEST_CVSS(v)  ",\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"" v "\"}]"

/* The feeds that most tests need: zlib and openssl of Debian 12 (and 8), npm, PyPI, Go, Maven, KEV, EPSS. */
struct vl_advisory_db *test_db_usual(void);

struct vl_inventory *test_inventory(enum vl_target_kind kind, const char *distro, const char *version,
    enum vl_support support); /* distro "" for none */
/* All strings are lent: literals. */
struct vl_package *test_add(struct vl_inventory *inventory, enum vl_ecosystem eco, const char *name,
    const char *version, const char *path, unsigned flags);

struct vl_scan_result *test_match(
    struct vl_inventory *inventory, struct vl_advisory_db *db, const struct vl_scan_options *options);

/* "ID package version fixed state status" joined by "; " in the order of the result; good until the next
 * call. */
const char *test_findings(const struct vl_scan_result *result);
/* The first finding of the id; fails the test where there is none. */
struct vl_finding *test_finding(const struct vl_scan_result *result, const char *id);

/* Writes a file for one test below a folder that is removed by test_files_done(); lent path. */
const char *test_file(const char *name, const char *text);
void test_files_done(void);

#endif
