/* The running server: what every part of it needs, owned in one place. */
#ifndef VL_SERVER_APP_H
#define VL_SERVER_APP_H

#include <stdatomic.h>

#include "config.h"
#include "data_dir.h"
#include "net/http_server.h"
#include "store/store.h"

struct vl_server_app {
    const struct vl_server_config *config;
    struct vl_server_data data;
    struct vl_store *store;
    struct vl_http_server *http;
    struct vl_advisories *advisories; /* findings/advisories.h */
    struct vl_facts_cache *facts;     /* findings/repo_facts.h */
    struct {
        atomic_llong all, untold, at; /* untold: not in the audit log yet; at: when it was last written, ms */
    } forged;                         /* webhooks without the right secret */
    struct {
        atomic_int state;
        atomic_llong looked;          /* monotonic ms */
    } disk;                           /* disk.h */
    const struct vl_fetcher *fetcher; /* jobs/fetcher.h; NULL: processes of their own */
    struct vl_runner *runner;         /* jobs/runner.h; NULL until vl_server_app_work() */
    struct vl_watch *watch;           /* watch/stream.h */
    struct vl_oidc *oidc;             /* identity/oidc.h; NULL: no provider is configured */
    int64_t started_ms;
    bool ready; /* set once, when everything has started */
};

/* Data folder, database, first administrator. *ret_first_start: the administrator's password was just
 * written. */
VL_MUST_CHECK int vl_server_app_open(struct vl_server_app *app, const struct vl_server_config *config,
    struct vl_arena *arena, bool *ret_first_start, struct vl_err *err);
/* Listens. */
VL_MUST_CHECK int vl_server_app_listen(struct vl_server_app *app, struct vl_err *err);
/* Starts the workers (jobs/runner.h). Apart from listening, so that tests look at a queue that nobody works
 * on. */
VL_MUST_CHECK int vl_server_app_work(struct vl_server_app *app, struct vl_err *err);
void vl_server_app_close(struct vl_server_app *app, int grace_ms);

#endif
