/* tests: registry.c sink.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "package/parser.h"

static void test_names(void **state)
{
    (void)state;
    const struct vl_package_parser *a, *b;
    size_t n = 0;
    for (; (a = vl_package_parser_at(n)); n++) {
        assert_true(a->name && a->name[0] != '\0');
        assert_true(a->wants && a->parse);
        assert_true(a->scopes & (VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED));
        assert_ptr_equal(vl_package_parser_by_name(a->name), a);
        for (size_t i = 0; i < n; i++) {
            b = vl_package_parser_at(i);
            assert_string_not_equal(a->name, b->name);
        }
    }
    assert_true(n > 20);
    assert_null(vl_package_parser_at(n + 1));
    assert_null(vl_package_parser_by_name("none such"));
}

static void test_choice(void **state)
{
    (void)state;
    static const struct {
        const char *path, *parser;
    } rows[] = {
        {"var/lib/dpkg/status", "dpkg"},
        {"lib/apk/db/installed", "apk"},
        {"var/lib/rpm/rpmdb.sqlite", "rpm"},
        {"etc/os-release", "os-release"},
        {"usr/share/zoneinfo/UTC", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_package_file file = {.path = rows[i].path};
        const struct vl_package_parser *p = vl_package_parser_for(&file, VL_PACKAGE_SCOPE_INSTALLED);
        assert_int_equal(p != NULL, rows[i].parser != NULL);
        if (p)
            assert_string_equal(p->name, rows[i].parser);
        assert_null(vl_package_parser_for(&file, 0)); /* no scope, no parser */
    }
}

static void test_sink(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_notes notes;
    struct vl_package_sink sink;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64);
    vl_notes_init(&notes, arena);
    assert_int_equal(vl_package_sink_init(&sink, arena, &notes, &err), 0);
    struct vl_package *p = vl_package_sink_add(
        &sink, VL_ECO_DEB, VL_SPAN_LIT("bash"), VL_SPAN_LIT("5.2"), "var/lib/dpkg/status", &err);
    assert_non_null(p);
    assert_string_equal(p->name, "bash");
    assert_int_equal(p->layer, VL_LAYER_NONE);
    assert_int_equal(p->owner, VL_PACKAGE_NONE);
    assert_null(p->purl);
    /* the arena is full: an error that says so, and no half package */
    assert_null(vl_package_sink_add(
        &sink, VL_ECO_DEB, VL_SPAN_LIT("zlib1g"), VL_SPAN_LIT("1:1.2.13"), "var/lib/dpkg/status", &err));
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_int_equal(sink.packages.len, 1);
    vl_package_sink_done(&sink);
    vl_notes_done(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
