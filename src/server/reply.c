#include "reply.h"

#include <string.h>

#include "disk.h"
#include "log.h"

static unsigned status_of(const struct vl_err *err)
{
    switch (err->code) {
    case VL_ERR_INVALID:
    case VL_ERR_USAGE:
        return 400;
    case VL_ERR_AUTH:
        return 401;
    case VL_ERR_NOT_FOUND:
        return 404;
    case VL_ERR_CONFLICT:
        return 409;
    case VL_ERR_LIMIT:
        return 422;
    case VL_ERR_UNSUPPORTED:
        return 409;
    case VL_ERR_UNREACHABLE:
        return 503;
    case VL_ERR_SYSTEM:
        return vl_disk_is_why(err) ? 507 : 500;
    case VL_ERR_NONE:
    case VL_ERR_CORRUPT:
    case VL_ERR_MEMORY:
    default:
        return 500;
    }
}

static const char *title_of(unsigned status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 412:
        return "Precondition Failed";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    case 507:
        return "Insufficient Storage";
    default:
        return "Internal Server Error";
    }
}

/* RFC 9457. */
static void api_body(struct vl_json *json, unsigned status, const char *code, const char *detail)
{
    vl_json_object(json);
    vl_json_member_str(json, "type", "about:blank");
    vl_json_member_str(json, "title", title_of(status));
    vl_json_member_int(json, "status", status);
    vl_json_member_str(json, "code", code);
    vl_json_member_str(json, "detail", detail);
    vl_json_object_end(json);
}

/* Azure Resource Manager, "common error response": https://aka.ms/arm-errors. */
static void arm_body(struct vl_json *json, unsigned status, const char *code, const char *detail)
{
    static const struct {
        const char *ours, *arm;
    } names[] = {{"invalid", "InvalidRequestContent"}, {"usage", "InvalidRequest"},
        {"not_found", "ResourceNotFound"}, {"conflict", "Conflict"}, {"unsupported", "FeatureNotAvailable"},
        {"limit", "LimitExceeded"}, {"precondition", "PreconditionFailed"},
        {"unreachable", "ServiceUnavailable"}, {"disk_full", "InsufficientStorage"}};
    const char *name = status == 500 ? "InternalServerError" : code;
    if (status == 401)
        name = "AuthenticationFailed";
    if (status == 403)
        name = "AuthorizationFailed";
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i].ours) == 0)
            name = names[i].arm;
    }
    vl_json_object(json);
    vl_json_key(json, "error");
    vl_json_object(json);
    vl_json_member_str(json, "code", name);
    vl_json_member_str(json, "message", detail);
    vl_json_object_end(json);
    vl_json_object_end(json);
}

void vl_reply_problem(struct vl_http_reply *reply, enum vl_route_face face, unsigned status, const char *code,
    const char *detail)
{
    struct vl_json json;
    vl_buf_clear(&reply->body);
    reply->n_headers = 0;
    reply->status = status;
    reply->lent = (struct vl_span){0};
    reply->content_type = face == VL_FACE_ARM ? "application/json" : "application/problem+json";
    vl_json_init(&json, &reply->body, false);
    if (face == VL_FACE_ARM)
        arm_body(&json, status, code, detail);
    else
        api_body(&json, status, code, detail);
    vl_buf_append_char(&reply->body, '\n');
    if (status == 401)
        vl_http_reply_header(reply, "WWW-Authenticate", "Bearer");
    if (status == 507)
        vl_http_reply_header(reply, "Retry-After", "10");
    if (status == 503)
        vl_http_reply_header(reply, "Retry-After", "1");
}

void vl_reply_error(const struct vl_http_call *call, struct vl_http_reply *reply, enum vl_route_face face,
    const char *arm_code, const struct vl_err *err)
{
    unsigned status = err->code == VL_ERR_AUTH && err->err == -EPERM ? 403 : status_of(err);
    if (err->code == VL_ERR_CONFLICT && err->err == -ESTALE)
        status = 412; /* vl_api_if_match() */
    if (status == 500)
        vl_log(VL_LOG_ERROR, VL_LOG_FIELDS({"method", call->method}, {"path", call->path}), "%s", err->msg);
    const char *code = status == 412   ? "precondition"
                       : status == 507 ? "disk_full"
                                       : vl_err_code_name(err->code);
    const char *detail =
        status == 500 ? "see the log of vallumd"
        : status == 507 /* without the names of its files */
            ? "the disk of the server, or of its database, is full: nothing was stored; try again when "
              "there is room"
            : err->msg;
    if (face == VL_FACE_ARM && arm_code && status != 500 && status != 507)
        code = arm_code;
    vl_reply_problem(reply, face, status, code, detail);
}

void vl_reply_headers(struct vl_http_reply *reply)
{
    bool cached = false; /* the handler said what may be kept */
    for (size_t i = 0; i < reply->n_headers; i++)
        cached |= vl_span_eq_nocase(vl_span_str(reply->headers[i].name), VL_SPAN_LIT("Cache-Control"));
    if (!cached)
        vl_http_reply_header(reply, "Cache-Control", "no-store");
    vl_http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    vl_http_reply_header(reply, "Strict-Transport-Security", "max-age=31536000");
}
