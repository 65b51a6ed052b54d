/* tests: config.c principal.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "identity/principal.h"

static struct vl_arena *arena;

static void listens(const char *value, const char *address, unsigned port)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_config config;
    assert_int_equal(vl_server_config_init(&config, arena, &err), 0);
    if (vl_server_config_set(&config, "listen", value, arena, &err) < 0)
        fail_msg("%s: %s", value, err.msg);
    assert_string_equal(config.address, address);
    assert_int_equal(config.port, port);
}

static void test_listen(void **state)
{
    (void)state;
    listens("0.0.0.0:443", "0.0.0.0", 443);
    listens("[::1]:8080", "::1", 8080);
    listens("::1", "::1", VL_SERVER_DEFAULT_PORT);
    listens("[fe80::1]", "fe80::1", VL_SERVER_DEFAULT_PORT);
    listens(":9000", "::", 9000);
    listens("localhost", "localhost", VL_SERVER_DEFAULT_PORT);
    listens("127.0.0.1:0", "127.0.0.1", 0);
    static const char *const wrong[] = {"localhost:", "localhost:x", "localhost:65536", "localhost:-1", ""};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_server_config config;
        assert_int_equal(vl_server_config_init(&config, arena, &err), 0);
        if (vl_server_config_set(&config, "listen", wrong[i], arena, &err) >= 0)
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_int_equal(err.code, VL_ERR_USAGE);
    }
}

static int read_file(const char *text, struct vl_server_config *config, struct vl_err *err)
{
    char path[] = "/tmp/vallum-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(vl_server_config_init(config, arena, err), 0);
    int r = vl_server_config_file(config, path, arena, err);
    (void)unlink(path);
    return r;
}

static void test_file_and_environment(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_config config;
    assert_int_equal(
        read_file("data: /srv/v\nlisten: 0.0.0.0:1\ndatabase: postgresql:///v\nnames: a.example, b.example\n",
            &config, &err),
        0);
    assert_string_equal(config.data, "/srv/v");
    assert_string_equal(config.database, "postgresql:///v");
    assert_int_equal(config.n_names, 2);
    assert_string_equal(config.names[1], "b.example");
    setenv("VALLUM_LISTEN", "0.0.0.0:2", 1);
    assert_int_equal(vl_server_config_environment(&config, arena, &err), 0);
    unsetenv("VALLUM_LISTEN");
    assert_int_equal(config.port, 2);
    assert_true(read_file("data: /srv/v\nlisen: x\n", &config, &err) < 0);
    assert_non_null(strstr(err.msg, ":2: there is no setting \"lisen\""));
    assert_true(read_file("data: [a]\n", &config, &err) < 0);
    assert_true(read_file("- a\n", &config, &err) < 0);
    assert_int_equal(read_file("", &config, &err), 0);
}

/* Names of Azure's roles: "Security Reader" and "Security Admin" are its built-in ones. */
static void test_roles(void **state)
{
    (void)state;
    enum vl_role role = VL_ROLE_NONE;
    assert_true(vl_role_parse(VL_SPAN_LIT("Security Reader"), &role));
    assert_int_equal(role, VL_ROLE_READER);
    assert_true(vl_role_parse(VL_SPAN_LIT("ADMIN"), &role));
    assert_int_equal(role, VL_ROLE_ADMIN);
    assert_false(vl_role_parse(VL_SPAN_LIT("none"), &role));
    assert_false(vl_role_parse(VL_SPAN_LIT(""), &role));
    assert_string_equal(vl_role_name(VL_ROLE_OWNER), "owner");
    assert_string_equal(vl_role_name((enum vl_role)77), "none");
}

static int set_up(void **state)
{
    (void)state;
    arena = vl_arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vl_arena_free(arena);
    return 0;
}

static void test_words(void **state)
{
    (void)state;
    struct vl_server_config config;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_server_config_init(&config, arena, &err), 0);
    assert_int_equal(config.log_format, 0);
    assert_int_equal(config.log_level, VL_LOG_INFO);
    assert_int_equal(vl_server_config_set(&config, "log_format", "json", arena, &err), 0);
    assert_int_equal(vl_server_config_set(&config, "log_level", "debug", arena, &err), 0);
    assert_int_equal(vl_server_config_set(&config, "proxy", "http://proxy.example:3128", arena, &err), 0);
    assert_int_equal(config.log_format, 1);
    assert_int_equal(config.log_level, VL_LOG_DEBUG);
    assert_string_equal(config.proxy, "http://proxy.example:3128");
    assert_int_equal(vl_server_config_set(&config, "workers", "12", arena, &err), 0);
    assert_int_equal(config.workers, 12);
    static const char *const wrong[] = {"0", "65", "many", "-1"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        assert_true(vl_server_config_set(&config, "workers", wrong[i], arena, &err) < 0);
    assert_true(vl_server_config_set(&config, "log_level", "loud", arena, &err) < 0);
    assert_string_equal(err.msg, "log_level: \"loud\" is none of error, warning, info, debug");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_file_and_environment),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
