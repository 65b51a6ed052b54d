#include "respond/syslog.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "clean.h"

#define TITLE_MAX   256
#define MESSAGE_MAX 1023 /* CEF: msg */
#define VALUE_MAX   255
#define LABEL_MAX   64
#define CUSTOM      6 /* CEF has cs1 to cs6 */
#define HOST_MAX    255
#define ARENA_MAX   (1024UL * 1024)

/* 0 to 10; 7-8 is high, 9-10 very high. */
static int cef_severity(enum vl_severity severity)
{
    static const int of[VL_SEVERITY_COUNT] = {0, 1, 3, 5, 8, 10};
    return (unsigned)severity < VL_SEVERITY_COUNT ? of[severity] : 0;
}

/* RFC 5424, table 2: critical, error, warning, notice, informational. */
static int syslog_severity(enum vl_severity severity)
{
    static const int of[VL_SEVERITY_COUNT] = {6, 6, 5, 4, 3, 2};
    return (unsigned)severity < VL_SEVERITY_COUNT ? of[severity] : 6;
}

/* Of the header: a pipe and a backslash are escaped, a line break is not possible. */
static void header_field(struct vl_buf *out, const char *text)
{
    vl_buf_append_char(out, '|');
    for (; text && *text; text++) {
        if (*text == '|' || *text == '\\')
            vl_buf_append_char(out, '\\');
        vl_buf_append_char(out, *text);
    }
}

/* Of the extension: an equals sign and a backslash are escaped, a line break is written as \n. A pipe is
 * not. */
static void extension_text(struct vl_buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            vl_buf_append_str(out, "\\n");
            continue;
        }
        if (*text == '=' || *text == '\\')
            vl_buf_append_char(out, '\\');
        vl_buf_append_char(out, *text);
    }
}

static void extension(struct vl_buf *out, const char *key, const char *text)
{
    if (!text || !text[0])
        return;
    if (out->len > 0 && out->ptr[out->len - 1] != '|')
        vl_buf_append_char(out, ' ');
    vl_buf_printf(out, "%s=", key);
    extension_text(out, text);
}

static void extension_number(
    struct vl_buf *out, const char *key, int number, const char *suffix, const char *text)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "%s%d%s", key, number, suffix);
    extension(out, name, text);
}

static const char *message_of(const struct vl_notify_event *event, struct vl_arena *arena)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_NOTIFY_TEXT_MAX * (VL_NOTIFY_FACTS_MAX + 2));
    vl_buf_append_str(&text, event->text ? event->text : event->title);
    for (size_t i = CUSTOM; i < event->n_facts && i < VL_NOTIFY_FACTS_MAX; i++)
        vl_buf_printf(&text, "\n%s: %s", event->facts[i].name ? event->facts[i].name : "",
            event->facts[i].value ? event->facts[i].value : "");
    return vl_clean(arena, vl_buf_str(&text), MESSAGE_MAX, true);
}

int vl_cef_write(const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_notify_link *links;
    size_t n_links;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_notify_event_links(event, arena, &links, &n_links, err);
    if (r < 0)
        return r;
    vl_buf_append_str(out, "CEF:0|Vallum|vallumd");
    header_field(out, VL_VERSION);
    header_field(out, vl_notify_topic_name(event->topic));
    header_field(out, vl_clean(arena, event->title, TITLE_MAX, false));
    vl_buf_printf(out, "|%d|", cef_severity(event->severity));
    vl_buf_printf(out, "rt=%lld", (long long)event->at);
    extension(out, "externalId", vl_clean(arena, event->id, VALUE_MAX, false));
    extension(out, "cat", vl_notify_topic_name(event->topic));
    extension(out, "msg", message_of(event, arena));
    if (n_links > 0)
        extension(out, "request", vl_clean(arena, links[0].url, MESSAGE_MAX, false));
    for (size_t i = 0; i < event->n_facts && i < CUSTOM; i++) {
        extension_number(
            out, "cs", (int)i + 1, "Label", vl_clean(arena, event->facts[i].name, LABEL_MAX, false));
        extension_number(out, "cs", (int)i + 1, "", vl_clean(arena, event->facts[i].value, VALUE_MAX, false));
    }
    r = vl_arena_check(arena, "a line of CEF", err);
    return r < 0 ? r : vl_buf_check(out, "a line of CEF", err);
}

/* PRINTUSASCII, 1 to 255. */
static bool is_host(const char *host)
{
    size_t n = host ? strlen(host) : 0;
    for (size_t i = 0; i < n; i++)
        if (host[i] < 33 || host[i] > 126)
            return false;
    return n > 0 && n <= HOST_MAX;
}

static bool is_ascii(struct vl_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] > 127)
            return false;
    return true;
}

int vl_syslog_write(
    const struct vl_notify_event *event, const char *host, struct vl_buf *out, struct vl_err *err)
{
    struct vl_buf cef VL_CLEANUP(vl_buf_done);
    char when[VL_TIME_TEXT_MAX];
    vl_buf_init(&cef, VL_SYSLOG_MAX);
    int r = vl_cef_write(event, &cef, err);
    if (r < 0)
        return r;
    (void)vl_time_format(event->at, when);
    vl_buf_printf(out, "<%d>1 %s %s vallumd - %s ", VL_SYSLOG_FACILITY * 8 + syslog_severity(event->severity),
        when[0] ? when : "-", is_host(host) ? host : "-", vl_notify_topic_name(event->topic));
    /* A registered element (RFC 5424 7.2): one of our own would need a number that IANA gives. */
    vl_buf_append_str(out, "[origin software=\"vallumd\" swVersion=\"" VL_VERSION "\"] ");
    /* 6.4: what is known to be UTF-8 says so; pure ASCII need not, and old readers look for "CEF:" first. */
    if (!is_ascii(vl_buf_span(&cef)))
        vl_buf_append_str(out, "\xef\xbb\xbf");
    vl_buf_append_span(out, vl_buf_span(&cef));
    return vl_buf_check(out, "a message of syslog", err);
}

int vl_syslog_frame(struct vl_span message, struct vl_buf *out, struct vl_err *err)
{
    vl_buf_printf(out, "%zu ", message.len);
    vl_buf_append_span(out, message);
    return vl_buf_check(out, "a message of syslog", err);
}
