#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "image/reference.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The rules are those of the grammar in the documentation of distribution/reference and of what the docker
 * command does with short names. */
static const struct {
    const char *text, *registry, *repository, *tag, *digest;
} good[] = {
    {"debian", "docker.io", "library/debian", "latest", NULL},
    {"debian:12", "docker.io", "library/debian", "12", NULL},
    {"library/debian", "docker.io", "library/debian", "latest", NULL},
    {"docker.io/debian", "docker.io", "library/debian", "latest", NULL},
    {"index.docker.io/debian", "docker.io", "library/debian", "latest", NULL},
    {"index.docker.io/a/b:c", "docker.io", "a/b", "c", NULL},
    {"registry-1.docker.io/a/b", "registry-1.docker.io", "a/b", "latest", NULL},
    {"user/app", "docker.io", "user/app", "latest", NULL},
    {"localhost/app", "localhost", "app", "latest", NULL},
    {"localhost:5000/shop/orders:1.0", "localhost:5000", "shop/orders", "1.0", NULL},
    {"host:5000/a", "host:5000", "a", "latest", NULL},
    {"ghcr.io/a/b@sha256:" HEX, "ghcr.io", "a/b", NULL, "sha256:" HEX},
    {"ghcr.io/a/b:v1@sha256:" HEX, "ghcr.io", "a/b", "v1", "sha256:" HEX},
    {"a@sha512:" HEX HEX, "docker.io", "library/a", NULL, "sha512:" HEX HEX},
    {"192.168.1.1:443/a/b", "192.168.1.1:443", "a/b", "latest", NULL},
    {"[2001:db8::1]/a", "[2001:db8::1]", "a", "latest", NULL},
    {"[::1]:5000/a:t", "[::1]:5000", "a", "t", NULL},
    {"[fd00:1:2::3]:75050/a", "[fd00:1:2::3]:75050", "a", "latest", NULL},
    {"UPPER/app", "UPPER", "app", "latest", NULL}, /* capitals make it a host */
    {"Registry.Example.COM/app", "Registry.Example.COM", "app", "latest", NULL},
    {"a.b/c__d/e---f/g.h_i", "a.b", "c__d/e---f/g.h_i", "latest", NULL},
    {"foo_bar.com/a", NULL, NULL, NULL, NULL}, /* an underscore is no host, the dot says it should be */
    {"foo_bar/a", "docker.io", "foo_bar/a", "latest", NULL},
    {"xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", NULL},
    {"xn--7o8h.com/myimage@sha512:" HEX HEX, "xn--7o8h.com", "myimage", NULL, "sha512:" HEX HEX},
    {"a:A_b.C-d", "docker.io", "library/a", "A_b.C-d", NULL},
    {"a:_", "docker.io", "library/a", "_", NULL},
    {HEX ":t", NULL, NULL, NULL, NULL},
    {"host.io/" HEX, "host.io", HEX, "latest", NULL},
    {"1/2/3", "docker.io", "1/2/3", "latest", NULL},
    /* not references */
    {"", NULL, NULL, NULL, NULL},
    {HEX, NULL, NULL, NULL, NULL},
    {"Debian", NULL, NULL, NULL, NULL},
    {"library/Debian", NULL, NULL, NULL, NULL},
    {"host.io/Upper/x", NULL, NULL, NULL, NULL},
    {"host.io/", NULL, NULL, NULL, NULL},
    {"/a", NULL, NULL, NULL, NULL},
    {"a//b", NULL, NULL, NULL, NULL},
    {"a/", NULL, NULL, NULL, NULL},
    {"a___b", NULL, NULL, NULL, NULL},
    {"a..b/c", NULL, NULL, NULL, NULL},
    {"x/a..b", NULL, NULL, NULL, NULL},
    {"x/-a", NULL, NULL, NULL, NULL},
    {"x/a-", NULL, NULL, NULL, NULL},
    {"a._b", NULL, NULL, NULL, NULL},
    {"a:", NULL, NULL, NULL, NULL},
    {"a:-t", NULL, NULL, NULL, NULL},
    {"a:.t", NULL, NULL, NULL, NULL},
    {"a:t:u", NULL, NULL, NULL, NULL},
    {"a:t/u", NULL, NULL, NULL, NULL},
    {"a@", NULL, NULL, NULL, NULL},
    {"a@sha256:" HEX "0", NULL, NULL, NULL, NULL},
    {"a@sha256:0123", NULL, NULL, NULL, NULL},
    {"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", NULL, NULL, NULL, NULL},
    {"a@md5:0123456789abcdef0123456789abcdef", NULL, NULL, NULL, NULL},
    {"a@sha256:" HEX "@sha256:" HEX, NULL, NULL, NULL, NULL},
    {"a b", NULL, NULL, NULL, NULL},
    {" a", NULL, NULL, NULL, NULL},
    {"-h.com/a", NULL, NULL, NULL, NULL},
    {"h-.com/a", NULL, NULL, NULL, NULL},
    {"h.com:port/a", NULL, NULL, NULL, NULL},
    {"h.com:0x50/a", NULL, NULL, NULL, NULL},
    {"h.com:/a", NULL, NULL, NULL, NULL},
    {"h.com./a", NULL, NULL, NULL, NULL},
    {"[::1/a", NULL, NULL, NULL, NULL},
    {"[::1]x/a:b", NULL, NULL, NULL, NULL},
    {"[fe80::1%eth0]:5000/a", NULL, NULL, NULL, NULL},
    {"[]:5000/a", NULL, NULL, NULL, NULL},
    {"http://h.com/a", NULL, NULL, NULL, NULL},
    {"a\n", NULL, NULL, NULL, NULL},
    {"\xc3\xa4/b", NULL, NULL, NULL, NULL},
    {"..", NULL, NULL, NULL, NULL},
    {"../a", NULL, NULL, NULL, NULL},
    {"a/../b", NULL, NULL, NULL, NULL},
};

static void same(const char *got, const char *want)
{
    if (want && got)
        assert_string_equal(got, want);
    else
        assert_true(got == want);
}

static void test_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(good); i++) {
        struct vl_arena *arena = vl_arena_new(64UL * 1024);
        struct vl_image_reference ref = {0};
        struct vl_err err = VL_ERR_INIT;
        int r = vl_image_reference_parse(vl_span_str(good[i].text), arena, &ref, &err);
        if ((r == 0) != (good[i].registry != NULL))
            fail_msg("%s: %d %s", good[i].text, r, err.msg);
        if (r == 0) {
            same(ref.registry, good[i].registry);
            same(ref.repository, good[i].repository);
            same(ref.tag, good[i].tag);
            same(ref.digest, good[i].digest);
            /* what is written reads back as the same */
            struct vl_image_reference again = {0};
            const char *text = vl_image_reference_format(&ref, arena);
            assert_int_equal(vl_image_reference_parse(vl_span_str(text), arena, &again, &err), 0);
            same(again.repository, ref.repository);
            same(again.digest, ref.digest);
        } else {
            assert_true(err.code != VL_ERR_NONE);
        }
        vl_arena_free(arena);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    char text[600];
    struct vl_arena *arena = vl_arena_new(64UL * 1024);
    struct vl_image_reference ref;
    struct vl_err err = VL_ERR_INIT;
    memset(text, 'a', sizeof(text));
    assert_int_equal(vl_image_reference_parse((struct vl_span){text, 247}, arena, &ref, &err), 0);
    assert_true(vl_image_reference_parse((struct vl_span){text, 248}, arena, &ref, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_true(vl_image_reference_parse((struct vl_span){text, 600}, arena, &ref, &err) < 0);
    text[1] = ':';
    assert_int_equal(vl_image_reference_parse((struct vl_span){text, 130}, arena, &ref, &err), 0);
    assert_true(vl_image_reference_parse((struct vl_span){text, 131}, arena, &ref, &err) < 0);
    vl_arena_free(arena);
}

static void test_messages(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(64UL * 1024);
    struct vl_image_reference ref;
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_image_reference_parse(VL_SPAN_LIT("shop/Orders"), arena, &ref, &err) < 0);
    assert_non_null(strstr(err.msg, "lower case"));
    assert_true(vl_image_reference_parse(VL_SPAN_LIT(HEX), arena, &ref, &err) < 0);
    assert_non_null(strstr(err.msg, "image id"));
    assert_true(vl_image_reference_parse(VL_SPAN_LIT("a@sha384:00"), arena, &ref, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    vl_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
