/* Lists are substituted as text before a condition is parsed: a word between blanks, ( ) , = that names a
 * list becomes its items. Falco goes through the lists in their order and over the whole text each time, so
 * that an item that names a later list is replaced too, one that names an earlier list is not. Here the text
 * is walked once, and what a list brought in is looked at for later lists only: the same outcome. */
#include <string.h>

#include "ruleset_impl.h"

#define NEST_MAX      64 /* a list in a list in a … */
#define ODD_NAMES_MAX 16 /* lists whose names are not one word */

static bool is_delimiter(char c)
{
    return vl_char_is_blank(c) || c == '(' || c == ')' || c == ',' || c == '=';
}

/* --- items that name earlier lists --- */

static const struct rs_list *list_named(const struct vl_ruleset *set, struct vl_span name)
{
    const struct vl_map_slot *slot = vl_map_get(&set->by_list, name);
    return slot ? slot->value.ptr : NULL;
}

static struct rs_list *earlier(const struct vl_ruleset *set, const struct rs_list *list, struct vl_span item)
{
    const struct vl_map_slot *slot = vl_map_get(&set->by_list, item);
    struct rs_list *other = slot ? slot->value.ptr : NULL;
    return other && other->index < list->visibility ? other : NULL;
}

/* Falco expands one level: a list named in a list named in a list stays a word. It is said, since nobody
 * means it. */
static void warn_of_nested(struct vl_ruleset *set, const struct rs_list *list, const struct rs_list *inner)
{
    const struct vl_span *items = inner->items.items;
    for (size_t i = 0; i < inner->items.len; i++) {
        const struct rs_list *innermost = list_named(set, items[i]);
        char *label = innermost && innermost->index <= list->index
                          ? vl_arena_printf(set->arena, "list '%s'", list->name)
                          : NULL;
        if (label)
            rs_tell(set, false, RS_NESTED_LIST, &list->place, label, "name its items or the list itself here",
                "'%.*s' in '%s' stays a word: lists in lists are expanded one level deep, as in Falco",
                VL_SPAN_FMT(items[i]), inner->name);
    }
}

static int expand(struct vl_ruleset *set, struct rs_list *list, struct vl_err *err)
{
    const struct vl_span *items = list->items.items;
    uint64_t n = 0;
    for (size_t i = 0; i < list->items.len; i++) {
        struct rs_list *other = earlier(set, list, items[i]);
        n += other ? other->items.len : 1;
    }
    bool plain = n == list->items.len;
    set->n_items += plain ? 0 : n;
    if (set->n_items > VL_RULE_ITEMS_MAX) {
        set->items_over = true;
        rs_tell(set, true, RS_ERR_VALIDATE, &list->place, "list", NULL,
            "lists have more than %d items in all", VL_RULE_ITEMS_MAX);
        return 0;
    }
    list->expanded = vl_arena_array(set->arena, n + 1, sizeof(*list->expanded));
    if (!list->expanded)
        return vl_err_nomem(err);
    for (size_t i = 0; i < list->items.len; i++) {
        struct rs_list *other = earlier(set, list, items[i]);
        const struct vl_span *from = other ? other->items.items : &items[i];
        size_t count = other ? other->items.len : 1;
        if (count)
            memcpy(list->expanded + list->n_expanded, from, count * sizeof(*from));
        list->n_expanded += (uint32_t)count;
        if (other) {
            other->used = true;
            warn_of_nested(set, list, other);
        }
    }
    return 0;
}

int rs_lists_expand(struct vl_ruleset *set, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < set->lists.len && r >= 0 && !set->items_over; i++)
        r = expand(set, ((struct rs_list **)set->lists.items)[i], err);
    return r;
}

/* --- substitution --- */

struct substitution {
    struct vl_ruleset *set;
    struct rs_builder *out;
    const struct rs_list *odd[ODD_NAMES_MAX];
    size_t n_odd;
    struct rs_use *lists;
    bool eat_blanks, eat_comma;
    const char *problem;
};

/* The text that is walked: of a file (`scalar` and `from` of its first byte), or an item that stands for the
 * place of the word it came for. */
struct walk {
    struct vl_span text;
    const struct rs_scalar *scalar;
    uint32_t from;
    bool fixed;
    int64_t after; /* only lists with a larger index */
    unsigned depth;
};

static void emit(struct substitution *s, const struct walk *w, size_t at, size_t len)
{
    struct vl_span bytes = vl_span_slice(w->text, at, at + len);
    if (w->fixed)
        rs_builder_put(s->out, w->scalar, w->from, bytes);
    else
        rs_builder_copy(s->out, w->scalar, w->from + (uint32_t)at, bytes);
}

static void emit_str(struct substitution *s, const struct walk *w, const char *text)
{
    rs_builder_put(s->out, w->scalar, w->from, vl_span_str(text));
}

static void emit_delimiter(struct substitution *s, const struct walk *w, size_t at)
{
    char c = w->text.ptr[at];
    if ((s->eat_blanks || s->eat_comma) && vl_char_is_blank(c))
        return;
    bool eaten = s->eat_comma && c == ',';
    s->eat_blanks = s->eat_comma = false;
    if (!eaten)
        emit(s, w, at, 1);
}

static void drop_from(struct rs_builder *b, size_t len)
{
    const struct rs_piece *pieces = b->pieces.items;
    vl_buf_truncate(&b->buf, len);
    while (b->pieces.len && pieces[b->pieces.len - 1].start >= len)
        b->pieces.len--;
}

static size_t without_blanks(const struct vl_buf *buf)
{
    size_t len = buf->len;
    while (len && vl_char_is_blank(buf->ptr[len - 1]))
        len--;
    return len;
}

static int walk_text(struct substitution *s, const struct walk *w);

static int emit_item(struct substitution *s, const struct walk *w, struct vl_span item)
{
    bool quote = vl_span_find_char(item, ' ') != SIZE_MAX && *item.ptr != '"' && *item.ptr != '\'';
    if (!item.len)
        return 0;
    if (quote) {
        s->eat_blanks = s->eat_comma = false;
        emit_str(s, w, "\"");
    }
    struct walk inner = *w;
    inner.text = item;
    int r = walk_text(s, &inner);
    if (quote)
        emit_str(s, w, "\"");
    return r;
}

/* An empty list takes a comma with it: the one before it, or else the one after. */
static void emit_nothing(struct substitution *s, const struct walk *w)
{
    size_t len = without_blanks(&s->out->buf);
    drop_from(s->out, len);
    if (len && s->out->buf.ptr[len - 1] == ',')
        drop_from(s->out, len - 1);
    else
        s->eat_comma = true;
    emit_str(s, w, " ");
    s->eat_blanks = true;
}

static int emit_list(struct substitution *s, const struct walk *w, struct rs_list *list, size_t at)
{
    struct walk items = {.scalar = w->scalar,
        .from = w->from + (w->fixed ? 0 : (uint32_t)at),
        .fixed = true,
        .after = list->index,
        .depth = w->depth + 1};
    int r = 0;
    list->used = true;
    rs_use_add(s->set->arena, &s->lists, list->name);
    s->set->n_items += list->n_expanded;
    if (items.depth > NEST_MAX)
        s->problem = "lists are nested more than 64 deep";
    else if (s->set->n_items > VL_RULE_ITEMS_MAX)
        s->problem = "lists have more than 2000000 items in all conditions";
    if (s->problem)
        return -EINVAL;
    if (!list->n_expanded) {
        emit_nothing(s, &items);
        return 0;
    }
    drop_from(s->out, without_blanks(&s->out->buf));
    emit_str(s, &items, s->out->buf.len ? " " : "");
    s->eat_blanks = s->eat_comma = false;
    for (uint32_t i = 0; i < list->n_expanded && r >= 0; i++) {
        struct walk comma = items;
        comma.text = VL_SPAN_LIT(", ");
        if (i)
            emit_delimiter(s, &comma, 0);
        if (i)
            emit_delimiter(s, &comma, 1);
        r = emit_item(s, &items, list->expanded[i]);
    }
    emit_str(s, &items, " ");
    s->eat_blanks = true;
    return r;
}

static struct rs_list *odd_at(const struct substitution *s, const struct walk *w, size_t at)
{
    for (size_t i = 0; i < s->n_odd; i++) {
        size_t len = strlen(s->odd[i]->name);
        if ((int64_t)s->odd[i]->index > w->after && w->text.len - at >= len &&
            memcmp(w->text.ptr + at, s->odd[i]->name, len) == 0 &&
            (at + len == w->text.len || is_delimiter(w->text.ptr[at + len])))
            return (struct rs_list *)(uintptr_t)s->odd[i];
    }
    return NULL;
}

static int walk_text(struct substitution *s, const struct walk *w)
{
    size_t at = 0;
    int r = 0;
    while (at < w->text.len && r >= 0) {
        if (is_delimiter(w->text.ptr[at])) {
            emit_delimiter(s, w, at++);
            continue;
        }
        size_t end = at;
        while (end < w->text.len && !is_delimiter(w->text.ptr[end]))
            end++;
        struct rs_list *odd = odd_at(s, w, at);
        struct rs_list *list = odd;
        if (!odd) {
            const struct vl_map_slot *slot = vl_map_get(&s->set->by_list, vl_span_slice(w->text, at, end));
            list = slot ? slot->value.ptr : NULL;
        }
        if (list && (int64_t)list->index > w->after) {
            r = emit_list(s, w, list, at);
            at = odd ? at + strlen(odd->name) : end;
        } else {
            s->eat_blanks = s->eat_comma = false;
            emit(s, w, at, end - at);
            at = end;
        }
    }
    return r;
}

static void find_odd(struct substitution *s)
{
    for (size_t i = 0; i < s->set->lists.len && s->n_odd < ODD_NAMES_MAX; i++) {
        const struct rs_list *list = ((struct rs_list **)s->set->lists.items)[i];
        const char *c = list->name;
        while (*c && !is_delimiter(*c))
            c++;
        if (*c)
            s->odd[s->n_odd++] = list;
    }
}

int rs_lists_substitute(struct vl_ruleset *set, const struct rs_text *text, const char *item,
    struct rs_text *ret, struct vl_err *err)
{
    VL_CLEANUP(rs_builder_done) struct rs_builder out;
    struct substitution s = {.set = set, .out = &out};
    int r = 0;
    rs_builder_init(&out);
    find_odd(&s);
    for (uint32_t i = 0; i < text->n_pieces && r >= 0; i++) {
        const struct rs_piece *p = &text->pieces[i];
        uint32_t end = i + 1 < text->n_pieces ? text->pieces[i + 1].start : (uint32_t)text->text.len;
        struct walk w = {vl_span_slice(text->text, p->start, end), p->scalar, p->from, p->fixed, -1, 0};
        r = walk_text(&s, &w);
    }
    if (r < 0 || out.buf.failed) {
        struct rs_place place = rs_text_place(set, text, 0);
        if (out.buf.failed == -ENOMEM)
            return vl_err_nomem(err);
        rs_tell(set, true, RS_ERR_COMPILE_CONDITION, &place, item, NULL, "%s",
            s.problem ? s.problem : "the condition is too long once its lists are put in");
        return 1;
    }
    r = rs_builder_text(&out, set->arena, "condition", ret, err);
    if (r >= 0)
        ret->lists = s.lists;
    return r;
}
