#include "fuzz_os_support.h"

static const char *const paths[] = {
    "var/lib/chisel/manifest.wall",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
