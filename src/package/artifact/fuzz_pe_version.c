#include "fuzz_listing.h"

static const char *const paths[] = {"app/lib.dll", "app/tool.exe"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
