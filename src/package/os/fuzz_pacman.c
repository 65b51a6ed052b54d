#include "fuzz_os_support.h"

static const char *const paths[] = {
    "var/lib/pacman/local/libxml2-2.13.5-1/desc",
    "var/lib/pacman/local/libxml2-2.13.5-1/files",
    "var/lib/pacman/local/x/files",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
