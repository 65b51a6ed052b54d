#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"
#include "codec/json.h"

#define CUT " …(cut)"

static const char *const names[] = {"error", "warning", "info", "debug"};

/* A service has one standard error, so it has one log. Set before threads start, only read afterwards. */
static struct {
    bool json;
    enum vl_log_level level;
} settings = {.level = VL_LOG_INFO};

void vl_log_set(bool json, enum vl_log_level level)
{
    settings.json = json;
    settings.level = level;
}

bool vl_log_wants(enum vl_log_level level)
{
    return level <= settings.level;
}

/* Printable as it stands in a line; what is not is escaped. */
static void append_text(struct vl_buf *out, struct vl_span text, bool quoted)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (vl_char_is_control(c))
            vl_buf_printf(out, "\\x%02x", c);
        else if (quoted && (c == '"' || c == '\\'))
            vl_buf_printf(out, "\\%c", c);
        else
            vl_buf_append_char(out, (char)c);
    }
}

static bool needs_quotes(struct vl_span value)
{
    if (value.len == 0)
        return true;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == ' ' || c == '"' || c == '=' || c == '\\')
            return true;
    }
    return false;
}

static void text_line(struct vl_buf *out, enum vl_log_level level, const struct vl_log_field *fields,
    struct vl_span message, const char *time)
{
    vl_buf_printf(out, "%s %s ", time, names[level]);
    append_text(out, message, false);
    for (; fields && fields->key; fields++) {
        struct vl_span value = vl_span_str(fields->value);
        if (!fields->value)
            continue;
        bool quotes = needs_quotes(value);
        vl_buf_printf(out, quotes ? " %s=\"" : " %s=", fields->key);
        append_text(out, value, quotes);
        if (quotes)
            vl_buf_append_char(out, '"');
    }
}

static void json_line(struct vl_buf *out, enum vl_log_level level, const struct vl_log_field *fields,
    struct vl_span message, const char *time)
{
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "time", time);
    vl_json_member_str(&json, "level", names[level]);
    vl_json_key(&json, "message");
    vl_json_span(&json, message);
    for (; fields && fields->key; fields++) {
        if (fields->value)
            vl_json_member_str(&json, fields->key, fields->value);
    }
    vl_json_object_end(&json);
}

void vl_log(enum vl_log_level level, const struct vl_log_field *fields, const char *format, ...)
{
    char message[VL_LOG_LINE_MAX / 2], time[VL_TIME_TEXT_MAX];
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    va_list args;
    if (!vl_log_wants(level))
        return;
    va_start(args, format);
    int n = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (n >= (int)sizeof(message))
        (void)snprintf(message + sizeof(message) - sizeof(CUT), sizeof(CUT), "%s", CUT);
    vl_buf_init(&out, 8UL * VL_LOG_LINE_MAX);
    vl_time_format(vl_time_now_ms(), time);
    if (settings.json)
        json_line(&out, level, fields, vl_span_str(message), time);
    else
        text_line(&out, level, fields, vl_span_str(message), time);
    vl_buf_append_char(&out, '\n');
    /* One write: lines of several threads do not mix. A log that cannot be written has nobody to be told. */
    ssize_t ignored = write(STDERR_FILENO, out.ptr, out.len);
    (void)ignored;
}
