#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "inventory/label.h"

#define ARENA_MAX (1024UL * 1024)
#define L63       "a123456789b123456789c123456789d123456789e123456789f123456789g12"

/* From Kubernetes, "Labels and Selectors", Syntax and character set. */
static void test_syntax(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {{"team=payments", true}, {"app.kubernetes.io/name=mysql", true}, {"release=", true},
        {"a=b", true}, {"Team_1.x-y=V_1.x-y", true}, {L63 "=" L63, true}, {"example.com/" L63 "=1", true},
        {"team", false}, {"=payments", false}, {"", false}, {"team=pay ments", false},
        {"team=pay,ments", false}, {"te,am=x", false}, {"-team=x", false}, {"team-=x", false},
        {"team=x-", false}, {"team=.x", false}, {L63 "3=x", false}, {"team=" L63 "3", false},
        {"/name=x", false}, {"a/b/c=x", false}, {"Example.com/name=x", false}, {"example..com/name=x", false},
        {"example.com./name=x", false}, {"ex_ample.com/name=x", false}, {"example.com/=x", false},
        {"team=a=b", false}, {"t\xc3\xa9=x", false}};
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_label_is(vl_span_str(rows[i].text)) != rows[i].good)
            fail_msg("%s", rows[i].text);
    }
}

static int read(const char *text, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    *err = VL_ERR_INIT;
    assert_int_equal(vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "test", &doc, err), 0);
    return vl_labels_read(vl_doc_root(doc), arena, ret, err);
}

static void test_there_and_back(void **state)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err;
    struct vl_json json;
    const char *labels = NULL;
    (void)state;
    assert_true(read("{}", arena, &labels, &err) >= 0);
    assert_string_equal(labels, "");
    assert_true(read("{\"tier\":\"gold\",\"a.b/c\":\"\",\"team\":\"x\"}", arena, &labels, &err) >= 0);
    assert_string_equal(labels, ",a.b/c=,team=x,tier=gold,");
    vl_buf_init(&out, 1024);
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_labels_write(&json, "labels", labels);
    vl_json_object_end(&json);
    assert_true(vl_json_check(&json, "test", &err) >= 0);
    assert_string_equal(vl_buf_str(&out), "{\"labels\":{\"a.b/c\":\"\",\"team\":\"x\",\"tier\":\"gold\"}}");
}

static void test_refused(void **state)
{
    static const char *const rows[] = {"[]", "null", "\"team=x\"", "{\"team\":1}", "{\"team\":null}",
        "{\"te am\":\"x\"}", "{\"\":\"x\"}", "{\"team\":\"a,b\"}"};
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf many VL_CLEANUP(vl_buf_done);
    struct vl_err err;
    const char *labels = "untouched";
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (read(rows[i], arena, &labels, &err) >= 0)
            fail_msg("%s", rows[i]);
        assert_int_equal(err.code, VL_ERR_INVALID);
        assert_non_null(strstr(err.msg, "/labels"));
    }
    vl_buf_init(&many, 4096);
    for (int i = 0; i <= VL_LABELS_MAX; i++)
        vl_buf_printf(&many, "%s\"l%d\":\"x\"", i ? "," : "{", i);
    vl_buf_append_str(&many, "}");
    assert_true(read(vl_buf_str(&many), arena, &labels, &err) < 0);
    assert_string_equal(labels, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax), cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
