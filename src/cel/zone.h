/* Time zones from the system's TZif files. Source: RFC 8536 (TZif), POSIX TZ for what follows the last
 * transition. */
#ifndef VL_CEL_ZONE_H
#define VL_CEL_ZONE_H

#include "base/span.h"

#define VL_CEL_ZONE_FILE_MAX (256UL * 1024)
#define VL_CEL_ZONE_NAME_MAX 100

/* Seconds east of UTC that hold at `seconds` since 1970. False where the bytes are no TZif file. */
bool vl_cel_tzif_offset(struct vl_span file, int64_t seconds, int32_t *ret_offset);

/* The same by a POSIX rule such as "CET-1CEST,M3.5.0,M10.5.0/3". */
bool vl_cel_posix_offset(struct vl_span rule, int64_t seconds, int32_t *ret_offset);

#endif
