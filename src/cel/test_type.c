/* tests: type.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "type.h"

/* Notation of cel-spec's checked types; names of messages as cel-go prints types. */
static void test_reads_and_writes(void **state)
{
    static const char *const texts[] = {"dyn", "int", "list(string)", "map(string, list(int))", "type(int)",
        "optional_type(list(string))", "wrapper(int)", "kubernetes.Quantity", "net.IP",
        "google.protobuf.Timestamp", "google.protobuf.Duration", "null_type", "google.protobuf.Any"};
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(65536);
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        const struct vl_cel_type *type = NULL;
        struct vl_err err = VL_ERR_INIT;
        struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
        vl_buf_init(&out, 4096);
        assert_int_equal(vl_cel_type_parse(arena, texts[i], &type, &err), 0);
        assert_int_equal(vl_cel_type_format(type, &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), texts[i]);
    }
}

static void test_messages_shorten_names(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(65536);
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, 4096);
    vl_cel_type_describe(vl_cel_type_map(arena, &vl_cel_t_timestamp, &vl_cel_t_null), &out);
    assert_string_equal(vl_buf_str(&out), "map(timestamp, null)");
}

static void test_refuses(void **state)
{
    static const char *const texts[] = {"", "strin", "list(", "list()", "list(int", "list(int))", "map(int)",
        "list(int, int)", "wrapper(list(int))", "a.b.C",
        "list(list(list(list(list(list(list(list(list(list(list(list(list(list(list(list(list(list(list(list("
        "list("
        "list(list(list(list(list(list(list(list(list(list(list(list(list(list(list(int))))))))))))))))))))))"
        "))))))"
        ")))))))"};
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(65536);
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        const struct vl_cel_type *type = NULL;
        struct vl_err err = VL_ERR_INIT;
        assert_int_equal(vl_cel_type_parse(arena, texts[i], &type, &err), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_writes),
        cmocka_unit_test(test_messages_shorten_names),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
