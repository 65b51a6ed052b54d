/* Kyverno's json.marshal: a value as the JSON that Go's encoding/json writes.
 *
 * Sources: github.com/kyverno/sdk extensions/cel/libs/json (what of a value is written); Go, encoding/json
 * Marshal: sorted keys, <, > and & escaped, numbers as ES6 with exponents below 1e-6 and from 1e21 on. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "codec/doc.h"
#include "lib_support.h"
#include "number_text.h"
#include "run_impl.h"
#include "sort.h"

#define TEXT_MAX (16UL * 1024 * 1024)

struct out {
    struct vl_cel_run *run;
    struct vl_buf buf;
    bool over;           /* the budget is used up */
    const char *problem; /* why there is no JSON of it */
};

static void put(struct out *out, struct vl_cel_value value, unsigned depth);

static void put_rune(struct out *out, unsigned char c)
{
    static const char escapes[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *e = escapes; *e; e += 2) {
        if ((unsigned char)*e == c) {
            vl_buf_append_char(&out->buf, '\\');
            vl_buf_append_char(&out->buf, e[1]);
            return;
        }
    }
    if (c < 0x20 || c == '<' || c == '>' || c == '&')
        vl_buf_printf(&out->buf, "\\u%04x", c);
    else
        vl_buf_append_char(&out->buf, (char)c);
}

static void put_text(struct out *out, struct vl_span text)
{
    vl_buf_append_char(&out->buf, '"');
    for (size_t i = 0; i < text.len && !out->buf.failed; i++) {
        /* U+2028 and U+2029, which JavaScript takes for the ends of lines. */
        if (text.len - i > 2 && memcmp(text.ptr + i, "\xe2\x80", 2) == 0 &&
            ((unsigned char)text.ptr[i + 2] & 0xfe) == 0xa8) {
            vl_buf_printf(&out->buf, "\\u202%c", (unsigned char)text.ptr[i + 2] == 0xa8 ? '8' : '9');
            i += 2;
        } else {
            put_rune(out, (unsigned char)text.ptr[i]);
        }
    }
    vl_buf_append_char(&out->buf, '"');
}

static void put_double(struct out *out, double v)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (!isfinite(v)) {
        out->problem = "json: unsupported value: not a finite number";
        return;
    }
    if (v == 0 || (fabs(v) >= 1e-6 && fabs(v) < 1e21)) {
        vl_buf_append_str(&out->buf, vl_cel_double_plain(v, text));
        return;
    }
    vl_cel_double_general(v, 21, text);
    size_t n = strlen(text);
    if (n > 4 && strncmp(text + n - 4, "e-0", 3) == 0) { /* e-09 is e-9 */
        text[n - 2] = text[n - 1];
        text[n - 1] = '\0';
    }
    vl_buf_append_str(&out->buf, text);
}

static void put_list(struct out *out, struct vl_cel_value list, unsigned depth)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value item;
    vl_buf_append_char(&out->buf, '[');
    for (size_t i = 0; vl_cel_iter_next(&iter, NULL, &item) && !out->buf.failed && !out->problem; i++) {
        if (i)
            vl_buf_append_char(&out->buf, ',');
        put(out, item, depth + 1);
    }
    vl_buf_append_char(&out->buf, ']');
}

static bool key_less(const void *user, uint32_t a, uint32_t b)
{
    const struct vl_cel_value *keys = user;
    return vl_span_cmp(vl_cel_span(keys[a]), vl_cel_span(keys[b])) < 0;
}

static void put_map(struct out *out, struct vl_cel_value map, unsigned depth)
{
    size_t size = vl_cel_map_size(map), n = 0;
    struct vl_cel_iter iter = vl_cel_iterate(map);
    struct vl_cel_value *keys = vl_cel_items_room(out->run, size);
    struct vl_cel_value *values = vl_cel_items_room(out->run, size);
    uint32_t *order = size ? vl_arena_array(vl_cel_run_arena(out->run), size, sizeof(*order)) : NULL;
    if (size && (!keys || !values || !order)) {
        out->buf.failed = true;
        return;
    }
    while (n < size && vl_cel_iter_next(&iter, &keys[n], &values[n])) {
        if (keys[n].kind != VL_CEL_STRING)
            out->problem = "json: failed to convert CEL map to native map: a key is no string";
        order[n] = (uint32_t)n;
        n++;
    }
    if (out->problem)
        return;
    struct vl_cel_sort sort = {.order = order, .less = key_less, .user = keys};
    if (n)
        vl_cel_sort(&sort, n);
    vl_buf_append_char(&out->buf, '{');
    for (size_t i = 0; i < n && !out->buf.failed && !out->problem; i++) {
        if (i)
            vl_buf_append_char(&out->buf, ',');
        put_text(out, vl_cel_span(keys[order[i]]));
        vl_buf_append_char(&out->buf, ':');
        put(out, values[order[i]], depth + 1);
    }
    vl_buf_append_char(&out->buf, '}');
}

static void put_scalar(struct out *out, struct vl_cel_value value)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    switch (value.kind) {
    case VL_CEL_NULL:
        vl_buf_append_str(&out->buf, "null");
        break;
    case VL_CEL_BOOL:
        vl_buf_append_str(&out->buf, value.as.boolean ? "true" : "false");
        break;
    case VL_CEL_INT:
    case VL_CEL_DURATION: /* Go's time.Duration is a number of nanoseconds */
        vl_buf_printf(&out->buf, "%lld", (long long)value.as.i);
        break;
    case VL_CEL_UINT:
        vl_buf_printf(&out->buf, "%llu", (unsigned long long)value.as.u);
        break;
    case VL_CEL_DOUBLE:
        put_double(out, value.as.d);
        break;
    case VL_CEL_STRING:
        put_text(out, vl_cel_span(value));
        break;
    case VL_CEL_BYTES:
        vl_buf_append_char(&out->buf, '"');
        vl_base64_encode(vl_cel_span(value), &out->buf);
        vl_buf_append_char(&out->buf, '"');
        break;
    case VL_CEL_TIMESTAMP:
        vl_buf_printf(&out->buf, "\"%s\"", vl_cel_time_text(value.as.i, value.len, 0, text));
        break;
    default:
        out->problem = "json: unsupported type";
        break;
    }
}

static void put(struct out *out, struct vl_cel_value value, unsigned depth)
{
    if (depth > VL_DOC_DEPTH_MAX) {
        out->problem = "json: nested too deeply";
        return;
    }
    if (!vl_cel_charge(out->run, 1)) {
        out->over = true;
        out->buf.failed = true;
        return;
    }
    if (value.kind == VL_CEL_MAP)
        put_map(out, value, depth);
    else if (value.kind == VL_CEL_LIST)
        put_list(out, value, depth);
    else
        put_scalar(out, value);
}

static struct vl_cel_value marshal(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct out out = {.run = run};
    vl_buf_init(&out.buf, TEXT_MAX);
    put(&out, args[0], 0);
    struct vl_cel_value result;
    if (out.over || !vl_cel_charge(run, vl_buf_span(&out.buf).len / 10))
        result = vl_cel_error_cost();
    else if (out.problem)
        result = vl_cel_fail(run, "%s", out.problem);
    else
        result = vl_cel_text_of(run, &out.buf);
    vl_buf_done(&out.buf);
    return result;
}

static const struct vl_cel_overload marshal_overloads[] = {
    {.id = "marshal_dyn_string",
        .n_args = 1,
        .args = {&vl_cel_t_dyn},
        .result = &vl_cel_t_string,
        .call = marshal},
};

static const struct vl_cel_function functions[] = {
    {"json.marshal", marshal_overloads, 1},
    {"json.Marshal", marshal_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_kyverno_json = {
    .name = "kyverno.json", .functions = functions, .n = VL_ARRAY_LEN(functions), .kyverno = true};
