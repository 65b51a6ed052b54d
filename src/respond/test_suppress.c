#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "respond/suppress.h"

static struct vl_doc *parse(const char *text)
{
    struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "test", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

static bool matches(const char *scope, const char *entities)
{
    struct vl_doc *s VL_CLEANUP(vl_doc_cleanup) = parse(scope);
    struct vl_doc *e VL_CLEANUP(vl_doc_cleanup) = parse(entities);
    struct vl_err err = VL_ERR_INIT;
    if (vl_suppress_check(vl_doc_root(s), &err) < 0)
        fail_msg("%s", err.msg);
    return vl_suppress_matches(vl_doc_root(s), vl_doc_root(e));
}

/* The scope of Microsoft's published example (PutAlertsSuppressionRule_example.json). */
#define PUBLISHED                                                                                    \
    "{\"allOf\":[{\"field\":\"entities.ip.address\",\"in\":[\"104.215.95.187\",\"52.164.206.56\"]}," \
    "{\"field\":\"entities.process.commandline\",\"contains\":\"POWERSHELL.EXE\"}]}"

static void published_example(void **state)
{
    (void)state;
    assert_true(matches(PUBLISHED, "[{\"type\":\"ip\",\"address\":\"52.164.206.56\"},{\"type\":\"process\","
                                   "\"commandLine\":\"c:\\\\windows\\\\powershell.exe -enc\"}]"));
    /* All of them must hold. */
    assert_false(matches(PUBLISHED, "[{\"type\":\"ip\",\"address\":\"52.164.206.56\"}]"));
    assert_false(matches(PUBLISHED, "[{\"type\":\"ip\",\"address\":\"52.164.206.5\"},{\"type\":\"process\","
                                    "\"commandLine\":\"powershell.exe\"}]"));
    /* The right property of another type of entity. */
    assert_false(matches(PUBLISHED, "[{\"type\":\"host\",\"address\":\"52.164.206.56\"},{\"type\":"
                                    "\"process\",\"commandLine\":\"powershell.exe\"}]"));
    assert_false(matches(PUBLISHED, "[]"));
    assert_false(matches(PUBLISHED, "{}"));
}

static void forms(void **state)
{
    (void)state;
    assert_true(matches("{\"allOf\":[]}", "[]"));
    assert_true(matches("null", "[]"));
    /* deeper, in arrays, numbers as they are written */
    assert_true(matches("{\"allOf\":[{\"field\":\"entities.K8s-Pod.namespace.name\",\"in\":[\"Prod\"]}]}",
        "[{\"type\":\"k8s-pod\",\"namespace\":{\"name\":\"prod\"}}]"));
    assert_true(matches("{\"allOf\":[{\"field\":\"entities.host.tags\",\"contains\":\"b\"}]}",
        "[{\"type\":\"host\",\"tags\":[\"a\",\"abc\"]}]"));
    assert_true(matches("{\"allOf\":[{\"field\":\"entities.process.processId\",\"in\":[\"42\"]}]}",
        "[{\"type\":\"process\",\"processId\":42}]"));
    assert_false(matches("{\"allOf\":[{\"field\":\"entities.process.processId\",\"in\":[\"4\"]}]}",
        "[{\"type\":\"process\",\"processId\":42},7,null,\"text\",{\"type\":[]}]"));
}

static void what_is_no_scope(void **state)
{
    (void)state;
    static const char *const wrong[] = {"[]", "{}", "{\"allOf\":{}}", "{\"allOf\":[],\"anyOf\":[]}",
        "{\"allOf\":[{}]}", "{\"allOf\":[{\"field\":\"ip.address\",\"in\":[\"x\"]}]}",
        "{\"allOf\":[{\"field\":\"entities.ip\",\"in\":[\"x\"]}]}",
        "{\"allOf\":[{\"field\":\"entities.ip.address\"}]}",
        "{\"allOf\":[{\"field\":\"entities.ip.address\",\"in\":[]}]}",
        "{\"allOf\":[{\"field\":\"entities.ip.address\",\"in\":[1]}]}",
        "{\"allOf\":[{\"field\":\"entities.ip.address\",\"contains\":\"\"}]}",
        "{\"allOf\":[{\"field\":\"entities.ip.address\",\"contains\":\"a\",\"in\":[\"a\"]}]}",
        "{\"allOf\":[{\"field\":\"entities.ip.address\",\"startsWith\":\"a\"}]}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = parse(wrong[i]);
        struct vl_err err = VL_ERR_INIT;
        if (vl_suppress_check(vl_doc_root(doc), &err) >= 0)
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_example), cmocka_unit_test(forms), cmocka_unit_test(what_is_no_scope)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
