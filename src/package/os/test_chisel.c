/* The manifest in corpus/chisel is one as chisel 1.0 writes it, shortened. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/test_os_support.h"

static void test_manifest(void **state)
{
    (void)state;
    struct os_test t;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    os_test_load("chisel/manifest", &buf);
    os_test_init(&t);
    assert_int_equal(os_test_parse(&t, "chisel", "var/lib/chisel/manifest.wall", os_test_body(&buf)), 0);
    assert_int_equal(t.sink.packages.len, 2);
    const struct vl_package *p = os_test_find(&t, "libc6");
    assert_non_null(p);
    assert_int_equal(p->ecosystem, VL_ECO_DEB);
    assert_string_equal(p->version, "2.39-0ubuntu8.4");
    assert_string_equal(p->arch, "amd64");
    assert_string_equal(os_test_owned(&t, "libc6")->paths, "lib/ld.so\netc/ld.so.conf");
    assert_null(os_test_owned(&t, "base-files")); /* folders only */
    os_test_done(&t);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const files[] = {"chisel/empty", "chisel/text", "chisel/nohead", "chisel/nojson"};
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++) {
        struct os_test t;
        VL_CLEANUP(vl_buf_done) struct vl_buf buf;
        os_test_load(files[i], &buf);
        os_test_init(&t);
        assert_true(os_test_parse(&t, "chisel", "var/lib/chisel/manifest.wall", os_test_body(&buf)) < 0);
        assert_non_null(strstr(t.err.msg, "manifest.wall"));
        os_test_done(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
