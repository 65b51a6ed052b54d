#include "zone.h"

#include <string.h>

#include "base/file.h"
#include "base/reader.h"
#include "number_text.h"
#include "run_impl.h"
#include "standard.h"

#define FOLDER "/usr/share/zoneinfo/"

struct counts {
    uint32_t isutc, isstd, leap, times, types, chars;
};

static bool read_header(struct vl_reader *r, uint8_t *ret_version, struct counts *ret)
{
    struct vl_span magic = vl_reader_take(r, 4);
    *ret_version = vl_reader_u8(r);
    vl_reader_skip(r, 15);
    ret->isutc = vl_reader_u32be(r);
    ret->isstd = vl_reader_u32be(r);
    ret->leap = vl_reader_u32be(r);
    ret->times = vl_reader_u32be(r);
    ret->types = vl_reader_u32be(r);
    ret->chars = vl_reader_u32be(r);
    return vl_reader_ok(r) && vl_span_eq(magic, VL_SPAN_LIT("TZif")) && ret->times < VL_CEL_ZONE_FILE_MAX &&
           ret->types > 0 && ret->types <= 256 && ret->chars < VL_CEL_ZONE_FILE_MAX && ret->leap < 1000 &&
           ret->isutc <= 256 && ret->isstd <= 256;
}

static int64_t time_at(struct vl_span times, size_t width, size_t i)
{
    struct vl_reader r = vl_reader_new(vl_span_slice(times, i * width, (i + 1) * width));
    return width == 8 ? (int64_t)vl_reader_u64be(&r) : (int32_t)vl_reader_u32be(&r);
}

/* How many transitions are not after `seconds`. */
static size_t transitions_until(struct vl_span times, size_t width, size_t n, int64_t seconds)
{
    size_t from = 0, to = n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (time_at(times, width, middle) <= seconds)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

bool vl_cel_tzif_offset(struct vl_span file, int64_t seconds, int32_t *ret_offset)
{
    struct vl_reader r = vl_reader_new(file);
    struct counts n;
    uint8_t version;
    size_t width = 4;
    if (!read_header(&r, &version, &n))
        return false;
    if (version >= '2') {
        vl_reader_skip(
            &r, (size_t)n.times * 5 + (size_t)n.types * 6 + n.chars + (size_t)n.leap * 8 + n.isstd + n.isutc);
        if (!read_header(&r, &version, &n))
            return false;
        width = 8;
    }
    struct vl_span times = vl_reader_take(&r, n.times * width);
    struct vl_span indices = vl_reader_take(&r, n.times);
    struct vl_span types = vl_reader_take(&r, (size_t)n.types * 6);
    vl_reader_skip(&r, n.chars + n.leap * (width + 4) + n.isstd + n.isutc);
    if (!vl_reader_ok(&r))
        return false;
    size_t past = transitions_until(times, width, n.times, seconds);
    if (past == n.times && width == 8) {
        struct vl_span footer = vl_reader_take(&r, vl_reader_left(&r)), line;
        footer = vl_span_slice(footer, 1, footer.len);
        if (vl_span_split(&footer, '\n', &line) && line.len && vl_cel_posix_offset(line, seconds, ret_offset))
            return true;
    }
    size_t type = past ? (uint8_t)indices.ptr[past - 1] : 0;
    if (type >= n.types)
        return false;
    struct vl_reader one = vl_reader_new(vl_span_slice(types, type * 6, type * 6 + 4));
    *ret_offset = (int32_t)vl_reader_u32be(&one);
    return true;
}

/* --- POSIX rules --- */

static bool take_number(struct vl_span s, size_t *pos, int max, int *ret)
{
    int v = 0;
    size_t start = *pos;
    for (; *pos < s.len && s.ptr[*pos] >= '0' && s.ptr[*pos] <= '9'; (*pos)++) {
        v = v * 10 + (s.ptr[*pos] - '0');
        if (v > max)
            return false;
    }
    *ret = v;
    return *pos > start;
}

static bool take_char(struct vl_span s, size_t *pos, char c)
{
    if (*pos >= s.len || s.ptr[*pos] != c)
        return false;
    (*pos)++;
    return true;
}

/* "CET" or "<+03>". */
static bool take_name(struct vl_span s, size_t *pos)
{
    size_t start = *pos;
    if (take_char(s, pos, '<')) {
        while (*pos < s.len && s.ptr[*pos] != '>')
            (*pos)++;
        return take_char(s, pos, '>');
    }
    while (*pos < s.len && vl_char_is_letter(s.ptr[*pos]))
        (*pos)++;
    return *pos - start >= 3;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool take_time(struct vl_span s, size_t *pos, int32_t *ret)
{
    bool negative = take_char(s, pos, '-');
    if (!negative)
        (void)take_char(s, pos, '+');
    int hours, minutes = 0, seconds = 0;
    if (!take_number(s, pos, 167, &hours))
        return false;
    if (take_char(s, pos, ':') && !take_number(s, pos, 59, &minutes))
        return false;
    if (take_char(s, pos, ':') && !take_number(s, pos, 59, &seconds))
        return false;
    int32_t v = hours * 3600 + minutes * 60 + seconds;
    *ret = negative ? -v : v;
    return true;
}

/* Day of the year `year` that a rule names ("M3.5.0", "J60", "59"), as days since 1970. */
static bool take_day(struct vl_span s, size_t *pos, int64_t year, int64_t *ret)
{
    int month, week, day;
    int64_t first = vl_cel_days(year, 1, 1);
    if (take_char(s, pos, 'M')) {
        if (!take_number(s, pos, 12, &month) || month < 1 || !take_char(s, pos, '.') ||
            !take_number(s, pos, 5, &week) || week < 1 || !take_char(s, pos, '.') ||
            !take_number(s, pos, 6, &day))
            return false;
        int64_t start = vl_cel_days(year, month, 1);
        int64_t end = month == 12 ? vl_cel_days(year + 1, 1, 1) : vl_cel_days(year, month + 1, 1);
        int64_t weekday = ((start + 4) % 7 + 7) % 7;
        int64_t at = start + (day - weekday + 7) % 7 + (week - 1) * 7;
        *ret = at >= end ? at - 7 : at;
        return true;
    }
    if (take_char(s, pos, 'J')) {
        if (!take_number(s, pos, 365, &day) || day < 1)
            return false;
        bool leap = vl_cel_days(year + 1, 1, 1) - first == 366;
        *ret = first + day - 1 + (leap && day >= 60);
        return true;
    }
    *ret = first;
    if (!take_number(s, pos, 365, &day))
        return false;
    *ret += day;
    return true;
}

/* ",M3.5.0/3": the local second of a change. */
static bool take_change(struct vl_span s, size_t *pos, int64_t year, int64_t *ret)
{
    int64_t at;
    int32_t time = 7200;
    if (!take_char(s, pos, ',') || !take_day(s, pos, year, &at))
        return false;
    if (take_char(s, pos, '/') && !take_time(s, pos, &time))
        return false;
    *ret = at * 86400 + time;
    return true;
}

bool vl_cel_posix_offset(struct vl_span s, int64_t seconds, int32_t *ret_offset)
{
    size_t pos = 0;
    int32_t standard, summer;
    if (!take_name(s, &pos) || !take_time(s, &pos, &standard))
        return false;
    standard = -standard; /* POSIX counts west */
    *ret_offset = standard;
    if (pos == s.len)
        return true;
    if (!take_name(s, &pos))
        return false;
    summer = standard + 3600;
    if (pos < s.len && s.ptr[pos] != ',') {
        if (!take_time(s, &pos, &summer))
            return false;
        summer = -summer;
    }
    int64_t local = seconds + standard, year, from, to;
    int month, day;
    vl_cel_civil(local / 86400 - (local % 86400 < 0), &year, &month, &day);
    if (!take_change(s, &pos, year, &from) || !take_change(s, &pos, year, &to) || pos != s.len)
        return false;
    from -= standard;
    to -= summer;
    bool is_summer = from < to ? seconds >= from && seconds < to : seconds >= from || seconds < to;
    *ret_offset = is_summer ? summer : standard;
    return true;
}

/* --- zones of an evaluation --- */

/* The file of a zone, read once a run. Empty where there is none. */
static struct vl_span zone_file(struct vl_cel_run *run, struct vl_span name)
{
    for (struct vl_cel_zone *zone = run->zones; zone; zone = zone->next)
        if (vl_span_eq(zone->name, name))
            return zone->file;
    char path[sizeof(FOLDER) + VL_CEL_ZONE_NAME_MAX];
    memcpy(path, FOLDER, sizeof(FOLDER) - 1);
    memcpy(path + sizeof(FOLDER) - 1, name.ptr, name.len);
    path[sizeof(FOLDER) - 1 + name.len] = 0;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    vl_buf_init(&bytes, VL_CEL_ZONE_FILE_MAX);
    struct vl_cel_zone *zone = vl_arena_alloc(run->arena, sizeof(*zone));
    if (!zone)
        return VL_SPAN_EMPTY;
    zone->name = (struct vl_span){vl_arena_dup_span(run->arena, name), name.len};
    if (vl_file_read(path, VL_CEL_ZONE_FILE_MAX, &bytes, &err) == 0)
        zone->file = (struct vl_span){vl_arena_dup_span(run->arena, vl_buf_span(&bytes)), bytes.len};
    if (!zone->name.ptr || !zone->file.ptr)
        zone->file = VL_SPAN_EMPTY;
    if (zone->name.ptr) {
        zone->next = run->zones;
        run->zones = zone;
    }
    return zone->file;
}

/* Only names below the folder: no "..", no absolute path, no odd bytes. */
static bool is_zone_name(struct vl_span name)
{
    if (name.len > VL_CEL_ZONE_NAME_MAX || name.ptr[0] == '/' ||
        vl_span_find(name, VL_SPAN_LIT("..")) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = vl_char_is_letter(c) || vl_char_is_digit(c);
        if (!letter && c != '/' && c != '_' && c != '-' && c != '+')
            return false;
    }
    return true;
}

/* Go's Atoi: a sign and digits. */
static bool signed_number(struct vl_span s, int *ret)
{
    size_t pos = 0;
    bool negative = take_char(s, &pos, '-');
    if (!negative)
        (void)take_char(s, &pos, '+');
    if (!take_number(s, &pos, 100000, ret) || pos != s.len)
        return false;
    if (negative)
        *ret = -*ret;
    return true;
}

static bool fixed_offset(struct vl_cel_run *run, struct vl_span zone, size_t colon, int64_t *ret_offset,
    struct vl_cel_value *ret_error)
{
    int hours = 0, minutes = 0;
    struct vl_span parts[2] = {vl_span_slice(zone, 0, colon), vl_span_slice(zone, colon + 1, zone.len)};
    int *numbers[2] = {&hours, &minutes};
    for (int i = 0; i < 2; i++) {
        if (!signed_number(parts[i], numbers[i])) {
            *ret_error =
                vl_cel_fail(run, "strconv.Atoi: parsing \"%.*s\": invalid syntax", VL_SPAN_FMT(parts[i]));
            return false;
        }
    }
    if (hours < -23 || hours > 23) {
        *ret_error =
            vl_cel_fail(run, "timezone offset hours out of range [-23, 23]: %.*s", VL_SPAN_FMT(zone));
        return false;
    }
    if (minutes < 0 || minutes > 59) {
        *ret_error =
            vl_cel_fail(run, "timezone offset minutes out of range [0, 59]: %.*s", VL_SPAN_FMT(zone));
        return false;
    }
    *ret_offset = (hours * 60 + (zone.ptr[0] == '-' ? -minutes : minutes)) * 60;
    return true;
}

bool vl_cel_zone_shift(struct vl_cel_run *run, struct vl_span zone, int64_t seconds, int64_t *ret_local,
    struct vl_cel_value *ret_error)
{
    int64_t offset = 0;
    size_t colon = vl_span_find_char(zone, ':');
    if (colon != SIZE_MAX) {
        if (!fixed_offset(run, zone, colon, &offset, ret_error))
            return false;
    } else if (zone.len && !vl_span_eq_str(zone, "UTC") && !vl_span_eq_str(zone, "Local")) {
        int32_t found;
        if (!is_zone_name(zone) || !vl_cel_tzif_offset(zone_file(run, zone), seconds, &found)) {
            *ret_error = vl_cel_fail(run, "unknown time zone %.*s", VL_SPAN_FMT(zone));
            return false;
        }
        offset = found;
    }
    *ret_local = seconds + offset;
    return true;
}
