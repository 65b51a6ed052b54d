/* Connections are libmicrohttpd's: a few threads with epoll that never block. A request whose body is there
 * is suspended and handed to the threads that run handlers; when one has answered, the connection is resumed
 * and the answer queued. So a slow handler delays nobody's handshake, and a slow client no handler. */
#include "net/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "http_server_impl.h"

#define CALL_ARENA_MAX (256UL * 1024 * 1024)
#define LISTENERS_MAX  2
#define IO_THREADS_MAX 4
#define HANDLERS_MAX   256
#define QUEUE_MAX      VL_HTTP_SERVER_CONNECTIONS_MAX
#define SWEEP_SECONDS  5
#define COOKIE_MAX     8192
#define ADDRESS_MAX    64

enum stage {
    STAGE_READING,
    STAGE_HANDLING, /* suspended */
    STAGE_ANSWERED,
};

/* One request, from its head to the end of its answer. */
struct exchange {
    struct vl_http_server *server;
    struct MHD_Connection *connection;
    struct vl_http_call call;
    struct vl_http_reply reply;
    struct vl_buf body;
    size_t body_max;
    enum stage stage;
    unsigned refuse; /* status: the body is too large, the target wrong … */
    int64_t begun_us;
    uint64_t bytes;
    char address[ADDRESS_MAX];
    struct exchange *next; /* in the queue */
    bool stream_attached;
};

/* A connection that the sweeper watches. */
struct watched {
    struct vl_http_server *server;
    int fd;
    int64_t since_us; /* the last answer's end: the next head must be there in time */
    bool busy;        /* a request is under way */
    struct watched *next, *before;
};

struct vl_http_server {
    struct vl_http_server_options options; /* texts are lent only for the start */
    struct MHD_Daemon *daemons[LISTENERS_MAX];
    unsigned n_daemons;
    uint16_t port;
    struct vl_http_tls *tls;
    char *client_ca;

    pthread_mutex_t lock;
    pthread_cond_t work, idle, sweep;
    struct exchange *first, *last;
    unsigned waiting; /* for a handler */
    unsigned active;  /* from the head of a request to the end of its answer */
    bool stopping_streams, stopping;
    pthread_t handlers[HANDLERS_MAX], sweeper;
    unsigned n_handlers;
    bool sweeps;
    struct watched *watched;
    struct vl_http_stream *streams[VL_HTTP_SERVER_STREAMS_MAX];
    unsigned n_streams;
    struct vl_http_server_counts counts;
};

/* --- what handlers use --- */

static struct MHD_Connection *connection_of(const struct vl_http_call *call)
{
    return ((const struct exchange *)call->inner)->connection;
}

const char *vl_http_call_header(const struct vl_http_call *call, const char *name)
{
    return MHD_lookup_connection_value(connection_of(call), MHD_HEADER_KIND, name);
}

const char *vl_http_call_param(const struct vl_http_call *call, const char *name)
{
    for (size_t i = 0; i < call->n_params; i++) {
        if (strcmp(call->params[i].name, name) == 0)
            return call->params[i].value;
    }
    return NULL;
}

const char *vl_http_call_cookie(const struct vl_http_call *call, const char *name)
{
    struct vl_span rest = vl_span_str(vl_http_call_header(call, "Cookie")), pair;
    if (rest.len > COOKIE_MAX)
        return NULL;
    while (vl_span_split(&rest, ';', &pair)) {
        struct vl_span value = vl_span_trim(pair), key;
        if (vl_span_split(&value, '=', &key) && vl_span_eq_str(key, name))
            return vl_arena_dup_span(call->arena, value);
    }
    return NULL;
}

void vl_http_reply_header(struct vl_http_reply *reply, const char *name, const char *value)
{
    bool bad = !name || !value || reply->n_headers == VL_ARRAY_LEN(reply->headers);
    for (const char *c = value; !bad && *c; c++)
        bad = (unsigned char)*c < ' ' && *c != '\t';
    if (bad) {
        reply->status = 500;
        return;
    }
    reply->headers[reply->n_headers].name = name;
    reply->headers[reply->n_headers++].value = value;
}

/* --- answers --- */

static void count(struct vl_http_server *server, uint64_t *counter)
{
    pthread_mutex_lock(&server->lock);
    (*counter)++;
    pthread_mutex_unlock(&server->lock);
}

static void wake_connection(void *user)
{
    MHD_resume_connection(user);
}

static ssize_t read_stream(void *user, uint64_t pos, char *bytes, size_t max)
{
    struct exchange *x = user;
    (void)pos;
    ptrdiff_t n = vl_http_stream_take(x->reply.stream, bytes, max);
    if (n == 0)
        MHD_suspend_connection(x->connection);
    if (n > 0)
        x->bytes += (uint64_t)n;
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static struct MHD_Response *plain_response(const char *text)
{
    return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
}

static bool keep_stream(struct exchange *x)
{
    struct vl_http_server *server = x->server;
    pthread_mutex_lock(&server->lock);
    bool room = server->n_streams < VL_HTTP_SERVER_STREAMS_MAX && !server->stopping_streams;
    if (room) {
        server->streams[server->n_streams++] = x->reply.stream;
        server->counts.streams++;
    }
    pthread_mutex_unlock(&server->lock);
    return room;
}

static struct MHD_Response *response_of(struct exchange *x)
{
    struct vl_http_reply *reply = &x->reply;
    if (reply->stream && keep_stream(x)) {
        x->stream_attached = true;
        vl_http_stream_attach(reply->stream, wake_connection, x->connection);
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_stream, x, NULL);
    }
    if (reply->stream) {
        vl_http_stream_attach(reply->stream, NULL, NULL);
        vl_http_stream_detach(reply->stream);
        reply->stream = NULL;
        reply->status = 503;
        reply->content_type = "text/plain";
        return plain_response("too many streams\n");
    }
    if (reply->body.failed) {
        reply->status = 500;
        reply->content_type = "text/plain";
        return plain_response("the answer is too large\n");
    }
    if (reply->lent.ptr) {
        x->bytes = reply->lent.len;
        return MHD_create_response_from_buffer(
            reply->lent.len, (void *)(uintptr_t)reply->lent.ptr, MHD_RESPMEM_PERSISTENT);
    }
    x->bytes = reply->body.len;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.ptr, MHD_RESPMEM_MUST_FREE);
    if (response)
        reply->body = (struct vl_buf){0}; /* the response owns it */
    return response;
}

static enum MHD_Result queue_answer(struct exchange *x)
{
    struct vl_http_reply *reply = &x->reply;
    struct MHD_Response *response = response_of(x);
    if (!response)
        return MHD_NO;
    enum MHD_Result good = MHD_YES;
    if (reply->content_type)
        good = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    for (size_t i = 0; i < reply->n_headers && good == MHD_YES; i++)
        good = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    if (good != MHD_YES || reply->status < 200 || reply->status > 599)
        reply->status = 500;
    good = MHD_queue_response(x->connection, reply->status, response);
    MHD_destroy_response(response);
    return good;
}

/* Without a handler: what HTTP itself refuses. The rest of the body is not worth reading. */
static enum MHD_Result refuse(struct exchange *x, unsigned status)
{
    x->stage = STAGE_ANSWERED;
    x->reply.status = status;
    x->reply.content_type = "application/problem+json";
    vl_buf_printf(&x->reply.body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u}\n",
        status == 413   ? "Content Too Large"
        : status == 408 ? "Request Timeout"
        : status == 503 ? "Service Unavailable"
                        : "Bad Request",
        status);
    vl_http_reply_header(&x->reply, "Connection", "close");
    return queue_answer(x);
}

/* --- handlers --- */

static void *handler_main(void *user)
{
    struct vl_http_server *server = user;
    pthread_mutex_lock(&server->lock);
    for (;;) {
        while (!server->first && !server->stopping)
            pthread_cond_wait(&server->work, &server->lock);
        struct exchange *x = server->first;
        if (!x)
            break;
        server->first = x->next;
        if (!server->first)
            server->last = NULL;
        server->waiting--;
        pthread_mutex_unlock(&server->lock);
        server->options.handle(&x->call, &x->reply, server->options.user);
        x->stage = STAGE_ANSWERED;
        MHD_resume_connection(x->connection);
        pthread_mutex_lock(&server->lock);
        server->counts.calls++;
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static bool hand_over(struct exchange *x)
{
    struct vl_http_server *server = x->server;
    pthread_mutex_lock(&server->lock);
    bool room = server->waiting < QUEUE_MAX && !server->stopping;
    if (room) {
        if (server->last)
            server->last->next = x;
        else
            server->first = x;
        server->last = x;
        server->waiting++;
        x->stage = STAGE_HANDLING;
        MHD_suspend_connection(x->connection);
        pthread_cond_signal(&server->work);
    }
    pthread_mutex_unlock(&server->lock);
    return room;
}

/* --- requests --- */

static void peer_of(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    x->call.peer = x->address;
    if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        (void)inet_ntop(AF_INET, &in->sin_addr, x->address, sizeof(x->address));
        x->call.peer_port = ntohs(in->sin_port);
    } else if (address && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;
        (void)inet_ntop(AF_INET6, &in->sin6_addr, x->address, sizeof(x->address));
        x->call.peer_port = ntohs(in->sin6_port);
    }
}

/* Called with the target as it came, before anything else of a request. */
static void *begin_exchange(void *user, const char *target, struct MHD_Connection *connection)
{
    struct vl_http_server *server = user;
    struct exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    x->server = server;
    x->connection = connection;
    x->begun_us = vl_time_monotonic_us();
    x->call.arena = vl_arena_new(CALL_ARENA_MAX);
    x->call.inner = x;
    x->call.target = x->call.arena ? vl_arena_strdup(x->call.arena, target) : NULL;
    vl_buf_init(&x->reply.body, VL_HTTP_SERVER_RESPONSE_MAX);
    if (!x->call.target) {
        vl_arena_free(x->call.arena);
        free(x);
        return NULL;
    }
    return x;
}

static struct watched *watched_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* A request begins, or its answer has ended. */
static void mark(struct vl_http_server *server, struct MHD_Connection *connection, bool busy)
{
    struct watched *w = watched_of(connection);
    pthread_mutex_lock(&server->lock);
    if (w) {
        w->busy = busy;
        w->since_us = vl_time_monotonic_us();
    }
    server->active += busy ? 1U : -1U;
    if (server->active == 0)
        pthread_cond_broadcast(&server->idle);
    pthread_mutex_unlock(&server->lock);
}

/* The head is there. */
static enum MHD_Result on_head(struct exchange *x, const char *method)
{
    struct vl_http_server *server = x->server;
    uint64_t length = 0;
    mark(server, x->connection, true);
    x->call.method = vl_arena_strdup(x->call.arena, method);
    x->call.tls = server->tls != NULL;
    peer_of(x);
    if (!x->call.method || !vl_http_read_target(&x->call))
        return refuse(x, 400);
    const union MHD_ConnectionInfo *session =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (server->client_ca && session)
        x->call.client_certificate = vl_http_tls_client(session->tls_session, x->call.arena);
    if (server->options.client_required && !x->call.client_certificate)
        return refuse(x, 401);
    x->body_max = server->options.body_max ? server->options.body_max : VL_HTTP_SERVER_BODY_MAX;
    if (server->options.body_max_for)
        x->body_max = server->options.body_max_for(x->call.method, x->call.path, server->options.user);
    vl_buf_init(&x->body, x->body_max);
    const char *told = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Content-Length");
    if (told && (!vl_span_to_u64(vl_span_str(told), &length) || length > x->body_max))
        return refuse(x, 413);
    return MHD_YES;
}

static enum MHD_Result on_body(struct exchange *x, const char *bytes, size_t *size)
{
    if (vl_time_monotonic_us() - x->begun_us > VL_HTTP_SERVER_BODY_SECONDS * 1000000LL) {
        count(x->server, &x->server->counts.cut);
        return MHD_NO;
    }
    if (x->body.len + *size > x->body_max)
        return MHD_NO; /* a body of untold length: libmicrohttpd takes no answer in the middle of one */
    vl_buf_append(&x->body, bytes, *size);
    *size = 0;
    return x->body.failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **context)
{
    (void)user;
    (void)url;
    (void)connection;
    (void)version;
    struct exchange *x = *context;
    if (!x)
        return MHD_NO; /* no memory */
    if (!x->call.method)
        return on_head(x, method);
    if (x->stage == STAGE_ANSWERED)
        return queue_answer(x);
    if (*upload_size)
        return on_body(x, upload, upload_size);
    if (x->stage == STAGE_HANDLING)
        return MHD_YES;
    x->call.body = vl_buf_span(&x->body);
    return hand_over(x) ? MHD_YES : refuse(x, 503);
}

static void forget_stream(struct exchange *x)
{
    struct vl_http_server *server = x->server;
    pthread_mutex_lock(&server->lock);
    for (unsigned i = 0; i < server->n_streams; i++) {
        if (server->streams[i] == x->reply.stream) {
            server->streams[i] = server->streams[--server->n_streams];
            break;
        }
    }
    pthread_mutex_unlock(&server->lock);
    vl_http_stream_detach(x->reply.stream);
}

static void on_completed(
    void *user, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode how)
{
    (void)user;
    (void)how;
    struct exchange *x = *context;
    if (!x)
        return;
    if (x->call.method)
        mark(x->server, connection, false);
    if (x->stream_attached)
        forget_stream(x);
    if (x->server->options.served && x->call.method)
        x->server->options.served(&x->call, x->reply.status, x->bytes,
            (uint64_t)(vl_time_monotonic_us() - x->begun_us), x->server->options.user);
    vl_buf_done(&x->body);
    vl_buf_done(&x->reply.body);
    vl_arena_free(x->call.arena);
    free(x);
    *context = NULL;
}

/* --- connections --- */

static void on_connection(
    void *user, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode how)
{
    struct vl_http_server *server = user;
    if (how == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *session =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        const union MHD_ConnectionInfo *fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct watched *w = calloc(1, sizeof(*w));
        if (server->tls && session)
            vl_http_tls_bind(server->tls, session->tls_session);
        *context = w;
        if (!w)
            return;
        *w = (struct watched){
            .server = server, .fd = fd ? fd->connect_fd : -1, .since_us = vl_time_monotonic_us()};
        pthread_mutex_lock(&server->lock);
        w->next = server->watched;
        if (w->next)
            w->next->before = w;
        server->watched = w;
        server->counts.connections++;
        pthread_mutex_unlock(&server->lock);
        return;
    }
    struct watched *w = *context;
    if (!w)
        return;
    pthread_mutex_lock(&server->lock);
    if (w->before)
        w->before->next = w->next;
    else
        server->watched = w->next;
    if (w->next)
        w->next->before = w->before;
    pthread_mutex_unlock(&server->lock);
    free(w);
    *context = NULL;
}

/* libmicrohttpd's time-out begins anew with every byte; a client that sends one now and then would never be
 * cut. */
static void *sweeper_main(void *user)
{
    struct vl_http_server *server = user;
    struct timespec until;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += SWEEP_SECONDS;
        pthread_cond_timedwait(&server->sweep, &server->lock, &until);
        int64_t limit = vl_time_monotonic_us() - VL_HTTP_SERVER_IDLE_SECONDS * 1000000LL;
        for (struct watched *w = server->watched; w; w = w->next) {
            if (w->busy || w->since_us > limit || w->fd < 0)
                continue;
            shutdown(w->fd, SHUT_RDWR);
            w->busy = true; /* once */
            server->counts.cut++;
        }
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

/* Escapes stay: the target is taken apart from what came. */
static size_t keep_escapes(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text);
}

/* --- start and stop --- */

static int bind_address(const char *address, uint16_t port, int *ret_fd, struct vl_err *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = {0};
    socklen_t len = sizeof(a.v4);
    int on = 1, off = 0;
    if (inet_pton(AF_INET, address, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
        len = sizeof(a.v6);
    } else {
        return vl_err_set(err, VL_ERR_USAGE, "\"%s\" is no address to listen on", address);
    }
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return vl_err_sys(err, errno, "a socket for %s", address);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        (a.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
        bind(fd, &a.any, len) < 0 || listen(fd, 1024) < 0) {
        int e = errno;
        close(fd);
        return vl_err_sys(err, e, "listening on %s port %u", address, port);
    }
    *ret_fd = fd;
    return 0;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof(a);
    if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        return 0;
    /* The port stands in the same place for both families. */
    return ntohs(((const struct sockaddr_in *)(const void *)&a)->sin_port);
}

static unsigned processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (unsigned)n;
}

static int start_daemon(struct vl_http_server *server, int fd, struct vl_err *err)
{
    unsigned io = processors() < IO_THREADS_MAX ? processors() : IO_THREADS_MAX;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, vl_http_tls_callback()},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {server->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, server->client_ca},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    if (server->tls)
        flags |= MHD_USE_TLS;
    struct MHD_Daemon *daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, io, MHD_OPTION_CONNECTION_LIMIT,
        VL_HTTP_SERVER_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT, VL_HTTP_SERVER_PER_PEER_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)VL_HTTP_SERVER_IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, VL_HTTP_SERVER_HEAD_MAX + 16384UL, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_ARRAY, server->tls ? tls : none, MHD_OPTION_END);
    if (!daemon) {
        int e = errno;
        close(fd);
        return vl_err_sys(err, e ? e : EINVAL, "the HTTP server");
    }
    server->daemons[server->n_daemons++] = daemon;
    return 0;
}

static int listen_all(struct vl_http_server *server, struct vl_err *err)
{
    const char *address = server->options.address;
    bool both = strcmp(address, "localhost") == 0;
    int fd;
    int r = bind_address(both ? "127.0.0.1" : address, server->options.port, &fd, err);
    if (r < 0)
        return r;
    server->port = port_of(fd);
    r = start_daemon(server, fd, err);
    if (r < 0 || !both)
        return r;
    /* A machine without IPv6 has the other loopback alone. */
    struct vl_err absent = VL_ERR_INIT;
    return bind_address("::1", server->port, &fd, &absent) < 0 ? 0 : start_daemon(server, fd, err);
}

static int start_threads(struct vl_http_server *server, struct vl_err *err)
{
    unsigned n = server->options.threads ? server->options.threads : 4 + processors();
    n = n > HANDLERS_MAX ? HANDLERS_MAX : n;
    for (; server->n_handlers < n; server->n_handlers++) {
        int e = pthread_create(&server->handlers[server->n_handlers], NULL, handler_main, server);
        if (e)
            return vl_err_sys(err, e, "a thread of the HTTP server");
    }
    int e = pthread_create(&server->sweeper, NULL, sweeper_main, server);
    server->sweeps = e == 0;
    return e ? vl_err_sys(err, e, "a thread of the HTTP server") : 0;
}

int vl_http_server_start(
    const struct vl_http_server_options *options, struct vl_http_server **ret, struct vl_err *err)
{
    struct vl_http_server *server = calloc(1, sizeof(*server));
    if (!server)
        return vl_err_nomem(err);
    server->options = *options;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->work, NULL);
    pthread_cond_init(&server->idle, NULL);
    pthread_cond_init(&server->sweep, NULL);
    int r = 0;
    if (options->certificate_pem.len)
        r = vl_http_tls_new(options->certificate_pem, options->key_pem, &server->tls, err);
    if (r >= 0 && options->client_ca_pem.len) {
        server->client_ca = strndup(options->client_ca_pem.ptr, options->client_ca_pem.len);
        r = server->client_ca ? 0 : vl_err_nomem(err);
    }
    if (r >= 0)
        r = start_threads(server, err);
    if (r >= 0)
        r = listen_all(server, err);
    if (r < 0) {
        vl_http_server_stop(server, 0);
        return r;
    }
    *ret = server;
    return 0;
}

/* Calls under way have their time; streams are told to end. */
static void wind_down(struct vl_http_server *server, int grace_ms)
{
    struct timespec until;
    for (unsigned i = 0; i < server->n_daemons; i++) {
        MHD_socket fd = MHD_quiesce_daemon(server->daemons[i]);
        if (fd != MHD_INVALID_SOCKET)
            close(fd);
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += grace_ms / 1000;
    until.tv_nsec += (long)(grace_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&server->lock);
    /* One that is in the list is attached, and lives until its connection takes this lock. */
    server->stopping_streams = true;
    for (unsigned i = 0; i < server->n_streams; i++)
        vl_http_stream_end(server->streams[i]);
    for (int e = 0; server->active && e == 0;)
        e = pthread_cond_timedwait(&server->idle, &server->lock, &until);
    server->stopping = true;
    pthread_cond_broadcast(&server->work);
    pthread_cond_broadcast(&server->sweep);
    pthread_mutex_unlock(&server->lock);
}

void vl_http_server_stop(struct vl_http_server *server, int grace_ms)
{
    if (!server)
        return;
    wind_down(server, grace_ms);
    /* Handlers that are still at work end first: each resumes its connection, without which the daemons
     * cannot stop. */
    for (unsigned i = 0; i < server->n_handlers; i++)
        pthread_join(server->handlers[i], NULL);
    if (server->sweeps)
        pthread_join(server->sweeper, NULL);
    for (unsigned i = 0; i < server->n_daemons; i++)
        MHD_stop_daemon(server->daemons[i]);
    vl_http_tls_free(server->tls);
    free(server->client_ca);
    pthread_cond_destroy(&server->work);
    pthread_cond_destroy(&server->idle);
    pthread_cond_destroy(&server->sweep);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

uint16_t vl_http_server_port(const struct vl_http_server *server)
{
    return server->port;
}

int vl_http_server_swap_certificate(
    struct vl_http_server *server, struct vl_span certificate_pem, struct vl_span key_pem, struct vl_err *err)
{
    if (!server->tls)
        return vl_err_set(err, VL_ERR_USAGE, "the server speaks plain HTTP: it has no certificate to swap");
    return vl_http_tls_swap(server->tls, certificate_pem, key_pem, err);
}

void vl_http_server_count(const struct vl_http_server *server, struct vl_http_server_counts *ret)
{
    struct vl_http_server *s = (struct vl_http_server *)(uintptr_t)server;
    pthread_mutex_lock(&s->lock);
    *ret = s->counts;
    pthread_mutex_unlock(&s->lock);
}
