/* How fields of audit events are read: the column "where" of content/fields.tsv. Private to event. */
#ifndef VL_EVENT_AUDIT_H
#define VL_EVENT_AUDIT_H

#include <stdint.h>

#define EVENT_PATH_MAX 8

enum event_path_kind {
    EVENT_PATH_NONE,
    EVENT_PATH_VALUE,           /* the value there */
    EVENT_PATH_LIST,            /* the items of the array there */
    EVENT_PATH_ALL,             /* of every item; missing where one item lacks it */
    EVENT_PATH_SOME,            /* of every item that has it */
    EVENT_PATH_FLAT,            /* the items of the arrays of every item that has one */
    EVENT_PATH_REPOSITORY,      /* as ALL, an image cut to its repository */
    EVENT_PATH_FIRST,           /* of the first item */
    EVENT_PATH_FIRSTREPOSITORY, /* the same, cut */
    EVENT_PATH_ANY,             /* "true" where it is true of any item, else "false" */
    EVENT_PATH_EFFECTIVE,       /* of every item: its own, the pod's, or 0 */
    EVENT_PATH_PORTS,           /* hostPort, else containerPort, of the ports of every item */
    EVENT_PATH_MEMBERS,         /* names of the members of every item, but "name" */
    EVENT_PATH_HOSTPATH,        /* "true" where one is the argument */
    EVENT_PATH_SUBJECTS,        /* names of a binding's subjects of this kind; "Kind:" with namespace */
    EVENT_PATH_PODNAME,
    EVENT_PATH_QUERY,   /* a parameter of requestURI */
    EVENT_PATH_NA,      /* always N/A */
    EVENT_PATH_POINTER, /* the argument is a JSON pointer */
    EVENT_PATH_WHOLE,
    EVENT_PATH_RAWTIME,
};

struct event_path {
    uint8_t kind;
    const char *keys[EVENT_PATH_MAX]; /* ended by NULL; "*": every item */
};

extern const struct event_path event_paths[]; /* by field id */

#endif
