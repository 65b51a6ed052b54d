/* Placeholders stand for what only the user knows: names of servers, of administrators, of tools allowed.
 * Source: Sigma specification 2.1, modifier `expand`; pySigma's `vars` of processing pipelines. */
#include "sigma_vars.h"

#include "sigma.h"

#define PLACEHOLDERS_MAX 8 /* of one value: they multiply */

struct values {
    const struct vl_span *items;
    uint32_t n;
};

static int keep(
    const struct vl_doc_node *node, struct vl_arena *arena, struct vl_span *ret, struct vl_err *err)
{
    if (node == NULL || vl_doc_is(node, VL_DOC_ARRAY) || vl_doc_is(node, VL_DOC_OBJECT) ||
        vl_doc_is(node, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_INVALID, "vars: a value is a text or a number");
    struct vl_span text = vl_doc_text(node);
    const char *copy = vl_arena_dup_span(arena, text);
    if (copy == NULL)
        return vl_err_nomem(err);
    *ret = (struct vl_span){copy, text.len};
    return 0;
}

static int read_values(
    const struct vl_doc_node *node, struct vl_arena *arena, struct values *ret, struct vl_err *err)
{
    bool is_list = vl_doc_is(node, VL_DOC_ARRAY);
    size_t n = is_list ? vl_doc_size(node) : 1;
    struct vl_span *items = vl_arena_array(arena, n + 1, sizeof(*items));
    if (items == NULL)
        return vl_err_nomem(err);
    if (n == 0 || n > VL_SIGMA_VALUES_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "vars: one to %d values a name", VL_SIGMA_VALUES_MAX);
    uint32_t at = 0;
    for (const struct vl_doc_node *v = is_list ? vl_doc_first(node) : node; v != NULL && at < n;
        v = vl_doc_next(v)) {
        int r = keep(v, arena, &items[at++], err);
        if (r < 0)
            return r;
    }
    *ret = (struct values){items, at};
    return 0;
}

int vl_sigma_vars_read(
    struct vl_map *vars, const struct vl_doc_node *root, struct vl_arena *arena, struct vl_err *err)
{
    const struct vl_doc_node *all = vl_doc_get(root, "vars");
    if (!vl_doc_is(all, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "vars is a map of names to values");
    for (const struct vl_doc_node *n = vl_doc_first(all); n != NULL; n = vl_doc_next(n)) {
        struct values *values = vl_arena_alloc(arena, sizeof(*values));
        const char *name = vl_arena_dup_span(arena, vl_doc_key(n));
        struct vl_map_slot *slot = NULL;
        if (values == NULL || name == NULL)
            return vl_err_nomem(err);
        int r = read_values(n, arena, values, err);
        if (r >= 0)
            r = vl_map_put(vars, (struct vl_span){name, vl_doc_key(n).len}, &slot, NULL, err);
        if (r < 0)
            return r;
        slot->value.ptr = values;
    }
    return 0;
}

/* The first %name% at or behind `from`; names have no blank. */
static bool find(struct vl_span text, size_t *ret_from, size_t *ret_end)
{
    size_t from = vl_span_find_char(text, '%');
    while (from != SIZE_MAX) {
        struct vl_span rest = vl_span_slice(text, from + 1, SIZE_MAX);
        size_t len = vl_span_find_char(rest, '%');
        if (len == SIZE_MAX)
            return false;
        if (len > 0 && vl_span_find_char(vl_span_slice(rest, 0, len), ' ') == SIZE_MAX) {
            *ret_from = from;
            *ret_end = from + len + 2;
            return true;
        }
        from += len + 1;
    }
    return false;
}

/* Recursion ends at PLACEHOLDERS_MAX. What a value brings is not expanded again. */
static int expand(const struct vl_map *vars, struct vl_span before, struct vl_span text, unsigned depth,
    struct vl_arena *arena, int (*each)(struct vl_span text, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    size_t from, end;
    if (!find(text, &from, &end)) {
        const char *whole = vl_arena_printf(arena, "%.*s%.*s", VL_SPAN_FMT(before), VL_SPAN_FMT(text));
        return whole == NULL ? vl_err_nomem(err) : each(vl_span_str(whole), user, err);
    }
    if (depth == PLACEHOLDERS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d placeholders in one value", PLACEHOLDERS_MAX);
    struct vl_span name = vl_span_slice(text, from + 1, end - 1);
    const struct vl_map_slot *slot = vars != NULL ? vl_map_get(vars, name) : NULL;
    if (slot == NULL)
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "expand: the value of the placeholder %%%.*s%% is not known; give it in a file before this one, "
            "as vars: {%.*s: [\xe2\x80\xa6]}",
            VL_SPAN_FMT(name), VL_SPAN_FMT(name));
    const struct values *values = slot->value.ptr;
    int r = 0;
    for (uint32_t i = 0; i < values->n && r >= 0; i++) {
        const char *head = vl_arena_printf(arena, "%.*s%.*s%.*s", VL_SPAN_FMT(before),
            VL_SPAN_FMT(vl_span_slice(text, 0, from)), VL_SPAN_FMT(values->items[i]));
        if (head == NULL)
            return vl_err_nomem(err);
        r = expand(
            vars, vl_span_str(head), vl_span_slice(text, end, SIZE_MAX), depth + 1, arena, each, user, err);
    }
    return r;
}

int vl_sigma_vars_expand(const struct vl_map *vars, struct vl_span text, struct vl_arena *arena,
    int (*each)(struct vl_span text, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    size_t from, end;
    if (!find(text, &from, &end))
        return 0;
    int r = expand(vars, VL_SPAN_EMPTY, text, 0, arena, each, user, err);
    return r < 0 ? r : 1;
}
