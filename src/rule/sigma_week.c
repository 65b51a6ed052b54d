/* The modifier `week`: ISO 8601 weeks of a time's text, as an expression over year, month and day. Years that
 * begin on the same day of the week and have the same length share their days. */
#include "sigma_build.h"

#define YEAR_FIRST 1970
#define YEAR_LAST  2120

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Monday 0 … Sunday 6; 1970-01-01 was a Thursday. */
static int first_day(int year)
{
    int days = 3;
    for (int y = YEAR_FIRST; y < year; y++)
        days += is_leap(y) ? 366 : 365;
    return days % 7;
}

static int weeks_of(int year)
{
    int first = first_day(year);
    return first == 3 || (first == 2 && is_leap(year)) ? 53 : 52;
}

/* `day` counts from 0. */
static int week_of(int year, int day, int before)
{
    int weekday = (first_day(year) + day) % 7;
    int week = (day - weekday + 10) / 7;
    if (week < 1)
        return before;
    return week > weeks_of(year) ? 1 : week;
}

/* What decides the weeks of a year's days. */
static int kind_of(int year)
{
    int before = year > YEAR_FIRST ? weeks_of(year - 1) : 53;
    return first_day(year) * 4 + (is_leap(year) ? 2 : 0) + (before == 53);
}

static bool has_days(int year, const bool weeks[54])
{
    int before = year > YEAR_FIRST ? weeks_of(year - 1) : 53;
    for (int day = 0; day < (is_leap(year) ? 366 : 365); day++)
        if (weeks[week_of(year, day, before)])
            return true;
    return false;
}

static void write_days(struct vl_buf *out, int year, const bool weeks[54])
{
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int before = year > YEAR_FIRST ? weeks_of(year - 1) : 53, day = 0;
    bool any_month = false;
    for (int month = 0; month < 12; month++) {
        int length = lengths[month] + (month == 1 && is_leap(year));
        bool any = false;
        for (int d = 1; d <= length; d++, day++) {
            if (!weeks[week_of(year, day, before)])
                continue;
            if (!any)
                vl_buf_printf(out, "%s%02d-(?:", any_month ? "|" : "", month + 1);
            vl_buf_printf(out, "%s%02d", any ? "|" : "", d);
            any = any_month = true;
        }
        if (any)
            vl_buf_append_char(out, ')');
    }
}

void vl_sigma_week_expression(const bool weeks[54], struct vl_buf *out)
{
    bool done[28] = {false}, any = false;
    vl_buf_append_str(out, "^(?:");
    for (int year = YEAR_FIRST; year <= YEAR_LAST; year++) {
        int kind = kind_of(year);
        if (done[kind] || !has_days(year, weeks))
            continue;
        done[kind] = true;
        vl_buf_printf(out, "%s(?:%d", any ? "|" : "", year);
        for (int same = year + 1; same <= YEAR_LAST; same++)
            if (kind_of(same) == kind)
                vl_buf_printf(out, "|%d", same);
        vl_buf_append_str(out, ")-(?:");
        write_days(out, year, weeks);
        vl_buf_append_char(out, ')');
        any = true;
    }
    vl_buf_append_char(out, ')');
}
