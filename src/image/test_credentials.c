/* Formats: docker's config.json, containers-auth.json(5), the protocol of docker-credential-helpers. The
 * helper is a real program, a shell script, found in PATH as docker finds it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time.h"
#include "credentials.h"
#include "test_support.h"

static char folder[64];
static struct vl_arena *arena;

static void put(const char *path, const char *text)
{
    support_write(folder, path, vl_span_str(text));
}

static void put_helper(const char *name, const char *script)
{
    char path[256], full[512];
    (void)snprintf(path, sizeof(path), "bin/docker-credential-%s", name);
    put(path, script);
    (void)snprintf(full, sizeof(full), "%s/%s", folder, path);
    assert_int_equal(chmod(full, 0755), 0);
}

static int find(const char *config, const char *registry, const char *repository, struct vl_credentials *ret,
    struct vl_err *err)
{
    char path[256];
    put("config.json", config);
    (void)snprintf(path, sizeof(path), "%s/config.json", folder);
    *ret = (struct vl_credentials){0};
    vl_err_clear(err);
    return vl_credentials_find(path, registry, repository, arena, ret, err);
}

static struct vl_credentials found(const char *config, const char *registry, const char *repository)
{
    struct vl_credentials c;
    struct vl_err err;
    if (find(config, registry, repository, &c, &err) < 0)
        fail_msg("%s: %s", config, err.msg);
    return c;
}

static void assert_same(const char *got, const char *want)
{
    if (!want)
        assert_null(got);
    else
        assert_string_equal(got ? got : "(none)", want);
}

static void test_auths(void **state)
{
    (void)state;
    /* printf 'anna:pa:ss' | base64, and so on */
    static const char config[] =
        "{\"auths\":{"
        "\"https://index.docker.io/v1/\":{\"auth\":\"aHViOnNlY3JldA==\"},"
        "\"localhost:5000\":{\"auth\":\"YW5uYTpwYTpzcw==\"},"
        "\"quay.io\":{\"username\":\"q\",\"password\":\"host\"},"
        "\"quay.io/team\":{\"username\":\"q\",\"password\":\"team\"},"
        "\"quay.io/team/app\":{\"username\":\"q\",\"password\":\"app\"},"
        "\"https://acr.example/v2/\":{\"auth\":\"MDAwOg==\",\"identitytoken\":\"refresh\"},"
        "\"https://slashes.example//v2/\":{\"username\":\"s\",\"password\":\"x\"},"
        "\"t.example\":{\"registrytoken\":\"bearer\"},"
        "\"empty.example\":{},"
        "\"broken.example\":{\"auth\":\"***\"}}}";
    static const struct {
        const char *registry, *repository, *user, *password, *identity, *token;
    } rows[] = {
        {"docker.io", "library/debian", "hub", "secret", NULL, NULL},
        {"localhost:5000", "a", "anna", "pa:ss", NULL, NULL},
        {"localhost:500", "a", NULL, NULL, NULL, NULL},
        {"localhost", "a", NULL, NULL, NULL, NULL},
        {"quay.io", "other/x", "q", "host", NULL, NULL},
        {"quay.io", "team/x", "q", "team", NULL, NULL},
        {"quay.io", "teams/x", "q", "host", NULL, NULL},
        {"quay.io", "team/app", "q", "app", NULL, NULL},
        {"quay.io", "team/app/sub", "q", "app", NULL, NULL},
        {"quay.io", "team/apple", "q", "team", NULL, NULL},
        {"quay.io.evil.example", "team/app", NULL, NULL, NULL, NULL},
        {"acr.example", "a", "000", "", "refresh", NULL},
        {"slashes.example", "a", "s", "x", NULL, NULL},
        {"t.example", "a", NULL, NULL, NULL, "bearer"},
        {"empty.example", "a", NULL, NULL, NULL, NULL},
        {"other.example", "a", NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_credentials c = found(config, rows[i].registry, rows[i].repository);
        assert_same(c.username, rows[i].user);
        assert_same(c.password, rows[i].password);
        assert_same(c.identity_token, rows[i].identity);
        assert_same(c.registry_token, rows[i].token);
        assert_null(c.hint);
    }
    struct vl_credentials c = found(config, "broken.example", "a");
    assert_null(c.username);
    assert_non_null(strstr(c.hint, "broken.example"));
}

static void test_decode(void **state)
{
    (void)state;
    struct vl_credentials c = {0};
    assert_true(
        vl_credentials_decode(VL_SPAN_LIT(" dXNlcjpwYXNzAA==\n"), arena, &c)); /* docker's NUL padding */
    assert_string_equal(c.username, "user");
    assert_string_equal(c.password, "pass");
    assert_false(vl_credentials_decode(VL_SPAN_LIT("dXNlcg=="), arena, &c)); /* user */
    assert_false(vl_credentials_decode(VL_SPAN_LIT("OnBhc3M="), arena, &c)); /* :pass */
    assert_false(vl_credentials_decode(VL_SPAN_LIT("!"), arena, &c));
    assert_false(vl_credentials_decode(VL_SPAN_EMPTY, arena, &c));
}

static void test_wrong_files(void **state)
{
    (void)state;
    struct vl_credentials c;
    struct vl_err err;
    assert_true(find("{\"auths\":", "r.example", "a", &c, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_non_null(strstr(err.msg, "config.json"));
    assert_int_equal(find("", "r.example", "a", &c, &err), 0);
    assert_null(c.username);
    /* Members of other types than they should have are no credentials, and no crash. */
    static const char *const odd[] = {"[]", "null", "\"x\"", "{\"auths\":[]}",
        "{\"auths\":{\"r.example\":7}}", "{\"auths\":{\"r.example\":{\"auth\":{}}}}",
        "{\"credHelpers\":7,\"credsStore\":[]}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(odd); i++) {
        assert_int_equal(find(odd[i], "r.example", "a", &c, &err), 0);
        assert_null(c.username);
    }
    assert_true(vl_credentials_find("/nonexistent/config.json", "r", "a", arena, &c, &err) < 0);
    assert_true(find("{\"credsStore\":\"../../bin/sh\"}", "r.example", "a", &c, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_non_null(strstr(err.msg, "not a name"));
}

static void test_helpers(void **state)
{
    (void)state;
    struct vl_credentials c;
    struct vl_err err;
    /* Answers with what it was asked for, so that the question is seen too. */
    put_helper("ask", "#!/bin/sh\nserver=$(cat)\n[ \"$1\" = get ] || exit 3\n"
                      "printf '{\"ServerURL\":\"%s\",\"Username\":\"%s\",\"Secret\":\"s3cret\"}' \"$server\" "
                      "\"$server\"\n");
    put_helper(
        "token", "#!/bin/sh\ncat >/dev/null\necho '{\"Username\":\"<token>\",\"Secret\":\"refresh\"}'\n");
    put_helper("none", "#!/bin/sh\necho 'credentials not found in native keychain'\nexit 1\n");
    put_helper("garbage", "#!/bin/sh\necho 'Traceback (most recent call last):'\n");
    put_helper("deaf", "#!/bin/sh\nexec <&-\necho '{\"Username\":\"u\",\"Secret\":\"p\"}'\n");
    put_helper("lingers", "#!/bin/sh\necho '{\"Username\":\"u\",\"Secret\":\"p\"}'\nexec >&-\nsleep 60\n");
    put_helper("huge", "#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' ' '\n");

    c = found("{\"credHelpers\":{\"r.example:5000\":\"ask\"}}", "r.example:5000", "a");
    assert_same(c.username, "r.example:5000");
    assert_same(c.password, "s3cret");
    c = found("{\"credsStore\":\"ask\"}", "docker.io", "library/debian");
    assert_same(c.username, "https://index.docker.io/v1/");
    c = found("{\"credHelpers\":{\"r.example\":\"token\"},\"credsStore\":\"ask\"}", "r.example", "a");
    assert_same(c.identity_token, "refresh");
    assert_null(c.username);
    /* Nothing there: auths count, then the reason is kept for the error that may come. */
    c = found("{\"credsStore\":\"none\",\"auths\":{\"r.example\":{\"username\":\"u\",\"password\":\"p\"}}}",
        "r.example", "a");
    assert_same(c.username, "u");
    c = found("{\"credsStore\":\"none\",\"auths\":{\"r.example\":{}}}", "r.example", "a");
    assert_null(c.username);
    assert_non_null(strstr(c.hint, "docker-credential-none has no credentials for r.example"));
    c = found("{\"credsStore\":\"absent\"}", "r.example", "a");
    /* qemu-user runs vfork() as fork(), so that posix_spawn() does not hear of the exec() that failed. */
    if (getenv("VALLUM_EMULATED"))
        printf("not checked under qemu-user: what a helper that is absent leaves as the reason\n");
    else
        assert_non_null(strstr(c.hint, "docker-credential-absent cannot be run: No such file"));
    c = found("{\"credsStore\":\"deaf\"}", "r.example", "a");
    assert_same(c.password, "p");
    int64_t begin = vl_time_monotonic_us();
    c = found("{\"credsStore\":\"lingers\"}", "r.example", "a");
    assert_true(vl_time_monotonic_us() - begin < 20 * 1000000LL);
    assert_true(find("{\"credsStore\":\"garbage\"}", "r.example", "a", &c, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_non_null(strstr(err.msg, "docker-credential-garbage"));
    assert_true(find("{\"credsStore\":\"huge\"}", "r.example", "a", &c, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

static void set(const char *name, const char *value)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "%s%s", folder, value ? value : "");
    assert_int_equal(value ? setenv(name, text, 1) : unsetenv(name), 0);
}

/* Where docker, podman and skopeo look, and in which order. */
static void test_places(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_credentials c = {0};
    static const struct {
        const char *file, *user;
    } files[] = {
        {"docker/config.json", "docker"},
        {"home/.docker/config.json", "home"},
        {"registry-auth.json", "registry-auth"},
        {"run/containers/auth.json", "run"},
        {"home/.config/containers/auth.json", "config"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
            "{\"auths\":{\"all.example\":{\"username\":\"%s\",\"password\":\"p\"},"
            "\"%s.example\":{\"username\":\"%s\",\"password\":\"p\"}}}",
            files[i].user, files[i].user, files[i].user);
        put(files[i].file, text);
    }
    set("DOCKER_CONFIG", "/docker");
    set("HOME", "/home");
    set("REGISTRY_AUTH_FILE", "/registry-auth.json");
    set("XDG_RUNTIME_DIR", "/run");
    static const struct {
        const char *registry, *user;
    } rows[] = {{"all.example", "docker"}, {"docker.example", "docker"}, {"home.example", NULL},
        {"registry-auth.example", "registry-auth"}, {"run.example", "run"}, {"config.example", "config"},
        {"none.example", NULL}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_int_equal(vl_credentials_find(NULL, rows[i].registry, "a", arena, &c, &err), 0);
        assert_same(c.username, rows[i].user);
    }
    set("DOCKER_CONFIG", NULL);
    assert_int_equal(vl_credentials_find(NULL, "all.example", "a", arena, &c, &err), 0);
    assert_same(c.username, "home");
    set("HOME", NULL);
    set("REGISTRY_AUTH_FILE", NULL);
    set("XDG_RUNTIME_DIR", NULL);
    assert_int_equal(vl_credentials_find(NULL, "all.example", "a", arena, &c, &err), 0);
    assert_null(c.username);
}

int main(void)
{
    char path[1024];
    const char *old = getenv("PATH");
    (void)signal(SIGPIPE, SIG_IGN);
    support_folder(folder);
    arena = vl_arena_new(16UL << 20);
    (void)snprintf(path, sizeof(path), "%s/bin:%s", folder, old ? old : "/usr/bin:/bin");
    setenv("PATH", path, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auths),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_helpers),
        cmocka_unit_test(test_places),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vl_arena_free(arena);
    support_remove(folder);
    return failed;
}
