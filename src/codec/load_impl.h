/* The libraries that codec loads when they are needed; each is known to its one wrapper. */
#ifndef VL_CODEC_LOAD_IMPL_H
#define VL_CODEC_LOAD_IMPL_H

#include "base/err.h"

VL_MUST_CHECK int codec_load_bz2(struct vl_err *err);
VL_MUST_CHECK int codec_load_expat(struct vl_err *err);
VL_MUST_CHECK int codec_load_lzma(struct vl_err *err);
VL_MUST_CHECK int codec_load_yaml(struct vl_err *err);

#endif
