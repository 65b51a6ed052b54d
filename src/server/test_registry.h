/* For tests: Debian's docker-registry on loopback with an image in it that skopeo pushed, and the words by
 * which a test program is its own fetcher and indexer ("fetch", "indexer"), as vallumd is. */
#ifndef VL_SERVER_TEST_REGISTRY_H
#define VL_SERVER_TEST_REGISTRY_H

#include "jobs/fetch.h"

struct vl_test_registry {
    char folder[64];
    char host[64];   /* "127.0.0.1:PORT" */
    char digest[80]; /* of the image last pushed */
    int pid;
};

/* False where docker-registry, skopeo or python3 are not there: the test is to be skipped (77). The image
 * NAME:1.0 is of two layers: Debian 12 with zlib1g 1:1.2.11.dfsg-4 and libssl3 3.0.11-1~deb12u2 (source
 * openssl), and lodash 4.17.11 in /srv/node_modules. */
bool vl_test_registry_start(struct vl_test_registry *r);
void vl_test_registry_stop(struct vl_test_registry *r);

/* Pushes the image under another name, as it is. */
void vl_test_registry_push(struct vl_test_registry *r, const char *name);

/* Runs a line of shell with $WORK as the registry's folder, $HOST and $VALLUM_CHECKOUT; fails the test unless
 * it ends with 0. */
void vl_test_registry_shell(struct vl_test_registry *r, const char *line);

#endif
