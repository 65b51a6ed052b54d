#include "parse.h"

#include <string.h>

#include "namespace.h"

void *vl_feed_push(void **items, size_t *n, size_t *cap, size_t item_size, struct vl_arena *arena)
{
    if (*n == *cap) {
        size_t grown = *cap ? *cap * 2 : 4;
        void *bigger = vl_arena_array(arena, grown, item_size);
        if (!bigger)
            return NULL;
        if (*n)
            memcpy(bigger, *items, *n * item_size);
        *items = bigger;
        *cap = grown;
    }
    return (char *)*items + (*n)++ * item_size;
}

void vl_feed_list_add(struct vl_feed_list *list, struct vl_arena *arena, struct vl_span item)
{
    if (item.len == 0)
        return;
    void *items = list->items;
    struct vl_span *slot = vl_feed_push(&items, &list->n, &list->cap, sizeof(item), arena);
    list->items = items;
    if (slot)
        *slot = item;
}

bool vl_feed_list_has(const struct vl_feed_list *list, struct vl_span item)
{
    for (size_t i = 0; i < list->n; i++) {
        if (vl_span_eq(list->items[i], item))
            return true;
    }
    return false;
}

void vl_feed_list_add_strings(
    struct vl_feed_list *list, struct vl_arena *arena, const struct vl_doc_node *node)
{
    if (vl_doc_is(node, VL_DOC_STRING))
        vl_feed_list_add(list, arena, vl_span_trim(vl_doc_span(node)));
    if (!vl_doc_is(node, VL_DOC_ARRAY))
        return;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n))
        vl_feed_list_add(list, arena, vl_span_trim(vl_doc_span(n)));
}

uint32_t vl_feed_cwe(struct vl_span text)
{
    uint64_t number;
    if (vl_span_starts_with(text, "CWE-"))
        text = vl_span_slice(text, 4, text.len);
    return vl_span_to_u64(text, &number) && number < 100000 ? (uint32_t)number : 0;
}

struct vl_span vl_feed_name(struct vl_span space, struct vl_span name, struct vl_arena *arena)
{
    struct vl_buf buf;
    vl_buf_init(&buf, 4096);
    vl_space_append_name(space, vl_span_trim(name), &buf);
    struct vl_span out = buf.failed ? VL_SPAN_EMPTY : vl_buf_span(&buf);
    if (!vl_span_eq(out, name))
        out = vl_span_str(vl_arena_dup_span(arena, out));
    else
        out = name;
    vl_buf_done(&buf);
    return out;
}

struct vl_span vl_feed_space(struct vl_span osv, struct vl_arena *arena)
{
    struct vl_buf buf;
    vl_buf_init(&buf, 120);
    struct vl_span out = VL_SPAN_EMPTY;
    if (vl_space_from_osv(osv, &buf) && !buf.failed)
        out = vl_span_str(vl_arena_dup_span(arena, vl_buf_span(&buf)));
    vl_buf_done(&buf);
    return out;
}

bool vl_feed_is_cve(struct vl_span id)
{
    if (!vl_span_starts_with(id, "CVE-") || id.len < 13 || id.len > 24 || id.ptr[8] != '-')
        return false;
    for (size_t i = 4; i < id.len; i++) {
        if (i != 8 && (id.ptr[i] < '0' || id.ptr[i] > '9'))
            return false;
    }
    return true;
}

static struct vl_span skip_space(struct vl_span s)
{
    while (s.len && (*s.ptr == ' ' || *s.ptr == '\t' || *s.ptr == ',' || *s.ptr == '\n'))
        s = vl_span_slice(s, 1, s.len);
    return s;
}

enum comparison { CMP_EQ, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_OTHER };

static struct vl_span take_operator(struct vl_span s, enum comparison *ret)
{
    static const struct {
        const char *text;
        enum comparison cmp;
    } operators[] = {
        {"<=", CMP_LE},
        {">=", CMP_GE},
        {"==", CMP_EQ},
        {"!=", CMP_OTHER},
        {"~>", CMP_OTHER},
        {"<", CMP_LT},
        {">", CMP_GT},
        {"=", CMP_EQ},
        {"^", CMP_OTHER},
        {"~", CMP_OTHER},
    };
    *ret = CMP_EQ;
    for (size_t i = 0; i < VL_ARRAY_LEN(operators); i++) {
        if (vl_span_starts_with(s, operators[i].text)) {
            *ret = operators[i].cmp;
            return skip_space(vl_span_slice(s, strlen(operators[i].text), s.len));
        }
    }
    return s;
}

static bool has_wildcard(struct vl_span version)
{
    struct vl_span rest = version;
    struct vl_span part;
    while (vl_span_split(&rest, '.', &part)) {
        if (vl_span_eq_str(part, "x") || vl_span_eq_str(part, "X") || vl_span_eq_str(part, "*"))
            return true;
    }
    return false;
}

bool vl_feed_interval(struct vl_span text, struct vl_arena *arena, struct vl_record_range *ret_range,
    struct vl_feed_list *versions)
{
    struct vl_record_range range = {0};
    size_t n = 0;
    text = skip_space(vl_span_trim(text));
    if (vl_span_eq_str(text, "*") || vl_span_eq_str(text, "all") || text.len == 0) {
        *ret_range = range;
        return true;
    }
    while (text.len) {
        enum comparison cmp;
        text = take_operator(text, &cmp);
        size_t end = 0;
        while (end < text.len && !strchr(" ,\t\n<>=", text.ptr[end]))
            end++;
        struct vl_span version = vl_span_slice(text, 0, end);
        text = skip_space(vl_span_slice(text, end, text.len));
        if (version.len == 0 || cmp == CMP_OTHER || has_wildcard(version))
            return false;
        n++;
        switch (cmp) {
        case CMP_LT:
            range.fixed = version;
            break;
        case CMP_LE:
            range.last = version;
            break;
        case CMP_GT:
        case CMP_GE:
            range.introduced = version;
            range.after = cmp == CMP_GT;
            break;
        default:
            if (n > 1 || text.len)
                return false;
            vl_feed_list_add(versions, arena, version);
            break;
        }
    }
    if (range.fixed.len && range.last.len)
        return false;
    *ret_range = range;
    return true;
}
