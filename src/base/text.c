#include "base/text.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void vl_hex_encode(const void *bytes, size_t len, char *ret_text)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++) {
        ret_text[2 * i] = hex_digits[b[i] >> 4];
        ret_text[2 * i + 1] = hex_digits[b[i] & 15];
    }
    ret_text[2 * len] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool vl_hex_decode(struct vl_span text, uint8_t *ret_bytes, size_t len)
{
    if (text.len / 2 != len || text.len % 2 != 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        int hi = hex_value(text.ptr[2 * i]), lo = hex_value(text.ptr[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        ret_bytes[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    if (c == '/' || c == '_')
        return 63;
    return -1;
}

bool vl_base64_decode(struct vl_span text, struct vl_buf *out)
{
    uint32_t bits = 0;
    unsigned n = 0;
    while (text.len && text.ptr[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int v = base64_value(text.ptr[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        n += 6;
        if (n >= 8) {
            n -= 8;
            vl_buf_append_u8(out, (uint8_t)(bits >> n));
        }
    }
    return n < 6;
}

void vl_base64_encode(struct vl_span bytes, struct vl_buf *out)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t v = (uint32_t)(uint8_t)bytes.ptr[i] << 16;
        if (left > 1)
            v |= (uint32_t)(uint8_t)bytes.ptr[i + 1] << 8;
        if (left > 2)
            v |= (uint8_t)bytes.ptr[i + 2];
        vl_buf_append_char(out, base64_alphabet[v >> 18]);
        vl_buf_append_char(out, base64_alphabet[v >> 12 & 63]);
        vl_buf_append_char(out, left > 1 ? base64_alphabet[v >> 6 & 63] : '=');
        vl_buf_append_char(out, left > 2 ? base64_alphabet[v & 63] : '=');
    }
}

void vl_base64url_encode(struct vl_span bytes, struct vl_buf *out)
{
    size_t from = out->len;
    vl_base64_encode(bytes, out);
    while (!out->failed && out->len > from && out->ptr[out->len - 1] == '=')
        vl_buf_truncate(out, out->len - 1);
    for (size_t i = from; i < out->len; i++) {
        if (out->ptr[i] == '+')
            out->ptr[i] = '-';
        else if (out->ptr[i] == '/')
            out->ptr[i] = '_';
    }
}

/* RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF. */
size_t vl_utf8_decode(struct vl_span s, uint32_t *ret_rune)
{
    if (s.len == 0)
        return 0;
    uint8_t b = (uint8_t)s.ptr[0];
    if (b < 0x80) {
        *ret_rune = b;
        return 1;
    }
    size_t n = b >= 0xf0 && b < 0xf5 ? 4 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xc2 && b < 0xe0 ? 2 : 0;
    if (n == 0 || s.len < n)
        return 0;
    uint32_t rune = b & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        rune = rune << 6 | (c & 0x3f);
    }
    if ((n == 3 && rune < 0x800) || (n == 4 && (rune < 0x10000 || rune > 0x10ffff)) ||
        (rune >= 0xd800 && rune < 0xe000))
        return 0;
    *ret_rune = rune;
    return n;
}

/* The length of the run of ASCII at the front, of which nearly all input consists. */
static size_t ascii_len(struct vl_span s)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= s.len; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, s.ptr + i, sizeof(word));
        if (word & 0x8080808080808080U)
            break;
    }
    while (i < s.len && (uint8_t)s.ptr[i] < 0x80)
        i++;
    return i;
}

bool vl_utf8_valid(struct vl_span s)
{
    uint32_t rune;
    size_t at = 0;
    while (at < s.len) {
        struct vl_span rest = {s.ptr + at, s.len - at};
        size_t n = ascii_len(rest);
        n = n ? n : vl_utf8_decode(rest, &rune);
        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

/* Bidirectional overrides and isolates can make a terminal show another text than the one stored. */
static bool is_hidden_rune(uint32_t r)
{
    return r < 0x20 || (r >= 0x7f && r < 0xa0) || (r >= 0x200b && r <= 0x200f) ||
           (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0xfeff;
}

void vl_text_append_printable(struct vl_buf *out, struct vl_span s)
{
    while (s.len) {
        uint32_t rune = 0;
        size_t n = vl_utf8_decode(s, &rune);
        if (n == 0)
            vl_buf_printf(out, "\\x%02x", (unsigned)(uint8_t)s.ptr[0]);
        else if (is_hidden_rune(rune))
            vl_buf_printf(out, "\\u%04x", rune);
        else
            vl_buf_append(out, s.ptr, n);
        s = vl_span_slice(s, n ? n : 1, s.len);
    }
}
