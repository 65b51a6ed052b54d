/* From a call to its handler: the route is found, the caller known, his role asked for, the body parsed; only
 * then the handler runs. Errors are problem details (RFC 9457) with the code of the error, and the field
 * where one is wrong. */
#ifndef VL_SERVER_ROUTER_H
#define VL_SERVER_ROUTER_H

#include "app.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "principal.h"

#define VL_ROUTE_SEGMENTS_MAX 16

struct vl_request {
    struct vl_server_app *app;
    const struct vl_http_call *call;
    struct vl_http_reply *reply;
    struct vl_arena *arena; /* the call's */
    struct vl_principal who;
    enum vl_role role;                         /* of the caller, everywhere or in `environment` */
    int64_t environment;                       /* 0: the route is not of one */
    const struct vl_doc_node *body;            /* parsed JSON, where the route takes one */
    const char *params[VL_ROUTE_SEGMENTS_MAX]; /* segments that stand where the pattern has {} */
};

struct vl_route {
    const char *method;
    const char *pattern; /* "/api/v1/tokens/{}" */
    enum vl_role role;   /* VL_ROLE_NONE: anybody, without a token too */
    bool takes_body;
    int (*handle)(struct vl_request *request, struct vl_err *err); /* < 0: the error becomes the answer */
};

/* All routes; end with a NULL method. */
extern const struct vl_route vl_server_routes[];

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
/* A whole number; absent gives `absent`. */
VL_MUST_CHECK int vl_request_int(struct vl_request *request, const char *field, int64_t absent, int64_t min,
    int64_t max, int64_t *ret, struct vl_err *err);
/* Any other member than these is an error: a setting that is not understood is never passed over. */
VL_MUST_CHECK int vl_request_only(struct vl_request *request, const char *const *fields, struct vl_err *err);

#endif
