/* Changes values in a YAML or JSON text and keeps everything else as it stands: comments, order, quoting,
 * indentation, line ends, other documents of the stream. For fixes that people read as a diff.
 *
 * The paths are JSON pointers (RFC 6901), the operations those of JSON patch (RFC 6902) that fixes need. */
#ifndef VL_CODEC_DOC_EDIT_H
#define VL_CODEC_DOC_EDIT_H

#include "base/buf.h"
#include "codec/doc.h"

#define VL_DOC_EDIT_MAX     10000                /* changes in one call */
#define VL_DOC_EDIT_TEXT    (64UL * 1024 * 1024) /* bytes of the text, before and after */
#define VL_DOC_EDIT_POINTER 4096                 /* bytes of a pointer */

enum vl_doc_change_op {
    VL_DOC_CHANGE_ADD,     /* a member or item; an existing member is replaced; "-" is the end of an array */
    VL_DOC_CHANGE_REPLACE, /* must exist */
    VL_DOC_CHANGE_REMOVE,  /* must exist */
};

struct vl_doc_change {
    enum vl_doc_change_op op;
    const char *pointer;             /* "/spec/containers/0/securityContext"; "" is the document itself */
    const struct vl_doc_node *value; /* ADD, REPLACE */
};

/* Applies the changes in order to document number `document` (0 for the first) of the stream `text`, and
 * appends the whole new text to `out`. What came out is parsed again: a text that does not say exactly what
 * the changes ask for is never returned.
 *
 * VL_ERR_NOT_FOUND: no such place. VL_ERR_UNSUPPORTED: the place is an alias or a merged mapping ("*x",
 * "<<"), which cannot be changed without changing other places. `name` is for messages. */
VL_MUST_CHECK int vl_doc_edit(struct vl_span text, size_t document, const struct vl_doc_change *changes,
    size_t n_changes, const char *name, struct vl_buf *out, struct vl_err *err);

#endif
