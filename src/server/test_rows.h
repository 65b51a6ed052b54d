/* Rows for tests, written by SQL: environments, registries, images, findings as their writers leave them. */
#ifndef VL_SERVER_TEST_ROWS_H
#define VL_SERVER_TEST_ROWS_H

#include "identity/repo_role.h"
#include "model/result.h"
#include "test_server.h"

/* One statement in a write of its own; fails the test where it fails. `types` has a letter a parameter: i
 * (int64_t), d (double), s (text or NULL). The first column of a row that it returns, else how many rows it
 * changed. `sql` must be static. */
int64_t vl_rows_sql(struct vl_test_server *s, const struct vl_store_sql *sql, const char *types, ...);

/* A further environment; its GUID may be left out. */
int64_t vl_rows_environment(struct vl_test_server *s, const char *name, const char **ret_guid);
/* The id of the one that the first start makes. */
int64_t vl_rows_first_environment(struct vl_test_server *s);

/* A caller with that role in this environment alone (0: in all); `expires` in ms, 0: in an hour. The token.
 */
const char *vl_rows_caller(
    struct vl_test_server *s, const char *name, int64_t environment, int role, int64_t expires);

/* One with that role in a registry of the environment alone. */
const char *vl_rows_part_caller(
    struct vl_test_server *s, const char *name, int64_t environment, int64_t registry, int role);
/* One with that role in any other part. */
const char *vl_rows_scope_caller(
    struct vl_test_server *s, const char *name, const struct vl_role_scope *scope, int role);

int64_t vl_rows_registry(struct vl_test_server *s, int64_t environment, const char *name);

#define VL_ROWS_LAYERS_MAX 8
struct vl_rows_image {
    const char *digest, *repository;
    const char *tag;      /* NULL: none */
    const char *platform; /* NULL: "linux/amd64" */
    const char *distro;   /* NULL: "debian:12" */
    const char *parent;   /* digest of its index */
    int64_t pushed_at;    /* ms; 0: now */
    bool unfetched;       /* the registry names it; nothing is known yet */
    bool not_assessed;
    const char *layers[VL_ROWS_LAYERS_MAX]; /* diff ids; those with a "+" before them are the base image's */
};
/* Completed, unless it is unfetched. The id of the image (facts that are there already are shared), 0 where
 * unfetched. */
int64_t vl_rows_image(
    struct vl_test_server *s, int64_t environment, int64_t registry, const struct vl_rows_image *image);

struct vl_rows_finding {
    const char *vulnerability; /* "CVE-2026-1" */
    const char *purl, *name, *version;
    const char *fixed; /* NULL: no fix */
    enum vl_severity severity;
    bool kev;
    double epss; /* 0: none */
    int64_t layer;
};
/* Adds it, and counts the image anew. The id of the match. */
int64_t vl_rows_finding(struct vl_test_server *s, int64_t image, const struct vl_rows_finding *finding);

/* The list has the package of that purl, or, with NULL, all that there are. */
void vl_rows_list_packages(struct vl_test_server *s, int64_t list, const char *purl);

/* Takes a finding out of an environment's counts, as an exemption does. */
void vl_rows_exempt(struct vl_test_server *s, int64_t environment, int64_t image, int64_t match);

#endif
