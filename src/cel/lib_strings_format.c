/* format(): "%d of %s".format([1, "x"]). As cel-go's version 1 to 3 have it, which is what Kubernetes runs:
 * numbers come out of golang.org/x/text in American English, with its limits of digits. Source: cel-go
 * ext/formatting.go, golang.org/x/text/message and internal/number (behaviour). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lib_strings.h"
#include "lib_support.h"
#include "number_text.h"
#include "type.h"
#include "value_impl.h"

#define PRECISION    6       /* where none is given */
#define FRACTION_MAX 1080    /* a double has no digits that are not 0 behind these */
#define DEPTH_MAX    200     /* nesting of lists and maps that is printed */
#define GO_NUMBER    1000000 /* Go's fmt takes no number whose tenth is above */

static const char default_word[] =
    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, "
    "lists, types, durations, and timestamps, was given ";

struct format {
    struct vl_cel_run *run;
    struct vl_buf out;
    struct vl_cel_value error; /* VL_CEL_ERROR once something is wrong */
    bool spec;                 /* as cel-spec has it, not Kubernetes */
};

static bool wrong(struct format *f, const char *message, const char *type)
{
    if (f->error.kind != VL_CEL_ERROR)
        f->error = vl_cel_fail(f->run, "error during formatting: %s%s", message, type ? type : "");
    return false;
}

/* --- %s --- */

static bool put_part(struct format *f, struct vl_cel_value value, struct vl_buf *out, unsigned depth);

static bool put_bytes(struct format *f, struct vl_cel_value value, struct vl_buf *out)
{
    if (!vl_utf8_valid(vl_cel_span(value)))
        return wrong(f,
            "could not convert argument \"invalid UTF-8 in bytes, cannot convert to string\" to string",
            NULL);
    vl_buf_append_span(out, vl_cel_span(value));
    return true;
}

static bool put_list(struct format *f, struct vl_cel_value list, struct vl_buf *out, unsigned depth)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value item;
    vl_buf_append_char(out, '[');
    for (bool first = true; vl_cel_iter_next(&iter, NULL, &item); first = false) {
        if (!first)
            vl_buf_append_str(out, ", ");
        if (!put_part(f, item, out, depth + 1) || out->failed)
            return false;
    }
    vl_buf_append_char(out, ']');
    return true;
}

/* Entries of a map are sorted by the texts of their keys: each is [start, end) of one buffer. */
struct entry {
    struct vl_span key, text;
};

static int cmp_entries(const void *a, const void *b)
{
    return vl_span_cmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static bool put_entry(
    struct format *f, struct vl_cel_value key, struct vl_cel_value value, unsigned depth, struct entry *ret)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_CEL_TEXT_MAX);
    if (key.kind != VL_CEL_STRING && key.kind != VL_CEL_BOOL && key.kind != VL_CEL_INT &&
        key.kind != VL_CEL_UINT)
        return wrong(f, "no formatting function for map key of type ", vl_cel_type_name(key));
    if (!put_part(f, key, &text, depth))
        return false;
    size_t len = text.len;
    vl_buf_append_char(&text, ':');
    if (!put_part(f, value, &text, depth))
        return false;
    struct vl_cel_value kept = vl_cel_text_of(f->run, &text);
    if (kept.kind == VL_CEL_ERROR) {
        f->error = kept;
        return false;
    }
    ret->text = vl_cel_span(kept);
    ret->key = vl_span_slice(ret->text, 0, len);
    return true;
}

static bool put_map(struct format *f, struct vl_cel_value map, struct vl_buf *out, unsigned depth)
{
    struct vl_cel_iter iter = vl_cel_iterate(map);
    struct vl_cel_value key, value;
    size_t n = vl_cel_map_size(map), done = 0;
    struct entry *entries = vl_arena_array(vl_cel_run_arena(f->run), n ? n : 1, sizeof(*entries));
    while (entries && done < n && vl_cel_iter_next(&iter, &key, &value))
        if (!put_entry(f, key, value, depth + 1, &entries[done++]))
            return false;
    if (!entries) {
        f->error = vl_cel_no_room(f->run);
        return false;
    }
    qsort(entries, done, sizeof(*entries), cmp_entries);
    vl_buf_append_char(out, '{');
    for (size_t i = 0; i < done; i++) {
        if (i)
            vl_buf_append_str(out, ", ");
        vl_buf_append_span(out, entries[i].text);
    }
    vl_buf_append_char(out, '}');
    return true;
}

static void put_double_part(double value, struct vl_buf *out)
{
    if (isnan(value))
        vl_buf_append_str(out, "\"NaN\"");
    else if (isinf(value))
        vl_buf_append_str(out, value < 0 ? "\"-Inf\"" : "\"+Inf\"");
    else
        vl_buf_printf(out, "%.*f", PRECISION, value);
}

static bool put_quoted_bytes(struct format *f, struct vl_cel_value value, struct vl_buf *out)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_CEL_TEXT_MAX);
    if (!put_bytes(f, value, &text))
        return false;
    vl_buf_append_char(out, 'b');
    vl_cel_quote(f->run, out, vl_buf_span(&text));
    return true;
}

/* What %s and the parts of lists have in common. False where the kind is none of these. */
static bool put_plain(struct vl_cel_value value, struct vl_buf *out)
{
    switch (value.kind) {
    case VL_CEL_INT:
        vl_buf_printf(out, "%" PRId64, value.as.i);
        return true;
    case VL_CEL_UINT:
        vl_buf_printf(out, "%" PRIu64, value.as.u);
        return true;
    case VL_CEL_BOOL:
        vl_buf_append_str(out, value.as.boolean ? "true" : "false");
        return true;
    case VL_CEL_NULL:
        vl_buf_append_str(out, "null");
        return true;
    case VL_CEL_TYPE:
        vl_buf_append_str(out, value.as.type->name);
        return true;
    default:
        return false;
    }
}

static const char *time_text(struct vl_cel_value value, char text[VL_CEL_NUMBER_TEXT_MAX])
{
    if (value.kind == VL_CEL_DURATION)
        return vl_cel_duration_seconds(value.as.i, text);
    return vl_cel_time_text(value.as.i, value.len, vl_cel_timestamp_offset(value), text);
}

/* A part of a list or map: as it would stand in an expression. */
static bool put_part(struct format *f, struct vl_cel_value value, struct vl_buf *out, unsigned depth)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (depth > DEPTH_MAX)
        return wrong(f, "lists and maps are nested too deeply", NULL);
    if (put_plain(value, out))
        return true;
    switch (value.kind) {
    case VL_CEL_STRING:
        vl_cel_quote(f->run, out, vl_cel_span(value));
        return true;
    case VL_CEL_BYTES:
        return put_quoted_bytes(f, value, out);
    case VL_CEL_DOUBLE:
        put_double_part(value.as.d, out);
        return true;
    case VL_CEL_DURATION:
    case VL_CEL_TIMESTAMP:
        vl_buf_printf(out, "%s(\"%s\")", value.kind == VL_CEL_DURATION ? "duration" : "timestamp",
            time_text(value, text));
        return true;
    case VL_CEL_LIST:
        return put_list(f, value, out, depth);
    case VL_CEL_MAP:
        return put_map(f, value, out, depth);
    default:
        return wrong(f, "no formatting function for ", vl_cel_type_name(value));
    }
}

static bool put_string(struct format *f, struct vl_cel_value value)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (put_plain(value, &f->out))
        return true;
    switch (value.kind) {
    case VL_CEL_STRING:
        vl_buf_append_span(&f->out, vl_cel_span(value));
        return true;
    case VL_CEL_BYTES:
        return put_bytes(f, value, &f->out);
    case VL_CEL_DOUBLE:
        vl_buf_append_str(&f->out, vl_cel_double_general(value.as.d, 6, text));
        return true;
    case VL_CEL_DURATION:
    case VL_CEL_TIMESTAMP:
        vl_buf_append_str(&f->out, time_text(value, text));
        return true;
    case VL_CEL_LIST:
        return put_list(f, value, &f->out, 0);
    case VL_CEL_MAP:
        return put_map(f, value, &f->out, 0);
    default:
        return wrong(f, default_word, vl_cel_type_name(value));
    }
}

/* --- numbers --- */

/* %f and %e take doubles, and the texts of those that no literal gives. */
static bool double_of(struct format *f, struct vl_cel_value value, const char *word, double *ret)
{
    struct vl_span text = vl_cel_span(value);
    if (value.kind == VL_CEL_DOUBLE)
        *ret = value.as.d;
    else if (value.kind == VL_CEL_STRING && vl_span_eq_str(text, "NaN"))
        *ret = NAN;
    else if (value.kind == VL_CEL_STRING && vl_span_eq_str(text, "Infinity"))
        *ret = INFINITY;
    else if (value.kind == VL_CEL_STRING && vl_span_eq_str(text, "-Infinity"))
        *ret = -INFINITY;
    else
        return wrong(f, word, vl_cel_type_name(value));
    return true;
}

/* Right-aligned; the width counts code points. */
static void put_aligned(struct vl_buf *out, const char *text, int64_t width)
{
    for (int64_t n = (int64_t)vl_cel_runes(vl_span_str(text)); n < width; n++)
        vl_buf_append_char(out, ' ');
    vl_buf_append_str(out, text);
}

static bool put_special(struct vl_buf *out, double value, int64_t width)
{
    if (isfinite(value))
        return false;
    put_aligned(out, isnan(value) ? "NaN" : value < 0 ? "-\u221e" : "\u221e", width);
    return true;
}

/* Numbers of a format string that Go's fmt does not take. */
static bool too_large(int64_t number)
{
    return number / 10 > GO_NUMBER;
}

/* Digits with a comma after every third before the dot; of the fraction at least `least` digits. */
static void put_grouped(struct vl_buf *out, struct vl_span digits, size_t least)
{
    size_t dot = vl_span_find_char(digits, '.');
    size_t whole = dot == SIZE_MAX ? digits.len : dot;
    struct vl_span fraction = dot == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(digits, dot + 1, digits.len);
    while (fraction.len > least && fraction.ptr[fraction.len - 1] == '0')
        fraction.len--;
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0)
            vl_buf_append_char(out, ',');
        vl_buf_append_char(out, digits.ptr[i]);
    }
    if (fraction.len || least)
        vl_buf_append_char(out, '.');
    vl_buf_append_span(out, fraction);
    for (size_t n = fraction.len; n < least; n++)
        vl_buf_append_char(out, '0');
}

/* x/text keeps the most digits in an int16 and the least in a byte. Below 0 it takes the shortest digits that
 * read back the same. */
static bool put_fixed(struct format *f, struct vl_cel_value value, int64_t precision)
{
    double number = 0;
    if (!double_of(f, value, "fixed-point clause can only be used on doubles, was given ", &number))
        return false;
    if (too_large(precision)) {
        vl_buf_append_str(&f->out, "%!(NOVERB)");
        return true;
    }
    if (put_special(&f->out, number, 0))
        return true;
    int most = (int16_t)(uint16_t)(uint64_t)precision;
    char shortest[VL_CEL_NUMBER_TEXT_MAX];
    struct vl_buf digits VL_CLEANUP(vl_buf_done);
    vl_buf_init(&digits, FRACTION_MAX + VL_CEL_NUMBER_TEXT_MAX);
    if (most < 0)
        vl_buf_append_str(&digits, vl_cel_double_plain(fabs(number), shortest));
    else
        vl_buf_printf(&digits, "%.*f", most < FRACTION_MAX ? most : FRACTION_MAX, fabs(number));
    if (number < 0)
        vl_buf_append_char(&f->out, '-');
    put_grouped(&f->out, vl_buf_span(&digits), (size_t)(uint8_t)(uint64_t)precision);
    return true;
}

/* Upstream takes the precision for a width; six digits are printed always. */
static bool put_scientific(struct format *f, struct vl_cel_value value, int64_t width)
{
    static const char *const raised[] = {
        "\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074", "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
    double number = 0;
    char text[64];
    if (!double_of(f, value, "scientific clause can only be used on doubles, was given ", &number))
        return false;
    if (too_large(width)) {
        vl_buf_append_str(&f->out, "%!(NOVERB)");
        return true;
    }
    width = (int64_t)(uint16_t)(uint64_t)width;
    if (put_special(&f->out, number, width))
        return true;
    snprintf(text, sizeof(text), "%.*e", PRECISION, number == 0 ? 0 : number);
    char *e = strchr(text, 'e');
    if (!e)
        return true;
    struct vl_buf made VL_CLEANUP(vl_buf_done);
    vl_buf_init(&made, 256);
    vl_buf_append(&made, text, (size_t)(e - text));
    vl_buf_append_str(&made, "\u00d710");
    if (e[1] == '-')
        vl_buf_append_str(&made, "\u207b");
    for (const char *d = e + 2; *d; d++)
        vl_buf_append_str(&made, raised[*d - '0']);
    put_aligned(&f->out, vl_buf_str(&made), width);
    return true;
}

static void put_digits(struct vl_buf *out, uint64_t value, unsigned base, bool upper)
{
    char digits[65];
    size_t at = sizeof(digits);
    do {
        unsigned d = (unsigned)(value % base);
        digits[--at] = (char)(d < 10 ? '0' + d : (upper ? 'A' : 'a') + (d - 10));
    } while (value /= base);
    vl_buf_append(out, digits + at, sizeof(digits) - at);
}

/* False where it is no integer. */
static bool put_integer(struct format *f, struct vl_cel_value value, unsigned base, bool upper)
{
    if (value.kind == VL_CEL_UINT) {
        put_digits(&f->out, value.as.u, base, upper);
        return true;
    }
    if (value.kind != VL_CEL_INT)
        return false;
    if (value.as.i < 0)
        vl_buf_append_char(&f->out, '-');
    put_digits(&f->out, value.as.i < 0 ? 0 - (uint64_t)value.as.i : (uint64_t)value.as.i, base, upper);
    return true;
}

static bool put_hex(struct format *f, struct vl_cel_value value, bool upper)
{
    if (put_integer(f, value, 16, upper))
        return true;
    if (value.kind != VL_CEL_STRING && value.kind != VL_CEL_BYTES)
        return wrong(f, "only integers, byte buffers, and strings can be formatted as hex, was given ",
            vl_cel_type_name(value));
    for (uint32_t i = 0; i < value.len && !f->out.failed; i++)
        vl_buf_printf(&f->out, upper ? "%02X" : "%02x", (unsigned)(unsigned char)value.as.bytes[i]);
    return true;
}

static bool put_binary(struct format *f, struct vl_cel_value value)
{
    if (value.kind == VL_CEL_BOOL) {
        vl_buf_append_char(&f->out, value.as.boolean ? '1' : '0');
        return true;
    }
    return put_integer(f, value, 2, false) ||
           wrong(
               f, "only integers and bools can be formatted as binary, was given ", vl_cel_type_name(value));
}

/* --- the format string --- */

static bool refuse(struct format *f, const char *message, struct vl_span quoted, const char *after)
{
    f->error = vl_cel_fail(f->run, "could not parse formatting clause: %s%.*s%s", message,
        quoted.len > 200 ? 200 : (int)quoted.len, quoted.ptr ? quoted.ptr : "", after);
    return false;
}

/* ".12" at *at */
static bool read_precision(struct format *f, struct vl_span text, size_t *at, int64_t *ret)
{
    *ret = PRECISION;
    if (text.ptr[*at] != '.')
        return true;
    size_t start = ++*at;
    while (*at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9')
        ++*at;
    if (*at == text.len)
        return refuse(
            f, "error while parsing precision: could not find end of precision specifier", VL_SPAN_EMPTY, "");
    struct vl_span digits = vl_span_slice(text, start, *at);
    static const char atoi_error[] = "error while parsing precision: error while converting precision to "
                                     "integer: strconv.Atoi: parsing \"";
    uint64_t value;
    if (digits.len == 0)
        return refuse(f, atoi_error, digits, "\": invalid syntax");
    if (!vl_span_to_u64(digits, &value) || value > INT64_MAX)
        return refuse(f, atoi_error, digits, "\": value out of range");
    *ret = (int64_t)value;
    return true;
}

static bool put_clause(struct format *f, char verb, int64_t precision, struct vl_cel_value value)
{
    enum vl_cel_format_put put =
        f->spec ? vl_cel_format_put_spec(f->run, verb, precision, value, &f->out) : VL_CEL_FORMAT_OTHER;
    if (put != VL_CEL_FORMAT_OTHER)
        return put == VL_CEL_FORMAT_DONE ||
               wrong(f, "the clause does not take a value of type ", vl_cel_type_name(value));
    switch (verb) {
    case 's':
        return put_string(f, value);
    case 'd':
        return put_integer(f, value, 10, false) ||
               wrong(f, "decimal clause can only be used on integers, was given ", vl_cel_type_name(value));
    case 'f':
        return put_fixed(f, value, precision);
    case 'e':
        return put_scientific(f, value, precision);
    case 'b':
        return put_binary(f, value);
    case 'x':
    case 'X':
        return put_hex(f, value, verb == 'X');
    case 'o':
        return put_integer(f, value, 8, false) ||
               wrong(f, "octal clause can only be used on integers, was given ", vl_cel_type_name(value));
    default: {
        /* Go reads the byte as a code point. */
        unsigned char c = (unsigned char)verb;
        char rune[3] = {verb};
        if (c >= 0x80) {
            rune[0] = (char)(0xc0 | c >> 6);
            rune[1] = (char)(0x80 | (c & 0x3f));
        }
        return refuse(f, "unrecognized formatting clause \"", vl_span_str(rune), "\"");
    }
    }
}

static bool put_all(struct format *f, struct vl_span text, struct vl_cel_value list)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value value;
    uint64_t index = 0;
    for (size_t at = 0; at < text.len && !f->out.failed;) {
        if (text.ptr[at] != '%' || (at + 1 < text.len && text.ptr[at + 1] == '%')) {
            vl_buf_append_char(&f->out, text.ptr[at]);
            at += text.ptr[at] == '%' ? 2 : 1;
            continue;
        }
        if (!vl_cel_iter_next(&iter, NULL, &value)) {
            f->error = vl_cel_fail(f->run, "index %" PRIu64 " out of range", index);
            return false;
        }
        if (++at == text.len) {
            f->error = vl_cel_fail(f->run, "unexpected end of string");
            return false;
        }
        int64_t precision;
        if (!read_precision(f, text, &at, &precision) || !put_clause(f, text.ptr[at], precision, value))
            return false;
        at++;
        index++;
    }
    return true;
}

static struct vl_cel_value print(struct vl_cel_run *run, const struct vl_cel_value *args, bool spec)
{
    struct format f = {.run = run, .error = vl_cel_null(), .spec = spec};
    vl_buf_init(&f.out, VL_CEL_TEXT_MAX);
    bool ok = put_all(&f, vl_cel_span(args[0]), args[1]);
    struct vl_cel_value made = ok                             ? vl_cel_text_of(run, &f.out)
                               : f.error.kind == VL_CEL_ERROR ? f.error
                                                              : vl_cel_no_room(run);
    vl_buf_done(&f.out);
    return made;
}

static struct vl_cel_value format(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return print(run, args, false);
}

static struct vl_cel_value format_spec(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return print(run, args, true);
}

static const struct vl_cel_overload format_overloads[] = {
    {"string_format", true, 2, 29, 0, {&vl_cel_t_string, &vl_cel_t_list_dyn}, &vl_cel_t_string, format,
        {vl_cel_price_text, NULL, vl_cel_estimate_text}},
};

static const struct vl_cel_function functions[] = {
    {"format", format_overloads, VL_ARRAY_LEN(format_overloads)},
};

const struct vl_cel_library vl_cel_lib_strings_format = {.name = "cel.lib.ext.strings",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
    .kubernetes_only = true};

static const struct vl_cel_overload spec_overloads[] = {
    {"string_format", true, 2, 0, 0, {&vl_cel_t_string, &vl_cel_t_list_dyn}, &vl_cel_t_string, format_spec,
        {vl_cel_price_text, NULL, vl_cel_estimate_text}},
};

static const struct vl_cel_function spec_functions[] = {
    {"format", spec_overloads, VL_ARRAY_LEN(spec_overloads)},
};

const struct vl_cel_library vl_cel_lib_strings_format_spec = {.name = "cel.lib.ext.strings",
    .functions = spec_functions,
    .n = VL_ARRAY_LEN(spec_functions),
    .spec_only = true};
