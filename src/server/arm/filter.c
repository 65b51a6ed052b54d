#include "arm/filter.h"

#include <string.h>

enum kind { AND, OR, NOT, EQ, NE, IN, CONTAINS, STARTSWITH, ENDSWITH };

struct node {
    enum kind kind;
    const struct node *a, *b;    /* AND, OR, NOT */
    size_t field;                /* all others */
    const struct vl_span *words; /* texts without quotes */
    size_t n_words;
    bool null; /* EQ, NE: with null */
};

struct vl_arm_filter {
    const struct node *root;
};

struct parser {
    struct vl_span all, rest;
    const char *const *fields;
    struct vl_arena *arena;
    struct vl_err *err;
    unsigned depth;
    size_t n_nodes, n_words;
    int r; /* the first error */
};

static bool fail(struct parser *p, const char *what)
{
    if (p->r == 0)
        p->r = vl_err_set(p->err, VL_ERR_INVALID, "$filter: %s at \"%.*s\" of \"%.*s\"", what,
            p->rest.len > 40 ? 40 : vl_span_int_len(p->rest), p->rest.ptr ? p->rest.ptr : "",
            VL_SPAN_FMT(p->all));
    return false;
}

static bool limit(struct parser *p, const char *what, size_t max)
{
    if (p->r == 0)
        p->r = vl_err_set(p->err, VL_ERR_LIMIT, "$filter: more than %zu %s", max, what);
    return false;
}

/* --- tokens --- */

static void skip(struct parser *p)
{
    while (p->rest.len > 0 && vl_char_is_blank(p->rest.ptr[0]))
        p->rest = vl_span_slice(p->rest, 1, p->rest.len);
}

static bool take_char(struct parser *p, char c)
{
    skip(p);
    if (p->rest.len == 0 || p->rest.ptr[0] != c)
        return false;
    p->rest = vl_span_slice(p->rest, 1, p->rest.len);
    return true;
}

static struct vl_span peek_word(struct parser *p)
{
    size_t n = 0;
    skip(p);
    while (n < p->rest.len && !strchr(" \t\r\n(),'", p->rest.ptr[n]))
        n++;
    return vl_span_slice(p->rest, 0, n);
}

static bool take_word(struct parser *p, const char *word)
{
    struct vl_span next = peek_word(p);
    if (!vl_span_eq_nocase(next, vl_span_str(word)))
        return false;
    p->rest = vl_span_slice(p->rest, next.len, p->rest.len);
    return true;
}

/* 'text' with '' for a quote, or a word without quotes (numbers, true, and what Microsoft's own examples
 * have). */
static bool take_value(struct parser *p, struct vl_span *ret, bool *ret_quoted)
{
    if (!take_char(p, '\'')) {
        *ret = peek_word(p);
        *ret_quoted = false;
        p->rest = vl_span_slice(p->rest, ret->len, p->rest.len);
        return ret->len > 0 || fail(p, "a value is missing");
    }
    char *text = vl_arena_alloc(p->arena, p->rest.len + 1);
    size_t n = 0, i = 0;
    if (!text) {
        p->r = vl_arena_check(p->arena, "$filter", p->err);
        return false;
    }
    for (; i < p->rest.len; i++) {
        if (p->rest.ptr[i] == '\'') {
            if (i + 1 == p->rest.len || p->rest.ptr[i + 1] != '\'')
                break;
            i++;
        }
        text[n++] = p->rest.ptr[i];
    }
    if (i == p->rest.len)
        return fail(p, "a text does not end");
    p->rest = vl_span_slice(p->rest, i + 1, p->rest.len);
    *ret = (struct vl_span){text, n};
    *ret_quoted = true;
    return true;
}

/* --- grammar --- */

static struct node *new_node(struct parser *p, enum kind kind)
{
    if (p->n_nodes == VL_ARM_FILTER_NODES_MAX) {
        (void)limit(p, "parts", VL_ARM_FILTER_NODES_MAX);
        return NULL;
    }
    struct node *node = vl_arena_alloc(p->arena, sizeof(*node));
    if (!node) {
        p->r = vl_arena_check(p->arena, "$filter", p->err);
        return NULL;
    }
    p->n_nodes++;
    node->kind = kind;
    return node;
}

static bool same_path(struct vl_span path, const char *field)
{
    size_t n = strlen(field);
    static const char first[] = "properties";
    if (path.len > n &&
        vl_span_eq_nocase(vl_span_slice(path, 0, sizeof(first) - 1), VL_SPAN_LIT("properties")))
        path = vl_span_slice(path, sizeof(first), path.len);
    if (path.len != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct vl_span c = vl_span_slice(path, i, i + 1);
        bool both_dots = strchr("./", c.ptr[0]) && strchr("./", field[i]);
        if (!both_dots && !vl_span_eq_nocase(c, (struct vl_span){field + i, 1}))
            return false;
    }
    return true;
}

static bool take_field(struct parser *p, size_t *ret)
{
    struct vl_span path = peek_word(p);
    for (size_t i = 0; p->fields[i]; i++) {
        if (path.len > 0 && same_path(path, p->fields[i])) {
            p->rest = vl_span_slice(p->rest, path.len, p->rest.len);
            *ret = i;
            return true;
        }
    }
    return fail(p, "this list is not filtered by the member");
}

/* One word, or a list of them up to ")". */
static bool take_words(struct parser *p, struct node *node, bool many)
{
    size_t max = many ? VL_ARM_FILTER_WORDS_MAX : 1;
    struct vl_span *words = vl_arena_array(p->arena, max, sizeof(*words));
    if (!words) {
        p->r = vl_arena_check(p->arena, "$filter", p->err);
        return false;
    }
    node->words = words;
    do {
        bool quoted = false;
        if (node->n_words == max || p->n_words == VL_ARM_FILTER_WORDS_MAX)
            return limit(p, "values", VL_ARM_FILTER_WORDS_MAX);
        if (!take_value(p, &words[node->n_words], &quoted))
            return false;
        node->null = !many && !quoted && vl_span_eq_nocase(words[node->n_words], VL_SPAN_LIT("null"));
        node->n_words++;
        p->n_words++;
    } while (many && take_char(p, ','));
    return true;
}

static const struct node *parse_or(struct parser *p);

/* contains(field,'x'); an "eq true" behind it says no more. */
static const struct node *parse_call(struct parser *p, enum kind kind)
{
    struct node *node = new_node(p, kind);
    if (!node || !(take_char(p, '(') || fail(p, "( is missing")) || !take_field(p, &node->field) ||
        !(take_char(p, ',') || fail(p, ", is missing")) || !take_words(p, node, false) ||
        !(take_char(p, ')') || fail(p, ") is missing")))
        return NULL;
    if (take_word(p, "eq") && !take_word(p, "true"))
        (void)fail(p, "a function can only be eq true");
    return p->r < 0 ? NULL : node;
}

static const struct node *parse_compare(struct parser *p)
{
    struct node *node = new_node(p, EQ);
    if (!node || !take_field(p, &node->field))
        return NULL;
    if (take_word(p, "in")) {
        node->kind = IN;
        if (!(take_char(p, '(') || fail(p, "( is missing")) || !take_words(p, node, true) ||
            !(take_char(p, ')') || fail(p, ") is missing")))
            return NULL;
        return node;
    }
    if (take_word(p, "ne"))
        node->kind = NE;
    else if (!take_word(p, "eq"))
        (void)fail(p, "eq, ne or in is expected");
    return p->r == 0 && take_words(p, node, false) ? node : NULL;
}

static const struct node *parse_one(struct parser *p)
{
    static const struct {
        const char *name;
        enum kind kind;
    } calls[] = {{"contains", CONTAINS}, {"startswith", STARTSWITH}, {"endswith", ENDSWITH}};
    const struct node *node = NULL;
    if (p->depth == VL_ARM_FILTER_DEPTH_MAX) {
        (void)limit(p, "brackets", VL_ARM_FILTER_DEPTH_MAX);
        return NULL;
    }
    p->depth++;
    if (take_char(p, '(')) {
        node = parse_or(p);
        if (node && !take_char(p, ')'))
            (void)fail(p, ") is missing");
    } else if (take_word(p, "not")) {
        struct node *negated = new_node(p, NOT);
        if (negated) {
            negated->a = parse_one(p);
            node = negated->a ? negated : NULL;
        }
    } else {
        size_t i = 0;
        while (i < VL_ARRAY_LEN(calls) && !take_word(p, calls[i].name))
            i++;
        node = i < VL_ARRAY_LEN(calls) ? parse_call(p, calls[i].kind) : parse_compare(p);
    }
    p->depth--;
    return p->r < 0 ? NULL : node;
}

static const struct node *join(struct parser *p, enum kind kind, const struct node *a, const struct node *b)
{
    struct node *node = b ? new_node(p, kind) : NULL;
    if (!node)
        return NULL;
    node->a = a;
    node->b = b;
    return node;
}

static const struct node *parse_and(struct parser *p)
{
    const struct node *left = parse_one(p);
    while (left && take_word(p, "and"))
        left = join(p, AND, left, parse_one(p));
    return left;
}

static const struct node *parse_or(struct parser *p)
{
    const struct node *left = parse_and(p);
    while (left && take_word(p, "or"))
        left = join(p, OR, left, parse_and(p));
    return left;
}

int vl_arm_filter_parse(struct vl_span text, const char *const *fields, struct vl_arena *arena,
    struct vl_arm_filter **ret, struct vl_err *err)
{
    struct parser p = {.all = text, .rest = text, .fields = fields, .arena = arena, .err = err};
    struct vl_arm_filter *filter = vl_arena_alloc(arena, sizeof(*filter));
    if (text.len > VL_ARM_FILTER_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "$filter: more than %d bytes", VL_ARM_FILTER_MAX);
    if (!filter)
        return vl_arena_check(arena, "$filter", err);
    filter->root = parse_or(&p);
    skip(&p);
    if (p.r == 0 && p.rest.len > 0)
        (void)fail(&p, "nothing more is expected");
    if (p.r < 0)
        return p.r;
    *ret = filter;
    return 0;
}

/* --- matching --- */

static bool has(struct vl_span text, struct vl_span part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (vl_span_eq_nocase(vl_span_slice(text, i, i + part.len), part))
            return true;
    }
    return false;
}

static bool compare(const struct node *node, const char *value)
{
    struct vl_span text = vl_span_str(value), word = node->words[0];
    bool found = false;
    switch (node->kind) {
    case CONTAINS:
        return value && has(text, word);
    case STARTSWITH:
        return value && text.len >= word.len && vl_span_eq_nocase(vl_span_slice(text, 0, word.len), word);
    case ENDSWITH:
        return value && text.len >= word.len &&
               vl_span_eq_nocase(vl_span_slice(text, text.len - word.len, text.len), word);
    default:
        if (node->null)
            found = !value;
        for (size_t i = 0; i < node->n_words && value && !node->null && !found; i++)
            found = vl_span_eq_nocase(text, node->words[i]);
        return node->kind == NE ? !found : found;
    }
}

/* As deep as the filter has parts at most. */
static bool match(const struct node *node, const char *const *values, unsigned depth)
{
    if (depth > VL_ARM_FILTER_NODES_MAX)
        return false;
    switch (node->kind) {
    case AND:
        return match(node->a, values, depth + 1) && match(node->b, values, depth + 1);
    case OR:
        return match(node->a, values, depth + 1) || match(node->b, values, depth + 1);
    case NOT:
        return !match(node->a, values, depth + 1);
    default:
        return compare(node, values[node->field]);
    }
}

bool vl_arm_filter_match(const struct vl_arm_filter *filter, const char *const *values)
{
    return match(filter->root, values, 0);
}
