/* Loads the libraries of formats that are not in every target (XML, YAML, xz, bzip2). They come otherwise
 * with the first document or stream of their format: too late for who may open no files any more. */
#ifndef VL_CODEC_LOAD_H
#define VL_CODEC_LOAD_H

#include "base/err.h"

/* All that are there; the error is of the first that is not. */
VL_MUST_CHECK int vl_codec_load(struct vl_err *err);

/* Those of documents alone: XML and YAML. */
VL_MUST_CHECK int vl_codec_load_documents(struct vl_err *err);

#endif
