/* base64; not in Kubernetes. Source: cel-go ext/encoders.go, RFC 4648. */
#include <string.h>

#include "base/text.h"
#include "lib_support.h"

static struct vl_cel_value encode(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_CEL_TEXT_MAX);
    vl_base64_encode(vl_cel_span(args[0]), &text);
    return vl_cel_text_of(run, &text);
}

/* Padding may be absent; the alphabet is the standard one. */
static struct vl_cel_value decode(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span text = vl_cel_span(args[0]);
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    vl_buf_init(&bytes, VL_CEL_TEXT_MAX);
    bool url = vl_span_find_char(text, '-') != SIZE_MAX || vl_span_find_char(text, '_') != SIZE_MAX;
    if (url || !vl_base64_decode(text, &bytes))
        return vl_cel_fail(run, "illegal base64 data");
    struct vl_cel_value copy = vl_cel_text_of(run, &bytes);
    return copy.kind == VL_CEL_ERROR ? copy : vl_cel_bytes(vl_cel_span(copy));
}

static uint64_t price(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    return vl_cel_price_text(args, n, result) + 1;
}

static struct vl_cel_range estimate(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    return vl_cel_range_add(vl_cel_estimate_text(args, n, ret_size), vl_cel_range_fixed(1));
}

static const struct vl_cel_overload encode_overloads[] = {
    {"base64_encode_bytes", false, 1, 0, 0, {&vl_cel_t_bytes}, &vl_cel_t_string, encode,
        {price, NULL, estimate}},
};
static const struct vl_cel_overload decode_overloads[] = {
    {"base64_decode_string", false, 1, 0, 0, {&vl_cel_t_string}, &vl_cel_t_bytes, decode,
        {price, NULL, estimate}},
};

static const struct vl_cel_function functions[] = {
    {"base64.decode", decode_overloads, 1},
    {"base64.encode", encode_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_encoders = {.name = "cel.lib.ext.encoders",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
    .spec_only = true,
    .kyverno = true};
