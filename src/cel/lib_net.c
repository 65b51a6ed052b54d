#include "lib_net.h"

#include <string.h>

#include "lib_support.h"

static bool fail(struct vl_cel_address_error *error, const char *message, struct vl_span at)
{
    *error = (struct vl_cel_address_error){message, at};
    return false;
}

static bool read_v4(struct vl_span s, uint8_t *ret, struct vl_cel_address_error *error)
{
    unsigned value = 0, digits = 0, field = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c >= '0' && c <= '9') {
            if (digits == 1 && value == 0)
                return fail(error, "IPv4 field has octet with leading zero", VL_SPAN_EMPTY);
            value = value * 10 + (unsigned)(c - '0');
            digits++;
            if (value > 255)
                return fail(error, "IPv4 field has value >255", VL_SPAN_EMPTY);
        } else if (c == '.') {
            if (i == 0 || i + 1 == s.len || s.ptr[i - 1] == '.')
                return fail(error, "IPv4 field must have at least one digit", vl_span_slice(s, i, s.len));
            if (field == 3)
                return fail(error, "IPv4 address too long", VL_SPAN_EMPTY);
            ret[field++] = (uint8_t)value;
            value = digits = 0;
        } else {
            return fail(error, "unexpected character", vl_span_slice(s, i, s.len));
        }
    }
    if (field < 3)
        return fail(error, "IPv4 address too short", VL_SPAN_EMPTY);
    ret[3] = (uint8_t)value;
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct v6 {
    struct vl_span rest;
    uint8_t bytes[16];
    unsigned n;
    int ellipsis; /* where "::" stands; -1 */
    struct vl_cel_address_error *error;
};

/* A trailing "1.2.3.4"; `digits` of a hexadecimal group were read already. */
static bool read_embedded(struct v6 *v)
{
    if (v->ellipsis < 0 && v->n != 12)
        return fail(
            v->error, "embedded IPv4 address must replace the final 2 fields of the address", v->rest);
    if (v->n + 4 > 16)
        return fail(
            v->error, "too many hex fields to fit an embedded IPv4 at the end of the address", v->rest);
    if (!read_v4(v->rest, v->bytes + v->n, v->error))
        return false;
    v->rest = VL_SPAN_EMPTY;
    v->n += 4;
    return true;
}

/* One group; *ret_more false where the address ends with it. */
static bool read_group(struct v6 *v, bool *ret_more)
{
    struct vl_span s = v->rest;
    unsigned group = 0;
    size_t off = 0;
    for (; off < s.len && hex(s.ptr[off]) >= 0; off++) {
        if (off > 3)
            return fail(v->error, "each group must have 4 or less digits", s);
        group = group << 4 | (unsigned)hex(s.ptr[off]);
    }
    *ret_more = false;
    if (off == 0)
        return fail(v->error, "each colon-separated field must have at least one digit", s);
    if (off < s.len && s.ptr[off] == '.')
        return read_embedded(v);
    v->bytes[v->n++] = (uint8_t)(group >> 8);
    v->bytes[v->n++] = (uint8_t)group;
    v->rest = s = vl_span_slice(s, off, s.len);
    if (s.len == 0)
        return true;
    if (s.ptr[0] != ':')
        return fail(v->error, "unexpected character, want colon", s);
    if (s.len == 1)
        return fail(v->error, "colon must be followed by more characters", s);
    v->rest = s = vl_span_slice(s, 1, s.len);
    *ret_more = true;
    if (s.ptr[0] == ':') {
        if (v->ellipsis >= 0)
            return fail(v->error, "multiple :: in address", s);
        v->ellipsis = (int)v->n;
        v->rest = vl_span_slice(s, 1, s.len);
        *ret_more = v->rest.len > 0;
    }
    return true;
}

static bool spread(struct v6 *v)
{
    if (v->rest.len)
        return fail(v->error, "trailing garbage after address", v->rest);
    if (v->n == 16 && v->ellipsis >= 0)
        return fail(v->error, "the :: must expand to at least one field of zeros", VL_SPAN_EMPTY);
    if (v->n == 16)
        return true;
    if (v->ellipsis < 0)
        return fail(v->error, "address string too short", VL_SPAN_EMPTY);
    size_t from = (size_t)v->ellipsis, gap = 16 - v->n;
    memmove(v->bytes + from + gap, v->bytes + from, v->n - from);
    memset(v->bytes + from, 0, gap);
    return true;
}

static bool read_v6(struct vl_span text, struct vl_cel_address *ret, struct vl_cel_address_error *error)
{
    struct v6 v = {.rest = text, .ellipsis = -1, .error = error};
    size_t zone = vl_span_find_char(text, '%');
    if (zone != SIZE_MAX) {
        v.rest = vl_span_slice(text, 0, zone);
        if (zone + 1 == text.len)
            return fail(error, "zone must be a non-empty string", VL_SPAN_EMPTY);
    }
    bool more = true;
    if (v.rest.len >= 2 && v.rest.ptr[0] == ':' && v.rest.ptr[1] == ':') {
        v.ellipsis = 0;
        v.rest = vl_span_slice(v.rest, 2, v.rest.len);
        more = v.rest.len > 0;
    }
    while (more && v.n < 16)
        if (!read_group(&v, &more))
            return false;
    if (!spread(&v))
        return false;
    *ret = (struct vl_cel_address){.zone = zone != SIZE_MAX};
    memcpy(ret->bytes, v.bytes, sizeof(v.bytes));
    return true;
}

bool vl_cel_address_read(
    struct vl_span text, struct vl_cel_address *ret, struct vl_cel_address_error *ret_error)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '.':
            *ret = (struct vl_cel_address){.v4 = true};
            return read_v4(text, ret->bytes, ret_error);
        case ':':
            return read_v6(text, ret, ret_error);
        case '%':
            return fail(ret_error, "missing IPv6 address", VL_SPAN_EMPTY);
        default:
            break;
        }
    }
    return fail(ret_error, "unable to parse IP", VL_SPAN_EMPTY);
}

bool vl_cel_address_is_mapped(const struct vl_cel_address *address)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return !address->v4 && memcmp(address->bytes, prefix, sizeof(prefix)) == 0;
}

void vl_cel_address_text(const struct vl_cel_address *address, struct vl_buf *out)
{
    const uint8_t *b = address->bytes;
    if (address->v4) {
        vl_buf_printf(out, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
        return;
    }
    unsigned start = 8, end = 8; /* the first longest run of zeros */
    for (unsigned i = 0; i < 8; i++) {
        unsigned j = i;
        while (j < 8 && b[2 * j] == 0 && b[2 * j + 1] == 0)
            j++;
        if (j - i >= 2 && j - i > end - start) {
            start = i;
            end = j;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i == start) {
            vl_buf_append_str(out, "::");
            i = end;
            if (i >= 8)
                break;
        } else if (i > 0) {
            vl_buf_append_char(out, ':');
        }
        vl_buf_printf(out, "%x", (unsigned)b[2 * i] << 8 | b[2 * i + 1]);
    }
}

void vl_cel_address_error_text(
    struct vl_cel_run *run, struct vl_span text, const struct vl_cel_address_error *error, struct vl_buf *out)
{
    vl_buf_append_str(out, "ParseAddr(");
    vl_cel_quote(run, out, text);
    vl_buf_printf(out, "): %s", error->message);
    if (error->at.len) {
        vl_buf_append_str(out, " (at ");
        vl_cel_quote(run, out, error->at);
        vl_buf_append_char(out, ')');
    }
}
