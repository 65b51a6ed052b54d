#include "test_foreign_support.h"

static const struct foreign_kind kinds[] = {
    {"os/apk", NULL, "apk", "lib/apk/db/installed", 0, NULL},
    {"os/chisel", NULL, "chisel", "var/lib/chisel/manifest.wall", 0, NULL},
    {"os/chocolatey", NULL, "chocolatey", "ProgramData/chocolatey/lib/x/%s", 0, NULL},
    {"os/cos", NULL, "cos", "etc/cos-package-info.json", 0, NULL},
    {"os/dpkg", "testdata/opkg/", "opkg", "usr/lib/opkg/status", 0, NULL},
    {"os/dpkg", ".md5sums", "dpkg/md5sums", "var/lib/dpkg/status.d/%s", 0, NULL},
    {"os/dpkg", "/status.d/", "dpkg/status.d", "var/lib/dpkg/status.d/%s", 0, NULL},
    {"os/dpkg", NULL, "dpkg", "var/lib/dpkg/status", 0, NULL},
    {"os/flatpak", NULL, "flatpak",
        "var/lib/flatpak/app/x/x86_64/stable/1/export/share/metainfo/x.metainfo.xml", 0, NULL},
    {"os/pacman", NULL, "pacman", "var/lib/pacman/local/x-1-1/desc", 0, NULL},
    {"os/portage", NULL, "portage", "var/db/pkg/dev-perl/x-1/PF", 0, NULL},
    {"os/rpm", NULL, "rpm", "var/lib/rpm/Packages", 0, NULL},
    {"os/snap", NULL, "snap", "snap/core/1/meta/snap.yaml", 0, NULL},
};

int main(void)
{
    return foreign_run(kinds, VL_ARRAY_LEN(kinds));
}
