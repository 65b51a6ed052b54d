/* VEX: what suppliers say about whether a vulnerability matters in a product. OpenVEX 0.2.0 (and 0.0.1),
 * CycloneDX 1.4 to 1.6 (vulnerabilities[].analysis), CSAF 2.0 (profile VEX). */
#ifndef VL_SCAN_VEX_H
#define VL_SCAN_VEX_H

#include "base/map.h"
#include "model/purl.h"
#include "model/result.h"

#define VL_VEX_BYTES_MAX      (256UL * 1024 * 1024) /* one document */
#define VL_VEX_STATEMENTS_MAX 2000000U /* of all documents; one a vulnerability and product list */
#define VL_VEX_PRODUCTS_MAX   5000000U /* of all documents */
#define VL_VEX_DEPTH_MAX      64       /* branches of a CSAF product tree */

enum vl_vex_status {
    VL_VEX_NONE = 0, /* no statement about it */
    VL_VEX_NOT_AFFECTED,
    VL_VEX_FIXED,
    VL_VEX_AFFECTED,
    VL_VEX_UNDER_INVESTIGATION,
};

/* "not_affected" …, as OpenVEX writes them; "" for NONE. */
const char *vl_vex_status_name(enum vl_vex_status status);

/* What the last statement about a finding said. */
struct vl_vex_verdict {
    enum vl_vex_status status;
    const char *justification; /* or NULL */
};

/* What a statement is about: the target, a package, or a package inside either. */
struct vl_vex_product {
    const char *text;                   /* as written; NULL where only `purl` or `cpe` tells */
    const struct vl_purl *purl;         /* or NULL */
    const char *cpe;                    /* or NULL */
    const char *hash;                   /* "sha256:…" or NULL */
    const struct vl_purl *const *parts; /* subcomponents: one must be the package; none: the whole product */
    size_t n_parts;
    bool has_parts; /* some were given, though perhaps none that we can tell */
};

struct vl_vex_statement {
    enum vl_vex_status status;
    const char *justification; /* or NULL */
    const char *words;         /* impact or detail in words; or NULL */
    const char *document;      /* file */
    int64_t at_ms;             /* 0 where unknown */
    const struct vl_vex_product *products;
    size_t n_products;
    const struct vl_span *versions; /* CycloneDX: counts for these only; none: for all */
    size_t n_versions;
};

struct vl_vex {
    struct vl_arena *arena;
    struct vl_vec statements; /* struct vl_vex_statement, in the order of the documents */
    struct vl_vec names;      /* struct vl_vex_name: ids of statements */
    struct vl_map by_id;      /* lower case -> index of the last name */
    uint64_t products;
    uint64_t unknown; /* products that nothing tells: no purl, no known hash */
};

struct vl_vex_name {
    uint32_t statement;
    uint32_t next; /* the name before it with the same id, UINT32_MAX at the end */
};

VL_MUST_CHECK int vl_vex_new(struct vl_vex **ret, struct vl_err *err);
void vl_vex_free(struct vl_vex *vex); /* accepts NULL */
void vl_vex_cleanup(struct vl_vex **vex);

VL_MUST_CHECK int vl_vex_parse(
    struct vl_vex *vex, struct vl_span bytes, const char *name, struct vl_err *err);
VL_MUST_CHECK int vl_vex_load(struct vl_vex *vex, const char *path, struct vl_err *err);

/* Judges every finding: of all statements about its ids whose product is this target, or the package in it,
 * the one with the latest time counts, and of those of one time the last. Sets what is not affected or fixed
 * aside; `verdicts` has room for all findings. */
VL_MUST_CHECK int vl_vex_apply(const struct vl_vex *vex, struct vl_scan_result *result,
    struct vl_vex_verdict *verdicts, struct vl_err *err);

/* Whether a product is the target itself: by digest, by repository, by name as given. */
bool vl_vex_is_target(const struct vl_vex_product *product, const struct vl_inventory *inventory);

/* --- inside, for the formats --- */

struct vl_doc_node;

/* A purl in the arena of the set; NULL without error where the text is none. */
const struct vl_purl *vl_vex_purl(struct vl_vex *vex, struct vl_span text);
char *vl_vex_dup(struct vl_vex *vex, struct vl_span text); /* NULL for the empty span */

/* Files a statement (copied) under its ids; products and other lists must live in the arena. */
VL_MUST_CHECK int vl_vex_add(struct vl_vex *vex, const struct vl_vex_statement *statement,
    const struct vl_span *ids, size_t n_ids, struct vl_err *err);

VL_MUST_CHECK int vl_vex_parse_openvex(
    struct vl_vex *vex, const struct vl_doc_node *root, const char *name, struct vl_err *err);
VL_MUST_CHECK int vl_vex_parse_cyclonedx(
    struct vl_vex *vex, const struct vl_doc_node *root, const char *name, struct vl_err *err);
VL_MUST_CHECK int vl_vex_parse_csaf(
    struct vl_vex *vex, const struct vl_doc_node *root, const char *name, struct vl_err *err);

#endif
