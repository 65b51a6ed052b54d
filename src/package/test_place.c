/* tests: place.c. Places: deb(5) and dpkg(1), apk(5), rpm(8) "--dbpath", the core metadata specification. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "package/parser.h"

static void test_place(void **state)
{
    (void)state;
    static const struct {
        const char *given, *parser, *place;
    } rows[] = {
        {"home/u/app/package-lock.json", "npm/package-lock", "package-lock.json"},
        {"tmp/x/node_modules/a/package.json", "npm/package-json", "package.json"},
        {"tmp/root/var/lib/dpkg/status.d/base", "dpkg/status.d", "var/lib/dpkg/status.d/base"},
        {"env/conda-meta/a-1-0.json", "conda/meta", "conda-meta/a-1-0.json"},
        {"repo/.github/workflows/ci.yml", "github/actions", ".github/workflows/ci.yml"},
        {"status", "dpkg", "var/lib/dpkg/status"},
        {"cases/installed", "apk", "lib/apk/db/installed"},
        {"cases/mariner/rpmdb.sqlite", "rpm", "var/lib/rpm/rpmdb.sqlite"},
        {"cases/Packages", "rpm", "var/lib/rpm/Packages"},
        {"cases/Packages.db", "rpm", "var/lib/rpm/Packages.db"},
        {"METADATA", "pypi/metadata", "x.dist-info/METADATA"},
        {"os-release", "os-release", "etc/os-release"},
        {"home/u/notes.md", NULL, "notes.md"},
        {"home/u/a.json", NULL, "a.json"},
        {"ci.yml", NULL, "ci.yml"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        char place[VL_PACKAGE_PLACE_MAX];
        const struct vl_package_file file = {.path = rows[i].given, .mode = 0644, .size = 100};
        const struct vl_package_parser *parser = vl_package_place(&file, ~0U, place);
        if (rows[i].parser) {
            assert_non_null(parser);
            assert_string_equal(parser->name, rows[i].parser);
        } else {
            assert_null(parser);
        }
        assert_string_equal(place, rows[i].place);
    }
}

/* A path of any depth and length is no trouble. */
static void test_long(void **state)
{
    (void)state;
    char path[8001], place[VL_PACKAGE_PLACE_MAX];
    for (size_t i = 0; i + 1 < sizeof(path); i += 2)
        memcpy(path + i, "a/", 2);
    memcpy(path + sizeof(path) - 7, "status", 7);
    struct vl_package_file file = {.path = path, .mode = 0644, .size = 100};
    assert_non_null(vl_package_place(&file, ~0U, place));
    assert_string_equal(place, "var/lib/dpkg/status");
    memset(path, 'a', sizeof(path) - 1);
    assert_null(vl_package_place(&file, ~0U, place));
    assert_int_equal(strlen(place), VL_PACKAGE_PLACE_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_place), cmocka_unit_test(test_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
