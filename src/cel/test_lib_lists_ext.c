/* tests: lib_lists_ext.c sort.c lib_sets.c
 * Facts: answers and costs of Kubernetes 1.36 (TestSetsCost, and asked of it). */
#include "test_lib.h"

#include <stdio.h>
#include <string.h>

#include "price.h"

extern const struct vl_cel_library vl_cel_lib_lists, vl_cel_lib_lists_ext, vl_cel_lib_sets;
#define LISTS vl_cel_lib_lists_ext
#define SETS  vl_cel_lib_sets
#define I(n)  vl_cel_int(n)
#define LIST(...)                                                                \
    vl_cel_list_new(vl_cel_run_arena(run), (struct vl_cel_value[]){__VA_ARGS__}, \
        VL_ARRAY_LEN(((struct vl_cel_value[]){__VA_ARGS__})))
#define CHECK(expected, ...) assert_string_equal(lib_text(CALL(LISTS, __VA_ARGS__)), expected)

static void test_parts(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value list = LIST(I(1), I(2), I(3));
    CHECK("[2]", "slice", list, I(1), I(2));
    CHECK("[]", "slice", list, I(3), I(3));
    CHECK("error: cannot slice(-1, 2), negative indexes not supported", "slice", list, I(-1), I(2));
    CHECK("error: cannot slice(2, 1), start index must be less than or equal to end index", "slice", list,
        I(2), I(1));
    CHECK("error: cannot slice(0, 4), list is length 3", "slice", list, I(0), I(4));
    CHECK("[3,2,1]", "reverse", list);
    CHECK("[0,1,2,3]", "lists.range", I(4));
    CHECK("error: lists.range: size must be non-negative, got -1", "lists.range", I(-1));
    CHECK("error: lists.range: size 9999999999 exceeds maximum allowed (1000000)", "lists.range",
        I(9999999999));
    CHECK("[\"a\",\"b\"]", "distinct", LIST(S("a"), S("b"), S("a")));
    struct vl_cel_value nested = LIST(LIST(list), LIST(LIST(I(4))));
    CHECK("[[1,2,3],[4]]", "flatten", nested);
    CHECK("[1,2,3,4]", "flatten", nested, I(2));
    CHECK("error: level must be non-negative", "flatten", nested, I(-1));
    struct vl_cel_value args[] = {nested, I(2)};
    assert_int_equal(lib_cost(&LISTS, "flatten", 2, args, list), 15);
    assert_int_equal(
        lib_cost(&LISTS, "slice", 3, (struct vl_cel_value[]){list, I(0), I(2)}, LIST(I(1), I(2))), 13);
}

static void check_order(unsigned n, int64_t factor, int64_t modulus, const char *expected)
{
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value items[100], keys[100];
    for (unsigned i = 0; i < n; i++) {
        items[i] = I(i);
        keys[i] = I((int64_t)i * factor % modulus);
    }
    struct vl_arena *arena = vl_cel_run_arena(run);
    CHECK(
        expected, "@sortByAssociatedKeys", vl_cel_list_new(arena, items, n), vl_cel_list_new(arena, keys, n));
}

/* What Go's sort makes of equal keys. */
static void test_order(void **state)
{
    (void)state;
    check_order(20, 1, 3, "[9,18,15,3,12,0,6,10,7,4,13,16,1,19,8,5,11,14,2,17]");
    check_order(70, 7919, 5,
        "[20,15,55,30,25,5,65,50,40,35,10,0,60,45,64,34,59,39,9,19,69,14,49,29,24,4,54,44,63,28,53,23,68,33,"
        "58,"
        "18,48,13,38,43,8,3,17,22,2,37,67,47,7,32,62,12,52,27,57,42,56,26,21,16,51,61,31,11,36,6,66,46,41,"
        "1]");
}

static void test_sort(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value list = LIST(I(3), I(1), I(2));
    CHECK("[1,2,3]", "sort", list);
    CHECK("[false,true]", "sort", LIST(vl_cel_bool(true), vl_cel_bool(false)));
    CHECK("error: list elements must have the same type", "sort", LIST(I(1), S("a")));
    CHECK("error: @sortByAssociatedKeys() expected a list of the same size as the associated keys list, but "
          "got 3 "
          "and 1 elements respectively",
        "@sortByAssociatedKeys", list, LIST(I(1)));
    assert_int_equal(lib_cost(&LISTS, "sort", 1, &list, list), 29);
    struct vl_cel_value texts = LIST(S("b"), S("a"));
    assert_int_equal(lib_cost(&LISTS, "sort", 1, &texts, texts), 19);
}

static void test_sets(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value one = LIST(I(1)), ones = LIST(I(1), I(1)), two = LIST(I(2), I(1)), none = LIST(I(9));
    assert_string_equal(lib_text(CALL(SETS, "sets.contains", two, one)), "true");
    assert_string_equal(lib_text(CALL(SETS, "sets.contains", one, two)), "false");
    assert_string_equal(lib_text(CALL(SETS, "sets.equivalent", ones, one)), "true");
    assert_string_equal(lib_text(CALL(SETS, "sets.equivalent", two, one)), "false");
    assert_string_equal(lib_text(CALL(SETS, "sets.intersects", one, two)), "true");
    assert_string_equal(lib_text(CALL(SETS, "sets.intersects", none, two)), "false");
    struct vl_cel_value both[] = {ones, two};
    assert_int_equal(lib_cost(&SETS, "sets.contains", 2, both, one), 5);
    assert_int_equal(lib_cost(&SETS, "sets.equivalent", 2, both, one), 9);
}

/* Lists that share their parts have more of them than anybody can walk over. */
static void test_shared(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value list = vl_cel_list_new(vl_cel_run_arena(run), NULL, 0);
    for (int i = 0; i < 60; i++)
        list = LIST(list, list);
    assert_int_equal(CALL(LISTS, "flatten", list, I(100)).kind, VL_CEL_ERROR);
    assert_true(vl_cel_price_traversal(list) == UINT64_MAX);
    vl_cel_run_reset(run, 1000000);
    list = vl_cel_list_new(vl_cel_run_arena(run), NULL, 0);
    for (int i = 0; i < 60; i++)
        list = LIST(list, list);
    struct vl_cel_value answer = CALL(vl_cel_lib_lists, "indexOf", list, I(1));
    assert_int_equal(answer.kind, VL_CEL_ERROR);
    assert_true(answer.as.error->is_cost);
}

/* A million items: sorted in a moment, and compared with each other only as far as the limit of work goes. */
static void test_many(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value list = CALL(LISTS, "lists.range", I(300000));
    assert_int_equal(CALL(LISTS, "distinct", list).kind, VL_CEL_ERROR);
    vl_cel_run_reset(run, 1000000);
    list = CALL(LISTS, "lists.range", I(300000));
    assert_int_equal(CALL(SETS, "sets.equivalent", list, list).kind, VL_CEL_ERROR);
    vl_cel_run_reset(run, 1000000);
    list = CALL(LISTS, "lists.range", I(300000));
    assert_int_equal(vl_cel_list_size(CALL(LISTS, "sort", CALL(LISTS, "reverse", list))), 300000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
