#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "package/shelf.h"

static struct vl_package_file text_file(const char *path, const char *content)
{
    return (struct vl_package_file){.path = path, .size = strlen(content), .content = vl_span_str(content)};
}

static int offer(struct vl_package_shelf *shelf, const char *path, const char *content)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package_file file = text_file(path, content);
    return vl_package_shelf_offer(shelf, &file, vl_package_parser_for(&file, VL_PACKAGE_SCOPE_LOCKED), &err);
}

/* The gemspec comes before the file it needs, as it does in a walk by name. */
static void test_deferred(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_notes notes;
    struct vl_package_sink sink;
    struct vl_package_file file;
    const struct vl_package_parser *parser;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    VL_CLEANUP(vl_package_shelf_cleanup) struct vl_package_shelf *shelf = vl_package_shelf_new(true);
    vl_notes_init(&notes, arena);
    assert_int_equal(vl_package_sink_init(&sink, arena, &notes, &err), 0);
    assert_int_equal(offer(shelf, "app/foo.gemspec",
                         "require 'foo/version'\nGem::Specification.new do |s|\n  s.name = 'foo'\n"
                         "  s.version = Foo::VERSION\nend\n"),
        1);
    assert_int_equal(offer(shelf, "app/lib/foo/version.rb", "module Foo\n  VERSION = '1.2.3'\nend\n"), 0);
    assert_int_equal(offer(shelf, "app/requirements.txt", "-r base.txt\n-r dev-requirements.txt\n"), 1);
    assert_int_equal(offer(shelf, "app/base.txt", "a==1\n"), 0);
    assert_int_equal(offer(shelf, "app/dev-requirements.txt", "b==2\n"), 1);
    assert_int_equal(offer(shelf, "app/go.mod", "module x\n"), 0);
    while (vl_package_shelf_next(shelf, &file, &parser))
        assert_int_equal(parser->parse(&file, &sink, &err), 0);
    assert_int_equal(sink.packages.len, 3); /* b once: its file has its own turn */
    const struct vl_package *p = vl_vec_at(&sink.packages, 0);
    assert_string_equal(p->name, "foo");
    assert_string_equal(p->version, "1.2.3");
    p = vl_vec_at(&sink.packages, 1);
    assert_string_equal(p->path, "app/base.txt");
    vl_package_sink_done(&sink);
    vl_notes_done(&notes);
}

static void test_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    static char big[VL_PACKAGE_SHELF_FILE_MAX + 1];
    struct vl_package_file file = {
        .path = "requirements.txt", .size = sizeof(big), .content = {big, sizeof(big)}};
    const struct vl_package_parser *parser = vl_package_parser_for(&file, VL_PACKAGE_SCOPE_LOCKED);
    VL_CLEANUP(vl_package_shelf_cleanup) struct vl_package_shelf *shelf = vl_package_shelf_new(false);
    assert_false(vl_package_shelf_wants(&file));
    assert_int_equal(vl_package_shelf_offer(shelf, &file, parser, &err), 0);
    file.content.len = VL_PACKAGE_SHELF_FILE_MAX - 100;
    int taken = 0;
    for (int i = 0; i < 100; i++)
        taken += vl_package_shelf_offer(shelf, &file, parser, &err);
    assert_true(taken > 60 && taken < 65); /* 64 MiB */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deferred),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
