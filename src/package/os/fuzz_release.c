#include "fuzz_os_support.h"

static const char *const paths[] = {
    "etc/os-release",
    "usr/lib/os-release",
    "etc/alpine-release",
    "etc/centos-release",
    "etc/debian_version",
    "etc/lsb-release",
    "etc/SuSE-release",
    "etc/redhat-release",
    "etc/arch-release",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
