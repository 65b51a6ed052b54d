#include "doc_layout.h"

#define LAYOUT_TEXTS_MAX (64UL * 1024 * 1024)
#define CHECKPOINT       64 /* code points between two kept offsets */

struct reading {
    struct doc_layout *layout;
    struct vl_span text;
    struct vl_vec offsets; /* uint32_t: byte offset of every CHECKPOINT-th code point */
    size_t wanted;         /* document */
    size_t document;       /* documents begun */
    uint32_t stack[VL_DOC_DEPTH_MAX];
    unsigned depth;
    const char *name;
};

void doc_layout_init(struct doc_layout *layout)
{
    vl_vec_init(&layout->nodes, sizeof(struct doc_layout_node), VL_DOC_NODES_MAX);
    vl_buf_init(&layout->texts, LAYOUT_TEXTS_MAX);
}

void doc_layout_done(struct doc_layout *layout)
{
    vl_vec_done(&layout->nodes);
    vl_buf_done(&layout->texts);
}

struct doc_layout_node *doc_layout_at(const struct doc_layout *layout, uint32_t index)
{
    return vl_vec_at(&layout->nodes, index);
}

struct vl_span doc_layout_text(const struct doc_layout *layout, const struct doc_layout_node *node)
{
    return vl_span_slice(vl_buf_span(&layout->texts), node->key, node->key + (size_t)node->key_len);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static int note_offsets(struct reading *r, size_t from, struct vl_err *err)
{
    size_t count = 0;
    for (size_t i = from; i < r->text.len; i++) {
        if (is_continuation(r->text.ptr[i]))
            continue;
        if (count++ % CHECKPOINT == 0) {
            uint32_t *offset = vl_vec_push(&r->offsets, r->name, err);
            if (!offset)
                return err->err;
            *offset = (uint32_t)i;
        }
    }
    return 0;
}

/* The byte offset of a code point; the end of the text for one behind it. */
static uint32_t byte_of(const struct reading *r, size_t point)
{
    const uint32_t *start = vl_vec_at(&r->offsets, point / CHECKPOINT);
    if (!start)
        return (uint32_t)r->text.len;
    size_t at = *start;
    for (size_t left = point % CHECKPOINT; left && at < r->text.len; left--) {
        at++;
        while (at < r->text.len && is_continuation(r->text.ptr[at]))
            at++;
    }
    return (uint32_t)at;
}

static int add_node(struct reading *r, const struct doc_yaml_event *event, struct vl_err *err)
{
    struct doc_layout *layout = r->layout;
    uint32_t index = (uint32_t)layout->nodes.len;
    struct doc_layout_node *node = vl_vec_push(&layout->nodes, r->name, err);
    if (!node)
        return err->err;
    *node = (struct doc_layout_node){
        .kind = (uint8_t)event->kind,
        .flow = event->flow,
        .block_scalar = event->block_scalar,
        .double_quoted = event->double_quoted,
        .plain = event->plain,
        .start = byte_of(r, event->start),
        .end = byte_of(r, event->end),
        .parent = r->depth ? r->stack[r->depth - 1] : UINT32_MAX,
        .key = (uint32_t)layout->texts.len,
        .key_len = (uint32_t)event->text.len,
    };
    vl_buf_append_span(&layout->texts, event->text);
    if (r->depth) {
        struct doc_layout_node *parent = doc_layout_at(layout, node->parent);
        if (parent->last)
            doc_layout_at(layout, parent->last)->next = index;
        else
            parent->first = index;
        parent->last = index;
        parent->n++;
    }
    if (event->type != DOC_YAML_OPEN)
        return vl_buf_check(&layout->texts, r->name, err);
    if (r->depth == VL_DOC_DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: nested deeper than %d", r->name, VL_DOC_DEPTH_MAX);
    r->stack[r->depth++] = index;
    return 0;
}

/* libyaml lets a block collection end where the next token begins, behind blank lines and comments. */
static void close_node(struct reading *r, const struct doc_yaml_event *event)
{
    if (r->depth == 0)
        return;
    struct doc_layout_node *node = doc_layout_at(r->layout, r->stack[--r->depth]);
    if (node->flow)
        node->end = byte_of(r, event->end);
    else
        node->end = node->last ? doc_layout_at(r->layout, node->last)->end : node->start;
}

static int on_event(const struct doc_yaml_event *event, void *user, struct vl_err *err)
{
    struct reading *r = user;
    if (event->type == DOC_YAML_DOCUMENT)
        r->document++;
    if (event->type == DOC_YAML_DOCUMENT || event->type == DOC_YAML_DOCUMENT_END)
        return 0;
    if (r->document != r->wanted + 1)
        return 0;
    if (event->type != DOC_YAML_CLOSE)
        return add_node(r, event, err);
    close_node(r, event);
    return 0;
}

int doc_layout_read(
    struct doc_layout *layout, struct vl_span text, size_t document, const char *name, struct vl_err *err)
{
    struct reading r = {.layout = layout, .text = text, .wanted = document, .name = name};
    layout->nodes.len = 0;
    vl_buf_clear(&layout->texts);
    vl_vec_init(&r.offsets, sizeof(uint32_t), VL_DOC_NODES_MAX);
    int ret = note_offsets(&r, vl_span_starts_with(text, "\xef\xbb\xbf") ? 3 : 0, err);
    if (ret >= 0)
        ret = doc_yaml_events(text, name, on_event, &r, err);
    vl_vec_done(&r.offsets);
    if (ret >= 0 && layout->nodes.len == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: there is no document %zu", name, document + 1);
    return ret;
}

/* Which document stands where. */
struct bounds {
    size_t wanted, seen;
    size_t from, to; /* code points; SIZE_MAX: not met */
};

static int on_bound(const struct doc_yaml_event *event, void *user, struct vl_err *err)
{
    (void)err;
    struct bounds *b = user;
    if (event->type != DOC_YAML_DOCUMENT)
        return 0;
    if (b->seen == b->wanted)
        b->from = event->start;
    else if (b->seen == b->wanted + 1)
        b->to = event->start;
    b->seen++;
    return 0;
}

int doc_layout_document(struct vl_span text, size_t document, const char *name, uint32_t *ret_from,
    uint32_t *ret_to, struct vl_err *err)
{
    struct bounds b = {.wanted = document, .from = SIZE_MAX, .to = SIZE_MAX};
    struct reading r = {.text = text, .name = name};
    vl_vec_init(&r.offsets, sizeof(uint32_t), VL_DOC_NODES_MAX);
    int ret = note_offsets(&r, vl_span_starts_with(text, "\xef\xbb\xbf") ? 3 : 0, err);
    if (ret >= 0)
        ret = doc_yaml_events(text, name, on_bound, &b, err);
    if (ret >= 0 && b.from == SIZE_MAX)
        ret = vl_err_set(err, VL_ERR_NOT_FOUND, "%s: there is no document %zu", name, document + 1);
    if (ret >= 0) {
        *ret_from = document ? byte_of(&r, b.from) : 0;
        *ret_to = b.to == SIZE_MAX ? (uint32_t)text.len : byte_of(&r, b.to);
    }
    vl_vec_done(&r.offsets);
    return ret;
}
