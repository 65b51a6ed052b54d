#include "disk.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include "base/time.h"
#include "log.h"

#define LOOK_MS 1000
#define MIB     (1024.0 * 1024)

bool vl_disk_is_why(const struct vl_err *err)
{
    return err->err == -ENOSPC || err->err == -EDQUOT;
}

struct vl_disk_room vl_disk_room(const struct vl_server_app *app)
{
    struct statvfs s;
    if (!app->data.folder || statvfs(app->data.folder, &s) < 0 || s.f_blocks == 0)
        return (struct vl_disk_room){0};
    return (struct vl_disk_room){true, s.f_bavail * (uint64_t)s.f_frsize, s.f_blocks * (uint64_t)s.f_frsize};
}

static uint64_t reserve_of(const struct vl_disk_room *room)
{
    uint64_t part = room->of / VL_DISK_RESERVE_PART;
    return part < VL_DISK_RESERVE_MAX ? part : VL_DISK_RESERVE_MAX;
}

static void tell(const struct vl_server_app *app, int state, const struct vl_disk_room *room)
{
    char free_text[32] = "unknown";
    if (room->known)
        (void)snprintf(free_text, sizeof(free_text), "%.1f MiB", (double)room->bytes / MIB);
    const struct vl_log_field *fields = VL_LOG_FIELDS({"folder", app->data.folder}, {"free", free_text});
    if (state == VL_DISK_FULL)
        vl_log(VL_LOG_ERROR, fields,
            "the disk of the database is full: nothing can be stored, every change is refused, reads go on");
    else if (state == VL_DISK_LOW)
        vl_log(VL_LOG_WARNING, fields,
            "the disk of the data folder is nearly full: no scan and no other job begins until %.1f MiB are "
            "free",
            (double)reserve_of(room) / MIB);
    else
        vl_log(VL_LOG_INFO, fields, "there is room on the disk again");
}

enum vl_disk_state vl_disk_look(struct vl_server_app *app)
{
    long long now = vl_time_monotonic_us() / 1000, last = app->disk.looked;
    bool refused = app->store && vl_store_is_full(app->store);
    int before = app->disk.state;
    if ((last != 0 && now - last < LOOK_MS && refused == (before == VL_DISK_FULL)) ||
        !atomic_compare_exchange_strong(&app->disk.looked, &last, now))
        return (enum vl_disk_state)before;
    struct vl_disk_room room = vl_disk_room(app);
    bool low = room.known && room.bytes < reserve_of(&room);
    /* One small write that still fitted does not make it better. */
    bool beside = app->store && vl_store_kind(app->store) == VL_STORE_SQLITE;
    int state = refused || (before == VL_DISK_FULL && low && beside) ? VL_DISK_FULL
                : low                                                ? VL_DISK_LOW
                                                                     : VL_DISK_ROOM;
    if (state != before && atomic_compare_exchange_strong(&app->disk.state, &before, state))
        tell(app, state, &room);
    return (enum vl_disk_state)state;
}
