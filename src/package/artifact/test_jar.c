/* tests: jar.c jar_name.c
 * File names and manifests are those of published artifacts (central repository), as scalibr's and Syft's own
 * tests use them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artifact/jar.h"
#include "base/file.h"
#include "test_listing.h"

static void read_corpus(struct vl_buf *out, const char *name)
{
    char path[1024];
    struct vl_err err = VL_ERR_INIT;
    const char *source = getenv("VALLUM_CHECKOUT");
    snprintf(path, sizeof(path), "%s/src/package/artifact/corpus/jar/%s", source ? source : ".", name);
    vl_buf_init(out, 16UL * 1024 * 1024);
    if (vl_file_read(path, out->max, out, &err) < 0)
        fail_msg("%s", err.msg);
}

static void open_case(struct listing *l, const char *name, const char *path)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    read_corpus(&buf, name);
    listing_read(l, "java/archive", path, 0644, vl_span_slice(vl_buf_span(&buf), 1, buf.len));
}

static void check(const char *name, const char *path, const char *expected)
{
    struct listing l;
    open_case(&l, name, path);
    if (l.status < 0)
        print_message("%s: %s\n", name, l.err.msg);
    assert_int_equal(l.status < 0, strncmp(expected, "error", 5) == 0);
    if (l.status >= 0)
        assert_string_equal(listing_text(&l), expected);
    listing_done(&l);
}

static void test_maven(void **state)
{
    (void)state;
    check("plain", "app/guava.jar", "maven com.google.guava:guava 31.1-jre");
    check("pom-xml", "app/x-7.jar", "maven com.acme:x 7");
    check("shaded", "app/shop-1.0.jar",
        "maven com.acme:shop 1.0\nmaven org.yaml:snakeyaml 1.26 B\nmaven com.google.code.gson:gson 2.8.0 B");
}

static void test_nested(void **state)
{
    (void)state;
    struct listing l;
    open_case(&l, "boot", "app/shop.jar");
    assert_int_equal(l.status, 0);
    assert_string_equal(listing_text(&l),
        "maven com.google.guava:guava 31.1-jre B\nmaven org.springframework:spring-web 5.3.26 B\n"
        "maven com.acme:shop 0.1.0");
    const struct vl_package *p = vl_vec_at(&l.sink.packages, 0);
    assert_string_equal(p->path, "app/shop.jar!BOOT-INF/lib/guava-31.1-jre.jar");
    assert_int_equal(strlen(p->digest), sizeof("sha1:") - 1 + 40);
    /* sha1sum of the corpus file without its first byte is another jar: digests are of the nested ones. */
    const struct vl_package *outer = vl_vec_at(&l.sink.packages, 2);
    assert_string_not_equal(p->digest, outer->digest);
    assert_int_equal(l.notes.len, 1);
    assert_non_null(strstr(l.notes.items[0].message, "BOOT-INF/lib/broken.jar"));
    listing_done(&l);
    check("deep", "app/n.jar", "error");
    check("cut", "app/n.jar", "error");
    open_case(&l, "large", "app/n.jar"); /* one entry over a limit is a note, the rest is read */
    assert_int_equal(l.status, 0);
    assert_int_equal(l.notes.len, 1);
    assert_int_equal(l.notes.items[0].code, VL_ERR_LIMIT);
    listing_done(&l);
}

static void test_guesses(void **state)
{
    (void)state;
    check("by-name", "app/log4j-core-2.14.1.jar", "maven org.apache.logging.log4j:log4j-core 2.14.1");
    check("bundle", "app/log4j-core-2.14.1.jar", "maven org.apache.logging.log4j:log4j-core 2.14.1");
    check("ivy", "app/elasticsearch.jar", "maven org.elasticsearch:server 8.14.3");
    struct listing l;
    open_case(&l, "unknown", "opt/thing-1.0.jar");
    assert_int_equal(l.status, 0);
    assert_int_equal(l.sink.packages.len, 0);
    assert_int_equal(l.sink.unidentified.len, 1);
    const struct vl_package_unidentified *u = vl_vec_at(&l.sink.unidentified, 0);
    assert_string_equal(u->kind, "jar without coordinates");
    listing_done(&l);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *base, *artifact, *version;
    } cases[] = {
        {"yolo-1.2.3.jar", "yolo", "1.2.3"},
        {"com.google.src.yolo-1.2.3.jar", "com.google.src.yolo", "1.2.3"},
        {"the-yolo-package-1.2.3.jar", "the-yolo-package", "1.2.3"},
        {"yolo-1.2.3-jre.jar", "yolo", "1.2.3-jre"},
        {"the-yolo-package_1.2.3-jre.jar", "the-yolo-package", "1.2.3-jre"},
        {"the-yolo-package.1.2.3-jre.jar", "the-yolo-package", "1.2.3-jre"},
        {"yolo-build1.2.3.jar", "yolo", "build1.2.3"},
        {"yolo-buildasd-1.2.3.jar", "yolo-buildasd", "1.2.3"},
        {"yolo-r12.jar", "yolo", "r12"},
        {"jcsp-core-rc4.jar", "jcsp-core", "rc4"},
        {"yolo-rc1asd-1.2.3.jar", "yolo-rc1asd", "1.2.3"},
        {"log4j-1.2-api-2.17.0.jar", "log4j-1.2-api", "2.17.0"},
        {"netty-all-4.1.50.Final.jar", "netty-all", "4.1.50.Final"},
        {"commons-lang3-3.12.0.jar", "commons-lang3", "3.12.0"},
        {"a.jar!b/c/guava-31.1-jre.jar", "guava", "31.1-jre"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_span artifact, version;
        assert_true(jar_split_name(vl_span_str(cases[i].base), &artifact, &version));
        if (!vl_span_eq_str(artifact, cases[i].artifact) || !vl_span_eq_str(version, cases[i].version))
            fail_msg("%s: %.*s %.*s", cases[i].base, VL_SPAN_FMT(artifact), VL_SPAN_FMT(version));
    }
    struct vl_span artifact, version;
    assert_false(jar_split_name(VL_SPAN_LIT("yolo.jar"), &artifact, &version));
    assert_false(jar_split_name(VL_SPAN_LIT("foo"), &artifact, &version));
    assert_false(jar_split_name(VL_SPAN_EMPTY, &artifact, &version));
    assert_true(jar_is_archive(VL_SPAN_LIT("a.JAR")));
    assert_true(jar_is_archive(VL_SPAN_LIT("x/a.lpkg")));
    assert_false(jar_is_archive(VL_SPAN_LIT("a.txt")));
    assert_string_equal(jar_group_of(VL_SPAN_LIT("tomcat-embed-core")), "org.apache.tomcat.embed");
    assert_string_equal(jar_group_of(VL_SPAN_LIT("tomcat-util")), "org.apache.tomcat");
    assert_null(jar_group_of(VL_SPAN_LIT("thing")));
}

/* "com.google.guava.failureaccess" is group and artifact, "com.google.src.yolo" alone is neither. */
static void test_manifest(void **state)
{
    (void)state;
    struct jar_coordinates c;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    assert_true(jar_guess(VL_SPAN_LIT("lib/acc-1.0.1.jar"),
        VL_SPAN_LIT("Manifest-Version: 1.0\nBundle-SymbolicName: com.acme.a\n cc;x:=y\n"), arena, &c));
    assert_true(vl_span_eq_str(c.group, "com.acme"));
    assert_true(vl_span_eq_str(c.version, "1.0.1"));
    assert_false(jar_guess(VL_SPAN_LIT("com.google.src.yolo-0.1.2.jar"),
        VL_SPAN_LIT("Manifest-Version: 1.0\nBundle-SymbolicName: com.google.src.yolo\n"), arena, &c));
    assert_true(jar_guess(VL_SPAN_LIT("axis.jar"),
        VL_SPAN_LIT("Manifest-Version: 1.0\nImplementation-Version: 1.4 1855 April 22 2006\n"), arena, &c));
    assert_true(vl_span_eq_str(c.group, "org.apache.axis"));
    assert_true(vl_span_eq_str(c.version, "1.4"));
    assert_false(jar_guess(VL_SPAN_LIT("x.jar"), VL_SPAN_EMPTY, arena, &c));
    assert_true(jar_guess(VL_SPAN_LIT("git.jpi"),
        VL_SPAN_LIT("Manifest-Version: 1.0\nGroup-Id: org.jenkins-ci.plugins\nShort-Name: git\n"
                    "Plugin-Version: 4.11.3 (private-1)\n"),
        arena, &c));
    assert_true(vl_span_eq_str(c.group, "org.jenkins-ci.plugins"));
    assert_true(vl_span_eq_str(c.artifact, "git"));
    assert_true(vl_span_eq_str(c.version, "4.11.3"));
    /* liblog4j1.2-java 1.2.17-11 of Debian: file name and manifest */
    assert_true(jar_guess(VL_SPAN_LIT("opt/java/log4j-1.2-1.2.17.jar"),
        VL_SPAN_LIT("Manifest-Version: 1.0\nBundle-SymbolicName: org.apache.log4j\nBundle-Version: 1.2.17\n"),
        arena, &c));
    assert_true(vl_span_eq_str(c.group, "log4j"));
    assert_true(vl_span_eq_str(c.artifact, "log4j"));
    assert_true(vl_span_eq_str(c.version, "1.2.17"));
    assert_true(jar_guess(VL_SPAN_LIT("log4j-1.1-1.2.17.jar"),
        VL_SPAN_LIT("Manifest-Version: 1.0\nBundle-Version: 1.2.17\n"), arena, &c));
    assert_true(vl_span_eq_str(c.version, "1.1-1.2.17"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maven),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
