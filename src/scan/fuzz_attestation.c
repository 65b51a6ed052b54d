/* A document that lies beside an image, listed as what its first line says. */
#include <stdlib.h>
#include <string.h>

#include "attestation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    struct vl_attestation found = {0};
    struct vl_err err = VL_ERR_INIT;
    struct vl_span rest = {(const char *)data, size}, line;
    if (!arena || !vl_span_split_line(&rest, &line))
        return 0;
    const char *listed_as = line.len ? vl_arena_dup_span(arena, line) : NULL;
    if (vl_scan_attestation_read(rest, listed_as, arena, &found, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (!found.kind || found.kind[0] == '\0')
        abort();
    for (const char *c = found.summary; c && *c; c++)
        if ((unsigned char)*c < ' ')
            abort(); /* it goes to a terminal */
    return 0;
}
