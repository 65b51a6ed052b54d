#include "respond/mail.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "clean.h"

#define ARENA_MAX   (4UL * 1024 * 1024)
#define LINE_MAX    76 /* of an encoded line (RFC 2045 6.7, RFC 2047 2) */
#define FOLD_AT     76
#define WORD_BYTES  39         /* of text in one encoded word: 52 of Base64, 64 with its frame */
#define BOUNDARY    "=_vallum" /* "=_" cannot be in quoted-printable */
#define DAY_SECONDS 86400
#define ID_MAX      128
#define DOMAIN_MAX  255
#define VALUE_MAX   1000 /* bytes of a fact, so that the largest event still is a mail */

/* --- parts --- */

static bool is_atext(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_host_char(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '-';
}

static bool dotted(struct vl_span text, bool (*is)(char))
{
    bool dot = true; /* one cannot stand first, last or beside another */
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' ? dot : !is(text.ptr[i]))
            return false;
        dot = text.ptr[i] == '.';
    }
    return !dot;
}

bool vl_mail_address_is(struct vl_span address)
{
    size_t at = vl_span_rfind_char(address, '@');
    if (at == SIZE_MAX || address.len > VL_MAIL_ADDRESS_MAX || at > VL_MAIL_LOCAL_MAX)
        return false;
    return dotted(vl_span_slice(address, 0, at), is_atext) &&
           dotted(vl_span_slice(address, at + 1, address.len), is_host_char);
}

void vl_mail_date(struct vl_buf *out, int64_t ms)
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[VL_TIME_TEXT_MAX];
    int64_t day = ms / 1000 / DAY_SECONDS;
    uint64_t month = 1;
    (void)vl_time_format(ms, text); /* "2026-11-28T02:30:00Z" */
    struct vl_span t = vl_span_str(text);
    (void)vl_span_to_u64(vl_span_slice(t, 5, 7), &month);
    vl_buf_printf(out, "%s, %.2s %s %.4s %.8s +0000", days[day > 0 ? day % 7 : 0], text + 8,
        months[month >= 1 && month <= 12 ? month - 1 : 0], text, text + 11);
}

/* Encoded words of whole characters, one a line. */
static void encoded_words(struct vl_buf *out, struct vl_span text)
{
    bool first = true;
    while (text.len > 0) {
        size_t n = 0;
        while (n < text.len) {
            uint32_t rune;
            size_t one = vl_utf8_decode(vl_span_slice(text, n, text.len), &rune);
            one = one ? one : 1;
            if (n + one > WORD_BYTES)
                break;
            n += one;
        }
        vl_buf_append_str(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        vl_base64_encode(vl_span_slice(text, 0, n), out);
        vl_buf_append_str(out, "?=");
        text = vl_span_slice(text, n, text.len);
        first = false;
    }
}

static bool is_plain(struct vl_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 32 || text.ptr[i] > 126)
            return false;
    return vl_span_find(text, VL_SPAN_LIT("=?")) == SIZE_MAX;
}

/* Folded before a word that would go over; a single space goes from the end of one line to the begin of the
 * next, so that unfolding gives the text back. */
static void folded(struct vl_buf *out, struct vl_span text, size_t column)
{
    bool first = true;
    while (text.len > 0) {
        size_t from = first ? 0 : 1, n = from;
        while (n < text.len && text.ptr[n] != ' ')
            n++;
        if (!first && column + n > FOLD_AT && n > 1) {
            vl_buf_append_str(out, "\r\n");
            column = 0;
        }
        vl_buf_append_span(out, vl_span_slice(text, 0, n));
        column += n;
        text = vl_span_slice(text, n, text.len);
        first = false;
    }
}

static bool has_long_word(struct vl_span text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        n = text.ptr[i] == ' ' ? 0 : n + 1;
        if (n > 60)
            return true;
    }
    return false;
}

void vl_mail_header(struct vl_buf *out, const char *name, const char *text)
{
    struct vl_span t = vl_span_trim(vl_span_str(text));
    vl_buf_printf(out, "%s: ", name);
    /* One encoded word may stand on the first line beside the longest name that we have. */
    if (is_plain(t) && !has_long_word(t))
        folded(out, t, strlen(name) + 2);
    else
        encoded_words(out, t);
    vl_buf_append_str(out, "\r\n");
}

/* A line without its end; what does not fit goes on after "=" at the end. */
static void quoted_line(struct vl_buf *out, struct vl_span line)
{
    size_t column = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        bool last = i + 1 == line.len;
        /* A space at the end would get lost; a dot alone at the begin is SMTP's, "From " that of mail boxes.
         */
        bool plain =
            (c >= 33 && c <= 126 && c != '=' && !(c == '.' && column == 0) && !(c == 'F' && column == 0)) ||
            (c == ' ' && !last);
        size_t n = plain ? 1 : 3;
        if (column + n > (last ? LINE_MAX : LINE_MAX - 1)) {
            vl_buf_append_str(out, "=\r\n");
            column = 0;
            plain = plain && c != '.' && c != 'F';
            n = plain ? 1 : 3;
        }
        if (plain)
            vl_buf_append_char(out, (char)c);
        else
            vl_buf_printf(out, "=%02X", c);
        column += n;
    }
}

void vl_mail_quoted_printable(struct vl_buf *out, struct vl_span text)
{
    struct vl_span line;
    while (vl_span_split(&text, '\n', &line)) {
        quoted_line(out, line);
        vl_buf_append_str(out, "\r\n");
    }
}

/* --- what it says --- */

struct body {
    const struct vl_mail *mail;
    struct vl_arena *arena;
    struct vl_notify_link *links;
    size_t n_links;
    const char *headline;
};

static const char *date_of(struct vl_arena *arena, int64_t ms)
{
    char text[VL_TIME_TEXT_MAX];
    return vl_arena_strdup(arena, vl_time_format(ms, text));
}

static void plain_held(const struct body *b, struct vl_buf *out)
{
    const struct vl_mail *m = b->mail;
    if (m->total_held == 0)
        return;
    vl_buf_printf(out, "\nHeld back since the last mail to you, by the limit of mails a day: %llu\n",
        (unsigned long long)m->total_held);
    for (size_t i = 0; i < m->n_held && i < VL_MAIL_HELD_MAX; i++)
        vl_buf_printf(out, "- %s  [%s] %s\n", date_of(b->arena, m->held[i].at),
            vl_notify_severity_name(m->held[i].severity),
            vl_clean(b->arena, m->held[i].subject, VL_MAIL_SUBJECT_MAX, false));
    if (m->total_held > m->n_held)
        vl_buf_printf(out, "and %llu more.\n", (unsigned long long)(m->total_held - m->n_held));
}

static void plain_body(const struct body *b, struct vl_buf *out)
{
    const struct vl_notify_event *e = b->mail->event;
    vl_buf_printf(out, "%s\n\n", b->headline);
    if (e->text) {
        vl_clean_append(out, e->text, VL_NOTIFY_TEXT_MAX, true);
        vl_buf_append_str(out, "\n\n");
    }
    for (size_t i = 0; i < e->n_facts && i < VL_NOTIFY_FACTS_MAX; i++)
        vl_buf_printf(out, "%s: %s\n", vl_clean(b->arena, e->facts[i].name, 200, false),
            vl_clean(b->arena, e->facts[i].value, VALUE_MAX, true));
    for (size_t i = 0; i < b->n_links; i++)
        vl_buf_printf(out, "\n%s:\n%s\n", vl_clean(b->arena, b->links[i].title, 200, false),
            vl_clean(b->arena, b->links[i].url, VL_NOTIFY_TEXT_MAX, false));
    plain_held(b, out);
    vl_buf_printf(out, "\n-- \nVallum, environment %s, %s\n",
        vl_clean(b->arena, e->environment ? e->environment : "(none)", 200, false), date_of(b->arena, e->at));
}

static void html_text(struct vl_buf *out, const char *text)
{
    for (; text && *text; text++)
        switch (*text) {
        case '&':
            vl_buf_append_str(out, "&amp;");
            break;
        case '<':
            vl_buf_append_str(out, "&lt;");
            break;
        case '>':
            vl_buf_append_str(out, "&gt;");
            break;
        case '"':
            vl_buf_append_str(out, "&quot;");
            break;
        case '\n':
            vl_buf_append_str(out, "<br>\n");
            break;
        default:
            vl_buf_append_char(out, *text);
        }
}

static void html_element(struct vl_buf *out, const char *begin, const char *text, const char *end)
{
    vl_buf_append_str(out, begin);
    html_text(out, text);
    vl_buf_append_str(out, end);
}

static void html_held(const struct body *b, struct vl_buf *out)
{
    const struct vl_mail *m = b->mail;
    if (m->total_held == 0)
        return;
    vl_buf_printf(out,
        "<h2 style=\"font-size:15px\">Held back since the last mail to you, by the limit of mails a day: "
        "%llu</h2>\n<ul>\n",
        (unsigned long long)m->total_held);
    for (size_t i = 0; i < m->n_held && i < VL_MAIL_HELD_MAX; i++) {
        vl_buf_printf(out, "<li>%s [%s] ", date_of(b->arena, m->held[i].at),
            vl_notify_severity_name(m->held[i].severity));
        html_element(out, "", vl_clean(b->arena, m->held[i].subject, VL_MAIL_SUBJECT_MAX, false), "</li>\n");
    }
    vl_buf_append_str(out, "</ul>\n");
    if (m->total_held > m->n_held)
        vl_buf_printf(out, "<p>and %llu more.</p>\n", (unsigned long long)(m->total_held - m->n_held));
}

/* No pictures, no styles from elsewhere: nothing that tells anybody that the mail was read. */
static void html_body(const struct body *b, struct vl_buf *out)
{
    const struct vl_notify_event *e = b->mail->event;
    vl_buf_append_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head>\n"
                           "<body style=\"font-family:sans-serif;font-size:14px\">\n");
    html_element(out, "<h1 style=\"font-size:18px\">", b->headline, "</h1>\n");
    if (e->text)
        html_element(out, "<p>", vl_clean(b->arena, e->text, VL_NOTIFY_TEXT_MAX, true), "</p>\n");
    if (e->n_facts > 0)
        vl_buf_append_str(out, "<table cellpadding=\"4\">\n");
    for (size_t i = 0; i < e->n_facts && i < VL_NOTIFY_FACTS_MAX; i++) {
        html_element(out, "<tr><th align=\"left\" valign=\"top\">",
            vl_clean(b->arena, e->facts[i].name, 200, false), "</th>\n");
        html_element(out, "<td>", vl_clean(b->arena, e->facts[i].value, VALUE_MAX, true), "</td></tr>\n");
    }
    if (e->n_facts > 0)
        vl_buf_append_str(out, "</table>\n");
    for (size_t i = 0; i < b->n_links; i++) {
        html_element(
            out, "<p><a href=\"", vl_clean(b->arena, b->links[i].url, VL_NOTIFY_TEXT_MAX, false), "\">");
        html_element(out, "", vl_clean(b->arena, b->links[i].title, 200, false), "</a></p>\n");
    }
    html_held(b, out);
    html_element(out, "<p style=\"color:#666\">Vallum, environment ",
        vl_clean(b->arena, e->environment ? e->environment : "(none)", 200, false), ", ");
    vl_buf_printf(out, "%s</p>\n</body></html>\n", date_of(b->arena, e->at));
}

/* --- the message --- */

static void message_id(const struct vl_mail *mail, struct vl_buf *out)
{
    vl_buf_append_str(out, "Message-ID: <");
    struct vl_span id = vl_span_slice(vl_span_str(mail->event->id), 0, ID_MAX);
    for (size_t i = 0; i < id.len; i++)
        vl_buf_append_char(out, is_host_char(id.ptr[i]) || id.ptr[i] == '_' ? id.ptr[i] : '-');
    vl_buf_append_char(out, '@');
    struct vl_span domain = vl_span_str(mail->domain);
    vl_buf_append_span(out,
        domain.len <= DOMAIN_MAX && dotted(domain, is_host_char) ? domain : VL_SPAN_LIT("vallum.invalid"));
    vl_buf_append_str(out, ">\r\n");
}

static void headers(const struct vl_mail *mail, const char *headline, struct vl_buf *out)
{
    vl_buf_printf(out, "From: Vallum <%s>\r\nTo: <%s>\r\n", mail->from, mail->to);
    vl_mail_header(out, "Subject", headline);
    vl_buf_append_str(out, "Date: ");
    vl_mail_date(out, mail->now);
    vl_buf_append_str(out, "\r\n");
    message_id(mail, out);
    /* RFC 3834: no answers by machines. */
    vl_buf_append_str(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: multipart/alternative;\r\n boundary=\"" BOUNDARY "\"\r\n\r\n");
}

static void part(struct vl_buf *out, const char *type, struct vl_span text)
{
    vl_buf_printf(out,
        "--" BOUNDARY
        "\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        type);
    vl_mail_quoted_printable(out, text);
}

int vl_mail_write(const struct vl_mail *mail, struct vl_buf *out, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf plain VL_CLEANUP(vl_buf_done);
    struct vl_buf html VL_CLEANUP(vl_buf_done);
    const struct vl_notify_event *e = mail->event;
    vl_buf_init(&plain, VL_MAIL_MAX);
    vl_buf_init(&html, VL_MAIL_MAX);
    if (!arena)
        return vl_err_nomem(err);
    if (!vl_mail_address_is(vl_span_str(mail->from)) || !vl_mail_address_is(vl_span_str(mail->to)))
        return vl_err_set(
            err, VL_ERR_INVALID, "\"%s\" or \"%s\" is no address of mail", mail->from, mail->to);
    struct body b = {.mail = mail, .arena = arena};
    b.headline = vl_clean(arena,
        e->topic == VL_NOTIFY_DIGEST
            ? e->title
            : vl_arena_printf(arena, "[%s] %s", vl_notify_severity_name(e->severity), e->title),
        VL_MAIL_SUBJECT_MAX, false);
    int r = vl_notify_event_links(e, arena, &b.links, &b.n_links, err);
    if (r < 0)
        return r;
    plain_body(&b, &plain);
    html_body(&b, &html);
    headers(mail, b.headline, out);
    part(out, "text/plain", vl_buf_span(&plain));
    part(out, "text/html", vl_buf_span(&html));
    vl_buf_append_str(out, "--" BOUNDARY "--\r\n");
    r = vl_arena_check(arena, "a mail", err);
    if (r >= 0)
        r = vl_buf_check(&plain, "a mail", err);
    if (r >= 0)
        r = vl_buf_check(&html, "a mail", err);
    return r < 0 ? r : vl_buf_check(out, "a mail", err);
}
