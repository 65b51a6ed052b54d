/* HTTP server (libmicrohttpd): TLS 1.2 and 1.3, a pool of threads that may block, limits for every length and
 * time, certificate swap while running, streams for server-sent events. The program ignores SIGPIPE.
 *
 * Sources: RFC 9110, RFC 9112; server-sent events: WHATWG HTML "Server-sent events". */
#ifndef VL_NET_HTTP_SERVER_H
#define VL_NET_HTTP_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define VL_HTTP_SERVER_HEAD_MAX (64UL * 1024) /* bytes of request line and headers: 431 above */
#define VL_HTTP_SERVER_BODY_MAX \
    (4UL * 1024 * 1024) /* default of a body: 413 above, before it is read where it tells its length */
#define VL_HTTP_SERVER_SEGMENTS_MAX    64
#define VL_HTTP_SERVER_PARAMS_MAX      200 /* query parameters */
#define VL_HTTP_SERVER_CONNECTIONS_MAX 10000
#define VL_HTTP_SERVER_PER_PEER_MAX    1000 /* connections of one address */
#define VL_HTTP_SERVER_IDLE_SECONDS    60
#define VL_HTTP_SERVER_BODY_SECONDS    60 /* for a whole body: a slow client is cut */
#define VL_HTTP_SERVER_STREAM_MAX                                            \
    (1024UL * 1024) /* bytes that wait for one stream's reader; more ends it \
                     */
#define VL_HTTP_SERVER_STREAMS_MAX  1000
#define VL_HTTP_SERVER_RESPONSE_MAX (256UL * 1024 * 1024)

struct vl_http_server;

/* One request, lent for the time of the handler. */
struct vl_http_call {
    struct vl_arena *arena; /* for what the handler makes */
    const char *method;     /* upper case */
    const char *target;     /* as it came: "/a/b?c=d" */
    const char
        *path; /* percent-decoded once, for people: "%2F" and "/" look alike in it; routes go by segments */
    const char *const *segments; /* each percent-decoded once; "." and ".." and NUL are 400 already */
    size_t n_segments;
    struct vl_span body;
    const char *peer; /* address as text */
    uint16_t peer_port;
    bool tls;
    const char *client_certificate; /* PEM of a verified client certificate, or NULL */
    const struct vl_http_call_param {
        const char *name, *value; /* decoded */
    } *params;
    size_t n_params;
    void *inner; /* private */
};

const char *vl_http_call_header(
    const struct vl_http_call *call, const char *name); /* case-blind; NULL where absent; the first */
const char *vl_http_call_param(const struct vl_http_call *call, const char *name); /* the first, or NULL */
const char *vl_http_call_cookie(const struct vl_http_call *call, const char *name);

/* A query, or the body of a form (application/x-www-form-urlencoded, WHATWG URL 5.1), at most
 * VL_HTTP_SERVER_PARAMS_MAX of them. False: an escape is broken or gives NUL, or there are too many. */
bool vl_http_read_form(
    struct vl_arena *arena, struct vl_span text, const struct vl_http_call_param **ret, size_t *ret_n);

/* What the handler answers. Zeroed before it is called: status 0 becomes 500. */
struct vl_http_reply {
    unsigned status;
    const char *content_type; /* NULL where there is no body */
    struct vl_buf body;       /* its maximum is VL_HTTP_SERVER_RESPONSE_MAX; moved out by the server */
    struct vl_span lent;      /* instead of body: bytes that live as long as the program (embedded files) */
    struct vl_http_stream *stream; /* instead of both: the connection stays open for it */
    struct vl_http_reply_header {
        const char *name, *value; /* in the call's arena */
    } headers[32];
    size_t n_headers;
};

/* Adds a header; a name or value that HTTP does not allow is dropped and makes the reply a 500. */
void vl_http_reply_header(struct vl_http_reply *reply, const char *name, const char *value);

struct vl_http_server_options {
    const char *address;                     /* "127.0.0.1", "::", "localhost" (both loopbacks) */
    uint16_t port;                           /* 0: any free one */
    unsigned threads;                        /* 0: 4 + processors */
    struct vl_span certificate_pem, key_pem; /* empty: plain HTTP */
    struct vl_span client_ca_pem; /* client certificates are asked for and verified; empty: never */
    bool client_required;
    size_t body_max; /* 0: VL_HTTP_SERVER_BODY_MAX */
    size_t (*body_max_for)(
        const char *method, const char *path, void *user); /* a larger or smaller one; or NULL */

    /* Any of the pool's threads. May block. Never fails: it answers. */
    void (*handle)(const struct vl_http_call *call, struct vl_http_reply *reply, void *user);
    /* After the answer: for access logs and metrics; or NULL. */
    void (*served)(
        const struct vl_http_call *call, unsigned status, uint64_t bytes, uint64_t microseconds, void *user);
    void *user;
};

VL_MUST_CHECK int vl_http_server_start(
    const struct vl_http_server_options *options, struct vl_http_server **ret, struct vl_err *err);

/* No new connections; calls under way have `grace_ms` to end; streams are closed. Then frees. Accepts NULL.
 */
void vl_http_server_stop(struct vl_http_server *server, int grace_ms);

uint16_t vl_http_server_port(const struct vl_http_server *server);

/* New connections get the new certificate; those that are open keep theirs. */
VL_MUST_CHECK int vl_http_server_swap_certificate(struct vl_http_server *server,
    struct vl_span certificate_pem, struct vl_span key_pem, struct vl_err *err);

struct vl_http_server_counts {
    uint64_t connections, refused, calls, streams, cut; /* cut: slow clients and full streams */
};
void vl_http_server_count(const struct vl_http_server *server, struct vl_http_server_counts *ret);

/* --- streams --- */

struct vl_http_stream;

VL_MUST_CHECK int vl_http_stream_new(struct vl_http_stream **ret, struct vl_err *err);

/* Appends bytes for the reader, any thread. False once the reader is gone or too slow: then only
 * vl_http_stream_close() is left to be called. */
bool vl_http_stream_write(struct vl_http_stream *stream, struct vl_span bytes);
void vl_http_stream_close(
    struct vl_http_stream *stream); /* what waits is still sent; the owner's handle is gone. Accepts NULL */

#endif
