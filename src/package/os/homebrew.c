/* Homebrew on Linux: …/Cellar/NAME/VERSION/INSTALL_RECEIPT.json; name and version stand in the path alone. */
#include "appstore.h"

#include "path.h"

static bool wants(const struct vl_package_file *file)
{
    static const char *const places[] = {"home/linuxbrew/.linuxbrew/Cellar/*/*/INSTALL_RECEIPT.json",
        "opt/homebrew/Cellar/*/*/INSTALL_RECEIPT.json", "usr/local/Cellar/*/*/INSTALL_RECEIPT.json",
        "home/*/.linuxbrew/Cellar/*/*/INSTALL_RECEIPT.json", NULL};
    return os_path_match_any(file->path, places);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return vl_package_sink_add(sink, VL_ECO_GENERIC, os_path_folder(file->path, 1),
               os_path_folder(file->path, 0), file->path, err)
               ? 0
               : err->err;
}

const struct vl_package_parser os_parser_homebrew = {"homebrew", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
