#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

static void test_codes(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_err_set(&err, VL_ERR_INVALID, "line %d: %s", 3, "bad"), -EINVAL);
    assert_int_equal(err.err, -EINVAL);
    assert_string_equal(err.msg, "line 3: bad");
    assert_int_equal(vl_err_set(&err, VL_ERR_LIMIT, "x"), -E2BIG);
    assert_int_equal(vl_err_set(&err, VL_ERR_NOT_FOUND, "x"), -ENOENT);
    assert_int_equal(vl_err_nomem(&err), -ENOMEM);
    assert_int_equal(err.code, VL_ERR_MEMORY);
    for (int code = VL_ERR_INVALID; code <= VL_ERR_MEMORY; code++)
        assert_true(vl_err_set(&err, (enum vl_err_code)code, "x") < 0);
    vl_err_clear(&err);
    assert_int_equal(err.err, 0);
    assert_int_equal(err.code, VL_ERR_NONE);
    assert_string_equal(err.msg, "");
}

/* Shown to users and by the API: they never change. */
static void test_names_are_stable(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "invalid", "limit", "corrupt", "unsupported", "not_found",
        "conflict", "auth", "unreachable", "usage", "system", "memory"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        assert_string_equal(vl_err_code_name((enum vl_err_code)i), names[i]);
    assert_string_equal(vl_err_code_name((enum vl_err_code)99), "unknown");
    assert_string_equal(vl_err_code_name((enum vl_err_code) - 1), "unknown");
}

static void test_system_errors(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_err_sys(&err, EACCES, "%s", "/etc/shadow"), -EACCES);
    assert_string_equal(err.msg, "/etc/shadow: Permission denied");
    assert_int_equal(err.code, VL_ERR_SYSTEM);
    assert_int_equal(vl_err_sys(&err, ENOENT, "f"), -ENOENT);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    assert_int_equal(vl_err_sys(&err, ENOMEM, "f"), -ENOMEM);
    assert_int_equal(err.code, VL_ERR_MEMORY);
    assert_int_equal(vl_err_sys(&err, 0, "f"), -EIO); /* never 0, which would mean success */
}

static void test_wrap_keeps_code(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_err_set(&err, VL_ERR_CORRUPT, "wrong digest") < 0);
    assert_int_equal(vl_err_wrap(&err, "layer %d", 2), -EBADMSG);
    assert_int_equal(vl_err_wrap(&err, "image %s", "a"), -EBADMSG);
    assert_string_equal(err.msg, "image a: layer 2: wrong digest");
    assert_int_equal(err.code, VL_ERR_CORRUPT);
}

/* At each of the places where the cut can fall into a character of three bytes. */
static void test_long_messages_are_cut(void **state)
{
    (void)state;
    for (int shift = 0; shift < 4; shift++) {
        char text[3 * VL_ERR_MSG_MAX + 8] = {0};
        struct vl_err err = VL_ERR_INIT;
        memset(text, 'a', (size_t)shift);
        for (int i = 0; i < VL_ERR_MSG_MAX; i++)
            memcpy(text + shift + 3 * i, "\xe2\x82\xac", 3);
        assert_true(vl_err_set(&err, VL_ERR_INVALID, "%s", text) < 0);
        size_t len = strlen(err.msg);
        assert_true(len < VL_ERR_MSG_MAX && len > VL_ERR_MSG_MAX - 8);
        assert_true(vl_utf8_valid(vl_span_str(err.msg)));
        assert_string_equal(err.msg + len - 3, "…");
        assert_true(vl_err_wrap(&err, "context") < 0);
        assert_memory_equal(err.msg, "context: ", 9);
        assert_true(vl_utf8_valid(vl_span_str(err.msg)));
        assert_string_equal(err.msg + strlen(err.msg) - 3, "…");
    }
    char exact[VL_ERR_MSG_MAX];
    struct vl_err err = VL_ERR_INIT;
    memset(exact, 'x', sizeof(exact));
    exact[sizeof(exact) - 1] = '\0';
    assert_true(vl_err_set(&err, VL_ERR_INVALID, "%s", exact) < 0);
    assert_string_equal(err.msg, exact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_names_are_stable),
        cmocka_unit_test(test_system_errors),
        cmocka_unit_test(test_wrap_keeps_code),
        cmocka_unit_test(test_long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
