/* Exemptions beside what they excuse: a comment anywhere in the document
 *     # vallum:exempt CHECK until=2027-01-31 reason=why this is so
 * or an annotation of the object
 *     exempt.vallum.io/CHECK: until=2027-01-31 reason=why this is so
 * Both need a day and a reason: an excuse without an end is forgotten. Only manifests in files can excuse
 * themselves; an object in a cluster cannot (its author may not be the one who decides). Private to posture.
 */
#ifndef VL_POSTURE_INLINE_EXEMPTION_H
#define VL_POSTURE_INLINE_EXEMPTION_H

#include "base/arena.h"
#include "base/vec.h"
#include "codec/doc.h"

#define VL_INLINE_EXEMPTIONS_MAX 10000 /* of one file */

struct vl_inline_exemption {
    const char *check; /* an id */
    const char *reason;
    int64_t until_ms; /* the last moment of its day */
    uint32_t line;    /* of a comment; 0 for an annotation */
    bool used;
};

/* Reads "CHECK until=… reason=…" or, where `check` is not NULL, "until=… reason=…". What is missing is the
 * error. */
VL_MUST_CHECK int vl_inline_exemption_parse(struct vl_span text, const char *check, struct vl_arena *arena,
    struct vl_inline_exemption *ret, struct vl_err *err);

/* All comments of a text, in order of lines. `problem` is told of malformed ones. */
VL_MUST_CHECK int vl_inline_exemption_comments(struct vl_span text, struct vl_arena *arena,
    struct vl_vec *ret_list,
    int (*problem)(uint32_t line, const char *message, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* The annotation for a check; 0 where there is none, 1 with *ret set, -EINVAL where it is malformed. */
VL_MUST_CHECK int vl_inline_exemption_annotation(const struct vl_doc_node *annotations, const char *check,
    struct vl_arena *arena, struct vl_inline_exemption *ret, struct vl_err *err);

#endif
