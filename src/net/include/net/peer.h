/* Hands bytes to a peer that answers nothing, as syslog is: over TLS (GnuTLS, certificate verified), TCP, or
 * one UDP datagram. */
#ifndef VL_NET_PEER_H
#define VL_NET_PEER_H

#include "base/err.h"
#include "base/span.h"

#define VL_PEER_CONNECT_MS   10000
#define VL_PEER_IO_MS        10000 /* without any progress */
#define VL_PEER_CLOSE_MS     3000  /* to wait for the peer's end of the connection */
#define VL_PEER_DATAGRAM_MAX 65000 /* bytes */

enum vl_peer_transport {
    VL_PEER_TLS,
    VL_PEER_TCP,
    VL_PEER_UDP,
};

struct vl_peer {
    const char *host; /* name or address; the certificate must be for it */
    uint16_t port;
    enum vl_peer_transport transport;
    const char *ca_pem; /* TLS: added to the system's authorities; or NULL */
};

/* Connects, sends all of it, ends the connection in order. *ret_closed (may be NULL): the peer ended its side
 * too, so that it has read everything; a peer that keeps its side open for VL_PEER_CLOSE_MS leaves that
 * unknown, which is no error. UDP tells nothing. VL_ERR_UNREACHABLE, or VL_ERR_AUTH where the certificate
 * does not do. */
VL_MUST_CHECK int vl_peer_send(
    const struct vl_peer *peer, struct vl_span bytes, bool *ret_closed, struct vl_err *err);

#endif
