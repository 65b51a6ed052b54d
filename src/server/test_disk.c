/* A small tmpfs that fills up and is emptied again; what is told of it is read off standard error. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "disk.h"

#define SIZE (32L * 1024 * 1024)

static char folder[] = "/tmp/vallum-disk-XXXXXX";
static bool mounted;

static int start(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    mounted = mount("tmpfs", folder, "tmpfs", 0, "size=32m") == 0;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (mounted && umount2(folder, MNT_DETACH) < 0)
        return -1;
    return rmdir(folder);
}

static void fill(const char *name, long bytes)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd VL_CLEANUP(vl_file_close) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(posix_fallocate(fd, 0, bytes), 0);
}

static void empty(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

/* As if a second had gone by. */
static enum vl_disk_state look(struct vl_server_app *app)
{
    app->disk.looked = 0;
    return vl_disk_look(app);
}

static void test_room(void **state)
{
    (void)state;
    struct vl_server_app app = {0};
    struct vl_buf said VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    int fd VL_CLEANUP(vl_file_close) = -1;
    if (!mounted) {
        print_message("a tmpfs needs root\n");
        skip();
    }
    app.data.folder = folder;
    assert_int_equal(vl_file_temp(NULL, &fd, &err), 0);
    int before = dup(STDERR_FILENO);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    enum vl_disk_state fresh = look(&app);
    struct vl_disk_room all = vl_disk_room(&app);
    fill("most", SIZE - SIZE / VL_DISK_RESERVE_PART); /* exactly the reserve is left, less what tmpfs takes */
    fill("some", 65536);
    enum vl_disk_state low = look(&app), again = look(&app);
    struct vl_disk_room little = vl_disk_room(&app);
    empty("most");
    enum vl_disk_state kept = vl_disk_look(&app); /* within the second */
    enum vl_disk_state room = look(&app);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    assert_int_equal(fresh, VL_DISK_ROOM);
    assert_true(all.known && all.of == SIZE && all.bytes > SIZE - 100000);
    assert_int_equal(low, VL_DISK_LOW);
    assert_int_equal(again, VL_DISK_LOW);
    assert_true(little.bytes < SIZE / VL_DISK_RESERVE_PART);
    assert_int_equal(kept, VL_DISK_LOW);
    assert_int_equal(room, VL_DISK_ROOM);
    empty("some");
    vl_buf_init(&said, 1 << 16);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(vl_file_read_fd(fd, "log", 1 << 16, &said, &err), 0);
    const char *text = vl_buf_str(&said), *first = strstr(text, "nearly full");
    assert_non_null(first);
    assert_null(strstr(first + 1, "nearly full")); /* once */
    assert_non_null(strstr(first, "there is room on the disk again"));
}

static void test_why(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_false(vl_disk_is_why(&err));
    assert_int_equal(vl_err_sys(&err, ENOSPC, "x"), -ENOSPC);
    assert_true(vl_disk_is_why(&err));
    assert_int_equal(vl_err_wrap(&err, "y"), -ENOSPC);
    assert_true(vl_disk_is_why(&err));
    assert_int_equal(vl_err_sys(&err, EDQUOT, "x"), -EDQUOT);
    assert_true(vl_disk_is_why(&err));
    assert_int_equal(vl_err_sys(&err, EIO, "x"), -EIO);
    assert_false(vl_disk_is_why(&err));
}

/* A folder that nobody can ask about is no reason to stop work. */
static void test_unknown(void **state)
{
    (void)state;
    struct vl_server_app app = {0};
    assert_false(vl_disk_room(&app).known);
    assert_int_equal(look(&app), VL_DISK_ROOM);
    app.data.folder = "/nowhere/at/all";
    assert_false(vl_disk_room(&app).known);
    assert_int_equal(look(&app), VL_DISK_ROOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_why),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
