#include "fuzz_os_support.h"

static const char *const paths[] = {
    "Windows/System32/config/SOFTWARE",
    "Files/Windows/servicing/Packages/Package_for_KB5034129~31bf3856ad364e35~amd64~~10.0.1.2.mum",
    "Windows/servicing/Packages/Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2227.1.8.mum",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
