/* A layer from its bytes to its encoded index, with all parsers in between; as a stream and as a region of a
 * file, where a plain layer's index comes before its digest: both are the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/file.h"
#include "indexer.h"

#define SECRETS_EVERY 203 /* inputs, about; of the corpus it is plain.tar */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_ahead(const struct vl_layer_index *index, void *user, struct vl_err *err)
{
    (void)err;
    if (index->has_diff_id || ++*(unsigned *)user > 1)
        abort();
    return 0;
}

static void index_region(
    struct vl_span bytes, struct vl_index_options options, const struct vl_layer_index *other)
{
    VL_CLEANUP(vl_file_close) int fd = memfd_create("layer", MFD_CLOEXEC);
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *index = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf mine, others;
    struct vl_err err = VL_ERR_INIT;
    unsigned ahead = 0;
    vl_buf_init(&mine, VL_LAYER_INDEX_MAX);
    vl_buf_init(&others, VL_LAYER_INDEX_MAX);
    options.ahead = on_ahead;
    options.ahead_user = &ahead;
    if (fd < 0 || vl_file_write_fd(fd, "layer", bytes, &err) < 0)
        return;
    if (vl_index_layer_region(fd, 0, bytes.len, "fuzz", &options, &index, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return;
    }
    if (!other || !other->has_diff_id || !index->has_diff_id)
        return;
    if (vl_layer_index_encode(index, &mine, &err) < 0 || vl_layer_index_encode(other, &others, &err) < 0 ||
        !vl_span_eq(vl_buf_span(&mine), vl_buf_span(&others)))
        abort();
}

/* Secrets are not looked for in all: getting ready for it takes a hundred times as long as the rest. */
static bool wants_secrets(const uint8_t *data, size_t size)
{
    size_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += data[i];
    return sum % SECRETS_EVERY == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct vl_index_options options = {VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
        wants_secrets(data, size) ? VL_SCAN_VULN | VL_SCAN_SECRET : VL_SCAN_VULN};
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
    index_region((struct vl_span){(const char *)data, size}, options, index);
    /* What an indexer makes, its parent must be able to read. */
    if (vl_layer_index_encode(index, &encoded, &err) < 0 ||
        vl_layer_index_decode(vl_buf_span(&encoded), &again, &err) < 0)
        abort();
    return 0;
}
