/* The result of one scan: what reports render and the server stores. */
#ifndef VL_MODEL_RESULT_H
#define VL_MODEL_RESULT_H

#include "model/finding.h"

/* How far the answer reaches. */
enum vl_assessed {
    VL_ASSESSED_FULL = 0,
    VL_ASSESSED_PARTIAL, /* something could not be read or matched: see notes and coverage */
    VL_ASSESSED_NOT,     /* no advisory data for what is in the target: never "0 findings" */
};

/* One row an ecosystem found in the target. */
struct vl_coverage_row {
    const char *ecosystem; /* "debian:12", "npm" … */
    uint64_t packages;     /* judged and not judged */
    bool has_data;         /* false: these packages are not assessed */
    const char *source;    /* "debian security tracker", "OSV npm", "starter set"; NULL without data */
    int64_t data_ms;       /* date of that data; 0 where unknown */
    uint64_t records;      /* advisory records for this ecosystem */
    bool starter;          /* the built-in starter set: covers the demonstration image only */
};

struct vl_coverage {
    enum vl_assessed assessed;
    const char *why_not; /* one sentence when not FULL; or NULL */
    const struct vl_coverage_row *rows;
    size_t n_rows;
    uint64_t packages;
    uint64_t os_owned;     /* language packages left to the distribution's verdict */
    uint64_t unidentified; /* binaries no package tells */
    uint64_t ranges;       /* manifest entries without one version: not matched */
    int64_t database_ms;   /* oldest date among the rows used; 0 without a database */
    const char *database;  /* path of the database; or NULL */
    const char *database_digest;
};

struct vl_ignore_report {
    const char *id;     /* as in the file */
    const char *where;  /* file:line */
    const char *reason; /* NULL where none is given */
    bool expired;
    bool unused;
};

/* A gate that was asked for with --fail-on and the like. */
struct vl_gate_verdict {
    const char *gate; /* "severity>=high", "kev", "epss>=0.5", "license" … */
    uint64_t violations;
};

/* A document about an image that lies beside it in its registry. Signatures are not verified. */
struct vl_attestation {
    const char *digest; /* of its manifest */
    const char *kind;   /* "SBOM", "provenance", "signature", "report of vallum", "attestation", "artifact" */
    const char *artifact_type; /* as the registry says; or NULL */
    const char *predicate;     /* in-toto predicate type; or NULL */
    const char *summary;       /* one line of what it says: "143 packages", "built by https://…"; or NULL */
};

struct vl_scan_result {
    struct vl_arena *arena;         /* owned */
    struct vl_inventory *inventory; /* owned */
    struct vl_vec findings;         /* struct vl_finding: all, open or not, most urgent first */
    struct vl_coverage coverage;
    struct vl_vec ignores;      /* struct vl_ignore_report: expired and unused entries */
    struct vl_vec gates;        /* struct vl_gate_verdict */
    struct vl_vec attestations; /* struct vl_attestation */
    const char *baseline;       /* what new findings were told from; or NULL */
    int64_t scanned_ms;
    int64_t took_us;
    bool passed; /* false when some gate has violations */
};

struct vl_scan_result *vl_scan_result_new(void); /* NULL only when there is no memory; inventory is NULL */
void vl_scan_result_free(struct vl_scan_result *result);
void vl_scan_result_cleanup(struct vl_scan_result **result);

#endif
