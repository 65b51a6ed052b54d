#include "tables.h"

#include "os/apk.h"
#include "os/dpkg.h"
#include "os/release.h"
#include "os/rpm.h"

const struct vl_package_parser *const vl_package_os_parsers[] = {
    &os_parser_os_release,
    &os_parser_release,
    &os_parser_dpkg,
    &os_parser_dpkg_status_d,
    &os_parser_dpkg_list,
    &os_parser_dpkg_md5sums,
    &os_parser_dpkg_copyright,
    &os_parser_opkg,
    &os_parser_apk,
    &os_parser_rpm,
    &os_parser_rpm_wal,
    &os_parser_rpm_manifest,
    NULL,
};
