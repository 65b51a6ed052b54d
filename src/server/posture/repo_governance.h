/* SQL of governance: rules that give what is unhealthy an owner and a day until which it is to be mended; in
 * its grace period it costs no points. */
#ifndef VL_SERVER_REPO_GOVERNANCE_H
#define VL_SERVER_REPO_GOVERNANCE_H

#include "posture/catalogue.h"
#include "store/store.h"

#define VL_GOVERNANCE_RULES_MAX    100 /* of an environment */
#define VL_GOVERNANCE_NAME_MAX     128
#define VL_GOVERNANCE_TEXT_MAX     1024
#define VL_GOVERNANCE_OWNER_MAX    320
#define VL_GOVERNANCE_PRIORITY_MAX 1000
#define VL_GOVERNANCE_KEYS_MAX     100

/* Texts in the arena that was given. */
struct vl_governance_rule {
    int64_t id;
    const char *name, *description; /* the latter may be NULL */
    bool enabled;
    int64_t priority;          /* 1 comes first; the first that fits gives the owner */
    unsigned severities;       /* bits 1 << enum vl_severity; 0: any */
    const char *keys;          /* JSON array of assessments; NULL: any */
    int64_t registry;          /* 0: all of the environment */
    const char *registry_name; /* NULL: of none, or it has gone */
    const char *owner;         /* an address or a name */
    int64_t days;              /* until it is due: 7, 14, 30 or 90 */
    bool grace;                /* costs no points until then */
    int64_t created, given;    /* ms; how many are given by it now */
};

/* By priority, then name. */
VL_MUST_CHECK int vl_repo_governance_list(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, struct vl_governance_rule **ret, size_t *ret_n, struct vl_err *err);
/* 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_governance_get(struct vl_store_conn *conn, int64_t environment, const char *name,
    struct vl_arena *arena, struct vl_governance_rule *ret, struct vl_err *err);
/* New, or in place of the one of its name: what that one gave follows it (owner, days and grace; counted from
 * when it was given). VL_ERR_LIMIT where there are too many. */
VL_MUST_CHECK int vl_repo_governance_put(struct vl_store_conn *conn, int64_t environment,
    const struct vl_governance_rule *rule, int64_t now_ms, struct vl_err *err);
/* 1 removed, 0 was not there. What it gave stays, as Defender has it. */
VL_MUST_CHECK int vl_repo_governance_remove(
    struct vl_store_conn *conn, int64_t environment, const char *name, struct vl_err *err);

/* After assessments: what is not unhealthy any more loses its owner, what is and has none gets one. */
VL_MUST_CHECK int vl_repo_govern(
    struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err);

/* Grace periods that are over: marked as such; *ret_environments gets those where there were some (ids in the
 * arena). At most `max` environments. */
VL_MUST_CHECK int vl_repo_governance_over(struct vl_store_conn *conn, int64_t now_ms,
    int64_t *ret_environments, size_t max, size_t *ret_n, struct vl_err *err);

#endif
