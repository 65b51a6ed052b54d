#include "base/time.h"

#include <stdio.h>
#include <time.h>

#define MS_PER_DAY 86400000

int64_t vl_time_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t vl_time_monotonic_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Days since 1970-01-01 of a civil date, by eras of 400 years counted from March (so that the leap day is
 * last). */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static bool digits(struct vl_span *s, size_t n, int *ret)
{
    int v = 0;
    if (s->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        v = v * 10 + (s->ptr[i] - '0');
    }
    *s = vl_span_slice(*s, n, s->len);
    *ret = v;
    return true;
}

static bool literal(struct vl_span *s, const char *any_of)
{
    for (const char *c = any_of; s->len && *c; c++) {
        if (s->ptr[0] == *c) {
            *s = vl_span_slice(*s, 1, s->len);
            return true;
        }
    }
    return false;
}

static int days_in_month(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return days[m - 1] + (m == 2 && leap);
}

static bool parse_fraction(struct vl_span *s, int *ret_ms)
{
    int ms = 0, scale = 100, d;
    if (!digits(s, 1, &d))
        return false;
    do {
        ms += d * scale;
        scale /= 10;
    } while (digits(s, 1, &d));
    *ret_ms = ms;
    return true;
}

static bool parse_offset(struct vl_span *s, int *ret_minutes)
{
    int h, m, sign;
    if (literal(s, "Zz") || s->len == 0) {
        *ret_minutes = 0;
        return true;
    }
    sign = s->ptr[0] == '-' ? -1 : 1;
    if (!literal(s, "+-") || !digits(s, 2, &h) || (literal(s, ":"), !digits(s, 2, &m)) || h > 23 || m > 59)
        return false;
    *ret_minutes = sign * (h * 60 + m);
    return true;
}

/* "T08:00:00.123Z" behind the date. */
static bool parse_clock(struct vl_span *s, int *h, int *mi, int *sec, int *ms, int *offset)
{
    if (!literal(s, "Tt ") || !digits(s, 2, h) || !literal(s, ":") || !digits(s, 2, mi))
        return false;
    if (literal(s, ":") && !digits(s, 2, sec))
        return false;
    if (literal(s, ".") && !parse_fraction(s, ms))
        return false;
    return parse_offset(s, offset) && s->len == 0 && *h <= 23 && *mi <= 59 && *sec <= 60;
}

bool vl_time_parse(struct vl_span text, int64_t *ret_ms)
{
    int y, mo, d, h = 0, mi = 0, sec = 0, ms = 0, offset = 0;
    struct vl_span s = vl_span_trim(text);
    if (!digits(&s, 4, &y) || !literal(&s, "-") || !digits(&s, 2, &mo) || !literal(&s, "-") ||
        !digits(&s, 2, &d))
        return false;
    if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo))
        return false;
    if (s.len && !parse_clock(&s, &h, &mi, &sec, &ms, &offset))
        return false;
    *ret_ms =
        days_from_civil(y, mo, d) * MS_PER_DAY + (((int64_t)h * 60 + mi - offset) * 60 + sec) * 1000 + ms;
    return true;
}

static bool to_civil(int64_t ms, struct tm *ret)
{
    time_t t = (time_t)(ms / 1000 - (ms % 1000 < 0));
    return gmtime_r(&t, ret) && ret->tm_year >= 1 - 1900 && ret->tm_year <= 9999 - 1900;
}

/* Not by strftime(), which writes the year 999 in three digits. */
const char *vl_time_format(int64_t ms, char text[VL_TIME_TEXT_MAX])
{
    struct tm tm;
    text[0] = '\0';
    if (to_civil(ms, &tm))
        snprintf(text, VL_TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
            tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return text;
}

const char *vl_time_format_date(int64_t ms, char text[VL_TIME_TEXT_MAX])
{
    struct tm tm;
    text[0] = '\0';
    if (to_civil(ms, &tm))
        snprintf(text, VL_TIME_TEXT_MAX, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    return text;
}
