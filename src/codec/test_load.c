#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "codec/doc.h"
#include "codec/load.h"
#include "codec/xml.h"

/* After it, formats are read by a process that can open no file. */
static void test_formats_without_files(void **state)
{
    (void)state;
    static const char *const sonames[] = {"libbz2.so.1.0", "libexpat.so.1", "liblzma.so.5", "libyaml-0.so.2"};
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_codec_load(&err), 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(sonames); i++)
        assert_non_null(dlopen(sonames[i], RTLD_NOW | RTLD_NOLOAD));
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_true(open("/dev/null", O_RDONLY | O_CLOEXEC) < 0);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    assert_int_equal(vl_doc_parse(VL_SPAN_LIT("a: [1, two]"), VL_DOC_YAML, "x", &doc, &err), 0);
    struct vl_xml *xml = NULL;
    assert_int_equal(vl_xml_parse(VL_SPAN_LIT("<a><b/></a>"), "x", &xml, &err), 0);
    vl_xml_free(xml);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0); /* sanitizers open files at the end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_without_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
