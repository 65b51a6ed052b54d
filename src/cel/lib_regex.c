/* find and findAll. Source: k8s.io/apiserver pkg/cel/library/regex.go, Go's regexp (behaviour). */
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "lib_support.h"
#include "pattern/regex.h"
#include "run_impl.h"
#include "value_impl.h"

#define SCANNED_MAX (16UL * 1024 * 1024) /* bytes that may be looked at between two looks at the clock */
#define SECONDS_MAX 2                    /* of findAll(): each search may scan all that is left */

static const struct vl_regex *compiled(
    struct vl_cel_run *run, struct vl_cel_value pattern, struct vl_cel_value *ret_error)
{
    const struct vl_regex *regex = vl_cel_regex(run, vl_cel_span(pattern), ret_error);
    if (!regex && ret_error->kind == VL_CEL_ERROR && !ret_error->as.error->is_cost)
        *ret_error = vl_cel_fail(run, "Illegal regex: %s", ret_error->as.error->message);
    return regex;
}

static struct vl_cel_value find(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_value error = vl_cel_null();
    struct vl_span found = VL_SPAN_EMPTY;
    const struct vl_regex *regex = compiled(run, args[1], &error);
    if (!regex)
        return error;
    bool any = vl_regex_find(regex, vl_cel_span(args[0]), &found, 1);
    return vl_cel_string(any ? found : VL_SPAN_EMPTY);
}

struct walk {
    struct vl_span text;
    size_t pos, last_end; /* last_end: SIZE_MAX before the first */
    size_t scanned;
    struct timespec started;
    bool late;
};

/* Linear searches, one after the other, can add up to a square. */
static bool in_time(struct walk *w)
{
    struct timespec now;
    w->scanned += w->text.len - w->pos;
    if (w->scanned < SCANNED_MAX)
        return true;
    w->scanned = 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!w->started.tv_sec)
        w->started = now;
    w->late = now.tv_sec - w->started.tv_sec > SECONDS_MAX;
    return !w->late;
}

/* The next match as Go counts them: no empty one right after another match. */
static bool next_match(const struct vl_regex *regex, struct walk *w, struct vl_span *ret)
{
    struct vl_span found;
    while (w->pos <= w->text.len && in_time(w) && vl_regex_find_from(regex, w->text, w->pos, &found, 1)) {
        size_t start = (size_t)(found.ptr - w->text.ptr), end = start + found.len;
        bool accepted = true;
        if (start < w->text.len && ((unsigned char)w->text.ptr[start] & 0xc0) == 0x80) {
            w->pos = start + 1; /* RE2 sees boundaries of bytes, Go those of code points */
            continue;
        }
        if (end == w->pos) {
            uint32_t rune;
            accepted = start != w->last_end;
            size_t width = vl_utf8_decode(vl_span_slice(w->text, w->pos, w->text.len), &rune);
            w->pos += width ? width : 1;
        } else {
            w->pos = end;
        }
        w->last_end = end;
        *ret = found;
        if (accepted)
            return true;
    }
    return false;
}

static struct vl_cel_value find_all(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_value error = vl_cel_null();
    const struct vl_regex *regex = compiled(run, args[1], &error);
    if (!regex)
        return error;
    static const char nothing[] = "";
    int64_t left = n > 2 ? args[2].as.i : -1;
    struct walk walk = {.text = vl_cel_span(args[0]), .last_end = SIZE_MAX};
    if (!walk.text.ptr)
        walk.text.ptr = nothing;
    struct vl_span found;
    struct vl_arena *arena = vl_cel_run_arena(run);
    struct vl_cel_value list = vl_cel_list_grow(arena);
    for (; left != 0 && next_match(regex, &walk, &found); left--)
        if (!vl_cel_list_push(arena, list, vl_cel_string(found)))
            return vl_cel_no_room(run);
    return walk.late ? vl_cel_fail(run, "findAll takes too long on a text of %zu bytes", walk.text.len)
                     : list;
}

static uint64_t price(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    if (n < 2)
        return 1;
    return vl_cel_cost_mul(vl_cel_cost_factor(1 + vl_cel_price_size(args[0]), VL_CEL_COST_TRAVERSAL),
        vl_cel_cost_factor(vl_cel_price_size(args[1]), VL_CEL_COST_REGEX));
}

static struct vl_cel_range estimate(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    *ret_size = vl_cel_range_of(0, args[0].size.max);
    struct vl_cel_range text = vl_cel_range_add(args[0].size, vl_cel_range_fixed(1));
    return vl_cel_range_mul(vl_cel_range_factor(text, VL_CEL_COST_TRAVERSAL),
        vl_cel_range_factor(args[1].size, VL_CEL_COST_REGEX));
}

#define STRING &vl_cel_t_string

static const struct vl_cel_overload find_overloads[] = {
    {"string_find_string", true, 2, 0, 0, {STRING, STRING}, STRING, find, {price, price, estimate}},
};
static const struct vl_cel_overload find_all_overloads[] = {
    {"string_find_all_string", true, 2, 0, 0, {STRING, STRING}, &vl_cel_t_list_string, find_all,
        {price, price, estimate}},
    {"string_find_all_string_int", true, 3, 0, 0, {STRING, STRING, &vl_cel_t_int}, &vl_cel_t_list_string,
        find_all, {price, price, estimate}},
};

static const struct vl_cel_function functions[] = {
    {"find", find_overloads, VL_ARRAY_LEN(find_overloads)},
    {"findAll", find_all_overloads, VL_ARRAY_LEN(find_all_overloads)},
};

const struct vl_cel_library vl_cel_lib_regex = {
    .name = "kubernetes.regex", .functions = functions, .n = VL_ARRAY_LEN(functions)};
