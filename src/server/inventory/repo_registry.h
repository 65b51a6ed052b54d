/* Registries of an environment. Secrets are sealed with the server's key and never read back out but for the
 * jobs that use them. */
#ifndef VL_SERVER_REPO_REGISTRY_H
#define VL_SERVER_REPO_REGISTRY_H

#include "jobs/fetch.h"
#include "net/crypt.h"
#include "store/store.h"

#define VL_REGISTRIES_MAX           1000 /* of one environment */
#define VL_REGISTRY_NAME_MAX        64
#define VL_REGISTRY_HOST_MAX        261 /* a DNS name and a port */
#define VL_REGISTRY_USERNAME_MAX    1024
#define VL_REGISTRY_SECRET_MAX      16384 /* a service account's key is a JSON file */
#define VL_REGISTRY_CA_MAX          65536
#define VL_REGISTRY_INCLUDE_MAX     100 /* patterns */
#define VL_REGISTRY_PATTERN_MAX     256
#define VL_REGISTRY_POLL_MIN        60 /* seconds */
#define VL_REGISTRY_POLL_MAX        86400
#define VL_REGISTRY_POLL_EVENTS_MAX 300 /* where events come: what a lost one hid is found so soon */
#define VL_REGISTRY_CONCURRENCY_MAX 32
#define VL_REGISTRY_WEBHOOK_TEXT    41 /* a secret made by the server, with its NUL */

/* Texts in the arena that was given. */
struct vl_registry {
    int64_t id, environment;
    const char *name, *host, *kind, *username;
    const char *ca_pem;   /* or NULL */
    const char *include;  /* patterns, one a line; "": all */
    const char *labels;   /* as vl_labels_read() writes them; "": none */
    const char *progress; /* of a reconciliation that runs, or NULL */
    const char *error;    /* of the last one, or NULL */
    bool has_secret, has_webhook, insecure, enabled;
    int64_t poll_seconds, concurrency, created, discovered_at, event_at;
};

struct vl_registry_counts {
    int64_t repositories, images, unscanned, in_progress, error, completed;
};

/* "generic", "acr", …: false where there is no such kind. */
bool vl_registry_kind_known(struct vl_span kind);
/* The kind that a host's name tells (myregistry.azurecr.io, …dkr.ecr.…, …-docker.pkg.dev, docker.io), else
 * "generic". */
const char *vl_registry_kind_of(struct vl_span host);
/* A host's name or address with an optional port; no scheme, no path, no credentials. The error names
 * "/host". */
VL_MUST_CHECK int vl_registry_host_check(struct vl_span host, struct vl_err *err);
/* One pattern a line; a star matches any number of characters, slashes too. An empty list matches all. */
bool vl_registry_includes(const char *include, struct vl_span repository);

/* New or changed. NULL secret: none, or the one that is there stays; "" takes it away. */
struct vl_registry_secrets {
    const uint8_t *seal_key;
    const char *secret, *webhook;
};
/* VL_ERR_CONFLICT where the name is taken, VL_ERR_LIMIT where there are too many. */
VL_MUST_CHECK int vl_repo_registry_add(struct vl_store_conn *conn, const struct vl_registry *registry,
    const struct vl_registry_secrets *secrets, int64_t *ret_id, struct vl_err *err);
VL_MUST_CHECK int vl_repo_registry_change(struct vl_store_conn *conn, const struct vl_registry *registry,
    const struct vl_registry_secrets *secrets, struct vl_err *err);
/* With everything that hangs on it; its waiting jobs end when they run. 1 removed, 0 was not there. */
VL_MUST_CHECK int vl_repo_registry_remove(
    struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_err *err);

/* 1 found, 0 not. `environment` 0: any (for jobs and webhooks). */
VL_MUST_CHECK int vl_repo_registry_get(struct vl_store_conn *conn, int64_t environment, int64_t id,
    struct vl_arena *arena, struct vl_registry *ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_registry_list(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, struct vl_registry **ret, size_t *ret_n, struct vl_err *err);
/* The id of the one that has this name in the environment. 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_registry_named(
    struct vl_store_conn *conn, int64_t environment, const char *name, int64_t *ret, struct vl_err *err);
VL_MUST_CHECK int vl_repo_registry_count(
    struct vl_store_conn *conn, int64_t registry, struct vl_registry_counts *ret, struct vl_err *err);

/* What the fetcher needs, credential included: 1, or 0 where there is no such registry, or it is switched
 * off. */
VL_MUST_CHECK int vl_repo_registry_open(struct vl_store_conn *conn,
    const uint8_t seal_key[VL_CRYPT_KEY_BYTES], int64_t id, struct vl_arena *arena,
    struct vl_fetch_registry *ret, struct vl_err *err);
/* The registry of any environment that sends events, with the webhook's secret, at one question: 1, 0 where
 * there is no such registry, or none with a secret. */
VL_MUST_CHECK int vl_repo_registry_sender(struct vl_store_conn *conn,
    const uint8_t seal_key[VL_CRYPT_KEY_BYTES], int64_t id, struct vl_arena *arena, struct vl_registry *ret,
    const char **ret_secret, struct vl_err *err);

/* How far a reconciliation is; and its end: `why` NULL where it was whole. Watchers are told. */
VL_MUST_CHECK int vl_repo_registry_progress(
    struct vl_store_conn *conn, int64_t id, const char *progress, struct vl_err *err);
VL_MUST_CHECK int vl_repo_registry_discovered(
    struct vl_store_conn *conn, int64_t id, int64_t now_ms, const char *why, struct vl_err *err);

/* Registries whose next reconciliation is due: switched on, their environment's plan too, none waiting or
 * running. At most `max`. */
VL_MUST_CHECK int vl_repo_registry_due(struct vl_store_conn *conn, int64_t now_ms, size_t max,
    struct vl_arena *arena, int64_t **ret_ids, size_t *ret_n, struct vl_err *err);

#endif
