#include "model/result.h"

#include <stdlib.h>

#define ARENA_MAX        (512UL * 1024 * 1024)
#define FINDINGS_MAX     5000000
#define IGNORES_MAX      100000
#define GATES_MAX        64
#define ATTESTATIONS_MAX 1000

struct vl_scan_result *vl_scan_result_new(void)
{
    struct vl_scan_result *result = calloc(1, sizeof(*result));
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    if (!result || !arena) {
        free(result);
        vl_arena_free(arena);
        return NULL;
    }
    result->arena = arena;
    result->passed = true;
    vl_vec_init(&result->findings, sizeof(struct vl_finding), FINDINGS_MAX);
    vl_vec_init(&result->ignores, sizeof(struct vl_ignore_report), IGNORES_MAX);
    vl_vec_init(&result->gates, sizeof(struct vl_gate_verdict), GATES_MAX);
    vl_vec_init(&result->attestations, sizeof(struct vl_attestation), ATTESTATIONS_MAX);
    return result;
}

void vl_scan_result_free(struct vl_scan_result *result)
{
    if (!result)
        return;
    vl_vec_done(&result->findings);
    vl_vec_done(&result->ignores);
    vl_vec_done(&result->gates);
    vl_vec_done(&result->attestations);
    vl_inventory_free(result->inventory);
    vl_arena_free(result->arena);
    free(result);
}

void vl_scan_result_cleanup(struct vl_scan_result **result)
{
    vl_scan_result_free(*result);
    *result = NULL;
}
