/* Requirements as PEP 508 and pip's "Requirements File Format" give them, metadata as the core metadata
 * specification, lock files as the tools' documentation shows them. */

/* tests: python_locks.c python_manifests.c python_metadata.c python_requirement.c python_requirements.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "language/python_requirement.h"
#include "test_listing.h"

static void check(const char *text, const char *name, const char *version, bool exact)
{
    struct py_requirement req;
    assert_true(py_requirement_parse(vl_span_str(text), &req));
    assert_true(vl_span_eq_str(req.name, name));
    assert_true(vl_span_eq_str(req.version, version));
    assert_int_equal(req.exact, exact);
}

static void test_requirement(void **state)
{
    (void)state;
    struct py_requirement req;
    check("A", "A", "", false);
    check("A.B-C_D", "A.B-C_D", "", false);
    check("name>=3", "name", "3", false);
    check("name ~= 1.4.2", "name", "1.4.2", false);
    check("name<=3", "name", "3", false);
    check("name==1!2.0.post1+local.7", "name", "1!2.0.post1+local.7", true);
    check("name === 2004d", "name", "2004d", true);
    check("name==2.*", "name", "", false);
    check("name!=1.0", "name", "", false);
    check("name>1.0", "name", "", false);
    check("name<2", "name", "", false);
    check("name>=3,<2", "name", "", false);
    check("name (==1.0)", "name", "1.0", true);
    check("name [fred, bar] == 1.0 ; python_version < '2.7'", "name", "1.0", true);
    check("name==1.0,", "name", "1.0", true);
    check("name;os_name=='a'", "name", "", false);
    assert_true(py_requirement_parse(VL_SPAN_LIT("name@http://foo.com ; os_name == 'a'"), &req));
    assert_true(vl_span_eq_str(req.url, "http://foo.com"));
    assert_true(vl_span_eq_str(req.marker, "os_name == 'a'"));
    const char *const bad[] = {"", "-foo==1.0", "==1.0", "foo==", "foo 1.0", "foo[a==1", "foo=1", "foo==1 2",
        "foo-", "foo(==1", "a@", "./x.whl", "http://x.org/a.whl"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_false(py_requirement_parse(vl_span_str(bad[i]), &req));
}

static void test_requirements(void **state)
{
    (void)state;
    const char *parser = "pypi/requirements";
    assert_listing(parser, "requirements-dev.txt",
        "\xef\xbb\xbf# comment\nDjango==4.2.1 \\\n    --hash=sha256:aa \\\n    "
        "--hash=sha256:bb\nrequests[security] >= 2.8.1 # why\n"
        "zope.interface ~= 5.0; python_version < '3.8'\nflask\n-e "
        "git+https://example.org/x.git#egg=x\n--index-url https://example.org\n"
        "x @ https://example.org/x.zip\n./local.whl\n${SECRET}==1.0\nDjango==4.2.1\nlast==1 \\",
        "pypi Django 4.2.1\npypi requests 2.8.1 R\npypi zope.interface 5.0 R\npypi flask - R\npypi last 1");
    assert_listing(parser, "app/requirements/base.txt", "a==1\r\nb==2\r\n", "pypi a 1\npypi b 2");
    struct vl_package_file other = {.path = "docs/notes.txt"};
    assert_null(vl_package_parser_for(&other, VL_PACKAGE_SCOPE_LOCKED));
}

static void test_requirements_notes(void **state)
{
    (void)state;
    struct listing l;
    listing_read(&l, "pypi/requirements", "requirements.txt", 0,
        VL_SPAN_LIT("-r base.txt\nx @ https://example.org/x.zip\n== 1\n"));
    assert_int_equal(l.status, 0);
    assert_int_equal(l.notes.len, 3);
    assert_false(l.notes.partial);
    assert_non_null(strstr(l.notes.items[0].message, "base.txt"));
    listing_done(&l);
}

/* Two files that include each other, one more, and one that is missing. */
static int read_other(void *user, const char *path, size_t max, struct vl_arena *arena,
    struct vl_span *ret_content, struct vl_err *err)
{
    (void)max;
    (void)arena;
    ++*(int *)user;
    if (strcmp(path, "app/base.txt") == 0)
        *ret_content = VL_SPAN_LIT(
            "b==2\n-r ../app/requirements.txt\n--requirement=sub/more.txt\n-r gone.txt\n-r /etc/x\n");
    else if (strcmp(path, "app/sub/more.txt") == 0)
        *ret_content = VL_SPAN_LIT("-r../base.txt\nc==3\n");
    else
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: no such file", path);
    return 0;
}

static void test_requirements_included(void **state)
{
    (void)state;
    struct listing l;
    int reads = 0;
    struct vl_package_others others = {.read = read_other, .user = &reads};
    listing_read(&l, "pypi/requirements", "app/requirements.txt", 0, VL_SPAN_LIT(""));
    struct vl_package_file file = {.path = "app/requirements.txt", .others = &others};
    file.content = VL_SPAN_LIT("a==1\n-r base.txt\n");
    const struct vl_package_parser *parser = vl_package_parser_by_name("pypi/requirements");
    assert_int_equal(parser->parse(&file, &l.sink, &l.err), 0);
    assert_string_equal(listing_text(&l), "pypi a 1\npypi b 2\npypi c 3");
    assert_int_equal(reads, 3);
    const struct vl_package *p = vl_vec_at(&l.sink.packages, 2);
    assert_string_equal(p->path, "app/sub/more.txt");
    assert_int_equal(p->line, 2);
    listing_done(&l);
}

static void test_metadata(void **state)
{
    (void)state;
    const char *parser = "pypi/metadata";
    const char *text = "Metadata-Version: 2.1\nname: zope.interface\nVERSION: 5.4.0\nVersion: 9\nLicense: "
                       "ZPL 2.1\n\nName: body\n";
    assert_listing(
        parser, "usr/lib/python3/dist-packages/z-5.dist-info/METADATA", text, "pypi zope.interface 5.4.0");
    assert_listing(parser, "lib/z.egg-info/PKG-INFO", text, "pypi zope.interface 5.4.0");
    assert_listing(parser, "lib/z.egg/EGG-INFO/PKG-INFO", text, "pypi zope.interface 5.4.0");
    assert_listing(parser, "usr/lib/python3/dist-packages/z-5.egg-info", text, "pypi zope.interface 5.4.0");
    assert_listing(parser, "a.dist-info/METADATA", "Name: a\n", "error");
    assert_listing(parser, "a.dist-info/METADATA", "", "error");
}

static void check_license(const char *head, const char *first, uint32_t n)
{
    struct listing l;
    char text[2048];
    snprintf(text, sizeof(text), "Name: a\nVersion: 1\n%s", head);
    listing_read(&l, "pypi/metadata", "a.dist-info/METADATA", 0, vl_span_str(text));
    const struct vl_package *p = vl_vec_at(&l.sink.packages, 0);
    assert_int_equal(p->n_licenses, n);
    if (n)
        assert_string_equal(p->licenses[0], first);
    listing_done(&l);
}

static void test_licenses(void **state)
{
    (void)state;
    check_license("License: BSD\nLicense-Expression: MIT OR Apache-2.0\n", "MIT OR Apache-2.0", 1);
    check_license("License: BSD\nClassifier: License :: OSI Approved :: BSD License\n", "BSD", 1);
    check_license("License: UNKNOWN\nClassifier: License :: OSI Approved\n"
                  "Classifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: X\n",
        "MIT License", 1);
    check_license("License: Copyright\n  all of it\nClassifier: License :: OSI Approved :: ISC\n", "ISC", 1);
    check_license("", NULL, 0);
}

static void test_locks(void **state)
{
    (void)state;
    assert_listing("pypi/pipfile-lock", "Pipfile.lock",
        "{\"_meta\": {\"sources\": {}}, \"default\": {\"a\": {\"version\": \"==1.0\"}, \"g\": {\"git\": "
        "\"x\", \"ref\": \"0123\"}},\n"
        "\"develop\": {\"a\": {\"version\": \"==1.0\"}, \"b\": {\"version\": \"==2.0\"}}}",
        "pypi a 1.0\npypi b 2.0 D");
    assert_listing("pypi/poetry-lock", "poetry.lock",
        "[[package]]\nname = \"a\"\nversion = \"1.0\"\ncategory = \"dev\"\noptional = false\n\n"
        "[[package]]\nname = \"b\"\nversion = \"2.0\"\noptional = true\ngroups = [\"main\", \"dev\"]\n\n"
        "[[package]]\nname = \"c\"\nversion = \"3.0\"\ngroups = [\"dev\"]\n",
        "pypi a 1.0 D\npypi b 2.0 O\npypi c 3.0 D");
    assert_listing("pypi/pdm-lock", "pdm.lock",
        "[[package]]\nname = \"a\"\nversion = \"1.0\"\ngroups = [\"default\", \"dev\"]\n\n[[package]]\nname "
        "= \"b\"\n"
        "version = \"2.0\"\ngroups = [\"dev\"]\n\n[[package]]\nname = \"c\"\nversion = \"3.0\"\ngroups = "
        "[\"speed\"]\n",
        "pypi a 1.0\npypi b 2.0 D\npypi c 3.0 O");
    assert_listing("pypi/pylock", "pylock.prod.toml",
        "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\n[[packages]]\nname = \"b\"\n",
        "pypi a 1.0\npypi b -");
    assert_listing("pypi/poetry-lock", "poetry.lock", "no toml", "error");
}

static void test_uv(void **state)
{
    (void)state;
    assert_listing("pypi/uv-lock", "uv.lock",
        "version = 1\n[[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { virtual = \".\" }\n"
        "dependencies = [{ name = \"a\" }]\n[package.optional-dependencies]\nx = [{ name = \"o\" }]\n"
        "[package.dev-dependencies]\ndev = [{ name = \"d\" }]\n"
        "[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { registry = \"r\" }\ndependencies = [{ name "
        "= \"b\" }]\n"
        "[[package]]\nname = \"b\"\nversion = \"2.0\"\n[[package]]\nname = \"d\"\nversion = \"3.0\"\n"
        "[[package]]\nname = \"o\"\nversion = \"4.0\"\n[[package]]\nname = \"w\"\nversion = \"5.0\"\nsource "
        "= { editable = \"w\" }\n",
        "pypi a 1.0\npypi b 2.0\npypi d 3.0 D\npypi o 4.0\npypi w 5.0 M");
}

static void test_manifests(void **state)
{
    (void)state;
    assert_listing("pypi/pyproject", "pyproject.toml",
        "[project]\nname = \"x\"\ndependencies = [\"a==1.0\", \"b>=2\", \"c @ https://example.org/c.zip\"]\n"
        "[project.optional-dependencies]\nfast = [\"d==3.0\"]\n[dependency-groups]\ndev = [\"e~=4.0\", "
        "{include-group = \"t\"}]\n",
        "pypi a 1.0\npypi b 2 R\npypi d 3.0 O\npypi e 4.0 DR");
    assert_listing("pypi/setup", "setup.py",
        "'''doc \"no==1.0\" '''\nsetup(python_requires=\">=3.7\", # 'no==2.0'\n "
        "install_requires=['scikit-learn==1.0', \"b[x]>=2.0; "
        "python_version < '3.8'\",\n f'c=={v}', 'd=={}'.format(v), '%s==1.0', 'e', 'open==3\n 'g==1.0', "
        "'h>=2.1,<3'])",
        "pypi scikit-learn 1.0\npypi b 2.0 R\npypi g 1.0\npypi h 2.1 R");
    assert_listing("conda/meta", "opt/conda/conda-meta/numpy-1.0-0.json",
        "{\"name\": \"numpy\", \"version\": \"1.0\", \"license\": \"BSD-3-Clause\"}", "conda numpy 1.0");
    assert_listing("conda/meta", "opt/conda/conda-meta/x.json", "{}", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requirement),
        cmocka_unit_test(test_requirements),
        cmocka_unit_test(test_requirements_notes),
        cmocka_unit_test(test_requirements_included),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_licenses),
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_uv),
        cmocka_unit_test(test_manifests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
