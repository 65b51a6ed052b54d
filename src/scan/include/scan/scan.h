/* Vulnerability assessment: from a target to a result. The one entry that commands and the server use.
 *
 * Bytes of images are parsed in indexer processes (vl_scan_indexer_main), which get a pipe or a file region
 * and give back a layer index; this process fetches, merges, matches. */
#ifndef VL_SCAN_SCAN_H
#define VL_SCAN_SCAN_H

#include "advisory/db.h"
#include "image/image.h"
#include "model/result.h"

enum vl_scan_scanner {
    VL_SCAN_VULN = 1U << 0,
    VL_SCAN_SECRET = 1U << 1,
};

struct vl_scan_progress {
    void (*layer)(size_t index, size_t count, bool cached, void *user);
    void *user;
};

struct vl_scan_options {
    unsigned scanners;          /* enum vl_scan_scanner */
    const char *cache_dir;      /* NULL: no cache */
    const char *const *indexer; /* argv of the indexer program, NULL-terminated: {"/proc/self/exe", "indexer",
                                   NULL}; NULL runs it in this process (tests, fuzzers) */
    unsigned jobs;              /* layers at once; 0: number of CPUs, at most 8 */
    bool include_dev;           /* development dependencies too */
    bool judge_os_owned;        /* also match language packages inside distribution packages */
    bool packages_only;         /* inventory without matching */
    bool attestations;          /* image: read what lies beside it in its registry, too */
    bool isolate;               /* SBOM: read it in an indexer, too */
    bool shared_cache; /* others' images are indexed with this cache too: what they are called is neither
                          remembered in it nor told of the base */
    struct vl_scan_progress progress;
};

VL_MUST_CHECK int vl_scan_image(struct vl_image *image, struct vl_advisory_db *db,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err);

/* A folder as a root file system (system paths count) or as a project (lock files count); also a single file.
 */
VL_MUST_CHECK int vl_scan_folder(const char *path, enum vl_target_kind kind, struct vl_advisory_db *db,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err);

/* CycloneDX or SPDX document. */
VL_MUST_CHECK int vl_scan_sbom(const char *path, struct vl_advisory_db *db,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err);

/* main() of an indexer process: layer in on standard input (or the region named by its arguments), index out
 * on standard output. Drops all privileges first. Returns the exit status. */
int vl_scan_indexer_main(int argc, char **argv);

/* Re-matches a stored inventory, taking ownership of it, also where it fails. `db` NULL gives a result that
 * is not assessed; options NULL: vulnerabilities, no cache. */
VL_MUST_CHECK int vl_scan_match(struct vl_inventory *inventory, struct vl_advisory_db *db,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err);

/* The same for many inventories against one database: what was matched and read for one is remembered for the
 * next. Results lend texts of the matcher: free them before it. Remedies are left out (scan/remedy.h adds
 * them). One thread at a time. */
struct vl_scan_matcher;
VL_MUST_CHECK int vl_scan_matcher_new(
    struct vl_advisory_db *db, struct vl_scan_matcher **ret, struct vl_err *err);
void vl_scan_matcher_free(struct vl_scan_matcher *matcher); /* accepts NULL */
void vl_scan_matcher_cleanup(struct vl_scan_matcher **matcher);
VL_MUST_CHECK int vl_scan_matcher_match(struct vl_scan_matcher *matcher, struct vl_inventory *inventory,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err);

#endif
