#include "license.h"

/* A cursor over the words of an expression. */
struct words {
    struct vl_span rest;
    struct vl_span wanted;
    bool broken; /* no expression */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word or parenthesis, without taking it. */
static struct vl_span peek(struct words *w)
{
    w->rest = vl_span_trim(w->rest);
    size_t n = 0;
    while (n < w->rest.len && !is_space(w->rest.ptr[n]) && w->rest.ptr[n] != '(' && w->rest.ptr[n] != ')')
        n++;
    return vl_span_slice(w->rest, 0, n == 0 && w->rest.len ? 1 : n);
}

static void take(struct words *w, struct vl_span word)
{
    w->rest = vl_span_slice(w->rest, word.len, w->rest.len);
}

/* The part of a name that the older and newer spellings share, and whether later versions are meant. */
static struct vl_span plain_name(struct vl_span name, bool *ret_later)
{
    *ret_later = false;
    if (vl_span_ends_with(name, "+") || vl_span_ends_with(name, "-or-later")) {
        *ret_later = true;
        return vl_span_slice(name, 0, name.len - (vl_span_ends_with(name, "+") ? 1 : 9));
    }
    return vl_span_ends_with(name, "-only") ? vl_span_slice(name, 0, name.len - 5) : name;
}

static bool is_wanted(struct vl_span name, struct vl_span wanted)
{
    if (name.len == 0)
        return false;
    if (vl_span_ends_with(wanted, "*")) {
        struct vl_span front = vl_span_slice(wanted, 0, wanted.len - 1);
        return name.len >= front.len && vl_span_eq_nocase(vl_span_slice(name, 0, front.len), front);
    }
    bool later;
    bool wanted_later;
    struct vl_span a = plain_name(name, &later);
    struct vl_span b = plain_name(wanted, &wanted_later);
    return vl_span_eq_nocase(name, wanted) || (later == wanted_later && vl_span_eq_nocase(a, b));
}

static bool is_word(struct vl_span word, const char *operator)
{
    return vl_span_eq_nocase(word, vl_span_str(operator));
}

static bool any_of(struct words *w, unsigned depth);

/* A name, perhaps with an exception, or an expression in parentheses. */
static bool one(struct words *w, unsigned depth)
{
    struct vl_span word = peek(w);
    if (word.len == 0 || is_word(word, ")") || is_word(word, "OR") || is_word(word, "AND")) {
        w->broken = true;
        return false;
    }
    take(w, word);
    if (is_word(word, "(")) {
        if (depth == 0) {
            w->broken = true;
            return false;
        }
        bool demanded = any_of(w, depth - 1);
        word = peek(w);
        w->broken = w->broken || !is_word(word, ")");
        take(w, word);
        return demanded;
    }
    struct vl_span next = peek(w);
    if (is_word(next, "WITH")) {
        take(w, next);
        next = peek(w);
        w->broken = w->broken || next.len == 0;
        take(w, next);
    }
    return is_wanted(word, w->wanted);
}

static bool all_of(struct words *w, unsigned depth)
{
    bool demanded = one(w, depth);
    for (struct vl_span word = peek(w); !w->broken && is_word(word, "AND"); word = peek(w)) {
        take(w, word);
        demanded = one(w, depth) || demanded;
    }
    return demanded;
}

static bool any_of(struct words *w, unsigned depth)
{
    bool demanded = all_of(w, depth);
    for (struct vl_span word = peek(w); !w->broken && is_word(word, "OR"); word = peek(w)) {
        take(w, word);
        demanded = all_of(w, depth) && demanded;
    }
    return demanded;
}

bool vl_license_demands(struct vl_span expression, struct vl_span wanted)
{
    struct words w = {expression, wanted, false};
    bool demanded = any_of(&w, VL_LICENSE_DEPTH_MAX);
    if (w.broken || peek(&w).len)
        return is_wanted(vl_span_trim(expression), wanted);
    return demanded;
}

bool vl_license_of_package(const struct vl_package *package, struct vl_span wanted)
{
    for (uint32_t i = 0; i < package->n_licenses; i++) {
        if (vl_license_demands(vl_span_str(package->licenses[i]), wanted))
            return true;
    }
    return false;
}
