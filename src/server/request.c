/* What handlers ask of a request, and how they begin their answers. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/digest.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "identity/sight.h"
#include "router.h"

/* --- answers --- */

void vl_request_json(struct vl_request *request, unsigned status, struct vl_json *ret)
{
    request->reply->status = status;
    request->reply->content_type = "application/json";
    vl_json_init(ret, &request->reply->body, false);
    vl_json_object(ret);
}

int vl_request_json_end(struct vl_json *json, struct vl_err *err)
{
    vl_json_object_end(json);
    vl_buf_append_char(json->out, '\n');
    return vl_json_check(json, "the answer", err);
}

/* --- what comes in --- */

int vl_request_text(struct vl_request *request, const char *field, bool required, size_t max,
    const char **ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, field);
    if (!node || vl_doc_is(node, VL_DOC_NULL)) {
        *ret = NULL;
        return required ? vl_err_set(err, VL_ERR_INVALID, "/%s: is missing", field) : 0;
    }
    if (!vl_doc_is(node, VL_DOC_STRING))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must be a text", field);
    struct vl_span text = vl_doc_span(node);
    if (text.len > max || (required && text.len == 0))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must have 1 to %zu bytes", field, max);
    if (vl_span_find_char(text, '\0') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/%s: holds a NUL", field);
    *ret = vl_arena_dup_span(request->arena, text);
    return vl_arena_check(request->arena, "the request", err);
}

int vl_request_name(struct vl_request *request, const char *field, bool required, size_t max,
    const char **ret, struct vl_err *err)
{
    const char *name = NULL;
    int r = vl_request_text(request, field, required, max, &name, err);
    if (r < 0 || !name) {
        *ret = NULL;
        return r;
    }
    struct vl_span s = vl_span_str(name);
    if (s.len == 0 || !vl_utf8_valid(s) || vl_span_trim(s).len != s.len || vl_span_has_control(s))
        return vl_err_set(err, VL_ERR_INVALID,
            "/%s: must have 1 to %zu bytes, without control characters or blanks around it", field, max);
    *ret = name;
    return 0;
}

int vl_request_int(struct vl_request *request, const char *field, int64_t absent, int64_t min, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, field);
    int64_t value = absent;
    if (node && (!vl_doc_int(node, &value) || value < min || value > max))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must be a whole number from %lld to %lld", field,
            (long long)min, (long long)max);
    *ret = value;
    return 0;
}

int vl_request_only(struct vl_request *request, const char *const *fields, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(request->body); n; n = vl_doc_next(n)) {
        bool known = false;
        for (const char *const *f = fields; *f; f++)
            known |= vl_span_eq_str(vl_doc_key(n), *f);
        if (!known)
            return vl_err_set(
                err, VL_ERR_INVALID, "/%.*s: there is no such field", VL_SPAN_FMT(vl_doc_key(n)));
    }
    return 0;
}

int vl_request_bool(struct vl_request *request, const char *field, bool absent, bool *ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, field);
    if (node && !vl_doc_is(node, VL_DOC_BOOL))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must be true or false", field);
    *ret = node ? vl_doc_bool(node) : absent;
    return 0;
}

int vl_request_query_int(struct vl_request *request, const char *name, int64_t absent, int64_t min,
    int64_t max, int64_t *ret, struct vl_err *err)
{
    const char *text = vl_http_call_param(request->call, name);
    uint64_t value;
    if (!text) {
        *ret = absent;
        return 0;
    }
    if (!vl_span_to_u64(vl_span_str(text), &value) || value > INT64_MAX || (int64_t)value < min ||
        (int64_t)value > max)
        return vl_err_set(err, VL_ERR_INVALID, "?%s= must be a whole number from %lld to %lld", name,
            (long long)min, (long long)max);
    *ret = (int64_t)value;
    return 0;
}

int vl_request_id(
    struct vl_request *request, size_t index, const char *what, int64_t *ret, struct vl_err *err)
{
    uint64_t id;
    if (!vl_span_to_u64(vl_span_str(request->params[index]), &id) || id == 0 || id > INT64_MAX)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such %s", what);
    *ret = (int64_t)id;
    return 0;
}

int vl_request_forbidden(struct vl_err *err, const char *why)
{
    int r = vl_err_set(err, VL_ERR_AUTH, "%s", why);
    err->err = -EPERM; /* known, and not allowed */
    return r;
}

int vl_request_read(struct vl_request *request, struct vl_store_conn **ret, struct vl_err *err)
{
    if (!request->narrow)
        return vl_store_read(request->app->store, ret, err);
    return vl_store_read_narrowed(
        request->app->store, &vl_sight_of_parts, request->parts, request->n_parts, ret, err);
}

bool vl_request_sees(const struct vl_request *request, int64_t registry)
{
    for (size_t i = 0; i < request->n_parts; i++) {
        if (request->parts[i] == registry)
            return true;
    }
    return !request->narrow;
}

int vl_request_role_somewhere(struct vl_request *request, struct vl_store_conn *conn, int64_t environment,
    enum vl_role *ret, struct vl_err *err)
{
    struct vl_role_part *parts = NULL;
    size_t n = 0;
    enum vl_role role = VL_ROLE_NONE;
    int r = vl_repo_role_get(conn, &request->who, environment, &role, err);
    if (r >= 0 && role == VL_ROLE_NONE)
        r = vl_repo_role_parts(conn, &request->who, environment, request->arena, &parts, &n, err);
    for (size_t i = 0; i < n; i++)
        role = parts[i].role > role ? parts[i].role : role;
    if (r >= 0)
        *ret = role;
    return r;
}

int vl_request_audit(struct vl_store_conn *conn, const struct vl_request *request, const char *action,
    const char *object, const char *detail, struct vl_err *err)
{
    return vl_repo_audit(
        conn, request->who.name, request->call->peer, request->environment.id, action, object, detail, err);
}

void vl_session_csrf(const char *token, char ret[VL_CSRF_TEXT])
{
    struct vl_digest digest;
    struct vl_digester *d = vl_digester_new(VL_DIGEST_SHA256);
    memset(ret, 0, VL_CSRF_TEXT);
    if (!d)
        return; /* "" fits no header */
    vl_digester_update(d, VL_SPAN_LIT("csrf\0"));
    vl_digester_update(d, vl_span_str(token));
    vl_digester_finish(d, &digest);
    vl_digester_free(d);
    vl_hex_encode(digest.bytes, (VL_CSRF_TEXT - 1) / 2, ret);
}
