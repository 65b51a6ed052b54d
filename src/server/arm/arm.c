#include "arm/arm.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arm/repo_arm_server.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"

/* --- errors --- */

int vl_arm_error(struct vl_request *request, struct vl_err *err, enum vl_err_code kind, const char *code,
    const char *fmt, ...)
{
    char text[VL_ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    request->arm_code = code;
    return vl_err_set(err, kind, "%s", text);
}

int vl_arm_not_built(struct vl_request *request, struct vl_err *err, const char *what)
{
    return vl_arm_error(
        request, err, VL_ERR_UNSUPPORTED, "FeatureNotAvailable", "%s is not built in this release", what);
}

/* --- the query --- */

const char *vl_arm_param(const struct vl_request *request, const char *name)
{
    for (size_t i = 0; i < request->call->n_params; i++) {
        if (vl_span_eq_nocase(vl_span_str(request->call->params[i].name), vl_span_str(name)))
            return request->call->params[i].value;
    }
    return NULL;
}

bool vl_arm_expand(const struct vl_request *request, const char *what)
{
    const char *expand = vl_arm_param(request, "$expand");
    struct vl_span rest = vl_span_str(expand ? expand : ""), part;
    while (vl_span_split(&rest, ',', &part)) {
        if (vl_span_eq_nocase(vl_span_trim(part), vl_span_str(what)))
            return true;
    }
    return false;
}

int vl_arm_version(struct vl_request *request, const char *const *versions, struct vl_err *err)
{
    struct vl_span asked = vl_span_str(vl_arm_param(request, "api-version"));
    struct vl_buf names VL_CLEANUP(vl_buf_done);
    vl_buf_init(&names, VL_ERR_MSG_MAX);
    for (int i = 0; versions[i]; i++) {
        if (vl_span_eq_nocase(asked, vl_span_str(versions[i])))
            return i;
        vl_buf_printf(&names, "%s%s", i ? ", " : "", versions[i]);
    }
    return vl_arm_error(request, err, VL_ERR_INVALID, "InvalidApiVersionParameter",
        "The api-version '%.*s' is invalid. The supported versions are '%s'.", VL_SPAN_FMT(asked),
        vl_buf_str(&names));
}

/* --- where --- */

void vl_arm_encode(struct vl_buf *out, struct vl_span segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        unsigned char c = (unsigned char)segment.ptr[i];
        if (isalnum(c) || strchr("-._~:", c))
            vl_buf_append_char(out, (char)c);
        else
            vl_buf_printf(out, "%%%02X", c);
    }
}

const char *vl_arm_lower(struct vl_arena *arena, const char *text)
{
    char *key = vl_arena_strdup(arena, text);
    for (char *c = key; c && *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return key;
}

bool vl_arm_below(const struct vl_arm_scope *scope, const char *key)
{
    size_t n = strlen(scope->key);
    return strncmp(key, scope->key, n) == 0 && (key[n] == '\0' || key[n] == '/');
}

/* Where "providers/Microsoft.Security" stands last; SIZE_MAX where nowhere. */
static size_t provider_at(const struct vl_http_call *call)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i + 1 < call->n_segments; i++) {
        if (vl_span_eq_nocase(vl_span_str(call->segments[i]), VL_SPAN_LIT("providers")) &&
            vl_span_eq_nocase(vl_span_str(call->segments[i + 1]), VL_SPAN_LIT(VL_ARM_PROVIDER)))
            at = i;
    }
    return at;
}

static int format_id(
    const struct vl_resource_id *id, struct vl_arena *arena, struct vl_arm_scope *scope, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done), key VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 4UL * VL_RESOURCE_ID_MAX);
    vl_buf_init(&key, 4UL * VL_RESOURCE_ID_MAX);
    vl_resource_format(id, &text);
    vl_resource_key(id, &key);
    int r = vl_buf_check(&text, "the id", err);
    if (r >= 0)
        r = vl_buf_check(&key, "the id", err);
    if (r < 0)
        return r;
    scope->level = id->provider ? VL_ARM_RESOURCE : id->group ? VL_ARM_GROUP : VL_ARM_SUBSCRIPTION;
    scope->group = id->group;
    scope->id = vl_arena_strdup(arena, vl_buf_str(&text));
    scope->key = vl_arena_strdup(arena, vl_buf_str(&key));
    return vl_arena_check(arena, "the id", err);
}

int vl_arm_scope(struct vl_request *request, struct vl_arm_scope *ret, struct vl_err *err)
{
    const struct vl_http_call *call = request->call;
    struct vl_buf path VL_CLEANUP(vl_buf_done);
    struct vl_resource_id id;
    vl_buf_init(&path, VL_HTTP_SERVER_HEAD_MAX);
    size_t end = provider_at(call);
    if (end == SIZE_MAX)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is nothing at this path");
    struct vl_arm_scope scope = {
        .id = "", .key = "", .tail = call->segments + end + 2, .n_tail = call->n_segments - end - 2};
    int r = 0;
    if (end > 0) {
        for (size_t i = 0; i < end; i++) {
            vl_buf_append_char(&path, '/');
            /* The path may have the environment's name. */
            if (i == 1 && request->environment.guid)
                vl_buf_append_str(&path, request->environment.guid);
            else
                vl_arm_encode(&path, vl_span_str(call->segments[i]));
        }
        r = vl_buf_check(&path, "the path", err);
        if (r >= 0)
            r = vl_resource_parse(vl_buf_span(&path), request->arena, &id, err);
        if (r >= 0)
            r = format_id(&id, request->arena, &scope, err);
    }
    if (r >= 0)
        *ret = scope;
    return r;
}

const char *vl_arm_tail(const struct vl_arm_scope *scope, size_t index)
{
    return index < scope->n_tail ? scope->tail[index] : "";
}

int vl_arm_location(struct vl_request *request, const struct vl_arm_scope *scope, struct vl_err *err)
{
    const char *location = vl_arm_tail(scope, 1);
    if (vl_span_eq_nocase(vl_span_str(location), VL_SPAN_LIT(VL_ARM_LOCATION)))
        return 0;
    return vl_arm_error(request, err, VL_ERR_NOT_FOUND, "LocationNotFound",
        "there is no location '%s'; the only one is '" VL_ARM_LOCATION "'", location);
}

/* --- answers --- */

/* What a client may have sent as Host goes into links only where it can be nothing but a host and a port. */
static bool is_host(const char *host)
{
    size_t n = strlen(host);
    return n > 0 && n < 300 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") == n;
}

const char *vl_arm_base(struct vl_request *request)
{
    const char *host = vl_http_call_header(request->call, "Host");
    const char *scheme = request->call->tls ? "https" : "http";
    if (host && is_host(host))
        return vl_arena_printf(request->arena, "%s://%s", scheme, host);
    return vl_arena_printf(request->arena, "%s://%s:%u", scheme, request->app->config->address,
        vl_http_server_port(request->app->http));
}

static int read_filter(
    struct vl_request *request, const char *const *fields, struct vl_arm_filter **ret, struct vl_err *err)
{
    const char *text = vl_arm_param(request, "$filter");
    if (!text || *text == '\0')
        return 0;
    request->arm_code = "InvalidFilterInQueryString";
    if (!fields)
        return vl_err_set(err, VL_ERR_INVALID, "$filter: this list has no filter");
    int r = vl_arm_filter_parse(vl_span_str(text), fields, request->arena, ret, err);
    if (r >= 0)
        request->arm_code = NULL;
    return r;
}

bool vl_arm_list_takes(const struct vl_arm_list *list, const char *const *values)
{
    return !list->filter || vl_arm_filter_match(list->filter, values);
}

int vl_arm_list(
    struct vl_request *request, const char *const *fields, struct vl_arm_list *ret, struct vl_err *err)
{
    struct vl_arm_list list = {.request = request, .top = VL_ARM_TOP_MAX};
    const char *top = vl_arm_param(request, "$top");
    uint64_t value;
    list.skip = vl_arm_param(request, "$skiptoken");
    if (top && (!vl_span_to_u64(vl_span_str(top), &value) || value == 0))
        return vl_arm_error(
            request, err, VL_ERR_INVALID, "InvalidQueryParameter", "$top must be a whole number above 0");
    if (top && value < VL_ARM_TOP_MAX)
        list.top = (size_t)value;
    if (list.skip && strlen(list.skip) > VL_ARM_SKIPTOKEN)
        return vl_arm_error(
            request, err, VL_ERR_INVALID, "InvalidQueryParameter", "$skiptoken is none of ours");
    int r = read_filter(request, fields, &list.filter, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &list.json);
    *ret = list;
    vl_json_key(&ret->json, "value");
    vl_json_array(&ret->json);
    return 0;
}

bool vl_arm_list_room(struct vl_arm_list *list, const char *last)
{
    if (list->n < list->top) {
        list->n++;
        return true;
    }
    list->next = vl_arena_strdup(list->request->arena, last ? last : "");
    return false;
}

/* The call's own target with another $skiptoken. */
static void write_next(struct vl_arm_list *list)
{
    const struct vl_http_call *call = list->request->call;
    struct vl_buf link VL_CLEANUP(vl_buf_done);
    const char *mark = strchr(call->target, '?');
    size_t path = mark ? (size_t)(mark - call->target) : strlen(call->target);
    vl_buf_init(&link, 2 * VL_HTTP_SERVER_HEAD_MAX);
    vl_buf_append_str(&link, vl_arm_base(list->request));
    vl_buf_append(&link, call->target, path);
    for (size_t i = 0; i < call->n_params; i++) {
        if (vl_span_eq_nocase(vl_span_str(call->params[i].name), VL_SPAN_LIT("$skiptoken")))
            continue;
        vl_buf_append_char(&link, strchr(vl_buf_str(&link), '?') ? '&' : '?');
        vl_arm_encode(&link, vl_span_str(call->params[i].name));
        vl_buf_append_char(&link, '=');
        vl_arm_encode(&link, vl_span_str(call->params[i].value));
    }
    vl_buf_append_str(&link, strchr(vl_buf_str(&link), '?') ? "&%24skiptoken=" : "?%24skiptoken=");
    vl_arm_encode(&link, vl_span_str(list->next));
    vl_json_member_str(&list->json, "nextLink", vl_buf_str(&link));
}

int vl_arm_list_end(struct vl_arm_list *list, struct vl_err *err)
{
    vl_json_array_end(&list->json);
    if (list->next)
        write_next(list);
    return vl_request_json_end(&list->json, err);
}

void vl_arm_answer(struct vl_request *request, unsigned status, struct vl_json *ret)
{
    request->reply->status = status;
    request->reply->content_type = "application/json";
    vl_json_init(ret, &request->reply->body, false);
}

void vl_arm_entry(
    struct vl_json *json, const char *scope_id, const char *type, const char *path, const char *name)
{
    struct vl_buf id VL_CLEANUP(vl_buf_done);
    vl_buf_init(&id, VL_HTTP_SERVER_HEAD_MAX);
    vl_buf_printf(&id, "%s/providers/" VL_ARM_PROVIDER "/%s/", scope_id, path);
    vl_arm_encode(&id, vl_span_str(name));
    vl_json_object(json);
    vl_json_member_str(json, "id", vl_buf_str(&id));
    vl_json_member_str(json, "name", name);
    vl_json_key(json, "type");
    vl_buf_clear(&id);
    vl_buf_printf(&id, VL_ARM_PROVIDER "/%s", type);
    vl_json_str(json, vl_buf_str(&id));
    vl_json_key(json, "properties");
    vl_json_object(json);
}

void vl_arm_entry_end(struct vl_json *json)
{
    vl_json_object_end(json);
    vl_json_object_end(json);
}

void vl_arm_time(struct vl_json *json, const char *key, int64_t ms)
{
    char text[VL_TIME_TEXT_MAX], out[VL_TIME_TEXT_MAX + 8];
    if (ms <= 0)
        return;
    (void)vl_time_format(ms, text);
    size_t n = strcspn(text, "Z");
    (void)snprintf(out, sizeof(out), "%.*s.%03d0000Z", (int)(n > 19 ? 19 : n), text, (int)(ms % 1000));
    vl_json_member_str(json, key, out);
}

/* --- the body --- */

int vl_arm_properties(struct vl_request *request, const struct vl_doc_node **ret, struct vl_err *err)
{
    const struct vl_doc_node *properties = vl_doc_get(request->body, "properties");
    if (!vl_doc_is(properties, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "/properties: must be an object");
    *ret = properties;
    return 0;
}

int vl_arm_text(struct vl_request *request, const struct vl_doc_node *object, const char *where,
    const char *field, size_t max, const char **ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(object, field);
    *ret = NULL;
    if (!node || vl_doc_is(node, VL_DOC_NULL))
        return 0;
    struct vl_span text = vl_doc_span(node);
    if (!vl_doc_is(node, VL_DOC_STRING))
        return vl_err_set(err, VL_ERR_INVALID, "%s/%s: must be a text", where, field);
    if (text.len > max || vl_span_find_char(text, '\0') != SIZE_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "%s/%s: must have at most %zu bytes, and no NUL", where, field, max);
    *ret = vl_arena_dup_span(request->arena, text);
    return vl_arena_check(request->arena, "the request", err);
}

/* --- ids --- */

void vl_arm_guid(const char *text, char ret[VL_GUID_TEXT])
{
    struct vl_digest digest;
    char hex[33];
    vl_digest_compute(VL_DIGEST_SHA256, vl_span_str(text), &digest);
    digest.bytes[6] = (uint8_t)((digest.bytes[6] & 0x0f) | 0x80);
    digest.bytes[8] = (uint8_t)((digest.bytes[8] & 0x3f) | 0x80);
    vl_hex_encode(digest.bytes, 16, hex);
    (void)snprintf(
        ret, VL_GUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

int vl_arm_tenant(struct vl_request *request, const char **ret, struct vl_err *err)
{
    return vl_repo_arm_tenant(request->app->store, request->arena, ret, err);
}
