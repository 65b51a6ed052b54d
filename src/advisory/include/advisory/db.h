/* The advisory database: one mapped file, read-only. Format: docs/design/0004-advisory-database.md. */
#ifndef VL_ADVISORY_DB_H
#define VL_ADVISORY_DB_H

#include "model/finding.h"
#include "model/result.h"

struct vl_advisory_db;

/* Opens in under a millisecond whatever the size. Thread-safe for reading afterwards. */
VL_MUST_CHECK int vl_advisory_db_open(const char *path, struct vl_advisory_db **ret, struct vl_err *err);
void vl_advisory_db_close(struct vl_advisory_db *db); /* accepts NULL */

/* Touches and checks what matching reads, for who waits for something else before it looks up names: they are
 * then found without a page fault. Of a large database the first 16 MiB. Damage is found at use, as always.
 */
void vl_advisory_db_warm(struct vl_advisory_db *db);
void vl_advisory_db_cleanup(struct vl_advisory_db **db);

VL_MUST_CHECK int vl_advisory_db_verify(
    struct vl_advisory_db *db, struct vl_err *err); /* every page and offset */

/* What the data of one feed in the file is. */
struct vl_advisory_feed {
    const char *name;  /* "debian", "osv/npm", "kev", "epss" … */
    const char *title; /* "Debian security tracker" */
    const char *url;   /* where it came from; file:// for local ones */
    int64_t data_ms;   /* newest date in the data, or its Last-Modified */
    int64_t fetched_ms;
    uint64_t records;
    bool starter;       /* built-in starter set */
    const char *digest; /* sha256 of the feed's records as stored */
};
size_t vl_advisory_db_feed_count(const struct vl_advisory_db *db);
VL_MUST_CHECK int vl_advisory_db_feed(struct vl_advisory_db *db, size_t index, struct vl_arena *arena,
    struct vl_advisory_feed *ret, struct vl_err *err);
const char *vl_advisory_db_digest(const struct vl_advisory_db *db); /* "sha256:…" of the content; lent */
const char *vl_advisory_db_path(const struct vl_advisory_db *db);

struct vl_advisory_counts {
    uint64_t records;    /* as feeds gave them: package and vulnerability pairs, vulnerabilities, facts */
    uint64_t advisories; /* documents */
    uint64_t vulnerabilities; /* after merging aliases */
    uint64_t packages;
    uint64_t rows;
    uint64_t ids;
    uint64_t namespaces;
};
void vl_advisory_db_counts(const struct vl_advisory_db *db, struct vl_advisory_counts *ret);

/* One advisory that names the package and includes its version. */
struct vl_advisory_match {
    uint32_t record; /* to vl_advisory_describe() */
    const char
        *fixed_version; /* lowest fixed version above the package's in its branch; NULL where there is none */
    enum vl_fix_state state;
    enum vl_severity severity; /* the vendor's for this package in this release; UNKNOWN where it rates the
                                  vulnerability as a whole: then describe tells. Beats describe's severity */
    bool by_source;            /* matched through the source package */
};

/* A matcher holds the distribution's namespaces and caches; one a thread. */
struct vl_advisory_matcher;
VL_MUST_CHECK int vl_advisory_matcher_new(struct vl_advisory_db *db, const struct vl_distro *distro,
    struct vl_advisory_matcher **ret, struct vl_err *err);
void vl_advisory_matcher_free(struct vl_advisory_matcher *matcher);

/* The next target: another distribution, an empty coverage. Caches stay, so that re-matching many package
 * lists costs a hash look-up for all but new packages. `distro` must outlive its use. */
VL_MUST_CHECK int vl_advisory_matcher_reset(
    struct vl_advisory_matcher *matcher, const struct vl_distro *distro, struct vl_err *err);

/* Windows: installed updates ("KB5034123"), lent until the next reset. Without them and without a build
 * number in the data no Windows package can be judged: its coverage row has no data. */
void vl_advisory_matcher_set_updates(
    struct vl_advisory_matcher *matcher, const char *const *updates, size_t n);

/* Appends a struct vl_advisory_match for each vulnerability, once however many advisories name it; strings
 * live in `arena`. Third-party packages of a distribution (vendor), kernel headers, main modules and
 * requirements are not matched: docs/design/0004 says how they are told. */
VL_MUST_CHECK int vl_advisory_match(struct vl_advisory_matcher *matcher, const struct vl_package *package,
    struct vl_arena *arena, struct vl_vec *matches, struct vl_err *err);

/* The coverage row that judges this package: which namespace, whether there is data; counts the package in
 * it. Rows are lent by the matcher until its reset and shared by all packages of one namespace. A row of the
 * starter set has data for some packages only: vl_advisory_covers() tells which. */
VL_MUST_CHECK int vl_advisory_coverage(struct vl_advisory_matcher *matcher, const struct vl_package *package,
    const struct vl_coverage_row **ret, struct vl_err *err);

/* Whether somebody else than the distribution built this package of its format (Docker, NodeSource …), as far
 * as its vendor tells: the distribution's data speaks neither of it nor of what is in it. */
bool vl_advisory_is_third_party(const struct vl_package *package, const struct vl_distro *distro);

/* Whether the data would name this package's vulnerabilities if it had any: "no match" means "none known"
 * only then. *ret is false where the package's namespace has no data, where somebody else built the package,
 * where it is no package to be matched (main module, requirement, no version), and where all there is is the
 * starter set and the set was not made for a package of this name (for a distribution: for its source
 * package). A caller counts what is not covered as not assessed. The answer does not depend on the version.
 */
VL_MUST_CHECK int vl_advisory_covers(
    struct vl_advisory_matcher *matcher, const struct vl_package *package, bool *ret, struct vl_err *err);

/* Fills ids, aliases, severity with source, ratings, CVSS, EPSS, KEV, references, dates, titles; not package,
 * fix, layer or remedy. All aliases of one vulnerability give the same id and the merged facts of all its
 * records; `preferred_source` (such as the distribution id) tells whose severity comes first. */
VL_MUST_CHECK int vl_advisory_describe(struct vl_advisory_db *db, uint32_t record,
    const struct vl_distro *distro, struct vl_arena *arena, struct vl_finding *finding, struct vl_err *err);

/* `text` is an id ("CVE-2021-44228", case-blind, any alias) or a purl ("pkg:npm/lodash", with or without
 * version). Calls each with a record number and the namespace and package it stands under. */
VL_MUST_CHECK int vl_advisory_search(struct vl_advisory_db *db, struct vl_span text,
    int (*each)(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
        struct vl_err *err),
    void *user, struct vl_err *err);

#endif
