/* Private: what doc_edit.c and doc_edit_render.c share. */
#ifndef VL_CODEC_DOC_EDIT_IMPL_H
#define VL_CODEC_DOC_EDIT_IMPL_H

#include "base/buf.h"
#include "codec/doc.h"

struct edit_style {
    struct vl_buf *out;
    const char *line_end; /* "\n" or "\r\n", as the text has it */
    bool quote_all;       /* JSON: every string in double quotes */
};

/* What a value becomes. */
struct edit_content {
    enum edit_wrap {
        EDIT_VALUE,
        EDIT_MEMBER, /* a mapping with this one member */
        EDIT_ITEM,   /* a sequence with this one item */
        EDIT_NO_MEMBERS,
        EDIT_NO_ITEMS,
    } wrap;
    struct vl_span key;
    const struct vl_doc_node *value;
};

/* It takes lines of its own in block style; else it is written the same in both styles. */
bool doc_edit_is_block(const struct edit_content *content);
bool doc_edit_is_sequence(const struct edit_content *content);

/* The first line without indentation, the others with `indent` spaces. */
void doc_edit_block(struct edit_style *style, const struct edit_content *content, unsigned indent);
void doc_edit_member(
    struct edit_style *style, struct vl_span key, const struct vl_doc_node *value, unsigned indent);
void doc_edit_item(struct edit_style *style, const struct vl_doc_node *value, unsigned indent);

void doc_edit_flow(struct edit_style *style, const struct edit_content *content);
void doc_edit_flow_member(struct edit_style *style, struct vl_span key, const struct vl_doc_node *value);

/* Whether `after` is `before` with the change and nothing else. */
struct vl_doc_change;
bool doc_edit_verify(
    const struct vl_doc_node *before, const struct vl_doc_node *after, const struct vl_doc_change *change);

/* Takes the next token off a JSON pointer ("/a~1b/0"), unescaped into `token`; false at the end. */
bool doc_edit_next_token(struct vl_span *rest, char token[4096 + 1], struct vl_span *ret);

/* An array index without sign or leading zero. */
bool doc_edit_index(struct vl_span token, size_t *ret);

#endif
