/* The result of checking manifests: which check says what of which object, and where that stands in a file.
 * Reports render it. Only what a person must look at is kept one by one; what passed is counted. */
#ifndef VL_MODEL_MANIFEST_RESULT_H
#define VL_MODEL_MANIFEST_RESULT_H

#include "base/arena.h"
#include "base/vec.h"
#include "model/verdict.h"

#define VL_MANIFEST_OBJECTS_MAX  10000000
#define VL_MANIFEST_FINDINGS_MAX 2000000 /* more are counted in `left_out`, and the result is partial */
#define VL_MANIFEST_PROBLEMS_MAX 10000
#define VL_MANIFEST_ARENA_MAX    (4096UL * 1024 * 1024)

struct vl_manifest_object {
    const char *file; /* as it was given; "-" for standard input */
    uint32_t line;
    uint32_t document;   /* number in its file, from 0 */
    const char *pointer; /* JSON pointer of the object in its document: "", or "/items/3" of a List */
    const char *api_version, *kind, *namespace_name, *name; /* "" where it has none */
    const char *hash;
};

/* A check, and how often it said what. */
struct vl_manifest_check {
    const char *id;
    const char *version;
    const char *title;
    const char *kind; /* "Check", "ValidatingAdmissionPolicy" … */
    const char *category;
    const char *description;
    enum vl_severity severity;
    const char *const *remediation;
    uint32_t n_remediation;
    const char *data_date;
    uint64_t counts[VL_VERDICT_COUNT]; /* by outcome */
};

struct vl_manifest_finding {
    uint32_t object, check;          /* indices */
    enum vl_verdict_outcome outcome; /* FAIL, ERROR, EXEMPT */
    const char *rule;                /* or NULL */
    const char *message;
    const struct vl_verdict_field *fields;
    uint32_t n_fields;
    uint32_t line, column; /* the first field's place, else the object's */
    const char *fix;       /* JSON, or NULL */
    bool fix_is_patch;
    const char *evaluated_as;              /* "spec.template", or NULL */
    const char *exemption, *justification; /* EXEMPT */
};

struct vl_manifest_problem {
    bool is_error; /* something was not checked because of it */
    const char *file;
    uint32_t line, column; /* 0 where not known */
    const char *message;
};

/* A standard: passed, failed, manual, not assessable; never one percentage. */
struct vl_manifest_standard {
    const char *id, *title, *version;
    uint32_t passed, failed, manual, not_assessable;
    uint32_t not_applicable; /* automated, but nothing here is of their kinds */
};

struct vl_manifest_result {
    struct vl_arena *arena;  /* owned: all texts */
    struct vl_vec objects;   /* struct vl_manifest_object */
    struct vl_vec checks;    /* struct vl_manifest_check */
    struct vl_vec findings;  /* struct vl_manifest_finding, in order of files and objects */
    struct vl_vec problems;  /* struct vl_manifest_problem */
    struct vl_vec standards; /* struct vl_manifest_standard */
    uint64_t files;
    uint64_t foreign;  /* documents that are no Kubernetes objects */
    uint64_t left_out; /* findings over the limit */
    uint64_t problems_left_out;
    uint64_t by_severity[VL_SEVERITY_COUNT]; /* findings that fail */
    uint64_t errors, exempt;
    bool partial; /* something was not checked: see problems */
    int64_t scanned_ms, took_us;
};

struct vl_manifest_result *vl_manifest_result_new(void); /* NULL only when there is no memory */
void vl_manifest_result_free(struct vl_manifest_result *result);
void vl_manifest_result_cleanup(struct vl_manifest_result **result);

#endif
