/* HTTP client (libcurl). TLS verified always unless told otherwise for one client; redirects bounded, never
 * from https to http, and never carrying credentials (authorization, cookies, userinfo of the URL) to another
 * scheme, host or port; sizes and times bounded. Loopback hosts never go through a proxy of the environment.
 * The program that uses it ignores SIGPIPE. */
#ifndef VL_NET_HTTP_CLIENT_H
#define VL_NET_HTTP_CLIENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define VL_HTTP_REDIRECTS_MAX 10
#define VL_HTTP_HEADERS_MAX   (256UL * 1024) /* bytes of all response headers */

struct vl_http_options {
    const char *ca_file;     /* PEM added to the system's; NULL: system's alone */
    const char *ca_pem;      /* PEM text, trusted instead of the system's and of ca_file; or NULL */
    const char *client_cert; /* PEM with certificate and key; or NULL */
    const char *proxy;       /* NULL: http_proxy, https_proxy, no_proxy of the environment */
    const char *unix_socket; /* connect to this socket whatever the URL's host; or NULL */
    bool insecure;           /* no certificate check; plain http stays allowed by URL only */
    long connect_timeout_ms; /* 0: 10 s */
    long stall_timeout_ms;   /* 0: 30 s with less than 1 KiB a second ends the transfer */
    long total_timeout_ms;   /* 0: 1 h */
    const char *user_agent;  /* NULL: "vallum/VERSION" */
};

struct vl_http_client; /* keeps connections; one thread at a time */

/* Options are copied. */
VL_MUST_CHECK int vl_http_client_new(
    const struct vl_http_options *options, struct vl_http_client **ret, struct vl_err *err);
void vl_http_client_free(struct vl_http_client *client); /* accepts NULL */
void vl_http_client_cleanup(struct vl_http_client **client);

struct vl_http_header {
    const char *name;
    const char *value;
};

struct vl_http_request {
    const char *method; /* NULL: GET */
    const char *url;
    const struct vl_http_header *headers;
    size_t n_headers;
    struct vl_span body; /* POST, PUT, PATCH */
    int body_fd;         /* PUT from a file descriptor, from its position on, where >= 0, body is empty and
                            body_fd_length is not 0; read with pread() */
    uint64_t body_fd_length;
    const char *authorization; /* value of the header; sent to the first host only */
    uint64_t max_bytes;        /* of the response body; 0: 1 MiB */
    uint64_t resume_from;      /* Range: bytes=N-; answered with 206 or, where the server cannot, 200 */
    bool no_redirects;
};

struct vl_http_response {
    long status;
    struct vl_arena *arena;               /* owned: headers and final_url */
    const struct vl_http_header *headers; /* names lower case, of the last answer only */
    size_t n_headers;
    const char *final_url;
    uint64_t bytes; /* body bytes delivered */
};
void vl_http_response_done(struct vl_http_response *response); /* also for VL_CLEANUP */
const char *vl_http_response_header(
    const struct vl_http_response *response, const char *lower_name); /* or NULL */

/* Called for each piece of a body with status < 400; a negative return ends the transfer with *err as set by
 * it. Called once with an empty piece when headers of such an answer are complete. */
typedef int vl_http_body_fn(
    struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err);

/* Performs one request. Any HTTP status is a success of this call; the body of a status >= 400 is kept, up to
 * 4 KiB, in *error_body where that is not NULL. Unreachable, time-outs, TLS failures, too large: an error
 * that names the URL without its query and userinfo. A TLS failure, which no retry cures, has err->err
 * -EPROTO; a body shorter than its Content-Length is VL_ERR_UNREACHABLE. */
VL_MUST_CHECK int vl_http_perform(struct vl_http_client *client, const struct vl_http_request *request,
    vl_http_body_fn *on_body, void *user, struct vl_buf *error_body, struct vl_http_response *ret,
    struct vl_err *err);

/* The error for an answer with a status that the caller does not take: names the URL without its query, the
 * status and the first 300 bytes of what the server said. 401, 403, 407: VL_ERR_AUTH; 404, 410:
 * VL_ERR_NOT_FOUND; 400: VL_ERR_INVALID; else VL_ERR_UNREACHABLE. */
VL_MUST_CHECK int vl_http_status_error(
    const struct vl_http_response *response, struct vl_span error_body, struct vl_err *err);

/* Whether "host" or "host:port" is this machine: localhost, 127.0.0.0/8 written as four numbers, ::1. A name
 * that only looks like it ("127.0.0.1.example.org") is not. */
bool vl_http_is_loopback(const char *host);

/* GET into a buffer; a status >= 400 is an error (401/403: VL_ERR_AUTH, 404: VL_ERR_NOT_FOUND, else
 * UNREACHABLE). */
VL_MUST_CHECK int vl_http_get(
    struct vl_http_client *client, const char *url, struct vl_buf *out, struct vl_err *err);

#endif
