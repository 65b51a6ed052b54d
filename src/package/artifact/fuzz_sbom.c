#include <stdlib.h>

#include "package/sbom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_span content = {(const char *)data, size};
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inventory = vl_inventory_new();
    if (!inventory)
        return 0;
    bool looks = vl_sbom_detect(content);
    if (vl_sbom_read(content, "fuzzed", inventory, &err) < 0 && err.err == 0)
        abort(); /* an error without a message */
    (void)looks;
    vl_inventory_free(inventory);
    return 0;
}
