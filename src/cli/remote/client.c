#include "remote/client.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "codec/digest.h"
#include "codec/doc_write.h"
#include "net/http_client.h"
#include "remote/contexts.h"

#define ARENA_MAX  (4UL * 1024 * 1024)
#define ERROR_MAX  4096
#define URL_MAX    8192
#define SECRET_MAX 4096
#define PEM_MAX    (256UL * 1024)
#define TOTAL_MS   300000L /* of one call */
#define BEGIN_CERT "-----BEGIN CERTIFICATE-----"
#define END_CERT   "-----END CERTIFICATE-----"
#define PAGE_ITEMS "1000" /* the most that the server gives at once */
#define PAGES_MAX  100000U

struct vl_cli_client {
    struct vl_http_client *http;
    struct vl_arena *arena;
    const char *server, *environment;
    const char *authorization; /* "Bearer …", or NULL */
    const char *ca_pem;        /* of its connections; or NULL */
    bool insecure;
};

bool vl_cli_server_option(struct vl_cli_server *server, int key, const char *arg)
{
    switch (key) {
    case VL_CLI_KEY_SERVER:
        server->server = arg;
        return true;
    case VL_CLI_KEY_CONTEXT:
        server->context = arg;
        return true;
    case VL_CLI_KEY_ENVIRONMENT:
        server->environment = arg;
        return true;
    case VL_CLI_KEY_TOKEN_FILE:
        server->token_file = arg;
        return true;
    case VL_CLI_KEY_SERVER_CA:
        server->ca_file = arg;
        return true;
    default:
        return false;
    }
}

void vl_cli_url_escape(struct vl_buf *out, struct vl_span text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain =
            vl_char_is_letter(c) || vl_char_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            vl_buf_append_char(out, (char)c);
            continue;
        }
        vl_buf_append_char(out, '%');
        vl_buf_append_char(out, digits[c >> 4]);
        vl_buf_append_char(out, digits[c & 15]);
    }
}

void vl_cli_url_param(struct vl_buf *url, const char *name, const char *value)
{
    if (!value)
        return;
    vl_buf_append_char(url, vl_span_find_char(vl_buf_span(url), '?') == SIZE_MAX ? '?' : '&');
    vl_buf_append_str(url, name);
    vl_buf_append_char(url, '=');
    vl_cli_url_escape(url, vl_span_str(value));
}

int vl_cli_server_url(const char *text, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_span s = vl_span_trim(vl_span_str(text));
    const char *scheme = "";
    while (vl_span_ends_with(s, "/"))
        s.len--;
    if (vl_span_find(s, VL_SPAN_LIT("://")) == SIZE_MAX)
        scheme = "https://";
    else if (vl_span_starts_with(s, "http://"))
        return vl_err_set(err, VL_ERR_USAGE, "%s: vallumd is reached by https alone", text);
    else if (!vl_span_starts_with(s, "https://"))
        return vl_err_set(err, VL_ERR_USAGE, "%s: is no address of a server; https://HOST:PORT is", text);
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == '@' || s.ptr[i] == '?' || s.ptr[i] == '#')
            return vl_err_set(err, VL_ERR_USAGE, "%s: is no address of a server; https://HOST:PORT is", text);
    if (!s.len || vl_span_eq_str(s, "https:"))
        return vl_err_set(err, VL_ERR_USAGE, "the address of a server is empty");
    const char *url = vl_arena_printf(arena, "%s%.*s", scheme, VL_SPAN_FMT(s));
    if (!url)
        return vl_err_nomem(err);
    *ret = url;
    return 0;
}

int vl_cli_fingerprint(struct vl_span pem, char ret[72], struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf der;
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    vl_buf_init(&der, PEM_MAX);
    size_t from = vl_span_find(pem, VL_SPAN_LIT(BEGIN_CERT));
    struct vl_span body =
        from == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(pem, from + strlen(BEGIN_CERT), pem.len);
    body = vl_span_slice(body, 0, vl_span_find(body, VL_SPAN_LIT(END_CERT)));
    VL_CLEANUP(vl_buf_done) struct vl_buf base64;
    vl_buf_init(&base64, PEM_MAX);
    for (size_t i = 0; i < body.len; i++)
        if (!vl_char_is_blank(body.ptr[i]))
            vl_buf_append_char(&base64, body.ptr[i]);
    if (!base64.len || base64.failed || !vl_base64_decode(vl_buf_span(&base64), &der) || der.failed)
        return vl_err_set(err, VL_ERR_INVALID, "what should be a certificate in PEM form is none");
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&der), &digest);
    (void)snprintf(ret, 72, "%s", vl_digest_format(&digest, text));
    return 0;
}

int vl_cli_read_secret(const char *path, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, SECRET_MAX);
    int r = vl_file_read(path, SECRET_MAX, &text, err);
    if (r < 0)
        return r;
    struct vl_span line = vl_buf_span(&text);
    line = vl_span_slice(line, 0, vl_span_find_char(line, '\n'));
    if (vl_span_ends_with(line, "\r"))
        line.len--;
    if (!line.len)
        return vl_err_set(err, VL_ERR_USAGE, "%s: is empty", path);
    *ret = vl_arena_dup_span(arena, line);
    return *ret ? 0 : vl_err_nomem(err);
}

int vl_cli_read_pem(const char *path, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    char fingerprint[72];
    vl_buf_init(&text, PEM_MAX);
    int r = vl_file_read(path, PEM_MAX, &text, err);
    if (r >= 0)
        r = vl_cli_fingerprint(vl_buf_span(&text), fingerprint, err);
    if (r < 0)
        return vl_err_wrap(err, "%s", path);
    *ret = vl_arena_dup_span(arena, vl_buf_span(&text));
    return *ret ? 0 : vl_err_nomem(err);
}

static int start(
    struct vl_cli_client *c, const char *ca_pem, bool insecure, const char *token, struct vl_err *err)
{
    const struct vl_http_options options = {
        .ca_pem = ca_pem, .insecure = insecure, .total_timeout_ms = TOTAL_MS};
    c->ca_pem = ca_pem ? vl_arena_strdup(c->arena, ca_pem) : NULL;
    c->insecure = insecure;
    if (token)
        c->authorization = vl_arena_printf(c->arena, "Bearer %s", token);
    int r = vl_arena_check(c->arena, "the connection", err);
    return r < 0 ? r : vl_http_client_new(&options, &c->http, err);
}

void vl_cli_client_cleanup(struct vl_cli_client **client)
{
    struct vl_cli_client *c = *client;
    if (!c)
        return;
    vl_http_client_free(c->http);
    vl_arena_free(c->arena);
    free(c);
    *client = NULL;
}

static struct vl_cli_client *client_alloc(void)
{
    struct vl_cli_client *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->arena = vl_arena_new(ARENA_MAX);
    if (c->arena)
        return c;
    free(c);
    return NULL;
}

int vl_cli_client_new(const char *server, const char *ca_pem, bool insecure, const char *token,
    struct vl_cli_client **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *c = client_alloc();
    if (!c)
        return vl_err_nomem(err);
    c->server = vl_arena_strdup(c->arena, server);
    int r = start(c, ca_pem, insecure, token, err);
    if (r < 0)
        return r; /* NOLINT(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
    *ret = c;
    c = NULL;
    return 0;
}

/* A context's token goes to its own server alone. */
static const struct vl_cli_context *context_of(
    struct vl_cli_contexts *contexts, const struct vl_cli_server *from, const char *server)
{
    const struct vl_cli_context *c = vl_cli_context_find(contexts, from->context);
    if (!server || (c && strcmp(c->server, server) == 0))
        return c;
    for (size_t i = 0; !from->context && i < contexts->n; i++)
        if (strcmp(contexts->items[i].server, server) == 0)
            return &contexts->items[i];
    return NULL;
}

/* What a context gives; where there is none, *ret stays what it is. */
static int settle_context(struct vl_cli_client *c, const struct vl_cli_server *from,
    const struct vl_cli_context **ret, struct vl_err *err)
{
    struct vl_cli_contexts *contexts = vl_arena_alloc(c->arena, sizeof(*contexts));
    const char *wanted = NULL;
    int r = contexts ? 0 : vl_err_nomem(err);
    if (r >= 0 && from->server)
        r = vl_cli_server_url(from->server, c->arena, &wanted, err);
    if (r >= 0)
        r = vl_cli_contexts_load(c->arena, contexts, err);
    if (r < 0)
        return r;
    const struct vl_cli_context *context = context_of(contexts, from, wanted);
    if (from->context && !context)
        return vl_err_set(err, VL_ERR_USAGE, "there is no context '%s'%s; 'vallum context list' tells which",
            from->context, wanted ? " of that server" : "");
    if (context)
        *ret = context;
    c->server = wanted ? wanted : (*ret)->server;
    c->environment = from->environment ? from->environment : (*ret)->environment;
    return c->server ? 0
                     : vl_err_set(err, VL_ERR_USAGE,
                           "no server is known: 'vallum login URL' first, or --server and VALLUM_TOKEN");
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int settle(struct vl_cli_client *c, const struct vl_cli_server *from, const char **ret_token,
    const char **ret_ca, struct vl_err *err)
{
    static const struct vl_cli_context none = {0};
    const struct vl_cli_context *context = &none;
    const char *token = variable("VALLUM_TOKEN");
    const char *ca_file = from->ca_file ? from->ca_file : variable("VALLUM_CA_FILE");
    int r = settle_context(c, from, &context, err);
    if (r < 0)
        return r;
    *ret_ca = context->ca;
    *ret_token = token ? token : context->token;
    if (ca_file)
        r = vl_cli_read_pem(ca_file, c->arena, ret_ca, err);
    if (r >= 0 && from->token_file)
        r = vl_cli_read_secret(from->token_file, c->arena, ret_token, err);
    if (r >= 0 && !*ret_token)
        return vl_err_set(err, VL_ERR_AUTH, "not logged in to %s: 'vallum login %s', or VALLUM_TOKEN",
            c->server, c->server);
    return r < 0 ? r : 0;
}

int vl_cli_client_open(const struct vl_cli_server *server, struct vl_cli_client **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *c = client_alloc();
    const char *token = NULL;
    const char *ca = NULL;
    if (!c)
        return vl_err_nomem(err);
    int r = settle(c, server, &token, &ca, err);
    if (r >= 0)
        r = start(c, ca, false, token, err);
    if (r < 0)
        return r; /* NOLINT(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
    *ret = c;
    c = NULL;
    return 0;
}

const char *vl_cli_client_server(const struct vl_cli_client *client)
{
    return client->server;
}

const char *vl_cli_client_environment(const struct vl_cli_client *client)
{
    return client->environment;
}

static enum vl_err_code code_of(long status, struct vl_span name)
{
    switch (status) {
    case 401:
    case 403:
        return VL_ERR_AUTH;
    case 404:
    case 410:
        return VL_ERR_NOT_FOUND;
    case 409:
    case 412:
        return vl_span_eq_str(name, "unsupported") ? VL_ERR_UNSUPPORTED : VL_ERR_CONFLICT;
    case 500:
        return VL_ERR_SYSTEM;
    default:
        return status >= 500 || status == 429 ? VL_ERR_UNREACHABLE : VL_ERR_INVALID;
    }
}

/* The server's own words (RFC 9457), fit for a terminal. */
static int server_error(const struct vl_cli_client *c, const struct vl_http_response *response,
    struct vl_span said, struct vl_err *err)
{
    struct vl_err ignored = VL_ERR_INIT;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 4UL * ERROR_MAX);
    if (vl_doc_parse(said, VL_DOC_JSON, "answer", &doc, &ignored) < 0)
        return vl_http_status_error(response, said, err);
    const struct vl_doc_node *root = vl_doc_root(doc);
    vl_text_append_printable(&text, vl_doc_get_str(root, "detail"));
    if (!text.len)
        return vl_http_status_error(response, said, err);
    enum vl_err_code code = code_of(response->status, vl_doc_get_str(root, "code"));
    if (response->status == 401 && c->authorization)
        return vl_err_set(
            err, code, "%s (the token is no longer good: 'vallum login %s')", vl_buf_str(&text), c->server);
    return vl_err_set(err, code, "%s%s", vl_buf_str(&text),
        response->status == 403 ? " (your role does not allow it)" : "");
}

static int append(
    struct vl_span piece, const struct vl_http_response *response VL_UNUSED, void *user, struct vl_err *err)
{
    struct vl_buf *out = user;
    vl_buf_append_span(out, piece);
    return vl_buf_check(out, "the answer", err);
}

int vl_cli_client_raw(struct vl_cli_client *client, const char *method, const char *path, struct vl_span body,
    struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    static const struct vl_http_header headers[] = {{"Content-Type", "application/json"}};
    vl_buf_init(&said, ERROR_MAX);
    vl_buf_init(&url, URL_MAX);
    vl_buf_printf(&url, "%s/api/v1%s", client->server, path);
    int r = vl_buf_check(&url, "the address", err);
    if (r < 0)
        return r;
    const struct vl_http_request request = {
        .method = method,
        .url = vl_buf_str(&url),
        .headers = headers,
        .n_headers = body.len ? 1 : 0,
        .body = body,
        .body_fd = -1,
        .authorization = client->authorization,
        .max_bytes = VL_CLI_ANSWER_MAX,
        .no_redirects = true,
    };
    r = vl_http_perform(client->http, &request, append, out, &said, &response, err);
    if (r < 0)
        return r;
    return response.status >= 300 ? server_error(client, &response, vl_buf_span(&said), err) : 0;
}

struct stream {
    int (*piece)(struct vl_span piece, void *user, struct vl_err *err);
    void *user;
};

static int pass(struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    const struct stream *s = user;
    return response->status >= 300 || piece.len == 0 ? 0 : s->piece(piece, s->user, err);
}

int vl_cli_client_stream(struct vl_cli_client *client, const char *path, const char *last, long most_ms,
    int (*piece)(struct vl_span piece, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_http_client_cleanup) struct vl_http_client *http = NULL;
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    const struct vl_http_options options = {.ca_pem = client->ca_pem,
        .insecure = client->insecure,
        .stall_timeout_ms = 2 * most_ms,
        .total_timeout_ms = most_ms};
    const struct vl_http_header headers[] = {{"Accept", "text/event-stream"}, {"Last-Event-ID", last}};
    struct stream stream = {piece, user};
    vl_buf_init(&said, ERROR_MAX);
    vl_buf_init(&url, URL_MAX);
    vl_buf_printf(&url, "%s/api/v1%s", client->server, path);
    vl_cli_url_param(&url, "environment", client->environment);
    int r = vl_buf_check(&url, "the address", err);
    if (r >= 0)
        r = vl_http_client_new(&options, &http, err);
    if (r < 0)
        return r;
    const struct vl_http_request request = {.method = "GET",
        .url = vl_buf_str(&url),
        .headers = headers,
        .n_headers = last[0] ? 2 : 1,
        .body_fd = -1,
        .authorization = client->authorization,
        .max_bytes = VL_CLI_ANSWER_MAX,
        .no_redirects = true};
    r = vl_http_perform(http, &request, pass, &stream, &said, &response, err);
    if (r < 0)
        return r;
    return response.status >= 300 ? server_error(client, &response, vl_buf_span(&said), err) : 0;
}

int vl_cli_client_call(struct vl_cli_client *client, const char *method, const char *path,
    struct vl_span body, struct vl_doc **ret_doc, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf answer;
    vl_buf_init(&answer, VL_CLI_ANSWER_MAX);
    *ret_doc = NULL;
    int r = vl_cli_client_raw(client, method, path, body, &answer, err);
    if (r < 0 || !vl_span_trim(vl_buf_span(&answer)).len)
        return r;
    return vl_doc_parse(vl_buf_span(&answer), VL_DOC_JSON, "the server's answer", ret_doc, err);
}

/* Appends the items of one page; *ret_next is NULL after the last. */
static int one_page(struct vl_cli_client *client, const char *path, const char *cursor, struct vl_json *json,
    uint64_t *left, struct vl_buf *next, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, URL_MAX);
    vl_buf_append_str(&url, path);
    vl_cli_url_param(&url, "limit", PAGE_ITEMS);
    vl_cli_url_param(&url, "cursor", *cursor ? cursor : NULL);
    int r = vl_buf_check(&url, "the address", err);
    if (r >= 0)
        r = vl_cli_client_call(client, "GET", vl_buf_str(&url), VL_SPAN_EMPTY, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    const struct vl_doc_node *items = vl_doc_is(root, VL_DOC_ARRAY) ? root : vl_doc_get(root, "items");
    if (!vl_doc_is(items, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "the server's answer to %s is no list", path);
    for (const struct vl_doc_node *n = vl_doc_first(items); n && *left; n = vl_doc_next(n), --*left)
        vl_doc_write(n, json);
    vl_buf_clear(next);
    if (*left)
        vl_buf_append_span(next, vl_doc_get_str(root, "next"));
    return vl_buf_check(next, "the cursor", err);
}

int vl_cli_client_list(struct vl_cli_client *client, const char *path, uint64_t max,
    struct vl_doc **ret_array, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf all;
    VL_CLEANUP(vl_buf_done) struct vl_buf next;
    VL_CLEANUP(vl_buf_done) struct vl_buf cursor;
    struct vl_json json;
    uint64_t left = max ? max : UINT64_MAX;
    unsigned pages = 0;
    int r;
    vl_buf_init(&all, VL_CLI_ITEMS_MAX);
    vl_buf_init(&next, URL_MAX);
    vl_buf_init(&cursor, URL_MAX);
    vl_json_init(&json, &all, false);
    vl_json_array(&json);
    do {
        vl_buf_clear(&cursor);
        vl_buf_append_span(&cursor, vl_buf_span(&next));
        r = ++pages > PAGES_MAX ? vl_err_set(err, VL_ERR_LIMIT, "%s: a list without an end", path)
                                : one_page(client, path, vl_buf_str(&cursor), &json, &left, &next, err);
    } while (r >= 0 && next.len);
    vl_json_array_end(&json);
    if (r >= 0)
        r = vl_json_check(&json, "the list", err);
    return r < 0 ? r : vl_doc_parse(vl_buf_span(&all), VL_DOC_JSON, "the list", ret_array, err);
}
