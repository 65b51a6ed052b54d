/* Numbers, times and durations as Go prints and reads them: policies compare these texts. */
#ifndef VL_CEL_NUMBER_TEXT_H
#define VL_CEL_NUMBER_TEXT_H

#include "base/buf.h"
#include "base/span.h"

#define VL_CEL_NUMBER_TEXT_MAX 400 /* bytes incl. NUL of the texts below; "%f" of the largest double: 310 */

/* Shortest digits that read back the same. Exponents below -4 or from `exponent_from` on are written as
 * 1.5e+21: from 6 on in Go's %g and %v, from 21 on in its JSON. */
const char *vl_cel_double_general(double v, int exponent_from, char text[VL_CEL_NUMBER_TEXT_MAX]);

/* The same digits without any exponent (strconv's 'f' with precision -1). */
const char *vl_cel_double_plain(double v, char text[VL_CEL_NUMBER_TEXT_MAX]);

/* A floating point literal as strconv.ParseFloat reads it: decimal or hexadecimal, "inf", "infinity", "nan"
 * in any case; underscores between digits. False for anything else. */
bool vl_cel_double_parse(struct vl_span text, double *ret, bool *ret_in_range);

/* "1h0m0s" as time.Duration prints; "1.5s" in seconds alone as string(duration) has it. */
const char *vl_cel_duration_go(int64_t nanoseconds, char text[VL_CEL_NUMBER_TEXT_MAX]);
const char *vl_cel_duration_seconds(int64_t nanoseconds, char text[VL_CEL_NUMBER_TEXT_MAX]);

/* time.ParseDuration: "-1h2m3.5s", "1us". False where it is none or does not fit. */
bool vl_cel_duration_parse(struct vl_span text, int64_t *ret_nanoseconds);

#define VL_CEL_TIME_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00Z in seconds */
#define VL_CEL_TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* RFC 3339 as strictly as cel-go. 1, or 0: another form; -1: the form of a time, but there is none such (day
 * 31 of April, leap seconds, lower case letters). Go keeps the offset, and so do we. */
int vl_cel_time_parse(
    struct vl_span text, int64_t *ret_seconds, uint32_t *ret_nanos, int *ret_offset_minutes);
/* time.RFC3339Nano with the given offset; "Z" for 0. */
const char *vl_cel_time_text(
    int64_t seconds, uint32_t nanos, int offset_minutes, char text[VL_CEL_NUMBER_TEXT_MAX]);

/* Days since 1970-01-01 to year, month (1-12), day (1-31), and back. */
void vl_cel_civil(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
int64_t vl_cel_days(int64_t year, int month, int day);

#endif
