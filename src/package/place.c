/* Where a file that was named alone belongs. */
#include <stdio.h>
#include <string.h>

#include "package/parser.h"

#define PARENTS_MAX 12 /* folders of its own path that are tried */

/* Folders in which files of fixed names mean something; none in which every name does. */
static const char *const folders[] = {
    "var/lib/dpkg",            /* status */
    "lib/apk/db",              /* installed */
    "var/lib/rpm",             /* Packages, Packages.db, rpmdb.sqlite */
    "etc",                     /* os-release, cos-package-info.json */
    "var/lib/chisel",          /* manifest.wall */
    "var/lib/pacman/local/x",  /* desc */
    "var/db/pkg/x/x",          /* PF */
    "snap/x/1/meta",           /* snap.yaml */
    "x.dist-info",             /* METADATA */
    "x.egg-info",              /* PKG-INFO */
    "x/.opam-switch",          /* install */
    "root/.cpan/build/x",      /* META.json */
    "vendor",                  /* modules.txt */
    "vendor/composer",         /* installed.json */
    "gradle",                  /* libs.versions.toml, verification-metadata.xml */
    "obj",                     /* project.assets.json */
    "Windows/System32/config", /* SOFTWARE, COMPONENTS */
};

static const struct vl_package_parser *ask(
    const struct vl_package_file *file, unsigned scopes, const char *path, char *ret_path)
{
    struct vl_package_file asked = *file;
    if (path != ret_path && snprintf(ret_path, VL_PACKAGE_PLACE_MAX, "%s", path) >= VL_PACKAGE_PLACE_MAX)
        return NULL;
    asked.path = ret_path;
    asked.base = VL_SPAN_EMPTY;
    return vl_package_parser_for(&asked, scopes);
}

const struct vl_package_parser *vl_package_place(
    const struct vl_package_file *file, unsigned scopes, char ret_path[VL_PACKAGE_PLACE_MAX])
{
    const struct vl_package_parser *parser;
    const char *slash = strrchr(file->path, '/');
    const char *base = slash ? slash + 1 : file->path;
    const char *from = base;
    for (unsigned i = 0; i < PARENTS_MAX; i++) {
        parser = ask(file, scopes, from, ret_path);
        if (parser)
            return parser;
        if (from == file->path)
            break;
        for (from--; from > file->path && from[-1] != '/';)
            from--;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(folders); i++) {
        int n = snprintf(ret_path, VL_PACKAGE_PLACE_MAX, "%s/%s", folders[i], base);
        parser = n < VL_PACKAGE_PLACE_MAX ? ask(file, scopes, ret_path, ret_path) : NULL;
        if (parser)
            return parser;
    }
    (void)snprintf(ret_path, VL_PACKAGE_PLACE_MAX, "%s", base);
    return NULL;
}
