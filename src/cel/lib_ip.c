/* IP addresses. Source: k8s.io/apiserver pkg/cel/library/ip.go, Go's net/netip (behaviour). */
#include <string.h>

#include "lib_net.h"
#include "lib_support.h"

#define MESSAGE_MAX 8192

struct ip {
    const struct vl_cel_opaque_ops *ops;
    struct vl_cel_address address;
};

static bool ip_equal(const void *a, const void *b)
{
    const struct vl_cel_address *x = &((const struct ip *)a)->address, *y = &((const struct ip *)b)->address;
    return x->v4 == y->v4 && memcmp(x->bytes, y->bytes, sizeof(x->bytes)) == 0;
}

static void ip_text(const void *payload, struct vl_buf *out)
{
    vl_cel_address_text(&((const struct ip *)payload)->address, out);
}

static uint64_t ip_size(const void *payload)
{
    return ((const struct ip *)payload)->address.v4 ? 4 : 16;
}

static const struct vl_cel_opaque_ops ops = {
    .type_name = "net.IP", .equal = ip_equal, .text = ip_text, .size = ip_size};

struct vl_cel_value vl_cel_ip_make(struct vl_cel_run *run, const struct vl_cel_address *address)
{
    struct ip *ip = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*ip));
    if (!ip)
        return vl_cel_no_room(run);
    *ip = (struct ip){.ops = &ops, .address = *address};
    return vl_cel_opaque(VL_CEL_IP, ip);
}

const struct vl_cel_address *vl_cel_ip_address(struct vl_cel_value ip)
{
    return &((const struct ip *)ip.as.payload)->address;
}

/* False after setting *ret_error. Zones and IPv4 written as IPv6 are refused. */
static bool read_address(
    struct vl_cel_run *run, struct vl_span text, struct vl_cel_address *ret, struct vl_cel_value *ret_error)
{
    struct vl_cel_address_error error;
    if (!vl_cel_address_read(text, ret, &error)) {
        struct vl_buf message VL_CLEANUP(vl_buf_done);
        vl_buf_init(&message, MESSAGE_MAX);
        vl_buf_append_str(&message, "IP Address ");
        vl_cel_quote(run, &message, text);
        vl_buf_append_str(&message, " parse error during conversion from string: ");
        vl_cel_address_error_text(run, text, &error, &message);
        *ret_error = vl_cel_fail(run, "%s", vl_buf_str(&message));
        return false;
    }
    if (ret->zone)
        *ret_error = vl_cel_fail_quoted(run, "IP address ", text, " with zone value is not allowed");
    else if (vl_cel_address_is_mapped(ret))
        *ret_error = vl_cel_fail_quoted(run, "IPv4-mapped IPv6 address ", text, " is not allowed");
    else
        return true;
    return false;
}

struct vl_cel_value vl_cel_ip_of(struct vl_cel_run *run, struct vl_span text)
{
    struct vl_cel_address address;
    struct vl_cel_value error;
    return read_address(run, text, &address, &error) ? vl_cel_ip_make(run, &address) : error;
}

static struct vl_cel_value to_ip(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_ip_of(run, vl_cel_span(args[0]));
}

static struct vl_cel_value is_ip(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    struct vl_cel_address address;
    struct vl_cel_address_error error;
    return vl_cel_bool(vl_cel_address_read(vl_cel_span(args[0]), &address, &error) && !address.zone &&
                       !vl_cel_address_is_mapped(&address));
}

static struct vl_cel_value is_canonical(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_address address;
    struct vl_cel_value error;
    if (!read_address(run, vl_cel_span(args[0]), &address, &error))
        return error;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 64);
    vl_cel_address_text(&address, &text);
    return vl_cel_bool(vl_span_eq(vl_buf_span(&text), vl_cel_span(args[0])));
}

static struct vl_cel_value to_string(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 64);
    ip_text(args[0].as.payload, &text);
    return vl_cel_text_of(run, &text);
}

static struct vl_cel_value family(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_int(vl_cel_ip_address(args[0])->v4 ? 4 : 6);
}

static bool all_bytes(const struct vl_cel_address *a, uint8_t value, uint8_t last)
{
    unsigned n = a->v4 ? 4 : 16;
    for (unsigned i = 0; i + 1 < n; i++)
        if (a->bytes[i] != value)
            return false;
    return a->bytes[n - 1] == last;
}

static bool loopback(const struct vl_cel_address *a)
{
    return a->v4 ? a->bytes[0] == 127 : all_bytes(a, 0, 1);
}

static bool link_local(const struct vl_cel_address *a)
{
    return a->v4 ? a->bytes[0] == 169 && a->bytes[1] == 254
                 : a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static bool multicast(const struct vl_cel_address *a)
{
    return a->v4 ? (a->bytes[0] & 0xf0) == 0xe0 : a->bytes[0] == 0xff;
}

static struct vl_cel_value is_unspecified(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_bool(all_bytes(vl_cel_ip_address(args[0]), 0, 0));
}

static struct vl_cel_value is_loopback(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_bool(loopback(vl_cel_ip_address(args[0])));
}

static struct vl_cel_value is_link_local_multicast(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    const struct vl_cel_address *a = vl_cel_ip_address(args[0]);
    return vl_cel_bool(a->v4 ? a->bytes[0] == 224 && a->bytes[1] == 0 && a->bytes[2] == 0
                             : a->bytes[0] == 0xff && (a->bytes[1] & 0x0f) == 0x02);
}

static struct vl_cel_value is_link_local_unicast(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_bool(link_local(vl_cel_ip_address(args[0])));
}

static struct vl_cel_value is_global_unicast(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    const struct vl_cel_address *a = vl_cel_ip_address(args[0]);
    return vl_cel_bool(!all_bytes(a, 0, 0) && !(a->v4 && all_bytes(a, 255, 255)) && !loopback(a) &&
                       !multicast(a) && !link_local(a));
}

static struct vl_cel_range estimate_twice(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n, (void)ret_size;
    return vl_cel_range_factor(args[0].size, 2 * VL_CEL_COST_TRAVERSAL);
}

#define IP             &vl_cel_t_ip
#define BOOL           &vl_cel_t_bool
#define STRING         &vl_cel_t_string
#define TEST(id, call) {(id), true, 1, 30, 0, {IP}, BOOL, (call), VL_CEL_PRICE_ONE}

static const struct vl_cel_overload ip_overloads[] = {
    {"string_to_ip", false, 1, 30, 0, {STRING}, IP, to_ip, VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload family_overloads[] = {
    {"ip_family", true, 1, 30, 0, {IP}, &vl_cel_t_int, family, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload canonical_overloads[] = {
    {"ip_is_canonical", false, 1, 30, 0, {STRING}, BOOL, is_canonical,
        {vl_cel_price_text_twice, vl_cel_price_text_twice, estimate_twice}},
};
static const struct vl_cel_overload is_ip_overloads[] = {
    {"is_ip", false, 1, 30, 0, {STRING}, BOOL, is_ip, VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload string_overloads[] = {
    {"ip_to_string", false, 1, 30, 0, {IP}, STRING, to_string, {0}},
};
static const struct vl_cel_overload unspecified_overloads[] = {TEST("ip_is_unspecified", is_unspecified)};
static const struct vl_cel_overload loopback_overloads[] = {TEST("ip_is_loopback", is_loopback)};
static const struct vl_cel_overload multicast_overloads[] = {
    TEST("ip_is_link_local_multicast", is_link_local_multicast)};
static const struct vl_cel_overload unicast_overloads[] = {
    TEST("ip_is_link_local_unicast", is_link_local_unicast)};
static const struct vl_cel_overload global_overloads[] = {TEST("ip_is_global_unicast", is_global_unicast)};

static const struct vl_cel_function functions[] = {
    {"ip", ip_overloads, 1},
    {"family", family_overloads, 1},
    {"ip.isCanonical", canonical_overloads, 1},
    {"isIP", is_ip_overloads, 1},
    {"string", string_overloads, 1},
    {"isUnspecified", unspecified_overloads, 1},
    {"isLoopback", loopback_overloads, 1},
    {"isLinkLocalMulticast", multicast_overloads, 1},
    {"isLinkLocalUnicast", unicast_overloads, 1},
    {"isGlobalUnicast", global_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_ip = {
    .name = "kubernetes.net.ip", .functions = functions, .n = VL_ARRAY_LEN(functions)};
