/* What handlers of Azure's face (Microsoft.Security) share: versions, scopes, lists with nextLink, errors
 * with ARM's codes.
 *
 * Sources: the published API description of Microsoft.Security (azure-rest-api-specs,
 * specification/security); Azure Resource Manager, "common API contracts" and "addendum". */
#ifndef VL_SERVER_ARM_H
#define VL_SERVER_ARM_H

#include "api.h"
#include "arm/filter.h"
#include "posture/resource.h"
#include "router.h"

/* There is one location, and it is everybody's home region. */
#define VL_ARM_LOCATION  "local"
#define VL_ARM_PROVIDER  "Microsoft.Security"
#define VL_ARM_TOP_MAX   1000 /* entries of a page; the default too */
#define VL_ARM_SKIPTOKEN 512  /* bytes */
#define VL_ARM_NAME_MAX  260

/* --- errors --- */

/* The error that the handler returns: `kind` decides the status, `code` is ARM's word for it. */
VL_MUST_CHECK VL_PRINTF(5, 6) int vl_arm_error(struct vl_request *request, struct vl_err *err,
    enum vl_err_code kind, const char *code, const char *fmt, ...);

/* 409 FeatureNotAvailable: "WHAT is not built in this release". */
VL_MUST_CHECK int vl_arm_not_built(struct vl_request *request, struct vl_err *err, const char *what);

/* --- versions --- */

/* Which of `versions` (NULL at the end) the call asks for: its index. Another one: the error
 * InvalidApiVersionParameter, which names them. */
VL_MUST_CHECK int vl_arm_version(struct vl_request *request, const char *const *versions, struct vl_err *err);

/* --- the query --- */

/* A parameter by its name, case-blind ("$Filter" is "$filter"); NULL where absent. */
const char *vl_arm_param(const struct vl_request *request, const char *name);

/* Whether "$expand" names `what` (case-blind, others may stand beside it with commas). */
bool vl_arm_expand(const struct vl_request *request, const char *what);

/* --- where --- */

enum vl_arm_level {
    VL_ARM_TENANT = 0, /* /providers/Microsoft.Security/… */
    VL_ARM_SUBSCRIPTION,
    VL_ARM_GROUP,
    VL_ARM_RESOURCE,
};

/* What a call is about: the path before its last /providers/Microsoft.Security. */
struct vl_arm_scope {
    enum vl_arm_level level;
    const char *id;          /* as vl_resource_format() writes it; "" for the tenant */
    const char *key;         /* as vl_resource_key() writes it */
    const char *group;       /* resource group, or NULL */
    const char *const *tail; /* segments behind Microsoft.Security */
    size_t n_tail;
};
VL_MUST_CHECK int vl_arm_scope(struct vl_request *request, struct vl_arm_scope *ret, struct vl_err *err);

/* Whether the id with key `key` is `scope` or lies below it. */
bool vl_arm_below(const struct vl_arm_scope *scope, const char *key);
/* In lower case (ASCII). */
const char *vl_arm_lower(struct vl_arena *arena, const char *text);
/* Appends one segment of an id, percent-encoded (RFC 3986: all but unreserved ones and ":"). */
void vl_arm_encode(struct vl_buf *out, struct vl_span segment);

/* The segment of the tail with that index; "" where there is none. */
const char *vl_arm_tail(const struct vl_arm_scope *scope, size_t index);

/* Demands that the tail's segment 1 (after "locations") is our location; else LocationNotFound. */
VL_MUST_CHECK int vl_arm_location(
    struct vl_request *request, const struct vl_arm_scope *scope, struct vl_err *err);

/* --- answers --- */

/* "https://HOST[:PORT]" by which the caller reached us, without a last slash. */
const char *vl_arm_base(struct vl_request *request);

/* {"value": [ is opened; entries follow; vl_arm_list_end() closes it. `fields` are the members by which the
 * list can be filtered (filter.h); NULL: by none, and a $filter is refused. */
struct vl_arm_list {
    struct vl_request *request;
    struct vl_json json;
    size_t top, n;                /* entries that may come, that have come */
    struct vl_arm_filter *filter; /* or NULL */
    const char *skip;             /* of the call, or NULL: the list goes on behind it */
    const char *next;             /* token of the next page; NULL: this is the last */
};
VL_MUST_CHECK int vl_arm_list(
    struct vl_request *request, const char *const *fields, struct vl_arm_list *ret, struct vl_err *err);
/* Whether the filter (if there is one) takes an entry with these values of `fields`. */
bool vl_arm_list_takes(const struct vl_arm_list *list, const char *const *values);
/* True: there is room for one more. False: the page is full, and `next` (the last entry's token, copied)
 * leads on. */
bool vl_arm_list_room(struct vl_arm_list *list, const char *last);
VL_MUST_CHECK int vl_arm_list_end(struct vl_arm_list *list, struct vl_err *err);

/* Begins an answer that is one entry. */
void vl_arm_answer(struct vl_request *request, unsigned status, struct vl_json *ret);

/* {"id","name","type","properties":{ : opened; vl_arm_entry_end() closes both. `scope_id` may be "". */
void vl_arm_entry(
    struct vl_json *json, const char *scope_id, const char *type, const char *path, const char *name);
void vl_arm_entry_end(struct vl_json *json);

/* "2026-11-27T10:20:30.1234567Z" as ARM writes times (seven digits); 0 writes nothing. */
void vl_arm_time(struct vl_json *json, const char *key, int64_t ms);

/* --- the body --- */

/* The member "properties"; VL_ERR_INVALID where it is no object. */
VL_MUST_CHECK int vl_arm_properties(
    struct vl_request *request, const struct vl_doc_node **ret, struct vl_err *err);
/* A text member of `object` (whose place is `where`, "/properties"): NULL where absent. */
VL_MUST_CHECK int vl_arm_text(struct vl_request *request, const struct vl_doc_node *object, const char *where,
    const char *field, size_t max, const char **ret, struct vl_err *err);

/* A name-based GUID (RFC 9562 version 8: SHA-256) of a text: the same text gives the same one. */
void vl_arm_guid(const char *text, char ret[VL_GUID_TEXT]);

/* The one tenant of this server: a random GUID that is kept in its settings; made where there is none. */
VL_MUST_CHECK int vl_arm_tenant(struct vl_request *request, const char **ret, struct vl_err *err);

#endif
