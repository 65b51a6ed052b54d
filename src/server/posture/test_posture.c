/* tests: posture.c
 *
 * That a touch is one waiting job however often it is said, and that the first start has switched on what is
 * built. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inventory/repo_plan.h"
#include "posture/posture.h"
#include "store/queue.h"
#include "test_server.h"

static int touches(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const char *const digests[] = {NULL, "sha256:aa", NULL, "sha256:aa", "sha256:bb"};
    (void)user;
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(digests) && r >= 0; i++)
        r = vl_posture_touch(conn, 1, digests[i], err);
    return r;
}

static int forged(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_posture_touch(conn, 1, "sha256:\",\"environment\":2", err);
}

static void test_touch(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_queue_counts counts;
    assert_int_equal(vl_store_write(s->app.store, touches, NULL, &err), 0);
    assert_true(vl_store_write(s->app.store, forged, NULL, &err) < 0);
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    assert_int_equal(vl_queue_count(conn, "score", &counts, &err), 0);
    assert_int_equal(counts.waiting, 3);
}

static void test_first_plans(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    bool on = false;
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    assert_int_equal(vl_repo_plan_enabled(conn, 1, "Containers", &on, &err), 0);
    assert_true(on);
    assert_int_equal(vl_repo_plan_enabled(conn, 1, "VirtualMachines", &on, &err), 0);
    assert_false(on);
    assert_int_equal(vl_repo_plan_enabled(conn, 2, "Containers", &on, &err), 0);
    assert_false(on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_touch),
        cmocka_unit_test(test_first_plans),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
