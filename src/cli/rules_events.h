/* Recorded events, audit logs and other logs as events for rules. Private to the room. */
#ifndef VL_CLI_RULES_EVENTS_H
#define VL_CLI_RULES_EVENTS_H

#include "event/event.h"

#define VL_RULES_EVENTS_FILE_MAX (64ULL * 1024 * 1024 * 1024) /* bytes of a file, unpacked */
#define VL_RULES_EVENTS_LINE_MAX \
    (64UL * 1024 * 1024) /* bytes of one event, or of a file that is not one a line */

struct vl_rules_events {
    enum vl_event_source source;
    int (*each)(const struct vl_event *event, void *user, struct vl_err *err);
    void *user;
    struct vl_arena *arena; /* for the event in hand; reset before each */
    uint64_t events;
    uint64_t invalid;   /* told on standard error, and passed over */
    uint64_t odd_types; /* without a type, or of one that is not known: the first is told */
};

/* Reads a file ("-": standard input): JSON lines, or JSON documents one after the other over several lines;
 * packed by gzip, zstd, xz or bzip2 too. An audit EventList and an array are taken apart. Behind a damaged
 * document reading goes on with the next. */
VL_MUST_CHECK int vl_rules_events_read(struct vl_rules_events *events, const char *path, struct vl_err *err);

#endif
