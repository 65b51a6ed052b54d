/* Paragraphs of "Field: value" as dpkg and opkg write them. Source: deb-control(5), deb822(5). */
#ifndef VL_PACKAGE_OS_CONTROL_H
#define VL_PACKAGE_OS_CONTROL_H

#include "base/span.h"

#define OS_CONTROL_FIELDS_MAX 16 /* fields a caller can ask for */

struct os_control {
    struct vl_span rest; /* lent */
};

/* Reads the next paragraph that has any field and puts the values of the wanted ones (names compared without
 * case; NULL at the end of the list) into ret_values, empty where absent: trimmed, continuation lines with
 * their newlines included. False at the end. Lines that are no field are passed over. */
bool os_control_next(struct os_control *control, const char *const *wanted, struct vl_span *ret_values);

#endif
