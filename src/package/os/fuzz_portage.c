#include "fuzz_os_support.h"

static const char *const paths[] = {
    "var/db/pkg/dev-perl/Getopt-Long-2.580.0-r1/PF",
    "var/db/pkg/dev-perl/Getopt-Long-2.580.0-r1/CONTENTS",
    "var/db/pkg/dev-perl/Getopt-Long-2.580.0-r1/LICENSE",
    "var/db/pkg/x/x/CONTENTS",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
