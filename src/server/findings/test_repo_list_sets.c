/* Lists of packages, cut into sets: what goes in comes out, and lists that are alike share most sets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "findings/repo_list_sets.h"
#include "test_rows.h"

#define MANY 400

/* No order, no pattern that the cut could meet. */
static void shuffled(int64_t *ids, size_t n)
{
    uint32_t x = 12345;
    for (size_t i = 0; i < n; i++)
        ids[i] = (int64_t)(i * 3 + 1);
    for (size_t i = n - 1; i > 0; i--) {
        x = x * 1664525U + 1013904223U;
        size_t j = x % (i + 1);
        int64_t t = ids[i];
        ids[i] = ids[j];
        ids[j] = t;
    }
}

static void test_cut(void **state)
{
    int64_t ids[MANY];
    struct vl_list_set sets[MANY];
    (void)state;
    assert_int_equal(vl_list_sets_cut(ids, 0, sets), 0);
    shuffled(ids, MANY);
    size_t n = vl_list_sets_cut(ids, MANY, sets), at = 0;
    assert_in_range(n, MANY / 64, MANY / 8);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sets[i].begin, at);
        assert_in_range(sets[i].n, 1, VL_LIST_SET_MAX);
        at += sets[i].n;
    }
    assert_int_equal(at, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(ids[i], i * 3 + 1);
}

static size_t shared(const struct vl_list_set *a, size_t n, const struct vl_list_set *b, size_t m)
{
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            same += memcmp(a[i].hash, b[j].hash, sizeof(a[i].hash)) == 0;
    return same;
}

/* One package less, one more: two sets differ, or one that was cut in two or grew together. */
static void test_alike(void **state)
{
    int64_t one[MANY], two[MANY];
    struct vl_list_set a[MANY], b[MANY];
    (void)state;
    for (size_t gone = 0; gone < MANY; gone += 7) {
        shuffled(one, MANY);
        shuffled(two, MANY);
        two[gone] = 1000000;
        size_t n = vl_list_sets_cut(one, MANY, a), m = vl_list_sets_cut(two, MANY, b);
        assert_in_range(shared(a, n, b, m), n - 3, n);
    }
}

/* --- in the database --- */

struct listing {
    int64_t list;
    int64_t ids[MANY];
    size_t n;
    int64_t rows;
};

static int put(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct listing *l = user;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1024UL * 1024);
    return arena ? vl_repo_list_sets_put(conn, l->list, l->ids, l->n, arena, &l->rows, err)
                 : vl_err_nomem(err);
}

static void test_store(void **state)
{
    static const struct vl_store_sql add = {"INSERT INTO package_list (hash, bytes, packages, "
                                            "indexer_version) VALUES ($1, x'00', 1, 1) RETURNING "
                                            "id",
        "INSERT INTO package_list (hash, bytes, packages, indexer_version) VALUES ($1, '\\x00', 1, 1) "
        "RETURNING id"};
    static const struct vl_store_sql sum = {"SELECT CAST(sum(sp.package_id) AS BIGINT) FROM list_set ls JOIN "
                                            "set_package sp ON sp.set_id = ls.set_id WHERE ls.list_id = $1",
        NULL};
    static const struct vl_store_sql with = {
        "SELECT count(*) FROM set_package sp JOIN list_set ls ON ls.set_id = sp.set_id WHERE sp.package_id = "
        "$1",
        NULL};
    struct vl_test_server *s = *state;
    static struct listing one = {.n = MANY}, two = {.n = MANY};
    struct vl_err err = VL_ERR_INIT;
    shuffled(one.ids, MANY);
    shuffled(two.ids, MANY);
    two.ids[5] = 5000;
    one.list = vl_rows_sql(s, &add, "s", "sha256:one");
    two.list = vl_rows_sql(s, &add, "s", "sha256:two");
    assert_int_equal(vl_store_write(s->app.store, put, &one, &err), 0);
    assert_int_equal(vl_store_write(s->app.store, put, &two, &err), 0);
    assert_true(two.rows < one.rows / 3);
    int64_t all = 0, others = 0;
    for (size_t i = 0; i < MANY; i++) {
        all += one.ids[i];
        others += two.ids[i];
    }
    assert_int_equal(vl_rows_sql(s, &sum, "i", one.list), all);
    assert_int_equal(vl_rows_sql(s, &sum, "i", two.list), others);
    assert_int_equal(vl_rows_sql(s, &with, "i", (int64_t)5000), 1);
    assert_int_equal(vl_rows_sql(s, &with, "i", (int64_t)1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_alike),
        cmocka_unit_test_setup_teardown(test_store, vl_test_server_start, vl_test_server_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
