/* Events: who produced it, when, of what type, and fields that are read on demand. A producer (recorded
 * lines, the audit log, the sensor) implements `ops`; rules see nothing else. */
#ifndef VL_EVENT_EVENT_H
#define VL_EVENT_EVENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/doc.h"
#include "event/field.h"

#define VL_EVENT_VALUES_MAX 4096 /* items of one list-valued field; more are counted in `left_out` */

enum vl_value_kind {
    VL_VALUE_MISSING, /* every comparison is false, != too; printed <NA>; null in JSON */
    VL_VALUE_STRING,
    VL_VALUE_INT,
    VL_VALUE_UINT,
    VL_VALUE_DOUBLE,
    VL_VALUE_BOOL,
    VL_VALUE_LIST,
};

struct vl_event_value {
    uint8_t kind;      /* enum vl_value_kind */
    uint32_t n;        /* LIST */
    uint32_t left_out; /* LIST: items over the limit */
    union {
        struct vl_span string;
        int64_t i;
        uint64_t u;
        double d;
        bool boolean;
        const struct vl_event_value *items;
    } as;
    struct vl_span other; /* PATH: the second form, empty where there is none */
};

struct vl_event;

struct vl_event_ops {
    /* Reads a field. Values are lent until the event is done or live in `scratch`. A field that the event
     * does not have gives VL_VALUE_MISSING. */
    void (*get)(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
        struct vl_arena *scratch, struct vl_event_value *ret);
    /* The value of a field without an argument that lies in the event as it is: no copy. NULL where the event
     * does not have it. Producers whose values are made on demand have no such function. */
    const struct vl_event_value *(*look)(const struct vl_event *event, const struct vl_field *field);
};

struct vl_event {
    const struct vl_event_ops *ops;
    const void *data;
    enum vl_event_source source;
    uint16_t type; /* vl_event_type_find(): number of "openat", "execve" …; VL_EVENT_TYPE_OTHER for unknown
                      ones; 0 for sources without types */
    uint64_t time; /* nanoseconds since 1970 */
    uint64_t sequence; /* evt.num; 0 unknown */
};

static inline void vl_event_get(const struct vl_event *event, const struct vl_field *field,
    struct vl_span arg, struct vl_arena *scratch, struct vl_event_value *ret)
{
    event->ops->get(event, field, arg, scratch, ret);
}

/* --- event types of the syscall source --- */

#define VL_EVENT_TYPE_OTHER 1   /* a name that is not in the table */
#define VL_EVENT_TYPES_MAX  512 /* numbers are below this: rules keep a bit a type */

uint16_t vl_event_type_find(struct vl_span name); /* 0 where unknown */
const char *vl_event_type_name(uint16_t type);

/* --- recorded events --- */

/* One line {"fields": {"evt.type": "openat", "fd.name": …, "proc.aname[2]": …}} as the event of syscalls; an
 * alert of Falco's with "output_fields" will do. The document must outlive the event. */
VL_MUST_CHECK int vl_event_from_recorded(const struct vl_doc *doc, struct vl_event *ret, struct vl_err *err);
VL_MUST_CHECK int vl_event_from_recorded_node(
    const struct vl_doc_node *record, struct vl_event *ret, struct vl_err *err);

/* The same once for all: its fields lie in `arena`, so that reading one costs no search, as with a sensor's
 * events. For replaying many rules or runs over one event. */
VL_MUST_CHECK int vl_event_from_recorded_flat(
    const struct vl_doc *doc, struct vl_arena *arena, struct vl_event *ret, struct vl_err *err);

/* One audit.k8s.io Event (v1, v1beta1); the caller takes lists apart (vl_event_audit_each). */
VL_MUST_CHECK int vl_event_from_audit(
    const struct vl_doc_node *audit_event, struct vl_event *ret, struct vl_err *err);

/* Calls `each` for the event, or for every item of an EventList. */
VL_MUST_CHECK int vl_event_audit_each(const struct vl_doc_node *root,
    int (*each)(const struct vl_doc_node *audit_event, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* Any JSON object as a log record: fields by dotted names. `time` where the record tells it (time, timestamp,
 * @timestamp, eventTime …), else 0. */
VL_MUST_CHECK int vl_event_from_log(
    const struct vl_doc_node *record, struct vl_event *ret, struct vl_err *err);

/* A value as text ("<NA>" when missing; lists as Falco prints them: (a,b); all ancestors with blanks between;
 * times in UTC). `field` may be NULL. */
VL_MUST_CHECK int vl_event_value_text(
    const struct vl_event_value *value, const struct vl_field *field, struct vl_buf *out, struct vl_err *err);

#endif
