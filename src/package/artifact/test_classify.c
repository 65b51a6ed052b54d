/* tests: classify.c runtime.c
 * Texts as the programs themselves have them: `strings` of the binaries of Debian 12 and of python.org's,
 * nodejs.org's and nginx.org's builds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "artifact/classify.h"
#include "test_listing.h"

#define TEXT(s) {"" s, sizeof(s) - 1}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        struct vl_span text;
        const char *package, *version;
    } cases[] = {
        {"node", TEXT("\0node.js/v20.20.2 \0"), "node", "20.20.2"},
        {"libnode.so.108", TEXT("\0node.js/v18.20.4\0(delegate_) != nullptr"), "node", "18.20.4"},
        {"libpython3.11.so.1.0",
            TEXT("pymalloc_debug\0"
                 "3.11.2\0strict\0"),
            "python", "3.11.2"},
        {"libpython3.7m.so.1.0", TEXT("\0/root/.pyenv/versions/3.7.16\0"), "python", "3.7.16"},
        {"python3.11",
            TEXT("pymalloc\0"
                 "2.1.0\0"
                 "3.11.2\0"),
            "python", "3.11.2"},
        {"python3.12",
            TEXT("\0"
                 "3.12.0rc1\0"),
            "python", "3.12.0rc1"},
        {"python3.12",
            TEXT("\0"
                 "3.11.0\0"),
            NULL, NULL},
        {"ruby", TEXT("\0ruby 3.2.2 (2023-03-30 revision e51014f9c0) [x86_64-linux]\0"), "ruby", "3.2.2"},
        {"libruby.so.3.2", TEXT("\0ruby 3.2.2p1 (2023"), "ruby", "3.2.2p1"},
        {"php-fpm", TEXT("\0X-Powered-By: PHP/8.2.13\0"), "php", "8.2.13"},
        {"php8.3", TEXT("X-Powered-By: PHP/8.3.0RC1\0"), "php", "8.3.0RC1"},
        {"perl", TEXT("\0v5.36.0\0panic: sysconf"), "perl", "5.36.0"},
        {"perl5.36.0", TEXT("PERL_INTERNAL_RAND_SEED\0v5.36.0\0panic: sysconf"), "perl", "5.36.0"},
        {"nginx", TEXT("\0nginx version: nginx/1.25.3\0"), "nginx", "1.25.3"},
        {"nginx", TEXT("\0nginx version: openresty/1.21.4.1\0"), "openresty", "1.21.4.1"},
        {"httpd", TEXT("Apache/ Apache/2 Apache/2.4.58 (Unix)\0"), "httpd", "2.4.58"},
        {"haproxy", TEXT("\0HAProxy version 2.8.3-86e043a\0"), "haproxy", "2.8.3"},
        {"haproxy",
            TEXT("not supported any more since HAProxy version 2.5.\n\0HAProxy version %s %s - "
                 "https\0 version 2.6.12-1+deb12u4, released 2026/10/17\0"),
            "haproxy", "2.6.12"},
        {"memcached", TEXT("\0memcached 1.6.22\0"), "memcached", "1.6.22"},
        {"postgres", TEXT("\0PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64\0"), "postgresql", "15.18"},
        {"mariadbd",
            TEXT("\0"
                 "10.11.6-MariaDB-1:10.11.6+maria~ubu2204\0"),
            "mariadb", "10.11.6"},
        {"mysqld", TEXT("/build/mysql-8.0.34/sql/x.cc\0"), "mysql", "8.0.34"},
        {"mysqld",
            TEXT("\0"
                 "5.5.5-10.6.1-MariaDB\0"),
            "mariadb", "10.6.1"},
        {"mysqld", TEXT("/percona-server-8.0.34-26/sql"), "percona-server", "8.0.34-26"},
        {"openssl", TEXT("\0OpenSSL 3.0.19 27 Jan 2026\0"), "openssl", "3.0.19"},
        {"libcrypto.so.1.1", TEXT("\0OpenSSL 1.1.1w  11 Sep 2023\0"), "openssl", "1.1.1w"},
        {"busybox", TEXT("\0BusyBox v1.36.1 (2023-11-07 18:53:09 UTC)\0"), "busybox", "1.36.1"},
        {"bash", TEXT("@(#)Bash version 5.2.15(1) release GNU\0"), "bash", "5.2.15"},
        {"curl", TEXT("\0curl/7.88.1\0"), "curl", "7.88.1"},
        {"libcurl.so.4.8.0", TEXT("\0libcurl/7.88.1\0"), "curl", "7.88.1"},
        {"git",
            TEXT("\xff\xfe\xfe\xff"
                 "git/2.39.5\0"),
            "git", "2.39.5"},
        {"erlexec", TEXT("/usr/src/otp_src_26.1.2/erts/"), "erlang", "26.1.2"},
        {"redis-server",
            TEXT("\0"
                 "7.2.3buildkitsandbox-1699000000000000000\0"),
            "redis", "7.2.3"},
        {"bash", TEXT("nothing here"), NULL, NULL},
        {"other", TEXT("\0BusyBox v1.36.1 ("), NULL, NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        const char *package = NULL;
        struct vl_span version = VL_SPAN_EMPTY;
        for (size_t k = 0; k < art_n_classifiers && version.len == 0; k++) {
            version = art_classifier_find(&art_classifiers[k], vl_span_str(cases[i].base), cases[i].text);
            package = art_classifiers[k].package;
        }
        if (!vl_span_eq(version, vl_span_str(cases[i].version)))
            fail_msg("%s %zu: \"%.*s\"", cases[i].base, i, VL_SPAN_FMT(version));
        if (cases[i].version)
            assert_string_equal(package, cases[i].package);
    }
}

static void test_files(void **state)
{
    (void)state;
    assert_listing("java/release", "opt/java/openjdk/release",
        "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"17.0.9+9\"\nJAVA_VERSION=\"17.0.9\"\n",
        "generic openjdk 17.0.9");
    assert_listing("java/release", "usr/lib/jvm/jdk-21/release",
        "IMPLEMENTOR=\"Oracle Corporation\"\nJAVA_VERSION=\"21.0.1\"\n", "generic jdk 21.0.1");
    assert_listing("java/release", "usr/java/jre1.8.0_202-amd64/release",
        "JAVA_VERSION=\"1.8.0_202\"\nOS_NAME=\"Linux\"\nBUILD_TYPE=\"commercial\"\n",
        "generic jdk 1.8.0_202");
    assert_listing("java/release", "usr/lib/jvm/java-8-openjdk/release",
        "JAVA_VERSION=\"1.8.0_292\"\nOS_NAME=\"Linux\"\n", "generic openjdk 1.8.0_292");
    assert_listing("java/release", "opt/graalvm/release",
        "GRAALVM_VERSION=\"22.3.1\"\nJAVA_VERSION=\"17.0.6\"\n", "generic graalvm 17.0.6");
    assert_listing("java/release", "opt/java/release", "NAME=other\n", "");
    assert_listing("wordpress", "var/www/html/wp-includes/version.php",
        "<?php\n/**\n * @global string $wp_version\n */\n$wp_version = '6.4.1';\n",
        "generic wordpress 6.4.1");
    assert_listing("wordpress", "wp-includes/version.php", "<?php\n$wp_version = 1 .", "");
    assert_listing("wordpress/plugin", "var/www/html/wp-content/plugins/akismet/akismet.php",
        "<?php\n/**\n * @package Akismet\n */\n/*\nPlugin Name: Akismet Anti-spam: Spam Protection\nPlugin "
        "URI: "
        "https://akismet.com/\nVersion: 5.3.1\r\nRequires at least: 5.8\n*/\n",
        "generic Akismet Anti-spam: Spam Protection 5.3.1");
    assert_listing("wordpress/plugin", "wp-content/plugins/hello.php",
        "<?php /* plugin name: Hello Dolly */\n# Version: 1.7.2 */\n", "generic Hello Dolly 1.7.2");
    assert_listing("wordpress/plugin", "wp-content/mu-plugins/a.php", "<?php\n// Plugin Name: A\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
