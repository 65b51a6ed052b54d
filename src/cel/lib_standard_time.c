/* The standard library: parts of timestamps and durations. Source: cel-spec langdef.md ("Timezones",
 * "Date/Time Functions"); UTC where no zone is named, as Kubernetes configures cel-go. */
#include "number_text.h"
#include "standard.h"

enum part {
    PART_YEAR,
    PART_MONTH,
    PART_DAY_OF_YEAR,
    PART_DAY_OF_MONTH,
    PART_DATE,
    PART_DAY_OF_WEEK,
    PART_HOURS,
    PART_MINUTES,
    PART_SECONDS,
    PART_MILLISECONDS,
};

static struct vl_cel_value part_of(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n, enum part part)
{
    int64_t local = args[0].as.i;
    struct vl_cel_value error;
    if (n == 2 && !vl_cel_zone_shift(run, vl_cel_span(args[1]), args[0].as.i, &local, &error))
        return error;
    int64_t days = local / 86400, rest = local % 86400;
    if (rest < 0) {
        days--;
        rest += 86400;
    }
    int64_t year;
    int month, day;
    vl_cel_civil(days, &year, &month, &day);
    switch (part) {
    case PART_YEAR:
        return vl_cel_int(year);
    case PART_MONTH:
        return vl_cel_int(month - 1);
    case PART_DAY_OF_YEAR:
        return vl_cel_int(days - vl_cel_days(year, 1, 1));
    case PART_DAY_OF_MONTH:
        return vl_cel_int(day - 1);
    case PART_DATE:
        return vl_cel_int(day);
    case PART_DAY_OF_WEEK:
        return vl_cel_int(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    case PART_HOURS:
        return vl_cel_int(rest / 3600);
    case PART_MINUTES:
        return vl_cel_int(rest / 60 % 60);
    case PART_SECONDS:
        return vl_cel_int(rest % 60);
    case PART_MILLISECONDS:
        break;
    }
    return vl_cel_int(args[0].len / 1000000);
}

static struct vl_cel_value get_year(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_YEAR);
}

static struct vl_cel_value get_month(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_MONTH);
}

static struct vl_cel_value get_day_of_year(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_DAY_OF_YEAR);
}

static struct vl_cel_value get_day_of_month(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_DAY_OF_MONTH);
}

static struct vl_cel_value get_date(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_DATE);
}

static struct vl_cel_value get_day_of_week(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_DAY_OF_WEEK);
}

static struct vl_cel_value get_hours(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_HOURS);
}

static struct vl_cel_value get_minutes(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_MINUTES);
}

static struct vl_cel_value get_seconds(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_SECONDS);
}

static struct vl_cel_value get_milliseconds(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return part_of(run, args, n, PART_MILLISECONDS);
}

static struct vl_cel_value duration_hours(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_int(args[0].as.i / INT64_C(3600000000000));
}

static struct vl_cel_value duration_minutes(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_int(args[0].as.i / INT64_C(60000000000));
}

static struct vl_cel_value duration_seconds(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_int(args[0].as.i / 1000000000);
}

static struct vl_cel_value duration_milliseconds(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_int(args[0].as.i / 1000000);
}

static const struct vl_cel_overload year_overloads[] = {
    {.id = "timestamp_to_year",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_year},
    {.id = "timestamp_to_year_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_year},
};

static const struct vl_cel_overload month_overloads[] = {
    {.id = "timestamp_to_month",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_month},
    {.id = "timestamp_to_month_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_month},
};

static const struct vl_cel_overload day_of_year_overloads[] = {
    {.id = "timestamp_to_day_of_year",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_day_of_year},
    {.id = "timestamp_to_day_of_year_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_day_of_year},
};

static const struct vl_cel_overload day_of_month_overloads[] = {
    {.id = "timestamp_to_day_of_month",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_day_of_month},
    {.id = "timestamp_to_day_of_month_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_day_of_month},
};

static const struct vl_cel_overload date_overloads[] = {
    {.id = "timestamp_to_day_of_month_1_based",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_date},
    {.id = "timestamp_to_day_of_month_1_based_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_date},
};

static const struct vl_cel_overload day_of_week_overloads[] = {
    {.id = "timestamp_to_day_of_week",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_day_of_week},
    {.id = "timestamp_to_day_of_week_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_day_of_week},
};

static const struct vl_cel_overload hours_overloads[] = {
    {.id = "timestamp_to_hours",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_hours},
    {.id = "timestamp_to_hours_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_hours},
    {.id = "duration_to_hours",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_duration},
        .result = &vl_cel_t_int,
        .call = duration_hours},
};

static const struct vl_cel_overload minutes_overloads[] = {
    {.id = "timestamp_to_minutes",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_minutes},
    {.id = "timestamp_to_minutes_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_minutes},
    {.id = "duration_to_minutes",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_duration},
        .result = &vl_cel_t_int,
        .call = duration_minutes},
};

static const struct vl_cel_overload seconds_overloads[] = {
    {.id = "timestamp_to_seconds",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_seconds},
    {.id = "timestamp_to_seconds_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_seconds},
    {.id = "duration_to_seconds",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_duration},
        .result = &vl_cel_t_int,
        .call = duration_seconds},
};

static const struct vl_cel_overload milliseconds_overloads[] = {
    {.id = "timestamp_to_milliseconds",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = get_milliseconds},
    {.id = "timestamp_to_milliseconds_with_tz",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_timestamp, &vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = get_milliseconds},
    {.id = "duration_to_milliseconds",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_duration},
        .result = &vl_cel_t_int,
        .call = duration_milliseconds},
};

static const struct vl_cel_function functions[] = {
    {"getFullYear", year_overloads, VL_ARRAY_LEN(year_overloads)},
    {"getMonth", month_overloads, VL_ARRAY_LEN(month_overloads)},
    {"getDayOfYear", day_of_year_overloads, VL_ARRAY_LEN(day_of_year_overloads)},
    {"getDayOfMonth", day_of_month_overloads, VL_ARRAY_LEN(day_of_month_overloads)},
    {"getDate", date_overloads, VL_ARRAY_LEN(date_overloads)},
    {"getDayOfWeek", day_of_week_overloads, VL_ARRAY_LEN(day_of_week_overloads)},
    {"getHours", hours_overloads, VL_ARRAY_LEN(hours_overloads)},
    {"getMinutes", minutes_overloads, VL_ARRAY_LEN(minutes_overloads)},
    {"getSeconds", seconds_overloads, VL_ARRAY_LEN(seconds_overloads)},
    {"getMilliseconds", milliseconds_overloads, VL_ARRAY_LEN(milliseconds_overloads)},
};

const struct vl_cel_library vl_cel_lib_standard_time = {
    .name = "standard_time",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
};
