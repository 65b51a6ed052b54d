/* Values of rules: numbers, addresses, hexadecimal. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define NUMBER_TEXT_MAX 64
#define NEEDLE_SHORT    64 /* bytes that are compared at each place of a text */

static bool parse_double(struct vl_span text, struct check_number *ret)
{
    char copy[NUMBER_TEXT_MAX], *end;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (strpbrk(copy, "xXnN")) /* no hexadecimal, no nan, no inf */
        return false;
    ret->d = strtod(copy, &end);
    ret->is_double = true;
    return *end == '\0' && end != copy;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

bool check_number_parse(struct vl_span text, bool allow_double, struct check_number *ret)
{
    struct check_number n = {0};
    struct vl_span digits = text;
    unsigned base = 10;
    if (text.len == 0 || text.len >= NUMBER_TEXT_MAX)
        return false;
    if (digits.ptr[0] == '-' || digits.ptr[0] == '+') {
        n.negative = digits.ptr[0] == '-';
        digits = vl_span_slice(digits, 1, SIZE_MAX);
    }
    if (vl_span_starts_with(digits, "0x") || vl_span_starts_with(digits, "0X")) {
        base = 16;
        digits = vl_span_slice(digits, 2, SIZE_MAX);
    }
    bool whole = digits.len > 0;
    for (size_t i = 0; i < digits.len && whole; i++) {
        unsigned digit = (unsigned)digit_of(digits.ptr[i]);
        whole = digit < base && !__builtin_mul_overflow(n.magnitude, base, &n.magnitude) &&
                !__builtin_add_overflow(n.magnitude, digit, &n.magnitude);
    }
    if (!whole && (!allow_double || !parse_double(text, &n)))
        return false;
    if (n.magnitude == 0)
        n.negative = false;
    *ret = n;
    return true;
}

static bool parse_address(struct vl_span text, uint8_t ret[CHECK_NET_BYTES])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN + 1];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    bool is_v4 = inet_pton(AF_INET, copy, ret + 13) == 1;
    if (!is_v4 && inet_pton(AF_INET6, copy, ret + 1) != 1)
        return false;
    if (is_v4)
        memcpy(ret + 1, mapped, sizeof(mapped));
    ret[0] = is_v4 || memcmp(ret + 1, mapped, sizeof(mapped)) == 0 ? 4 : 6;
    return true;
}

bool check_net_parse(struct vl_span text, struct check_net *ret)
{
    size_t slash = vl_span_find_char(text, '/');
    struct vl_span address = vl_span_slice(text, 0, slash);
    bool is_v4 = vl_span_find_char(address, ':') == SIZE_MAX;
    uint64_t bits = 128;
    struct check_net net;
    if (!parse_address(address, net.first))
        return false;
    if (slash != SIZE_MAX) {
        if (!vl_span_to_u64(vl_span_slice(text, slash + 1, SIZE_MAX), &bits) || bits > (is_v4 ? 32U : 128U))
            return false;
        bits += is_v4 ? 96 : 0;
    }
    if (bits < 96) /* wider than the mapped addresses: those of IPv6 are meant */
        net.first[0] = 6;
    memcpy(net.last, net.first, sizeof(net.last));
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = bits >= 8 * (i + 1) ? 8 : bits <= 8 * i ? 0 : (unsigned)(bits - 8 * i);
        uint8_t low = (uint8_t)(0xffU >> kept);
        net.first[i + 1] = (uint8_t)(net.first[i + 1] & ~low);
        net.last[i + 1] = (uint8_t)(net.last[i + 1] | low);
    }
    *ret = net;
    return true;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool begins(struct vl_span text, struct vl_span with)
{
    return text.len >= with.len && (with.len == 0 || memcmp(text.ptr, with.ptr, with.len) == 0);
}

static void fold_into(char *to, struct vl_span from)
{
    for (size_t i = 0; i < from.len; i++)
        to[i] = fold(from.ptr[i]);
}

/* A long needle in a long text: on copies in small letters, in a time that grows with their sum. */
static bool contains_folded(struct vl_span text, struct vl_span needle)
{
    char *small = malloc(text.len + needle.len);
    if (!small) /* without memory nothing can be told */
        return false;
    fold_into(small, text);
    fold_into(small + text.len, needle);
    bool found = vl_span_find((struct vl_span){small, text.len},
                     (struct vl_span){small + text.len, needle.len}) != SIZE_MAX;
    free(small);
    return found;
}

static bool contains_nocase(struct vl_span text, struct vl_span needle)
{
    if (needle.len == 0 || needle.len > text.len)
        return needle.len == 0;
    if (needle.len > NEEDLE_SHORT)
        return contains_folded(text, needle);
    char first = fold(needle.ptr[0]);
    for (size_t i = 0; i + needle.len <= text.len; i++) {
        if (fold(text.ptr[i]) == first && vl_span_eq_nocase(vl_span_slice(text, i, i + needle.len), needle))
            return true;
    }
    return false;
}

bool check_text_matches(enum vl_condition_op op, struct vl_span text, const struct check_value *value)
{
    struct vl_span want = value->text;
    struct vl_span tail = vl_span_slice(text, text.len >= want.len ? text.len - want.len : 0, SIZE_MAX);
    switch (op) {
    case VL_OP_EQ:
    case VL_OP_IN:
    case VL_OP_INTERSECTS:
    case VL_OP_NE: /* negated by the caller */
        return vl_span_eq(text, want);
    case VL_OP_LT:
        return vl_span_cmp(text, want) < 0;
    case VL_OP_LE:
        return vl_span_cmp(text, want) <= 0;
    case VL_OP_GT:
        return vl_span_cmp(text, want) > 0;
    case VL_OP_GE:
        return vl_span_cmp(text, want) >= 0;
    case VL_OP_CONTAINS:
    case VL_OP_BCONTAINS:
        return vl_span_find(text, want) != SIZE_MAX;
    case VL_OP_ICONTAINS:
        return contains_nocase(text, want);
    case VL_OP_STARTSWITH:
    case VL_OP_BSTARTSWITH:
        return begins(text, want);
    case VL_OP_ENDSWITH:
        return text.len >= want.len && vl_span_eq(tail, want);
    case VL_OP_IEQ:
        return vl_span_eq_nocase(text, want);
    case VL_OP_ISTARTSWITH:
        return text.len >= want.len && vl_span_eq_nocase(vl_span_slice(text, 0, want.len), want);
    case VL_OP_IENDSWITH:
        return text.len >= want.len && vl_span_eq_nocase(tail, want);
    default:
        return false;
    }
}
