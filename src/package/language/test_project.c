/* tests: conan.c hex.c pub.c renv.c swift.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_listing.h"

static void test_pub(void **state)
{
    (void)state;
    assert_listing("pub/lock", "pubspec.lock",
        "packages:\n  a:\n    dependency: \"direct main\"\n    source: hosted\n    version: \"1.10\"\n"
        "  b:\n    dependency: \"direct dev\"\n    version: 2.0\n  c:\n    dependency: transitive\n    "
        "version: \"3\"\n",
        "pub a 1.10\npub b 2.0 D\npub c 3 I");
    assert_listing("pub/lock", "pubspec.lock", "", "");
    assert_listing("pub/lock", "pubspec.lock", "- a\n", "error");
}

static void test_hex(void **state)
{
    (void)state;
    assert_listing("hex/mix-lock", "mix.lock",
        "%{\n"
        "  \"app\": {:hex, :real_name, \"1.0.0-rc.1\", \"hash\", [:mix], [{:x, \"~> 1.0\", [hex: :x]}], "
        "\"hexpm\", \"h\"},\n"
        "  \"forked\": {:git, \"https://example.org/f.git\", \"0123\", [tag: \"v1\"]},\n"
        "  \"odd\": {:svn, \"x\"},\n"
        "  \"cut\": {:hex, :cut,\n"
        "}\n",
        "hex real_name 1.0.0-rc.1\nhex forked -");
    assert_listing("hex/rebar-lock", "rebar.lock",
        "{\"1.2.0\",\n[{<<\"certifi\">>,{pkg,<<\"certifi\">>,<<\"2.9.0\">>},1},\n"
        " {<<\"fork\">>,\n  {git,\"https://example.org/f\",\n {ref,\"abc\"}},\n 0},\n"
        " {<<\"app\">>,{pkg,<<\"other\">>,<<\"1\">>},0}]}.\n"
        "[\n{pkg_hash,[\n {<<\"certifi\">>, <<\"6F2A475689DD\">>}]}\n].\n",
        "hex certifi 2.9.0\nhex fork -\nhex other 1");
    assert_listing("hex/rebar-lock", "rebar.lock",
        "{\"1.1.0\",\n[{<<\"a\">>,{hg,\"https://example.org/a\",{tag,\"v1\"}},0},\n"
        " {<<\"b\">>,{git_subdir,\"https://example.org/b\",{ref,\"r\"},\"sub\"},0}]}.\n",
        "hex a -\nhex b -");
    assert_listing("hex/gleam", "gleam.toml",
        "name = \"x\"\n[dependencies]\na = \">= 1.0.0 and < 2.0.0\"\nb = \"1.2.3\"\nc = { path = \"../c\" }\n"
        "[dev-dependencies]\nd = \"~> 1.0\"\n",
        "hex a >= 1.0.0 and < 2.0.0 R\nhex b 1.2.3\nhex d ~> 1.0 DR");
    assert_listing("hex/gleam-manifest", "manifest.toml",
        "packages = [\n { name = \"gleam_stdlib\", version = \"0.34.0\", source = \"hex\" },\n"
        " { name = \"local\", version = \"1\", source = \"local\" } ]\n",
        "hex gleam_stdlib 0.34.0");
    assert_listing("hex/gleam-manifest", "manifest.toml", "packages = 3\n", "");
}

static void test_conan(void **state)
{
    (void)state;
    assert_listing("conan/lock", "conan.lock",
        "{\"graph_lock\":{\"nodes\":{\"0\":{\"ref\":\"me/1.0\",\"path\":\"conanfile.py\"},"
        "\"1\":{\"ref\":\"zlib/1.2.11@user/stable#abc\"},\"2\":{\"pref\":\"cmake/"
        "3.20#a:b#c\",\"context\":\"build\"},"
        "\"3\":{\"ref\":\"1.0#a/b\"}}}}",
        "conan zlib 1.2.11\nconan cmake 3.20 D");
    assert_listing("conan/lock", "conan.lock",
        "{\"version\":\"0.5\",\"requires\":[\"fmt/10.0%1.2\",\"fmt/10.0\"],\"build_requires\":[\"ninja/"
        "1.11\"],"
        "\"python_requires\":[\"tool/[>=1 <2]\"]}",
        "conan fmt 10.0\nconan ninja 1.11 D\nconan tool >=1 <2 DR");
    assert_listing("conan/lock", "conan.lock", "null", "error");
    assert_listing("conan/conanfile", "conanfile.txt",
        "[requires]\nzlib/1.2.13 # why\n# "
        "no/1\nfmt/[>9.0]\n[tool_requires]\ncmake/3.27.1\n[generators]\nCMakeDeps\n",
        "conan zlib 1.2.13\nconan fmt >9.0 R\nconan cmake 3.27.1 D");
    assert_listing("conan/conanfile", "conanfile.py",
        "class A(ConanFile):\n    url = \"http://x/y\"\n    requires = \"zlib/1.2.13\", \\\n        "
        "\"fmt/10.0\"\n"
        "    def requirements(self):\n        self.requires(\"boost/1.83.0\")\n"
        "    def build_requirements(self):\n        self.tool_requires(\"cmake/3.27\")\n",
        "conan zlib 1.2.13\nconan fmt 10.0\nconan boost 1.83.0\nconan cmake 3.27 D");
    /* Quotes of either kind, comments behind lines, versions that are made when the recipe runs. */
    assert_listing("conan/conanfile", "conanfile.py",
        "class A(ConanFile):\n    description = \"requires a/b and c/d\"\n"
        "    python_requires = 'tools/1.0@user/stable'\n"
        "    requires = [\n        'zlib/1.2.13', # not \"old/1\"\n        # 'gone/1'\n        'fmt/[>=9 "
        "<10]@u/c',\n    ]\n"
        "    exports = 'x/y'\n"
        "    def requirements(self):\n        self.requires('nanodbc/2.13.0')  # fmt:off\n"
        "        self.requires(\"it's/1\", 'a#b')\n        self.requires(f\"base/{self.version}\")\n"
        "        self.requires(\"core/%s\" % v)\n        self.requires(\"net/1.62.0@%s/%s\" % (u, c))\n"
        "        self.requires(\"{}/1\".format(n))\n        self.requires('open/1",
        "conan tools 1.0 D\nconan zlib 1.2.13\nconan fmt >=9 <10 R\nconan nanodbc 2.13.0\nconan base -\n"
        "conan core -\n"
        "conan net 1.62.0");
}

static void test_swift(void **state)
{
    (void)state;
    assert_listing("swift/package-resolved", "Package.resolved",
        "{\"object\":{\"pins\":[{\"package\":\"A\",\"repositoryURL\":\"git@github.com:owner/"
        "a.git\",\"state\":{\"version\":\"1.0\"}},"
        "{\"package\":\"B\",\"repositoryURL\":\"https://user@example.org/b/"
        "\",\"state\":{\"branch\":\"main\",\"version\":null}},{}]},"
        "\"version\":1}",
        "swift github.com/owner/a 1.0\nswift example.org/b -");
    assert_listing("swift/package-resolved", "Package.resolved", "", "error");
    assert_listing("cocoapods/lock", "Podfile.lock",
        "PODS:\n  - AFNetworking (4.0.1):\n    - AFNetworking/UIKit (= 4.0.1)\n  - AFNetworking/UIKit "
        "(4.0.1)\n  - odd\n"
        "DEPENDENCIES:\n  - AFNetworking (~> 4.0)\n",
        "cocoapods AFNetworking 4.0.1\ncocoapods AFNetworking/UIKit 4.0.1");
}

static void test_renv(void **state)
{
    (void)state;
    assert_listing("cran/renv-lock", "renv.lock",
        "{\"Packages\":{\"a\":{\"Package\":\"a\",\"Version\":\"1.0\",\"Repository\":\"CRAN\"},"
        "\"b\":{\"Version\":\"2\",\"Repository\":\"RSPM\"},\"c\":{\"Package\":\"c\",\"Version\":\"3\"},"
        "\"d\":{\"Package\":\"d\",\"Version\":\"3\",\"Repository\":\"Bioconductor\"}}}",
        "cran a 1.0\ncran b 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pub),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_conan),
        cmocka_unit_test(test_swift),
        cmocka_unit_test(test_renv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
