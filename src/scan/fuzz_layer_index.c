#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_layer_index.h"

#include "image/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return fuzz_mutate_layer_index(data, size, max_size, seed);
}

/* What was taken for an index must be fit for the merge, whatever it says. */
static void merge(const struct vl_layer_index *index)
{
    const struct vl_layer_paths *layers[] = {&index->paths, NULL, &index->paths};
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_merge_cleanup) struct vl_merge *view = NULL;
    if (vl_merge_new(layers, VL_ARRAY_LEN(layers), &view, &err) < 0)
        return;
    for (size_t i = 0; i < vl_merge_count(view); i++)
        (void)vl_merge_content(view, vl_merge_at(view, i)->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *index = NULL;
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *again = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf first;
    VL_CLEANUP(vl_buf_done) struct vl_buf second;
    vl_buf_init(&first, VL_LAYER_INDEX_MAX);
    vl_buf_init(&second, VL_LAYER_INDEX_MAX);
    if (vl_layer_index_decode((struct vl_span){(const char *)data, size}, &index, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (vl_layer_index_encode(index, &first, &err) < 0 ||
        vl_layer_index_decode(vl_buf_span(&first), &again, &err) < 0 ||
        vl_layer_index_encode(again, &second, &err) < 0 ||
        !vl_span_eq(vl_buf_span(&first), vl_buf_span(&second)))
        abort();
    merge(index);
    return 0;
}
