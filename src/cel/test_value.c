/* tests: value.c value_equal.c value_json.c value_tagged.c
 * Facts: cel-spec langdef.md ("Equality", "Ordering") and the conformance suite's comparisons. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "value_impl.h"

static struct vl_arena *arena;
static struct vl_doc *docs[64];
static size_t n_docs;

static int setup(void **state)
{
    (void)state;
    arena = vl_arena_new(1 << 24);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vl_arena_free(arena);
    while (n_docs)
        vl_doc_free(docs[--n_docs]);
    return 0;
}

static struct vl_cel_value json(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    assert_true(n_docs < VL_ARRAY_LEN(docs));
    if (vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "test", &docs[n_docs], &err) < 0)
        fail_msg("%s", err.msg);
    return vl_cel_from_doc(vl_doc_root(docs[n_docs++]));
}

static struct vl_cel_value str(const char *text)
{
    return vl_cel_string(vl_span_str(text));
}

static void test_numbers(void **state)
{
    (void)state;
    assert_true(vl_cel_equal(vl_cel_int(1), vl_cel_uint(1)));
    assert_true(vl_cel_equal(vl_cel_int(1), vl_cel_double(1.0)));
    assert_true(vl_cel_equal(vl_cel_double(1.0), vl_cel_uint(1)));
    assert_false(vl_cel_equal(vl_cel_int(-1), vl_cel_uint(UINT64_MAX)));
    assert_false(vl_cel_equal(vl_cel_double(NAN), vl_cel_double(NAN)));
    assert_false(vl_cel_equal(vl_cel_int(1), vl_cel_bool(true)));
    assert_false(vl_cel_equal(vl_cel_int(1), str("1")));
    assert_true(vl_cel_equal(vl_cel_null(), vl_cel_null()));
    bool ordered;
    assert_true(vl_cel_compare(vl_cel_int(INT64_MAX), vl_cel_uint(1ULL << 63), &ordered) < 0 && ordered);
    assert_true(vl_cel_compare(vl_cel_uint(1), vl_cel_int(-1), &ordered) > 0 && ordered);
    assert_true(vl_cel_compare(vl_cel_double(1e300), vl_cel_int(INT64_MAX), &ordered) > 0 && ordered);
    assert_true(vl_cel_compare(vl_cel_int(INT64_MIN), vl_cel_double(-1e300), &ordered) > 0 && ordered);
    (void)vl_cel_compare(vl_cel_double(NAN), vl_cel_int(1), &ordered);
    assert_false(ordered);
    (void)vl_cel_compare(vl_cel_null(), vl_cel_null(), &ordered);
    assert_false(ordered);
    assert_true(vl_cel_compare(str("a"), str("b"), &ordered) < 0 && ordered);
    assert_true(vl_cel_compare(str("ab"), str("a"), &ordered) > 0 && ordered);
    assert_true(vl_cel_compare(vl_cel_timestamp(1, 5), vl_cel_timestamp(1, 4), &ordered) > 0 && ordered);
}

static void test_documents(void **state)
{
    (void)state;
    struct vl_cel_value v =
        json("{\"a\": [1, 2.5, \"x\", null, true, {\"b\": 18446744073709551615}], \"é\": 1}");
    assert_int_equal(v.kind, VL_CEL_MAP);
    assert_int_equal(vl_cel_map_size(v), 2);
    struct vl_cel_value list, item;
    assert_true(vl_cel_map_get_str(v, VL_SPAN_LIT("a"), &list));
    assert_false(vl_cel_map_get_str(v, VL_SPAN_LIT("b"), &item));
    assert_false(vl_cel_map_get(v, vl_cel_int(1), &item));
    assert_int_equal(vl_cel_list_size(list), 6);
    assert_true(vl_cel_equal(vl_cel_list_at(list, 1), vl_cel_double(2.5)));
    assert_int_equal(vl_cel_list_at(list, 3).kind, VL_CEL_NULL);
    assert_int_equal(vl_cel_list_at(list, 99).kind, VL_CEL_NULL);
    assert_true(vl_cel_map_get_str(vl_cel_list_at(list, 5), VL_SPAN_LIT("b"), &item));
    assert_int_equal(item.kind, VL_CEL_DOUBLE); /* as Kubernetes reads a number over int64 */
    assert_int_equal(vl_cel_actual_size(str("é👑")), 2);
    assert_int_equal(vl_cel_actual_size(str("aé👑bbbbb€cc")), 11);
    assert_int_equal(vl_cel_actual_size(str("👑👑👑👑👑é")), 6);

    struct vl_cel_value items[] = {vl_cel_int(1), vl_cel_double(2.5), str("x"), vl_cel_null(),
        vl_cel_bool(true), vl_cel_list_at(list, 5)};
    assert_true(vl_cel_equal(list, vl_cel_list_new(arena, items, VL_ARRAY_LEN(items))));
    items[0] = vl_cel_int(2);
    assert_false(vl_cel_equal(list, vl_cel_list_new(arena, items, VL_ARRAY_LEN(items))));
    assert_true(vl_cel_equal(json("{\"a\":1,\"b\":2}"), json("{\"b\":2,\"a\":1.0}")));
    assert_false(vl_cel_equal(json("{\"a\":1}"), json("{\"a\":1,\"b\":null}")));
}

static void test_maps(void **state)
{
    (void)state;
    struct vl_cel_value map = vl_cel_map_grow(arena), got;
    for (int64_t i = 0; i < 1000; i++)
        assert_true(vl_cel_map_put(arena, map, vl_cel_int(i), vl_cel_int(i * 2)));
    assert_true(vl_cel_map_put(arena, map, str("k"), vl_cel_int(-1)));
    assert_true(vl_cel_map_put(arena, map, vl_cel_int(7), vl_cel_int(-7)));
    assert_int_equal(vl_cel_map_size(map), 1001);
    assert_true(vl_cel_map_get(map, vl_cel_int(999), &got) && got.as.i == 1998);
    assert_true(vl_cel_map_get(map, vl_cel_uint(500), &got) && got.as.i == 1000);
    assert_true(vl_cel_map_get(map, vl_cel_double(500), &got) && got.as.i == 1000);
    assert_false(vl_cel_map_get(map, vl_cel_double(500.5), &got));
    assert_true(vl_cel_map_get(map, vl_cel_int(7), &got) && got.as.i == -7);
    assert_true(vl_cel_map_get_str(map, VL_SPAN_LIT("k"), &got) && got.as.i == -1);
    assert_false(vl_cel_map_get(map, vl_cel_bool(true), &got));
    struct vl_cel_iter iter = vl_cel_iterate(map);
    struct vl_cel_value key;
    int64_t n = 0;
    while (vl_cel_iter_next(&iter, &key, NULL)) {
        if (n < 1000)
            assert_int_equal(key.as.i, n);
        n++;
    }
    assert_int_equal(n, 1001);
}

/* A list doubled 50 times has more items than any memory: it costs nothing, and comparing it ends. */
static void test_sums(void **state)
{
    (void)state;
    struct vl_cel_value list = json("[1,2,3]"), sum;
    assert_true(vl_cel_list_concat(arena, list, list, &sum));
    assert_true(vl_cel_equal(sum, json("[1,2,3,1,2,3]")));
    for (int i = 0; i < 50; i++)
        assert_true(vl_cel_list_concat(arena, sum, sum, &sum));
    assert_int_equal(vl_cel_list_size(sum), 6ULL << 50);
    assert_true(
        vl_cel_equal(vl_cel_list_at(sum, (5ULL << 50) + 4), vl_cel_list_at(sum, ((5ULL << 50) + 4) % 3)));
    uint64_t work = 100000;
    (void)vl_cel_equal_within(sum, sum, &work);
    assert_int_equal(work, 0);
    for (int i = 0; i < 10; i++)
        if (!vl_cel_list_concat(arena, sum, sum, &sum))
            break;
    assert_true(vl_cel_list_size(sum) <= INT64_MAX);
    struct vl_cel_value grown = vl_cel_list_grow(arena);
    for (int64_t i = 0; i < 100; i++)
        assert_true(vl_cel_list_push(arena, grown, vl_cel_int(i)));
    for (int i = 0; i < 200; i++)
        assert_true(vl_cel_list_concat(arena, grown, list, &grown));
    assert_int_equal(vl_cel_list_size(grown), 700);
    assert_int_equal(vl_cel_list_at(grown, 699).as.i, 3);
}

static void json_is(struct vl_cel_value v, const char *plain, const char *tagged)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    assert_int_equal(vl_cel_value_json(v, false, &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), plain);
    vl_buf_clear(&out);
    assert_int_equal(vl_cel_value_json(v, true, &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), tagged);
}

static void test_json(void **state)
{
    (void)state;
    json_is(json("[1,2.5,\"a\\\"\",null,true]"), "[1,2.5,\"a\\\"\",null,true]",
        "{\"list\":[{\"int\":\"1\"},{\"double\":\"2.5\"},{\"string\":\"a\\\"\"},{\"null\":null},{\"bool\":"
        "true}]}");
    struct vl_cel_value keys[] = {vl_cel_int(-1), vl_cel_bool(true), str("k")};
    struct vl_cel_value values[] = {vl_cel_uint(1), vl_cel_double(10), vl_cel_bytes(VL_SPAN_LIT("abc"))};
    json_is(vl_cel_map_new(arena, keys, values, 3), "{\"-1\":1,\"true\":10,\"k\":\"YWJj\"}",
        "{\"map\":[[{\"int\":\"-1\"},{\"uint\":\"1\"}],[{\"bool\":true},{\"double\":\"10.0\"}],"
        "[{\"string\":\"k\"},{\"bytes\":\"YWJj\"}]]}");
    json_is(vl_cel_timestamp(0, 0), "\"1970-01-01T00:00:00Z\"", "{\"timestamp\":\"1970-01-01T00:00:00Z\"}");
    json_is(vl_cel_timestamp_at(1294182000, 0, 60), "\"2011-01-05T00:00:00+01:00\"",
        "{\"timestamp\":\"2011-01-05T00:00:00+01:00\"}");
    json_is(vl_cel_duration(1500000000), "\"1.5s\"", "{\"duration\":{\"seconds\":1,\"nanos\":500000000}}");
    json_is(vl_cel_double(INFINITY), "\"Infinity\"", "{\"double\":\"Infinity\"}");
    json_is(vl_cel_optional_none(), "null", "{\"optional\":null}");
    json_is(vl_cel_optional(arena, vl_cel_int(1)), "1", "{\"optional\":{\"int\":\"1\"}}");
}

static const struct vl_doc_node *node_of(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    assert_true(n_docs < VL_ARRAY_LEN(docs));
    assert_int_equal(vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "test", &docs[n_docs], &err), 0);
    return vl_doc_root(docs[n_docs++]);
}

static void test_tagged(void **state)
{
    (void)state;
    static const char *const same[] = {"{\"int\":\"-5\"}", "{\"uint\":\"18446744073709551615\"}",
        "{\"double\":\"-Infinity\"}", "{\"double\":\"9.8\"}", "{\"string\":\"x\"}", "{\"bytes\":\"AA==\"}",
        "{\"null\":null}", "{\"bool\":true}", "{\"type\":\"int\"}", "{\"optional\":{\"int\":\"1\"}}",
        "{\"optional\":null}", "{\"duration\":{\"seconds\":123,\"nanos\":321456789}}",
        "{\"timestamp\":\"1970-01-01T00:00:00Z\"}", "{\"list\":[{\"int\":\"2\"},{\"list\":[]}]}",
        "{\"map\":[[{\"string\":\"c\"},{\"string\":\"d\"}]]}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(same); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_cel_value v;
        struct vl_buf out VL_CLEANUP(vl_buf_done);
        vl_buf_init(&out, 1 << 16);
        assert_true(vl_cel_is_tagged(node_of(same[i])));
        assert_int_equal(vl_cel_value_tagged(arena, node_of(same[i]), &v, &err), 0);
        assert_int_equal(vl_cel_value_json(v, true, &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), same[i]);
    }
    static const char *const plain[] = {"{}", "5", "{\"int\":5}", "{\"list\":[1]}", "{\"map\":{}}",
        "{\"int\":\"1\",\"uint\":\"1\"}", "{\"type\":\"Pod\"}", "{\"name\":\"x\"}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(plain); i++)
        assert_false(vl_cel_is_tagged(node_of(plain[i])));
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_value v;
    assert_true(vl_cel_value_tagged(arena, node_of("{\"int\":\"1x\"}"), &v, &err) < 0);
    assert_true(vl_cel_value_tagged(arena, node_of("{\"uint\":\"99999999999999999999\"}"), &v, &err) < 0);
}

static void test_depth(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_value a = vl_cel_int(1), b = vl_cel_int(1);
    for (int i = 0; i < VL_CEL_VALUE_DEPTH_MAX + 10; i++) {
        a = vl_cel_list_new(arena, &a, 1);
        b = vl_cel_list_new(arena, &b, 1);
    }
    assert_false(vl_cel_equal(a, b));
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    assert_true(vl_cel_value_json(a, false, &out, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_tagged),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
