/* tests: lib_lists.c lib_support.c price.c
 * Facts: answers and costs of Kubernetes 1.36 (TestListsCost, TestIndexOfCost, and asked of it). */
#include "test_lib.h"

#include <math.h>

#include "lib_support.h"

extern const struct vl_cel_library vl_cel_lib_lists;
#define LISTS vl_cel_lib_lists
#define LIST(...)                                                                \
    vl_cel_list_new(vl_cel_run_arena(run), (struct vl_cel_value[]){__VA_ARGS__}, \
        VL_ARRAY_LEN(((struct vl_cel_value[]){__VA_ARGS__})))

static void test_answers(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value numbers = LIST(vl_cel_int(1), vl_cel_int(2), vl_cel_int(2), vl_cel_int(3));
    assert_string_equal(lib_text(CALL(LISTS, "isSorted", numbers)), "true");
    assert_string_equal(lib_text(CALL(LISTS, "sum", numbers)), "8");
    assert_string_equal(lib_text(CALL(LISTS, "max", numbers)), "3");
    assert_string_equal(lib_text(CALL(LISTS, "min", numbers)), "1");
    assert_string_equal(lib_text(CALL(LISTS, "indexOf", numbers, vl_cel_double(2))), "1");
    assert_string_equal(lib_text(CALL(LISTS, "lastIndexOf", numbers, vl_cel_int(2))), "2");
    assert_string_equal(lib_text(CALL(LISTS, "indexOf", numbers, S("x"))), "-1");
    assert_string_equal(lib_text(CALL(LISTS, "isSorted", LIST(S("b"), S("a")))), "false");
    assert_string_equal(lib_text(CALL(LISTS, "max", LIST(S("b"), S("a")))), "\"b\"");
    struct vl_cel_value nan_first = LIST(vl_cel_double(NAN), vl_cel_double(1));
    assert_true(isnan(CALL(LISTS, "max", nan_first).as.d));
    assert_int_equal(lib_cost(&LISTS, "sum", 1, &numbers, vl_cel_int(8)), 4);
}

static void test_errors(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value none = vl_cel_list_new(vl_cel_run_arena(run), NULL, 0);
    assert_string_equal(lib_text(CALL(LISTS, "max", none)), "error: max called on empty list");
    assert_string_equal(lib_text(CALL(LISTS, "min", none)), "error: min called on empty list");
    assert_string_equal(lib_text(CALL(LISTS, "sum", none)), "0");
    assert_string_equal(
        lib_text(CALL(LISTS, "sum", LIST(vl_cel_int(INT64_MAX), vl_cel_int(1)))), "error: integer overflow");
    assert_string_equal(
        lib_text(CALL(LISTS, "sum", LIST(vl_cel_int(1), vl_cel_double(2.5)))), "error: no such overload");
    assert_string_equal(lib_text(CALL(LISTS, "max", LIST(vl_cel_int(1), S("a")))), "1");
    assert_string_equal(lib_text(CALL(LISTS, "max", LIST(vl_cel_int(1), none))), "error: no such overload");
}

/* Ten million texts of nothing: found in a moment, or given up by the limit of work. */
static void test_many(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value *items = vl_cel_items_room(run, 1000000);
    assert_non_null(items);
    for (int i = 0; i < 1000000; i++)
        items[i] = vl_cel_int(i);
    struct vl_cel_value list = vl_cel_list_of(run, items, 1000000);
    assert_string_equal(lib_text(CALL(LISTS, "lastIndexOf", list, vl_cel_int(0))), "0");
    assert_int_equal(lib_cost(&LISTS, "max", 1, &list, vl_cel_int(0)), 1000000);
}

static void test_quote(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_buf buf VL_CLEANUP(vl_buf_done);
    vl_buf_init(&buf, 4096);
    vl_cel_quote(run, &buf, VL_SPAN_LIT("a\"\\\n\t\x01\x7f\u00e9\u200b\U000e0001\xff"));
    assert_string_equal(vl_buf_str(&buf), "\"a\\\"\\\\\\n\\t\\x01\\x7f\u00e9\\u200b\\U000e0001\\xff\"");
    assert_int_equal(vl_cel_rune_offset(VL_SPAN_LIT("h\u00e9llo"), 2), 3);
    assert_int_equal(vl_cel_rune_offset(VL_SPAN_LIT("h\u00e9llo"), 5), 6);
    assert_true(vl_cel_rune_offset(VL_SPAN_LIT("h\u00e9llo"), 6) == SIZE_MAX);
}

static void test_costs(void **state)
{
    (void)state;
    assert_int_equal(vl_cel_cost_factor(12, VL_CEL_COST_TRAVERSAL), 2);
    assert_true(vl_cel_cost_factor(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(vl_cel_cost_factor(UINT64_MAX, 0) == 0);
    assert_true(vl_cel_cost_add(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(vl_cel_cost_mul(UINT64_MAX, 0) == 0);
    /* TestListsCost: five byte strings of 0 to 12: 5 * (1 + 0) to 5 * (1 + 2) */
    static const struct vl_cel_type list = {
        .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_bytes}, .n_params = 1};
    struct vl_cel_estimate_arg arg = {.size = {5, 5}, .item = {0, 12}, .type = &list};
    struct vl_cel_range unused;
    struct vl_cel_range cost = vl_cel_estimate_items(&arg, 1, &unused);
    assert_int_equal(cost.min, 5);
    assert_int_equal(cost.max, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
