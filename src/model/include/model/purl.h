/* Package URLs. Source: package-url/purl-spec (PURL-SPECIFICATION and the type definitions). */
#ifndef VL_MODEL_PURL_H
#define VL_MODEL_PURL_H

#include "base/arena.h"
#include "base/buf.h"

#define VL_PURL_MAX            4096 /* bytes of a written purl */
#define VL_PURL_QUALIFIERS_MAX 32

struct vl_purl_qualifier {
    const char *key;   /* lower case */
    const char *value; /* decoded, never empty */
};

/* Decoded parts, all in the arena given to the parser. A missing part is NULL, never "". */
struct vl_purl {
    const char *type; /* lower case */
    const char *namespace;
    const char *name;
    const char *version;
    const char *subpath;
    struct vl_purl_qualifier qualifiers[VL_PURL_QUALIFIERS_MAX]; /* sorted by key */
    size_t n_qualifiers;
};

/* Parses and normalises as the type demands (pypi lower-cases and turns _ into -, github lower-cases …). */
VL_MUST_CHECK int vl_purl_parse(
    struct vl_span text, struct vl_arena *arena, struct vl_purl *ret_purl, struct vl_err *err);

/* Checks and normalises parts given by a caller, in place (strings copied into the arena where changed). */
VL_MUST_CHECK int vl_purl_normalize(struct vl_purl *purl, struct vl_arena *arena, struct vl_err *err);

/* Appends the canonical form. */
VL_MUST_CHECK int vl_purl_format(const struct vl_purl *purl, struct vl_buf *out, struct vl_err *err);

/* NULL where absent. */
const char *vl_purl_qualifier(const struct vl_purl *purl, const char *key);

#endif
