#include "api.h"

#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "model/severity.h"

#define CURSOR_VERSION   1
#define CURSOR_BYTES_MAX (VL_API_KEYS_MAX * (VL_API_KEY_TEXT_MAX + 16) + 16)
#define STORED_DEPTH_MAX 32
#define NDJSON           "application/x-ndjson"

/* --- cursors --- */

static uint64_t hash_of(const char *a, const char *b)
{
    struct vl_digest digest = {0};
    struct vl_digester *d VL_CLEANUP(vl_digester_cleanup) = vl_digester_new(VL_DIGEST_SHA256);
    uint64_t hash = 0;
    if (!d)
        return 0;
    vl_digester_update(d, vl_span_str(a));
    vl_digester_update(d, VL_SPAN_LIT("\0"));
    vl_digester_update(d, vl_span_str(b));
    vl_digester_finish(d, &digest);
    memcpy(&hash, digest.bytes, sizeof(hash));
    return hash;
}

/* A sum: the order of the parameters does not matter. */
static uint64_t bound_to(const struct vl_request *request, const char *sort)
{
    uint64_t sum = hash_of(request->route->pattern, sort);
    for (size_t i = 0; i < request->call->n_params; i++) {
        const struct vl_http_call_param *p = &request->call->params[i];
        if (strcmp(p->name, "cursor") != 0 && strcmp(p->name, "limit") != 0 &&
            strcmp(p->name, "environment") != 0)
            sum += hash_of(p->name, p->value);
    }
    for (size_t i = 0; i < VL_ROUTE_SEGMENTS_MAX && request->params[i]; i++)
        sum += (i + 1) * hash_of("/", request->params[i]);
    return sum + hash_of("environment", request->environment.guid ? request->environment.guid : "");
}

static void encode_cursor(struct vl_api_page *page, const struct vl_api_key *keys)
{
    struct vl_buf bytes VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&bytes, CURSOR_BYTES_MAX);
    vl_buf_init(&text, 2 * CURSOR_BYTES_MAX);
    vl_buf_append_u8(&bytes, CURSOR_VERSION);
    vl_buf_append_u64le(&bytes, page->bound);
    for (size_t i = 0; i < page->n_keys; i++) {
        vl_buf_append_u8(&bytes, keys[i].text != NULL);
        if (keys[i].text)
            vl_buf_append_lstr(&bytes, vl_span_str(keys[i].text));
        else
            vl_buf_append_u64le(&bytes, (uint64_t)keys[i].number);
    }
    vl_base64url_encode(vl_buf_span(&bytes), &text);
    char *out = vl_arena_dup_span(page->request->arena, vl_buf_span(&text));
    page->next = bytes.failed || text.failed ? NULL : out;
}

static bool decode_cursor(struct vl_api_page *page, struct vl_span text)
{
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    struct vl_reader r;
    vl_buf_init(&bytes, CURSOR_BYTES_MAX);
    if (text.len > 2 * CURSOR_BYTES_MAX || !vl_base64_decode(text, &bytes) || bytes.failed)
        return false;
    r = vl_reader_new(vl_buf_span(&bytes));
    if (vl_reader_u8(&r) != CURSOR_VERSION || vl_reader_u64le(&r) != page->bound)
        return false;
    for (size_t i = 0; i < page->n_keys; i++) {
        struct vl_api_key *key = &page->keys[i];
        if (vl_reader_u8(&r) == 0) {
            key->number = (int64_t)vl_reader_u64le(&r);
            continue;
        }
        struct vl_span s = vl_reader_lstr(&r);
        if (s.len > VL_API_KEY_TEXT_MAX || !vl_utf8_valid(s) || vl_span_find_char(s, '\0') != SIZE_MAX)
            return false;
        key->text = vl_arena_dup_span(page->request->arena, s);
        if (!key->text)
            return false;
    }
    return vl_reader_ok(&r) && vl_reader_left(&r) == 0;
}

/* --- lists --- */

static bool accepts_lines(const struct vl_request *request)
{
    struct vl_span accept = vl_span_str(vl_http_call_header(request->call, "Accept"));
    return vl_span_find(accept, VL_SPAN_LIT(NDJSON)) != SIZE_MAX;
}

static void begin(struct vl_request *request, struct vl_api_page *page)
{
    page->request = request;
    page->ndjson = accepts_lines(request);
    request->reply->status = 200;
    request->reply->content_type = page->ndjson ? NDJSON : "application/json";
    vl_json_init(&page->json, &request->reply->body, false);
    if (page->ndjson) {
        page->limit = VL_API_LINES_MAX;
    } else {
        vl_json_object(&page->json);
        vl_api_array(&page->json, "items");
    }
    page->fetch = page->limit + 1;
}

int vl_api_list_begin(
    struct vl_request *request, const char *sort, size_t n_keys, struct vl_api_page *ret, struct vl_err *err)
{
    struct vl_api_page page = {.request = request, .n_keys = n_keys};
    const char *cursor = vl_http_call_param(request->call, "cursor");
    int r =
        vl_request_query_int(request, "limit", VL_API_LIMIT_DEFAULT, 1, VL_API_LIMIT_MAX, &page.limit, err);
    if (r < 0)
        return r;
    if (n_keys > VL_API_KEYS_MAX)
        return vl_err_set(err, VL_ERR_SYSTEM, "a cursor of %zu values", n_keys);
    page.bound = bound_to(request, sort);
    page.resumed = cursor && *cursor;
    if (page.resumed && !decode_cursor(&page, vl_span_str(cursor)))
        return vl_err_set(
            err, VL_ERR_INVALID, "?cursor= is none of this list with this order and these filters");
    begin(request, &page);
    *ret = page;
    return 0;
}

int vl_api_all_begin(struct vl_request *request, struct vl_api_page *ret, struct vl_err *err)
{
    (void)err;
    struct vl_api_page page = {.limit = VL_API_LINES_MAX};
    begin(request, &page);
    *ret = page;
    return 0;
}

bool vl_api_item(struct vl_api_page *page)
{
    if (page->n == page->limit) {
        page->more = true;
        return false;
    }
    if (page->ndjson)
        vl_json_init(&page->json, &page->request->reply->body, false);
    vl_json_object(&page->json);
    return true;
}

void vl_api_item_end(struct vl_api_page *page, const struct vl_api_key *keys)
{
    vl_json_object_end(&page->json);
    page->n++;
    if (page->ndjson)
        vl_buf_append_char(&page->request->reply->body, '\n');
    else if (page->n == page->limit && page->n_keys > 0)
        encode_cursor(page, keys);
}

bool vl_api_wants_total(const struct vl_api_page *page)
{
    return !page->ndjson && (page->more || page->resumed);
}

static void total(struct vl_json *json, int64_t value, bool exact)
{
    vl_api_object(json, "total");
    vl_json_member_int(json, "value", value);
    vl_json_member_str(json, "relation", exact ? "EXACT" : "AT_LEAST");
    vl_json_object_end(json);
}

void vl_api_total(struct vl_json *json, int64_t counted)
{
    bool exact = counted <= VL_API_COUNT_MAX;
    total(json, exact ? counted : VL_API_COUNT_MAX, exact);
}

void vl_api_items_end(struct vl_api_page *page)
{
    if (!page->ended && !page->ndjson)
        vl_json_array_end(&page->json);
    page->ended = true;
}

int vl_api_list_end(struct vl_api_page *page, int64_t counted, struct vl_err *err)
{
    struct vl_json *json = &page->json;
    if (page->ndjson) {
        if (page->more)
            return vl_err_set(err, VL_ERR_LIMIT, "more than %d items: ask for less", VL_API_LINES_MAX);
        return vl_buf_check(&page->request->reply->body, "the answer", err);
    }
    if (page->more && !page->next)
        return vl_err_set(err, VL_ERR_LIMIT, "the list is too long");
    vl_api_items_end(page);
    if (vl_api_wants_total(page))
        vl_api_total(json, counted);
    else
        total(json, page->n, true);
    vl_api_str(json, "next", page->more ? page->next : NULL);
    return vl_request_json_end(json, err);
}

/* --- versions of an object --- */

void vl_api_etag_of(struct vl_span bytes, char ret[VL_API_ETAG_TEXT])
{
    struct vl_digest digest = {0};
    char hex[33];
    vl_digest_compute(VL_DIGEST_SHA256, bytes, &digest);
    vl_hex_encode(digest.bytes, 16, hex);
    (void)snprintf(ret, VL_API_ETAG_TEXT, "\"%s\"", hex);
}

/* RFC 9110, 8.8.3 and 13.1: a list of tags, or "*"; tags of ours hold no comma. `weak`: W/ counts as the same
 * (If-None-Match), or as another (If-Match). */
static bool names(const char *header, const char *etag, bool weak)
{
    struct vl_span rest = vl_span_str(header), part;
    while (vl_span_split(&rest, ',', &part)) {
        part = vl_span_trim(part);
        if (weak && vl_span_starts_with(part, "W/"))
            part = vl_span_slice(part, 2, part.len);
        if (vl_span_eq_str(part, "*") || vl_span_eq_str(part, etag))
            return true;
    }
    return false;
}

void vl_api_etag(struct vl_request *request)
{
    char etag[VL_API_ETAG_TEXT];
    const char *known = vl_http_call_header(request->call, "If-None-Match");
    vl_api_etag_of(vl_buf_span(&request->reply->body), etag);
    vl_http_reply_header(request->reply, "ETag", vl_arena_strdup(request->arena, etag));
    if (request->reply->status != 200 || !known || !names(known, etag, true))
        return;
    request->reply->status = 304;
    request->reply->content_type = NULL;
    vl_buf_clear(&request->reply->body);
}

int vl_api_if_match(const struct vl_request *request, const char etag[VL_API_ETAG_TEXT], struct vl_err *err)
{
    const char *wanted = vl_http_call_header(request->call, "If-Match");
    if (!wanted || names(wanted, etag, false))
        return 0;
    int r = vl_err_set(err, VL_ERR_CONFLICT, "it was changed since it was read (If-Match)");
    err->err = -ESTALE; /* answered with 412 */
    return r;
}

/* --- what a query asks --- */

int vl_api_query_word(struct vl_request *request, const char *name, const char *const *names_of, int absent,
    int *ret, struct vl_err *err)
{
    const char *text = vl_http_call_param(request->call, name);
    if (!text || !*text) {
        *ret = absent;
        return 0;
    }
    for (int i = 0; names_of[i]; i++) {
        if (vl_span_eq_nocase(vl_span_str(text), vl_span_str(names_of[i]))) {
            *ret = i;
            return 0;
        }
    }
    char known[256] = "";
    size_t at = 0;
    for (int i = 0; names_of[i] && at < sizeof(known); i++)
        at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "", names_of[i]);
    return vl_err_set(err, VL_ERR_INVALID, "?%s= is none of %s", name, known);
}

int vl_api_query_bool(struct vl_request *request, const char *name, bool *ret, struct vl_err *err)
{
    static const char *const words[] = {"false", "true", NULL};
    int which = 0;
    int r = vl_api_query_word(request, name, words, 0, &which, err);
    if (r >= 0)
        *ret = which == 1;
    return r;
}

int vl_api_query_text(
    struct vl_request *request, const char *name, size_t max, const char **ret, struct vl_err *err)
{
    const char *text = vl_http_call_param(request->call, name);
    if (text && strlen(text) > max)
        return vl_err_set(err, VL_ERR_INVALID, "?%s= has more than %zu bytes", name, max);
    if (text && !vl_utf8_valid(vl_span_str(text)))
        return vl_err_set(err, VL_ERR_INVALID, "?%s= is not UTF-8", name);
    *ret = text ? text : "";
    return 0;
}

const char *const vl_api_severities[] = {"unknown", "negligible", "low", "medium", "high", "critical", NULL};

const char *vl_api_severity(int severity)
{
    if (severity == VL_SEVERITY_NEGLIGIBLE)
        severity = VL_SEVERITY_LOW;
    return severity >= 0 && severity < VL_SEVERITY_COUNT ? vl_api_severities[severity] : "unknown";
}

/* --- members --- */

void vl_api_str(struct vl_json *json, const char *key, const char *value)
{
    vl_json_key(json, key);
    vl_json_str(json, value);
}

void vl_api_span(struct vl_json *json, const char *key, struct vl_span value)
{
    vl_json_key(json, key);
    if (value.len)
        vl_json_span(json, value);
    else
        vl_json_null(json);
}

void vl_api_time(struct vl_json *json, const char *key, int64_t ms)
{
    char text[VL_TIME_TEXT_MAX], whole[VL_TIME_TEXT_MAX + 8];
    vl_json_key(json, key);
    if (ms == 0 || !*vl_time_format(ms, text)) {
        vl_json_null(json);
        return;
    }
    text[strlen(text) - 1] = '\0'; /* the Z */
    (void)snprintf(whole, sizeof(whole), "%s.%03dZ", text, (int)((ms % 1000 + 1000) % 1000));
    vl_json_str(json, whole);
}

void vl_api_int(struct vl_json *json, const char *key, int64_t value)
{
    vl_json_key(json, key);
    if (value < 0)
        vl_json_null(json);
    else
        vl_json_int(json, value);
}

void vl_api_null(struct vl_json *json, const char *key)
{
    vl_json_key(json, key);
    vl_json_null(json);
}

void vl_api_object(struct vl_json *json, const char *key)
{
    vl_json_key(json, key);
    vl_json_object(json);
}

void vl_api_array(struct vl_json *json, const char *key)
{
    vl_json_key(json, key);
    vl_json_array(json);
}

static void write_scalar(struct vl_json *json, const struct vl_doc_node *node)
{
    int64_t whole;
    double number;
    switch (vl_doc_type(node)) {
    case VL_DOC_BOOL:
        vl_json_bool(json, vl_doc_bool(node));
        break;
    case VL_DOC_INT:
        vl_json_int(json, vl_doc_int(node, &whole) ? whole : 0);
        break;
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
        vl_json_double(json, vl_doc_number(node, &number) ? number : 0);
        break;
    case VL_DOC_STRING:
        vl_json_span(json, vl_doc_span(node));
        break;
    case VL_DOC_NULL:
    case VL_DOC_ARRAY:
    case VL_DOC_OBJECT:
    default:
        vl_json_null(json);
        break;
    }
}

static void write_node(struct vl_json *json, const struct vl_doc_node *node, unsigned depth)
{
    bool array = vl_doc_is(node, VL_DOC_ARRAY);
    if ((!array && !vl_doc_is(node, VL_DOC_OBJECT)) || depth == STORED_DEPTH_MAX) {
        write_scalar(json, node);
        return;
    }
    if (array)
        vl_json_array(json);
    else
        vl_json_object(json);
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        if (!array)
            vl_json_key_span(json, vl_doc_key(n));
        write_node(json, n, depth + 1); /* lint: recursion: STORED_DEPTH_MAX */
    }
    if (array)
        vl_json_array_end(json);
    else
        vl_json_object_end(json);
}

void vl_api_node(struct vl_json *json, const struct vl_doc_node *node)
{
    write_node(json, node, 0);
}

void vl_api_stored(struct vl_json *json, const char *key, struct vl_span text)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err ignored = VL_ERR_INIT;
    vl_json_key(json, key);
    if (text.len && vl_doc_parse(text, VL_DOC_JSON, key, &doc, &ignored) >= 0)
        vl_api_node(json, vl_doc_root(doc));
    else
        vl_json_null(json);
}
