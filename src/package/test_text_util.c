#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "text_util.h"

static void test_names(void **state)
{
    (void)state;
    struct vl_package_file file = {.path = "app/node_modules/@a/b/package.json"};
    assert_true(PKG_IS(pkg_base(&file), "package.json"));
    assert_true(PKG_ENDS(pkg_folder(&file), "@a/b"));
    assert_true(pkg_in_folder(&file, "node_modules"));
    assert_false(pkg_in_folder(&file, "modules"));
    assert_false(pkg_in_folder(&file, "package.json"));
    file = (struct vl_package_file){.path = "go.mod", .base = {"go.mod", 6}};
    assert_true(PKG_IS(pkg_base(&file), "go.mod"));
    assert_int_equal(pkg_folder(&file).len, 0);
}

static void test_join(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    struct vl_span from = VL_SPAN_LIT("a/b/req.txt");
    assert_string_equal(pkg_join_path(arena, from, VL_SPAN_LIT("./c//d.txt")), "a/b/c/d.txt");
    assert_string_equal(pkg_join_path(arena, from, VL_SPAN_LIT("../../d.txt")), "d.txt");
    assert_null(pkg_join_path(arena, from, VL_SPAN_LIT("../../../d.txt")));
    assert_null(pkg_join_path(arena, from, VL_SPAN_LIT("/etc/passwd")));
    assert_string_equal(pkg_join_path(arena, VL_SPAN_LIT("req.txt"), VL_SPAN_LIT("x")), "x");
}

/* Headers as RFC 822 folds them, with the malformed lines that old setuptools wrote. */
static void test_headers(void **state)
{
    (void)state;
    struct vl_span rest =
        VL_SPAN_LIT("Name: a\r\nKeywords: x\n y\n\tz\nno header\nEmpty:\nLast: 1:2\n\nBody: no\n");
    struct vl_span name, value;
    assert_true(pkg_header_next(&rest, &name, &value));
    assert_true(PKG_IS(name, "Name") && PKG_IS(value, "a"));
    assert_true(pkg_header_next(&rest, &name, &value));
    assert_true(PKG_IS(name, "Keywords") && PKG_IS(value, "x\n y\n\tz"));
    assert_true(pkg_header_next(&rest, &name, &value));
    assert_true(PKG_IS(name, "Empty") && value.len == 0);
    assert_true(pkg_header_next(&rest, &name, &value));
    assert_true(PKG_IS(name, "Last") && PKG_IS(value, "1:2"));
    assert_false(pkg_header_next(&rest, &name, &value));
    assert_false(pkg_header_next(&rest, &name, &value));
}

static void test_words(void **state)
{
    (void)state;
    struct vl_span rest = VL_SPAN_LIT("  one\ttwo \n"), word;
    assert_true(pkg_word(&rest, &word) && PKG_IS(word, "one"));
    assert_true(pkg_word(&rest, &word) && PKG_IS(word, "two"));
    assert_false(pkg_word(&rest, &word));
    assert_true(PKG_IS(pkg_unquote(VL_SPAN_LIT("\"a\"")), "a"));
    assert_true(PKG_IS(pkg_unquote(VL_SPAN_LIT("'a\"")), "'a\""));
}

/* Two listings of one library: what holds for both stays. */
static void test_unique(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_notes notes;
    struct vl_package_sink sink;
    struct pkg_unique unique;
    struct vl_package *package;
    struct vl_package_file file = {.path = "x.lock"};
    struct vl_span name = VL_SPAN_LIT("a"), version = VL_SPAN_LIT("1"), none = VL_SPAN_EMPTY;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    vl_notes_init(&notes, arena);
    assert_int_equal(vl_package_sink_init(&sink, arena, &notes, &err), 0);
    pkg_unique_init(&unique, &sink, &file, VL_ECO_NPM);
    assert_int_equal(
        pkg_unique_add(&unique, name, version, none, VL_PACKAGE_DEV | VL_PACKAGE_LOCKED, 7, &package, &err),
        0);
    assert_int_equal(package->line, 7);
    assert_int_equal(pkg_unique_add(&unique, name, version, none, VL_PACKAGE_LOCKED, 9, &package, &err), 0);
    assert_null(package);
    assert_int_equal(
        pkg_unique_add(&unique, name, version, VL_SPAN_LIT("git"), VL_PACKAGE_LOCKED, 9, NULL, &err), 0);
    assert_int_equal(sink.packages.len, 2);
    package = vl_vec_at(&sink.packages, 0);
    assert_int_equal(package->flags, VL_PACKAGE_LOCKED);
    assert_int_equal(package->line, 7);
    pkg_unique_done(&unique);
    vl_package_sink_done(&sink);
    vl_notes_done(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
