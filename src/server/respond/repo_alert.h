/* SQL of alerts and of the rules that suppress them. Both faces of the API stand on it: /api/v1 and
 * Microsoft.Security. Writes add to the feed (topic "alert"); the audit log is the caller's
 * (vl_request_audit). */
#ifndef VL_SERVER_REPO_ALERT_H
#define VL_SERVER_REPO_ALERT_H

#include "model/severity.h"
#include "store/store.h"

#define VL_ALERT_TYPE_MAX     128 /* bytes */
#define VL_ALERT_TITLE_MAX    512
#define VL_ALERT_BODY_MAX     (64UL * 1024)
#define VL_ALERT_RESOURCE_MAX 2048
#define VL_SUPPRESSION_NAME_MIN \
    2 /* as Defender has it: letters, digits, - and _, beginning with one of the first two */
#define VL_SUPPRESSION_NAME_MAX 50
#define VL_SUPPRESSION_MAX      1000 /* rules of an environment */
#define VL_SUPPRESSION_TEXT_MAX 2048 /* reason, comment */

enum vl_alert_status {
    VL_ALERT_ANY = 0, /* of filters */
    VL_ALERT_ACTIVE = 1,
    VL_ALERT_IN_PROGRESS = 2,
    VL_ALERT_RESOLVED = 3,
    VL_ALERT_DISMISSED = 4,
};
const char *vl_alert_status_name(
    enum vl_alert_status status); /* "active" "in_progress" "resolved" "dismissed" */
const char *vl_alert_status_arm(
    enum vl_alert_status status); /* "Active" "InProgress" "Resolved" "Dismissed" */
bool vl_alert_status_parse(struct vl_span text, enum vl_alert_status *ret); /* either form */

/* Texts in the arena that was given, or lent by the caller. */
struct vl_alert {
    int64_t id;
    const char *guid;          /* vl_repo_alert_add(): NULL makes one */
    const char *type;          /* "K8S.NODE_EICAR" */
    enum vl_severity severity; /* NEGLIGIBLE is Informational; up to HIGH */
    enum vl_alert_status status;
    const char *title;
    /* An object:
     * {"description","intent","compromisedEntity","remediation":["…"],"resources":["/subscriptions/…"],
     * "entities":[{"type":"ip","address":"…"}],"techniques":["T1059"],"properties":{"name":"text"}}; all of
     * them may be absent. Entities as Microsoft Sentinel writes them. */
    const char *body;
    const char *resource; /* ARM id of what it is about (the first of "resources"); "" where none */
    bool simulated;
    int64_t suppressed_by;          /* id of the rule, also where it is gone; 0: none */
    const char *suppressed_by_name; /* NULL where none, or the rule is gone */
    int64_t started, ended;         /* of what happened, ms */
    int64_t created, changed;       /* of the alert */
};

/* A new alert: a rule that fits makes it dismissed from the start, and nobody is told; else people are told
 * (vl_notify()). VL_ERR_INVALID names a field that breaks a limit. *ret_id may be NULL. */
VL_MUST_CHECK int vl_repo_alert_add(struct vl_store_conn *conn, int64_t environment,
    const struct vl_alert *alert, int64_t *ret_id, struct vl_err *err);

struct vl_alert_filter {
    enum vl_alert_status status; /* 0: any */
    enum vl_severity severity;   /* 0: any */
    const char *type;            /* NULL: any */
    const char *resource_prefix; /* "/subscriptions/G/resourceGroups/NAME/": compared case-blind; NULL: any */
    int64_t before;              /* keyset: only ids below this one; 0: from the newest */
};
/* Newest first, at most `limit`. */
VL_MUST_CHECK int vl_repo_alert_list(struct vl_store_conn *conn, int64_t environment,
    const struct vl_alert_filter *filter, size_t limit, struct vl_arena *arena, struct vl_alert **ret,
    size_t *ret_n, struct vl_err *err);
/* Up to `max`; `before` is not looked at. */
VL_MUST_CHECK int vl_repo_alert_count(struct vl_store_conn *conn, int64_t environment,
    const struct vl_alert_filter *filter, int64_t max, int64_t *ret, struct vl_err *err);
/* By its GUID, case-blind: 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_alert_get(struct vl_store_conn *conn, int64_t environment, struct vl_span guid,
    struct vl_arena *arena, struct vl_alert *ret, struct vl_err *err);
/* 1 with the status before, 0 where there is no such alert. Any status may follow any other. */
VL_MUST_CHECK int vl_repo_alert_set_status(struct vl_store_conn *conn, int64_t environment,
    struct vl_span guid, enum vl_alert_status status, enum vl_alert_status *ret_before, struct vl_err *err);

/* --- suppression --- */

enum vl_suppression_state {
    VL_SUPPRESSION_ENABLED = 1,
    VL_SUPPRESSION_DISABLED = 2,
    VL_SUPPRESSION_EXPIRED = 3, /* read only: enabled, and its time is over */
};
const char *vl_suppression_state_name(enum vl_suppression_state state); /* "Enabled" … */
bool vl_suppression_state_parse(
    struct vl_span text, enum vl_suppression_state *ret); /* case-blind; not Expired */

struct vl_suppression_rule {
    int64_t id;
    const char *name;       /* unique in the environment, case-blind */
    const char *alert_type; /* "*": all */
    enum vl_suppression_state state;
    const char *reason;  /* "FalsePositive" */
    const char *comment; /* or NULL */
    int64_t expires;     /* ms; 0: never */
    const char *scope; /* JSON: suppressionAlertsScope, {"allOf":[{"field":"entities.ip.address","in":["…"]},
                          {"field":"entities.process.commandline","contains":"…"}]}; NULL: all of the type */
    int64_t created, changed;
};

/* By name. */
VL_MUST_CHECK int vl_repo_suppression_list(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, struct vl_suppression_rule **ret, size_t *ret_n, struct vl_err *err);
/* 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_suppression_get(struct vl_store_conn *conn, int64_t environment,
    struct vl_span name, struct vl_arena *arena, struct vl_suppression_rule *ret, struct vl_err *err);
/* Makes or replaces the rule of that name: 1 made, 0 replaced. VL_ERR_INVALID names the field that is wrong
 * ("/name: …"). Only alerts that come later are looked at. */
VL_MUST_CHECK int vl_repo_suppression_put(struct vl_store_conn *conn, int64_t environment,
    const struct vl_suppression_rule *rule, struct vl_err *err);
/* 1 removed, 0 was not there. What it dismissed stays dismissed. */
VL_MUST_CHECK int vl_repo_suppression_remove(
    struct vl_store_conn *conn, int64_t environment, struct vl_span name, struct vl_err *err);

/* --- samples --- */

/* Names of the bundles that can be simulated, as the API of Azure has them ("KubernetesService"); ends with
 * NULL. */
extern const char *const vl_alert_bundles[];
/* Adds the sample alerts of these bundles (content/alert-samples.yaml), marked as simulated; *ret_added: how
 * many. VL_ERR_INVALID where a bundle has no such name (case-blind). `guid` of the environment stands in
 * their resource ids. */
VL_MUST_CHECK int vl_repo_alert_simulate(struct vl_store_conn *conn, int64_t environment, const char *guid,
    const char *const *bundles, size_t n, size_t *ret_added, struct vl_err *err);

#endif
