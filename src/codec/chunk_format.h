/* Numbers of the chunk file's layout, shared by reader and writer. See docs/design/0003-chunk-file.md. */
#ifndef VL_CODEC_CHUNK_FORMAT_H
#define VL_CODEC_CHUNK_FORMAT_H

#include <stddef.h>

#define VL_CHUNK_MAGIC       "VLCF"
#define VL_CHUNK_FORMAT      1
#define VL_CHUNK_HEADER_SIZE 64
#define VL_CHUNK_ENTRY_SIZE  32

static inline size_t vl_chunk_page_table_at(size_t n_chunks)
{
    return (VL_CHUNK_HEADER_SIZE + n_chunks * VL_CHUNK_ENTRY_SIZE + 63) / 64 * 64;
}

#endif
