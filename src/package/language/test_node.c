/* Inputs as the tools' documentation shows them: package-lock.json of docs.npmjs.com, yarn.lock of
 * classic.yarnpkg.com and yarnpkg.com, pnpm/spec, bun.sh/docs, docs.deno.com. */

/* tests: bun_lock.c deno.c license_node.c node_package_json.c node_package_lock.c pnpm_lock.c reach.c */
/* tests: vscode.c yarn_lock.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "test_listing.h"

static void test_package_json(void **state)
{
    (void)state;
    const char *parser = "npm/package-json";
    const char *text = "\xef\xbb\xbf{\"name\": \"@a/b\", \"version\": \"1.0.0\", \"private\": true}";
    assert_listing(parser, "app/node_modules/@a/b/package.json", text, "npm @a/b 1.0.0");
    assert_listing(parser, "node_modules/b/package.json", text, "npm @a/b 1.0.0");
    assert_listing(parser, "app/node_modules/x/dist/package.json", text, "npm @a/b 1.0.0 B");
    assert_listing(parser, "app/package.json", text, "npm @a/b 1.0.0 M");
    assert_listing(parser, "app/node_modules/b/esm/package.json", "{\"type\": \"module\"}", "");
    assert_listing(parser, "app/package.json", "{\"name\": \"a\", \"version\": 1}", "");
    /* The engine of an editor makes an extension of a project, but not of a library that npm installed. */
    const char *vscode = "{\"name\": \"a\", \"version\": \"1\", \"engines\": {\"vscode\": \"^1\"}}";
    assert_listing(parser, "ext/package.json", vscode, "");
    assert_listing(
        parser, "ext/package.json", "{\"name\": \"a\", \"version\": \"1\", \"contributes\": {}}", "");
    assert_listing(parser, "node_modules/a/package.json", vscode, "npm a 1");
    assert_listing(
        parser, "a/package.json", "{\"name\": \"a\", \"version\": \"1\", \"unity\": \"2020.3\"}", "");
    assert_listing(parser, "a/package.json", "null", "error");
    assert_listing(parser, "a/package.json", "{", "error");
    assert_listing(parser, "node_modules/a/package.json", "{", "error");
    assert_listing(parser, "node_modules/a/test/broken/package.json", "{", "");
}

static void check_licenses(const char *json, const char *first, uint32_t n)
{
    struct listing l;
    listing_read(&l, "npm/package-json", "node_modules/a/package.json", 0, vl_span_str(json));
    assert_int_equal(l.status, 0);
    const struct vl_package *p = vl_vec_at(&l.sink.packages, 0);
    assert_int_equal(p->n_licenses, n);
    if (n)
        assert_string_equal(p->licenses[0], first);
    listing_done(&l);
}

static void test_licenses(void **state)
{
    (void)state;
    check_licenses(
        "{\"name\":\"a\",\"version\":\"1\",\"license\":\"(MIT OR Apache-2.0)\"}", "(MIT OR Apache-2.0)", 1);
    check_licenses(
        "{\"name\":\"a\",\"version\":\"1\",\"license\":{\"type\":\"BSD\",\"url\":\"x\"}}", "BSD", 1);
    check_licenses(
        "{\"name\":\"a\",\"version\":\"1\",\"licenses\":[{\"type\":\"MIT\"},\"GPL-2.0\",{}]}", "MIT", 2);
    check_licenses("{\"name\":\"a\",\"version\":\"1\",\"license\":7}", NULL, 0);
}

static void test_package_lock(void **state)
{
    (void)state;
    const char *parser = "npm/package-lock";
    assert_listing(parser, "package-lock.json",
        "{\"lockfileVersion\": 3, \"packages\": {\n"
        "\"\": {\"name\": \"app\", \"version\": \"1.0.0\", \"dependencies\": {\"a\": \"^1\", \"alias\": "
        "\"npm:real@2\"}},\n"
        "\"node_modules/a\": {\"version\": \"1.2.3\"},\n"
        "\"node_modules/a/node_modules/@s/b\": {\"version\": \"2.0.0\", \"dev\": true, \"inBundle\": true},\n"
        "\"node_modules/@s/b\": {\"version\": \"2.0.0\", \"dev\": true},\n"
        "\"node_modules/alias\": {\"name\": \"real\", \"version\": \"2.1.0\"},\n"
        "\"node_modules/o\": {\"version\": \"3.0.0\", \"devOptional\": true},\n"
        "\"node_modules/w\": {\"resolved\": \"packages/w\", \"link\": true},\n"
        "\"packages/w\": {\"version\": \"0.1.0\"}, \"packages/v\": {},\n"
        "\"node_modules/g\": {\"resolved\": \"git+ssh://git@example.org/g.git#0123\"}}}",
        "npm a 1.2.3\nnpm @s/b 2.0.0 DI\nnpm real 2.1.0\nnpm o 3.0.0 OI\nnpm w 0.1.0 M\nnpm g - I");
    assert_listing(parser, "app/npm-shrinkwrap.json",
        "{\"lockfileVersion\": 1, \"dependencies\": {\n"
        "\"a\": {\"version\": \"1.0.0\", \"dev\": true, \"dependencies\": {\"b\": {\"version\": \"2.0.0\", "
        "\"bundled\": true}}},\n"
        "\"alias\": {\"version\": \"npm:@s/real@3.0.0\"}, \"f\": {\"version\": \"file:../f\"},\n"
        "\"g\": {\"version\": \"github:a/b#0123\"}, \"t\": {\"version\": \"https://example.org/t-1.tgz\"}}}",
        "npm a 1.0.0 D\nnpm b 2.0.0 B\nnpm @s/real 3.0.0\nnpm f -\nnpm g -\nnpm t -");
    assert_listing(parser, "app/node_modules/.package-lock.json",
        "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\"}}}",
        "npm a 1.0.0");
    assert_listing(parser, "package-lock.json", "[]", "error");
    struct vl_package_file inner = {.path = "app/node_modules/a/package-lock.json"};
    assert_null(vl_package_parser_for(&inner, VL_PACKAGE_SCOPE_LOCKED));
}

static void test_lock_nesting(void **state)
{
    (void)state;
    char text[8192] = "", *end = text;
    for (int i = 0; i < 100; i++)
        end += snprintf(end, 64, "{\"dependencies\": {\"a\": ");
    end += snprintf(end, 8, "{}");
    for (int i = 0; i < 100; i++)
        end += snprintf(end, 8, "}}");
    assert_listing("npm/package-lock", "package-lock.json", text, "error");
}

static void test_line(void **state)
{
    (void)state;
    struct listing l;
    listing_read(&l, "npm/yarn-lock", "yarn.lock", 0,
        VL_SPAN_LIT("# yarn lockfile v1\n\n\"a@^1\", a@^1.1:\n  version \"1.2.0\"\n"));
    const struct vl_package *p = vl_vec_at(&l.sink.packages, 0);
    assert_int_equal(p->line, 3);
    assert_true(p->flags & VL_PACKAGE_LOCKED);
    listing_done(&l);
}

static void test_yarn(void **state)
{
    (void)state;
    const char *parser = "npm/yarn-lock";
    assert_listing(parser, "yarn.lock",
        "# yarn lockfile v1\r\n\r\n\"@s/a@^1.0.0\", \"@s/a@~1.1\":\r\n  version \"1.1.5\"\r\n  "
        "dependencies:\r\n"
        "    version \"9\"\r\n\r\nalias@npm:real@^2:\r\n  version \"2.0.0\"\r\n\r\nplain:\r\n  version "
        "\"3.0.0\"\r\n",
        "npm @s/a 1.1.5\nnpm real 2.0.0\nnpm plain 3.0.0");
    assert_listing(parser, "app/yarn.lock",
        "__metadata:\n  version: 8\n  cacheKey: 10\n\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: "
        "\"a@npm:1.0.0\"\n\n"
        "? \"long@npm:^1, long@npm:^2\"\n:\n  version: 2.0.0\n  resolution: \"long@npm:2.0.0\"\n\n"
        "\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n\n"
        "\"w@workspace:packages/w\":\n  version: 0.0.0-use.local\n  resolution: "
        "\"w@workspace:packages/w\"\n\n"
        "\"p@patch:p@npm%3A1.0.0#./p.patch\":\n  version: 1.0.0\n  resolution: "
        "\"p@patch:p@npm%3A1.0.0#./p.patch\"\n",
        "npm a 1.0.0\nnpm long 2.0.0\nnpm w 0.0.0-use.local M\nnpm p 1.0.0");
    assert_listing(parser, "yarn.lock", "", "");
    assert_listing(parser, "yarn.lock", "this is no lock file\n", "error");
}

static void test_pnpm(void **state)
{
    (void)state;
    const char *parser = "npm/pnpm-lock";
    assert_listing(parser, "pnpm-lock.yaml",
        "lockfileVersion: 5.4\npackages:\n  /a/1.0.0:\n    dev: true\n  /@s/b/2.0.0_react@17.0.0:\n    dev: "
        "false\n"
        "  registry.example.org/c/3.0.0-rc.1:\n    optional: true\n  file:../x:\n    name: x\n    version: "
        "0.1.0\n"
        "  github.com/o/r/0123abcd:\n    name: r\n    version: 4.0.0\n",
        "npm a 1.0.0 D\nnpm @s/b 2.0.0\nnpm c 3.0.0-rc.1 O\nnpm x 0.1.0\nnpm r 4.0.0");
    assert_listing(parser, "pnpm-lock.yaml",
        "lockfileVersion: '6.0'\npackages:\n  /@s/b@2.0.0(react@17.0.0)(x@1):\n    dev: false\n  "
        "/a@1.10.0:\n    dev: true\n",
        "npm @s/b 2.0.0\nnpm a 1.10.0 D");
    assert_listing(parser, "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1, version: "
        "1.0.0(p@1.0.0)}\n"
        "      al: {specifier: 'npm:real@2', version: real@2.0.0}\n    devDependencies:\n"
        "      d: {specifier: ^4, version: 4.0.0}\n"
        "packages:\n  a@1.0.0: {}\n  real@2.0.0: {}\n  '@s/t@3.0.0': {}\n  p@1.0.0: {}\n  d@4.0.0: {}\n  "
        "e@5.0.0: {}\n"
        "  l@link:../l: {}\n"
        "snapshots:\n  a@1.0.0(p@1.0.0):\n    dependencies: {'@s/t': 3.0.0, p: 1.0.0}\n  real@2.0.0: {}\n"
        "  '@s/t@3.0.0': {}\n  p@1.0.0: {}\n  d@4.0.0:\n    dependencies: {e: 5.0.0}\n  e@5.0.0: {optional: "
        "true}\n",
        "npm a 1.0.0\nnpm real 2.0.0\nnpm @s/t 3.0.0\nnpm p 1.0.0\nnpm d 4.0.0 D\nnpm e 5.0.0 DO");
    assert_listing(parser, "pnpm-lock.yaml", "", "");
    assert_listing(parser, "pnpm-lock.yaml", "no lock file", "error");
}

static void test_bun(void **state)
{
    (void)state;
    assert_listing("npm/bun-lock", "bun.lock",
        "{ // text\n\"lockfileVersion\": 1,\n\"workspaces\": {\"\": {\"name\": \"app\", \"dependencies\": "
        "{\"a\": \"^1\"},\n"
        " \"devDependencies\": {\"d\": \"1\"},},},\n\"packages\": {\n"
        "\"a\": [\"a@1.0.0\", \"\", {\"dependencies\": {\"@s/b\": \"^2\", \"t\": \"1\"}}, \"sha512-x\"],\n"
        "\"a/@s/b\": [\"@s/b@2.0.0\", \"\", {\"dependencies\": {\"t\": \"1\"}}, \"sha512-x\"],\n"
        "\"@s/b\": [\"@s/b@3.0.0\", \"\", {}, \"sha512-x\"],\n\"t\": [\"real@1.0.0\", \"\", {}, \"\"],\n"
        "\"@s/t\": [\"@s/t@9.0.0\", \"\", {}, \"\"],\n"
        "\"d\": [\"d@github:o/d#0123\", {}, \"x\"],\n\"w\": [\"w@workspace:packages/w\"],\n}}",
        "npm a 1.0.0\nnpm @s/b 2.0.0\nnpm @s/b 3.0.0 D\nnpm real 1.0.0\nnpm @s/t 9.0.0 D\nnpm d - D\nnpm w - "
        "M");
    assert_listing("npm/bun-lock", "bun.lock", "{\"packages\": {\"a\": \"x\"}}", "error");
}

static void test_deno(void **state)
{
    (void)state;
    assert_listing("deno/json", "deno.jsonc",
        "{\"imports\": {\"a\": \"npm:@s/a@^1.2\", \"b\": \"npm:b@1.2.3\", \"c\": \"npm:c\", \"d\": "
        "\"jsr:@std/fs@1.0.0\",\n"
        "\"e\": \"./local.ts\", \"f\": \"npm:f@>=1 <2\"}, // note\n"
        "\"scopes\": {\"/x/\": {\"g\": \"https://esm.sh/g@2.0.0/sub?dev\"}}}",
        "npm @s/a 1.2.0 R\nnpm b 1.2.3\ndeno std/fs 1.0.0\nnpm f >=1 <2 R\nnpm g 2.0.0");
    assert_listing("deno/lock", "deno.lock",
        "{\"version\": \"4\", \"specifiers\": {\"npm:a@1\": \"1.0.0\"}, \"jsr\": {\"@std/fs@1.0.1\": {}},\n"
        "\"npm\": {\"a@1.0.0_b@2.0.0\": {}, \"@s/c@3.0.0\": {}},\n"
        "\"remote\": {\"https://deno.land/x/oak@v12.0.0/mod.ts\": \"0123\"}}",
        "npm a 1.0.0\nnpm @s/c 3.0.0\ndeno std/fs 1.0.1\ndeno oak 12.0.0");
    assert_listing("deno/lock", "deno.lock",
        "{\"version\": \"5\", \"remote\": {\"https://deno.land/std@0.224.0/path/mod.ts\": \"a\",\n"
        "\"https://esm.sh/v135/react@18.2.0/es2022/react.mjs\": \"b\", "
        "\"https://esm.sh/stable/@babel/core@7.1.0/x.js\": \"c\", \"https://esm.sh/*preact@10.5.14\": "
        "\"d\",\n"
        "\"https://esm.sh/v8@1.0.0\": \"e\", \"https://cdn.jsdelivr.net/npm/vue@3.2.0/dist/vue.js\": \"f\",\n"
        "\"https://cdn.skypack.dev/lodash@4.17.15\": \"g\", \"https://cdn.skypack.dev/pin/x@v1.0.0-a/y.js\": "
        "\"h\", \"https://esm.sh/v135/gh/o/r@1.0.0\": \"i\"}}",
        "deno std 0.224.0\nnpm react 18.2.0\nnpm @babel/core 7.1.0\nnpm preact 10.5.14\nnpm v8 1.0.0\n"
        "npm vue 3.2.0\nnpm lodash 4.17.15");
    assert_listing("deno/lock", "deno.lock",
        "{\"version\": \"3\", \"packages\": {\"npm\": {\"a@1.0.0\": {}}}}", "npm a 1.0.0");
    assert_listing("deno/lock", "deno.lock",
        "{\"version\": \"2\", \"npm\": {\"packages\": {\"a@1.0.0\": {}}}}", "npm a 1.0.0");
    assert_listing("deno/source", "src/main.ts",
        "// import x from \"npm:no@1.0.0\";\n/* from 'npm:no@2.0.0' */ const s = \"npm:no@3.0.0\";\n"
        "import x from\n  'npm:a@1.0.0';\nexport * from \"jsr:@std/fs@1\";\nawait import "
        "(\"npm:/b@2.0.0/sub\");\n"
        "const t = `from \"npm:no@4.0.0\"`; fromage(\"npm:no@5.0.0\"); import "
        "\"https://unpkg.com/@s/c@3.1.0/i.js\";\n"
        "import \"https://esm.sh/jsr/@std/io@0.2.0\"; import \"https://esm.sh/gh/o/r@1\"; import "
        "\"https://esm.sh/z@next\";",
        "npm a 1.0.0\ndeno std/fs 1 R\nnpm b 2.0.0\nnpm @s/c 3.1.0\ndeno std/io 0.2.0");
}

static void test_vscode(void **state)
{
    (void)state;
    assert_listing("vscode/extensions", "root/.vscode-server/extensions/extensions.json",
        "[{\"identifier\": {\"id\": \"redhat.java\"}, \"version\": \"1.30.0\"}, {\"identifier\": {}, "
        "\"version\": \"1\"}, 3]",
        "vscode redhat.java 1.30.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_package_json),
        cmocka_unit_test(test_licenses),
        cmocka_unit_test(test_package_lock),
        cmocka_unit_test(test_lock_nesting),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_yarn),
        cmocka_unit_test(test_pnpm),
        cmocka_unit_test(test_bun),
        cmocka_unit_test(test_deno),
        cmocka_unit_test(test_vscode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
