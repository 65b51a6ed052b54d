/* Indexes of an indexer that was taken over, or of a damaged cache: what the decoder lets through must be fit
 * for assembling. Input: a byte (bit 0: the second index first, bit 1: as a folder, bit 2: a Windows image),
 * u16 length of the first index (little endian), the indexes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "base/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was said: owners and layers are there, packages have a name and stand in order. */
static void check(const struct vl_inventory *inv, size_t n_layers)
{
    const struct vl_package *list = inv->packages.items;
    for (size_t i = 0; i < inv->packages.len; i++) {
        const struct vl_package *p = &list[i];
        if (!p->name || !p->version || !p->path || (p->layer != VL_LAYER_NONE && p->layer >= n_layers) ||
            (p->owner != VL_PACKAGE_NONE && p->owner >= inv->packages.len) ||
            (i && (list[i - 1].ecosystem > p->ecosystem ||
                      (list[i - 1].ecosystem == p->ecosystem && strcmp(list[i - 1].name, p->name) > 0))))
            abort();
    }
    for (size_t i = 0; i < inv->secrets.len; i++)
        if (((const struct vl_secret *)vl_vec_at(&inv->secrets, i))->layer >= n_layers &&
            ((const struct vl_secret *)vl_vec_at(&inv->secrets, i))->layer != VL_LAYER_NONE)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_reader in = vl_reader_new((struct vl_span){(const char *)data, size});
    struct vl_err err = VL_ERR_INIT;
    unsigned how = vl_reader_u8(&in);
    struct vl_span first = vl_reader_take(&in, vl_reader_u16le(&in));
    struct vl_span second = vl_reader_take(&in, vl_reader_left(&in));
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *a = NULL;
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *b = NULL;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = vl_inventory_new();
    if (!inv || !vl_reader_ok(&in) || vl_layer_index_decode(first, &a, &err) < 0)
        return 0;
    if (vl_layer_index_decode(second, &b, &err) < 0)
        vl_err_clear(&err); /* one layer, and nothing known of the others */
    struct vl_layer_index *layers[] = {how & 1 ? b : a, how & 1 ? a : b, NULL};
    inv->target = (struct vl_target){.kind = VL_TARGET_IMAGE,
        .name = "fuzz",
        .os = how & 4 ? "windows" : "linux",
        .os_version = how & 4 ? "10.0.20348.2113" : NULL};
    int r = how & 2 ? vl_scan_assemble_folder(a, inv, &err) : vl_scan_assemble(layers, 3, inv, &err);
    if (r >= 0)
        check(inv, 3);
    else if (err.msg[0] == '\0')
        abort();
    return 0;
}
