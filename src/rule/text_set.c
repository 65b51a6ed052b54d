/* Sets of texts: dictionaries and trees whose rows of bits say which checks hold. */
#include <stdlib.h>
#include <string.h>

#include "text_find.h"

#define FEW_CHILDREN 4    /* that are looked through */
#define QUICK_MAX    4096 /* keys: many with the same ends would be searched one by one */

static void row_set(uint64_t *row, uint32_t bit)
{
    row[bit / 64] |= 1ULL << (bit % 64);
}

/* A row with one more bit: `row` itself, whose memory is the builder's, a new one, or a longer list. */
static const void *with_bit(const void *row, uint32_t bit, uint32_t words, struct vl_arena *arena)
{
    if (!text_has_rows(words)) {
        struct text_bit *first = vl_arena_alloc(arena, sizeof(*first));
        if (first)
            *first = (struct text_bit){row, bit};
        return first;
    }
    uint64_t *own;
    memcpy(&own, &row, sizeof(own));
    if (!own)
        own = vl_arena_array(arena, words, sizeof(*own));
    if (own)
        row_set(own, bit);
    return own;
}

/* How many different texts there are: many rules may name the same ones. */
static int count_keys(const struct text_item *items, uint32_t n, uint32_t *ret, struct vl_err *err)
{
    uint64_t cap = 2;
    while (cap < 2ULL * n)
        cap *= 2;
    uint32_t count = 0, *seen = calloc(cap, sizeof(*seen)); /* 1 + which item */
    if (!seen)
        return vl_err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = hash_text(items[i].text) >> 7 & (cap - 1);
        while (seen[at] && !vl_span_eq(items[seen[at] - 1].text, items[i].text))
            at = (at + 1) & (cap - 1);
        if (seen[at])
            continue;
        count++;
        seen[at] = i + 1;
    }
    free(seen);
    *ret = count;
    return 0;
}

int text_dict_build(struct text_dict *dict, const struct text_item *items, uint32_t n, uint32_t words,
    struct vl_arena *arena, struct vl_err *err)
{
    uint64_t cap = 2;
    uint32_t keys;
    *dict = (struct text_dict){.quick = n <= QUICK_MAX};
    int r = n ? count_keys(items, n, &keys, err) : 0;
    if (r < 0 || n == 0)
        return r;
    while (cap < 2ULL * keys)
        cap *= 2;
    dict->entries = vl_arena_array(arena, cap, sizeof(*dict->entries));
    dict->mask = cap - 1;
    for (uint32_t i = 0; i < n && dict->entries; i++) {
        uint64_t hash = hash_key(dict, items[i].text), at = hash >> 7 & dict->mask;
        while (dict->entries[at].hash &&
               (dict->entries[at].hash != hash || !vl_span_eq(dict->entries[at].key, items[i].text)))
            at = (at + 1) & dict->mask;
        struct text_dict_entry *e = &dict->entries[at];
        const void *row = with_bit(e->hash ? e->row : NULL, items[i].bit, words, arena);
        if (!row)
            return vl_arena_check(arena, "program", err);
        *e = (struct text_dict_entry){hash, items[i].text, row};
        dict->lengths |= length_bit(items[i].text.len);
    }
    return vl_arena_check(arena, "program", err);
}

/* --- trees --- */

static int by_text(const void *a, const void *b)
{
    const struct text_item *x = a, *y = b;
    return vl_span_cmp(x->text, y->text);
}

struct tree_builder {
    struct text_tree *tree;
    const struct text_item *items; /* sorted; texts reversed where backwards */
    uint32_t n_nodes, words;
    struct vl_arena *arena;
    const char *bytes;
};

/* A range of items that share their first `depth` bytes, all below `node`. */
struct range {
    uint32_t from, to, node;
    uint32_t depth;
    const void *row; /* of the texts above */
};

static uint32_t common_prefix(const struct tree_builder *t, const struct range *r)
{
    struct vl_span first = t->items[r->from].text, last = t->items[r->to - 1].text;
    uint32_t n = r->depth;
    while (n < first.len && n < last.len && first.ptr[n] == last.ptr[n])
        n++;
    return n;
}

static int make_table(const struct tree_builder *t, struct text_tree_node *node, struct vl_err *err)
{
    uint16_t *table = vl_arena_array(t->arena, 256, sizeof(*table));
    if (!table)
        return vl_arena_check(t->arena, "program", err);
    for (uint32_t i = 0; i < node->n_children; i++)
        table[t->tree->firsts[node->first_child + i]] = (uint16_t)(i + 1);
    node->table = table;
    return 0;
}

/* Fills the node of a range, and makes room for its children; the ranges of those are appended. */
static int fill_node(struct tree_builder *t, const struct range *r, struct vl_vec *ranges, struct vl_err *err)
{
    struct text_tree_node *node = &t->tree->nodes[r->node];
    uint32_t end = common_prefix(t, r), i = r->from;
    const void *row = r->row;
    node->label = (uint32_t)(t->items[r->from].text.ptr - t->bytes) + r->depth;
    node->label_len = end - r->depth;
    uint32_t n_head = node->label_len < sizeof(node->head) ? node->label_len : (uint32_t)sizeof(node->head);
    memcpy(&node->head, t->bytes + node->label, n_head);
    memset(&node->mask, 0xff, n_head);
    if (t->items[i].text.len == end) {
        /* A list goes on into that of the texts above; a row has theirs too. */
        if (text_has_rows(t->words)) {
            uint64_t *own = vl_arena_array(t->arena, t->words, sizeof(*own));
            if (own && row)
                memcpy(own, row, t->words * sizeof(*own));
            row = own;
        }
        bool failed = text_has_rows(t->words) && !row;
        for (; i < r->to && t->items[i].text.len == end && !failed; i++) {
            row = with_bit(row, t->items[i].bit, t->words, t->arena);
            failed = !row;
        }
        if (failed)
            return vl_arena_check(t->arena, "program", err);
        node->row = row;
    }
    node->first_child = t->n_nodes;
    while (i < r->to) {
        struct range *child = vl_vec_push(ranges, "program", err);
        uint32_t from = i;
        if (!child)
            return err->err;
        while (i < r->to && t->items[i].text.ptr[end] == t->items[from].text.ptr[end])
            i++;
        *child = (struct range){from, i, t->n_nodes, end, row};
        t->tree->firsts[t->n_nodes++] = (uint8_t)t->items[from].text.ptr[end];
        node->n_children++;
    }
    return node->n_children > FEW_CHILDREN ? make_table(t, node, err) : 0;
}

/* Texts in one block of bytes, reversed where asked, so that labels are places in it. */
static char *keep_bytes(struct text_item *items, uint32_t n, bool backwards, struct vl_arena *arena)
{
    size_t total = 0;
    for (uint32_t i = 0; i < n; i++)
        total += items[i].text.len;
    char *bytes = total < UINT32_MAX ? vl_arena_alloc(arena, total + 1) : NULL;
    char *at = bytes;
    for (uint32_t i = 0; i < n && bytes; i++) {
        struct vl_span s = items[i].text;
        for (size_t j = 0; j < s.len; j++)
            at[j] = s.ptr[backwards ? s.len - 1 - j : j];
        items[i].text.ptr = at;
        at += s.len;
    }
    return bytes;
}

int text_tree_build(struct text_tree *tree, struct text_item *items, uint32_t n, uint32_t words,
    bool backwards, struct vl_arena *arena, struct vl_err *err)
{
    *tree = (struct text_tree){.backwards = backwards};
    if (n == 0)
        return 0;
    struct tree_builder t = {.tree = tree, .items = items, .n_nodes = 1, .words = words, .arena = arena};
    char *bytes = keep_bytes(items, n, backwards, arena);
    tree->bytes = t.bytes = bytes;
    tree->nodes = vl_arena_array(arena, 2UL * n + 1, sizeof(*tree->nodes));
    tree->firsts = vl_arena_array(arena, 2UL * n + 1, 1);
    if (!bytes || !tree->nodes || !tree->firsts)
        return vl_arena_check(arena, "program", err);
    qsort(items, n, sizeof(*items), by_text);
    VL_CLEANUP(vl_vec_done) struct vl_vec ranges;
    vl_vec_init(&ranges, sizeof(struct range), 2UL * n + 1);
    struct range *first = vl_vec_push(&ranges, "program", err);
    if (!first)
        return err->err;
    *first = (struct range){0, n, 0, 0, NULL};
    /* Level by level, so that children of a node lie beside each other. */
    for (size_t i = 0; i < ranges.len; i++) {
        struct range r = *(struct range *)vl_vec_at(&ranges, i);
        int e = fill_node(&t, &r, &ranges, err);
        if (e < 0)
            return e;
    }
    return 0;
}
