/* `condition: a and not (b or c)` of a temporal correlation, over the names of its rules: as postfix. */
#include "sigma.h"
#include "sigma_impl.h"

struct parser {
    const struct vl_sigma_correlation *correlation;
    struct vl_span text;
    size_t pos;
    struct vl_span word; /* empty at the end */
    unsigned depth;
    uint8_t *out;
    uint32_t n;
};

static void next(struct parser *p)
{
    while (p->pos < p->text.len && vl_char_is_blank(p->text.ptr[p->pos]))
        p->pos++;
    size_t from = p->pos;
    if (from < p->text.len && (p->text.ptr[from] == '(' || p->text.ptr[from] == ')'))
        p->pos++;
    else
        while (p->pos < p->text.len && !vl_char_is_blank(p->text.ptr[p->pos]) && p->text.ptr[p->pos] != '(' &&
               p->text.ptr[p->pos] != ')')
            p->pos++;
    p->word = vl_span_slice(p->text, from, p->pos);
}

static bool at(const struct parser *p, const char *word)
{
    return vl_span_eq_nocase(p->word, vl_span_str(word));
}

static int put(struct parser *p, uint8_t code, struct vl_err *err)
{
    if (p->n == VL_WINDOW_EXPRESSION_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "condition: more than %d names and operators", VL_WINDOW_EXPRESSION_MAX);
    p->out[p->n++] = code;
    return 0;
}

static int row(struct parser *p, bool is_or, struct vl_err *err);

static int atom(struct parser *p, struct vl_err *err)
{
    if (++p->depth > VL_SIGMA_CONDITION_DEPTH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "condition: nested deeper than %d", VL_SIGMA_CONDITION_DEPTH_MAX);
    int r = 0;
    if (at(p, "not")) {
        next(p);
        r = atom(p, err);
        if (r == 0)
            r = put(p, VL_WINDOW_NOT, err);
    } else if (at(p, "(")) {
        next(p);
        r = row(p, true, err);
        if (r == 0 && !at(p, ")"))
            r = vl_err_set(err, VL_ERR_INVALID, "condition: expected ), found %.*s", VL_SPAN_FMT(p->word));
        next(p);
    } else {
        uint32_t slot = 0;
        while (slot < p->correlation->n_rules && !vl_span_eq_str(p->word, p->correlation->rules[slot]))
            slot++;
        if (slot == p->correlation->n_rules)
            r = vl_err_set(err, VL_ERR_INVALID, "condition: expected one of its rules, found %.*s",
                VL_SPAN_FMT(p->word.len > 0 ? p->word : VL_SPAN_LIT("the end")));
        else
            r = put(p, (uint8_t)slot, err);
        next(p);
    }
    p->depth--;
    return r;
}

static int row(struct parser *p, bool is_or, struct vl_err *err)
{
    int r = is_or ? row(p, false, err) : atom(p, err);
    while (r == 0 && at(p, is_or ? "or" : "and")) {
        next(p);
        r = is_or ? row(p, false, err) : atom(p, err);
        if (r == 0)
            r = put(p, is_or ? VL_WINDOW_OR : VL_WINDOW_AND, err);
    }
    return r;
}

/* All rules joined by `and`: the same as no condition at all. */
static bool is_all(const struct parser *p)
{
    uint64_t seen = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->out[i] == VL_WINDOW_OR || p->out[i] == VL_WINDOW_NOT)
            return false;
        if (p->out[i] != VL_WINDOW_AND)
            seen |= 1ULL << p->out[i];
    }
    return seen == (1ULL << p->correlation->n_rules) - 1;
}

int vl_sigma_expression(
    struct vl_span text, struct vl_sigma_correlation *c, struct vl_arena *arena, struct vl_err *err)
{
    struct parser p = {.correlation = c, .text = text};
    p.out = vl_arena_array(arena, VL_WINDOW_EXPRESSION_MAX, 1);
    if (p.out == NULL)
        return vl_err_nomem(err);
    next(&p);
    int r = row(&p, true, err);
    if (r < 0)
        return r;
    if (p.word.len > 0)
        return vl_err_set(
            err, VL_ERR_INVALID, "condition: expected and, or or the end, found %.*s", VL_SPAN_FMT(p.word));
    if (is_all(&p))
        return 0;
    if (c->window.kind == VL_WINDOW_ORDERED)
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "an order is complete or not: the condition of temporal_ordered joins all its rules with and");
    c->window.expression = p.out;
    c->window.n_expression = p.n;
    return 0;
}
