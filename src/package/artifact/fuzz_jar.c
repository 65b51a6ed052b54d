#include "fuzz_listing.h"

static const char *const paths[] = {"app/shop.jar", "app/log4j-core-2.14.1.jar"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
