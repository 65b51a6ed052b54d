#include "test_foreign_support.h"

static const struct foreign_kind kinds[] = {
    {"language/golang/gomod", NULL, "go/mod", "src/go.mod", 0, NULL},
    {"language/golang/vendormodules", NULL, "go/vendor", "src/vendor/modules.txt", 0, NULL},
    {"language/java/gradlelockfile", NULL, "java/gradle-lock", "src/gradle.lockfile", 0, NULL},
    {"language/java/gradleverificationmetadataxml", NULL, "java/gradle-verification",
        "gradle/verification-metadata.xml", 0, NULL},
    {"language/java/gradleversioncatalog", NULL, "java/gradle-catalog", "gradle/%s", 0, NULL},
    {"language/java/pomxml", NULL, "java/pom", "src/pom.xml", 0, NULL},
    {"language/dotnet/csproj", NULL, "nuget/project", "src/%s.csproj", 0, NULL},
    {"language/dotnet/nugetcpm", NULL, "nuget/central-packages", "src/Directory.Packages.props", 0, NULL},
    {"language/dotnet/packagesconfig", NULL, "nuget/packages-config", "src/packages.config", 0, NULL},
    {"language/dotnet/paketdependencies", NULL, "nuget/paket-dependencies", "src/paket.dependencies", 0,
        NULL},
    {"language/dotnet/paketlock", NULL, "nuget/paket-lock", "src/paket.lock", 0, NULL},
    {"language/dotnet/projectassetsjson", NULL, "nuget/project-assets", "obj/project.assets.json", 0, NULL},
    {"language/dart/pubspec", NULL, "pub/lock", "src/pubspec.lock", 0, NULL},
    {"language/elixir/mixlock", NULL, "hex/mix-lock", "src/mix.lock", 0, NULL},
    {"language/erlang/mixlock", NULL, "hex/mix-lock", "src/mix.lock", 0, NULL},
    {"language/gleam/gleamtoml", NULL, "hex/gleam", "src/gleam.toml", 0, NULL},
    {"language/cpp/conanlock", NULL, "conan/lock", "src/conan.lock", 0, NULL},
    {"language/swift/packageresolved", NULL, "swift/package-resolved", "src/Package.resolved", 0, NULL},
    {"language/r/renvlock", NULL, "cran/renv-lock", "src/renv.lock", 0, NULL},
    {"misc/bazelmaven", NULL, "java/bazel", "src/MODULE.bazel", 0, NULL},
};

int main(void)
{
    return foreign_run(kinds, VL_ARRAY_LEN(kinds));
}
