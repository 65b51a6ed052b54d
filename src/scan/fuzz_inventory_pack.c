#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/reader.h"
#include "scan/inventory_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refuse(const struct vl_err *err)
{
    if (err->msg[0] == '\0' || err->code == VL_ERR_INVALID)
        abort();
}

/* u16 bytes of a packed base, the base, a list packed with it: both as a damaged store gives them. Then the
 * same bytes as plain ones: what is packed comes back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf base, list, packed, back;
    struct vl_reader in = vl_reader_new((struct vl_span){(const char *)data, size});
    size_t len = vl_reader_u16le(&in);
    vl_buf_init(&base, VL_INVENTORY_ENCODED_MAX);
    vl_buf_init(&list, VL_INVENTORY_ENCODED_MAX);
    vl_buf_init(&packed, VL_INVENTORY_ENCODED_MAX);
    vl_buf_init(&back, VL_INVENTORY_ENCODED_MAX);
    if (!vl_reader_ok(&in) || len > vl_reader_left(&in))
        return 0;
    struct vl_span first = vl_reader_take(&in, len), second = vl_reader_take(&in, vl_reader_left(&in));
    if (vl_inventory_unpack_with(first, VL_SPAN_EMPTY, &base, &err) < 0 ||
        vl_inventory_unpack_with(second, vl_buf_span(&base), &list, &err) < 0 ||
        vl_inventory_decode(vl_buf_span(&list), &inventory, &err) < 0)
        refuse(&err);
    if (vl_inventory_pack_with(second, first, &packed, &err) < 0 ||
        vl_inventory_unpack_with(vl_buf_span(&packed), first, &back, &err) < 0 ||
        !vl_span_eq(second, vl_buf_span(&back)))
        abort();
    return 0;
}
