#include "fuzz_listing.h"

static const char *const paths[] = {
    "requirements.txt",
    "a.dist-info/METADATA",
    "Pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pylock.toml",
    "pyproject.toml",
    "setup.py",
    "opt/conda/conda-meta/x.json",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
