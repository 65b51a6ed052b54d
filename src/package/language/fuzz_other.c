#include "fuzz_listing.h"

static const char *const paths[] = {
    "composer.lock",
    "vendor/composer/installed.json",
    "Cargo.lock",
    "Cargo.toml",
    "cabal.project.freeze",
    "stack.yaml.lock",
    "Manifest.toml",
    "root/.opam/default/.opam-switch/install",
    "root/.cpan/build/URI-5-0/META.json",
    ".github/workflows/ci.yml",
    ".nvmrc",
    ".tool-versions",
    "mise.toml",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
