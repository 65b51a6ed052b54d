/* One request to a registry: where to, as whom, and whether to try again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/text.h"
#include "codec/doc.h"
#include "registry.h"

#define AUTH_ROUNDS    2 /* an expired token, then its successor */
#define SCRATCH_MAX    (1024UL * 1024)
#define ERROR_BODY_MAX 4096UL
#define MESSAGE_SHOWN  200

static int take_client(struct vl_registry *r, struct vl_http_client **ret, struct vl_err *err)
{
    struct vl_http_client *c = NULL;
    pthread_mutex_lock(&r->lock);
    if (r->n_idle)
        c = r->idle[--r->n_idle];
    pthread_mutex_unlock(&r->lock);
    if (!c)
        return vl_http_client_new(&r->http, ret, err);
    *ret = c;
    return 0;
}

static void give_client(struct vl_registry *r, struct vl_http_client *c)
{
    pthread_mutex_lock(&r->lock);
    if (r->n_idle < VL_REGISTRY_CLIENTS) {
        r->idle[r->n_idle++] = c;
        c = NULL;
    }
    pthread_mutex_unlock(&r->lock);
    vl_http_client_free(c);
}

/* {"errors":[{"code":"…","message":"…"}]} in place of its JSON. */
static int status_error(
    const struct vl_http_response *response, const struct vl_buf *said, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err ignored = VL_ERR_INIT;
    vl_buf_init(&text, ERROR_BODY_MAX);
    if (vl_doc_parse(vl_buf_span(said), VL_DOC_JSON, "error", &doc, &ignored) == 0) {
        const struct vl_doc_node *first = vl_doc_first(vl_doc_get(vl_doc_root(doc), "errors"));
        struct vl_span message = vl_doc_get_str(first, "message");
        vl_buf_append_span(&text, vl_doc_get_str(first, "code"));
        if (message.len)
            vl_buf_printf(&text, " %.*s", VL_SPAN_FMT(vl_span_slice(message, 0, MESSAGE_SHOWN)));
    }
    int r = vl_http_status_error(response, text.len ? vl_buf_span(&text) : vl_buf_span(said), err);
    uint64_t seconds;
    if (response->status == 429) {
        bool told = vl_span_to_u64(vl_span_str(vl_http_response_header(response, "retry-after")), &seconds);
        char pause[64] = "";
        if (told)
            (void)snprintf(pause, sizeof(pause), " for %llu s", (unsigned long long)seconds);
        r = vl_err_wrap(err, "the registry asks for a pause%s; who logs in may have a higher limit", pause);
    }
    return r;
}

/* What all rounds of one call share. */
struct round {
    struct vl_registry *registry;
    struct vl_endpoint *at;
    const struct vl_registry_call *call;
    struct vl_http_client *client;
    struct vl_arena *arena;
    const char *scope;
    struct vl_buf said;
};

static int send_one(
    struct round *s, const char *authorization, struct vl_http_response *ret, struct vl_err *err)
{
    const struct vl_registry_call *c = s->call;
    struct vl_http_header headers[2];
    struct vl_http_request q = {
        .method = c->method,
        .headers = headers,
        .body = c->body,
        .body_fd = -1,
        .authorization = authorization,
        .max_bytes = c->max_bytes,
        .resume_from = c->resume_from,
    };
    const char *scheme = s->at->plain ? "http" : "https";
    q.url = c->url    ? c->url
            : c->root ? vl_arena_printf(s->arena, "%s://%s/v2/%s", scheme, s->at->host, c->root)
                      : vl_arena_printf(
                            s->arena, "%s://%s/v2/%s/%s", scheme, s->at->host, s->at->repository, c->path);
    if (!q.url)
        return vl_err_nomem(err);
    if (c->accept)
        headers[q.n_headers++] = (struct vl_http_header){"Accept", c->accept};
    if (c->content_type)
        headers[q.n_headers++] = (struct vl_http_header){"Content-Type", c->content_type};
    vl_buf_clear(&s->said);
    return vl_http_perform(s->client, &q, c->on_body, c->user, &s->said, ret, err);
}

/* https first. What listens on loopback, or was allowed to be insecure, may speak plain http. */
static int send_somehow(
    struct round *s, const char *authorization, struct vl_http_response *ret, struct vl_err *err)
{
    struct vl_endpoint *at = s->at;
    int r = send_one(s, authorization, ret, err);
    if (r == 0) {
        at->reached = true;
        return 0;
    }
    if (at->reached || at->plain || s->call->url || err->code != VL_ERR_UNREACHABLE ||
        !(at->loopback || s->registry->insecure))
        return r;
    struct vl_err plain = VL_ERR_INIT;
    at->plain = true;
    r = send_one(s, authorization, ret, &plain);
    /* A plain answer "400, this is https" proves the first error right. */
    if (r == 0 && ret->status != 400) {
        at->reached = true;
        vl_err_clear(err);
        return 0;
    }
    if (r < 0 && plain.code != VL_ERR_UNREACHABLE && plain.code != VL_ERR_INVALID) {
        at->reached = true; /* it spoke HTTP: what went wrong then is what went wrong */
        *err = plain;
        return r;
    }
    at->plain = false;
    if (r == 0)
        vl_http_response_done(ret);
    return err->err;
}

static int with_authentication(struct round *s, struct vl_http_response *ret, struct vl_err *err)
{
    for (unsigned round = 0;; round++) {
        const char *authorization = NULL;
        int r = vl_auth_header(s->at->auth, s->scope, s->arena, &authorization, err);
        if (r == 0)
            r = send_somehow(s, authorization, ret, err);
        if (r < 0)
            return r;
        if (ret->status != 401)
            return 0;
        struct vl_http_response challenge = *ret;
        *ret = (struct vl_http_response){0};
        if (round == AUTH_ROUNDS)
            r = status_error(&challenge, &s->said, err);
        else
            r = vl_auth_answer(s->at->auth, s->client, s->scope, authorization, &challenge, err);
        vl_http_response_done(&challenge);
        if (r < 0)
            return r;
    }
}

int vl_registry_once(struct vl_registry *r, struct vl_endpoint *at, const struct vl_registry_call *call,
    struct vl_http_response *ret, struct vl_err *err)
{
    struct vl_http_response response = {0};
    struct round s = {.registry = r, .at = at, .call = call, .arena = vl_arena_new(SCRATCH_MAX)};
    vl_buf_init(&s.said, ERROR_BODY_MAX);
    if (!s.arena)
        return vl_err_nomem(err);
    s.scope = call->scope ? vl_arena_strdup(s.arena, call->scope)
                          : vl_arena_printf(
                                s.arena, "repository:%s:pull%s", at->repository, call->push ? ",push" : "");
    int e = s.scope ? take_client(r, &s.client, err) : vl_err_nomem(err);
    if (e == 0) {
        e = with_authentication(&s, &response, err);
        give_client(r, s.client);
    }
    if (e == 0 && response.status >= 400 && !call->any_status)
        e = status_error(&response, &s.said, err);
    /* The caller sees status and headers (Retry-After) of a failure too. */
    *ret = response;
    vl_buf_done(&s.said);
    vl_arena_free(s.arena);
    return e;
}

bool vl_registry_worth_retry(const struct vl_endpoint *at, const struct vl_http_response *response,
    const struct vl_err *err, unsigned tried, unsigned *ret_wait_ms)
{
    uint64_t seconds;
    *ret_wait_ms = at->pause_ms << (tried * 2 > 6 ? 6 : tried * 2);
    if (response->status == 429 || response->status >= 500) {
        struct vl_span after = vl_span_str(vl_http_response_header(response, "retry-after"));
        if (!vl_span_to_u64(after, &seconds))
            return true;
        *ret_wait_ms = seconds > VL_REGISTRY_WAIT_MAX ? 0 : (unsigned)seconds * 1000;
        return seconds <= VL_REGISTRY_WAIT_MAX;
    }
    if (response->status >= 400)
        return false;
    /* Who never answered is not there; who did may have lost a connection. No time cures TLS. */
    return err->code == VL_ERR_UNREACHABLE && err->err != -EPROTO && at->reached;
}

void vl_registry_wait(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

int vl_registry_call(struct vl_registry *r, struct vl_endpoint *at, const struct vl_registry_call *call,
    struct vl_http_response *ret, struct vl_err *err)
{
    for (unsigned tried = 0;; tried++) {
        unsigned wait = 0;
        struct vl_http_response response = {0};
        struct vl_buf *out = call->user;
        size_t start = call->on_body == vl_registry_append ? out->len : 0;
        vl_err_clear(err);
        int e = vl_registry_once(r, at, call, &response, err);
        bool again = (e < 0 || response.status == 429 || response.status >= 500) &&
                     tried + 1 < VL_REGISTRY_TRIES &&
                     vl_registry_worth_retry(at, &response, err, tried, &wait);
        if (!again && e == 0) {
            *ret = response;
            return 0;
        }
        vl_http_response_done(&response);
        if (!again)
            return e;
        if (call->on_body == vl_registry_append)
            vl_buf_truncate(out, start);
        vl_registry_wait(wait);
    }
}

int vl_registry_append(
    struct vl_span piece, const struct vl_http_response *response VL_UNUSED, void *user, struct vl_err *err)
{
    struct vl_buf *out = user;
    vl_buf_append_span(out, piece);
    return vl_buf_check(out, "answer of the registry", err);
}

/* "a/b; charset=utf-8" without what follows the type. */
static struct vl_span media_type_of(const struct vl_http_response *response)
{
    struct vl_span type = vl_span_str(vl_http_response_header(response, "content-type"));
    return vl_span_trim(vl_span_slice(type, 0, vl_span_find_char(type, ';')));
}

int vl_registry_manifest(struct vl_registry *r, struct vl_endpoint *at, const char *reference,
    struct vl_buf *out, const char **ret_media_type, struct vl_err *err)
{
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    char path[VL_IMAGE_REFERENCE_MAX + 32];
    size_t start = out->len;
    if ((size_t)snprintf(path, sizeof(path), "manifests/%s", reference) >= sizeof(path))
        return vl_err_set(
            err, VL_ERR_LIMIT, "manifest: a reference of more than %d bytes", VL_IMAGE_REFERENCE_MAX);
    const struct vl_registry_call call = {
        .path = path,
        .accept = VL_MEDIA_OCI_INDEX ", " VL_MEDIA_DOCKER_LIST ", " VL_MEDIA_OCI_MANIFEST
                                     ", " VL_MEDIA_DOCKER_SCHEMA2,
        .max_bytes = VL_IMAGE_MANIFEST_MAX,
        .on_body = vl_registry_append,
        .user = out,
    };
    int e = vl_registry_call(r, at, &call, &response, err);
    if (e < 0)
        return e;
    if (vl_span_eq_nocase(media_type_of(&response), VL_SPAN_LIT("text/html")))
        return vl_err_set(err, VL_ERR_INVALID,
            "%s: answers with an HTML page: this is no registry, or a log-in page is in between",
            response.final_url);
    /* The server's word against the bytes it sent. */
    const char *said = vl_http_response_header(&response, "docker-content-digest");
    struct vl_digest known;
    if (said && vl_digest_parse(vl_span_str(said), &known)) {
        e = vl_image_check_digest(
            vl_span_slice(vl_buf_span(out), start, out->len), said, response.final_url, err);
        if (e < 0)
            return e;
    }
    *ret_media_type = vl_arena_dup_span(r->arena, media_type_of(&response));
    return *ret_media_type ? 0 : vl_err_nomem(err);
}
