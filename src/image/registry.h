/* A registry over HTTP: what pulling, referrers and pushing share. Private to the room.
 * Source: OCI distribution-spec v1.1. */
#ifndef VL_IMAGE_REGISTRY_H
#define VL_IMAGE_REGISTRY_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth.h"
#include "image/reference.h"
#include "source.h"

#define VL_REGISTRY_TRIES    5
#define VL_REGISTRY_CLIENTS  16 /* kept connections */
#define VL_REGISTRY_WAIT_MAX 30 /* seconds; a longer Retry-After ends the pull */
#define VL_REGISTRY_MIRRORS  16

/* One place the repository can be had from: a mirror, or the registry itself. */
struct vl_endpoint {
    const char *host;       /* to connect to */
    const char *repository; /* there */
    bool loopback;
    atomic_bool plain; /* found to speak plain http */
    atomic_bool reached;
    unsigned pause_ms; /* before the second try */
    struct vl_auth *auth;
};

struct vl_registry {
    struct vl_arena *arena;
    struct vl_image_reference ref;
    struct vl_http_options http;
    bool insecure;
    struct vl_endpoint endpoints[VL_REGISTRY_MIRRORS + 1];
    size_t n_endpoints;
    size_t chosen;        /* the one the manifest came from */
    pthread_mutex_t lock; /* of the clients */
    struct vl_http_client *idle[VL_REGISTRY_CLIENTS];
    size_t n_idle;
};

/* `rest` is a reference; nothing is asked of the network. */
VL_MUST_CHECK int vl_registry_new(
    const char *rest, const struct vl_image_options *options, struct vl_registry **ret, struct vl_err *err);
void vl_registry_free(void *state); /* accepts NULL */

/* The manifest of the reference, from the mirrors in turn, then the registry, whose error is the one told.
 * Fills digest (checked where the reference has one), media type and size of `root`. */
VL_MUST_CHECK int vl_registry_first_manifest(
    struct vl_registry *r, struct vl_buf *out, struct vl_descriptor *root, struct vl_err *err);

/* One call: METHOD base/v2/REPOSITORY/PATH. */
struct vl_registry_call {
    const char *method; /* NULL: GET */
    const char *path;   /* "manifests/latest" */
    const char *root;   /* below base/v2/ in place of the repository's path ("_catalog"); or NULL */
    const char *scope;  /* what a token is asked for; NULL: pull (and push) of the repository */
    const char *url;    /* whole, instead of the path (upload locations); or NULL */
    const char *accept; /* or NULL */
    const char *content_type;
    struct vl_span body;
    uint64_t max_bytes;
    uint64_t resume_from;
    bool push;
    bool any_status; /* the caller looks at it; else >= 400 is an error */
    vl_http_body_fn *on_body;
    void *user;
};

/* Authentication, plain http for loopback, one try. */
VL_MUST_CHECK int vl_registry_once(struct vl_registry *r, struct vl_endpoint *at,
    const struct vl_registry_call *call, struct vl_http_response *ret, struct vl_err *err);

/* As above with retries for 429, 5xx and lost connections; not for calls whose body is delivered piece by
 * piece. */
VL_MUST_CHECK int vl_registry_call(struct vl_registry *r, struct vl_endpoint *at,
    const struct vl_registry_call *call, struct vl_http_response *ret, struct vl_err *err);

/* Whether trying again may help, and how long to wait first. */
bool vl_registry_worth_retry(const struct vl_endpoint *at, const struct vl_http_response *response,
    const struct vl_err *err, unsigned tried, unsigned *ret_wait_ms);
void vl_registry_wait(unsigned ms);

/* Manifest by tag or digest into `out`; *ret_media_type in the arena of the registry. */
VL_MUST_CHECK int vl_registry_manifest(struct vl_registry *r, struct vl_endpoint *at, const char *reference,
    struct vl_buf *out, const char **ret_media_type, struct vl_err *err);

int vl_registry_append(
    struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err);

/* registry_push.c */
int vl_registry_referrers(
    void *state, const char *digest, struct vl_arena *arena, struct vl_vec *ret, struct vl_err *err);
int vl_registry_put_blob(void *state, const char *digest, struct vl_span content, struct vl_err *err);
/* Under a tag or digest. *ret_listed: the registry said that it lists the manifest's subject. */
VL_MUST_CHECK int vl_registry_put_manifest(struct vl_registry *r, const char *reference,
    const char *media_type, struct vl_span bytes, bool *ret_listed, struct vl_err *err);
int vl_registry_put_referrer(void *state, const struct vl_descriptor *self, struct vl_span manifest,
    const char *subject, struct vl_err *err);

#endif
