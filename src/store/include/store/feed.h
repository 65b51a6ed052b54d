/* What has changed, as a numbered feed: caches, SSE and exports follow it from a cursor and miss nothing. And
 * who leads.
 *
 * A change is added inside of the write that makes it. PostgreSQL: numbers are given in the order of commits
 * (an advisory lock around the insert), LISTEN/NOTIFY wakes; SQLite: the one writer, a condition wakes. */
#ifndef VL_STORE_FEED_H
#define VL_STORE_FEED_H

#include "store/schema.h"

extern const struct vl_table vl_feed_table;   /* "change" */
extern const struct vl_table vl_leader_table; /* "leader" */

struct vl_change {
    int64_t number;
    int64_t at;          /* ms */
    int64_t environment; /* 0: none */
    const char *topic;   /* "image", "finding", "score", "job" … */
    const char *key;
};

VL_MUST_CHECK int vl_feed_add(
    struct vl_store_conn *conn, int64_t environment, const char *topic, const char *key, struct vl_err *err);

/* Changes after `cursor`, oldest first, at most `max`; texts in the arena. *ret_gap: some after the cursor
 * are gone already (older than the feed keeps): read everything again. */
VL_MUST_CHECK int vl_feed_read(struct vl_store_conn *conn, int64_t cursor, size_t max, struct vl_arena *arena,
    struct vl_change **ret, size_t *ret_n, bool *ret_gap, struct vl_err *err);
VL_MUST_CHECK int vl_feed_last(struct vl_store_conn *conn, int64_t *ret_number, struct vl_err *err);

/* Waits until something is newer than `cursor`, or for `timeout_ms`: 1 or 0. Any thread. */
VL_MUST_CHECK int vl_feed_wait(struct vl_store *store, int64_t cursor, int timeout_ms, struct vl_err *err);

/* Removes what is older than `before_ms`. */
VL_MUST_CHECK int vl_feed_trim(struct vl_store_conn *conn, int64_t before_ms, struct vl_err *err);

/* Leadership of a named task: at most one process at a time. 1 this one leads (until it ends or `lease_ms`
 * pass without a new call; a negative lease gives it up), 0 another does. */
VL_MUST_CHECK int vl_leader_try(
    struct vl_store *store, const char *name, const char *who, int64_t lease_ms, struct vl_err *err);

#endif
