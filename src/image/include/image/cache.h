/* A cache of layer indexes in a folder that scans and processes share without locks.
 *
 * An entry stands under the diff id of the bytes it was made of, the indexer's version and the scanners that
 * ran: put one only under a diff id that was computed from the bytes read. Entries are written beside and
 * renamed, checked by a digest when read, and removed, those longest unused first, when the folder is over
 * its size. A damaged entry is a miss. */
#ifndef VL_IMAGE_CACHE_H
#define VL_IMAGE_CACHE_H

#include "base/buf.h"
#include "codec/digest.h"

#define VL_IMAGE_CACHE_BYTES     (2ULL * 1024 * 1024 * 1024) /* default size of the folder */
#define VL_IMAGE_CACHE_ENTRY_MAX (512UL * 1024 * 1024)

struct vl_image_cache;

struct vl_image_cache_key {
    struct vl_digest diff_id; /* sha256 or sha512 */
    uint32_t indexer_version;
    uint32_t scanners; /* bits as the caller defines them */
};

/* Creates the folder where it is missing. `max_bytes` 0: the default. Folders that cannot be written are an
 * error the caller may shrug off: scanning works without. */
VL_MUST_CHECK int vl_image_cache_open(
    const char *dir, uint64_t max_bytes, struct vl_image_cache **ret, struct vl_err *err);
void vl_image_cache_close(struct vl_image_cache *cache); /* accepts NULL */

/* Appends the entry's bytes; false where there is none, or none that is whole. May be called by several
 * threads. */
bool vl_image_cache_get(
    struct vl_image_cache *cache, const struct vl_image_cache_key *key, struct vl_buf *out);

/* Replaces or adds. May be called by several threads. */
VL_MUST_CHECK int vl_image_cache_put(struct vl_image_cache *cache, const struct vl_image_cache_key *key,
    struct vl_span bytes, struct vl_err *err);

#endif
