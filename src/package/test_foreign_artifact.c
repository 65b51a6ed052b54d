#include <string.h>

#include "test_foreign_support.h"

/* The cases have the name of the package URL alone ("log4j"), where we put the namespace before it. */
static int run_sbom(const struct vl_package_parser *parser, const struct vl_package_file *file,
    const char *real_path, struct vl_package_sink *sink, struct vl_err *err)
{
    (void)real_path;
    int r = parser->parse(file, sink, err);
    for (size_t i = 0; i < sink->packages.len; i++) {
        struct vl_package *p = vl_vec_at(&sink->packages, i);
        const char *colon = p->ecosystem == VL_ECO_MAVEN ? strchr(p->name, ':') : NULL;
        p->name = colon ? colon + 1 : p->name;
    }
    return r;
}

static const struct foreign_kind kinds[] = {
    {"language/java/archive", NULL, "java/archive", "app/%s", 0, NULL},
    {"sbom/cdx", NULL, "sbom", "app/%s", 0, run_sbom},
    {"sbom/spdx", NULL, "sbom", "app/%s", 0, run_sbom},
};

int main(void)
{
    return foreign_run(kinds, VL_ARRAY_LEN(kinds));
}
