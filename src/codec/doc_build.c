#include "doc_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/map.h"

#define MAP_FROM \
    (1024U * DOC_PAGE_SIZE) /* smaller runs of pages come from malloc; larger ones grow without a copy */
#define HUGE_FROM (8UL * 1024 * 1024)

_Static_assert(sizeof(struct vl_doc_node) == 28, "146 nodes and a pointer fill a page exactly");
_Static_assert((DOC_PAGE_UNITS - DOC_PAGE_HEAD) % DOC_NODE_UNITS == 0, "no gap at the end of a page");

int doc_fail(struct vl_err *err, enum vl_err_code code, const char *name, uint32_t line, uint32_t column,
    const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (line == 0)
        return vl_err_set(err, code, "%s: %s", name, text);
    return vl_err_set(err, code, "%s:%u:%u: %s", name, line, column, text);
}

static int fail_at(struct vl_err *err, enum vl_err_code code, const struct doc_builder *b,
    const struct vl_doc_node *node, const char *what)
{
    return doc_fail(err, code, b->name, vl_doc_line(node), vl_doc_column(node), "%s", what);
}

static void free_pages(uint32_t *pages, size_t bytes, bool mapped)
{
    if (mapped)
        munmap(pages, bytes);
    else
        free(pages);
}

void vl_doc_free(struct vl_doc *doc)
{
    if (!doc)
        return;
    if (doc->pages)
        free_pages(doc->pages, doc->page_bytes, doc->pages_mapped);
    free(doc->text);
    free(doc->index);
    free(doc->lines);
    free(doc);
}

void vl_doc_cleanup(struct vl_doc **doc)
{
    vl_doc_free(*doc);
    *doc = NULL;
}

int doc_builder_init(struct doc_builder *b, const char *name, struct vl_err *err)
{
    b->name = name;
    b->next_unit = DOC_PAGE_HEAD;
    b->n_nodes = 0;
    b->depth = 0;
    b->text_len = b->text_cap = 0;
    b->has_key = false;
    b->loose = false;
    b->doc = calloc(1, sizeof(*b->doc));
    if (!b->doc)
        return vl_err_nomem(err);
    b->doc->first_line = b->doc->first_column = 1;
    return 0;
}

void doc_builder_done(struct doc_builder *b)
{
    vl_doc_free(b->doc);
    b->doc = NULL;
}

struct vl_doc *doc_builder_take(struct doc_builder *b)
{
    struct vl_doc *doc = b->doc;
    b->doc = NULL;
    return doc;
}

void doc_prefer_huge(void *ptr, size_t bytes)
{
    uintptr_t from = ((uintptr_t)ptr + DOC_PAGE_SIZE - 1) & ~(uintptr_t)(DOC_PAGE_SIZE - 1);
    uintptr_t to = ((uintptr_t)ptr + bytes) & ~(uintptr_t)(DOC_PAGE_SIZE - 1);
    if (bytes >= HUGE_FROM)
        (void)madvise((char *)ptr + (from - (uintptr_t)ptr), to - from, MADV_HUGEPAGE);
}

static int resize_pages(struct vl_doc *doc, size_t bytes, struct vl_err *err)
{
    bool mapped = bytes >= MAP_FROM;
    void *pages;
    if (mapped && doc->pages_mapped) {
        pages = mremap(doc->pages, doc->page_bytes, bytes, MREMAP_MAYMOVE);
        if (pages == MAP_FAILED)
            return vl_err_nomem(err);
    } else {
        pages = mapped ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                       : aligned_alloc(DOC_PAGE_SIZE, bytes);
        if (pages == MAP_FAILED || !pages)
            return vl_err_nomem(err);
        if (doc->pages) {
            memcpy(pages, doc->pages, doc->page_bytes);
            free_pages(doc->pages, doc->page_bytes, doc->pages_mapped);
        }
    }
    doc_prefer_huge(pages, bytes);
    doc->pages = pages;
    doc->page_bytes = bytes;
    doc->pages_mapped = mapped;
    return 0;
}

int doc_reserve(struct doc_builder *b, size_t nodes, struct vl_err *err)
{
    const size_t per_page = (DOC_PAGE_UNITS - DOC_PAGE_HEAD) / DOC_NODE_UNITS;
    if (nodes > VL_DOC_NODES_MAX)
        nodes = VL_DOC_NODES_MAX;
    size_t bytes = (nodes / per_page + 1) * DOC_PAGE_SIZE;
    return bytes > b->doc->page_bytes ? resize_pages(b->doc, bytes, err) : 0;
}

/* A node at the end of the run. */
static int new_node(struct doc_builder *b, uint32_t *ret_unit, struct vl_err *err)
{
    struct vl_doc *doc = b->doc;
    if (b->n_nodes >= VL_DOC_NODES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d nodes", b->name, VL_DOC_NODES_MAX);
    uint32_t unit = b->next_unit;
    if (unit % DOC_PAGE_UNITS == DOC_PAGE_HEAD) {
        if (unit * sizeof(uint32_t) >= doc->page_bytes) {
            size_t bytes = doc->page_bytes ? doc->page_bytes * 2 : DOC_PAGE_SIZE;
            int r = resize_pages(doc, bytes, err);
            if (r < 0)
                return r;
        }
        memcpy(doc->pages + (unit - DOC_PAGE_HEAD), &doc, sizeof(doc));
    }
    b->next_unit += DOC_NODE_UNITS;
    if (b->next_unit % DOC_PAGE_UNITS == 0)
        b->next_unit += DOC_PAGE_HEAD;
    b->n_nodes++;
    *ret_unit = unit;
    return 0;
}

static int add_node(struct doc_builder *b, enum vl_doc_type type, struct doc_place place, uint32_t *ret_unit,
    struct vl_err *err)
{
    uint32_t unit = 0;
    int r = new_node(b, &unit, err);
    if (r < 0)
        return r;
    if (b->depth) {
        struct doc_frame *frame = &b->stack[b->depth - 1];
        if (frame->last)
            doc_node_at(b->doc, frame->last)->next = unit - frame->last;
        frame->last = unit;
        doc_node_at(b->doc, frame->node)->len++;
    }
    if (b->has_key)
        place = b->key_place;
    *doc_node_at(b->doc, unit) = (struct vl_doc_node){
        .key = b->has_key ? b->key : 0,
        .key_len = (b->has_key ? b->key_len : 0) & DOC_KEY_MAX,
        .has_key = b->has_key,
        .type = (unsigned)type & 15U,
        .pos = place.pos,
        .column = place.column,
    };
    b->has_key = false;
    *ret_unit = unit;
    return 0;
}

int doc_key(struct doc_builder *b, uint32_t key, size_t len, struct doc_place place, struct vl_err *err)
{
    if (len > DOC_KEY_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: a key of more than %u bytes", b->name, DOC_KEY_MAX);
    b->key = key;
    b->key_len = (uint32_t)len;
    b->key_place = place;
    b->has_key = true;
    return 0;
}

int doc_scalar(struct doc_builder *b, enum vl_doc_type type, uint32_t text, size_t len,
    struct doc_place place, struct vl_err *err)
{
    uint32_t unit = 0;
    int r = add_node(b, type, place, &unit, err);
    if (r < 0)
        return r;
    struct vl_doc_node *node = doc_node_at(b->doc, unit);
    node->text = text;
    node->len = (uint32_t)len;
    return 0;
}

int doc_open(struct doc_builder *b, enum vl_doc_type type, struct doc_place place, struct vl_err *err)
{
    uint32_t unit = 0;
    int r = add_node(b, type, place, &unit, err);
    if (r < 0)
        return r;
    if (b->depth >= VL_DOC_DEPTH_MAX) {
        char what[64];
        snprintf(what, sizeof(what), "nested deeper than %d levels", VL_DOC_DEPTH_MAX);
        return fail_at(err, VL_ERR_LIMIT, b, doc_node_at(b->doc, unit), what);
    }
    b->stack[b->depth++] = (struct doc_frame){.node = unit};
    return 0;
}

int doc_text_add(struct doc_builder *b, const void *bytes, size_t len, uint32_t *ret_text, struct vl_err *err)
{
    struct vl_doc *doc = b->doc;
    if (len > DOC_TEXT_MAX - 1 - b->text_len)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %lu bytes of text", b->name, DOC_TEXT_MAX);
    if (len + 1 > b->text_cap - b->text_len) {
        size_t need = b->text_len + len + 1;
        size_t cap = b->text_cap * 2 > need ? b->text_cap * 2 : need + 256;
        char *text = realloc(doc->text, cap);
        if (!text)
            return vl_err_nomem(err);
        doc->text = text;
        b->text_cap = cap;
    }
    if (len)
        memcpy(doc->text + b->text_len, bytes, len);
    doc->text[b->text_len + len] = '\0';
    *ret_text = (uint32_t)b->text_len;
    b->text_len += len + 1;
    return 0;
}

void doc_hide_last(struct doc_builder *b, unsigned parent)
{
    struct doc_frame *frame = &b->stack[parent - 1];
    doc_node_at(b->doc, frame->last)->hidden = 1;
    doc_node_at(b->doc, frame->node)->len--;
}

static int fail_duplicate(const struct doc_builder *b, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_span key = vl_doc_key(node);
    return doc_fail(err, VL_ERR_INVALID, b->name, vl_doc_line(node), vl_doc_column(node),
        "duplicate key \"%.*s\"", VL_SPAN_FMT(vl_span_slice(key, 0, 200)));
}

static void hide_member(
    const struct doc_builder *b, struct vl_doc_node *object, const struct vl_doc_node *member)
{
    doc_node_at(b->doc, doc_unit_of(b->doc, member))->hidden = 1;
    object->len--;
}

/* Few members: each against all before it, by length and first bytes, which nearly always differ. */
static int check_small(const struct doc_builder *b, struct vl_doc_node *object, struct vl_err *err)
{
    uint32_t marks[DOC_INDEX_MIN];
    const struct vl_doc_node *members[DOC_INDEX_MIN];
    size_t n = 0;
    for (const struct vl_doc_node *m = vl_doc_first(object); m; m = vl_doc_next(m)) {
        struct vl_span key = vl_doc_key(m);
        uint32_t mark = 0;
        memcpy(&mark, key.ptr, key.len < sizeof(mark) ? key.len : sizeof(mark));
        mark ^= (uint32_t)key.len << 24;
        size_t i = 0;
        while (i < n && !(marks[i] == mark && vl_span_eq(vl_doc_key(members[i]), key)))
            i++;
        if (i < n && !b->loose)
            return fail_duplicate(b, m, err);
        if (i < n)
            hide_member(b, object, members[i]);
        else
            n++;
        marks[i] = mark;
        members[i] = m;
    }
    return 0;
}

static size_t index_slots(uint32_t members)
{
    size_t slots = DOC_INDEX_MIN * 2UL;
    while (slots < members * 2UL)
        slots *= 2;
    return slots;
}

static int grow_index(struct vl_doc *doc, size_t slots, struct vl_err *err)
{
    if (doc->index_len == 0) {
        struct vl_map seeded;
        vl_map_init(&seeded, 0);
        memcpy(doc->seed, seeded.seed, sizeof(doc->seed));
        vl_map_done(&seeded);
    }
    if (slots > doc->index_cap - doc->index_len) {
        size_t cap =
            doc->index_cap * 2 > doc->index_len + slots ? doc->index_cap * 2 : doc->index_len + slots;
        uint32_t *index = realloc(doc->index, cap * sizeof(*index));
        if (!index)
            return vl_err_nomem(err);
        doc->index = index;
        doc->index_cap = cap;
    }
    memset(doc->index + doc->index_len, 0, slots * sizeof(*doc->index));
    return 0;
}

/* Many members: the index that look-ups use finds duplicates too. */
static int build_index(struct doc_builder *b, struct vl_doc_node *object, struct vl_err *err)
{
    struct vl_doc *doc = b->doc;
    uint32_t members = object->len;
    size_t slots = index_slots(members);
    int r = grow_index(doc, slots, err);
    if (r < 0)
        return r;
    uint32_t *index = doc->index + doc->index_len;
    for (const struct vl_doc_node *m = vl_doc_first(object); m; m = vl_doc_next(m)) {
        struct vl_span key = vl_doc_key(m);
        size_t at = (size_t)vl_hash_bytes(doc->seed, key) & (slots - 1);
        while (index[at] && !vl_span_eq(vl_doc_key(doc_node_at(doc, index[at])), key))
            at = (at + 1) & (slots - 1);
        if (index[at] && !b->loose)
            return fail_duplicate(b, m, err);
        if (index[at])
            hide_member(b, object, doc_node_at(doc, index[at]));
        index[at] = doc_unit_of(doc, m);
    }
    if (object->len != members) /* fewer than the index was made for: once more, without duplicates now */
        return object->len < DOC_INDEX_MIN ? 0 : build_index(b, object, err);
    object->text = (uint32_t)doc->index_len;
    object->indexed = 1;
    doc->index_len += slots;
    return 0;
}

const struct vl_doc_node *doc_index_find(
    const struct vl_doc *doc, const struct vl_doc_node *object, struct vl_span key)
{
    size_t slots = index_slots(object->len);
    const uint32_t *index = doc->index + object->text;
    for (size_t at = (size_t)vl_hash_bytes(doc->seed, key) & (slots - 1); index[at];
        at = (at + 1) & (slots - 1)) {
        const struct vl_doc_node *m = doc_node_at(doc, index[at]);
        if (vl_span_eq(vl_doc_key(m), key))
            return m;
    }
    return NULL;
}

int doc_close(struct doc_builder *b, struct vl_err *err)
{
    struct vl_doc_node *node = doc_node_at(b->doc, b->stack[--b->depth].node);
    if (node->type != VL_DOC_OBJECT || node->len < 2)
        return 0;
    return node->len < DOC_INDEX_MIN ? check_small(b, node, err) : build_index(b, node, err);
}
