/* Addresses as Go's net/netip reads and prints them. */
#ifndef VL_CEL_LIB_NET_H
#define VL_CEL_LIB_NET_H

#include "library.h"

struct vl_cel_address {
    bool v4;
    bool zone;         /* "fe80::1%eth0" */
    uint8_t bytes[16]; /* of IPv4 the first 4 */
};

/* What is wrong with a text, as netip words it. */
struct vl_cel_address_error {
    const char *message;
    struct vl_span at; /* from where; empty where no place is told */
};

bool vl_cel_address_read(
    struct vl_span text, struct vl_cel_address *ret, struct vl_cel_address_error *ret_error);

/* IPv4 written as IPv6: "::ffff:1.2.3.4" */
bool vl_cel_address_is_mapped(const struct vl_cel_address *address);
void vl_cel_address_text(const struct vl_cel_address *address, struct vl_buf *out);

/* "ParseAddr(\"x\"): unable to parse IP" */
void vl_cel_address_error_text(struct vl_cel_run *run, struct vl_span text,
    const struct vl_cel_address_error *error, struct vl_buf *out);

/* The value of ip(text), or its error. */
struct vl_cel_value vl_cel_ip_of(struct vl_cel_run *run, struct vl_span text);
struct vl_cel_value vl_cel_ip_make(struct vl_cel_run *run, const struct vl_cel_address *address);
const struct vl_cel_address *vl_cel_ip_address(struct vl_cel_value ip);

#endif
