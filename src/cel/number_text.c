#include "number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- doubles --- */

struct digits {
    char text[20]; /* without a point */
    int n;
    int exponent; /* of the first digit */
    bool negative;
};

/* Shortest digits: 15 are often enough, 17 always. */
static void shortest(double v, struct digits *out)
{
    char text[40];
    for (int precision = 0; precision <= 16; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    out->n = 0;
    out->negative = text[0] == '-';
    const char *p = text + (out->negative ? 1 : 0);
    for (; *p && *p != 'e'; p++)
        if (*p != '.' && out->n < (int)sizeof(out->text))
            out->text[out->n++] = *p;
    out->exponent = *p == 'e' ? (int)strtol(p + 1, NULL, 10) : 0;
    while (out->n > 1 && out->text[out->n - 1] == '0')
        out->n--;
}

static const char *not_finite(double v, char *text)
{
    snprintf(text, VL_CEL_NUMBER_TEXT_MAX, "%s", isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
    return text;
}

static const char *plain_digits(const struct digits *d, char *text)
{
    char *p = text;
    if (d->negative)
        *p++ = '-';
    if (d->exponent < 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = -1; i > d->exponent; i--)
            *p++ = '0';
        memcpy(p, d->text, (size_t)d->n);
        p += d->n;
    } else {
        for (int i = 0; i <= d->exponent; i++)
            *p++ = i < d->n ? d->text[i] : '0';
        if (d->n > d->exponent + 1) {
            *p++ = '.';
            memcpy(p, d->text + d->exponent + 1, (size_t)(d->n - d->exponent - 1));
            p += d->n - d->exponent - 1;
        }
    }
    *p = 0;
    return text;
}

const char *vl_cel_double_plain(double v, char text[VL_CEL_NUMBER_TEXT_MAX])
{
    if (!isfinite(v))
        return not_finite(v, text);
    struct digits d;
    shortest(v, &d);
    return plain_digits(&d, text);
}

const char *vl_cel_double_general(double v, int exponent_from, char text[VL_CEL_NUMBER_TEXT_MAX])
{
    if (!isfinite(v))
        return not_finite(v, text);
    struct digits d;
    shortest(v, &d);
    if (d.exponent >= -4 && d.exponent < exponent_from)
        return plain_digits(&d, text);
    snprintf(text, VL_CEL_NUMBER_TEXT_MAX, "%s%c%s%.*se%c%02d", d.negative ? "-" : "", d.text[0],
        d.n > 1 ? "." : "", d.n - 1, d.text + 1, d.exponent < 0 ? '-' : '+', abs(d.exponent));
    return text;
}

static bool is_digit(char c, bool hex)
{
    return (c >= '0' && c <= '9') || (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/* Digits with underscores between them (or after "0x"), as in Go's literals; how many there are. -1: an
 * underscore elsewhere. The text without underscores is appended to *out. */
static int take_digits(struct vl_span s, size_t *pos, bool hex, bool prefixed, char **out)
{
    int n = 0;
    bool last_digit = prefixed;
    for (; *pos < s.len; (*pos)++) {
        char c = s.ptr[*pos];
        if (c == '_') {
            if (!last_digit || *pos + 1 >= s.len || !is_digit(s.ptr[*pos + 1], hex))
                return -1;
            last_digit = false;
        } else if (is_digit(c, hex)) {
            *(*out)++ = c;
            last_digit = true;
            n++;
        } else {
            break;
        }
    }
    return n;
}

/* 1 with an exponent, 0 without, -1 with a wrong one. */
static int take_exponent(struct vl_span s, size_t *pos, bool hex, char **out)
{
    if (*pos >= s.len || s.ptr[*pos] == '\0' || !strchr(hex ? "pP" : "eE", s.ptr[*pos]))
        return 0;
    *(*out)++ = s.ptr[(*pos)++];
    if (*pos < s.len && (s.ptr[*pos] == '+' || s.ptr[*pos] == '-'))
        *(*out)++ = s.ptr[(*pos)++];
    return take_digits(s, pos, false, false, out) > 0 ? 1 : -1;
}

/* Checks Go's grammar of a floating point literal without sign, and copies it without underscores. */
static bool copy_number(struct vl_span s, char *out)
{
    size_t pos = 0;
    bool hex = s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] == 'x' || s.ptr[1] == 'X');
    if (hex) {
        memcpy(out, "0x", 2);
        out += 2;
        pos = 2;
    }
    int whole = take_digits(s, &pos, hex, hex, &out), fraction = 0;
    if (whole >= 0 && pos < s.len && s.ptr[pos] == '.') {
        *out++ = s.ptr[pos++];
        fraction = take_digits(s, &pos, hex, false, &out);
    }
    if (whole < 0 || fraction < 0 || whole + fraction == 0)
        return false;
    int exponent = take_exponent(s, &pos, hex, &out);
    if (exponent < 0)
        return false;
    *out = 0;
    return pos == s.len && (exponent > 0 || !hex);
}

bool vl_cel_double_parse(struct vl_span text, double *ret, bool *ret_in_range)
{
    *ret_in_range = true;
    struct vl_span s = text;
    double sign = 1;
    if (s.len && (s.ptr[0] == '+' || s.ptr[0] == '-')) {
        sign = s.ptr[0] == '-' ? -1 : 1;
        s = vl_span_slice(s, 1, s.len);
    }
    if (vl_span_eq_nocase(s, VL_SPAN_LIT("inf")) || vl_span_eq_nocase(s, VL_SPAN_LIT("infinity"))) {
        *ret = sign * INFINITY;
        return true;
    }
    if (vl_span_eq_nocase(text, VL_SPAN_LIT("nan"))) {
        *ret = NAN;
        return true;
    }
    /* No digit is cut off: what follows the 4,000th may still decide the rounding. */
    char small[128];
    char *copy = s.len < sizeof(small) ? small : malloc(s.len + 1);
    if (!copy)
        return false;
    bool good = copy_number(s, copy);
    double v = good ? strtod(copy, NULL) : 0;
    if (copy != small)
        free(copy);
    if (!good)
        return false;
    *ret_in_range = isfinite(v);
    *ret = sign * v;
    return true;
}

/* --- durations --- */

#define SECOND INT64_C(1000000000)

/* Fraction of `unit` without trailing zeros: 1500000000 in units of 10^9 is "1.5". */
static size_t put_fraction(char *text, uint64_t v, uint64_t unit)
{
    size_t n = (size_t)snprintf(text, 32, "%llu", (unsigned long long)(v / unit));
    uint64_t rest = v % unit;
    if (!rest)
        return n;
    text[n++] = '.';
    while (rest) {
        unit /= 10;
        /* cppcheck-suppress zerodivcond ; what is left of a second is below its unit */
        text[n++] = (char)('0' + rest / unit);
        rest %= unit;
    }
    text[n] = 0;
    return n;
}

const char *vl_cel_duration_go(int64_t nanoseconds, char text[VL_CEL_NUMBER_TEXT_MAX])
{
    char *p = text;
    uint64_t v = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
    if (nanoseconds < 0)
        *p++ = '-';
    if (v == 0) {
        snprintf(text, VL_CEL_NUMBER_TEXT_MAX, "0s");
    } else if (v < (uint64_t)SECOND) {
        uint64_t unit = v < 1000 ? 1 : v < 1000000 ? 1000 : 1000000;
        p += put_fraction(p, v, unit);
        snprintf(p, 8, "%s", unit == 1 ? "ns" : unit == 1000 ? "µs" : "ms");
    } else {
        uint64_t hours = v / (3600 * (uint64_t)SECOND);
        uint64_t minutes = v / (60 * (uint64_t)SECOND) % 60;
        if (hours)
            p += snprintf(p, 32, "%lluh", (unsigned long long)hours);
        if (hours || minutes)
            p += snprintf(p, 32, "%llum", (unsigned long long)minutes);
        p += put_fraction(p, v % (60 * (uint64_t)SECOND), (uint64_t)SECOND);
        snprintf(p, 4, "s");
    }
    return text;
}

const char *vl_cel_duration_seconds(int64_t nanoseconds, char text[VL_CEL_NUMBER_TEXT_MAX])
{
    /* Go divides into a double first: long durations lose digits there, and here too. */
    double seconds = (double)(nanoseconds / SECOND) + (double)(nanoseconds % SECOND) / 1e9;
    vl_cel_double_plain(seconds, text);
    size_t n = strlen(text);
    if (n + 2 <= VL_CEL_NUMBER_TEXT_MAX)
        memcpy(text + n, "s", 2);
    return text;
}

static uint64_t unit_of(struct vl_span name)
{
    static const struct {
        const char *name;
        uint64_t unit;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"µs", 1000}, /* U+00B5 */
        {"μs", 1000}, /* U+03BC */
        {"ms", 1000000},
        {"s", 1000000000},
        {"m", UINT64_C(60000000000)},
        {"h", UINT64_C(3600000000000)},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(units); i++)
        if (vl_span_eq_str(name, units[i].name))
            return units[i].unit;
    return 0;
}

static bool is_digit_at(struct vl_span s, size_t i)
{
    return i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9';
}

/* One number with its unit at *pos; adds to *sum. */
static bool duration_part(struct vl_span s, size_t *pos, uint64_t *sum)
{
    const uint64_t most = UINT64_C(1) << 63;
    uint64_t whole = 0, fraction = 0;
    double scale = 1;
    size_t i = *pos, start = i;
    for (; is_digit_at(s, i); i++) {
        if (whole > most / 10)
            return false;
        whole = whole * 10 + (uint64_t)(s.ptr[i] - '0');
        if (whole > most)
            return false;
    }
    bool digits = i > start;
    if (i < s.len && s.ptr[i] == '.') {
        bool full = false;
        size_t point = ++i;
        for (; is_digit_at(s, i); i++) {
            if (full || fraction > (most - 1) / 10) {
                full = true; /* further digits count for nothing */
                continue;
            }
            uint64_t next = fraction * 10 + (uint64_t)(s.ptr[i] - '0');
            if (next > most) {
                full = true;
                continue;
            }
            fraction = next;
            scale *= 10;
        }
        digits = digits || i > point;
    }
    if (!digits)
        return false;
    size_t from = i;
    while (i < s.len && s.ptr[i] != '.' && !is_digit_at(s, i))
        i++;
    uint64_t unit = unit_of(vl_span_slice(s, from, i));
    if (unit == 0 || whole > most / unit)
        return false;
    whole *= unit;
    if (fraction) {
        whole += (uint64_t)((double)fraction * ((double)unit / scale));
        if (whole > most)
            return false;
    }
    if (whole > most - *sum)
        return false;
    *sum += whole;
    *pos = i;
    return true;
}

bool vl_cel_duration_parse(struct vl_span text, int64_t *ret_nanoseconds)
{
    size_t pos = 0;
    bool negative = false;
    if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        negative = text.ptr[0] == '-';
        pos = 1;
    }
    if (text.len == pos + 1 && text.ptr[pos] == '0') {
        *ret_nanoseconds = 0;
        return true;
    }
    if (pos >= text.len)
        return false;
    uint64_t sum = 0;
    while (pos < text.len)
        if (!duration_part(text, &pos, &sum))
            return false;
    if (negative) {
        *ret_nanoseconds = (int64_t)(0 - sum); /* 2^63 is INT64_MIN */
        return true;
    }
    if (sum > INT64_MAX)
        return false;
    *ret_nanoseconds = (int64_t)sum;
    return true;
}

/* --- timestamps --- */

/* Days of a year that starts in March count evenly: 153 days are five months. */
int64_t vl_cel_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void vl_cel_civil(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *ret_month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static bool take_number(struct vl_span s, size_t at, size_t digits, int max, int *ret)
{
    int v = 0;
    for (size_t i = at; i < at + digits; i++) {
        if (!is_digit_at(s, i))
            return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    *ret = v;
    return v <= max;
}

static bool is_char(struct vl_span s, size_t i, char c)
{
    return i < s.len && s.ptr[i] == c;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* "2006-01-02T15:04:05": fixed places. */
static bool take_civil(struct vl_span s, int ret[6])
{
    static const struct {
        uint8_t at, digits, max, least;
        char after;
    } parts[] = {
        {0, 4, 0, 0, '-'},
        {5, 2, 12, 1, '-'},
        {8, 2, 31, 1, 'T'},
        {11, 2, 23, 0, ':'},
        {14, 2, 59, 0, ':'},
        {17, 2, 60, 0, 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        if (!take_number(s, parts[i].at, parts[i].digits, parts[i].max ? parts[i].max : 9999, &ret[i]) ||
            ret[i] < parts[i].least)
            return false;
        char c = parts[i].after;
        size_t at = (size_t)parts[i].at + parts[i].digits;
        if (c && !is_char(s, at, c) && !(c == 'T' && is_char(s, at, 't')))
            return false;
    }
    return true;
}

/* "Z", "+01:00". */
static bool take_offset(struct vl_span s, size_t pos, int *ret)
{
    int hours, minutes;
    *ret = 0;
    if (s.len == pos + 1)
        return is_char(s, pos, 'Z') || is_char(s, pos, 'z');
    if (s.len != pos + 6 || !(is_char(s, pos, '+') || is_char(s, pos, '-')) || !is_char(s, pos + 3, ':') ||
        !take_number(s, pos + 1, 2, 23, &hours) || !take_number(s, pos + 4, 2, 59, &minutes))
        return false;
    *ret = (hours * 60 + minutes) * (s.ptr[pos] == '-' ? -1 : 1);
    return true;
}

int vl_cel_time_parse(struct vl_span s, int64_t *ret_seconds, uint32_t *ret_nanos, int *ret_offset_minutes)
{
    int t[6], offset;
    if (!take_civil(s, t))
        return 0;
    size_t pos = 19;
    uint32_t nanos = 0, scale = 100000000;
    if (is_char(s, pos, '.')) {
        if (!is_digit_at(s, ++pos))
            return 0;
        for (; is_digit_at(s, pos); pos++) {
            nanos += (uint32_t)(s.ptr[pos] - '0') * scale;
            scale /= 10;
        }
    }
    if (!take_offset(s, pos, &offset))
        return 0;
    /* What the grammar takes and Go's time does not: no such day, leap seconds, lower case. */
    if (t[2] > days_of_month(t[0], t[1]) || t[5] > 59 || !is_char(s, 10, 'T') || is_char(s, s.len - 1, 'z'))
        return -1;
    *ret_seconds =
        vl_cel_days(t[0], t[1], t[2]) * 86400 + t[3] * 3600 + t[4] * 60 + t[5] - (int64_t)offset * 60;
    *ret_nanos = nanos;
    *ret_offset_minutes = offset;
    return 1;
}

const char *vl_cel_time_text(
    int64_t seconds, uint32_t nanos, int offset_minutes, char text[VL_CEL_NUMBER_TEXT_MAX])
{
    int64_t local = seconds + (int64_t)offset_minutes * 60;
    int64_t days = local / 86400, rest = local % 86400;
    if (rest < 0) {
        days--;
        rest += 86400;
    }
    int64_t year;
    int month, day;
    vl_cel_civil(days, &year, &month, &day);
    int n = snprintf(text, VL_CEL_NUMBER_TEXT_MAX, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)year, month,
        day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    char *p = text + n;
    if (nanos) {
        snprintf(p, 16, ".%09u", (unsigned)nanos);
        p += 10;
        while (p[-1] == '0')
            p--;
    }
    if (offset_minutes == 0)
        snprintf(p, 8, "Z");
    else
        snprintf(p, 16, "%c%02d:%02d", offset_minutes < 0 ? '-' : '+', abs(offset_minutes) / 60,
            abs(offset_minutes) % 60);
    return text;
}
