/* Time as BIGINT seconds or milliseconds since 1970-01-01T00:00:00Z; text as RFC 3339. Proleptic Gregorian,
 * UTC. */
#ifndef VL_BASE_TIME_H
#define VL_BASE_TIME_H

#include "base/span.h"

/* Longest text written below incl. NUL: "2026-11-24T08:00:00.123Z". */
#define VL_TIME_TEXT_MAX 32

int64_t vl_time_now_ms(void);       /* wall clock */
int64_t vl_time_monotonic_us(void); /* for durations only */

/* "2026-11-24", "2026-11-24T08:00:00Z", with fraction (cut to ms) and offset. False when it is none of these.
 */
bool vl_time_parse(struct vl_span text, int64_t *ret_ms);

/* "2026-11-24T08:00:00Z"; years 1 to 9999, otherwise "". Returns `text`. */
const char *vl_time_format(int64_t ms, char text[VL_TIME_TEXT_MAX]);
const char *vl_time_format_date(int64_t ms, char text[VL_TIME_TEXT_MAX]); /* "2026-11-24" */

#endif
