/* tests: nuget_json.c nuget_xml.c paket.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_listing.h"

static void test_json(void **state)
{
    (void)state;
    /* Shape of a file that `dotnet publish --self-contained` writes. */
    assert_listing("nuget/deps-json", "app/Shop.deps.json",
        "{\"runtimeTarget\":{\"name\":\".NETCoreApp,Version=v8.0/linux-x64\"},\"libraries\":{"
        "\"Shop/1.0.0\":{\"type\":\"project\",\"serviceable\":false},"
        "\"Newtonsoft.Json/12.0.1\":{\"type\":\"package\",\"sha512\":\"x\"},"
        "\"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1\":{\"type\":\"runtimepack\"},"
        "\"broken\":{},\"/1\":{},\"a/\":{}}}",
        "nuget Shop 1.0.0 M\nnuget Newtonsoft.Json 12.0.1\nnuget Microsoft.NETCore.App.Runtime.linux-x64 "
        "8.0.1");
    assert_listing("nuget/deps-json", "a.deps.json", "[]", "error");
    assert_listing("nuget/deps-json", "a.deps.json", "{\"libraries\":[1]}", "");
    assert_listing("nuget/packages-lock", "packages.lock.json",
        "{\"version\":1,\"dependencies\":{\"net8.0\":{"
        "\"A\":{\"type\":\"Direct\",\"requested\":\"[1.0, )\",\"resolved\":\"1.0.1\"},"
        "\"B\":{\"type\":\"Transitive\",\"resolved\":\"2.0.0\"},"
        "\"c\":{\"type\":\"Project\"}},\"net48\":{\"B\":{\"type\":\"Direct\",\"resolved\":\"2.0.0\"}}}}",
        "nuget A 1.0.1\nnuget B 2.0.0");
    assert_listing("nuget/packages-lock", "src/packages.My_Shop.lock.json",
        "{\"version\":1,\"dependencies\":{\"net8.0\":{\"A\":{\"type\":\"Direct\",\"resolved\":\"1.0.1\"}}}}",
        "nuget A 1.0.1");
    assert_listing("nuget/project-assets", "obj/project.assets.json",
        "\xef\xbb\xbf{\"version\":3,\"libraries\":{\"A/1.0\":{\"type\":\"package\"},\"Me/"
        "1.0\":{\"type\":\"project\"}}}",
        "nuget A 1.0");
}

/* Shape of the files that the .NET SDK writes: of a package that the framework replaces the target has the
 * dependencies alone, of one that was only compiled against its "compile". */
static void test_deps_target(void **state)
{
    (void)state;
    assert_listing("nuget/deps-json", "app/Shop.deps.json",
        "{\"runtimeTarget\":{\"name\":\".NETCoreApp,Version=v8.0\",\"signature\":\"\"},\"targets\":{"
        "\".NETStandard,Version=v2.0\":{\"System.Net.Http/4.3.0\":{\"runtime\":{\"lib/a.dll\":{}}}},"
        "\".NETCoreApp,Version=v8.0\":{"
        "\"Shop/1.0.0\":{\"dependencies\":{\"Dapper\":\"2.1.4\"}},"
        "\"Dapper/2.1.4\":{\"runtime\":{\"lib/net7.0/Dapper.dll\":{\"fileVersion\":\"2.1.4.0\"}}},"
        "\"SQLite/1.0.1\":{\"native\":{\"libe_sqlite3.so\":{}}},"
        "\"Crypto/1.0.2\":{\"dependencies\":{},\"runtimeTargets\":{\"runtimes/unix/lib/"
        "a.dll\":{\"rid\":\"unix\"}}},"
        "\"Humanizer.de/1.0.3\":{\"resources\":{\"lib/de/H.resources.dll\":{\"locale\":\"de\"}}},"
        "\"System.Net.Http/4.3.0\":{\"dependencies\":{\"System.IO\":\"4.3.0\"}},"
        "\"Analyzers/1.0.4\":{\"compile\":{\"lib/A.dll\":{}},\"compileOnly\":true},"
        "\"Empty/1.0.5\":{\"runtime\":{}}}},"
        "\"libraries\":{\"Shop/1.0.0\":{\"type\":\"project\"},\"Dapper/2.1.4\":{\"type\":\"package\"},"
        "\"SQLite/1.0.1\":{\"type\":\"package\"},\"Crypto/1.0.2\":{\"type\":\"package\"},"
        "\"Humanizer.de/1.0.3\":{\"type\":\"package\"},\"System.Net.Http/4.3.0\":{\"type\":\"package\"},"
        "\"Analyzers/1.0.4\":{\"type\":\"package\"},\"Empty/1.0.5\":{\"type\":\"package\"},"
        "\"Elsewhere/1.0.6\":{\"type\":\"package\"}}}",
        "nuget Shop 1.0.0 M\nnuget Dapper 2.1.4\nnuget SQLite 1.0.1\nnuget Crypto 1.0.2\nnuget Humanizer.de "
        "1.0.3\n"
        "nuget Elsewhere 1.0.6");
    /* The framework's own file, as .NET Core 2.0 has it. */
    assert_listing("nuget/deps-json", "shared/Microsoft.NETCore.App/2.0.0/Microsoft.NETCore.App.deps.json",
        "{\"runtimeTarget\":{\"name\":\".NETCoreApp,Version=v2.0/"
        "linux-x64\"},\"targets\":{\".NETCoreApp,Version=v2.0/linux-x64\":{"
        "\"Microsoft.NETCore.App/2.0.0\":{\"dependencies\":{\"NETStandard.Library\":\"2.0.0\"}},"
        "\"NETStandard.Library/2.0.0\":{\"dependencies\":{}},"
        "\"runtime.linux-x64.Microsoft.NETCore.App/"
        "2.0.0\":{\"runtime\":{\"a.dll\":{}},\"native\":{\"a.so\":{}}}}},"
        "\"libraries\":{\"Microsoft.NETCore.App/2.0.0\":{\"type\":\"package\"},"
        "\"NETStandard.Library/2.0.0\":{\"type\":\"package\"},"
        "\"runtime.linux-x64.Microsoft.NETCore.App/2.0.0\":{\"type\":\"package\"}}}",
        "nuget Microsoft.NETCore.App 2.0.0\nnuget runtime.linux-x64.Microsoft.NETCore.App 2.0.0");
    /* A target that is not there tells nothing. */
    assert_listing("nuget/deps-json", "app/Shop.deps.json",
        "{\"runtimeTarget\":{\"name\":\"x\"},\"targets\":{\"y\":{\"A/1\":{}}},\"libraries\":{\"A/"
        "1\":{\"type\":\"package\"}}}",
        "nuget A 1");
}

static void test_xml(void **state)
{
    (void)state;
    assert_listing("nuget/packages-config", "packages.config",
        "<packages><package id='A' version='1.0' /><package id='B' version='2' developmentDependency='True'/>"
        "<package id='C'/><other/></packages>",
        "nuget A 1.0\nnuget B 2 D");
    assert_listing("nuget/packages-config", "packages.config", "<packages>", "error");
    assert_listing("nuget/project", "src/Shop.csproj",
        "<Project Sdk='Microsoft.NET.Sdk'><PropertyGroup><V>3.1</V><W>$(V)</W><L>$(L)</L></PropertyGroup>"
        "<ItemGroup><PackageReference Include='A' Version='1.0'/>"
        "<PackageReference "
        "Include='B'><Version>2.0</Version><PrivateAssets>all</PrivateAssets></PackageReference>"
        "<PackageReference Include='C' Version='$(W)'/><PackageReference Include='D' Version='[4.0]'/>"
        "<PackageReference Include='E' Version='[5.0,6.0)'/><PackageReference Include='F' Version='6.*'/>"
        "<PackageReference Include='G' Version='$(L)'/><PackageReference Include='H' Version='$(Nowhere)'/>"
        "<PackageReference Update='I' VersionOverride='9'/><ProjectReference Include='x.csproj'/></ItemGroup>"
        "<Choose><When Condition='true'><ItemGroup><PackageReference Include='J' "
        "Version='10'/></ItemGroup></When></Choose>"
        "</Project>",
        "nuget A 1.0\nnuget B 2.0 D\nnuget C 3.1\nnuget D 4.0\nnuget E [5.0,6.0) R\nnuget F 6.* R\nnuget I "
        "9\nnuget J 10");
    assert_listing("nuget/central-packages", "Directory.Packages.props",
        "<Project><ItemGroup><PackageVersion Include='A' Version='1.0'/><GlobalPackageReference Include='B' "
        "Version='2'/></ItemGroup></Project>",
        "nuget A 1.0\nnuget B 2");
}

static void test_paket(void **state)
{
    (void)state;
    assert_listing("nuget/paket-dependencies", "paket.dependencies",
        "source https://nuget.example/api // comment\n"
        "storage: none\n"
        "nuget A >= 1.0 < 2.0\n"
        "nuget B 2.1 restriction: >= net45\n"
        "nuget C storage: none\n"
        "nuget D = 4 # why\n"
        "github owner/repo:v1.0 src/a.fs\n"
        "github owner/other src/a.fs\n"
        "github owner/third 2.0\n"
        "github odd\n"
        "git https://example.org/x.git\n",
        "nuget A 1.0 R\nnuget B 2.1\nnuget C -\nnuget D 4\ngeneric owner/repo v1.0\ngeneric owner/other -\n"
        "generic owner/third 2.0");
    assert_listing("nuget/paket-lock", "paket.lock",
        "RESTRICTION: == net6.0\n"
        "NUGET\n"
        "  remote: https://www.nuget.example/api/v2\n"
        "    A (1.0) - restriction: >= net45\n"
        "      B (>= 2.0)\n"
        "    B (2.1)\n"
        "    broken\n"
        "GITHUB\n"
        "  remote: owner/repo\n"
        "    owner/repo (v3)\n"
        "    src/file.fs (30cd5366a4f3f25a443ca4cd62cd592fd16ac69a)\n"
        "HTTP\n"
        "  remote: http://example.org\n"
        "    x (1)\n",
        "nuget A 1.0\nnuget B 2.1\ngeneric owner/repo v3\ngeneric owner/repo -");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_deps_target),
        cmocka_unit_test(test_xml),
        cmocka_unit_test(test_paket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
