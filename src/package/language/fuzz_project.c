#include "fuzz_listing.h"

static const char *const paths[] = {
    "go.mod",
    "go.sum",
    "src/vendor/modules.txt",
    "pom.xml",
    "gradle.lockfile",
    "gradle/verification-metadata.xml",
    "gradle/libs.versions.toml",
    "MODULE.bazel",
    "rules/maven_install.json",
    "a.deps.json",
    "packages.lock.json",
    "obj/project.assets.json",
    "packages.config",
    "src/Shop.csproj",
    "paket.dependencies",
    "paket.lock",
    "pubspec.lock",
    "mix.lock",
    "rebar.lock",
    "gleam.toml",
    "manifest.toml",
    "conan.lock",
    "conanfile.txt",
    "conanfile.py",
    "Package.resolved",
    "Podfile.lock",
    "renv.lock",
    "Directory.Packages.props",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
