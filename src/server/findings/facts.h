/* What a scan found, as the rows that are to be stored; no SQL here. */
#ifndef VL_SERVER_FACTS_H
#define VL_SERVER_FACTS_H

#include "base/buf.h"
#include "base/map.h"
#include "model/result.h"

#define VL_FACTS_ARENA_MAX (512UL * 1024 * 1024)
#define VL_FACTS_TEXT_MAX  16384 /* bytes of one text; what is longer is cut */
#define VL_FACTS_LINKS_MAX 50    /* of one vulnerability; more are left out */
#define VL_FACTS_KNOWN_MAX 4000000U

struct vl_facts_package {
    const char *purl;
    const char *name, *version;
    const char *distro; /* "debian:12" of distribution packages; or NULL */
    int ecosystem;
    int64_t id;   /* of its row, in the database for good; 0: not known yet */
    int64_t made; /* in the write that runs */
};

struct vl_facts_vulnerability {
    const char *name;
    const char *title; /* "" where there is none */
    const char *details, *exploitation, *cvss_vector;
    bool has_cvss, has_epss;
    int severity; /* as the facts say, without a vendor's word for one package */
    double cvss, epss, epss_percentile;
    int64_t kev_added, kev_due, published, modified;
    bool kev_ransomware;
    const char *aliases, *cwes, *links; /* JSON arrays of text */
    int64_t hash;                       /* of all of it but the severity */
    int64_t id, made;                   /* as above */
    bool changed;                       /* the row says something else */
    bool touched;                       /* in the write that runs: one of its matches was */
};

struct vl_facts_match {
    size_t package; /* index */
    struct vl_facts_vulnerability *vulnerability;
    const struct vl_finding *finding; /* one of them, lent by the result */
    int severity, state;
    const char *severity_source, *fixed_version, *source, *advisory;
    bool malicious;
    int64_t hash;
    int64_t id, made;
    bool changed;
    /* of this image */
    int status; /* enum vl_finding_status: the most open of the places it lies in */
    int layer;  /* ordinal of the lowest; -1: not known */
};

struct vl_facts_counts {
    int64_t critical, high, medium, low, unknown, fixable, kev;
};

struct vl_facts {
    const struct vl_scan_result *result; /* lent */
    struct vl_arena *arena;              /* lent */
    struct vl_facts_package *packages;   /* distinct by purl */
    size_t n_packages;
    struct vl_facts_match *matches; /* distinct by package and vulnerability */
    size_t n_matches;
    struct vl_facts_counts counts; /* of open ones */
    const char *coverage;          /* JSON */
    const char *distro;            /* "debian:12"; or NULL */
    int64_t size;                  /* bytes of all layers as stored */
    bool fresh; /* some ids are not those of the cache: vl_facts_learn() has something to learn */
};

/* What vulnerabilities are, by name, kept for many images that were matched against one database. Not for
 * several threads. */
struct vl_facts_memo {
    struct vl_arena *arena;
    struct vl_map by_name; /* struct vl_facts_vulnerability * */
};
VL_MUST_CHECK int vl_facts_memo_init(struct vl_facts_memo *memo, struct vl_err *err);
void vl_facts_memo_done(struct vl_facts_memo *memo); /* also for VL_CLEANUP, after init */

/* `result` and `memo` must outlive it. `list`: with all packages, for a package list that is to be stored;
 * else with those alone that have findings. */
VL_MUST_CHECK int vl_facts_make(const struct vl_scan_result *result, struct vl_facts_memo *memo, bool list,
    struct vl_arena *arena, struct vl_facts *ret, struct vl_err *err);

/* A text as databases take it: UTF-8 without control characters, at most VL_FACTS_TEXT_MAX bytes. NULL stays
 * NULL. */
const char *vl_facts_text(const char *text, struct vl_arena *arena);

/* The package list for the store: what names the one image left out, so that images with equal contents share
 * it (docs/design/0017-inventory-form.md). *ret_hash "sha256:…" in the arena; `encoded` appended, which
 * vl_repo_list_pack() packs. */
VL_MUST_CHECK int vl_facts_list(const struct vl_inventory *inventory, struct vl_arena *arena,
    const char **ret_hash, struct vl_buf *encoded, struct vl_err *err);

#endif
