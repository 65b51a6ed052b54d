#include "net/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

struct connection {
    const struct vl_peer *peer;
    int fd;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

static void connection_done(struct connection *c)
{
    if (c->session)
        gnutls_deinit(c->session);
    if (c->credentials)
        gnutls_certificate_free_credentials(c->credentials);
    if (c->fd >= 0)
        (void)close(c->fd);
}

/* --- connecting --- */

static int wait_for(int fd, short events, int64_t until_us)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = (until_us - vl_time_monotonic_us()) / 1000;
        int r = poll(&p, 1, left > 0 ? (int)left : 0);
        if (r > 0)
            return 0;
        if (r == 0)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

/* Negative errno of this address. */
static int connect_one(struct connection *c, const struct addrinfo *a, int64_t until_us)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    int problem = 0;
    socklen_t n = sizeof(problem);
    if (fd < 0)
        return -errno;
    int r = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : -errno;
    if (r == -EINPROGRESS) {
        r = wait_for(fd, POLLOUT, until_us);
        if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &n) == 0)
            r = -problem;
    }
    if (r < 0) {
        (void)close(fd);
        return r;
    }
    c->fd = fd;
    return 0;
}

static int connect_any(struct connection *c, struct vl_err *err)
{
    const struct vl_peer *p = c->peer;
    struct addrinfo hints = {
        .ai_socktype = p->transport == VL_PEER_UDP ? SOCK_DGRAM : SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char port[8];
    int64_t until = vl_time_monotonic_us() + VL_PEER_CONNECT_MS * 1000LL;
    (void)snprintf(port, sizeof(port), "%u", p->port);
    int bad = getaddrinfo(p->host, port, &hints, &list);
    if (bad)
        return vl_err_set(err, VL_ERR_UNREACHABLE, "%s: %s", p->host, gai_strerror(bad));
    int r = -EHOSTUNREACH;
    for (const struct addrinfo *a = list; a && r < 0; a = a->ai_next)
        r = connect_one(c, a, until);
    freeaddrinfo(list);
    if (r < 0 || c->fd < 0)
        return vl_err_set(
            err, VL_ERR_UNREACHABLE, "%s port %u: %s", p->host, p->port, strerror(r < 0 ? -r : EBADF));
    return 0;
}

/* --- TLS --- */

static int tls_failed(const struct connection *c, int bad, struct vl_err *err)
{
    gnutls_datum_t text = {0};
    bool certificate = bad == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
    if (certificate)
        (void)gnutls_certificate_verification_status_print(
            gnutls_session_get_verify_cert_status(c->session), GNUTLS_CRT_X509, &text, 0);
    int r = vl_err_set(err, certificate ? VL_ERR_AUTH : VL_ERR_UNREACHABLE, "%s port %u: TLS: %s",
        c->peer->host, c->peer->port, text.data ? (const char *)text.data : gnutls_strerror(bad));
    gnutls_free(text.data);
    return r;
}

static int authorities(struct connection *c, struct vl_err *err)
{
    const char *own = c->peer->ca_pem;
    (void)gnutls_certificate_set_x509_system_trust(c->credentials);
    if (!own)
        return 0;
    gnutls_datum_t pem = {.data = (unsigned char *)(uintptr_t)own, .size = (unsigned)strlen(own)};
    if (gnutls_certificate_set_x509_trust_mem(c->credentials, &pem, GNUTLS_X509_FMT_PEM) <= 0)
        return vl_err_set(
            err, VL_ERR_USAGE, "the authority of %s is no certificate in PEM form", c->peer->host);
    return 0;
}

static bool is_address(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static int handshake(struct connection *c, struct vl_err *err)
{
    const char *host = c->peer->host;
    int bad = gnutls_certificate_allocate_credentials(&c->credentials);
    if (bad < 0)
        return vl_err_nomem(err);
    int r = authorities(c, err);
    if (r < 0)
        return r;
    bad = gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    if (bad >= 0)
        bad = gnutls_priority_set_direct(c->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
    if (bad >= 0)
        bad = gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
    if (bad >= 0 && !is_address(host))
        bad = gnutls_server_name_set(c->session, GNUTLS_NAME_DNS, host, strlen(host));
    if (bad < 0)
        return tls_failed(c, bad, err);
    gnutls_session_set_verify_cert(c->session, host, 0);
    gnutls_transport_set_int(c->session, c->fd);
    int64_t until = vl_time_monotonic_us() + VL_PEER_CONNECT_MS * 1000LL;
    while ((bad = gnutls_handshake(c->session)) < 0 && !gnutls_error_is_fatal(bad))
        if (wait_for(c->fd, gnutls_record_get_direction(c->session) ? POLLOUT : POLLIN, until) < 0)
            return vl_err_set(
                err, VL_ERR_UNREACHABLE, "%s port %u: TLS does not begin in time", host, c->peer->port);
    return bad < 0 ? tls_failed(c, bad, err) : 0;
}

/* --- sending --- */

/* Bytes, 0 for "not now", negative where it failed. */
static ssize_t some(struct connection *c, struct vl_span left, struct vl_err *err)
{
    if (c->session) {
        ssize_t n = gnutls_record_send(c->session, left.ptr, left.len);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
            return 0;
        return n < 0 ? tls_failed(c, (int)n, err) : n;
    }
    ssize_t n = send(c->fd, left.ptr, left.len, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n < 0 ? vl_err_set(err, VL_ERR_UNREACHABLE, "%s port %u: %s", c->peer->host, c->peer->port,
                       strerror(errno))
                 : n;
}

static int send_all(struct connection *c, struct vl_span left, struct vl_err *err)
{
    while (left.len > 0) {
        ssize_t n = some(c, left, err);
        if (n < 0)
            return (int)n;
        left = vl_span_slice(left, (size_t)n, left.len);
        if (n == 0 && wait_for(c->fd, POLLOUT, vl_time_monotonic_us() + VL_PEER_IO_MS * 1000LL) < 0)
            return vl_err_set(
                err, VL_ERR_UNREACHABLE, "%s port %u: takes nothing any more", c->peer->host, c->peer->port);
    }
    return 0;
}

/* Ends our side and waits for the peer's: what it says until then is not looked at. A reset means that it has
 * not read everything. */
static int finish(struct connection *c, bool *ret_closed, struct vl_err *err)
{
    int64_t until = vl_time_monotonic_us() + VL_PEER_CLOSE_MS * 1000LL;
    char bytes[512];
    if (c->session)
        (void)gnutls_bye(c->session, GNUTLS_SHUT_WR);
    (void)shutdown(c->fd, SHUT_WR);
    *ret_closed = false;
    while (wait_for(c->fd, POLLIN, until) == 0) {
        ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
        if (n == 0) {
            *ret_closed = true;
            return 0;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return vl_err_set(err, VL_ERR_UNREACHABLE, "%s port %u: %s before it had read everything",
                c->peer->host, c->peer->port, strerror(errno));
    }
    return 0;
}

int vl_peer_send(const struct vl_peer *peer, struct vl_span bytes, bool *ret_closed, struct vl_err *err)
{
    struct connection c VL_CLEANUP(connection_done) = {.peer = peer, .fd = -1};
    bool closed = false;
    if (peer->transport == VL_PEER_UDP && bytes.len > VL_PEER_DATAGRAM_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a datagram has at most %d bytes", VL_PEER_DATAGRAM_MAX);
    int r = connect_any(&c, err);
    if (r >= 0 && peer->transport == VL_PEER_TLS)
        r = handshake(&c, err);
    if (r >= 0)
        r = send_all(&c, bytes, err);
    if (r >= 0 && peer->transport != VL_PEER_UDP)
        r = finish(&c, &closed, err);
    if (r >= 0 && ret_closed)
        *ret_closed = closed;
    return r < 0 ? r : 0;
}
