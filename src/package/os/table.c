#include "tables.h"

#include "os/apk.h"
#include "os/appstore.h"
#include "os/chisel.h"
#include "os/dpkg.h"
#include "os/pacman.h"
#include "os/portage.h"
#include "os/release.h"
#include "os/rpm.h"
#include "os/windows.h"

const struct vl_package_parser *const vl_package_os_parsers[] = {
    &os_parser_os_release,
    &os_parser_release,
    &os_parser_dpkg,
    &os_parser_dpkg_status_d,
    &os_parser_dpkg_list,
    &os_parser_dpkg_md5sums,
    &os_parser_dpkg_copyright,
    &os_parser_chisel,
    &os_parser_opkg,
    &os_parser_apk,
    &os_parser_rpm,
    &os_parser_rpm_wal,
    &os_parser_rpm_manifest,
    &os_parser_pacman,
    &os_parser_pacman_files,
    &os_parser_portage,
    &os_parser_portage_contents,
    &os_parser_portage_license,
    &os_parser_snap,
    &os_parser_flatpak,
    &os_parser_cos,
    &os_parser_chocolatey,
    &os_parser_homebrew,
    &os_parser_windows_registry,
    &os_parser_windows_servicing,
    NULL,
};
