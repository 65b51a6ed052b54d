/* tests: go_vendor.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_listing.h"

/* Expectations: go.dev/ref/mod, and `go list -m all` where a line says so. */
static void test_go_mod(void **state)
{
    (void)state;
    assert_listing("go/mod", "app/go.mod",
        "// a comment\n"
        "module example.org/app\n\n"
        "go 1.22.1\n"
        "toolchain go1.22.9-vendor\n"
        "require github.com/pkg/errors v0.9.1\n"
        "require (\n"
        "\t\"golang.org/x/net\" v0.17.0 // indirect\n"
        "\tgolang.org/x/text v0.3.0//indirect\n"
        "\tgopkg.in/yaml.v2 v2.4.0+incompatible // pinned\n"
        ")\n"
        "exclude golang.org/x/net v0.16.0\n"
        "retract [v1.0.0, v1.1.0] // broken\n"
        "tool ()\n"
        "replace (\n"
        "\tgolang.org/x/text => golang.org/x/text v0.14.0\n"
        "\tgithub.com/pkg/errors v0.9.0 => example.org/never v1.0.0\n"
        ")\n",
        "go github.com/pkg/errors 0.9.1\n"
        "go golang.org/x/net 0.17.0 I\n"
        "go golang.org/x/text 0.14.0 I\n"
        "go gopkg.in/yaml.v2 2.4.0+incompatible\n"
        "go stdlib 1.22.9");
    /* A version beats "all versions", wherever it stands. */
    assert_listing("go/mod", "go.mod",
        "module a\nrequire b v1.0.0\nreplace b v1.0.0 => c v2.0.0\nreplace b => d v3.0.0\n", "go c 2.0.0");
    assert_listing("go/mod", "go.mod", "module a\nrequire b v1.0.0\nreplace b => ../b\n", "go ../b -");
    assert_listing("go/mod", "go.mod", "module a\ntoolchain default\ngo 1.20\n", "go stdlib 1.20");
    assert_listing("go/mod", "go.mod", "", "");
    static const char *const bad[] = {"hello world\n", "require a\n", "require (\n a v1\n", "replace a => \n",
        "go\n", "toolchain\n", "module\n", "replace a b c => d\n"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_listing("go/mod", "go.mod", bad[i], "error");
}

static void test_go_sum(void **state)
{
    (void)state;
    assert_listing("go/sum", "go.sum",
        "github.com/pkg/errors v0.9.1 h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4=\n"
        "github.com/pkg/errors v0.9.1/go.mod h1:bwawxfHBFNV+L2hUp1rHADufV3IMtnDRdf1r5NINEl0=\n"
        "golang.org/x/net v0.1.0/go.mod h1:abc=\n",
        "go github.com/pkg/errors 0.9.1 I");
    assert_listing("go/sum", "go.sum", "not a sum file\n", "error");
    assert_listing("go/sum", "go.sum",
        "<<<<<<< HEAD\r\nexample.com/a v1.0.0 h1:x=\r\n=======\r\n  \r\nexample.com/b/v2 v2.0.1 h1:z=",
        "go example.com/a 1.0.0 I\ngo example.com/b/v2 2.0.1 I");
}

static void test_vendor(void **state)
{
    (void)state;
    assert_listing("go/vendor", "src/vendor/modules.txt",
        "# github.com/pkg/errors v0.9.1\n"
        "## explicit\n"
        "github.com/pkg/errors\n"
        "# golang.org/x/net v0.1.0 => golang.org/x/net v0.17.0\n"
        "## explicit; go 1.17\n"
        "golang.org/x/net/html\n"
        "golang.org/x/net/http2\n"
        "# golang.org/x/text v0.3.0\n"
        "golang.org/x/text/width\n"
        "# example.org/unused v1.0.0\n"
        "## explicit\n"
        "# example.org/local => ./local\n"
        "# golang.org/x/net => golang.org/x/net v0.17.0\n",
        "go github.com/pkg/errors 0.9.1\n"
        "go golang.org/x/net 0.17.0\n"
        "go golang.org/x/text 0.3.0 I");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go_mod),
        cmocka_unit_test(test_go_sum),
        cmocka_unit_test(test_vendor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
