#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "scan/inventory_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted is written and read again: the second and third form must be equal. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = NULL;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *again = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf first;
    VL_CLEANUP(vl_buf_done) struct vl_buf second;
    vl_buf_init(&first, VL_INVENTORY_ENCODED_MAX);
    vl_buf_init(&second, VL_INVENTORY_ENCODED_MAX);
    if (vl_inventory_decode((struct vl_span){(const char *)data, size}, &inventory, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (vl_inventory_encode(inventory, &first, &err) < 0 ||
        vl_inventory_decode(vl_buf_span(&first), &again, &err) < 0 ||
        vl_inventory_encode(again, &second, &err) < 0 ||
        !vl_span_eq(vl_buf_span(&first), vl_buf_span(&second)))
        abort();
    return 0;
}
