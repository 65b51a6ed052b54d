#include <stdlib.h>
#include <sys/mman.h>

#include "base/file.h"
#include "bolt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    unsigned depth;
    uint64_t sum, items;
};

static int each(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err)
{
    struct seen *s = user;
    int r = 0;
    for (size_t i = 0; i < item->key.len; i++) /* the spans can be read */
        s->sum += (uint8_t)item->key.ptr[i];
    for (size_t i = 0; i < item->value.len; i++)
        s->sum += (uint8_t)item->value.ptr[i];
    if (s->items++ > 5000)
        return 1;
    if (item->bucket && s->depth < 6) {
        s->depth++;
        r = vl_bolt_each(bolt, item, each, s, err);
        s->depth--;
    }
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_file_close) int fd = memfd_create("bolt", MFD_CLOEXEC);
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL << 20);
    struct vl_bolt *bolt = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct seen s = {0};
    bool changed = false;
    if (fd < 0 || !arena ||
        vl_file_write_fd(fd, "bolt", (struct vl_span){(const char *)data, size}, &err) < 0 ||
        vl_bolt_open(fd, "bolt", arena, &bolt, &err) < 0)
        return 0;
    if (vl_bolt_each(bolt, NULL, each, &s, &err) < 0 && err.code == VL_ERR_NONE)
        abort();
    if (vl_bolt_changed(bolt, &changed, &err) < 0 || changed)
        abort();
    return 0;
}
