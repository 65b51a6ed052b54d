/* Networks. Source: k8s.io/apiserver pkg/cel/library/cidr.go, Go's net/netip (behaviour). */
#include <math.h>
#include <string.h>

#include "lib_net.h"
#include "lib_support.h"

#define MESSAGE_MAX 8192

struct cidr {
    const struct vl_cel_opaque_ops *ops;
    struct vl_cel_address address;
    unsigned bits;
};

static const struct cidr *cidr_of(struct vl_cel_value value)
{
    return value.as.payload;
}

static bool cidr_equal(const void *a, const void *b)
{
    const struct cidr *x = a, *y = b;
    return x->bits == y->bits && x->address.v4 == y->address.v4 &&
           memcmp(x->address.bytes, y->address.bytes, sizeof(x->address.bytes)) == 0;
}

static void cidr_text(const void *payload, struct vl_buf *out)
{
    const struct cidr *cidr = payload;
    vl_cel_address_text(&cidr->address, out);
    vl_buf_printf(out, "/%u", cidr->bits);
}

static uint64_t cidr_size(const void *payload)
{
    return (((const struct cidr *)payload)->bits + 7) / 8;
}

static const struct vl_cel_opaque_ops ops = {
    .type_name = "net.CIDR", .equal = cidr_equal, .text = cidr_text, .size = cidr_size};

static struct vl_cel_value make(struct vl_cel_run *run, const struct vl_cel_address *address, unsigned bits)
{
    struct cidr *cidr = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*cidr));
    if (!cidr)
        return vl_cel_no_room(run);
    *cidr = (struct cidr){.ops = &ops, .address = *address, .bits = bits};
    return vl_cel_opaque(VL_CEL_CIDR, cidr);
}

/* The bits after the slash; false where they are no number. */
static bool read_bits(struct vl_span text, uint64_t *ret)
{
    if (text.len > 1 && (text.ptr[0] < '1' || text.ptr[0] > '9'))
        return false;
    return text.len < 19 && vl_span_to_u64(text, ret);
}

/* What netip.ParsePrefix says; false after writing it. */
static bool read_prefix(struct vl_cel_run *run, struct vl_span text, struct vl_cel_address *ret_address,
    unsigned *ret_bits, struct vl_buf *message)
{
    struct vl_cel_address_error error;
    uint64_t bits = 0;
    size_t slash = vl_span_rfind_char(text, '/');
    vl_buf_append_str(message, "netip.ParsePrefix(");
    vl_cel_quote(run, message, text);
    vl_buf_append_str(message, "): ");
    if (slash == SIZE_MAX) {
        vl_buf_append_str(message, "no '/'");
        return false;
    }
    struct vl_span address = vl_span_slice(text, 0, slash), tail = vl_span_slice(text, slash + 1, text.len);
    if (!vl_cel_address_read(address, ret_address, &error)) {
        vl_cel_address_error_text(run, address, &error, message);
        return false;
    }
    if (ret_address->zone) {
        vl_buf_append_str(message, "IPv6 zones cannot be present in a prefix");
        return false;
    }
    if (!read_bits(tail, &bits)) {
        vl_buf_append_str(message, "bad bits after slash: ");
        vl_cel_quote(run, message, tail);
        return false;
    }
    if (bits > (ret_address->v4 ? 32 : 128)) {
        vl_buf_append_str(message, "prefix length out of range");
        return false;
    }
    *ret_bits = (unsigned)bits;
    return true;
}

static struct vl_cel_value parse(struct vl_cel_run *run, struct vl_span text)
{
    struct vl_cel_address address;
    unsigned bits;
    struct vl_buf message VL_CLEANUP(vl_buf_done);
    vl_buf_init(&message, MESSAGE_MAX);
    /* Upstream says its own part twice. */
    static const char prefix[] = "network address parse error during conversion from string: ";
    if (!read_prefix(run, text, &address, &bits, &message))
        return vl_cel_fail(run, "%s%s%s", prefix, prefix, vl_buf_str(&message));
    if (!vl_cel_address_is_mapped(&address))
        return make(run, &address, bits);
    vl_buf_clear(&message);
    vl_cel_quote(run, &message, text);
    return vl_cel_fail(run, "%sIPv4-mapped IPv6 address %s is not allowed", prefix, vl_buf_str(&message));
}

static struct vl_cel_value to_cidr(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return parse(run, vl_cel_span(args[0]));
}

static struct vl_cel_value is_cidr(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_address address;
    unsigned bits;
    struct vl_buf message VL_CLEANUP(vl_buf_done);
    vl_buf_init(&message, MESSAGE_MAX);
    return vl_cel_bool(read_prefix(run, vl_cel_span(args[0]), &address, &bits, &message) &&
                       !vl_cel_address_is_mapped(&address));
}

static struct vl_cel_value to_string(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 64);
    cidr_text(args[0].as.payload, &text);
    return vl_cel_text_of(run, &text);
}

static struct vl_cel_value address_of(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_ip_make(run, &cidr_of(args[0])->address);
}

static struct vl_cel_value prefix_length(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_int(cidr_of(args[0])->bits);
}

static struct vl_cel_value masked(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_address address = cidr_of(args[0])->address;
    unsigned bits = cidr_of(args[0])->bits;
    for (unsigned i = 0; i < sizeof(address.bytes); i++)
        if (i >= bits / 8)
            address.bytes[i] &= (uint8_t)(i == bits / 8 ? ~(0xff >> bits % 8) : 0);
    return make(run, &address, bits);
}

static bool share(const struct vl_cel_address *a, const struct vl_cel_address *b, unsigned bits)
{
    return a->v4 == b->v4 && memcmp(a->bytes, b->bytes, bits / 8) == 0 &&
           (bits % 8 == 0 || ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) & ~(0xff >> bits % 8)) == 0);
}

static struct vl_cel_value contains_ip(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    const struct cidr *cidr = cidr_of(args[0]);
    return vl_cel_bool(share(&cidr->address, vl_cel_ip_address(args[1]), cidr->bits));
}

static struct vl_cel_value contains_ip_text(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_value both[] = {args[0], vl_cel_ip_of(run, vl_cel_span(args[1]))};
    /* Upstream drops the error of the text. */
    return both[1].kind == VL_CEL_OPAQUE ? contains_ip(run, both, n) : vl_cel_no_overload(run);
}

static struct vl_cel_value contains_cidr(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    const struct cidr *outer = cidr_of(args[0]), *inner = cidr_of(args[1]);
    return vl_cel_bool(outer->bits <= inner->bits && share(&outer->address, &inner->address, outer->bits));
}

static struct vl_cel_value contains_cidr_text(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_value both[] = {args[0], parse(run, vl_cel_span(args[1]))};
    return both[1].kind == VL_CEL_OPAQUE ? contains_cidr(run, both, n) : both[1];
}

/* Two walks over the bytes of the prefix, three and one for a network. */
static uint64_t price_ip(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n, (void)result;
    return vl_cel_cost_factor(2 * vl_cel_price_size(args[0]), VL_CEL_COST_TRAVERSAL);
}

static uint64_t price_ip_text(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    return price_ip(args, n, result) + vl_cel_cost_factor(vl_cel_price_size(args[1]), VL_CEL_COST_TRAVERSAL);
}

static uint64_t price_cidr(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    return price_ip(args, n, result) + vl_cel_cost_factor(vl_cel_price_size(args[0]), VL_CEL_COST_TRAVERSAL) +
           1;
}

static uint64_t price_cidr_text(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    return price_cidr(args, n, result) +
           vl_cel_cost_factor(vl_cel_price_size(args[1]), VL_CEL_COST_TRAVERSAL);
}

static const struct vl_cel_range address_size = {4, 16}, both_sizes = {8, 32};

static struct vl_cel_range estimate_ip(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)args, (void)n, (void)ret_size;
    return vl_cel_range_factor(both_sizes, VL_CEL_COST_TRAVERSAL);
}

static struct vl_cel_range estimate_ip_text(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    return vl_cel_range_add(
        estimate_ip(args, n, ret_size), vl_cel_range_factor(args[1].size, VL_CEL_COST_TRAVERSAL));
}

static struct vl_cel_range estimate_cidr(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    struct vl_cel_range mask = vl_cel_range_factor(address_size, VL_CEL_COST_TRAVERSAL);
    return vl_cel_range_add(estimate_ip(args, n, ret_size), vl_cel_range_add(mask, vl_cel_range_fixed(1)));
}

static struct vl_cel_range estimate_cidr_text(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    return vl_cel_range_add(
        estimate_cidr(args, n, ret_size), vl_cel_range_factor(args[1].size, VL_CEL_COST_TRAVERSAL));
}

#define CIDR   &vl_cel_t_cidr
#define IP     &vl_cel_t_ip
#define BOOL   &vl_cel_t_bool
#define STRING &vl_cel_t_string

static const struct vl_cel_overload cidr_overloads[] = {
    {"string_to_cidr", false, 1, 30, 0, {STRING}, CIDR, to_cidr, VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload contains_ip_overloads[] = {
    {"cidr_contains_ip_string", true, 2, 30, 0, {CIDR, STRING}, BOOL, contains_ip_text,
        {price_ip_text, price_ip, estimate_ip_text}},
    {"cidr_contains_ip_ip", true, 2, 30, 0, {CIDR, IP}, BOOL, contains_ip, {price_ip, price_ip, estimate_ip}},
};
static const struct vl_cel_overload contains_cidr_overloads[] = {
    {"cidr_contains_cidr_string", true, 2, 30, 0, {CIDR, STRING}, BOOL, contains_cidr_text,
        {price_cidr_text, price_cidr, estimate_cidr_text}},
    {"cidr_contains_cidr", true, 2, 30, 0, {CIDR, CIDR}, BOOL, contains_cidr,
        {price_cidr, price_cidr, estimate_cidr}},
};
static const struct vl_cel_overload ip_overloads[] = {
    {"cidr_ip", true, 1, 30, 0, {CIDR}, IP, address_of, {vl_cel_price_one, vl_cel_price_text, NULL}},
};
static const struct vl_cel_overload length_overloads[] = {
    {"cidr_prefix_length", true, 1, 30, 0, {CIDR}, &vl_cel_t_int, prefix_length, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload masked_overloads[] = {
    {"cidr_masked", true, 1, 30, 0, {CIDR}, CIDR, masked, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload is_cidr_overloads[] = {
    {"is_cidr", false, 1, 30, 0, {STRING}, BOOL, is_cidr, VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload string_overloads[] = {
    {"cidr_to_string", false, 1, 30, 0, {CIDR}, STRING, to_string, {0}},
};

static const struct vl_cel_function functions[] = {
    {"cidr", cidr_overloads, VL_ARRAY_LEN(cidr_overloads)},
    {"containsIP", contains_ip_overloads, VL_ARRAY_LEN(contains_ip_overloads)},
    {"containsCIDR", contains_cidr_overloads, VL_ARRAY_LEN(contains_cidr_overloads)},
    {"ip", ip_overloads, VL_ARRAY_LEN(ip_overloads)},
    {"prefixLength", length_overloads, VL_ARRAY_LEN(length_overloads)},
    {"masked", masked_overloads, VL_ARRAY_LEN(masked_overloads)},
    {"isCIDR", is_cidr_overloads, VL_ARRAY_LEN(is_cidr_overloads)},
    {"string", string_overloads, VL_ARRAY_LEN(string_overloads)},
};

const struct vl_cel_library vl_cel_lib_cidr = {
    .name = "kubernetes.net.cidr", .functions = functions, .n = VL_ARRAY_LEN(functions)};
