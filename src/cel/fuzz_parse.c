/* Any bytes as an expression: a tree or an issue, never more depth or nodes than the limits say. */
#include <stdlib.h>

#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(64UL * 1024 * 1024);
    struct vl_span text = {(const char *)data, size};
    struct vl_cel_issues *issues = arena ? vl_arena_alloc(arena, sizeof(*issues)) : NULL;
    struct vl_cel_parse_options options = {
        .optionals = true, .two_variables = true, .sort_by = true, .bindings = true};
    struct vl_cel_parsed parsed = {0};
    struct vl_err err = VL_ERR_INIT;
    if (!issues)
        return 0;
    issues->text = text;
    issues->arena = arena;
    if (vl_cel_parse(text, &options, arena, issues, &parsed, &err) < 0) {
        if (issues->n == 0 && err.code == VL_ERR_INVALID)
            abort(); /* refused without a reason */
        return 0;
    }
    if (!parsed.root || parsed.n_ids > VL_CEL_NODES_MAX + VL_CEL_CODE_POINTS_MAX)
        abort();
    return 0;
}
