/* Reading a bbolt database, as containerd keeps one. Private to the room. Format: etcd-io/bbolt, version 2
 * (page.go, bucket.go, meta.go); nothing is locked or written, so that the daemon is not disturbed. */
#ifndef VL_IMAGE_BOLT_H
#define VL_IMAGE_BOLT_H

#include "base/arena.h"
#include "base/err.h"

#define VL_BOLT_DEPTH_MAX 16      /* pages from the root of a bucket to a leaf */
#define VL_BOLT_ITEMS_MAX 1000000 /* looked at in one database */

struct vl_bolt;

/* The descriptor is lent; pages are read into the arena. A file that is none: VL_ERR_INVALID. */
VL_MUST_CHECK int vl_bolt_open(
    int fd, const char *name, struct vl_arena *arena, struct vl_bolt **ret, struct vl_err *err);

/* Whether the database was written to since: then what was read may be of two states. */
VL_MUST_CHECK int vl_bolt_changed(const struct vl_bolt *bolt, bool *ret, struct vl_err *err);

struct vl_bolt_item {
    struct vl_span key;
    struct vl_span value;
    bool bucket; /* the value is that of a bucket, to be given to vl_bolt_each() */
};

/* Calls `each` for every item of a bucket, in the order of the keys; NULL is the root. More than 0 from it
 * ends the walk and is returned, as is less. Spans are good as long as the arena. */
VL_MUST_CHECK int vl_bolt_each(struct vl_bolt *bolt, const struct vl_bolt_item *bucket,
    int (*each)(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err),
    void *user, struct vl_err *err);

#endif
