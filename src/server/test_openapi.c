/* tests: route_openapi.c
 *
 * docs/api/openapi.yaml and the table of routes say the same: each path with its method and its role is in
 * both, but for what is marked x-not-built, which is in the file alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "codec/doc.h"
#include "openapi.h"
#include "router.h"
#include "test_server.h"

static struct vl_doc *document(void)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(vl_openapi, VL_DOC_YAML, "openapi.yaml", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

/* "/a/{id}" is "/a/{}": names of places are for people. */
static bool same_path(struct vl_span path, const char *pattern)
{
    size_t at = 0;
    for (const char *p = pattern; *p; p++) {
        if (at == path.len || path.ptr[at] != *p)
            return false;
        if (*p == '{') {
            while (at < path.len && path.ptr[at] != '}')
                at++;
            p++;
        }
        at++;
    }
    return at == path.len;
}

static const struct vl_doc_node *find_operation(const struct vl_doc_node *paths, const struct vl_route *route)
{
    char method[16];
    size_t n = 0;
    for (; route->method[n] && n < sizeof(method) - 1; n++)
        method[n] = (char)(route->method[n] - 'A' + 'a');
    method[n] = '\0';
    for (const struct vl_doc_node *p = vl_doc_first(paths); p; p = vl_doc_next(p)) {
        if (same_path(vl_doc_key(p), route->pattern) && vl_doc_get(p, method))
            return vl_doc_get(p, method);
    }
    return NULL;
}

static void test_routes_are_documented(void **state)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = document();
    const struct vl_doc_node *paths = vl_doc_get(vl_doc_root(doc), "paths");
    (void)state;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        for (const struct vl_route *route = group->routes; route->method && group->face == VL_FACE_API;
            route++) {
            if (strncmp(route->pattern, "/api/v1/", 8) != 0)
                continue;
            const struct vl_doc_node *operation = find_operation(paths, route);
            if (!operation)
                fail_msg("%s %s is not in openapi.yaml", route->method, route->pattern);
            if (vl_doc_bool(vl_doc_get(operation, "x-not-built")))
                fail_msg("%s %s is built: openapi.yaml says it is not", route->method, route->pattern);
            if (!vl_span_eq_str(vl_doc_get_str(operation, "x-role"), vl_role_name(route->role)))
                fail_msg("%s %s needs the role %s: openapi.yaml says another", route->method, route->pattern,
                    vl_role_name(route->role));
            assert_true(vl_doc_is(vl_doc_get(operation, "responses"), VL_DOC_OBJECT));
        }
    }
}

static bool is_route(struct vl_span path, struct vl_span method)
{
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        for (const struct vl_route *route = group->routes; route->method; route++) {
            if (same_path(path, route->pattern) && vl_span_eq_nocase(method, vl_span_str(route->method)))
                return true;
        }
    }
    return false;
}

static void test_what_is_documented_is_there(void **state)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = document();
    size_t n = 0;
    (void)state;
    for (const struct vl_doc_node *p = vl_doc_first(vl_doc_get(vl_doc_root(doc), "paths")); p;
        p = vl_doc_next(p)) {
        for (const struct vl_doc_node *m = vl_doc_first(p); m; m = vl_doc_next(m)) {
            bool built = !vl_doc_bool(vl_doc_get(m, "x-not-built"));
            if (built != is_route(vl_doc_key(p), vl_doc_key(m)))
                fail_msg("%.*s %.*s: %s", VL_SPAN_FMT(vl_doc_key(m)), VL_SPAN_FMT(vl_doc_key(p)),
                    built ? "there is no such route" : "it is built now: take x-not-built away");
            n++;
        }
    }
    assert_true(n > 50);
}

/* References lead somewhere. */
static void check_references(const struct vl_doc_node *root, const struct vl_doc_node *node, unsigned depth)
{
    struct vl_span reference = vl_doc_get_str(node, "$ref");
    if (reference.len) {
        struct vl_span rest = vl_span_slice(reference, 2, reference.len), part;
        const struct vl_doc_node *to = root;
        while (vl_span_split(&rest, '/', &part))
            to = vl_doc_get_span(to, part);
        if (!to)
            fail_msg("%.*s leads nowhere", VL_SPAN_FMT(reference));
    }
    for (const struct vl_doc_node *n = vl_doc_first(node); n && depth < 32; n = vl_doc_next(n))
        check_references(root, n, depth + 1);
}

static void test_references(void **state)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = document();
    (void)state;
    check_references(vl_doc_root(doc), vl_doc_root(doc), 0);
}

static void test_served(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_test_answer a = vl_test_send(s, "GET", "/api/v1/openapi.json", NULL, NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(vl_test_get(s, a.body, "openapi"), "3.1.0");
    assert_string_equal(
        vl_test_get(s, a.body, "components.schemas.Counts.properties.critical.type"), "integer");
    assert_true(strlen(a.etag) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_routes_are_documented),
        cmocka_unit_test(test_what_is_documented_is_there), cmocka_unit_test(test_references),
        cmocka_unit_test(test_served)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
