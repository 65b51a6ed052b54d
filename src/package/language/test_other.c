/* PHP, Rust, Haskell, Julia, OCaml, Perl, GitHub Actions, version files: inputs as the formats' documentation
 * has them. */

/* tests: cargo.c composer.c github_actions.c hackage.c other_locks.c tool_versions.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_listing.h"

static void test_composer(void **state)
{
    (void)state;
    assert_listing("composer/lock", "composer.lock",
        "{\"packages\": [{\"name\": \"a/b\", \"version\": \"v1.0.0\", \"license\": [\"MIT\"]}],\n"
        "\"packages-dev\": [{\"name\": \"c/d\", \"version\": \"2.0\"}, {\"name\": \"a/b\", \"version\": "
        "\"v1.0.0\"}]}",
        "composer a/b v1.0.0\ncomposer c/d 2.0 D");
    assert_listing("composer/lock", "composer.lock", "null", "error");
    const char *path = "app/vendor/composer/installed.json";
    assert_listing("composer/installed", path,
        "{\"packages\": [{\"name\": \"a/b\", \"version\": \"1.0\"}, {\"name\": \"c/d\", \"version\": "
        "\"2.0\"}, {}],\n"
        "\"dev\": true, \"dev-package-names\": [\"c/d\"]}",
        "composer a/b 1.0\ncomposer c/d 2.0 D");
    assert_listing(
        "composer/installed", path, "[{\"name\": \"a/b\", \"version\": \"1.0\"}]", "composer a/b 1.0");
    assert_listing("composer/installed", path, "3", "error");
}

static void test_cargo(void **state)
{
    (void)state;
    assert_listing("cargo/lock", "Cargo.lock",
        "version = 3\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n[[package]]\nname = "
        "\"serde\"\nversion = \"1.0.0\"\n"
        "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
        "cargo app 0.1.0 M\ncargo serde 1.0.0");
    assert_listing("cargo/toml", "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\na = \"1.2\"\nb = { version = "
        "\"=1.0.0\", optional = true }\n"
        "c = { git = \"https://example.org/c\", rev = \"0123\" }\nd = { path = \"../d\" }\ne = { version = "
        "\"1\", package = \"real\" }\n"
        "f = { workspace = true }\n[dev-dependencies]\ng = \"^2\"\n[target.'cfg(unix)'.dependencies]\nh = "
        "\">=1, <2\"\n",
        "cargo app 0.1.0 M\ncargo a 1.2 R\ncargo b 1.0.0 O\ncargo c - R\ncargo real 1 R\ncargo g ^2 "
        "DR\ncargo h >=1, <2 R");
    assert_listing(
        "cargo/toml", "Cargo.toml", "[workspace]\n[workspace.dependencies]\na = \"1\"\n", "cargo a 1 R");
    assert_listing("cargo/toml", "Cargo.toml", "[dependencies]\na = 1\n", "error");
    assert_listing("cargo/toml", "Cargo.toml", "[dependencies]\na = {version = 1}\n", "error");
}

static void test_hackage(void **state)
{
    (void)state;
    assert_listing("hackage/cabal-freeze", "cabal.project.freeze",
        "active-repositories: hackage.haskell.org:merge\nconstraints: any.aeson ==2.0.3.0,\n             "
        "aeson -bytestring,\n"
        "             -- any.no ==1,\n             any.base ==4.15.*,\n             any.c >=1\nindex-state: "
        "any.x ==1\n",
        "hackage aeson 2.0.3.0\nhackage base 4.15.* R");
    assert_listing("hackage/stack-lock", "stack.yaml.lock",
        "packages:\n- completed:\n    hackage: acme-missiles-0.3@sha256:2ba6,613\n  original:\n    hackage: "
        "acme-missiles-0.3\n"
        "- completed:\n    name: wai\n    version: 3.2\n    git: https://example.org/wai\n- completed: "
        "{}\nsnapshots: []\n",
        "hackage acme-missiles 0.3\nhackage wai 3.2");
}

static void test_julia(void **state)
{
    (void)state;
    assert_listing("julia/manifest", "Manifest.toml",
        "julia_version = \"1.9.0\"\nmanifest_format = \"2.0\"\n[[deps.A]]\nversion = "
        "\"1.0.0\"\n[[deps.Dates]]\nuuid = \"x\"\n",
        "julia A 1.0.0");
    assert_listing("julia/manifest", "Manifest.toml",
        "[[A]]\nversion = \"1.0.0\"\n[[A]]\nversion = \"2.0.0\"\n", "julia A 1.0.0\njulia A 2.0.0");
}

static void test_opam_cpan(void **state)
{
    (void)state;
    assert_listing("opam/install", "root/.opam/default/.opam-switch/install",
        "# x\ndune.3.7.2 # y\n\nbase-unix.base\n", "opam dune 3.7.2\nopam base-unix base");
    assert_listing("opam/install", ".opam-switch/install", "dune.\n", "error");
    assert_listing("cpan/meta", "root/.cpan/build/URI-5-0/META.json",
        "{\"name\": \"URI\", \"version\": \"5.10\", \"license\": [\"perl_5\"]}", "cpan URI 5.10");
    assert_listing("cpan/meta", "usr/lib/perl5/.meta/X-1/MYMETA.json", "{\"name\": \"X\", \"version\": 1.20}",
        "cpan X 1.20");
}

static void test_actions(void **state)
{
    (void)state;
    assert_listing("github/actions", ".github/workflows/ci.yml",
        "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - uses: ./local\n      "
        "- uses: docker://alpine:3\n"
        "      - run: x\n      - uses: o/r/sub/path@0123456789012345678901234567890123456789\n      - uses: "
        "a/b@v1.2.3\n"
        "      - uses: a/@1\n      - uses: nothing\n  b:\n    uses: o/w/.github/workflows/x.yml@main\n",
        "githubactions actions/checkout v4 R\ngithubactions o/r 0123456789012345678901234567890123456789\n"
        "githubactions a/b v1.2.3\ngithubactions o/w main R");
    assert_listing("github/actions", "tool/action.yml",
        "runs:\n  using: composite\n  steps:\n    - uses: a/b@v1.2.3\n", "githubactions a/b v1.2.3");
    assert_listing("github/actions", ".github/workflows/t.yml", "{{ template", "");
    struct vl_package_file other = {.path = ".github/labels.yml"};
    assert_null(vl_package_parser_for(&other, VL_PACKAGE_SCOPE_LOCKED));
}

static void test_tools(void **state)
{
    (void)state;
    assert_listing("tools/versions", ".nvmrc", "# use\n\n v20.1.0 \nv18\n", "generic nodejs 20.1.0");
    assert_listing("tools/versions", ".node-version", "lts/hydrogen\n", "");
    assert_listing("tools/versions", ".tool-versions",
        "# x\nruby 3.2.1 system 3.1 # c\nnode path:~/x\n\nsolo\n", "generic ruby 3.2.1\ngeneric ruby 3.1 R");
    assert_listing("tools/mise", "home/u/.config/mise/config.toml",
        "[tools]\nnode = [\"20.1.0\", {version = \"22\"}]\npython = \"3.12\"\nx = 3\n",
        "generic node 20.1.0\ngeneric node 22 R\ngeneric python 3.12 R");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composer),
        cmocka_unit_test(test_cargo),
        cmocka_unit_test(test_hackage),
        cmocka_unit_test(test_julia),
        cmocka_unit_test(test_opam_cpan),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
