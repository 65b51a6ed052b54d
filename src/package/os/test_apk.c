/* A record as apk-tools 2.14 of Alpine 3.19 writes it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/test_os_support.h"

static const char installed[] =
    "C:Q1tSkotDRdpRdwB9OJcRWkCQVZz8Y=\nP:musl\nV:1.2.4_git20230717-r4\nA:x86_64\nS:407278\nI:667648\n"
    "T:the musl c library (libc) implementation\nU:https://musl.libc.org/\nL:MIT\no:musl\n"
    "m:Timo <t@example.org>\nt:1705587653\nc:ca7f2ab5\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\n"
    "Z:Q1bCnHCqRFqmQPbzRyR0zJj8FKdUs=\nR:libc.musl-x86_64.so.1\n\n"
    "P:ssl_client\nV:1.36.1-r15\nA:x86_64\nL:GPL-2.0-only\no:busybox\nF:\nR:init\nF:usr\nF:usr/"
    "bin\nR:ssl_client\n\n"
    "P:.deps\nV:20240101.000000\nA:noarch\n";

static void test_installed(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "apk", "lib/apk/db/installed", installed), 0);
    assert_int_equal(t.sink.packages.len, 3);
    const struct vl_package *p = os_test_find(&t, "musl");
    assert_string_equal(p->version, "1.2.4_git20230717-r4");
    assert_string_equal(p->arch, "x86_64");
    assert_null(p->source_name);
    assert_int_equal(p->n_licenses, 1);
    assert_string_equal(p->licenses[0], "MIT");
    assert_string_equal(
        os_test_owned(&t, "musl")->paths, "lib/ld-musl-x86_64.so.1\nlib/libc.musl-x86_64.so.1");
    p = os_test_find(&t, "ssl_client");
    assert_string_equal(p->source_name, "busybox");
    assert_string_equal(os_test_owned(&t, "ssl_client")->paths, "init\nusr/bin/ssl_client");
    os_test_done(&t);
}

static void test_damaged(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_true(os_test_parse_str(&t, "apk", "usr/lib/apk/db/installed", "P:a\nV:1\n\nP:b\nnothing\n") < 0);
    assert_non_null(strstr(t.err.msg, "line 5"));
    assert_int_equal(t.sink.packages.len, 1);
    os_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_installed),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
