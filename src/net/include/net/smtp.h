/* Sends a mail to an SMTP server (RFC 5321, by libcurl). Always over TLS, whose certificate is verified: by
 * STARTTLS (RFC 3207), which a server must offer, or from the first byte (RFC 8314, port 465). So a password
 * never goes out in the clear. */
#ifndef VL_NET_SMTP_H
#define VL_NET_SMTP_H

#include "base/buf.h"
#include "base/err.h"

#define VL_SMTP_PORT         587
#define VL_SMTP_PORT_TLS     465 /* TLS from the first byte */
#define VL_SMTP_ANSWER_MAX   512 /* bytes that are kept of what the server said last */
#define VL_SMTP_TIMEOUT_MS   60000
#define VL_SMTP_CONNECT_MS   10000
#define VL_SMTP_CA_BYTES_MAX (1024UL * 1024)

struct vl_smtp_server {
    const char *host;                /* name or address */
    uint16_t port;                   /* 0: 587 */
    const char *username, *password; /* NULL: without */
    const char *ca_pem;              /* added to the system's authorities; or NULL */
    const char *hello;               /* our own name; NULL: localhost */
};

/* One message (lines end with CR LF; dots are the sender's business here) from one address to one. *answer,
 * where not NULL, gets the server's last line. VL_ERR_UNREACHABLE: no connection, no TLS, no time, or a
 * temporary refusal (4xx); VL_ERR_AUTH: the certificate or the password does not do; VL_ERR_INVALID: refused
 * for good (5xx). Errors hold what the server said; where it refused this mail only, their errno is -EAGAIN.
 */
VL_MUST_CHECK int vl_smtp_send(const struct vl_smtp_server *server, const char *from, const char *to,
    struct vl_span message, struct vl_buf *answer, struct vl_err *err);

#endif
