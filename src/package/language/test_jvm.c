/* tests: bazel.c gradle.c pom.c pom_xml.c starlark.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "language/pom.h"
#include "test_listing.h"

static void test_pom(void **state)
{
    (void)state;
    assert_listing("java/pom", "pom.xml",
        "<project xmlns='http://maven.apache.org/POM/4.0.0'>"
        "<parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>3.1</version></parent>"
        "<artifactId>app</artifactId>"
        "<properties><a>${b}</a><b>2.0</b><loop>${loop}</loop></properties>"
        "<dependencyManagement><dependencies>"
        "<dependency><groupId>g</groupId><artifactId>managed</artifactId><version>${a}</version><scope>test</"
        "scope></dependency>"
        "<dependency><groupId>g</groupId><artifactId>unused</artifactId><version>1</version></dependency>"
        "</dependencies></dependencyManagement>"
        "<dependencies>"
        "<dependency><groupId>${project.groupId}</groupId><artifactId>sibling</"
        "artifactId><version>${project.version}</version></dependency>"
        "<dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency>"
        "<dependency><groupId>g</groupId><artifactId>unknown</artifactId><version>${elsewhere}</version></"
        "dependency>"
        "<dependency><groupId>g</groupId><artifactId>loop</artifactId><version>${loop}</version></dependency>"
        "<dependency><groupId>g</groupId><artifactId>exact</artifactId><version>[1.2]</version></dependency>"
        "<dependency><groupId>g</groupId><artifactId>range</artifactId><version>[1.2,2)</"
        "version><optional>true</optional></dependency>"
        "<dependency><groupId>g</groupId><artifactId>twice</artifactId><version>1</version></dependency>"
        "<dependency><groupId>g</groupId><artifactId>twice</artifactId><version>2</version></dependency>"
        "</dependencies>"
        "<profiles><profile><activation><activeByDefault>true</activeByDefault></activation><dependencies>"
        "<dependency><groupId>g</groupId><artifactId>profiled</artifactId><version>7</version></dependency>"
        "</dependencies></profile><profile><dependencies>"
        "<dependency><groupId>g</groupId><artifactId>off</artifactId><version>7</version></dependency>"
        "</dependencies></profile></profiles>"
        "</project>",
        "maven org.example:sibling 3.1\n"
        "maven g:managed 2.0 D\n"
        "maven g:unknown -\n"
        "maven g:loop -\n"
        "maven g:exact 1.2\n"
        "maven g:range 1.2 OR\n"
        "maven g:twice 2\n"
        "maven g:profiled 7");
    assert_listing("java/pom", "m2/x-1.0.pom", "<html/>", "error");
    assert_listing("java/pom", "pom.xml", "<project>", "error");
}

static void test_coordinates(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(1 << 20);
    struct vl_span group, artifact, version;
    assert_int_equal(
        vl_pom_coordinates(VL_SPAN_LIT("<project><parent><groupId>g</groupId><version>1</version></parent>"
                                       "<artifactId>a</artifactId><version>${rev}-x</version>"
                                       "<properties><rev>5</rev></properties></project>"),
            arena, &group, &artifact, &version),
        0);
    assert_true(vl_span_eq_str(group, "g"));
    assert_true(vl_span_eq_str(artifact, "a"));
    assert_true(vl_span_eq_str(version, "5-x"));
    assert_true(vl_pom_coordinates(VL_SPAN_LIT("<x/>"), arena, &group, &artifact, &version) < 0);
    vl_arena_free(arena);
}

static void test_gradle(void **state)
{
    (void)state;
    assert_listing("java/gradle-lock", "buildscript-gradle.lockfile",
        "# This is a Gradle generated file for dependency locking.\n"
        "com.google.guava:guava:31.1-jre=compileClasspath,runtimeClasspath\n"
        "invalid\n:=\na:b=c\n"
        "empty=annotationProcessor\n",
        "maven com.google.guava:guava 31.1-jre");
    assert_listing("java/gradle-verification", "gradle/verification-metadata.xml",
        "<verification-metadata><configuration/><components><component group='g' name='n' version='1'/>"
        "<other/></components></verification-metadata>",
        "maven g:n 1");
    assert_listing("java/gradle-verification", "gradle/verification-metadata.xml", "no xml", "error");
    assert_listing("java/gradle-catalog", "gradle/libs.versions.toml",
        "[versions]\nkotlin = \"1.9.0\"\nrich = { strictly = \"[1.7, 1.8[\", prefer = \"1.7.25\" }\n"
        "only = { strictly = \"[1.0, 2.0[\" }\n"
        "[libraries]\n"
        "a = { module = \"g:a\", version.ref = \"kotlin\" }\n"
        "b = { group = \"g\", name = \"b\", version.ref = \"rich\" }\n"
        "c = { module = \"g:c\", version.ref = \"only\" }\n"
        "d = \"g:d:1.+\"\n"
        "e = \"broken\"\n",
        "maven g:a 1.9.0\nmaven g:b 1.7.25\nmaven g:c [1.0, 2.0[ R\nmaven g:d 1.+ R");
}

static void test_bazel(void **state)
{
    (void)state;
    assert_listing("java/bazel", "MODULE.bazel",
        "maven = use_extension(\"@rules_jvm_external//:extensions.bzl\", \"maven\")\n"
        "V = '4.13'\n"
        "LIST = [\"a:b:\" + V, # comment \"x:y:z\"\n  'c:d:jar:5.0', ] + [\n \"\"\"e:f:jar:tests:6\"\"\"]\n"
        "maven.install(name = \"m\", artifacts = LIST + unknown(), boms = [\"b:om:1\"], fail = {\"k\": [1, "
        "-2], }, f = lambda x: x)\n"
        "maven.artifact(group = \"g\", artifact = \"h\", version = \"7\", exclusions = [\"n:o\"])\n"
        "other = use_extension(\"@elsewhere//:x.bzl\", \"maven\")\n"
        "other.install(artifacts = [\"no:no:1\"])\n",
        "maven a:b 4.13\nmaven c:d 5.0\nmaven e:f 6\nmaven b:om 1\nmaven g:h 7");
    assert_listing("java/bazel", "WORKSPACE",
        "load(\"@rules_jvm_external//:defs.bzl\", install = \"maven_install\")\n"
        "load(\"@rules_jvm_external//:specs.bzl\", \"maven\")\n"
        "if True:\n    pass\n"
        "def f(x):\n    return [y for y in x]\n"
        "maven_install = 3\n"
        "load(\"@rules_jvm_external//:defs.bzl\", \"maven_install\")\n"
        "maven_install(artifacts = [maven.artifact(\"g\", \"a\", \"1\"), r\"p:q:2\"] + [(\"s:t:3\")])\n",
        "maven g:a 1\nmaven p:q 2\nmaven s:t 3");
    static const char *const bad[] = {"a = [\n", "f(\"x\n)", "x = )", "f(]", "a = '''"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_listing("java/bazel", "MODULE.bazel", bad[i], "error");
    assert_listing("java/maven-install", "rules/maven_install.json",
        "{\"version\":\"2\",\"artifacts\":{\"g:a\":{\"version\":\"1\"},\"g:b:jar:sources\":{\"version\":"
        "\"2\"},\"x\":{}},"
        "\"dependency_tree\":{\"dependencies\":[{\"coord\":\"g:c:3\"},{\"coord\":\"g:c:jar:sources:3\"},{}]}"
        "}",
        "maven g:a 1\nmaven g:b 2\nmaven g:c 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pom),
        cmocka_unit_test(test_coordinates),
        cmocka_unit_test(test_gradle),
        cmocka_unit_test(test_bazel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
