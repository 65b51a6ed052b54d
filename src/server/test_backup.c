/* tests: backup.c admin.c
 *
 * A backup of a running server, taken back into another folder: tokens work, secrets unseal, the authority is
 * the same; a damaged one makes nothing. The program's commands are run by tests/functional/test_vallumd. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "identity/repo_identity.h"
#include "test_server.h"

static char backup[128], data[128];

static const char *in(struct vl_test_server *s, const char *folder, const char *name)
{
    return vl_arena_printf(s->arena, "%s/%s", folder, name);
}

static int token_works(struct vl_test_server *s, struct vl_server_app *app)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_principal who;
    if (vl_store_read(app->store, &conn, &err) < 0)
        fail_msg("%s", err.msg);
    return vl_repo_token_find(conn, vl_span_str(s->token[1]), 0, s->arena, &who, &err);
}

static void test_round(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_app app;
    uint64_t bytes = 0;
    bool keys = false, first = true;
    struct stat st;
    (void)snprintf(backup, sizeof(backup), "%s/backup", s->folder);
    (void)snprintf(data, sizeof(data), "%s/restored", s->folder);
    if (vl_server_backup(&s->config, backup, true, s->arena, &bytes, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(bytes > 4096);
    assert_int_equal(stat(backup, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    assert_int_equal(stat(in(s, backup, "keys/seal.key"), &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    /* Never beside an older one. */
    assert_true(vl_server_backup(&s->config, backup, true, s->arena, &bytes, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);

    struct vl_server_config config = s->config;
    config.data = data;
    config.database = NULL;
    vl_err_clear(&err);
    if (vl_server_restore(&config, backup, s->arena, &keys, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(keys);
    if (vl_server_app_open(&app, &config, s->arena, &first, &err) < 0)
        fail_msg("%s", err.msg);
    assert_false(first); /* no new administrator */
    assert_int_equal(token_works(s, &app), 1);
    assert_memory_equal(app.data.seal_key, s->app.data.seal_key, sizeof(app.data.seal_key));
    assert_string_equal(app.data.fingerprint, s->app.data.fingerprint);
    vl_server_app_close(&app, 0);
    assert_true(vl_server_restore(&config, backup, s->arena, &keys, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT); /* the folder is taken now */
}

static void flip(const char *path, long at)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    unsigned char c;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &c, 1, at), 1);
    c ^= 1;
    assert_int_equal(pwrite(fd, &c, 1, at), 1);
    close(fd);
}

static void test_damage(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_config config = s->config;
    bool keys;
    struct stat st;
    config.data = in(s, s->folder, "never");
    config.database = NULL;
    flip(in(s, backup, "vallum.db"), 5000);
    assert_true(vl_server_restore(&config, backup, s->arena, &keys, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_int_equal(stat(config.data, &st), -1); /* nothing was made */
    flip(in(s, backup, "vallum.db"), 5000);
    vl_err_clear(&err);
    flip(in(s, backup, "keys/ca.key"), 100);
    assert_true(vl_server_restore(&config, backup, s->arena, &keys, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_int_equal(unlink(in(s, backup, VL_BACKUP_LIST)), 0);
    vl_err_clear(&err);
    assert_true(vl_server_restore(&config, backup, s->arena, &keys, &err) < 0);
    assert_int_equal(stat(config.data, &st), -1);
}

static void test_without_keys(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_config config = s->config;
    uint64_t bytes = 0;
    bool keys = true;
    struct stat st;
    const char *folder = in(s, s->folder, "bare");
    config.data = in(s, s->folder, "restored-bare");
    config.database = NULL;
    assert_int_equal(vl_server_backup(&s->config, folder, false, s->arena, &bytes, &err), 0);
    assert_int_equal(stat(in(s, folder, "keys"), &st), -1);
    assert_int_equal(vl_server_restore(&config, folder, s->arena, &keys, &err), 0);
    assert_false(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_without_keys),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
