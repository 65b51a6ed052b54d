/* Private: what queue.c and feed.c need of a store. */
#ifndef VL_STORE_IMPL_H
#define VL_STORE_IMPL_H

#include "store/store.h"

/* Counts the commits that added to the feed, as far as this process has heard. */
uint64_t store_feed_version(struct vl_store *store);

/* Until it is another than `version`: 1, or 0 after the time. */
VL_MUST_CHECK int store_wait_feed(
    struct vl_store *store, uint64_t version, int timeout_ms, struct vl_err *err);

/* Writes what was added to the feed, all at once: before the commit, since on PostgreSQL the feed is locked
 * from then on. */
VL_MUST_CHECK int store_feed_flush(struct vl_store_conn *conn, struct vl_err *err);
void store_feed_forget(struct vl_store_conn *conn);

#endif
