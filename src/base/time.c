#include "base/time.h"

#include <time.h>

#define MS_PER_DAY   86400000
#define YEAR_1_MS    (-62135596800000) /* 0001-01-01 */
#define YEAR_9999_MS 253402300799999   /* the last of 9999 */

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

struct civil {
    unsigned year, month, day, second; /* of the day */
};

/* The inverse of days_from_civil(). gmtime_r() would read the file of the local time zone first, which a
 * report with a thousand dates in UTC has no use for. */
static bool to_civil(int64_t ms, struct civil *ret)
{
    if (ms < YEAR_1_MS || ms > YEAR_9999_MS)
        return false;
    int64_t z = (ms - YEAR_1_MS) / MS_PER_DAY + 306; /* days since 0000-03-01 */
    int64_t era = z / 146097;
    int64_t doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153; /* March is 0 */
    ret->day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    ret->month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    ret->year = (unsigned)(yoe + era * 400) + (ret->month <= 2);
    ret->second = (unsigned)((ms - YEAR_1_MS) / 1000 % 86400);
    return true;
}

/* Two digits and what stands behind them. */
static char *put_two(char *to, unsigned v, char behind)
{
    to[0] = (char)('0' + v / 10 % 10);
    to[1] = (char)('0' + v % 10);
    to[2] = behind;
    return to + 3;
}

static char *put_date(char *to, const struct civil *c, char behind)
{
    (void)put_two(to, c->year / 100, '\0');
    to = put_two(to + 2, c->year, '-');
    to = put_two(to, c->month, '-');
    return put_two(to, c->day, behind);
}

const char *vl_time_format(int64_t ms, char text[VL_TIME_TEXT_MAX])
{
    struct civil c;
    text[0] = '\0';
    if (!to_civil(ms, &c))
        return text;
    char *to = put_date(text, &c, 'T');
    to = put_two(to, c.second / 3600, ':');
    to = put_two(to, c.second / 60 % 60, ':');
    *put_two(to, c.second % 60, 'Z') = '\0';
    return text;
}

const char *vl_time_format_date(int64_t ms, char text[VL_TIME_TEXT_MAX])
{
    struct civil c;
    text[0] = '\0';
    if (to_civil(ms, &c))
        (void)put_date(text, &c, '\0');
    return text;
}
