/* The suite runs on SQLite (test_store.c) and on PostgreSQL (test_store_postgresql.c); what it wants is what
 * store.h, schema.h, queue.h and feed.h say.
 *
 * tests: store.c statement.c schema.c sqlite.c postgresql.c postgresql_backup.c queue.c feed.c */
#include "test_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "store/feed.h"
#include "store/queue.h"

static const char *url, *restored_url;

/* --- a schema --- */

static const struct vl_column shop_columns[] = {
    {.name = "id", .type = VL_COLUMN_ID},
    {.name = "name", .type = VL_COLUMN_TEXT},
    {.name = "weight", .type = VL_COLUMN_DOUBLE, .nullable = true},
    {.name = "picture", .type = VL_COLUMN_BLOB, .nullable = true},
    {.name = "stock", .type = VL_COLUMN_INT, .def = "7"},
    {0},
};
static const struct vl_index shop_indexes[] = {{.name = "shop_name", .columns = "name", .unique = true}, {0}};
static const struct vl_table shop_table = {.name = "shop", .columns = shop_columns, .indexes = shop_indexes};
static const struct vl_column part_columns[] = {
    {.name = "shop_id", .type = VL_COLUMN_INT, .references = "shop(id)"},
    {.name = "number", .type = VL_COLUMN_INT},
    {0},
};
static const struct vl_table part_table = {
    .name = "part", .columns = part_columns, .primary_key = "shop_id, number", .clustered = true};
static const struct vl_table *const first_tables[] = {
    &vl_queue_table, &vl_queue_group_table, &vl_feed_table, &vl_leader_table, &shop_table, &part_table, NULL};
static const struct vl_migration_column second_columns[] = {
    {"shop", {.name = "colour", .type = VL_COLUMN_TEXT, .def = "'red'"}},
    {0},
};
static const struct vl_store_sql second_statements[] = {{"UPDATE shop SET stock = stock + 1", NULL}, {0}};
static const struct vl_migration migrations[] = {
    {.version = 1, .tables = first_tables, .readable_from = 1},
    {.version = 2, .columns = second_columns, .statements = second_statements, .readable_from = 1},
    {.version = 3, .readable_from = 3},
};
static const struct vl_schema schema_1 = {migrations, 1}, schema_2 = {migrations, 2},
                              schema_3 = {migrations, 3};

static struct vl_store *open_store(const struct vl_schema *schema)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store = NULL;
    struct vl_store_options options = {.url = url};
    if (vl_store_open(&options, schema, &store, &err) < 0)
        fail_msg("%s", err.msg);
    return store;
}

/* --- statements --- */

static const struct vl_store_sql sql_insert = {
    "INSERT INTO shop (name, weight, picture) VALUES ($1, $2, $3) RETURNING id", NULL};
static const struct vl_store_sql sql_get = {
    "SELECT id, name, weight, picture, stock FROM shop WHERE name = $1", NULL};
static const struct vl_store_sql sql_count = {"SELECT count(*) FROM shop WHERE name LIKE $1", NULL};
static const struct vl_store_sql sql_delete = {"DELETE FROM shop WHERE name LIKE $1", NULL};
static const struct vl_store_sql sql_part = {"INSERT INTO part (shop_id, number) VALUES ($1, $2)", NULL};
static const struct vl_store_sql sql_parts = {"SELECT count(*) FROM part", NULL};
static const struct vl_store_sql sql_colour = {"SELECT colour, stock FROM shop WHERE name = $1", NULL};
static const struct vl_store_sql sql_twice = {"SELECT $2, $1, $2", "SELECT $2::text, $1::text, $2::text"};
static const struct vl_store_sql sql_id = {"SELECT id FROM shop WHERE name = $1", NULL};
static const struct vl_store_sql sql_wrong = {"SELECT nothing FROM nowhere", NULL};

static int insert(struct vl_store_conn *conn, const char *name, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_insert, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, name);
    vl_stmt_double(stmt, 2, 0.1);
    vl_stmt_blob(stmt, 3, (struct vl_span){"\0\xff\n'", 4});
    r = vl_stmt_step(stmt, err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static int insert_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return insert(conn, user, err);
}

static int64_t count_in(struct vl_store_conn *conn, const struct vl_store_sql *sql, const char *name)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (vl_stmt_begin(conn, sql, &stmt, &err) < 0)
        fail_msg("%s", err.msg);
    if (name)
        vl_stmt_str(stmt, 1, name);
    if (vl_stmt_step(stmt, &err) != 1)
        fail_msg("%s", err.msg);
    return vl_stmt_get_int(stmt, 0);
}

static int64_t count(struct vl_store *store, const struct vl_store_sql *sql, const char *name)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    if (vl_store_read(store, &conn, &err) < 0)
        fail_msg("%s", err.msg);
    return count_in(conn, sql, name);
}

static void test_values(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL, *twice VL_CLEANUP(vl_stmt_cleanup) = NULL;
    static const char name[] = "Grüße 'x' \"y\" %";
    if (vl_store_write(store, insert_write, (void *)(uintptr_t)name, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(vl_stmt_begin(conn, &sql_get, &stmt, &err), 0);
    vl_stmt_str(stmt, 1, name);
    assert_int_equal(vl_stmt_step(stmt, &err), 1);
    assert_true(vl_stmt_get_int(stmt, 0) > 0);
    assert_true(vl_span_eq_str(vl_stmt_get_text(stmt, 1), name));
    assert_true(vl_stmt_get_double(stmt, 2) == 0.1);
    assert_true(vl_span_eq(vl_stmt_get_blob(stmt, 3), (struct vl_span){"\0\xff\n'", 4}));
    assert_int_equal(vl_stmt_get_int(stmt, 4), 7); /* the default */
    assert_int_equal(vl_stmt_step(stmt, &err), 0);

    /* Parameters are told by their numbers, in whatever order they stand. */
    assert_int_equal(vl_stmt_begin(conn, &sql_twice, &twice, &err), 0);
    vl_stmt_str(twice, 1, "one");
    vl_stmt_str(twice, 2, "two");
    assert_int_equal(vl_stmt_step(twice, &err), 1);
    assert_true(vl_span_eq_str(vl_stmt_get_text(twice, 0), "two"));
    assert_true(vl_span_eq_str(vl_stmt_get_text(twice, 1), "one"));
    assert_true(vl_span_eq_str(vl_stmt_get_text(twice, 2), "two"));
}

static void test_nulls_and_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL, *nul VL_CLEANUP(vl_stmt_cleanup) = NULL,
                         *wrong VL_CLEANUP(vl_stmt_cleanup) = NULL;
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(vl_stmt_begin(conn, &sql_twice, &stmt, &err), 0);
    vl_stmt_str(stmt, 1, NULL);
    vl_stmt_str(stmt, 2, "");
    assert_int_equal(vl_stmt_step(stmt, &err), 1);
    assert_true(vl_stmt_is_null(stmt, 1));
    assert_false(vl_stmt_is_null(stmt, 0));
    assert_int_equal(vl_stmt_get_text(stmt, 0).len, 0);
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(4096);
    assert_null(vl_stmt_copy(stmt, 1, arena));
    assert_string_equal(vl_stmt_copy(stmt, 0, arena), "");

    assert_int_equal(vl_stmt_begin(conn, &sql_get, &nul, &err), 0);
    vl_stmt_text(nul, 1, (struct vl_span){"a\0b", 3});
    assert_true(vl_stmt_step(nul, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    vl_err_clear(&err);
    assert_true(vl_stmt_begin(conn, &sql_wrong, &wrong, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
}

/* --- writes --- */

static int insert_then_fail(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int r = insert(conn, user, err);
    return r < 0 ? r : vl_err_set(err, VL_ERR_INVALID, "thought better of it");
}

static void test_rollback(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    assert_true(vl_store_write(store, insert_then_fail, (void *)(uintptr_t)"rolled back", &err) < 0);
    assert_string_equal(err.msg, "thought better of it");
    assert_int_equal(count(store, &sql_count, "rolled back"), 0);
}

/* A failed statement that the function passes over fails the write on both databases alike. */
static int insert_twice(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_err second = VL_ERR_INIT, third = VL_ERR_INIT;
    int r = insert(conn, user, err);
    if (r < 0)
        return r;
    assert_true(insert(conn, user, &second) < 0);
    assert_true(vl_store_is_constraint(&second));
    assert_true(insert(conn, "another", &third) < 0);
    assert_true(vl_store_is_constraint(&third)); /* still the first failure */
    return 0;
}

static void test_constraints(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    assert_true(vl_store_write(store, insert_twice, (void *)(uintptr_t)"unique", &err) < 0);
    assert_true(vl_store_is_constraint(&err));
    assert_int_equal(count(store, &sql_count, "unique"), 0);
    assert_int_equal(count(store, &sql_count, "another"), 0);
}

static int orphan_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_part, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, *(const int64_t *)user);
    vl_stmt_int(stmt, 2, INT64_MIN);
    return vl_stmt_run(stmt, NULL, err);
}

static int delete_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_delete, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, user);
    r = vl_stmt_run(stmt, &changed, err);
    return r < 0 ? r : (int)changed;
}

static void test_foreign_keys(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    int64_t nobody = 123456789, id;
    assert_true(vl_store_write(store, orphan_write, &nobody, &err) < 0);
    assert_true(vl_store_is_constraint(&err));
    assert_true(vl_store_write(store, insert_write, (void *)(uintptr_t)"parent", &err) >= 0);
    id = count(store, &sql_id, "parent");
    assert_true(vl_store_write(store, orphan_write, &id, &err) >= 0);
    assert_int_equal(count(store, &sql_parts, NULL), 1);
    assert_int_equal(vl_store_write(store, delete_write, (void *)(uintptr_t)"parent", &err), 1);
    assert_int_equal(count(store, &sql_parts, NULL), 0); /* cascaded */
}

static void *many_writes(void *user)
{
    struct vl_store *store = user;
    for (unsigned i = 0; i < 50; i++) {
        char name[64];
        struct vl_err err = VL_ERR_INIT;
        (void)snprintf(name, sizeof(name), "many %lx %u", (unsigned long)pthread_self(), i);
        /* Every fifth is given up: its neighbours in the same commit must not notice. */
        int r = vl_store_write(store, i % 5 == 0 ? insert_then_fail : insert_write, name, &err);
        if ((r >= 0) == (i % 5 == 0))
            return (void *)(uintptr_t)"a write ended otherwise than it should";
    }
    return NULL;
}

static void test_many_writers(void **state)
{
    (void)state;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    pthread_t threads[8];
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_writes, store), 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(count(store, &sql_count, "many %"), 8 * 40);
}

static int sum_read(struct vl_store *store, const int64_t *values, size_t n, int64_t *ret, struct vl_err *err)
{
    static const struct vl_store_sql sql = {"SELECT coalesce(sum(value), 0), count(*) FROM json_each($1)",
        "SELECT CAST(coalesce(sum(v), 0) AS BIGINT), count(*) FROM unnest(CAST($1 AS BIGINT[])) AS v"};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_ints(stmt, 1, values, n);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        assert_int_equal(vl_stmt_get_int(stmt, 1), n);
    *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r;
}

static void test_lists(void **state)
{
    static int64_t values[VL_STORE_LIST_MAX + 1];
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    int64_t sum = -1;
    assert_int_equal(sum_read(store, values, 0, &sum, &err), 1);
    assert_int_equal(sum, 0);
    values[0] = INT64_MIN;
    values[1] = INT64_MAX;
    values[2] = 7;
    assert_int_equal(sum_read(store, values, 3, &sum, &err), 1);
    assert_int_equal(sum, 6);
    assert_true(sum_read(store, values, VL_STORE_LIST_MAX + 1, &sum, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

/* What is not waited for fails the write all the same. */
static int send_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int r = 0;
    for (int i = 0; i < 100 && r >= 0; i++) { /* more than are under way at a time */
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        r = vl_stmt_begin(conn, &sql_part, &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, *(const int64_t *)user);
        vl_stmt_int(stmt, 2, i);
        r = vl_stmt_send(stmt, err);
    }
    return r;
}

static int send_and_read_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int64_t before = count_in(conn, &sql_parts, NULL);
    int r = send_write(conn, user, err);
    return r < 0 || count_in(conn, &sql_parts, NULL) == before + 100
               ? r
               : vl_err_set(err, VL_ERR_CORRUPT, "a read does not see what was sent before it");
}

static int clear_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql sql = {"DELETE FROM part WHERE shop_id = $1", NULL};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, *(const int64_t *)user);
    return vl_stmt_send(stmt, err);
}

static void *send_nowhere(void *user)
{
    int64_t nobody = 123456789;
    for (unsigned i = 0; i < 20; i++) {
        struct vl_err err = VL_ERR_INIT;
        if (vl_store_write(user, send_write, &nobody, &err) >= 0 || !vl_store_is_constraint(&err))
            return (void *)(uintptr_t)"a write ended otherwise than it should";
    }
    return NULL;
}

static void test_send(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    int64_t before = count(store, &sql_parts, NULL);
    pthread_t thread;
    void *wrong = NULL;
    assert_true(vl_store_write(store, insert_write, (void *)(uintptr_t)"sender", &err) >= 0);
    int64_t id = count(store, &sql_id, "sender");
    assert_int_equal(pthread_create(&thread, NULL, send_nowhere, store), 0);
    for (unsigned i = 0; i < 10; i++) {
        if (vl_store_write(store, i % 2 ? send_write : send_and_read_write, &id, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(count(store, &sql_parts, NULL), before + 100);
        assert_true(vl_store_write(store, clear_write, &id, &err) >= 0);
    }
    pthread_join(thread, &wrong);
    assert_null(wrong);
    assert_int_equal(count(store, &sql_parts, NULL), before);
}

/* The database's server ends all connections, as when it is restarted: readers and the writer take new ones.
 */
static void test_ended_connections(void **state)
{
    static const struct vl_store_sql end = {"SELECT 1",
        "SELECT count(CASE WHEN pg_terminate_backend(pid) THEN 1 END) FROM pg_stat_activity WHERE datname = "
        "current_database() "
        "AND "
        "pid <> pg_backend_pid()"};
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    struct vl_store_conn *one, *two, *three;
    assert_int_equal(vl_store_read(store, &one, &err), 0);
    assert_int_equal(vl_store_read(store, &two, &err), 0);
    (void)count_in(two, &sql_parts, NULL);
    vl_store_read_done(two);
    (void)count_in(one, &end, NULL);
    vl_store_read_done(one);
    usleep(500000); /* a signal is all that was sent */
    assert_int_equal(vl_store_read(store, &one, &err), 0);
    assert_int_equal(vl_store_read(store, &two, &err), 0);
    assert_int_equal(vl_store_read(store, &three, &err), 0);
    (void)count_in(one, &sql_parts, NULL);
    (void)count_in(two, &sql_parts, NULL);
    (void)count_in(three, &sql_parts, NULL);
    vl_store_read_done(one);
    vl_store_read_done(two);
    vl_store_read_done(three);
    (void)!vl_store_write(store, insert_write, (void *)(uintptr_t)"first after", &err); /* may find it dead */
    assert_true(vl_store_write(store, insert_write, (void *)(uintptr_t)"second after", &err) >= 0);
}

/* A reader sees one state, whatever is written meanwhile. */
static void test_reads_are_stable(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    struct vl_store_conn *conn = NULL;
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(count_in(conn, &sql_count, "stable"), 0);
    assert_true(vl_store_write(store, insert_write, (void *)(uintptr_t)"stable", &err) >= 0);
    assert_int_equal(count_in(conn, &sql_count, "stable"), 0);
    vl_store_read_done(conn);
    assert_int_equal(count(store, &sql_count, "stable"), 1);
}

/* --- schema --- */

static const struct vl_store_sql of_one[] = {
    {"CREATE TEMP VIEW shop AS SELECT * FROM main.shop WHERE id IN (SELECT id FROM narrowed)",
        "CREATE TEMP VIEW shop AS SELECT * FROM shop WHERE id IN (SELECT id FROM narrowed)"},
    {0}};
static const struct vl_store_narrowing narrowing = {of_one};

static int64_t count_part(struct vl_store *store, const int64_t *ids, size_t n)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    if (vl_store_read_narrowed(store, &narrowing, ids, n, &conn, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(vl_store_is_narrowed(conn));
    return count_in(conn, &sql_count, "%");
}

/* The same statement sees all, a part, another part, and all again: whichever connection it gets. */
static void test_narrowed(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_1);
    assert_int_equal(vl_store_write(store, insert_write, (void *)(uintptr_t)"narrow-a", &err), 0);
    assert_int_equal(vl_store_write(store, insert_write, (void *)(uintptr_t)"narrow-b", &err), 0);
    int64_t all = count(store, &sql_count, "%");
    const int64_t ids[] = {count(store, &sql_id, "narrow-a"), count(store, &sql_id, "narrow-b"), INT64_MAX};
    assert_true(all >= 2);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(count_part(store, ids, 1), 1);
        assert_int_equal(count(store, &sql_count, "%"), all);
        assert_int_equal(count_part(store, ids, 3), 2);
        assert_int_equal(count_part(store, ids, 0), 0);
        assert_int_equal(count(store, &sql_count, "%"), all);
    }
    /* Where every connection is in use or of the other kind, one is exchanged. */
    struct vl_store_conn *held[VL_STORE_READERS_MAX];
    for (size_t i = 0; i < VL_ARRAY_LEN(held); i++)
        assert_int_equal(vl_store_read(store, &held[i], &err), 0);
    vl_store_read_done(held[0]);
    assert_int_equal(count_part(store, ids, 2), 2);
    for (size_t i = 1; i < VL_ARRAY_LEN(held); i++)
        vl_store_read_done(held[i]);
    assert_int_equal(count(store, &sql_count, "%"), all);
    static int64_t many[VL_STORE_NARROWED_MAX + 1];
    struct vl_store_conn *conn = NULL;
    assert_true(vl_store_read_narrowed(store, &narrowing, many, VL_ARRAY_LEN(many), &conn, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    for (size_t i = 0; i < VL_STORE_NARROWED_MAX; i++)
        many[i] = INT64_MAX - (int64_t)i;
    assert_int_equal(count_part(store, many, VL_STORE_NARROWED_MAX), 0);
}

static void test_migrations(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store = open_store(&schema_1);
    assert_true(vl_store_write(store, insert_write, (void *)(uintptr_t)"old", &err) >= 0);
    vl_store_close(store);

    struct vl_store_options options = {.url = url, .no_migration = true};
    assert_true(vl_store_open(&options, &schema_2, &store, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);

    store = open_store(&schema_2);
    struct vl_store_conn *conn = NULL;
    struct vl_stmt *stmt = NULL;
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(vl_stmt_begin(conn, &sql_colour, &stmt, &err), 0);
    vl_stmt_str(stmt, 1, "old");
    assert_int_equal(vl_stmt_step(stmt, &err), 1);
    assert_true(vl_span_eq_str(vl_stmt_get_text(stmt, 0), "red"));
    assert_int_equal(vl_stmt_get_int(stmt, 1), 8);
    vl_stmt_done(stmt);
    vl_store_read_done(conn);
    vl_store_close(store);

    /* The program before still works on it: version 2 says so; version 3 does not. */
    store = open_store(&schema_1);
    assert_true(vl_store_write(store, insert_write, (void *)(uintptr_t)"by the old program", &err) >= 0);
    vl_store_close(store);
    vl_store_close(open_store(&schema_3));
    options.no_migration = false;
    assert_true(vl_store_open(&options, &schema_2, &store, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
}

/* --- queue --- */

static const struct vl_queue_claim_options worker_a = {.worker = "a", .lease_ms = 60000, .group_max = 2};
static const struct vl_queue_claim_options worker_b = {.worker = "b", .lease_ms = 60000, .group_max = 2};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_queue_add(conn, user, NULL, err);
}

static void add_job(struct vl_store *store, const char *kind, const char *key, const char *group,
    int priority, int64_t not_before)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_job job = {.kind = kind,
        .key = key,
        .group = group,
        .priority = priority,
        .not_before = not_before,
        .payload = VL_SPAN_LIT("p\0q")};
    if (vl_store_write(store, add_write, &job, &err) < 0)
        fail_msg("%s", err.msg);
}

static struct vl_arena *jobs_arena;

/* The key of the next job for the worker, or "" and when there will be one. */
static struct vl_job claim(
    struct vl_store *store, const struct vl_queue_claim_options *options, int64_t *ret_next)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_job job = {.key = ""};
    struct vl_store_conn *conn = NULL;
    int64_t next = INT64_MAX;
    int looked = vl_store_read(store, &conn, &err);
    if (looked >= 0)
        looked = vl_queue_look(conn, options, &next, &err);
    vl_store_read_done(conn);
    int r = vl_queue_claim(store, options, jobs_arena, &job, ret_next, &err);
    if (r < 0 || looked < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(looked, r); /* it knew */
    if (r == 0)
        assert_int_equal(next, *ret_next);
    return job;
}

struct ending {
    const struct vl_job *job;
    const char *worker;
    int64_t again; /* 0: finished */
};

static int end_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct ending *e = user;
    if (!e->again)
        return vl_queue_finish(conn, e->job, e->worker, err);
    return vl_queue_fail(conn, e->job, e->worker, e->again, "no such host", err);
}

static int release_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct ending *e = user;
    return vl_queue_release(conn, e->job, e->worker, err);
}

static int postpone_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct ending *e = user;
    return vl_queue_postpone(conn, e->job, e->worker, e->again, "no room", err);
}

static int end_job(struct vl_store *store, const struct vl_job *job, const char *worker, int64_t again)
{
    struct vl_err err = VL_ERR_INIT;
    struct ending e = {job, worker, again};
    return vl_store_write(store, end_write, &e, &err);
}

static void test_queue(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    int64_t next, now = vl_time_now_ms();
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_3);
    add_job(store, "scan", "low", "", 1, 0);
    add_job(store, "scan", "high", "", 9, 0);
    add_job(store, "scan", "later", "", 99, now + 3600000);
    add_job(store, "scan", "low", "", 5, 0); /* the same again: one job, priority 5 */
    struct vl_job high = claim(store, &worker_a, &next);
    assert_string_equal(high.key, "high");
    assert_int_equal(high.attempt, 1);
    assert_true(vl_span_eq(high.payload, VL_SPAN_LIT("p\0q")));
    struct vl_job low = claim(store, &worker_b, &next);
    assert_string_equal(low.key, "low");
    assert_int_equal(low.priority, 5);
    assert_string_equal(claim(store, &worker_a, &next).key, "");
    assert_int_equal(next, now + 3600000);

    /* While it runs the same job may be added, and is not run beside it. */
    add_job(store, "scan", "low", "", 1, 0);
    assert_string_equal(claim(store, &worker_a, &next).key, "");
    assert_true(end_job(store, &low, "a", 0) < 0); /* not a's */
    assert_true(end_job(store, &low, "b", 0) >= 0);
    assert_true(end_job(store, &low, "b", 0) < 0); /* once */
    low = claim(store, &worker_a, &next);
    assert_string_equal(low.key, "low");

    /* Given back, it is as if it had not been taken. */
    struct ending back = {&low, "b", 0};
    assert_true(vl_store_write(store, release_write, &back, &err) < 0); /* not b's */
    back.worker = "a";
    assert_true(vl_store_write(store, release_write, &back, &err) >= 0);
    low = claim(store, &worker_a, &next);
    assert_string_equal(low.key, "low");
    assert_int_equal(low.attempt, 1);

    /* Postponed, the attempt does not count either. */
    struct ending later = {&low, "b", 1};
    assert_true(vl_store_write(store, postpone_write, &later, &err) < 0); /* not b's */
    later.worker = "a";
    assert_true(vl_store_write(store, postpone_write, &later, &err) >= 0);
    low = claim(store, &worker_a, &next);
    assert_string_equal(low.key, "low");
    assert_int_equal(low.attempt, 1);

    assert_true(end_job(store, &high, "a", now + 7200000) >= 0);
    struct vl_store_conn *conn = NULL;
    struct vl_queue_counts counts;
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(vl_queue_count(conn, "scan", &counts, &err), 0);
    vl_store_read_done(conn);
    assert_int_equal(counts.waiting, 2);
    assert_int_equal(counts.due, 0);
    assert_int_equal(counts.running, 1);
    assert_true(end_job(store, &low, "a", INT64_MAX) >= 0);
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(vl_queue_count(conn, NULL, &counts, &err), 0);
    vl_store_read_done(conn);
    assert_int_equal(counts.dead, 1);
    assert_int_equal(counts.running, 0);
}

static void test_queue_kinds_groups_leases(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    int64_t next;
    static const char *const kinds[] = {"discover", "notify", NULL};
    struct vl_queue_claim_options some = {.worker = "a", .kinds = kinds, .lease_ms = 60000};
    struct vl_queue_claim_options brief = {.worker = "brief", .lease_ms = -1, .group_max = 2};
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_3);
    add_job(store, "pull", "1", "registry:1", 0, 0);
    add_job(store, "pull", "2", "registry:1", 0, 0);
    add_job(store, "pull", "3", "registry:1", 0, 0);
    add_job(store, "notify", "n", "", 0, 0);
    struct vl_job n = claim(store, &some, &next);
    assert_string_equal(n.key, "n");
    assert_string_equal(claim(store, &some, &next).key, "");
    struct vl_job one = claim(store, &worker_a, &next), two = claim(store, &worker_a, &next);
    assert_string_equal(one.key, "1");
    assert_string_equal(two.key, "2");
    assert_string_equal(claim(store, &worker_a, &next).key, ""); /* two of the group run */
    assert_true(end_job(store, &one, "a", 0) >= 0);

    /* A lease that ran out: another takes the job, and the first can neither renew nor finish. */
    struct vl_job three = claim(store, &brief, &next);
    assert_string_equal(three.key, "3");
    struct vl_job again = claim(store, &worker_b, &next);
    assert_string_equal(again.key, "3");
    assert_int_equal(again.attempt, 2);
    assert_true(vl_queue_renew(store, &three, "brief", 1000, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    assert_true(end_job(store, &three, "brief", 0) < 0);
    assert_true(vl_queue_renew(store, &again, "b", 1000, &err) >= 0);
    assert_true(end_job(store, &again, "b", 0) >= 0);
    assert_true(end_job(store, &two, "a", 0) >= 0);
    assert_true(end_job(store, &n, "a", 0) >= 0);
}

static int group_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_queue_group_max(conn, "registry:7", *(unsigned *)user, err);
}

static int retry_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const int64_t *id = user;
    return vl_queue_retry(conn, *id, err);
}

static uint64_t dead_of(struct vl_store *store)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_queue_counts counts = {0};
    if (vl_store_read(store, &conn, &err) < 0 || vl_queue_count(conn, "group", &counts, &err) < 0)
        fail_msg("%s", err.msg);
    return counts.dead;
}

/* A group has a number of its own; a dead job can be tried again, and goes once the same one has worked. */
static void test_queue_own_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    static const char *const kinds[] = {"group", NULL};
    struct vl_queue_claim_options a = {.worker = "a", .kinds = kinds, .lease_ms = 60000, .group_max = 2};
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_3);
    static const char *const keys[] = {"1", "2", "3", "4", "5"};
    unsigned most = 3;
    int64_t next;
    struct vl_job jobs[3];
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++)
        add_job(store, "group", keys[i], "registry:7", 0, 0);
    assert_true(vl_store_write(store, group_write, &most, &err) >= 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(jobs); i++) {
        jobs[i] = claim(store, &a, &next);
        assert_string_equal(jobs[i].key, keys[i]);
    }
    assert_string_equal(claim(store, &a, &next).key, "");
    most = 1;
    assert_true(vl_store_write(store, group_write, &most, &err) >= 0);
    assert_true(end_job(store, &jobs[0], "a", INT64_MAX) >= 0);
    assert_true(end_job(store, &jobs[1], "a", INT64_MAX) >= 0);
    assert_string_equal(claim(store, &a, &next).key, ""); /* one still runs */
    assert_true(end_job(store, &jobs[2], "a", 0) >= 0);
    assert_int_equal(dead_of(store), 2);

    assert_int_equal(vl_store_write(store, retry_write, &jobs[0].id, &err), 1);
    assert_int_equal(dead_of(store), 1);
    for (size_t i = 3; i < VL_ARRAY_LEN(keys); i++) { /* they wait for longer */
        struct vl_job job = claim(store, &a, &next);
        assert_string_equal(job.key, keys[i]);
        assert_true(end_job(store, &job, "a", 0) >= 0);
    }
    struct vl_job again = claim(store, &a, &next);
    assert_string_equal(again.key, "1");
    assert_int_equal(again.attempt, 1);
    assert_true(end_job(store, &again, "a", 0) >= 0);
    add_job(store, "group", "2", "registry:7", 9, 0);
    again = claim(store, &a, &next);
    assert_string_equal(again.key, "2");
    assert_int_equal(dead_of(store), 1);
    assert_true(end_job(store, &again, "a", 0) >= 0);
    assert_int_equal(dead_of(store), 0); /* it has worked after all */
}

/* --- feed --- */

static int feed_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_feed_add(conn, 4, "image", user, err);
}

/* A commit says once what it says. */
static int feed_twice(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int r = vl_feed_add(conn, 4, "image", user, err);
    return r < 0 ? r : vl_feed_add(conn, 4, "image", user, err);
}

static int feed_then_fail(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int r = vl_feed_add(conn, 4, "image", user, err);
    return r < 0 ? r : vl_err_set(err, VL_ERR_INVALID, "no");
}

static int trim_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_feed_trim(conn, *(const int64_t *)user, err);
}

static int64_t last_change(struct vl_store *store)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t last = -1;
    if (vl_store_read(store, &conn, &err) < 0 || vl_feed_last(conn, &last, &err) < 0)
        fail_msg("%s", err.msg);
    return last;
}

static void test_feed(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_3);
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    int64_t cursor = last_change(store);
    assert_true(vl_store_write(store, feed_write, (void *)(uintptr_t)"one", &err) >= 0);
    assert_true(vl_store_write(store, feed_then_fail, (void *)(uintptr_t)"never", &err) < 0);
    assert_true(vl_store_write(store, feed_twice, (void *)(uintptr_t)"two", &err) >= 0);
    struct vl_store_conn *conn = NULL;
    struct vl_change *changes;
    size_t n;
    bool gap;
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(vl_feed_read(conn, cursor, 100, arena, &changes, &n, &gap, &err), 0);
    assert_int_equal(n, 2);
    assert_false(gap);
    assert_string_equal(changes[0].key, "one");
    assert_string_equal(changes[1].key, "two");
    assert_string_equal(changes[1].topic, "image");
    assert_int_equal(changes[1].environment, 4);
    assert_true(changes[0].number < changes[1].number);
    vl_store_read_done(conn);

    /* Everything but the newest is trimmed; a reader whose cursor is older is told so. */
    int64_t end = vl_time_now_ms() + 1000;
    assert_true(vl_store_write(store, trim_write, &end, &err) >= 0);
    assert_int_equal(vl_store_read(store, &conn, &err), 0);
    assert_int_equal(vl_feed_read(conn, cursor, 100, arena, &changes, &n, &gap, &err), 0);
    assert_int_equal(n, 1);
    assert_true(gap);
    vl_store_read_done(conn);
}

static void *add_soon(void *user)
{
    struct vl_err err = VL_ERR_INIT;
    usleep(200000);
    return vl_store_write(user, feed_write, (void *)(uintptr_t)"soon", &err) < 0 ? user : NULL;
}

static void test_feed_wakes(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_3);
    pthread_t thread;
    int64_t cursor = last_change(store);
    while (vl_feed_wait(store, cursor, 50, &err) > 0 && last_change(store) != cursor)
        cursor = last_change(store);
    assert_int_equal(vl_feed_wait(store, cursor, 50, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, add_soon, store), 0);
    int64_t begun = vl_time_monotonic_us();
    while (last_change(store) == cursor)
        assert_true(vl_feed_wait(store, cursor, 10000, &err) >= 0);
    assert_true(vl_time_monotonic_us() - begun < 8000000);
    pthread_join(thread, NULL);
    assert_int_equal(vl_feed_wait(store, cursor, 10000, &err), 1); /* it is there already */
}

static void test_leader(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_3);
    assert_int_equal(vl_leader_try(store, "rematch", "x", 60000, &err), 1);
    assert_int_equal(vl_leader_try(store, "rematch", "y", 60000, &err), 0);
    assert_int_equal(vl_leader_try(store, "rematch", "x", -1000, &err), 1); /* gives it up */
    assert_int_equal(vl_leader_try(store, "rematch", "y", 60000, &err), 1);
    assert_int_equal(vl_leader_try(store, "rematch", "x", 60000, &err), 0);
    assert_int_equal(vl_leader_try(store, "score", "x", 60000, &err), 1); /* another task */
}

static int set_up(void **state)
{
    (void)state;
    jobs_arena = vl_arena_new(1 << 20);
    return jobs_arena ? 0 : -1;
}

/* --- backups --- */

static struct vl_store *reopen(const char *of)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store *store = NULL;
    struct vl_store_options options = {.url = of, .no_migration = true};
    if (vl_store_open(&options, &schema_3, &store, &err) < 0)
        fail_msg("%s", err.msg);
    return store;
}

/* Nothing is left beside a copy that was read. */
static void is_alone(const char *path)
{
    static const char *const ends[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < VL_ARRAY_LEN(ends); i++) {
        char beside[64];
        (void)snprintf(beside, sizeof(beside), "%s%s", path, ends[i]);
        if (access(beside, F_OK) == 0)
            fail_msg("%s is there", beside);
    }
}

/* What was committed before is in it, what comes afterwards is not; and it can be written to. */
static void test_backup(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    char path[] = "/tmp/vallum-backup-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = open_store(&schema_3);
    assert_int_equal(vl_store_write(store, insert_write, (void *)(uintptr_t)"kept-before", &err), 0);
    int64_t all = count(store, &sql_count, "%");
    if (vl_store_backup(store, path, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(vl_store_write(store, insert_write, (void *)(uintptr_t)"kept-after", &err), 0);
    if (vl_store_restore(restored_url, path, &err) < 0)
        fail_msg("%s", err.msg);
    is_alone(path);
    struct vl_store *other VL_CLEANUP(vl_store_cleanup) = reopen(restored_url);
    assert_int_equal(count(other, &sql_count, "%"), all);
    assert_int_equal(count(other, &sql_count, "kept-before"), 1);
    assert_int_equal(count(other, &sql_count, "kept-after"), 0);
    /* Numbers go on where they were: none is used twice. */
    assert_int_equal(vl_store_write(other, insert_write, (void *)(uintptr_t)"new", &err), 0);
    assert_true(count(other, &sql_id, "new") > count(other, &sql_id, "kept-before"));
    /* Never over what is there. */
    assert_true(vl_store_restore(restored_url, path, &err) < 0);
    assert_int_equal(count(other, &sql_count, "new"), 1);
    /* A copy that lost its second half is no copy. */
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 2), 0);
    vl_err_clear(&err);
    assert_true(vl_store_restore(restored_url, path, &err) < 0);
    is_alone(path);
    assert_int_equal(unlink(path), 0);
}

static int tear_down(void **state)
{
    (void)state;
    vl_arena_free(jobs_arena);
    return 0;
}

int store_suite(const char *of, const char *restored)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_nulls_and_limits),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_constraints),
        cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_many_writers),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_send),
        cmocka_unit_test(test_ended_connections),
        cmocka_unit_test(test_reads_are_stable),
        cmocka_unit_test(test_narrowed),
        cmocka_unit_test(test_migrations),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_queue_kinds_groups_leases),
        cmocka_unit_test(test_queue_own_limits),
        cmocka_unit_test(test_feed),
        cmocka_unit_test(test_feed_wakes),
        cmocka_unit_test(test_leader),
        cmocka_unit_test(test_backup),
    };
    url = of;
    restored_url = restored;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

int store_test_postgresql(char *ret, size_t size)
{
    const char *source = getenv("VALLUM_CHECKOUT");
    char program[4096];
    int in[2], out[2];
    (void)snprintf(program, sizeof(program), "%s/tests/servers/postgresql.py", source ? source : ".");
    if (pipe(in) < 0 || pipe(out) < 0)
        return 0;
    pid_t pid = fork();
    if (pid < 0)
        return 0;
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        execlp("python3", "python3", program, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    /* `in[1]` stays open: the server ends when this program does. */
    FILE *f = fdopen(out[0], "r");
    bool told = f && fgets(ret, (int)size, f);
    if (told)
        ret[strcspn(ret, "\n")] = '\0';
    else
        waitpid(pid, NULL, 0);
    return told;
}
