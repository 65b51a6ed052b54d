#include <stdlib.h>
#include <string.h>

#include "manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const char *s)
{
    if (s && strlen(s) > VL_IMAGE_CONFIG_MAX)
        abort();
}

static void use_manifest(struct vl_span bytes, const char *media_type, struct vl_arena *arena)
{
    VL_CLEANUP(vl_manifest_done) struct vl_manifest m;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_descriptor *chosen = NULL;
    vl_manifest_init(&m);
    if (vl_manifest_parse(bytes, media_type, "manifest", arena, &m, &err) < 0)
        return;
    for (size_t i = 0; i < m.entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&m.entries, i);
        struct vl_digest digest;
        if (!vl_digest_parse(vl_span_str(d->digest), &digest)) /* promised by the header */
            abort();
        use(vl_platform_format(&d->platform, arena));
    }
    use(m.subject);
    static const char *const wanted[] = {NULL, "linux/arm64/v8", "windows/amd64", "linux/arm/v6"};
    for (size_t i = 0; m.kind == VL_MANIFEST_INDEX && i < VL_ARRAY_LEN(wanted); i++) {
        if (vl_manifest_select(&m, wanted[i], "index", arena, &chosen, &err) == 0 && chosen->attestation)
            abort();
    }
}

static void use_config(struct vl_span bytes, struct vl_arena *arena)
{
    VL_CLEANUP(vl_config_done) struct vl_config c;
    struct vl_err err = VL_ERR_INIT;
    vl_config_init(&c);
    if (vl_config_parse(bytes, "configuration", arena, &c, &err) < 0)
        return;
    for (size_t i = 0; i < c.layers.len; i++) {
        const struct vl_config_layer *l = vl_vec_at(&c.layers, i);
        use(l->diff_id);
        use(l->created_by);
    }
    use(c.os_version);
}

/* "linux/arm64/v8" read is written as something that reads back and serves it. */
static void use_platform(struct vl_span text, struct vl_arena *arena)
{
    struct vl_platform p, again;
    struct vl_err err = VL_ERR_INIT;
    const char *copy = vl_arena_dup_span(arena, text);
    if (!copy || vl_platform_parse(copy, arena, &p, &err) < 0)
        return;
    const char *written = vl_platform_format(&p, arena);
    if (written && vl_platform_parse(written, arena, &again, &err) == 0 && !vl_platform_match(&p, &again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_span bytes = {(const char *)data, size};
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64UL << 20);
    if (!arena)
        return 0;
    use_manifest(bytes, NULL, arena);
    use_manifest(bytes, VL_MEDIA_OCI_INDEX, arena);
    use_config(bytes, arena);
    use_platform(bytes, arena);
    return 0;
}
