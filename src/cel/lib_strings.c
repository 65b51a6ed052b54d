/* Texts: cel-go's strings extension as Kubernetes has it (version 0 before 1.29, 2 since), and reverse() for
 * the cel-spec profile. format() stands in lib_strings_format.c. Indices count code points. Source: cel-go
 * ext/strings.go (behaviour), k8s.io/apiserver pkg/cel/library/cost.go (prices). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lib_strings.h"
#include "lib_support.h"
#include "value_impl.h"

static struct vl_cel_value out_of_range(struct vl_cel_run *run, int64_t index)
{
    return vl_cel_fail(run, "index out of range: %" PRId64, index);
}

/* Byte offset of a code point; SIZE_MAX beyond the end. */
static size_t offset_of(struct vl_span text, int64_t index)
{
    return index < 0 ? SIZE_MAX : vl_cel_rune_offset(text, (uint64_t)index);
}

static size_t rune_len(struct vl_span text)
{
    uint32_t rune;
    size_t n = vl_utf8_decode(text, &rune);
    return n ? n : text.len ? 1 : 0;
}

static struct vl_cel_value char_at(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span text = vl_cel_span(args[0]);
    size_t at = offset_of(text, args[1].as.i);
    if (at == SIZE_MAX)
        return out_of_range(run, args[1].as.i);
    struct vl_span rest = vl_span_slice(text, at, text.len);
    return vl_cel_string(vl_span_slice(rest, 0, rune_len(rest)));
}

static struct vl_cel_value index_of(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_span text = vl_cel_span(args[0]), wanted = vl_cel_span(args[1]);
    int64_t from = n > 2 ? args[2].as.i : 0;
    if (from < 0)
        return out_of_range(run, from);
    size_t at = offset_of(text, from);
    if (wanted.len == 0)
        return vl_cel_int(at == SIZE_MAX ? (int64_t)vl_cel_runes(text) : from);
    if (at == SIZE_MAX || at == text.len)
        return vl_cel_int(-1);
    struct vl_span rest = vl_span_slice(text, at, text.len);
    size_t found = vl_span_find(rest, wanted);
    return vl_cel_int(found == SIZE_MAX ? -1 : from + (int64_t)vl_cel_runes(vl_span_slice(rest, 0, found)));
}

/* Where `wanted` begins last within text, SIZE_MAX where nowhere: Knuth, Morris and Pratt from the end, since
 * a hostile pair of texts must not cost their product. */
static size_t find_last(struct vl_span text, struct vl_span wanted, bool *ret_memory)
{
    if (wanted.len > text.len)
        return SIZE_MAX;
    uint32_t *border = calloc(wanted.len, sizeof(*border));
    *ret_memory = border != NULL;
    if (!border)
        return SIZE_MAX;
    const char *last = wanted.ptr + wanted.len - 1;
    for (size_t i = 1, k = 0; i < wanted.len; i++) {
        while (k && last[-(ptrdiff_t)i] != last[-(ptrdiff_t)k])
            k = border[k - 1];
        k += last[-(ptrdiff_t)i] == last[-(ptrdiff_t)k];
        border[i] = (uint32_t)k;
    }
    size_t found = SIZE_MAX;
    for (size_t at = text.len, k = 0; at > 0 && found == SIZE_MAX; at--) {
        while (k && text.ptr[at - 1] != last[-(ptrdiff_t)k])
            k = border[k - 1];
        k += text.ptr[at - 1] == last[-(ptrdiff_t)k];
        if (k == wanted.len)
            found = at - 1;
    }
    free(border);
    return found;
}

static struct vl_cel_value last_index_of(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_span text = vl_cel_span(args[0]), wanted = vl_cel_span(args[1]);
    int64_t size = (int64_t)vl_cel_runes(text);
    int64_t from = n > 2 ? args[2].as.i : size ? size - 1 : 0;
    if (from < 0)
        return out_of_range(run, from);
    if (wanted.len == 0)
        return vl_cel_int(n == 2 || from > size ? size : from);
    if (from >= size)
        return vl_cel_int(-1);
    /* It may begin at `from` at the latest, so it ends at most its own length later. */
    struct vl_span tail = vl_span_slice(text, offset_of(text, from), text.len);
    size_t reach = wanted.len < tail.len ? wanted.len : tail.len;
    bool memory = true;
    size_t found =
        find_last((struct vl_span){text.ptr, (size_t)(tail.ptr - text.ptr) + reach}, wanted, &memory);
    if (!memory)
        return vl_cel_no_room(run);
    return vl_cel_int(found == SIZE_MAX ? -1 : (int64_t)vl_cel_runes(vl_span_slice(text, 0, found)));
}

static struct vl_cel_value change_case(struct vl_cel_run *run, struct vl_span text, char first, char last)
{
    char *out = vl_cel_text_room(run, text.len);
    if (!out)
        return vl_cel_no_room(run);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        out[i] = c >= first && c <= last ? (char)(c ^ 0x20) : c;
    }
    return vl_cel_text_made(out, text.len);
}

static struct vl_cel_value lower_ascii(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return change_case(run, vl_cel_span(args[0]), 'A', 'Z');
}

static struct vl_cel_value upper_ascii(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return change_case(run, vl_cel_span(args[0]), 'a', 'z');
}

/* One byte is looked for in many places: without setting up a search each time. */
static size_t find(struct vl_span text, struct vl_span wanted)
{
    return wanted.len == 1 ? vl_span_find_char(text, *wanted.ptr) : vl_span_find(text, wanted);
}

static uint64_t count(struct vl_span text, struct vl_span wanted)
{
    uint64_t n = 0;
    for (size_t at; (at = find(text, wanted)) != SIZE_MAX; n++)
        text = vl_span_slice(text, at + wanted.len, text.len);
    return n;
}

static char *put(char *out, struct vl_span text)
{
    if (text.len)
        memcpy(out, text.ptr, text.len);
    return out + text.len;
}

/* An empty `old` stands before every code point and at the end. */
static struct vl_cel_value replace(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_span text = vl_cel_span(args[0]), old = vl_cel_span(args[1]), with = vl_cel_span(args[2]);
    int64_t limit = n > 3 ? args[3].as.i : -1;
    uint64_t times = old.len ? (text.len ? count(text, old) : 0) : vl_cel_runes(text) + 1;
    if (limit >= 0 && (uint64_t)limit < times)
        times = (uint64_t)limit;
    if (times == 0 || vl_span_eq(old, with))
        return args[0];
    uint64_t len = vl_cel_cost_add(text.len - times * old.len, vl_cel_cost_mul(times, with.len));
    char *made = len < VL_CEL_TEXT_MAX ? vl_cel_text_room(run, (size_t)len) : NULL;
    if (!made)
        return vl_cel_no_room(run);
    char *out = made;
    for (uint64_t i = 0; i < times; i++) {
        size_t keep = old.len ? find(text, old) : i ? rune_len(text) : 0;
        out = put(put(out, vl_span_slice(text, 0, keep)), with);
        text = vl_span_slice(text, keep + old.len, text.len);
    }
    put(out, text);
    return vl_cel_text_made(made, (size_t)len);
}

static struct vl_cel_value split(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_span text = vl_cel_span(args[0]), sep = vl_cel_span(args[1]);
    int64_t limit = n > 2 ? args[2].as.i : -1;
    uint64_t parts = sep.len ? (text.len ? count(text, sep) : 0) + 1 : vl_cel_runes(text);
    if (limit >= 0 && (uint64_t)limit < parts)
        parts = (uint64_t)limit;
    struct vl_cel_value *items = parts < VL_CEL_TEXT_MAX ? vl_cel_items_room(run, (size_t)parts) : NULL;
    for (uint64_t i = 0; items && i < parts; i++) {
        size_t len = i + 1 == parts ? text.len : sep.len ? find(text, sep) : rune_len(text);
        items[i] = vl_cel_string(vl_span_slice(text, 0, len));
        text = vl_span_slice(text, len + sep.len, text.len);
    }
    return vl_cel_list_of(run, items, (size_t)parts);
}

static struct vl_cel_value substring(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_span text = vl_cel_span(args[0]);
    int64_t start = args[1].as.i;
    if (n > 2 && start > args[2].as.i)
        return vl_cel_fail(
            run, "invalid substring range. start: %" PRId64 ", end: %" PRId64, start, args[2].as.i);
    size_t from = offset_of(text, start);
    if (from == SIZE_MAX)
        return out_of_range(run, start);
    if (n == 2)
        return vl_cel_string(vl_span_slice(text, from, text.len));
    size_t to = offset_of(text, args[2].as.i);
    return to == SIZE_MAX ? out_of_range(run, args[2].as.i) : vl_cel_string(vl_span_slice(text, from, to));
}

static size_t last_rune_len(struct vl_span text)
{
    size_t n = 1;
    while (n < text.len && n < 4 && ((unsigned char)text.ptr[text.len - n] & 0xc0) == 0x80)
        n++;
    return n;
}

static struct vl_cel_value trim(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    struct vl_span text = vl_cel_span(args[0]);
    uint32_t rune;
    for (size_t len; (len = vl_utf8_decode(text, &rune)) && vl_cel_is_space(rune);)
        text = vl_span_slice(text, len, text.len);
    while (text.len) {
        size_t len = last_rune_len(text);
        if (!vl_utf8_decode(vl_span_slice(text, text.len - len, text.len), &rune) || !vl_cel_is_space(rune))
            break;
        text = vl_span_slice(text, 0, text.len - len);
    }
    return vl_cel_string(text);
}

static struct vl_cel_value join(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_span sep = n > 1 ? vl_cel_span(args[1]) : VL_SPAN_EMPTY;
    struct vl_cel_iter iter = vl_cel_iterate(args[0]);
    struct vl_cel_value item;
    uint64_t len = 0;
    for (bool first = true; vl_cel_iter_next(&iter, NULL, &item); first = false) {
        if (item.kind != VL_CEL_STRING)
            return vl_cel_fail_go(run, "join: invalid input: ", item);
        len += item.len + (first ? 0 : sep.len);
    }
    char *made = len < VL_CEL_TEXT_MAX ? vl_cel_text_room(run, (size_t)len) : NULL;
    if (!made)
        return vl_cel_no_room(run);
    char *out = made;
    iter = vl_cel_iterate(args[0]);
    for (bool first = true; vl_cel_iter_next(&iter, NULL, &item); first = false)
        out = put(first ? out : put(out, sep), vl_cel_span(item));
    return vl_cel_text_made(made, (size_t)len);
}

static struct vl_cel_value quote(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
    struct vl_span text = vl_cel_span(args[0]);
    size_t len = text.len + 2;
    for (size_t i = 0; i < text.len; i++)
        len += text.ptr[i] && strchr(plain, text.ptr[i]);
    char *made = vl_cel_text_room(run, len);
    if (!made)
        return vl_cel_no_room(run);
    char *out = made;
    *out++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        const char *special = text.ptr[i] ? strchr(plain, text.ptr[i]) : NULL;
        if (special)
            *out++ = '\\';
        *out++ = special ? letters[special - plain] : text.ptr[i];
    }
    *out = '"';
    return vl_cel_text_made(made, len);
}

static struct vl_cel_value reverse(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span text = vl_cel_span(args[0]);
    char *made = vl_cel_text_room(run, text.len);
    if (!made)
        return vl_cel_no_room(run);
    for (char *out = made; text.len;) {
        size_t len = last_rune_len(text);
        out = put(out, vl_span_slice(text, text.len - len, text.len));
        text.len -= len;
    }
    return vl_cel_text_made(made, args[0].len);
}

static uint64_t price_join(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)args, (void)n;
    return (uint64_t)ceil((double)vl_cel_price_size(result) * 2 * VL_CEL_COST_TRAVERSAL);
}

static struct vl_cel_range estimate_join(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    struct vl_cel_range list = args[0].size, size = {0, 0};
    if (args[0].type && args[0].type->n_params)
        size = vl_cel_range_mul(list, args[0].item);
    if (n > 1) {
        struct vl_cel_range separators = {list.min ? list.min - 1 : 0, list.max ? list.max - 1 : 0};
        size = vl_cel_range_add(size, vl_cel_range_mul(args[1].size, separators));
    }
    *ret_size = size;
    return vl_cel_range_factor(size, VL_CEL_COST_TRAVERSAL);
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    double parts = ceil((double)a / (double)b);
    return parts >= 0x1p64 ? UINT64_MAX : (uint64_t)parts;
}

/* How often at most and at least something is replaced, and what stays. */
static struct vl_cel_range replaced_size(
    struct vl_cel_range text, struct vl_cel_range old, struct vl_cel_range with)
{
    struct vl_cel_range times = {0, 0}, kept = {0, 0};
    if (old.min == 0) {
        times.max = vl_cel_cost_add(text.max, 1);
        kept.max = text.max;
    } else if (with.max <= old.min) {
        kept.max = text.max;
    } else {
        times.max = divide_up(text.max, old.min);
    }
    if (old.max == 0) {
        times.min = vl_cel_cost_add(text.min, 1);
        kept.min = text.min;
    } else if (old.max <= with.min) {
        kept.min = text.min;
    } else {
        times.min = divide_up(text.min, old.max);
    }
    return vl_cel_range_add(vl_cel_range_mul(times, with), kept);
}

static struct vl_cel_range estimate_replace(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    *ret_size = replaced_size(args[0].size, args[1].size, args[2].size);
    return vl_cel_range_factor(args[0].size, 2 * VL_CEL_COST_TRAVERSAL);
}

static struct vl_cel_range estimate_split(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    uint64_t most = args[0].size.max;
    if (n > 2 && args[2].literal && args[2].literal->kind == VL_CEL_INT)
        most = (uint64_t)args[2].literal->as.i;
    *ret_size = vl_cel_range_of(0, most);
    return vl_cel_range_factor(args[0].size, 2 * VL_CEL_COST_TRAVERSAL);
}

/* Each character may need an escape; the quotes are always there. */
static struct vl_cel_range estimate_quote(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    *ret_size = vl_cel_range_of(args[0].size.min + 2, args[0].size.max * 2 + 2);
    return vl_cel_range_factor(args[0].size, VL_CEL_COST_TRAVERSAL);
}

#define PRICE_TWICE(estimator) {vl_cel_price_text_twice, vl_cel_price_text_twice, estimator}
#define STRING                 &vl_cel_t_string
#define INT                    &vl_cel_t_int

static const struct vl_cel_overload char_at_overloads[] = {
    {"string_char_at_int", true, 2, 0, 0, {STRING, INT}, STRING, char_at, {0}},
};
static const struct vl_cel_overload index_of_overloads[] = {
    {"string_index_of_string", true, 2, 0, 0, {STRING, STRING}, INT, index_of, VL_CEL_PRICE_ITEMS},
    {"string_index_of_string_int", true, 3, 0, 0, {STRING, STRING, INT}, INT, index_of, VL_CEL_PRICE_ITEMS},
};
static const struct vl_cel_overload last_index_of_overloads[] = {
    {"string_last_index_of_string", true, 2, 0, 0, {STRING, STRING}, INT, last_index_of, VL_CEL_PRICE_ITEMS},
    {"string_last_index_of_string_int", true, 3, 0, 0, {STRING, STRING, INT}, INT, last_index_of,
        VL_CEL_PRICE_ITEMS},
};
static const struct vl_cel_overload lower_overloads[] = {
    {"string_lower_ascii", true, 1, 0, 0, {STRING}, STRING, lower_ascii, VL_CEL_PRICE_TEXT_SAME},
};
static const struct vl_cel_overload upper_overloads[] = {
    {"string_upper_ascii", true, 1, 0, 0, {STRING}, STRING, upper_ascii, VL_CEL_PRICE_TEXT_SAME},
};
static const struct vl_cel_overload replace_overloads[] = {
    {"string_replace_string_string", true, 3, 0, 0, {STRING, STRING, STRING}, STRING, replace,
        PRICE_TWICE(estimate_replace)},
    {"string_replace_string_string_int", true, 4, 0, 0, {STRING, STRING, STRING, INT}, STRING, replace,
        PRICE_TWICE(estimate_replace)},
};
static const struct vl_cel_overload split_overloads[] = {
    {"string_split_string", true, 2, 0, 0, {STRING, STRING}, &vl_cel_t_list_string, split,
        PRICE_TWICE(estimate_split)},
    {"string_split_string_int", true, 3, 0, 0, {STRING, STRING, INT}, &vl_cel_t_list_string, split,
        PRICE_TWICE(estimate_split)},
};
static const struct vl_cel_overload substring_overloads[] = {
    {"string_substring_int", true, 2, 0, 0, {STRING, INT}, STRING, substring, VL_CEL_PRICE_TEXT_SAME},
    {"string_substring_int_int", true, 3, 0, 0, {STRING, INT, INT}, STRING, substring,
        VL_CEL_PRICE_TEXT_SAME},
};
static const struct vl_cel_overload trim_overloads[] = {
    {"string_trim", true, 1, 0, 0, {STRING}, STRING, trim, VL_CEL_PRICE_TEXT_SAME},
};
static const struct vl_cel_overload join_overloads[] = {
    {"list_join", true, 1, 0, 0, {&vl_cel_t_list_string}, STRING, join,
        {price_join, price_join, estimate_join}},
    {"list_join_string", true, 2, 0, 0, {&vl_cel_t_list_string, STRING}, STRING, join,
        {price_join, price_join, estimate_join}},
};
static const struct vl_cel_overload quote_overloads[] = {
    {"strings_quote", false, 1, 29, 0, {STRING}, STRING, quote, {vl_cel_price_text, NULL, estimate_quote}},
};

static const struct vl_cel_function functions[] = {
    {"charAt", char_at_overloads, VL_ARRAY_LEN(char_at_overloads)},
    {"indexOf", index_of_overloads, VL_ARRAY_LEN(index_of_overloads)},
    {"lastIndexOf", last_index_of_overloads, VL_ARRAY_LEN(last_index_of_overloads)},
    {"lowerAscii", lower_overloads, VL_ARRAY_LEN(lower_overloads)},
    {"upperAscii", upper_overloads, VL_ARRAY_LEN(upper_overloads)},
    {"replace", replace_overloads, VL_ARRAY_LEN(replace_overloads)},
    {"split", split_overloads, VL_ARRAY_LEN(split_overloads)},
    {"substring", substring_overloads, VL_ARRAY_LEN(substring_overloads)},
    {"trim", trim_overloads, VL_ARRAY_LEN(trim_overloads)},
    {"join", join_overloads, VL_ARRAY_LEN(join_overloads)},
    {"strings.quote", quote_overloads, VL_ARRAY_LEN(quote_overloads)},
};

const struct vl_cel_library vl_cel_lib_strings = {
    .name = "cel.lib.ext.strings", .functions = functions, .n = VL_ARRAY_LEN(functions)};

static const struct vl_cel_overload reverse_overloads[] = {
    {"string_reverse", true, 1, 0, 0, {STRING}, STRING, reverse, {0}},
};
static const struct vl_cel_function spec_functions[] = {
    {"reverse", reverse_overloads, VL_ARRAY_LEN(reverse_overloads)},
};
const struct vl_cel_library vl_cel_lib_strings_spec = {.name = "cel.lib.ext.strings",
    .functions = spec_functions,
    .n = VL_ARRAY_LEN(spec_functions),
    .spec_only = true};
