#include "fuzz_os_support.h"

static const char *const paths[] = {
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/base",
    "usr/lib/opkg/status",
    "var/lib/dpkg/info/libc6:amd64.list",
    "var/lib/dpkg/status.d/bash.md5sums",
    "usr/share/doc/bash/copyright",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
