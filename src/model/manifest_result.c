#include "model/manifest_result.h"

#include <stdlib.h>

#define CHECKS_MAX    1000000
#define STANDARDS_MAX 1000

struct vl_manifest_result *vl_manifest_result_new(void)
{
    struct vl_manifest_result *result = calloc(1, sizeof(*result));
    if (!result)
        return NULL;
    result->arena = vl_arena_new(VL_MANIFEST_ARENA_MAX);
    vl_vec_init(&result->objects, sizeof(struct vl_manifest_object), VL_MANIFEST_OBJECTS_MAX);
    vl_vec_init(&result->checks, sizeof(struct vl_manifest_check), CHECKS_MAX);
    vl_vec_init(&result->findings, sizeof(struct vl_manifest_finding), VL_MANIFEST_FINDINGS_MAX);
    vl_vec_init(&result->problems, sizeof(struct vl_manifest_problem), VL_MANIFEST_PROBLEMS_MAX);
    vl_vec_init(&result->standards, sizeof(struct vl_manifest_standard), STANDARDS_MAX);
    if (!result->arena) {
        vl_manifest_result_free(result);
        return NULL;
    }
    return result;
}

void vl_manifest_result_free(struct vl_manifest_result *result)
{
    if (!result)
        return;
    vl_vec_done(&result->objects);
    vl_vec_done(&result->checks);
    vl_vec_done(&result->findings);
    vl_vec_done(&result->problems);
    vl_vec_done(&result->standards);
    vl_arena_free(result->arena);
    free(result);
}

void vl_manifest_result_cleanup(struct vl_manifest_result **result)
{
    vl_manifest_result_free(*result);
    *result = NULL;
}
