#include "codec/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

#define INDENT        2
#define EACH_BYTE(c)  (UINT64_C(0x0101010101010101) * (uint64_t)(c))
#define DECIMALS_MAX  17
#define DECIMALS_FAST 5
#define DECIMAL_MIN   0.0001 /* "%g" writes smaller ones with an exponent */
#define DECIMAL_MAX   1e6
#define NUMBER_MAX    512 /* "%.17f" of the largest double has 327 characters */

void vl_json_init(struct vl_json *json, struct vl_buf *out, bool pretty)
{
    *json = (struct vl_json){.out = out, .pretty = pretty};
}

static void put(struct vl_json *json, const char *s)
{
    vl_buf_append_str(json->out, s);
}

/* What stands before an item or a closing bracket: the comma and, where it is pretty, the line end and
 * indentation. */
static inline size_t break_len(const struct vl_json *json, bool comma)
{
    return comma + (json->pretty ? 1 + (size_t)json->depth * INDENT : 0);
}

static inline char *write_break(const struct vl_json *json, bool comma, char *to)
{
    if (comma)
        *to++ = ',';
    if (!json->pretty)
        return to;
    *to++ = '\n';
    size_t indent = (size_t)json->depth * INDENT;
    memset(to, ' ', indent);
    return to + indent;
}

static void put_break(struct vl_json *json, bool comma)
{
    size_t len = break_len(json, comma);
    char *to = vl_buf_reserve(json->out, len);
    if (!to)
        return;
    (void)write_break(json, comma, to);
    vl_buf_commit(json->out, len);
}

/* Level 0 holds the one value of the document; levels above it the items of the open containers. */
static bool begin_item(struct vl_json *json)
{
    if (json->depth) {
        put_break(json, json->counts[json->depth] > 0);
    } else if (json->counts[0]) {
        json->misused = true;
        return false;
    }
    json->counts[json->depth]++;
    return true;
}

static bool begin_value(struct vl_json *json)
{
    if (json->misused)
        return false;
    if (json->after_key) {
        json->after_key = false;
        return true;
    }
    if (json->depth && json->kinds[json->depth] == '{') {
        json->misused = true;
        return false;
    }
    return begin_item(json);
}

static void open_container(struct vl_json *json, char kind)
{
    if (!begin_value(json))
        return;
    if (json->depth + 1 >= VL_JSON_DEPTH_MAX) {
        json->misused = true;
        return;
    }
    vl_buf_append_char(json->out, kind);
    json->depth++;
    json->counts[json->depth] = 0;
    json->kinds[json->depth] = kind;
}

static void close_container(struct vl_json *json, char kind)
{
    if (json->misused || json->depth == 0 || json->after_key || json->kinds[json->depth] != kind) {
        json->misused = true;
        return;
    }
    bool empty = json->counts[json->depth] == 0;
    json->depth--;
    if (!empty)
        put_break(json, false);
    vl_buf_append_char(json->out, kind == '{' ? '}' : ']');
}

void vl_json_object(struct vl_json *json)
{
    open_container(json, '{');
}

void vl_json_object_end(struct vl_json *json)
{
    close_container(json, '{');
}

void vl_json_array(struct vl_json *json)
{
    open_container(json, '[');
}

void vl_json_array_end(struct vl_json *json)
{
    close_container(json, '[');
}

static void put_control(struct vl_json *json, char c)
{
    static const char short_names[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (size_t i = 0; i + 1 < sizeof(short_names); i += 2) {
        if (short_names[i] == c) {
            vl_buf_append(json->out, (const char[]){'\\', short_names[i + 1]}, 2);
            return;
        }
    }
    vl_buf_printf(json->out, "\\u%04x", (unsigned)(uint8_t)c);
}

/* Whether eight bytes are printable ASCII without quote and backslash. A byte that is not sets the high bit
 * of its own place at least, so none is missed. */
static inline bool all_plain(uint64_t x)
{
    uint64_t quote = (x ^ EACH_BYTE('"')) - EACH_BYTE(1), backslash = (x ^ EACH_BYTE('\\')) - EACH_BYTE(1);
    return ((x | (x - EACH_BYTE(0x20)) | quote | backslash) & EACH_BYTE(0x80)) == 0;
}

static inline bool eight_plain(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    return all_plain(x);
}

/* The same of four to eight bytes: two halves that overlap. */
static inline bool few_plain(const char *p, size_t len)
{
    uint32_t a;
    uint32_t b;
    memcpy(&a, p, sizeof(a));
    memcpy(&b, p + len - sizeof(b), sizeof(b));
    return all_plain((uint64_t)a << 32 | b);
}

/* The bytes at the front that stand for themselves. */
static size_t plain_len(struct vl_span s)
{
    size_t i = 0;
    while (i < s.len) {
        size_t left = s.len - i;
        if (left >= sizeof(uint64_t) && eight_plain(s.ptr + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        if (left >= sizeof(uint32_t) && left < sizeof(uint64_t) && few_plain(s.ptr + i, left))
            return s.len;
        uint8_t c = (uint8_t)s.ptr[i];
        uint32_t rune;
        if (c < 0x20 || c == '"' || c == '\\')
            break;
        size_t n = c < 0x80 ? 1 : vl_utf8_decode(vl_span_slice(s, i, s.len), &rune);
        if (n == 0)
            break;
        i += n;
    }
    return i;
}

/* Copies a string all of whose bytes stand for themselves, and looks at them on the way; false where one does
 * not, after some of them were copied. The last bytes are taken once more, as a whole word. */
static inline bool copy_plain(char *to, struct vl_span s)
{
    uint64_t x;
    uint32_t a;
    uint32_t b;
    if (s.len >= sizeof(x)) {
        for (size_t i = 0; i + sizeof(x) <= s.len; i += sizeof(x)) {
            memcpy(&x, s.ptr + i, sizeof(x));
            memcpy(to + i, &x, sizeof(x));
            if (!all_plain(x))
                return false;
        }
        memcpy(&x, s.ptr + s.len - sizeof(x), sizeof(x));
        memcpy(to + s.len - sizeof(x), &x, sizeof(x));
        return all_plain(x);
    }
    if (s.len >= sizeof(a)) {
        memcpy(&a, s.ptr, sizeof(a));
        memcpy(&b, s.ptr + s.len - sizeof(b), sizeof(b));
        memcpy(to, &a, sizeof(a));
        memcpy(to + s.len - sizeof(b), &b, sizeof(b));
        return all_plain((uint64_t)a << 32 | b);
    }
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            return false;
        to[i] = (char)c;
    }
    return true;
}

/* The rest of a string, of which nothing but the opening quote is written. */
static void put_escaped(struct vl_json *json, struct vl_span s)
{
    for (;;) {
        size_t n = plain_len(s);
        vl_buf_append(json->out, s.ptr, n);
        if (n == s.len)
            break;
        if ((uint8_t)s.ptr[n] < 0x80)
            put_control(json, s.ptr[n]);
        else
            put(json, "\xef\xbf\xbd");
        s = vl_span_slice(s, n + 1, s.len);
    }
}

static void put_string(struct vl_json *json, struct vl_span s)
{
    char *to = vl_buf_reserve(json->out, s.len + 2);
    if (!to)
        return;
    *to = '"';
    if (copy_plain(to + 1, s)) {
        to[1 + s.len] = '"';
        vl_buf_commit(json->out, s.len + 2);
        return;
    }
    vl_buf_commit(json->out, 1);
    put_escaped(json, s);
    vl_buf_append_char(json->out, '"');
}

/* Break, key and colon in one piece; false, and nothing written, where the key needs more than copying. */
static bool put_plain_key(struct vl_json *json, struct vl_span key)
{
    bool comma = json->counts[json->depth] > 0;
    size_t len = break_len(json, comma) + key.len + 3 + json->pretty;
    char *to = vl_buf_reserve(json->out, len);
    if (!to)
        return false;
    to = write_break(json, comma, to);
    *to++ = '"';
    if (!copy_plain(to, key))
        return false;
    to += key.len;
    *to++ = '"';
    *to++ = ':';
    if (json->pretty)
        *to = ' ';
    vl_buf_commit(json->out, len);
    json->counts[json->depth]++;
    return true;
}

void vl_json_key_span(struct vl_json *json, struct vl_span key)
{
    if (json->misused)
        return;
    if (json->depth == 0 || json->after_key || json->kinds[json->depth] != '{') {
        json->misused = true;
        return;
    }
    json->after_key = true;
    if (put_plain_key(json, key))
        return;
    (void)begin_item(json);
    put_string(json, key);
    put(json, json->pretty ? ": " : ":");
}

static void put_value(struct vl_json *json, const char *text)
{
    if (begin_value(json))
        put(json, text);
}

void vl_json_null(struct vl_json *json)
{
    put_value(json, "null");
}

void vl_json_bool(struct vl_json *json, bool v)
{
    put_value(json, v ? "true" : "false");
}

/* Digits of `v` before `end`, at least `least` of them; where they begin. */
static char *digits_before(char *end, uint64_t v, int least)
{
    for (; v || least > 0; v /= 10, least--)
        *--end = (char)('0' + v % 10);
    return end;
}

static void put_whole(struct vl_json *json, bool negative, uint64_t v)
{
    char text[24];
    char *end = text + sizeof(text);
    char *at = digits_before(end, v, 1);
    if (negative)
        *--at = '-';
    if (begin_value(json))
        vl_buf_append(json->out, at, (size_t)(end - at));
}

void vl_json_int(struct vl_json *json, int64_t v)
{
    put_whole(json, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void vl_json_uint(struct vl_json *json, uint64_t v)
{
    put_whole(json, false, v);
}

/* Writes units / 10^decimals, without zeros at the end where `trim`. */
static void put_decimal(struct vl_json *json, uint64_t units, int decimals, bool trim)
{
    char text[32];
    char *end = text + sizeof(text);
    while (trim && decimals && units % 10 == 0) {
        units /= 10;
        decimals--;
    }
    uint64_t scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    char *at = digits_before(end, units % scale, decimals);
    if (decimals)
        *--at = '.';
    at = digits_before(at, units / scale, 1);
    if (begin_value(json))
        vl_buf_append(json->out, at, (size_t)(end - at));
}

/* Whether `v` is the double nearest to units / 10^decimals, the number that scores and probabilities are.
 * Their shortest form needs no trials with printf() and strtod(). */
static bool is_decimal(double v, double scale, uint64_t *ret_units)
{
    if (!(v >= DECIMAL_MIN && v < DECIMAL_MAX))
        return false;
    uint64_t units = (uint64_t)(v * scale + 0.5);
    double back = (double)units / scale; /* both exact: the division rounds once, as strtod() does */
    if (memcmp(&back, &v, sizeof(v)) != 0)
        return false;
    *ret_units = units;
    return true;
}

/* printf() writes the decimal separator of the locale, which a library does not choose. */
static void put_number(struct vl_json *json, const char *text)
{
    bool separated = false;
    if (!begin_value(json))
        return;
    for (const char *p = text; *p; p++) {
        bool own = (*p >= '0' && *p <= '9') || *p == '-' || *p == '+' || *p == 'e';
        if (own)
            vl_buf_append_char(json->out, *p);
        else if (!separated)
            vl_buf_append_char(json->out, '.');
        separated = !own;
    }
}

void vl_json_double(struct vl_json *json, double v)
{
    char text[NUMBER_MAX];
    uint64_t units;
    if (!isfinite(v)) {
        vl_json_null(json);
        return;
    }
    if (is_decimal(v, 1e5, &units)) {
        put_decimal(json, units, DECIMALS_FAST, true);
        return;
    }
    if (v == 0 && signbit(v)) {
        put_number(json, "-0.0"); /* "-0" would be an integer to most readers */
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        double back = strtod(text, NULL);
        if (memcmp(&back, &v, sizeof(v)) == 0)
            break;
    }
    put_number(json, text);
}

void vl_json_fixed(struct vl_json *json, double v, int decimals)
{
    char text[NUMBER_MAX];
    if (!isfinite(v)) {
        vl_json_null(json);
        return;
    }
    uint64_t units;
    if (decimals == 1 && is_decimal(v, 10, &units)) {
        put_decimal(json, units, 1, false);
        return;
    }
    decimals = decimals < 0 ? 0 : decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
    snprintf(text, sizeof(text), "%.*f", decimals, v);
    put_number(json, text);
}

void vl_json_span(struct vl_json *json, struct vl_span s)
{
    if (begin_value(json))
        put_string(json, s);
}

void vl_json_member_time(struct vl_json *json, const char *key, int64_t ms)
{
    char text[VL_TIME_TEXT_MAX];
    if (ms == 0 || !*vl_time_format(ms, text))
        return;
    vl_json_member_str(json, key, text);
}

int vl_json_check(const struct vl_json *json, const char *what, struct vl_err *err)
{
    int r = vl_buf_check(json->out, what, err);
    if (r < 0)
        return r;
    if (json->misused)
        return vl_err_set(err, VL_ERR_INVALID, "%s: keys, values and brackets do not fit each other", what);
    if (json->depth || json->counts[0] != 1)
        return vl_err_set(err, VL_ERR_INVALID, "%s: the JSON document is not complete", what);
    return 0;
}
