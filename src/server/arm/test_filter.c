/* tests: filter.c
 *
 * Expressions as OData 4.01 (part 2, 5.1.1) and the published examples of Microsoft.Security have them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "arm/filter.h"
#include "base/buf.h"

static const char *const fields[] = {"name", "state", "recommendationType", "deep/er", NULL};

/* 1 it matches, 0 it does not, -1 it is no filter. */
static int try(const char *text, const char *name, const char *state)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    struct vl_err err = VL_ERR_INIT;
    struct vl_arm_filter *filter = NULL;
    const char *values[] = {name, state, "x", "y"};
    assert_non_null(arena);
    if (vl_arm_filter_parse(vl_span_str(text), fields, arena, &filter, &err) < 0) {
        assert_non_null(strstr(err.msg, "$filter"));
        return -1;
    }
    return vl_arm_filter_match(filter, values);
}

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int want;
    } rows[] = {
        {"name in (VirtualMachines,KeyVaults)", 1}, /* published with the pricings of 2024-01-01 */
        {"name in ('VirtualMachines', 'Arm')", 0},
        {"name eq 'KeyVaults'", 1},
        {"Properties/State eq 'active'", 1},
        {"properties.state ne 'Active'", 0},
        {"name eq 'it''s'", 0},
        {"not (name eq 'KeyVaults')", 0},
        {"not name eq 'KeyVaults' or state eq 'Active'", 1},
        /* and binds stronger than or */
        {"name eq 'KeyVaults' or name eq 'Arm' and state eq 'Gone'", 1},
        {"(name eq 'KeyVaults' or name eq 'Arm') and state eq 'Gone'", 0},
        {"contains(name,'vault')", 1},
        {"contains(name, 'safe') eq true", 0},
        {"startswith(name,'Key') and endswith(name,'vaults')", 1},
        {"state eq null", 0},
        {"recommendationType ne null", 1},
        {"deep/er eq y", 1},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (try(rows[i].text, "KeyVaults", "Active") != rows[i].want)
            fail_msg("%s", rows[i].text);
    }
    assert_int_equal(try("name eq 'it''s'", "it's", NULL), 1);
    assert_int_equal(try("state eq null", "a", NULL), 1);
    assert_int_equal(try("state ne 'Active'", "a", NULL), 1);
    assert_int_equal(try("contains(state,'')", "a", NULL), 0);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "name", "name eq", "name eq '", "name eq 'a' and", "name gt 'a'",
        "name eq 'a' b", "(name eq 'a'", "name eq 'a')", "nothing eq 'a'", "propertiesname eq 'a'",
        "name in ()", "name in 'a'", "contains(name)", "contains(name,'a'", "contains(name,'a') eq false",
        "not", "and", "name eq 'a' and or", "'a' eq name"};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (try(rows[i], "a", "b") != -1)
            fail_msg("\"%s\" was taken", rows[i]);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 1 << 20);
    for (int i = 0; i < VL_ARM_FILTER_DEPTH_MAX - 1; i++)
        vl_buf_append_char(&text, '(');
    vl_buf_append_str(&text, "name eq a");
    for (int i = 0; i < VL_ARM_FILTER_DEPTH_MAX - 1; i++)
        vl_buf_append_char(&text, ')');
    assert_int_equal(try(vl_buf_str(&text), "a", "b"), 1);
    vl_buf_clear(&text);
    for (int i = 0; i < VL_ARM_FILTER_DEPTH_MAX; i++)
        vl_buf_append_str(&text, "not ");
    vl_buf_append_str(&text, "name eq a");
    assert_int_equal(try(vl_buf_str(&text), "a", "b"), -1);
    vl_buf_clear(&text);
    vl_buf_append_str(&text, "name eq a");
    for (int i = 0; i < VL_ARM_FILTER_NODES_MAX; i++)
        vl_buf_append_str(&text, " or name eq a");
    assert_int_equal(try(vl_buf_str(&text), "a", "b"), -1);
    vl_buf_clear(&text);
    while (text.len <= VL_ARM_FILTER_MAX)
        vl_buf_append_char(&text, ' ');
    vl_buf_append_str(&text, "name eq a");
    assert_int_equal(try(vl_buf_str(&text), "a", "b"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
