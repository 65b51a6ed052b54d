/* Reconciliation: what a registry says lies in it, against what is known. Its parts, for the jobs "discover"
 * (a whole registry) and "resolve" (one tag or digest that an event named). */
#ifndef VL_SERVER_DISCOVER_H
#define VL_SERVER_DISCOVER_H

#include "inventory/repo_registry.h"
#include "jobs/fetcher.h"
#include "jobs/runner.h"

#define VL_DISCOVER_BATCH      500    /* rows of one write */
#define VL_DISCOVER_REFERENCES 200    /* manifests asked for at a time */
#define VL_DISCOVER_IMAGES_MAX 200000 /* of one repository */
/* A manifest that no tag names is asked for so often: gone ones disappear within an hour. */
#define VL_DISCOVER_LOOK_MS  (30LL * 60 * 1000)
#define VL_DISCOVER_ARENA    (256UL * 1024 * 1024)
#define VL_DISCOVER_FAILURES 3 /* repositories in a row that do not answer end the run */

struct vl_discovery {
    struct vl_job_run *run;
    const struct vl_fetcher *fetcher;
    struct vl_registry registry;
    struct vl_fetch_registry access;
    int64_t began; /* ms */
    int priority;  /* of scans that are asked for */
    int64_t event; /* "resolve": when the push was, by the registry's clock */
};

/* One row to write. Strings live as long as the write. */
struct vl_discover_row {
    const char *digest, *parent, *platform;
    const char *tag; /* that names it, or NULL */
    bool is_index;
};

/* A manifest as rows: its own, and one a platform. What is no image gives none. `rows` is a vector of
 * struct vl_discover_row. */
VL_MUST_CHECK int vl_discover_rows(
    const struct vl_fetch_manifest *manifest, const char *tag, struct vl_vec *rows, struct vl_err *err);

/* Writes them, VL_DISCOVER_BATCH at a time, and asks for the scans. `done`: the last write ends the job. */
VL_MUST_CHECK int vl_discover_write(
    struct vl_discovery *d, const char *repository, const struct vl_vec *rows, bool done, struct vl_err *err);

/* One repository. VL_ERR_NOT_FOUND is no error: it is empty. */
VL_MUST_CHECK int vl_discover_repository(struct vl_discovery *d, const char *repository, struct vl_err *err);

/* Registry and credential for a job. 1; 0 where there is nothing to do any more: it was removed, switched
 * off, or its environment's plan was. */
VL_MUST_CHECK int vl_discover_open(struct vl_discovery *d, int64_t registry, struct vl_err *err);

int vl_job_discover(struct vl_job_run *run, struct vl_err *err);
int vl_job_resolve(struct vl_job_run *run, struct vl_err *err);
/* Asks for the reconciliations that are due. */
int vl_round_discover(struct vl_server_app *app, struct vl_err *err);

#endif
