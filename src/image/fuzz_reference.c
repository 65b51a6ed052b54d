#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena = vl_arena_new(64UL * 1024);
    struct vl_image_reference ref = {0}, again = {0};
    struct vl_err err = VL_ERR_INIT;
    struct vl_span text = {(const char *)data, size};

    if (arena && vl_image_reference_parse(text, arena, &ref, &err) == 0) {
        /* A taken reference reads back as itself; path and host hold nothing that a URL would read otherwise.
         */
        const char *written = vl_image_reference_format(&ref, arena);
        struct vl_span back = vl_span_str(written);
        if (back.len <= VL_IMAGE_REFERENCE_MAX &&
            (vl_image_reference_parse(back, arena, &again, &err) < 0 ||
                strcmp(again.registry, ref.registry) != 0 || strcmp(again.repository, ref.repository) != 0 ||
                strpbrk(written, "?#% \\") || strstr(ref.repository, "..")))
            abort();
    }
    vl_arena_free(arena);
    return 0;
}
