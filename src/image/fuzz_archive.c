#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A docker-archive or the tar of an OCI layout: manifest.json, index.json, manifests, configurations, layers.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_file_close) int fd = memfd_create("archive", MFD_CLOEXEC);
    struct vl_err err = VL_ERR_INIT;
    if (fd < 0 || vl_file_write_fd(fd, "archive", (struct vl_span){(const char *)data, size}, &err) < 0)
        return 0;
    for (int f = 0; f < 2; f++) {
        VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = vl_inventory_new();
        char name[64];
        vl_err_clear(&err);
        (void)snprintf(name, sizeof(name),
            f ? "oci-archive:/proc/self/fd/%d:1.0" : "docker-archive:/proc/self/fd/%d", fd);
        if (!inventory || vl_image_open(name, NULL, &image, &err) < 0) {
            if (inventory && err.code == VL_ERR_NONE)
                abort();
            continue;
        }
        if (vl_image_describe(image, inventory, &err) < 0)
            continue;
        for (size_t i = 0; i < vl_image_layer_count(image); i++) {
            int layer = -1;
            uint64_t offset = 0, length = 0;
            char byte;
            if (vl_image_layer_region(image, i, &layer, &offset, &length) && length &&
                pread(layer, &byte, 1, (off_t)(offset + length - 1)) < 0)
                abort();
        }
    }
    return 0;
}
