/* The suite on SQLite, and what only SQLite has: backups, a limit of its pages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema.h"
#include "test_support.h"

/* --- a disk that is full: SQLite's own limit of pages ends in the same error --- */

static const struct vl_column full_columns[] = {
    {.name = "id", .type = VL_COLUMN_ID}, {.name = "a", .type = VL_COLUMN_BLOB}, {0}};
static const struct vl_table full_table = {.name = "t", .columns = full_columns};
static const struct vl_table *const full_tables[] = {&full_table, NULL};
static const struct vl_migration full_migration = {.version = 1, .tables = full_tables, .readable_from = 1};
static const struct vl_schema full_schema = {&full_migration, 1};
static const struct vl_store_sql sql_limit = {"PRAGMA max_page_count = 20", NULL};
static const struct vl_store_sql sql_no_limit = {"PRAGMA max_page_count = 100000", NULL};
static const struct vl_store_sql sql_put = {"INSERT INTO t (a) VALUES (zeroblob($1))", NULL};
static const struct vl_store_sql sql_rows = {"SELECT count(*) FROM t", NULL};

struct step {
    const struct vl_store_sql *sql;
    int64_t bytes;
    int64_t got;
};

static int step_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct step *step = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, step->sql, &stmt, err);
    if (r >= 0 && step->bytes)
        vl_stmt_int(stmt, 1, step->bytes);
    while (r >= 0 && (r = vl_stmt_step(stmt, err)) > 0)
        step->got = vl_stmt_get_int(stmt, 0);
    return r;
}

static int step(struct vl_store *store, const struct vl_store_sql *sql, int64_t bytes, int64_t *ret)
{
    struct step s = {sql, bytes, 0};
    struct vl_err err = VL_ERR_INIT;
    int r = vl_store_write(store, step_write, &s, &err);
    if (ret)
        *ret = s.got;
    return r;
}

static char full_url[256];

static void test_full(void **state)
{
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = NULL;
    const struct vl_store_options options = {.url = full_url};
    struct vl_err err = VL_ERR_INIT;
    int64_t rows = 0;
    (void)state;
    assert_int_equal(vl_store_open(&options, &full_schema, &store, &err), 0);
    assert_true(step(store, &sql_limit, 0, NULL) >= 0);
    assert_true(step(store, &sql_put, 100, NULL) >= 0);
    assert_false(vl_store_is_full(store));
    assert_int_equal(step(store, &sql_put, 1000000, NULL), -ENOSPC);
    assert_true(vl_store_is_full(store));
    assert_true(step(store, &sql_rows, 0, &rows) >= 0); /* what is there is there, and can be read */
    assert_int_equal(rows, 1);
    assert_int_equal(step(store, &sql_put, 1000000, NULL), -ENOSPC);
    assert_true(step(store, &sql_no_limit, 0, NULL) >= 0);
    assert_true(step(store, &sql_put, 1000000, NULL) >= 0);
    assert_false(vl_store_is_full(store));
    assert_true(step(store, &sql_rows, 0, &rows) >= 0);
    assert_int_equal(rows, 2);
}

int main(void)
{
    const struct CMUnitTest full[] = {cmocka_unit_test(test_full)};
    char folder[] = "/tmp/vallum-store-XXXXXX", url[256], restored[256], path[256];
    static const char *const leftovers[] = {"db", "db-wal", "db-shm", "db.schema-1", "db.schema-2",
        "restored", "restored-wal", "restored-shm", "full", "full-wal", "full-shm"};
    if (!mkdtemp(folder))
        return 1;
    (void)snprintf(url, sizeof(url), "sqlite:%s/db", folder);
    (void)snprintf(restored, sizeof(restored), "sqlite:%s/restored", folder);
    (void)snprintf(full_url, sizeof(full_url), "sqlite:%s/full", folder);
    int failed = store_suite(url, restored) + cmocka_run_group_tests(full, NULL, NULL);
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/db.schema-1", folder);
    if (stat(path, &st) != 0 || st.st_size == 0) {
        (void)fprintf(stderr, "no backup was made before the migration\n");
        failed++;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(leftovers); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, leftovers[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return failed ? 1 : 0;
}
