/* The log of the server: one line an event on standard error, for people (text) or for machines (JSON), never
 * a secret.
 *
 *   2026-11-28T02:30:00.000Z info vallumd 0.1.0 listens on https://… address=localhost:8443
 *   {"time":"…","level":"info","message":"…","address":"localhost:8443"}
 *
 * Only the server room logs; libraries hand their errors up. Any thread; a line is one write. */
#ifndef VL_SERVER_LOG_H
#define VL_SERVER_LOG_H

#include "base/compiler.h"

#include <stdbool.h>

#define VL_LOG_LINE_MAX 8192 /* bytes; a longer text is cut, and says so */

enum vl_log_level {
    VL_LOG_ERROR,
    VL_LOG_WARNING,
    VL_LOG_INFO,
    VL_LOG_DEBUG,
};

struct vl_log_field {
    const char *key, *value; /* a NULL value leaves the field out */
};

/* Once, before threads start. Standard: text, info. */
void vl_log_set(bool json, enum vl_log_level level);
bool vl_log_wants(enum vl_log_level level);

/* `fields` ends with a NULL key; NULL for none. Control characters are escaped: no input can begin a line of
 * its own. */
VL_PRINTF(3, 4)
void vl_log(enum vl_log_level level, const struct vl_log_field *fields, const char *format, ...);

/* The compound literal of fields: VL_LOG_FIELDS({"job", kind}, {"key", key}). */
#define VL_LOG_FIELDS(...) ((const struct vl_log_field[]){__VA_ARGS__, {0}})

#endif
