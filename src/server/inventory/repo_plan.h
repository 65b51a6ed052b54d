/* Plans of an environment: what is switched on. A plan without a row is Free. Writes add to the feed (topic
 * "plan"); the audit log is the caller's. */
#ifndef VL_SERVER_REPO_PLAN_H
#define VL_SERVER_REPO_PLAN_H

#include "base/arena.h"
#include "inventory/plan.h"
#include "store/store.h"

#define VL_PLAN_EXTENSIONS_MAX 16
#define VL_PLAN_PROPERTIES_MAX 8192 /* bytes of an extension's additional properties, as JSON */

/* Whether the plan ("Containers") is on Standard, and what of it is built is not switched off by itself. */
VL_MUST_CHECK int vl_repo_plan_enabled(
    struct vl_store_conn *conn, int64_t environment, const char *plan, bool *ret_enabled, struct vl_err *err);

/* A new environment: the plans that this release has something built for are on Standard, all others Free.
 * Rows that are there already are left. */
VL_MUST_CHECK int vl_repo_plan_first(struct vl_store_conn *conn, int64_t environment, struct vl_err *err);

enum vl_plan_coverage {
    VL_PLAN_NOT_COVERED = 0,
    VL_PLAN_PARTIALLY_COVERED,
    VL_PLAN_FULLY_COVERED,
};
const char *vl_plan_coverage_name(enum vl_plan_coverage coverage); /* "NotCovered" … */

/* One extension as it stands. */
struct vl_plan_setting {
    const char *name;
    bool enabled;
    const char *properties; /* JSON object, or NULL */
    const char *code;       /* operationStatus: "Succeeded", "Failed"; NULL where it is off */
    const char *message;
};

struct vl_plan {
    const struct vl_plan_kind *kind;
    bool standard;
    const char *sub_plan; /* or NULL */
    int64_t enabled_at;   /* since when it is on Standard; 0: it is not */
    char trial[VL_PLAN_TRIAL_TEXT];
    enum vl_plan_coverage coverage;
    const char *code; /* operationStatus of the whole: "Failed" with `message` where nothing is built */
    const char *message;
    struct vl_plan_setting extensions[VL_PLAN_EXTENSIONS_MAX]; /* all that the plan has */
    size_t n_extensions;
};

/* Texts in the arena. By any of the plan's names: VL_ERR_NOT_FOUND where there is no such plan. */
VL_MUST_CHECK int vl_repo_plan_get(struct vl_store_conn *conn, int64_t environment, struct vl_span name,
    struct vl_arena *arena, struct vl_plan *ret, struct vl_err *err);
/* All plans that there are, in the order of vl_plan_kinds. */
VL_MUST_CHECK int vl_repo_plan_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_plan **ret, size_t *ret_n, struct vl_err *err);

struct vl_plan_change {
    const struct vl_plan_kind *kind;
    bool standard;
    const char *sub_plan;                     /* NULL: as it is, or the first */
    const struct vl_plan_setting *extensions; /* name, enabled, properties; those not named stay */
    size_t n_extensions;
};
/* Checks and stores. Containers: all registries are discovered anew where it goes on. Deprecated plans are
 * VL_ERR_UNSUPPORTED, an unknown extension or sub-plan VL_ERR_INVALID. */
VL_MUST_CHECK int vl_repo_plan_set(
    struct vl_store_conn *conn, int64_t environment, const struct vl_plan_change *change, struct vl_err *err);

#endif
