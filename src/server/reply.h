/* Answers that tell what went wrong, in the form of the route's face. */
#ifndef VL_SERVER_REPLY_H
#define VL_SERVER_REPLY_H

#include "router.h"

/* `code` is a stable word: a name of vl_err_code_name(), or ARM's own. */
void vl_reply_problem(struct vl_http_reply *reply, enum vl_route_face face, unsigned status, const char *code,
    const char *detail);

/* The status of an error, and its text: what went wrong inside is not the caller's to read and goes to the
 * log. `arm_code` is vl_request.arm_code. */
void vl_reply_error(const struct vl_http_call *call, struct vl_http_reply *reply, enum vl_route_face face,
    const char *arm_code, const struct vl_err *err);

/* Headers of every answer; nothing of it is kept anywhere, unless the handler set a Cache-Control. */
void vl_reply_headers(struct vl_http_reply *reply);

#endif
