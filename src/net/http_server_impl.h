/* Private: the parts of the HTTP server. http_server.c has the connections and threads, http_server_target.c
 * takes requests apart, http_server_tls.c holds certificates, http_server_stream.c the streams. */
#ifndef VL_NET_HTTP_SERVER_IMPL_H
#define VL_NET_HTTP_SERVER_IMPL_H

#include <stddef.h>

#include "net/http_server.h"

/* Fills path, segments and params of the call from its target. False: the target is not one that HTTP or we
 * allow. */
bool vl_http_read_target(struct vl_http_call *call);

/* --- TLS --- */

struct vl_http_tls; /* the certificate that new connections get, and those before it */

VL_MUST_CHECK int vl_http_tls_new(
    struct vl_span certificate_pem, struct vl_span key_pem, struct vl_http_tls **ret, struct vl_err *err);
void vl_http_tls_free(struct vl_http_tls *tls); /* accepts NULL */
VL_MUST_CHECK int vl_http_tls_swap(
    struct vl_http_tls *tls, struct vl_span certificate_pem, struct vl_span key_pem, struct vl_err *err);

/* A gnutls_certificate_retrieve_function2, as libmicrohttpd wants it; finds the server's certificates by the
 * session's pointer, which vl_http_tls_bind() sets before the handshake. */
void *vl_http_tls_callback(void);
void vl_http_tls_bind(struct vl_http_tls *tls, void *gnutls_session);

/* The verified client certificate of a session as PEM in the arena; NULL where there is none, or it is not
 * good. */
const char *vl_http_tls_client(void *gnutls_session, struct vl_arena *arena);

/* --- streams --- */

/* `wake` is called (any thread, under no lock of the stream's) when a reader that found nothing should look
 * again. */
void vl_http_stream_attach(struct vl_http_stream *stream, void (*wake)(void *user), void *user);

/* Takes up to `max` bytes: > 0; 0: none yet, and the next write wakes; -1: the end. */
ptrdiff_t vl_http_stream_take(struct vl_http_stream *stream, char *bytes, size_t max);

/* The reader is gone. */
void vl_http_stream_detach(struct vl_http_stream *stream);

/* The server is stopping: what waits is sent, and that is the end. */
void vl_http_stream_end(struct vl_http_stream *stream);

#endif
