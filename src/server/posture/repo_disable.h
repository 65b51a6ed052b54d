/* SQL of disable rules: findings that nobody wants to see, by vulnerability, digest, severity or the lack of
 * a fix. All conditions of a rule must hold; several rules are alternatives. */
#ifndef VL_SERVER_REPO_DISABLE_H
#define VL_SERVER_REPO_DISABLE_H

#include "model/severity.h"
#include "posture/repo_exempt.h"
#include "store/store.h"

#define VL_DISABLE_ENTRIES_MAX 1000 /* of a list */
#define VL_DISABLE_NAME_MAX    128

/* Texts in the arena that was given, or lent by the caller. */
struct vl_disable_rule {
    int64_t id;
    const char *name;
    const char *assessment_key;            /* or NULL */
    const char *vulnerabilities, *digests; /* JSON arrays of texts, or NULL */
    enum vl_severity min_severity;         /* UNKNOWN: no such condition */
    bool without_fix, enabled;
    const char *justification;
    int64_t created, expires, ended; /* ms */
    int64_t findings;                /* read only */
};

VL_MUST_CHECK int vl_repo_disable_list(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, struct vl_disable_rule **ret, size_t *ret_n, struct vl_err *err);
/* 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_disable_get(struct vl_store_conn *conn, int64_t environment, int64_t id,
    struct vl_arena *arena, struct vl_disable_rule *ret, struct vl_err *err);
/* VL_ERR_CONFLICT where the name is taken. *ret_pending as with exemptions. */
VL_MUST_CHECK int vl_repo_disable_add(struct vl_store_conn *conn, int64_t environment,
    struct vl_disable_rule *rule, bool *ret_pending, struct vl_err *err);
VL_MUST_CHECK int vl_repo_disable_change(struct vl_store_conn *conn, int64_t environment,
    const struct vl_disable_rule *rule, bool *ret_pending, struct vl_err *err);
VL_MUST_CHECK int vl_repo_disable_remove(struct vl_store_conn *conn, int64_t environment,
    const struct vl_disable_rule *rule, bool *ret_pending, struct vl_err *err);

#endif
