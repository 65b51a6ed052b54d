/* SQL of exemptions: who asked for what, who decided, until when. Writes carry out what they mean
 * (posture/repo_exempt.h) and add to the feed (topic "exemption"); the audit log is the caller's. */
#ifndef VL_SERVER_REPO_EXEMPTION_H
#define VL_SERVER_REPO_EXEMPTION_H

#include "inventory/repo_environment.h"
#include "posture/score.h"
#include "store/store.h"

#define VL_EXEMPTION_TEXT_MAX 4096 /* bytes of a justification */
#define VL_EXEMPTION_NAME_MAX 256  /* of a vulnerability, digest, pattern */

/* Stored by number: append only. */
enum vl_exemption_state {
    VL_EXEMPTION_REQUESTED = 1,
    VL_EXEMPTION_APPROVED = 2,
    VL_EXEMPTION_REJECTED = 3,
    VL_EXEMPTION_REVOKED = 4,
};
const char *vl_exemption_state_name(int state); /* "requested" …; never NULL */
bool vl_exemption_state_parse(struct vl_span text, enum vl_exemption_state *ret);

/* Texts in the arena that was given, or lent by the caller. What is NULL or 0 asks for nothing. */
struct vl_exemption {
    int64_t id;
    const char *guid; /* vl_repo_exemption_add(): NULL makes one */
    enum vl_exempt category;
    enum vl_exemption_state state;
    const char *assessment_key, *vulnerability, *package, *digest, *repository;
    int64_t registry, resource;
    const char *registry_name, *resource_id; /* read only */
    const char *justification, *requested_by, *decided_by;
    int64_t created, decided, expires, ended; /* ms */
    int64_t findings;                         /* that it takes out; read only */
};

static inline bool vl_exemption_active(const struct vl_exemption *e, int64_t now_ms)
{
    return e->state == VL_EXEMPTION_APPROVED && (e->expires == 0 || e->expires > now_ms);
}

/* Checks and writes into canonical form (package, vulnerability); the error names the field. Registry and
 * resource must be the environment's. */
VL_MUST_CHECK int vl_exemption_check(struct vl_store_conn *conn, int64_t environment,
    struct vl_exemption *exemption, struct vl_arena *arena, struct vl_err *err);

/* Newest first; behind `after` where it is not 0. `state` 0: any. */
VL_MUST_CHECK int vl_repo_exemption_list(struct vl_store_conn *conn, int64_t environment, int64_t state,
    int64_t after, int64_t limit, struct vl_arena *arena, struct vl_exemption **ret, size_t *ret_n,
    struct vl_err *err);
VL_MUST_CHECK int vl_repo_exemption_count(
    struct vl_store_conn *conn, int64_t environment, int64_t state, int64_t *ret, struct vl_err *err);
/* 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_exemption_get(struct vl_store_conn *conn, int64_t environment, const char *guid,
    struct vl_arena *arena, struct vl_exemption *ret, struct vl_err *err);

/* Sets id and guid (in the arena). *ret_pending: what it takes out is not all worked out yet; a job does the
 * rest. VL_ERR_CONFLICT where the GUID is taken, VL_ERR_LIMIT where there are too many. */
VL_MUST_CHECK int vl_repo_exemption_add(struct vl_store_conn *conn, int64_t environment,
    struct vl_exemption *exemption, struct vl_arena *arena, bool *ret_pending, struct vl_err *err);
/* The same for many at once: only stored; vl_repo_exemption_added() comes after the last one. */
VL_MUST_CHECK int vl_repo_exemption_store(struct vl_store_conn *conn, int64_t environment,
    struct vl_exemption *exemption, struct vl_arena *arena, struct vl_err *err);
/* What they take out is worked out by a job. */
VL_MUST_CHECK int vl_repo_exemption_added(
    struct vl_store_conn *conn, int64_t environment, struct vl_err *err);
/* The environment's registry of that name: 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_exemption_registry(
    struct vl_store_conn *conn, int64_t environment, const char *name, int64_t *ret, struct vl_err *err);
/* State, times, justification, who decided: of `exemption`, which was `was` before. */
VL_MUST_CHECK int vl_repo_exemption_change(struct vl_store_conn *conn, int64_t environment,
    const struct vl_exemption *was, const struct vl_exemption *exemption, bool *ret_pending,
    struct vl_err *err);
VL_MUST_CHECK int vl_repo_exemption_remove(struct vl_store_conn *conn, int64_t environment,
    const struct vl_exemption *exemption, bool *ret_pending, struct vl_err *err);

#endif
