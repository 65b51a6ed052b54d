#include "model/purl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was parsed is written, and what was written is canonical: it parses again and is written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_purl purl, again;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    VL_CLEANUP(vl_buf_done) struct vl_buf first;
    VL_CLEANUP(vl_buf_done) struct vl_buf second;
    vl_buf_init(&first, 1UL << 20);
    vl_buf_init(&second, 1UL << 20);
    if (!arena || vl_purl_parse((struct vl_span){(const char *)data, size}, arena, &purl, &err) < 0)
        return 0;
    (void)vl_purl_qualifier(&purl, "arch");
    if (vl_purl_format(&purl, &first, &err) < 0) /* encoding can make it too long, nothing else is wrong */
        return err.code == VL_ERR_LIMIT ? 0 : (abort(), 0);
    if (vl_purl_parse(vl_buf_span(&first), arena, &again, &err) < 0 ||
        vl_purl_format(&again, &second, &err) < 0 || !vl_span_eq(vl_buf_span(&first), vl_buf_span(&second)))
        abort();
    return 0;
}
