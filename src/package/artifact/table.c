#include "tables.h"

const struct vl_package_parser *const vl_package_artifact_parsers[] = {
    NULL,
};
