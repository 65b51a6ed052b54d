/* Room: what the server does when the disk of its data folder, or of its database, is full.
 *
 * Nearly full (less is free in the data folder than the reserve): no job begins, so that what is left is
 * there for what people do. Full (the database could not store): writes are refused with 507, reads go on.
 * Both end by themselves once there is room again. */
#ifndef VL_SERVER_DISK_H
#define VL_SERVER_DISK_H

#include "app.h"

#define VL_DISK_RESERVE_MAX  (64ULL * 1024 * 1024) /* bytes that are kept free in the data folder … */
#define VL_DISK_RESERVE_PART 32                    /* … and at most this part of its disk */

enum vl_disk_state {
    VL_DISK_ROOM = 0,
    VL_DISK_LOW,
    VL_DISK_FULL,
};

struct vl_disk_room {
    bool known;
    uint64_t bytes, of; /* free for us, and all */
};

/* Asks at most once a second. A change is logged, once. Any thread. */
enum vl_disk_state vl_disk_look(struct vl_server_app *app);
/* Of the data folder, now. */
struct vl_disk_room vl_disk_room(const struct vl_server_app *app);

/* Whether an error says that a disk, or what is allotted of it, is full. */
bool vl_disk_is_why(const struct vl_err *err);

#endif
