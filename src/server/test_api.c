/* tests: api.c reply.c request.c
 *
 * A list of numbers behind a server of its own. That paging shows each item once, in order, is said by the
 * numbers; conditions and statuses by RFC 9110, 13.1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "net/http_client.h"
#include "reply.h"

#define ITEMS 23

static struct vl_http_server *server;
static struct vl_arena *arena;
static int64_t counted; /* what the list says it counted; 0: the truth */

static int64_t first_of(const struct vl_api_page *page)
{
    return page->resumed ? page->keys[1].number + 1 : 0;
}

static int list(struct vl_request *request, struct vl_err *err)
{
    static const char *const sorts[] = {"name", "number", NULL};
    struct vl_api_page page;
    int sort;
    int r = vl_api_query_word(request, "sort", sorts, 0, &sort, err);
    if (r >= 0)
        r = vl_api_list_begin(request, sorts[sort], 2, &page, err);
    if (r < 0)
        return r;
    for (int64_t i = first_of(&page); i < ITEMS && i < first_of(&page) + page.fetch; i++) {
        if (!vl_api_item(&page))
            break;
        vl_json_member_int(&page.json, "number", i);
        vl_api_time(&page.json, "at", i * 1001);
        vl_api_str(&page.json, "name", i % 2 ? "odd" : NULL);
        vl_api_int(&page.json, "odd", i % 2 ? i : -1);
        vl_api_stored(&page.json, "stored", VL_SPAN_LIT("{\"a\":[1,2.5,null,true,\"x\"],\"b\":{}}"));
        const struct vl_api_key keys[] = {{.text = "\xc3\xa4/?"}, {.number = i}};
        vl_api_item_end(&page, keys);
    }
    return vl_api_list_end(&page, counted ? counted : ITEMS, err);
}

static int object(struct vl_request *request, struct vl_err *err)
{
    struct vl_json json;
    vl_request_json(request, 200, &json);
    vl_json_member_int(&json, "answer", 42);
    int r = vl_request_json_end(&json, err);
    if (r < 0)
        return r;
    if (strcmp(request->call->method, "PATCH") == 0) {
        char etag[VL_API_ETAG_TEXT];
        vl_api_etag_of(vl_buf_span(&request->reply->body), etag);
        return vl_api_if_match(request, etag, err);
    }
    vl_api_etag(request);
    return 0;
}

static void handle(const struct vl_http_call *call, struct vl_http_reply *reply, void *user)
{
    static const struct vl_route lists = {.method = "GET", .pattern = "/list", .handle = list};
    static const struct vl_route objects = {.method = "GET", .pattern = "/object", .handle = object};
    struct vl_request request = {.call = call, .reply = reply, .arena = call->arena};
    struct vl_err err = VL_ERR_INIT;
    (void)user;
    request.route = strcmp(call->path, "/list") == 0 ? &lists : &objects;
    if (request.route->handle(&request, &err) < 0)
        vl_reply_error(call, reply, VL_FACE_API, NULL, &err);
}

static int set_up(void **state)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_http_server_options options = {.address = "127.0.0.1", .handle = handle};
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    arena = vl_arena_new(64UL * 1024 * 1024);
    return arena && vl_http_server_start(&options, &server, &err) >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vl_http_server_stop(server, 1000);
    vl_arena_free(arena);
    return 0;
}

static int take(struct vl_span bytes, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    (void)err;
    vl_buf_append_span(user, bytes);
    return 0;
}

/* The status; the body in the arena; `ret_etag` may be NULL. */
static long ask(const char *method, const char *target, const char *header, const char *value,
    const char **ret_body, const char **ret_etag)
{
    char url[4096];
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = NULL;
    struct vl_http_response response VL_CLEANUP(vl_http_response_done) = {0};
    struct vl_http_options options = {0};
    struct vl_http_header headers = {header, value};
    vl_buf_init(&out, 1024UL * 1024);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", vl_http_server_port(server), target);
    assert_true(vl_http_client_new(&options, &client, &err) >= 0);
    struct vl_http_request request = {.method = method,
        .url = url,
        .headers = &headers,
        .n_headers = header ? 1 : 0,
        .max_bytes = 1024UL * 1024,
        .body_fd = -1};
    if (vl_http_perform(client, &request, take, &out, &out, &response, &err) < 0)
        fail_msg("%s", err.msg);
    *ret_body = vl_arena_dup_span(arena, vl_buf_span(&out));
    if (ret_etag) {
        const char *etag = vl_http_response_header(&response, "etag");
        *ret_etag = vl_arena_strdup(arena, etag ? etag : "");
    }
    return response.status;
}

static struct vl_doc *parse(const char *body)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(vl_span_str(body), VL_DOC_JSON, "answer", &doc, &err) < 0)
        fail_msg("%s: %s", err.msg, body);
    return doc;
}

/* Follows the cursors; every item once and in order. */
static void test_pages(void **state)
{
    char target[2048] = "/list?limit=7&q=x";
    int64_t seen = 0, pages = 0;
    (void)state;
    for (;;) {
        const char *body;
        assert_int_equal(ask("GET", target, NULL, NULL, &body, NULL), 200);
        struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = parse(body);
        const struct vl_doc_node *root = vl_doc_root(doc);
        for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "items")); n; n = vl_doc_next(n)) {
            int64_t number = -1;
            assert_true(vl_doc_int(vl_doc_get(n, "number"), &number));
            assert_int_equal(number, seen++);
        }
        pages++;
        int64_t total;
        assert_true(vl_doc_int(vl_doc_get(vl_doc_get(root, "total"), "value"), &total));
        assert_int_equal(total, ITEMS);
        struct vl_span next = vl_doc_get_str(root, "next");
        if (next.len == 0)
            break;
        (void)snprintf(target, sizeof(target), "/list?q=x&cursor=%.*s&limit=7", VL_SPAN_FMT(next));
    }
    assert_int_equal(seen, ITEMS);
    assert_int_equal(pages, 4);
}

static void test_totals(void **state)
{
    const char *body;
    (void)state;
    counted = VL_API_COUNT_MAX + 1;
    assert_int_equal(ask("GET", "/list?limit=1", NULL, NULL, &body, NULL), 200);
    assert_non_null(strstr(body, "\"total\":{\"value\":10000,\"relation\":\"AT_LEAST\"}"));
    counted = VL_API_COUNT_MAX;
    assert_int_equal(ask("GET", "/list?limit=1", NULL, NULL, &body, NULL), 200);
    assert_non_null(strstr(body, "\"total\":{\"value\":10000,\"relation\":\"EXACT\"}"));
    counted = 0;
    /* A list that ended on its first page counts itself. */
    assert_int_equal(ask("GET", "/list", NULL, NULL, &body, NULL), 200);
    assert_non_null(strstr(body, "\"total\":{\"value\":23,\"relation\":\"EXACT\"},\"next\":null"));
}

static void test_cursor_is_bound(void **state)
{
    static const char *const others[] = {"/list?limit=7&sort=number&cursor=", "/list?limit=7&q=other&cursor=",
        "/list?limit=7&cursor=AAAA", "/list?limit=7&cursor=%20%00", "/list?limit=7&cursor=!"};
    const char *body;
    (void)state;
    assert_int_equal(ask("GET", "/list?limit=7", NULL, NULL, &body, NULL), 200);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = parse(body);
    struct vl_span next = vl_doc_get_str(vl_doc_root(doc), "next");
    for (size_t i = 0; i < VL_ARRAY_LEN(others); i++) {
        char target[2048];
        (void)snprintf(target, sizeof(target), "%s%.*s", others[i], VL_SPAN_FMT(next));
        assert_int_equal(ask("GET", target, NULL, NULL, &body, NULL), 400);
    }
    /* Each byte of it counts. */
    for (size_t i = 0; i < next.len; i++) {
        char target[2048];
        (void)snprintf(target, sizeof(target), "/list?limit=7&cursor=%.*s", VL_SPAN_FMT(next));
        char *at = strchr(target, '=') + 1;
        at = strchr(at, '=') + 1 + i;
        *at = '\0';
        long status = ask("GET", target, NULL, NULL, &body, NULL);
        assert_int_equal(status, i == 0 ? 200 : 400);
    }
    static const char *const wrong[] = {"limit=0", "limit=1001", "limit=-1", "limit=x", "sort=size"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        char target[64];
        (void)snprintf(target, sizeof(target), "/list?%s", wrong[i]);
        assert_int_equal(ask("GET", target, NULL, NULL, &body, NULL), 400);
    }
}

static void test_lines(void **state)
{
    const char *body;
    int64_t n = 0;
    (void)state;
    assert_int_equal(ask("GET", "/list?limit=2", "Accept", "application/x-ndjson", &body, NULL), 200);
    struct vl_span rest = vl_span_str(body), line;
    while (vl_span_split_line(&rest, &line)) {
        int64_t number;
        struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = parse(vl_arena_dup_span(arena, line));
        assert_true(vl_doc_int(vl_doc_get(vl_doc_root(doc), "number"), &number));
        assert_int_equal(number, n++);
    }
    assert_int_equal(n, ITEMS);
}

static void test_members(void **state)
{
    const char *body;
    (void)state;
    assert_int_equal(ask("GET", "/list?limit=2", NULL, NULL, &body, NULL), 200);
    assert_non_null(strstr(body, "{\"number\":0,\"at\":null,\"name\":null,\"odd\":null,"
                                 "\"stored\":{\"a\":[1,2.5,null,true,\"x\"],\"b\":{}}}"));
    assert_non_null(strstr(body, "\"at\":\"1970-01-01T00:00:01.001Z\",\"name\":\"odd\",\"odd\":1"));
}

static void test_etag(void **state)
{
    const char *body, *etag, *again;
    char list_of[256];
    (void)state;
    assert_int_equal(ask("GET", "/object", NULL, NULL, &body, &etag), 200);
    assert_int_equal(strlen(etag), 34);
    assert_int_equal(ask("GET", "/object", "If-None-Match", etag, &body, &again), 304);
    assert_string_equal(etag, again);
    assert_string_equal(body, "");
    (void)snprintf(list_of, sizeof(list_of), "\"other\", W/%s", etag);
    assert_int_equal(ask("GET", "/object", "If-None-Match", list_of, &body, NULL), 304);
    assert_int_equal(ask("GET", "/object", "If-None-Match", "\"other\"", &body, NULL), 200);
    assert_int_equal(ask("PATCH", "/object", NULL, NULL, &body, NULL), 200);
    assert_int_equal(ask("PATCH", "/object", "If-Match", etag, &body, NULL), 200);
    assert_int_equal(ask("PATCH", "/object", "If-Match", "*", &body, NULL), 200);
    assert_int_equal(ask("PATCH", "/object", "If-Match", "\"other\"", &body, NULL), 412);
    assert_non_null(strstr(body, "\"code\":\"precondition\""));
    assert_int_equal(ask("PATCH", "/object", "If-Match", list_of, &body, NULL), 412); /* weak: no match */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages), cmocka_unit_test(test_totals),
        cmocka_unit_test(test_cursor_is_bound), cmocka_unit_test(test_lines), cmocka_unit_test(test_members),
        cmocka_unit_test(test_etag)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
