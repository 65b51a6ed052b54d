/* From a call to its handler: the route is found, the caller known, his environment and role asked for, the
 * body parsed; only then the handler runs. Errors have the form of the route's face, with the code of the
 * error, and the field where one is wrong.
 *
 * Two faces over the same state: /api/v1 (problem details, RFC 9457) and Azure Resource Manager's
 * (/subscriptions/… and its login; {"error":{"code","message"}}). */
#ifndef VL_SERVER_ROUTER_H
#define VL_SERVER_ROUTER_H

#include "app.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "identity/principal.h"
#include "inventory/repo_environment.h"

#define VL_ROUTE_SEGMENTS_MAX 16
#define VL_SESSION_COOKIE     "vallum_session"
#define VL_CSRF_HEADER        "X-Vallum-CSRF"
#define VL_CSRF_TEXT          33

enum vl_route_face {
    VL_FACE_API = 0, /* segments compare exactly; problem details */
    VL_FACE_ARM,     /* segments compare case-blind; ARM errors; ?api-version= is demanded with a role */
};

enum vl_route_body {
    VL_BODY_NONE = 0, /* one that comes is not looked at */
    VL_BODY_JSON,     /* an object: request->body */
    VL_BODY_OPTIONAL, /* the same, or nothing: request->body is NULL */
    VL_BODY_RAW,      /* any: request->call->body */
};

/* Which environment a call is about. It decides the role: no handler runs without one where the route is of
 * an environment. */
enum vl_route_scope {
    VL_SCOPE_SERVER = 0, /* none: the role is that over all environments (0) */
    VL_SCOPE_QUERY,      /* ?environment=GUID|NAME; absent: the only one that the caller has a role in, else
                            400 */
    VL_SCOPE_SEGMENT,    /* the first parameter of the path: GUID or name */
    VL_SCOPE_ANY,        /* the handler asks for each environment itself (lists of them) */
    /* As the two above, and also for those who have the role in parts of the environment alone (registries,
     * clusters, namespaces): the handler reads by vl_request_read(), and so sees these parts and nothing
     * else. For them all other routes are those of an environment that is not there. */
    VL_SCOPE_QUERY_PART,
    VL_SCOPE_SEGMENT_PART,
};

struct vl_request {
    struct vl_server_app *app;
    const struct vl_http_call *call;
    struct vl_http_reply *reply;
    struct vl_arena *arena; /* the call's */
    const struct vl_route *route;
    struct vl_principal who;
    enum vl_role role;                 /* of the caller, everywhere or in `environment` */
    struct vl_environment environment; /* id 0: the route is not of one */
    bool narrow;                       /* he has the role in `parts` alone */
    const int64_t *parts;              /* as struct vl_role_part has them */
    size_t n_parts;
    const struct vl_doc_node *body;            /* parsed JSON, where the route takes one */
    const char *params[VL_ROUTE_SEGMENTS_MAX]; /* segments that stand where the pattern has {} */
    const char *arm_code;                      /* of Azure's face: the code of the error that is returned;
                                                  NULL: by its kind */
    const char *session;                       /* text of the token, where it came as a cookie */
};

struct vl_route {
    const char *method;
    const char *pattern; /* "/api/v1/tokens/{}"; as the last segment {*} stands for any number of them, none
                            too: the handler reads them from call->segments */
    enum vl_role role;   /* VL_ROLE_NONE: anybody, without a token too */
    enum vl_route_scope scope;
    enum vl_route_body body;
    int (*handle)(struct vl_request *request, struct vl_err *err); /* < 0: the error becomes the answer */
};

/* All routes, by subject; ends with NULL routes. Each table ends with a NULL method. */
struct vl_route_group {
    enum vl_route_face face;
    const struct vl_route *routes;
};
extern const struct vl_route_group vl_server_routes[];

/* The handler of the HTTP server; `app` is its user. */
void vl_server_handle(const struct vl_http_call *call, struct vl_http_reply *reply, void *app);

/* --- for handlers --- */

/* Begins a JSON answer; the object is opened. */
void vl_request_json(struct vl_request *request, unsigned status, struct vl_json *ret);
/* Closes it. */
VL_MUST_CHECK int vl_request_json_end(struct vl_json *json, struct vl_err *err);

/* A member of the body: text of at most `max` bytes. Absent: NULL where not required, else the error names
 * the field. */
VL_MUST_CHECK int vl_request_text(struct vl_request *request, const char *field, bool required, size_t max,
    const char **ret, struct vl_err *err);
/* A name that people read: 1 to `max` bytes of UTF-8 without control characters or blanks around it. Absent:
 * NULL where not required. */
VL_MUST_CHECK int vl_request_name(struct vl_request *request, const char *field, bool required, size_t max,
    const char **ret, struct vl_err *err);
/* A whole number; absent gives `absent`. */
VL_MUST_CHECK int vl_request_int(struct vl_request *request, const char *field, int64_t absent, int64_t min,
    int64_t max, int64_t *ret, struct vl_err *err);
/* true or false; absent gives `absent`. */
VL_MUST_CHECK int vl_request_bool(
    struct vl_request *request, const char *field, bool absent, bool *ret, struct vl_err *err);
/* Any other member than these is an error: a setting that is not understood is never passed over. */
VL_MUST_CHECK int vl_request_only(struct vl_request *request, const char *const *fields, struct vl_err *err);

/* A query parameter as a whole number; absent gives `absent`. */
VL_MUST_CHECK int vl_request_query_int(struct vl_request *request, const char *name, int64_t absent,
    int64_t min, int64_t max, int64_t *ret, struct vl_err *err);

/* Parameter `index` of the path as an id: VL_ERR_NOT_FOUND with "there is no such WHAT" where it is none. */
VL_MUST_CHECK int vl_request_id(
    struct vl_request *request, size_t index, const char *what, int64_t *ret, struct vl_err *err);

/* An error that is answered with 403: the caller is known, and may not. */
VL_MUST_CHECK int vl_request_forbidden(struct vl_err *err, const char *why);

/* What the caller may see of the database: all of it, or his parts of it. Handlers read in no other way. */
VL_MUST_CHECK int vl_request_read(struct vl_request *request, struct vl_store_conn **ret, struct vl_err *err);
/* Whether a registry of the environment is his to see. For writes, which are not narrowed. */
bool vl_request_sees(const struct vl_request *request, int64_t registry);
/* His role in an environment, or the highest in a part of it: whether it is there for him. */
VL_MUST_CHECK int vl_request_role_somewhere(struct vl_request *request, struct vl_store_conn *conn,
    int64_t environment, enum vl_role *ret, struct vl_err *err);

/* Writes the audit log within the write that makes the change: who, from where, in the request's environment.
 */
VL_MUST_CHECK int vl_request_audit(struct vl_store_conn *conn, const struct vl_request *request,
    const char *action, const char *object, const char *detail, struct vl_err *err);

/* What a page that came with a session cookie sends in VL_CSRF_HEADER with every call that changes something.
 */
void vl_session_csrf(const char *token, char ret[VL_CSRF_TEXT]);

#endif
