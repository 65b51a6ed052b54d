#include "net/http_client.h"

#include <arpa/inet.h>
#include <ctype.h>
#define CURL_DISABLE_TYPECHECK /* its macros are in the way of pointers to functions of the same names */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lazy.h"
#include "base/text.h"
#include "base/time.h"
#include "base/vec.h"

#define CONNECT_TIMEOUT_MS 10000L
#define STALL_TIMEOUT_MS   30000L
#define TOTAL_TIMEOUT_MS   3600000L
#define STALL_BYTES        1024L /* a second */
#define MAX_BYTES          (1024UL * 1024)
#define ERROR_BODY_MAX     4096UL
#define DISCARD_MAX        (64UL * 1024) /* of bodies nobody wants; then the connection is dropped */
#define HEADERS_COUNT_MAX  2000
#define URL_MAX            (16UL * 1024)
#define CA_FILE_MAX        (16UL * 1024 * 1024)
#define USER_AGENT         "vallum/" VL_VERSION

/* The thirty shared libraries that libcurl brings cost more time than a whole scan of an image whose layers
 * are known, which needs no network at all. */
#define FUNCTIONS(F)       \
    F(curl_global_init)    \
    F(curl_easy_init)      \
    F(curl_easy_cleanup)   \
    F(curl_easy_reset)     \
    F(curl_easy_setopt)    \
    F(curl_easy_perform)   \
    F(curl_easy_strerror)  \
    F(curl_free)           \
    F(curl_slist_append)   \
    F(curl_slist_free_all) \
    F(curl_url)            \
    F(curl_url_cleanup)    \
    F(curl_url_dup)        \
    F(curl_url_get)        \
    F(curl_url_set)        \
    F(curl_version_info)
VL_LAZY_LIBRARY(libcurl, FUNCTIONS, "libcurl.so.4", "access to the network")

struct vl_http_client {
    CURL *easy;
    struct vl_arena *arena; /* copies of the options */
    struct vl_http_options options;
    struct vl_buf ca; /* the system's certificates and those of ca_file, PEM */
};

static int copy_options(struct vl_http_client *c, const struct vl_http_options *from, struct vl_err *err)
{
    struct vl_http_options *o = &c->options;
    const char **texts[] = {&o->ca_file, &o->client_cert, &o->proxy, &o->user_agent, &o->unix_socket};

    *o = from ? *from : (struct vl_http_options){0};
    if (o->ca_pem)
        vl_buf_append_str(&c->ca, o->ca_pem);
    o->ca_pem = NULL; /* `ca` has it */
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++)
        if (*texts[i])
            *texts[i] = vl_arena_strdup(c->arena, *texts[i]);
    o->user_agent = o->user_agent ? o->user_agent : USER_AGENT;
    o->connect_timeout_ms = o->connect_timeout_ms ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    o->stall_timeout_ms = o->stall_timeout_ms ? o->stall_timeout_ms : STALL_TIMEOUT_MS;
    o->total_timeout_ms = o->total_timeout_ms ? o->total_timeout_ms : TOTAL_TIMEOUT_MS;
    return vl_arena_check(c->arena, "options of the HTTP client", err);
}

/* CURLOPT_CAINFO would replace the system's certificates: both go into one text instead. */
static int load_ca(struct vl_http_client *c, struct vl_err *err)
{
    if (c->ca.len || !c->options.ca_file)
        return vl_buf_check(&c->ca, "certificates", err);
    const char *system = libcurl.curl_version_info(CURLVERSION_NOW)->cainfo;
    if (system && access(system, R_OK) == 0) {
        int r = vl_file_read(system, CA_FILE_MAX, &c->ca, err);
        if (r < 0)
            return r;
        vl_buf_append_char(&c->ca, '\n');
    }
    size_t own = c->ca.len;
    int r = vl_file_read(c->options.ca_file, CA_FILE_MAX, &c->ca, err);
    if (r < 0)
        return r;
    if (vl_span_find(vl_span_slice(vl_buf_span(&c->ca), own, c->ca.len),
            VL_SPAN_LIT("-----BEGIN CERTIFICATE-----")) == SIZE_MAX)
        return vl_err_set(err, VL_ERR_USAGE, "%s: holds no certificate in PEM form", c->options.ca_file);
    return vl_buf_check(&c->ca, c->options.ca_file, err);
}

int vl_http_client_new(const struct vl_http_options *options, struct vl_http_client **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_http_client_cleanup) struct vl_http_client *c = NULL;
    int r = libcurl_load(err);
    if (r < 0)
        return r;
    /* Counted and safe in threads since 7.84. Never taken back: libcurl keeps no state that outlives a
     * process. */
    if (libcurl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return vl_err_set(err, VL_ERR_SYSTEM, "libcurl cannot be started");
    c = calloc(1, sizeof(*c));
    if (!c)
        return vl_err_nomem(err);
    vl_buf_init(&c->ca, 2 * CA_FILE_MAX);
    c->arena = vl_arena_new(URL_MAX * 4);
    c->easy = libcurl.curl_easy_init();
    if (!c->arena || !c->easy)
        return vl_err_nomem(err);
    r = copy_options(c, options, err);
    if (r == 0)
        r = load_ca(c, err);
    if (r < 0)
        return r;
    *ret = c;
    c = NULL;
    return 0;
}

void vl_http_client_free(struct vl_http_client *client)
{
    if (!client)
        return;
    libcurl.curl_easy_cleanup(client->easy);
    vl_buf_done(&client->ca);
    vl_arena_free(client->arena);
    free(client);
}

void vl_http_client_cleanup(struct vl_http_client **client)
{
    vl_http_client_free(*client);
    *client = NULL;
}

void vl_http_response_done(struct vl_http_response *response)
{
    vl_arena_free(response->arena);
    *response = (struct vl_http_response){0};
}

const char *vl_http_response_header(const struct vl_http_response *response, const char *lower_name)
{
    for (size_t i = 0; i < response->n_headers; i++)
        if (strcmp(response->headers[i].name, lower_name) == 0)
            return response->headers[i].value;
    return NULL;
}

/* What tells two servers apart, and the URL as it is sent: without userinfo. */
struct target {
    CURLU *u;
    char *url; /* without userinfo */
    char *scheme, *host, *port;
    char *user, *password; /* of the URL; NULL where none */
};

static void target_done(struct target *t)
{
    libcurl.curl_url_cleanup(t->u);
    char *texts[] = {t->url, t->scheme, t->host, t->port, t->user, t->password};
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++)
        libcurl.curl_free(texts[i]);
    *t = (struct target){0};
}

/* `base` NULL, or what a relative `url` refers to. */
static int target_init(struct target *t, const struct target *base, const char *url, struct vl_err *err)
{
    *t = (struct target){.u = base ? libcurl.curl_url_dup(base->u) : libcurl.curl_url()};
    if (!t->u)
        return vl_err_nomem(err);
    if (!url || strlen(url) > URL_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "URL of more than %lu bytes", URL_MAX);
    CURLUcode bad =
        libcurl.curl_url_set(t->u, CURLUPART_URL, url, base ? CURLU_URLENCODE | CURLU_ALLOW_SPACE : 0);
    if (bad == CURLUE_OUT_OF_MEMORY)
        return vl_err_nomem(err);
    if (bad || libcurl.curl_url_get(t->u, CURLUPART_SCHEME, &t->scheme, 0) ||
        libcurl.curl_url_get(t->u, CURLUPART_HOST, &t->host, 0) ||
        libcurl.curl_url_get(t->u, CURLUPART_PORT, &t->port, CURLU_DEFAULT_PORT) ||
        (strcmp(t->scheme, "http") != 0 && strcmp(t->scheme, "https") != 0))
        return vl_err_set(err, VL_ERR_INVALID, "not a URL of http or https");
    (void)libcurl.curl_url_get(t->u, CURLUPART_USER, &t->user, CURLU_URLDECODE);
    (void)libcurl.curl_url_get(t->u, CURLUPART_PASSWORD, &t->password, CURLU_URLDECODE);
    /* curl sends userinfo of a URL to whatever host it names: it is taken out here and given by hand. */
    if (libcurl.curl_url_set(t->u, CURLUPART_USER, NULL, 0) ||
        libcurl.curl_url_set(t->u, CURLUPART_PASSWORD, NULL, 0) ||
        libcurl.curl_url_set(t->u, CURLUPART_FRAGMENT, NULL, 0) ||
        libcurl.curl_url_get(t->u, CURLUPART_URL, &t->url, 0))
        return vl_err_nomem(err);
    return 0;
}

static bool same_server(const struct target *a, const struct target *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(a->port, b->port) == 0;
}

bool vl_http_is_loopback(const char *host)
{
    struct vl_span name = vl_span_str(host);
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (vl_span_starts_with(name, "["))
        return strcmp(host, "[::1]") == 0 || strncmp(host, "[::1]:", 6) == 0;
    name = vl_span_slice(name, 0, vl_span_find_char(name, ':'));
    if (vl_span_eq_nocase(name, VL_SPAN_LIT("localhost")))
        return true;
    if (name.len >= sizeof(text) || !name.len)
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

/* The URL as messages show it: a query may hold a signature. */
static struct vl_span shown(const struct target *t)
{
    struct vl_span url = vl_span_str(t->url);
    return vl_span_slice(url, 0, vl_span_find_char(url, '?'));
}

/* One request and its answer on the way. */
struct transfer {
    struct vl_http_client *client;
    const struct vl_http_request *request;
    vl_http_body_fn *on_body;
    void *user;
    struct vl_buf *error_body;
    struct vl_err *err;
    const char *method; /* may become GET by a redirect */
    uint64_t max_bytes;
    int64_t deadline_us;
    off_t body_start; /* of body_fd */
    uint64_t body_sent;

    struct vl_http_response response;
    struct vl_vec headers; /* struct vl_http_header */
    size_t header_bytes;
    bool headers_done;
    bool redirecting;
    bool enough; /* we ended the transfer, content with what we have */
    uint64_t discarded;
    int failed; /* negative: *err is set */
    char message[CURL_ERROR_SIZE];
};

static void transfer_done(struct transfer *t)
{
    vl_vec_done(&t->headers);
    vl_http_response_done(&t->response);
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* What a libcurl callback returns to end the transfer. */
static size_t fail(struct transfer *t, int r)
{
    t->failed = r;
    return 0;
}

static int check_range(const struct transfer *t)
{
    if (t->response.status != 206 || !t->request->resume_from)
        return 0;
    const char *value = vl_http_response_header(&t->response, "content-range");
    struct vl_span rest = vl_span_str(value);
    struct vl_span from;
    uint64_t start;
    if (vl_span_starts_with(rest, "bytes ")) {
        rest = vl_span_slice(rest, 6, rest.len);
        if (vl_span_split(&rest, '-', &from) && vl_span_to_u64(vl_span_trim(from), &start) &&
            start == t->request->resume_from)
            return 0;
    }
    return vl_err_set(t->err, VL_ERR_INVALID, "answers a range other than the one asked for");
}

static int headers_complete(struct transfer *t)
{
    struct vl_http_response *r = &t->response;
    r->n_headers = t->headers.len;
    r->headers = vl_arena_array(r->arena, r->n_headers + 1, sizeof(*r->headers));
    if (!r->headers)
        return vl_err_nomem(t->err);
    if (r->n_headers)
        memcpy((void *)(uintptr_t)r->headers, t->headers.items, r->n_headers * sizeof(*r->headers));

    t->headers_done = true;
    t->redirecting =
        is_redirect(r->status) && !t->request->no_redirects && vl_http_response_header(r, "location") != NULL;
    if (t->redirecting || r->status >= 400)
        return 0;
    int ok = check_range(t);
    if (ok < 0)
        return ok;
    uint64_t length;
    if (strcmp(t->method, "HEAD") != 0 &&
        vl_span_to_u64(vl_span_str(vl_http_response_header(r, "content-length")), &length) &&
        length > t->max_bytes)
        return vl_err_set(
            t->err, VL_ERR_LIMIT, "answers with more than %llu bytes", (unsigned long long)t->max_bytes);
    return t->on_body ? t->on_body(VL_SPAN_EMPTY, r, t->user, t->err) : 0;
}

/* "HTTP/1.1 200 OK" or "HTTP/2 200": a new answer; the one before was 100 Continue or the like. */
static int take_status(struct transfer *t, struct vl_span line)
{
    struct vl_span part = VL_SPAN_EMPTY;
    uint64_t status = 0;
    (void)vl_span_split(&line, ' ', &part);
    (void)vl_span_split(&line, ' ', &part);
    if (!vl_span_to_u64(vl_span_trim(part), &status) || status < 100 || status > 999)
        return vl_err_set(t->err, VL_ERR_INVALID, "answers with a status line that is none");
    t->response.status = (long)status;
    t->headers.len = 0;
    return 0;
}

static int take_header(struct transfer *t, struct vl_span line)
{
    struct vl_span name;
    if (vl_span_find_char(line, ':') == SIZE_MAX || !vl_span_split(&line, ':', &name))
        return 0;
    struct vl_http_header *h = vl_vec_push(&t->headers, "headers of an answer", t->err);
    if (!h)
        return t->err->err;
    char *lower = vl_arena_dup_span(t->response.arena, vl_span_trim(name));
    h->value = vl_arena_dup_span(t->response.arena, vl_span_trim(line));
    if (!lower || !h->value)
        return vl_err_nomem(t->err);
    for (char *p = lower; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    h->name = lower;
    return 0;
}

static size_t on_header(char *ptr, size_t size, size_t count, void *user)
{
    struct transfer *t = user;
    size_t n = size * count;
    struct vl_span line = vl_span_trim((struct vl_span){ptr, n});

    if (t->headers_done) /* trailers */
        return n;
    t->header_bytes += n;
    int r = 0;
    if (t->header_bytes > VL_HTTP_HEADERS_MAX)
        r = vl_err_set(
            t->err, VL_ERR_LIMIT, "answers with headers of more than %lu bytes", VL_HTTP_HEADERS_MAX);
    else if (vl_span_starts_with(line, "HTTP/"))
        r = take_status(t, line);
    else if (line.len)
        r = take_header(t, line);
    else if (t->response.status >= 200)
        r = headers_complete(t);
    return r < 0 ? fail(t, r) : n;
}

/* Of a body that nobody reads to its end: false once it is not worth the keeping of the connection. */
static bool discard(struct transfer *t, size_t n)
{
    t->discarded += n;
    if (t->discarded > DISCARD_MAX)
        t->enough = true;
    return !t->enough;
}

static size_t on_write(char *ptr, size_t size, size_t count, void *user)
{
    struct transfer *t = user;
    size_t n = size * count;
    struct vl_http_response *r = &t->response;

    if (t->redirecting)
        return discard(t, n) ? n : 0;
    if (r->status >= 400) {
        struct vl_buf *to = t->error_body;
        size_t limit = to && to->max < ERROR_BODY_MAX ? to->max : ERROR_BODY_MAX;
        if (to && to->len < limit)
            vl_buf_append(to, ptr, n < limit - to->len ? n : limit - to->len);
        return discard(t, n) ? n : 0;
    }
    if (n > t->max_bytes - r->bytes) {
        return fail(t, vl_err_set(t->err, VL_ERR_LIMIT, "answers with more than %llu bytes",
                           (unsigned long long)t->max_bytes));
    }
    r->bytes += n;
    if (!t->on_body || n == 0)
        return n;
    int ok = t->on_body((struct vl_span){ptr, n}, r, t->user, t->err);
    return ok < 0 ? fail(t, ok) : n;
}

static size_t on_read(char *ptr, size_t size, size_t count, void *user)
{
    struct transfer *t = user;
    size_t room = size * count;
    uint64_t left = t->request->body_fd_length - t->body_sent;
    if (room > left)
        room = (size_t)left;
    if (room == 0)
        return 0;
    ssize_t n = pread(t->request->body_fd, ptr, room, t->body_start + (off_t)t->body_sent);
    if (n < 0)
        fail(t, vl_err_sys(t->err, errno, "reading what is to be sent"));
    else if (n == 0)
        fail(t, vl_err_set(t->err, VL_ERR_INVALID, "what is to be sent ends early"));
    else
        t->body_sent += (uint64_t)n;
    return n > 0 ? (size_t)n : CURL_READFUNC_ABORT;
}

static bool has_fd_body(const struct transfer *t)
{
    return strcmp(t->method, "PUT") == 0 && t->request->body.len == 0 && t->request->body_fd >= 0 &&
           t->request->body_fd_length > 0;
}

static void set_body(CURL *e, struct transfer *t)
{
    const struct vl_http_request *q = t->request;
    if (strcmp(t->method, "HEAD") == 0) {
        libcurl.curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    } else if (has_fd_body(t)) {
        libcurl.curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
        libcurl.curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
        libcurl.curl_easy_setopt(e, CURLOPT_READDATA, t);
        libcurl.curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->body_fd_length);
    } else if (strcmp(t->method, "POST") == 0 || strcmp(t->method, "PUT") == 0 ||
               strcmp(t->method, "PATCH") == 0) {
        libcurl.curl_easy_setopt(e, CURLOPT_POST, 1L);
        libcurl.curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
        libcurl.curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body.len ? q->body.ptr : "");
        libcurl.curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, t->method);
    } else if (strcmp(t->method, "GET") != 0) {
        libcurl.curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, t->method);
    }
}

static bool is_credential(const char *name)
{
    return strcasecmp(name, "authorization") == 0 || strcasecmp(name, "cookie") == 0 ||
           strcasecmp(name, "proxy-authorization") == 0;
}

static bool add_header(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = libcurl.curl_slist_append(*list, text);
    if (longer)
        *list = longer;
    return longer != NULL;
}

/* `trusted`: the server is the one the caller named. */
static int make_headers(const struct transfer *t, bool trusted, struct curl_slist **list, struct vl_err *err)
{
    const struct vl_http_request *q = t->request;
    VL_CLEANUP(vl_buf_done) struct vl_buf line;
    vl_buf_init(&line, VL_HTTP_HEADERS_MAX);

    /* curl would wait a second for "100 Continue", and call any body a form. */
    bool ok = add_header(list, "Expect:");
    bool typed = false;
    for (size_t i = 0; ok && i < q->n_headers; i++) {
        typed = typed || strcasecmp(q->headers[i].name, "content-type") == 0;
        if (!trusted && is_credential(q->headers[i].name))
            continue;
        vl_buf_clear(&line);
        vl_buf_printf(&line, "%s: %s", q->headers[i].name, q->headers[i].value);
        if (strpbrk(vl_buf_str(&line), "\r\n"))
            return vl_err_set(err, VL_ERR_INVALID, "header %s holds a line break", q->headers[i].name);
        ok = line.failed == 0 && add_header(list, vl_buf_str(&line));
    }
    if (ok && !typed)
        ok = add_header(list, "Content-Type:");
    if (ok && trusted && q->authorization) {
        vl_buf_clear(&line);
        vl_buf_printf(&line, "Authorization: %s", q->authorization);
        if (strpbrk(vl_buf_str(&line), "\r\n"))
            return vl_err_set(err, VL_ERR_INVALID, "the credentials hold a line break");
        ok = line.failed == 0 && add_header(list, vl_buf_str(&line));
    }
    return ok ? 0 : vl_err_nomem(err);
}

static void set_options(CURL *e, const struct vl_http_client *c, struct transfer *t)
{
    const struct vl_http_options *o = &c->options;
    int64_t left_ms = (t->deadline_us - vl_time_monotonic_us()) / 1000;

    libcurl.curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    libcurl.curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    libcurl.curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    libcurl.curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    libcurl.curl_easy_setopt(e, CURLOPT_USERAGENT, o->user_agent);
    libcurl.curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, o->connect_timeout_ms);
    libcurl.curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(left_ms > 1 ? left_ms : 1));
    libcurl.curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
    libcurl.curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (o->stall_timeout_ms + 999) / 1000);
    libcurl.curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 256L * 1024);
    libcurl.curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->message);
    libcurl.curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    libcurl.curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    libcurl.curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
    libcurl.curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    if (o->insecure) {
        libcurl.curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
        libcurl.curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (c->ca.len) {
        struct curl_blob blob = {.data = c->ca.ptr, .len = c->ca.len, .flags = CURL_BLOB_NOCOPY};
        libcurl.curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &blob);
    }
    if (o->unix_socket)
        libcurl.curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
    if (o->client_cert) {
        libcurl.curl_easy_setopt(e, CURLOPT_SSLCERT, o->client_cert);
        libcurl.curl_easy_setopt(e, CURLOPT_SSLKEY, o->client_cert);
    }
    if (t->request->resume_from) {
        char range[32];
        (void)snprintf(range, sizeof(range), "%llu-", (unsigned long long)t->request->resume_from);
        libcurl.curl_easy_setopt(e, CURLOPT_RANGE, range);
    }
}

static const char certificate_cure[] =
    "; trust its issuer (CA file), or allow an unverified connection on purpose (insecure)";

static const struct curl_failure {
    CURLcode code;
    enum vl_err_code kind;
    int errnum; /* 0: the default of `kind` */
    const char *cure;
} curl_failures[] = {
    {CURLE_OUT_OF_MEMORY, VL_ERR_MEMORY, 0, ""},
    {CURLE_URL_MALFORMAT, VL_ERR_INVALID, 0, ""},
    {CURLE_UNSUPPORTED_PROTOCOL, VL_ERR_INVALID, 0, ""},
    {CURLE_WEIRD_SERVER_REPLY, VL_ERR_INVALID, 0, ""},
    {CURLE_PEER_FAILED_VERIFICATION, VL_ERR_UNREACHABLE, EPROTO, certificate_cure},
    {CURLE_SSL_CONNECT_ERROR, VL_ERR_UNREACHABLE, EPROTO, ""},
    {CURLE_SSL_CACERT_BADFILE, VL_ERR_USAGE, 0, ""},
    {CURLE_SSL_CERTPROBLEM, VL_ERR_USAGE, 0, ""},
};

static int curl_error(const struct transfer *t, CURLcode code, struct vl_err *err)
{
    struct curl_failure f = {code, VL_ERR_UNREACHABLE, 0, ""};
    for (size_t i = 0; i < VL_ARRAY_LEN(curl_failures); i++)
        if (curl_failures[i].code == code)
            f = curl_failures[i];
    int r =
        vl_err_set(err, f.kind, "%s%s", *t->message ? t->message : libcurl.curl_easy_strerror(code), f.cure);
    if (f.errnum)
        r = err->err = -f.errnum;
    return r;
}

static void free_slist(struct curl_slist **list)
{
    libcurl.curl_slist_free_all(*list);
}

/* One hop. On success the response is complete, or the transfer says where to go next. */
static int perform_hop(struct transfer *t, const struct target *first, const struct target *at)
{
    struct vl_err *err = t->err;
    CURL *e = t->client->easy;
    bool trusted = same_server(first, at);
    VL_CLEANUP(free_slist) struct curl_slist *headers = NULL;

    vl_http_response_done(&t->response);
    t->response.arena = vl_arena_new(2 * VL_HTTP_HEADERS_MAX + URL_MAX * 4);
    if (!t->response.arena)
        return vl_err_nomem(err);
    t->headers.len = 0;
    t->header_bytes = 0;
    t->headers_done = t->redirecting = t->enough = false;
    t->discarded = t->body_sent = 0;
    t->response.final_url = vl_arena_strdup(t->response.arena, at->url);
    if (!t->response.final_url)
        return vl_err_nomem(err);

    int r = make_headers(t, trusted, &headers, err);
    if (r < 0)
        return r;
    libcurl.curl_easy_reset(e);
    set_options(e, t->client, t);
    libcurl.curl_easy_setopt(e, CURLOPT_URL, at->url);
    libcurl.curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    set_body(e, t);
    if (trusted && first->user && !t->request->authorization) {
        libcurl.curl_easy_setopt(e, CURLOPT_USERNAME, first->user);
        libcurl.curl_easy_setopt(e, CURLOPT_PASSWORD, first->password ? first->password : "");
    }
    /* As everywhere else, no proxy of the environment between a program and its own machine. */
    if (t->client->options.proxy)
        libcurl.curl_easy_setopt(e, CURLOPT_PROXY, t->client->options.proxy);
    else if (vl_http_is_loopback(at->host))
        libcurl.curl_easy_setopt(e, CURLOPT_PROXY, "");

    CURLcode code = libcurl.curl_easy_perform(e);
    if (t->failed)
        return t->failed;
    if (code != CURLE_OK && !t->enough)
        return curl_error(t, code, err);
    if (!t->headers_done)
        return vl_err_set(err, VL_ERR_INVALID, "gives no HTTP answer");
    return 0;
}

/* 303 asks for GET; for 301 and 302 after POST everybody does the same (RFC 9110, 15.4). */
static void change_method(struct transfer *t)
{
    bool post = strcmp(t->method, "POST") == 0;
    long s = t->response.status;
    if ((s == 303 && strcmp(t->method, "HEAD") != 0) || ((s == 301 || s == 302) && post))
        t->method = "GET";
}

static int follow(struct transfer *t, const struct target *at, struct target *ret_next)
{
    const char *location = vl_http_response_header(&t->response, "location");
    int r = target_init(ret_next, at, location, t->err);
    if (r < 0)
        return vl_err_wrap(t->err, "redirect");
    if (strcmp(at->scheme, "https") == 0 && strcmp(ret_next->scheme, "https") != 0)
        return vl_err_set(t->err, VL_ERR_INVALID, "redirects from https to plain http, which is refused");
    change_method(t);
    return 0;
}

static int run(struct transfer *t, const struct target *first, struct vl_err *err)
{
    VL_CLEANUP(target_done) struct target at = {0};
    int r = target_init(&at, NULL, first->url, err);
    for (unsigned hop = 0; r == 0; hop++) {
        r = perform_hop(t, first, &at);
        if (r < 0 || !t->redirecting)
            break;
        if (hop == VL_HTTP_REDIRECTS_MAX) {
            r = vl_err_set(err, VL_ERR_LIMIT, "redirects more than %d times", VL_HTTP_REDIRECTS_MAX);
            break;
        }
        VL_CLEANUP(target_done) struct target next = {0};
        r = follow(t, &at, &next);
        if (r == 0) {
            struct target old = at;
            at = next;
            next = old;
        }
    }
    return r < 0 ? vl_err_wrap(err, "%.*s", VL_SPAN_FMT(shown(at.url ? &at : first))) : 0;
}

int vl_http_perform(struct vl_http_client *client, const struct vl_http_request *request,
    vl_http_body_fn *on_body, void *user, struct vl_buf *error_body, struct vl_http_response *ret,
    struct vl_err *err)
{
    VL_CLEANUP(target_done) struct target first = {0};
    VL_CLEANUP(transfer_done)
    struct transfer t = {
        .client = client,
        .request = request,
        .on_body = on_body,
        .user = user,
        .error_body = error_body,
        .err = err,
        .method = request->method ? request->method : "GET",
        .max_bytes = request->max_bytes ? request->max_bytes : MAX_BYTES,
        .deadline_us = vl_time_monotonic_us() + client->options.total_timeout_ms * 1000,
    };
    vl_vec_init(&t.headers, sizeof(struct vl_http_header), HEADERS_COUNT_MAX);

    int r = target_init(&first, NULL, request->url, err);
    if (r < 0)
        return r;
    if (has_fd_body(&t)) {
        t.body_start = lseek(request->body_fd, 0, SEEK_CUR);
        if (t.body_start < 0)
            return vl_err_sys(err, errno, "%.*s: what is to be sent", VL_SPAN_FMT(shown(&first)));
    }
    r = run(&t, &first, err);
    if (r < 0)
        return r;
    *ret = t.response;
    t.response = (struct vl_http_response){0};
    return 0;
}

static const struct status_meaning {
    long status;
    enum vl_err_code code;
    const char *text;
} status_meanings[] = {
    {400, VL_ERR_INVALID, "bad request"},
    {401, VL_ERR_AUTH, "credentials wanted"},
    {403, VL_ERR_AUTH, "access denied"},
    {404, VL_ERR_NOT_FOUND, "not found"},
    {407, VL_ERR_AUTH, "the proxy wants credentials"},
    {410, VL_ERR_NOT_FOUND, "gone"},
    {429, VL_ERR_UNREACHABLE, "too many requests"},
};

int vl_http_status_error(
    const struct vl_http_response *response, struct vl_span error_body, struct vl_err *err)
{
    struct status_meaning m = {response->status, VL_ERR_UNREACHABLE, "the server failed"};
    if (response->status < 500)
        m.text = "refused";
    for (size_t i = 0; i < VL_ARRAY_LEN(status_meanings); i++)
        if (status_meanings[i].status == response->status)
            m = status_meanings[i];

    struct vl_span url = vl_span_str(response->final_url);
    url = vl_span_slice(url, 0, vl_span_find_char(url, '?'));
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    vl_buf_init(&said, ERROR_BODY_MAX * 4);
    vl_text_append_printable(&said, vl_span_slice(vl_span_trim(error_body), 0, 300));
    return vl_err_set(err, m.code, "%.*s: %s (HTTP %ld)%s%s", VL_SPAN_FMT(url), m.text, response->status,
        said.len ? ": " : "", vl_buf_str(&said));
}

static int append_body(
    struct vl_span piece, const struct vl_http_response *response VL_UNUSED, void *user, struct vl_err *err)
{
    struct vl_buf *out = user;
    vl_buf_append_span(out, piece);
    return vl_buf_check(out, "answer", err);
}

int vl_http_get(struct vl_http_client *client, const char *url, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    vl_buf_init(&said, ERROR_BODY_MAX);
    uint64_t room = out->max - out->len;
    struct vl_http_request request = {.url = url, .body_fd = -1, .max_bytes = room ? room : 1};
    int r = vl_http_perform(client, &request, append_body, out, &said, &response, err);
    if (r < 0)
        return r;
    return response.status >= 300 ? vl_http_status_error(&response, vl_buf_span(&said), err) : 0;
}
