/* tests: binary.c go_binary.c cargo_auditable.c pe_version.c
 * Build info in the corpus is that of real binaries of esbuild (0.21.5 by Go 1.20.12, 0.12.29 by Go 1.17.1,
 * 0.14.0 by Go 1.17.2), put into small files; what they hold is known from their own go.mod files and from
 * `go version -m`. The data of cargo_auditable is that of cargo-auditable's PARSING.md. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "test_listing.h"

static void read_corpus(struct vl_buf *out, const char *folder, const char *name)
{
    char path[1024];
    struct vl_err err = VL_ERR_INIT;
    const char *source = getenv("VALLUM_CHECKOUT");
    snprintf(path, sizeof(path), "%s/src/package/artifact/corpus/%s/%s", source ? source : ".", folder, name);
    vl_buf_init(out, 16UL * 1024 * 1024);
    if (vl_file_read(path, out->max, out, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(out->len > 1);
}

/* A corpus file has one byte before the content, which chooses the path. */
static void check(const char *folder, const char *name, const char *path, const char *expected)
{
    struct listing l;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    read_corpus(&buf, folder, name);
    listing_read(&l, "binary", path, 0755, vl_span_slice(vl_buf_span(&buf), 1, buf.len));
    if (l.status < 0)
        print_message("%s: %s\n", name, l.err.msg);
    assert_int_equal(l.status < 0, strncmp(expected, "error", 5) == 0);
    if (l.status >= 0)
        assert_string_equal(listing_text(&l), expected);
    listing_done(&l);
}

static void check_unidentified(const char *folder, const char *name, const char *kind)
{
    struct listing l;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    read_corpus(&buf, folder, name);
    listing_read(&l, "binary", "opt/tool", 0755, vl_span_slice(vl_buf_span(&buf), 1, buf.len));
    assert_int_equal(l.status, 0);
    assert_int_equal(l.sink.unidentified.len, 1);
    const struct vl_package_unidentified *u = vl_vec_at(&l.sink.unidentified, 0);
    assert_string_equal(u->path, "opt/tool");
    assert_string_equal(u->kind, kind);
    listing_done(&l);
}

static void test_go(void **state)
{
    (void)state;
    static const char *const inlined = "go stdlib 1.20.12\n"
                                       "go golang.org/x/sys 0.0.0-20220715151400-c0bba94af5f8\n"
                                       "go github.com/evanw/esbuild - M";
    check("go_binary", "elf-inline", "usr/bin/esbuild", inlined);
    check("go_binary", "elf-inline-no-sections", "usr/bin/esbuild", inlined);
    check("go_binary", "macho-inline", "usr/bin/esbuild", inlined);
    check("go_binary", "pe-inline", "esbuild.exe", "go stdlib 1.20.12\ngo github.com/evanw/esbuild - M");
    check("go_binary", "elf-pointers", "usr/bin/esbuild",
        "go stdlib 1.17.1\ngo golang.org/x/sys 0.0.0-20210908233432-aa78b53d3365\n"
        "go github.com/evanw/esbuild - M");
    check("go_binary", "elf32-pointers", "usr/bin/esbuild",
        "go stdlib 1.17.2\ngo golang.org/x/sys 0.0.0-20210908233432-aa78b53d3365\n"
        "go github.com/evanw/esbuild - M");
    check("go_binary", "elf-big-pointers", "usr/bin/esbuild",
        "go stdlib 1.17.2\ngo golang.org/x/sys 0.0.0-20210908233432-aa78b53d3365\n"
        "go github.com/evanw/esbuild - M");
    check("go_binary", "elf-damaged", "usr/bin/esbuild", "error");
    check_unidentified("go_binary", "elf-nothing", "go without build info");
}

/* Replacements and flags; Go's documentation of debug.BuildInfo has the lines. */
static void test_go_modules(void **state)
{
    (void)state;
    check("go_binary", "elf-replaced", "usr/bin/tool",
        "go stdlib 1.22.1\ngo github.com/fork/dep 1.0.1\ngo github.com/local/dep 2.0.0\n"
        "go github.com/inc/dep 3.1.0+incompatible\ngo github.com/acme/tool 4.5.6 M");
    check("go_binary", "elf-devel", "usr/bin/tool", "go stdlib -");
}

/* Dependencies at build time count as those of development, the root is told. */
static void test_cargo(void **state)
{
    (void)state;
    static const char *const list =
        "cargo adler 0.2.3\ncargo autocfg 1.0.1 D\ncargo miniz_oxide 0.4.4\ncargo shop 0.1.0 M";
    check("cargo_auditable", "elf", "usr/local/bin/shop", list);
    check("cargo_auditable", "pe", "shop.exe", list);
    check("cargo_auditable", "macho", "usr/local/bin/shop", list);
    check("cargo_auditable", "elf-cut", "usr/local/bin/shop", "error");
    check("cargo_auditable", "elf-no-list", "usr/local/bin/shop", "error");
    check("cargo_auditable", "elf-bomb", "usr/local/bin/shop", "error");
}

static void test_damaged(void **state)
{
    (void)state;
    struct listing l;
    listing_read(&l, "binary", "opt/tool", 0755,
        VL_SPAN_LIT("\x7f"
                    "ELF\x02\x01\x01"));
    assert_int_equal(l.status, 0);
    assert_int_equal(l.sink.unidentified.len, 1);
    const struct vl_package_unidentified *u = vl_vec_at(&l.sink.unidentified, 0);
    assert_string_equal(u->kind, "damaged executable");
    listing_done(&l);
}

static void test_dotnet(void **state)
{
    (void)state;
    check("pe_version", "managed", "app/Newtonsoft.Json.dll", "nuget Newtonsoft.Json 13.0.1");
    check("pe_version", "managed", "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.0/x.dll", "");
    check("pe_version", "native", "app/Newtonsoft.Json.dll", "");
    check("pe_version", "framework", "app/System.Web.dll", "");
    check("pe_version", "cut", "app/Newtonsoft.Json.dll", "");
    check_unidentified("pe_version", "native", "pe");
    check_unidentified("classify", "upx", "packed executable (UPX)");
    check_unidentified("classify", "macho", "mach-o");
    check("classify", "node", "usr/local/bin/node", "generic node 20.20.2");
    /* the texts of Debian's, in the sections where they are */
    check("classify", "haproxy", "opt/haproxy", "generic haproxy 2.6.12");
    check("classify", "nginx-exe", "app/nginx.exe", "generic nginx 1.25.3");
}

static const struct vl_package_parser *wanted_by(const char *path, uint32_t mode, struct vl_span head)
{
    struct vl_package_file file = {.path = path, .mode = mode, .size = 100000, .head = head};
    return vl_package_parser_for(&file, VL_PACKAGE_SCOPE_INSTALLED);
}

static void test_wants(void **state)
{
    (void)state;
    struct vl_span elf = VL_SPAN_LIT("\x7f"
                                     "ELF"),
                   script = VL_SPAN_LIT("#!/bin/sh");
    assert_non_null(wanted_by("usr/bin/x", 0755, elf));
    assert_null(wanted_by("usr/bin/x", 0644, elf));
    assert_null(wanted_by("usr/bin/x", 0755, script));
    assert_null(wanted_by("usr/lib/x86_64-linux-gnu/libssl.so.3", 0755, elf));
    assert_non_null(wanted_by("usr/lib/python3/dist-packages/_rust.abi3.so", 0644, elf));
    assert_non_null(wanted_by("app/libcrypto.so.3", 0644, elf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go),
        cmocka_unit_test(test_go_modules),
        cmocka_unit_test(test_cargo),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_dotnet),
        cmocka_unit_test(test_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
