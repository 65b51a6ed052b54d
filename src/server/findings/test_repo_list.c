/* The second source of what a list says is its hash in the database, of the bytes before they were packed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/digest.h"
#include "findings/repo_list.h"
#include "jobs/assess.h"
#include "scan/inventory_codec.h"
#include "test_server.h"

#define PACKAGES 300

static int64_t number; /* of the image stored last */

/* An image on layers "BASE.0", "BASE.1" and one of its own; one package in thirty is of another version in
 * each, and the names are those of `kind`. */
static struct vl_inventory *make(const char *base, uint32_t kind, uint32_t version)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *in = vl_inventory_new();
    assert_non_null(in);
    in->target = (struct vl_target){.kind = VL_TARGET_IMAGE, .name = "x", .os = "linux", .arch = "amd64"};
    in->distro = (struct vl_distro){"debian", "", "12", "bookworm", "Debian 12", "", "", 0, 0, 0};
    for (unsigned i = 0; i < 3; i++) {
        struct vl_layer *layer = vl_vec_push(&in->layers, "layers", &err);
        assert_non_null(layer);
        *layer = (struct vl_layer){
            .diff_id = i < 2 ? vl_arena_printf(in->arena, "%s.%u", base, i)
                             : vl_arena_printf(in->arena, "%s.own.%u.%u", base, kind, version)};
    }
    for (uint32_t i = 0; i < PACKAGES; i++) {
        struct vl_package *p = vl_vec_push(&in->packages, "packages", &err);
        assert_non_null(p);
        const char *name = vl_arena_printf(
            in->arena, "package-%0*x", (int)(8 + i * kind % 13), (i + 1) * (kind + 1) * 2654435761U);
        const char *said = vl_arena_printf(in->arena, "%u.%u", i, i % 30 == 0 ? version : 0);
        *p = (struct vl_package){.ecosystem = VL_ECO_DEB,
            .name = name,
            .version = said,
            .purl = vl_arena_printf(in->arena, "pkg:deb/debian/%s@%s", name, said),
            .path = "var/lib/dpkg/status",
            .owner = VL_PACKAGE_NONE};
    }
    return in;
}

static int store_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_assessment *a = user;
    struct vl_facts_change change;
    return vl_repo_facts_store(conn, &a->facts, &a->store, &change, err);
}

/* As a scan does; the hash of the list. */
static const char *store(struct vl_test_server *t, struct vl_inventory *in)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisories_hold hold;
    struct vl_facts_memo memo;
    struct vl_arena *arena = vl_arena_new(1UL << 24);
    struct vl_assessment a;
    vl_assessment_init(&a);
    a.store = (struct vl_facts_store){.digest = vl_arena_printf(arena, "sha256:%064lld", (long long)++number),
        .media_type = "m",
        .why = "scan",
        .now = 1};
    assert_int_equal(vl_advisories_hold(t->app.advisories, &hold, &err), 0);
    assert_int_equal(vl_facts_memo_init(&memo, &err), 0);
    if (vl_assess(&t->app, &hold, &memo, arena, in, true, &a, &err) < 0 ||
        vl_store_write(t->app.store, store_write, &a, &err) < 0)
        fail_msg("%s", err.msg);
    vl_facts_learn(t->app.facts, &a.facts);
    const char *hash = vl_arena_strdup(t->arena, a.store.list_hash);
    vl_assessment_done(&a);
    vl_facts_memo_done(&memo);
    vl_advisories_release(t->app.advisories, &hold);
    vl_arena_free(arena);
    return hash;
}

struct row {
    int64_t id, base;
    size_t packed;
};

static struct row find(struct vl_test_server *t, const char *hash)
{
    static const struct vl_store_sql sql = {
        "SELECT id, coalesce(base_id, 0), bytes FROM package_list WHERE hash = $1", NULL};
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    assert_int_equal(vl_store_read(t->app.store, &conn, &err), 0);
    assert_int_equal(vl_stmt_begin(conn, &sql, &stmt, &err), 0);
    vl_stmt_str(stmt, 1, hash);
    assert_int_equal(vl_stmt_step(stmt, &err), 1);
    return (struct row){vl_stmt_get_int(stmt, 0), vl_stmt_get_int(stmt, 1), vl_stmt_get_blob(stmt, 2).len};
}

/* 1 where the bytes are those that were hashed; else what reading said. */
static int reads_back(
    struct vl_test_server *t, int64_t list, const char *hash, struct vl_list_base *base, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_buf plain VL_CLEANUP(vl_buf_done);
    struct vl_inventory *in VL_CLEANUP(vl_inventory_cleanup) = NULL;
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    vl_buf_init(&plain, 1UL << 24);
    assert_int_equal(vl_store_read(t->app.store, &conn, err), 0);
    int r = vl_repo_list_bytes(conn, list, base, &plain, err);
    if (r <= 0)
        return r;
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&plain), &digest);
    assert_string_equal(vl_digest_format(&digest, text), hash);
    assert_int_equal(vl_repo_list_read(conn, list, base, &in, err), 1);
    assert_int_equal(in->packages.len, PACKAGES);
    return 1;
}

static void test_against_a_base(void **state)
{
    struct vl_test_server *t = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_list_base base VL_CLEANUP(vl_list_base_done);
    const char *hashes[] = {store(t, make("a", 0, 1)), store(t, make("a", 0, 2)), store(t, make("a", 0, 3)),
        store(t, make("a", 1, 1)), store(t, make("a", 1, 2)), store(t, make("b", 0, 4))};
    struct row rows[VL_ARRAY_LEN(hashes)];
    for (size_t i = 0; i < VL_ARRAY_LEN(hashes); i++)
        rows[i] = find(t, hashes[i]);
    assert_int_equal(rows[0].base, 0);
    assert_int_equal(rows[1].base, rows[0].id);
    assert_int_equal(rows[2].base, rows[0].id); /* never a base of a base */
    assert_true(rows[1].packed * 4 < rows[0].packed);
    assert_int_equal(rows[3].base, 0); /* the same layers and nothing else in common */
    assert_int_equal(rows[4].base, rows[3].id);
    assert_int_equal(rows[5].base, 0); /* other layers */
    vl_list_base_init(&base);
    for (size_t i = 0; i < VL_ARRAY_LEN(hashes); i++) {
        assert_int_equal(reads_back(t, rows[i].id, hashes[i], NULL, &err), 1);
        assert_int_equal(reads_back(t, rows[i].id, hashes[i], &base, &err), 1);
        assert_int_equal(base.id, i < 1 ? 0 : i < 4 ? rows[0].id : rows[3].id);
    }
    assert_int_equal(reads_back(t, 123456789, "", NULL, &err), 0);
}

struct change {
    const struct vl_store_sql *sql;
    int64_t id;
    struct vl_span bytes;
};

static int change_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, c->sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, c->id);
    if (c->bytes.ptr)
        vl_stmt_blob(stmt, 2, c->bytes);
    return vl_stmt_run(stmt, NULL, err);
}

static void test_base_stays(void **state)
{
    struct vl_test_server *t = *state;
    static const struct vl_store_sql remove = {"DELETE FROM package_list WHERE id = $1", NULL};
    struct vl_err err = VL_ERR_INIT;
    const char *first = store(t, make("c", 2, 1)), *second = store(t, make("c", 2, 2));
    struct change c = {&remove, find(t, first).id, VL_SPAN_EMPTY};
    assert_int_equal(find(t, second).base, c.id);
    assert_true(vl_store_write(t->app.store, change_write, &c, &err) < 0);
    assert_true(vl_store_is_constraint(&err));
    vl_err_clear(&err);
    c.id = find(t, second).id;
    assert_int_equal(vl_store_write(t->app.store, change_write, &c, &err), 0);
    c.id = find(t, first).id;
    assert_int_equal(vl_store_write(t->app.store, change_write, &c, &err), 0);
}

static void set_bytes(struct vl_test_server *t, int64_t id, struct vl_span bytes)
{
    static const struct vl_store_sql sql = {"UPDATE package_list SET bytes = $2 WHERE id = $1", NULL};
    struct vl_err err = VL_ERR_INIT;
    struct change c = {&sql, id, bytes};
    assert_int_equal(vl_store_write(t->app.store, change_write, &c, &err), 0);
}

static void check_damaged(struct vl_test_server *t, int64_t list, const char *hash)
{
    struct vl_err err = VL_ERR_INIT;
    assert_true(reads_back(t, list, hash, NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
}

static void test_damage(void **state)
{
    struct vl_test_server *t = *state;
    static const struct vl_store_sql hang = {
        "UPDATE package_list SET base_id = (SELECT max(id) FROM package_list) WHERE id = $1", NULL};
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf other VL_CLEANUP(vl_buf_done);
    const char *first = store(t, make("d", 3, 1)), *second = store(t, make("d", 3, 2));
    struct row base = find(t, first), list = find(t, second);
    assert_int_equal(list.base, base.id);
    /* Another list, whole as it is, is not the base; then none at all, and garbage. */
    vl_buf_init(&other, 1UL << 20);
    vl_buf_append_str(&other, "VLIN and nothing that was the base");
    struct vl_buf packed VL_CLEANUP(vl_buf_done);
    vl_buf_init(&packed, 1UL << 20);
    assert_int_equal(vl_inventory_pack(vl_buf_span(&other), &packed, &err), 0);
    set_bytes(t, base.id, vl_buf_span(&packed));
    check_damaged(t, list.id, second);
    set_bytes(t, base.id, VL_SPAN_LIT(""));
    check_damaged(t, list.id, second);
    set_bytes(t, base.id, VL_SPAN_LIT("no zstd data"));
    check_damaged(t, list.id, second);
    /* An image on the same layers is stored all the same, and stands alone. */
    const char *third = store(t, make("d", 3, 3));
    assert_int_equal(find(t, third).base, 0);
    assert_int_equal(reads_back(t, find(t, third).id, third, NULL, &err), 1);
    set_bytes(t, list.id, VL_SPAN_LIT("(\xb5/\xfd"));
    check_damaged(t, list.id, second);
    struct change c = {&hang, base.id, VL_SPAN_EMPTY}; /* a base that has a base */
    assert_int_equal(vl_store_write(t->app.store, change_write, &c, &err), 0);
    check_damaged(t, list.id, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_base),
        cmocka_unit_test(test_base_stays),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
