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

/* The cases call the standard library "go", as the tool chain, and a main module without a release "(devel)",
 * as Go does; a file that is no binary at all is offered to no parser of ours. */
static int run_go(const struct vl_package_parser *parser, const struct vl_package_file *file,
    const char *real_path, struct vl_package_sink *sink, struct vl_err *err)
{
    (void)real_path;
    int r = parser->parse(file, sink, err);
    for (size_t i = 0; i < sink->packages.len; i++) {
        struct vl_package *p = vl_vec_at(&sink->packages, i);
        if (strcmp(p->name, "stdlib") == 0)
            p->name = "go";
        if ((p->flags & VL_PACKAGE_MAIN) && !*p->version)
            p->version = "(devel)";
    }
    return r;
}

/* A file that is no binary: nobody may want it. The row names some other parser, since a row needs one. */
static int run_unwanted(const struct vl_package_parser *parser, const struct vl_package_file *file,
    const char *real_path, struct vl_package_sink *sink, struct vl_err *err)
{
    (void)parser, (void)sink;
    struct vl_package_file ask = {.path = "usr/bin/x", .mode = 0755, .size = file->size, .head = file->head};
    return vl_package_parser_for(&ask, ~0U)
               ? vl_err_set(err, VL_ERR_INVALID, "%s is wanted by some parser", real_path)
               : 0;
}

/* A document under a name that SBOMs do not have: that nobody wants it is our way to refuse it. */
static int run_other_name(const struct vl_package_parser *parser, const struct vl_package_file *file,
    const char *real_path, struct vl_package_sink *sink, struct vl_err *err)
{
    (void)parser, (void)sink;
    struct vl_package_file ask = {.path = strstr(real_path, "testdata/"), .size = file->size};
    if (!ask.path || vl_package_parser_for(&ask, ~0U))
        return 0;
    return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s has no name of an SBOM", ask.path);
}

static const struct foreign_kind kinds[] = {
    {"language/golang/gobinary", "dummy", "sbom", "x.spdx", 0, run_unwanted},
    {"language/golang/gobinary", NULL, "binary", "usr/bin/%s", 0, run_go},
    {"language/rust/cargoauditable", "not_binary", "sbom", "x.spdx", 0, run_unwanted},
    {"language/rust/cargoauditable", NULL, "binary", "usr/bin/%s", 0, NULL},
    {"language/java/archive", "not_jar", "java/archive", "app/not.jar", 0, NULL},
    {"language/java/archive", NULL, "java/archive", "app/%s", 0, NULL},
    {"sbom/cdx", ".ext", "sbom", "app/bom.json", 0, run_other_name},
    {"sbom/cdx", "invalid_sbom", "sbom", "app/a.cdx.json", 0, run_sbom},
    {"sbom/spdx", ".ext", "sbom", "app/a.spdx", 0, run_other_name},
    {"sbom/cdx", NULL, "sbom", "app/%s", 0, run_sbom},
    {"sbom/spdx", NULL, "sbom", "app/%s", 0, run_sbom},
};

int main(void)
{
    return foreign_run(kinds, VL_ARRAY_LEN(kinds));
}
