#include "registry.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "codec/digest.h"

#define HUB     "docker.io"
#define HUB_API "registry-1.docker.io"

/* A pull that moves is not given up, but a trickle is no movement: a part of a small layer, or so much. */
#define FIRST_PAUSE_MS 300U
#define PROGRESS_MIN   (1024UL * 1024)        /* bytes that a try must bring not to count as failed */
#define PULL_TIME_MAX  (2 * 3600 * 1000000LL) /* microseconds for one layer, all tries together */

void vl_registry_free(void *state)
{
    struct vl_registry *r = state;
    for (size_t i = 0; i < r->n_endpoints; i++)
        vl_auth_free(r->endpoints[i].auth);
    for (size_t i = 0; i < r->n_idle; i++)
        vl_http_client_free(r->idle[i]);
    pthread_mutex_destroy(&r->lock);
    vl_arena_free(r->arena);
    free(r);
}

static int add_endpoint(struct vl_registry *r, const char *host, const char *repository,
    const struct vl_image_options *options, bool mirror, struct vl_err *err)
{
    struct vl_credentials c = {0};
    struct vl_endpoint *e = &r->endpoints[r->n_endpoints];
    int res = 0;
    /* What the user gave by hand is for the registry that was named, never for its mirrors. */
    bool by_hand = !mirror && (options->username || options->token);
    if (by_hand) {
        c.username = options->username ? vl_arena_strdup(r->arena, options->username) : NULL;
        c.password =
            options->username ? vl_arena_strdup(r->arena, options->password ? options->password : "") : NULL;
    } else {
        res = vl_credentials_find(options->auth_file, host, repository, r->arena, &c, err);
        if (res < 0)
            return res;
    }
    const char *token = by_hand && options->token ? vl_arena_strdup(r->arena, options->token) : NULL;
    e->loopback = vl_http_is_loopback(host);
    e->pause_ms = options->pause_ms ? options->pause_ms : FIRST_PAUSE_MS;
    e->host = vl_arena_strdup(r->arena, strcmp(host, HUB) == 0 ? HUB_API : host);
    e->repository = vl_arena_strdup(r->arena, repository);
    res = vl_arena_check(r->arena, "registry", err);
    if (res < 0)
        return res;
    e->auth = vl_auth_new(host, &c, token, e->loopback || r->insecure);
    if (!e->auth)
        return vl_err_nomem(err);
    r->n_endpoints++;
    return 0;
}

/* "docker.io=mirror.local:5000/hub" */
static int add_mirrors(struct vl_registry *r, const struct vl_image_options *options, struct vl_err *err)
{
    for (size_t i = 0; i < options->n_mirrors; i++) {
        const char *equals = strchr(options->mirrors[i], '=');
        if (!equals || !equals[1])
            return vl_err_set(
                err, VL_ERR_USAGE, "mirror '%s': not of the form registry=host[/path]", options->mirrors[i]);
        size_t len = (size_t)(equals - options->mirrors[i]);
        if (strlen(r->ref.registry) != len || strncmp(r->ref.registry, options->mirrors[i], len) != 0)
            continue;
        if (r->n_endpoints == VL_REGISTRY_MIRRORS)
            return vl_err_set(err, VL_ERR_LIMIT, "more than %d mirrors", VL_REGISTRY_MIRRORS);
        const char *slash = strchr(equals + 1, '/');
        const char *host =
            vl_arena_printf(r->arena, "%.*s", slash ? (int)(slash - equals - 1) : 1024, equals + 1);
        const char *repository = vl_arena_printf(
            r->arena, "%s%s%s", slash ? slash + 1 : "", slash && slash[1] ? "/" : "", r->ref.repository);
        if (!host || !repository)
            return vl_err_nomem(err);
        int res = add_endpoint(r, host, repository, options, true, err);
        if (res < 0)
            return res;
    }
    return 0;
}

int vl_registry_new(
    const char *rest, const struct vl_image_options *options, struct vl_registry **ret, struct vl_err *err)
{
    struct vl_registry *r = calloc(1, sizeof(*r));
    if (!r)
        return vl_err_nomem(err);
    if (pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r);
        return vl_err_nomem(err);
    }
    r->arena = vl_arena_new(VL_IMAGE_ARENA_MAX);
    r->insecure = options->insecure;
    int e =
        r->arena ? vl_image_reference_parse(vl_span_str(rest), r->arena, &r->ref, err) : vl_err_nomem(err);
    if (e == 0) {
        r->http = (struct vl_http_options){
            .ca_file = options->ca_file ? vl_arena_strdup(r->arena, options->ca_file) : NULL,
            .insecure = options->insecure,
            .stall_timeout_ms = options->stall_ms,
        };
        e = add_mirrors(r, options, err);
    }
    if (e == 0)
        e = add_endpoint(r, r->ref.registry, r->ref.repository, options, false, err);
    if (e < 0) {
        vl_registry_free(r);
        return e;
    }
    *ret = r;
    return 0;
}

/* Mirrors in turn, then the registry; its error is the one told. */
int vl_registry_first_manifest(
    struct vl_registry *r, struct vl_buf *out, struct vl_descriptor *root, struct vl_err *err)
{
    const char *what = r->ref.digest ? r->ref.digest : r->ref.tag;
    int e = -ENOENT;
    for (size_t i = 0; i < r->n_endpoints; i++) {
        vl_buf_clear(out);
        vl_err_clear(err);
        r->chosen = i;
        e = vl_registry_manifest(r, &r->endpoints[i], what, out, &root->media_type, err);
        if (e == 0 && r->ref.digest)
            e = vl_image_check_digest(vl_buf_span(out), r->ref.digest, "manifest", err);
        if (e == 0)
            break;
    }
    if (e < 0)
        return e;
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(out), &digest);
    root->digest = r->ref.digest ? r->ref.digest : vl_arena_strdup(r->arena, vl_digest_format(&digest, text));
    root->size = out->len;
    return root->digest ? 0 : vl_err_nomem(err);
}

static int registry_read(void *state, const struct vl_descriptor *d, bool manifest, size_t max,
    struct vl_buf *out, struct vl_err *err)
{
    struct vl_registry *r = state;
    char path[VL_DIGEST_TEXT_MAX + 16];
    const char *ignored = NULL;
    size_t start = out->len;
    int e = -ENOENT;
    (void)snprintf(path, sizeof(path), "blobs/%s", d->digest);
    const struct vl_registry_call call = {
        .path = path, .max_bytes = max, .on_body = vl_registry_append, .user = out};
    /* A mirror that has the one manifest may lack another, or the configuration. */
    for (size_t i = r->chosen; i < r->n_endpoints; i++) {
        VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
        vl_err_clear(err);
        vl_buf_truncate(out, start);
        e = manifest ? vl_registry_manifest(r, &r->endpoints[i], d->digest, out, &ignored, err)
                     : vl_registry_call(r, &r->endpoints[i], &call, &response, err);
        if (e == 0)
            break;
    }
    return e;
}

/* A blob on its way from the network into a pipe. */
struct pull {
    const struct vl_image_layer *layer;
    struct vl_digester *digester;
    int fd;
    uint64_t done;    /* bytes delivered, over all tries */
    uint64_t to_skip; /* of this answer, which begins before `done` */
    bool lost_reader;
};

static int on_blob(
    struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    struct pull *p = user;
    if (piece.len == 0) {
        /* 206 goes on where we stopped; 200 begins anew. */
        p->to_skip = response->status == 206 ? 0 : p->done;
        return 0;
    }
    if (p->to_skip) {
        size_t n = p->to_skip < piece.len ? (size_t)p->to_skip : piece.len;
        p->to_skip -= n;
        piece = vl_span_slice(piece, n, piece.len);
    }
    if (p->layer->size && piece.len > p->layer->size - p->done)
        return vl_err_set(err, VL_ERR_CORRUPT, "layer %s: more than the %llu bytes of its descriptor",
            p->layer->digest, (unsigned long long)p->layer->size);
    vl_digester_update(p->digester, piece);
    p->done += piece.len;
    int r = vl_file_write_fd(p->fd, "pipe to the indexer", piece, err);
    p->lost_reader = r == -EPIPE;
    return r;
}

static int check_pull(const struct pull *p, struct vl_err *err)
{
    struct vl_digest got;
    char text[VL_DIGEST_TEXT_MAX];
    if (p->layer->size && p->done != p->layer->size)
        return vl_err_set(err, VL_ERR_CORRUPT, "layer %s: %llu bytes instead of the %llu of its descriptor",
            p->layer->digest, (unsigned long long)p->done, (unsigned long long)p->layer->size);
    vl_digester_finish(p->digester, &got);
    if (strcmp(vl_digest_format(&got, text), p->layer->digest) != 0)
        return vl_err_set(
            err, VL_ERR_CORRUPT, "layer %s: its bytes have the digest %s", p->layer->digest, text);
    return 0;
}

/* Tries until the bytes are there; what was delivered already is not asked for again. */
static int pull_blob(struct vl_registry *r, struct vl_endpoint *at, struct pull *p, struct vl_err *err)
{
    char path[VL_DIGEST_TEXT_MAX + 16];
    int64_t end = vl_time_monotonic_us() + PULL_TIME_MAX;
    uint64_t part = p->layer->size / 16 + 1;
    uint64_t enough = p->layer->size && part < PROGRESS_MIN ? part : PROGRESS_MIN;
    (void)snprintf(path, sizeof(path), "blobs/%s", p->layer->digest);
    for (unsigned tried = 0;; tried++) {
        VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
        unsigned wait = 0;
        uint64_t before = p->done;
        const struct vl_registry_call call = {
            .path = path,
            .max_bytes = p->layer->size ? p->layer->size : VL_IMAGE_LAYER_MAX,
            .resume_from = p->done,
            .on_body = on_blob,
            .user = p,
        };
        vl_err_clear(err);
        int e = vl_registry_once(r, at, &call, &response, err);
        if (e == 0 || p->lost_reader)
            return e;
        if (p->done - before >= enough && vl_time_monotonic_us() < end)
            tried = 0;
        if (tried + 1 >= VL_REGISTRY_TRIES || !vl_registry_worth_retry(at, &response, err, tried, &wait))
            return vl_err_wrap(err, "layer %s", p->layer->digest);
        vl_registry_wait(wait);
    }
}

static int registry_fetch(void *state, const struct vl_image_layer *layer, int fd, struct vl_err *err)
{
    struct vl_registry *r = state;
    struct vl_digest want;
    struct pull p = {.layer = layer, .fd = fd};
    if (!vl_digest_parse(vl_span_str(layer->digest), &want))
        return vl_err_set(err, VL_ERR_INVALID, "layer '%.150s': no digest", layer->digest);
    p.digester = vl_digester_new(want.kind);
    if (!p.digester)
        return vl_err_nomem(err);
    int e = -ENOENT;
    /* A mirror that has the manifest may lack a layer. */
    for (size_t i = r->chosen; i < r->n_endpoints; i++) {
        vl_err_clear(err);
        e = pull_blob(r, &r->endpoints[i], &p, err);
        if (e == 0 || p.lost_reader || p.done)
            break;
    }
    if (e == 0)
        e = check_pull(&p, err);
    vl_digester_free(p.digester);
    return e;
}

static const struct vl_source_ops registry_ops = {
    .read = registry_read,
    .fetch = registry_fetch,
    .referrers = vl_registry_referrers,
    .put_blob = vl_registry_put_blob,
    .put_referrer = vl_registry_put_referrer,
    .free = vl_registry_free,
};

int vl_source_open_registry(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err)
{
    struct vl_registry *r = NULL;
    struct vl_descriptor root = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_IMAGE_MANIFEST_MAX);
    int e = vl_registry_new(rest, options, &r, err);
    if (e < 0 || !r)
        return e;
    image->ops = &registry_ops;
    image->state = r;
    image->reference = vl_image_reference_format(&r->ref, image->arena);
    if (!image->reference)
        return vl_err_nomem(err);
    e = vl_registry_first_manifest(r, &bytes, &root, err);
    if (e == 0)
        e = vl_image_load(image, &root, vl_buf_span(&bytes), err);
    if (e == 0 && r->ref.tag)
        e = vl_image_add_tag(image, image->reference, err);
    return e;
}
