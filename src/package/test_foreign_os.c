#include "test_foreign_support.h"

static const struct foreign_kind kinds[] = {
    {"os/apk", NULL, "apk", "lib/apk/db/installed", 0, NULL},
    {"os/dpkg", "testdata/opkg/", "opkg", "usr/lib/opkg/status", 0, NULL},
    {"os/dpkg", "/status.d/", "dpkg/status.d", "var/lib/dpkg/status.d/%s", 0, NULL},
    {"os/dpkg", NULL, "dpkg", "var/lib/dpkg/status", 0, NULL},
    {"os/rpm", NULL, "rpm", "var/lib/rpm/Packages", 0, NULL},
};

int main(void)
{
    return foreign_run(kinds, VL_ARRAY_LEN(kinds));
}
