#include "fuzz_os_support.h"

static const char *const paths[] = {
    "snap/core/1/meta/snap.yaml",
    "etc/cos-package-info.json",
    "var/lib/flatpak/app/x/x86_64/stable/1/export/share/metainfo/x.metainfo.xml",
    "ProgramData/chocolatey/lib/x/x.nuspec",
    "usr/local/Cellar/tree/2.1.1/INSTALL_RECEIPT.json",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
