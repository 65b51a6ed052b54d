/* Private: where the nodes of a YAML or JSON text stand, in bytes, for doc_edit.c. */
#ifndef VL_CODEC_DOC_LAYOUT_H
#define VL_CODEC_DOC_LAYOUT_H

#include "base/buf.h"
#include "base/vec.h"
#include "codec/doc.h"

enum doc_layout_kind {
    DOC_LAYOUT_SCALAR,
    DOC_LAYOUT_ALIAS,
    DOC_LAYOUT_SEQUENCE,
    DOC_LAYOUT_MAPPING, /* its children are key, value, key, value … */
};

/* An event of the YAML parser as doc_yaml_events() reports it. Places count code points of the text. */
struct doc_yaml_event {
    enum { DOC_YAML_DOCUMENT, DOC_YAML_OPEN, DOC_YAML_CLOSE, DOC_YAML_LEAF, DOC_YAML_DOCUMENT_END } type;
    enum doc_layout_kind kind;
    bool flow;         /* {} and [] */
    bool block_scalar; /* | and > */
    bool double_quoted;
    bool plain; /* an unquoted scalar */
    size_t start, end;
    struct vl_span text; /* of a scalar, unescaped; lent for the call */
};

VL_MUST_CHECK int doc_yaml_events(struct vl_span input, const char *name,
    int (*each)(const struct doc_yaml_event *event, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

struct doc_layout_node {
    uint8_t kind; /* enum doc_layout_kind */
    bool flow, block_scalar, double_quoted, plain;
    uint32_t start, end; /* bytes; a container ends with its last child, a flow container after its bracket */
    uint32_t parent;     /* index; UINT32_MAX for the root */
    uint32_t first, last, next; /* children and sibling; 0: none (the root is no child) */
    uint32_t n;                 /* children */
    uint32_t key;               /* scalars: offset of the text in `texts` */
    uint32_t key_len;
};

struct doc_layout {
    struct vl_vec nodes; /* struct doc_layout_node, the root first */
    struct vl_buf texts; /* of scalars */
};

void doc_layout_init(struct doc_layout *layout);
void doc_layout_done(struct doc_layout *layout); /* also for VL_CLEANUP */

/* Lays out document number `document` of the stream; VL_ERR_NOT_FOUND where there are fewer. */
VL_MUST_CHECK int doc_layout_read(
    struct doc_layout *layout, struct vl_span text, size_t document, const char *name, struct vl_err *err);

/* The bytes [*ret_from, *ret_to) of document number `document`, its "---" included; a following one begins at
 * *ret_to. */
VL_MUST_CHECK int doc_layout_document(struct vl_span text, size_t document, const char *name,
    uint32_t *ret_from, uint32_t *ret_to, struct vl_err *err);

struct doc_layout_node *doc_layout_at(const struct doc_layout *layout, uint32_t index);
struct vl_span doc_layout_text(const struct doc_layout *layout, const struct doc_layout_node *node);

#endif
