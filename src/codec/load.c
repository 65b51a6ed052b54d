#include "codec/load.h"

#include "load_impl.h"

static int load_each(int (*const *loads)(struct vl_err *), size_t n, struct vl_err *err)
{
    int first = 0;
    for (size_t i = 0; i < n; i++) {
        struct vl_err own = VL_ERR_INIT;
        int r = loads[i](&own);
        if (r < 0 && first == 0) {
            first = r;
            *err = own;
        }
    }
    return first;
}

int vl_codec_load(struct vl_err *err)
{
    static int (*const loads[])(struct vl_err *) = {
        codec_load_bz2, codec_load_expat, codec_load_lzma, codec_load_yaml};
    return load_each(loads, VL_ARRAY_LEN(loads), err);
}

int vl_codec_load_documents(struct vl_err *err)
{
    static int (*const loads[])(struct vl_err *) = {codec_load_expat, codec_load_yaml};
    return load_each(loads, VL_ARRAY_LEN(loads), err);
}
