/* A layer from its bytes to its encoded index, with all parsers in between. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "indexer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Secrets are not looked for in all: getting ready for it takes longer than the rest. */
    const struct vl_index_options options = {VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
        size % 3 ? VL_SCAN_VULN : VL_SCAN_VULN | VL_SCAN_SECRET};
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *blob = NULL;
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *index = NULL;
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *again = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf encoded;
    vl_buf_init(&encoded, VL_LAYER_INDEX_MAX);
    if (vl_stream_new_span((struct vl_span){(const char *)data, size}, &blob, &err) < 0)
        return 0;
    if (vl_index_layer(blob, "fuzz", &options, &index, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    /* What an indexer makes, its parent must be able to read. */
    if (vl_layer_index_encode(index, &encoded, &err) < 0 ||
        vl_layer_index_decode(vl_buf_span(&encoded), &again, &err) < 0)
        abort();
    return 0;
}
