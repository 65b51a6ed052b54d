#include "codec/load.h"

#include "load_impl.h"

int vl_codec_load(struct vl_err *err)
{
    static int (*const loads[])(struct vl_err *) = {
        codec_load_bz2, codec_load_expat, codec_load_lzma, codec_load_yaml};
    int first = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(loads); i++) {
        struct vl_err own = VL_ERR_INIT;
        int r = loads[i](&own);
        if (r < 0 && first == 0) {
            first = r;
            *err = own;
        }
    }
    return first;
}
