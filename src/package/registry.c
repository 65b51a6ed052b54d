#include <string.h>

#include "os/rpm_db.h"
#include "tables.h"

/* Distributions first: their files have fixed places. Artifacts last: some of them want any executable. */
static const struct vl_package_parser *const *const families[] = {
    vl_package_os_parsers,
    vl_package_language_parsers,
    vl_package_artifact_parsers,
};

const struct vl_package_parser *vl_package_parser_at(size_t index)
{
    for (size_t f = 0; f < VL_ARRAY_LEN(families); f++) {
        for (size_t i = 0; families[f][i]; i++) {
            if (index-- == 0)
                return families[f][i];
        }
    }
    return NULL;
}

const struct vl_package_parser *vl_package_parser_for(const struct vl_package_file *file, unsigned scopes)
{
    struct vl_package_file ask = *file;
    if (!ask.base.ptr) {
        const char *slash = strrchr(ask.path, '/');
        ask.base = vl_span_str(slash ? slash + 1 : ask.path);
    }
    for (size_t f = 0; f < VL_ARRAY_LEN(families); f++) {
        for (size_t i = 0; families[f][i]; i++) {
            if ((families[f][i]->scopes & scopes) && families[f][i]->wants(&ask))
                return families[f][i];
        }
    }
    return NULL;
}

const struct vl_package_parser *vl_package_parser_by_name(const char *name)
{
    const struct vl_package_parser *parser;
    for (size_t i = 0; (parser = vl_package_parser_at(i)); i++) {
        if (strcmp(parser->name, name) == 0)
            return parser;
    }
    return NULL;
}

int vl_package_load(struct vl_err *err)
{
    return os_rpm_sqlite_load(err);
}
