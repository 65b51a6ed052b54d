/* SQL of security contacts: whom mails go to. Both faces of the API stand on it. A contact drives a channel
 * of kind mail that is named after it; the audit log is the caller's. */
#ifndef VL_SERVER_REPO_CONTACT_H
#define VL_SERVER_REPO_CONTACT_H

#include "model/severity.h"
#include "store/store.h"

#define VL_CONTACT_EMAILS_MAX 4096 /* bytes */
#define VL_CONTACT_PHONE_MAX  64
#define VL_CONTACT_NAME_MAX   64
#define VL_CONTACT_CHANNEL    "contact:" /* and the name: its channel */
#define VL_CONTACT_PHONE_NOTE "stored for people: nothing of Vallum calls it"

/* Texts in the arena that was given, or lent by the caller. */
struct vl_contact {
    const char *name;   /* "default" */
    const char *emails; /* "a@example.org;b@example.org"; "" for none */
    const char *phone;  /* "" for none */
    bool enabled;
    enum vl_severity min_severity;
    const char
        *roles; /* JSON array of Azure's names: "Owner", "AccountAdmin", "ServiceAdmin", "Contributor" */
    bool notify_roles;
    int64_t changed;
};

VL_MUST_CHECK int vl_repo_contact_list(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, struct vl_contact **ret, size_t *ret_n, struct vl_err *err);
/* By name, case-blind: 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_contact_get(struct vl_store_conn *conn, int64_t environment, struct vl_span name,
    struct vl_arena *arena, struct vl_contact *ret, struct vl_err *err);
/* Makes or replaces: 1 made, 0 replaced. VL_ERR_INVALID names the field that is wrong ("/emails: …"). */
VL_MUST_CHECK int vl_repo_contact_put(
    struct vl_store_conn *conn, int64_t environment, const struct vl_contact *contact, struct vl_err *err);
/* 1 removed, 0 was not there. */
VL_MUST_CHECK int vl_repo_contact_remove(
    struct vl_store_conn *conn, int64_t environment, struct vl_span name, struct vl_err *err);

#endif
