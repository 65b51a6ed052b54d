/* Fields of events: their names, types and arguments, generated at build time from content/fields.tsv.
 * Falco's fields of the sources `syscall` and `k8s_audit` under Falco's names, so that its rules load
 * unmodified.
 *
 * Source of names and types: `falco --list` (Apache-2.0); descriptions are ours. */
#ifndef VL_EVENT_FIELD_H
#define VL_EVENT_FIELD_H

#include "base/compiler.h"
#include "base/span.h"

enum vl_event_source {
    VL_EVENT_SYSCALL,
    VL_EVENT_K8S_AUDIT,
    VL_EVENT_LOG, /* any JSON record (Sigma on logs): fields are looked up by name in the record itself */
    VL_EVENT_SOURCES,
};

enum vl_field_type {
    VL_FIELD_STRING,
    VL_FIELD_PATH, /* two values: as written and as resolved (struct vl_event_value.other) */
    VL_FIELD_INT,
    VL_FIELD_UINT,
    VL_FIELD_DOUBLE,
    VL_FIELD_BOOL,
    VL_FIELD_TIME,     /* nanoseconds since 1970, uint */
    VL_FIELD_DURATION, /* nanoseconds, uint */
    VL_FIELD_IP,       /* fd.ip and the like: text of an address; compares with addresses and nets */
    VL_FIELD_NET,
    VL_FIELD_PORT,
    VL_FIELD_BYTES,
};

enum vl_field_arg {
    VL_FIELD_ARG_NONE,
    VL_FIELD_ARG_INDEX, /* proc.aname[2] */
    VL_FIELD_ARG_KEY,   /* evt.arg.name, evt.arg[name], container.mount.dest[/x], jevt.value[/a/b] */
};

/* How a VL_FIELD_TIME is written: Falco's forms. */
enum vl_field_form {
    VL_FIELD_PLAIN,
    VL_FIELD_FORM_TIME,       /* 14:35:50.627514000 */
    VL_FIELD_FORM_TIME_S,     /* 14:35:50 */
    VL_FIELD_FORM_ISO8601,    /* 2018-10-26T14:35:50.627514000+0000 */
    VL_FIELD_FORM_DATETIME,   /* 2018-10-26 14:35:50.627514000 */
    VL_FIELD_FORM_DATETIME_S, /* 2018-10-26 14:35:50 */
};

struct vl_field {
    const char *name;
    const char *description;
    uint16_t id;    /* index into the table; stable within one build only */
    uint8_t source; /* enum vl_event_source */
    uint8_t type;   /* enum vl_field_type */
    uint8_t arg;    /* enum vl_field_arg */
    bool arg_required;
    bool is_list;        /* a set of values: ka.req.pod.containers.image */
    bool filterable;     /* false: may stand in outputs only */
    bool printable;      /* false: may stand in conditions only (fd.ip) */
    bool either;         /* fd.ip: a list of both ends; = if one is, != only if none is */
    bool any_ancestor;   /* proc.aname: without an argument the list of all ancestors; any may match */
    bool no_right;       /* may not stand on the right side: val(…) */
    bool no_transformer; /* takes no transformer */
    uint8_t form;        /* enum vl_field_form */
};

/* NULL where the source has no such field. In the source VL_EVENT_LOG every name is one: the field "record"
 * with the name as its argument. A name below a prefix field ("evt.arg.path", "ka.…") gives the
 * field, and the rest as *ret_arg. `arg` empty where none was written. */
const struct vl_field *vl_field_find(
    enum vl_event_source source, struct vl_span name, struct vl_span arg, struct vl_span *ret_arg);
const struct vl_field *vl_field_at(uint16_t id);
uint16_t vl_field_count(void);

/* The best guess for a misspelt name, for messages; NULL where nothing is near. */
const struct vl_field *vl_field_nearest(enum vl_event_source source, struct vl_span name);

#endif
