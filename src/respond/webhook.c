#include "respond/webhook.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "clean.h"
#include "net/crypt.h"

#define ARENA_MAX         (4UL * 1024 * 1024)
#define KEY_MAX           4096
#define SLACK_HEADER_MAX  150 /* block kit: characters; ours are bytes, which are never fewer */
#define SLACK_SECTION_MAX 2900
#define SLACK_FIELD_MAX   500
#define SLACK_FIELDS      10 /* of one section */
#define SLACK_BUTTON_MAX  75
#define URL_MAX           2000
#define TEAMS_TITLE_MAX   500
#define TEAMS_TEXT_MAX    2000
#define TEAMS_FACT_MAX    150
#define TEAMS_FACTS       20
#define TEAMS_LINKS       3
#define TEAMS_URL_MAX     1000

int vl_webhook_write(const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_notify_event absolute = *event;
    struct vl_notify_link *links;
    size_t n;
    struct vl_json json;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_notify_event_links(event, arena, &links, &n, err);
    if (r < 0)
        return r;
    bool own = n > 0 && event->object && event->base_url; /* its own link is the first */
    absolute.url = own ? links[0].url : NULL;
    absolute.links = links + own;
    absolute.n_links = n - own;
    vl_json_init(&json, out, false);
    vl_notify_event_write(&absolute, &json);
    return vl_json_check(&json, "a webhook", err);
}

int vl_webhook_sign(struct vl_span secret, const char *id, int64_t timestamp, struct vl_span body,
    char ret[VL_WEBHOOK_SIGNATURE_MAX], struct vl_err *err)
{
    struct vl_buf key VL_CLEANUP(vl_buf_done);
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_buf signature VL_CLEANUP(vl_buf_done);
    uint8_t mac[32];
    vl_buf_init(&key, KEY_MAX);
    vl_buf_init(&text, VL_WEBHOOK_BODY_MAX + KEY_MAX);
    vl_buf_init(&signature, VL_WEBHOOK_SIGNATURE_MAX);
    if (!vl_span_starts_with(secret, "whsec_"))
        vl_buf_append_span(&key, secret);
    else if (!vl_base64_decode(vl_span_slice(secret, 6, secret.len), &key))
        return vl_err_set(err, VL_ERR_INVALID, "the secret of a webhook is no Base64 behind \"whsec_\"");
    vl_buf_printf(&text, "%s.%lld.", id, (long long)timestamp);
    vl_buf_append_span(&text, body);
    int r = vl_buf_check(&key, "the secret of a webhook", err);
    if (r >= 0)
        r = vl_buf_check(&text, "a webhook", err);
    if (r >= 0)
        r = vl_crypt_hmac(vl_buf_span(&key), vl_buf_span(&text), mac, err);
    if (key.ptr)
        explicit_bzero(key.ptr, key.len);
    if (r < 0)
        return r;
    vl_base64_encode((struct vl_span){(const char *)mac, sizeof(mac)}, &signature);
    r = vl_buf_check(&signature, "a signature", err);
    if (r >= 0)
        (void)snprintf(ret, VL_WEBHOOK_SIGNATURE_MAX, "v1,%s", vl_buf_str(&signature));
    return r;
}

/* --- Slack --- */

/* The three characters that mean something in mrkdwn's links, mentions and entities ("<!channel>"). */
static const char *slack_escape(struct vl_arena *arena, const char *text, size_t max, bool lines)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    const char *clean = vl_clean(arena, text, max, lines);
    vl_buf_init(&out, 64UL * 1024);
    for (; clean && *clean; clean++)
        if (*clean == '&')
            vl_buf_append_str(&out, "&amp;");
        else if (*clean == '<')
            vl_buf_append_str(&out, "&lt;");
        else if (*clean == '>')
            vl_buf_append_str(&out, "&gt;");
        else
            vl_buf_append_char(&out, *clean);
    return vl_arena_dup_span(arena, vl_buf_span(&out));
}

static void text_object(struct vl_json *json, const char *key, const char *type, const char *text)
{
    if (key)
        vl_json_key(json, key);
    vl_json_object(json);
    vl_json_member_str(json, "type", type);
    vl_json_member_str(json, "text", text && text[0] ? text : " ");
    vl_json_object_end(json);
}

static void slack_facts(const struct vl_notify_event *event, struct vl_arena *arena, struct vl_json *json)
{
    for (size_t i = 0; i < event->n_facts && i < VL_NOTIFY_FACTS_MAX; i++) {
        if (i % SLACK_FIELDS == 0) {
            vl_json_object(json);
            vl_json_member_str(json, "type", "section");
            vl_json_key(json, "fields");
            vl_json_array(json);
        }
        text_object(json, NULL, "mrkdwn",
            vl_arena_printf(arena, "*%s*\n%s",
                slack_escape(arena, event->facts[i].name, SLACK_FIELD_MAX, false),
                slack_escape(arena, event->facts[i].value, SLACK_FIELD_MAX, true)));
        if (i % SLACK_FIELDS == SLACK_FIELDS - 1 || i + 1 == event->n_facts || i + 1 == VL_NOTIFY_FACTS_MAX) {
            vl_json_array_end(json);
            vl_json_object_end(json);
        }
    }
}

static void slack_links(
    const struct vl_notify_link *links, size_t n, struct vl_arena *arena, struct vl_json *json)
{
    if (n == 0)
        return;
    vl_json_object(json);
    vl_json_member_str(json, "type", "actions");
    vl_json_key(json, "elements");
    vl_json_array(json);
    for (size_t i = 0; i < n; i++) {
        vl_json_object(json);
        vl_json_member_str(json, "type", "button");
        text_object(json, "text", "plain_text", vl_clean(arena, links[i].title, SLACK_BUTTON_MAX, false));
        vl_json_member_str(json, "url", links[i].url);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    vl_json_object_end(json);
}

/* A URL that a service would refuse makes it refuse the whole message: such a link stays out. */
static size_t short_links(struct vl_notify_link *links, size_t n, size_t max)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (strlen(links[i].url) <= max)
            links[kept++] = links[i];
    return kept;
}

static const char *headline(const struct vl_notify_event *event, struct vl_arena *arena, size_t max)
{
    return vl_clean(arena,
        event->topic == VL_NOTIFY_DIGEST
            ? event->title
            : vl_arena_printf(arena, "[%s] %s", vl_notify_severity_name(event->severity), event->title),
        max, false);
}

static const char *footer(const struct vl_notify_event *event, struct vl_arena *arena)
{
    return vl_arena_printf(arena, "Vallum · %s · %s",
        event->environment ? event->environment : "no environment", vl_notify_topic_name(event->topic));
}

int vl_slack_write(const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_notify_link *links;
    struct vl_json json;
    size_t n_links;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_notify_event_links(event, arena, &links, &n_links, err);
    if (r < 0)
        return r;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    /* Shown in notifications, where blocks are not. */
    vl_json_member_str(&json, "text",
        slack_escape(arena, headline(event, arena, SLACK_SECTION_MAX), SLACK_SECTION_MAX, false));
    vl_json_key(&json, "blocks");
    vl_json_array(&json);
    vl_json_object(&json);
    vl_json_member_str(&json, "type", "header");
    text_object(&json, "text", "plain_text", headline(event, arena, SLACK_HEADER_MAX));
    vl_json_object_end(&json);
    if (event->text) {
        vl_json_object(&json);
        vl_json_member_str(&json, "type", "section");
        /* Escaping makes longer: cut before it, so that even "&" alone stays under Slack's 3,000. */
        text_object(&json, "text", "mrkdwn", slack_escape(arena, event->text, SLACK_SECTION_MAX / 5, true));
        vl_json_object_end(&json);
    }
    slack_facts(event, arena, &json);
    slack_links(links, short_links(links, n_links, URL_MAX), arena, &json);
    vl_json_object(&json);
    vl_json_member_str(&json, "type", "context");
    vl_json_key(&json, "elements");
    vl_json_array(&json);
    text_object(&json, NULL, "plain_text", vl_clean(arena, footer(event, arena), SLACK_SECTION_MAX, false));
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    r = vl_arena_check(arena, "a message to Slack", err);
    return r < 0 ? r : vl_json_check(&json, "a message to Slack", err);
}

/* --- Teams --- */

static void run(struct vl_json *json, const char *text, const char *size, bool bold)
{
    vl_json_object(json);
    vl_json_member_str(json, "type", "TextRun");
    vl_json_member_str(json, "text", text && text[0] ? text : " ");
    vl_json_member_str(json, "size", size);
    if (bold)
        vl_json_member_str(json, "weight", "Bolder");
    vl_json_object_end(json);
}

/* Runs of text are shown as they are; TextBlock and FactSet would read Markdown in what strangers wrote. */
static void rich(struct vl_json *json, const char *first, const char *size, bool bold, const char *second)
{
    vl_json_object(json);
    vl_json_member_str(json, "type", "RichTextBlock");
    vl_json_key(json, "inlines");
    vl_json_array(json);
    run(json, first, size, bold);
    if (second)
        run(json, second, NULL, false);
    vl_json_array_end(json);
    vl_json_object_end(json);
}

static void teams_body(const struct vl_notify_event *event, struct vl_arena *arena, struct vl_json *json)
{
    vl_json_key(json, "body");
    vl_json_array(json);
    rich(json, headline(event, arena, TEAMS_TITLE_MAX), "Medium", true, NULL);
    if (event->text)
        rich(json, vl_clean(arena, event->text, TEAMS_TEXT_MAX, true), NULL, false, NULL);
    for (size_t i = 0; i < event->n_facts && i < TEAMS_FACTS; i++)
        rich(json,
            vl_arena_printf(arena, "%s: ", vl_clean(arena, event->facts[i].name, TEAMS_FACT_MAX / 4, false)),
            NULL, true, vl_clean(arena, event->facts[i].value, TEAMS_FACT_MAX, true));
    if (event->n_facts > TEAMS_FACTS)
        rich(json, vl_arena_printf(arena, "and %zu more facts, in Vallum", event->n_facts - TEAMS_FACTS),
            "Small", false, NULL);
    rich(json, vl_clean(arena, footer(event, arena), TEAMS_FACT_MAX, false), "Small", false, NULL);
    vl_json_array_end(json);
}

int vl_teams_write(const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_notify_link *links;
    struct vl_json json;
    size_t n_links;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_notify_event_links(event, arena, &links, &n_links, err);
    if (r < 0)
        return r;
    n_links = short_links(links, n_links, TEAMS_URL_MAX);
    n_links = n_links > TEAMS_LINKS ? TEAMS_LINKS : n_links;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "type", "message");
    vl_json_key(&json, "attachments");
    vl_json_array(&json);
    vl_json_object(&json);
    vl_json_member_str(&json, "contentType", "application/vnd.microsoft.card.adaptive");
    vl_json_key(&json, "contentUrl");
    vl_json_null(&json);
    vl_json_key(&json, "content");
    vl_json_object(&json);
    vl_json_member_str(&json, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    vl_json_member_str(&json, "type", "AdaptiveCard");
    vl_json_member_str(&json, "version", "1.4");
    teams_body(event, arena, &json);
    vl_json_key(&json, "actions");
    vl_json_array(&json);
    for (size_t i = 0; i < n_links; i++) {
        vl_json_object(&json);
        vl_json_member_str(&json, "type", "Action.OpenUrl");
        vl_json_member_str(&json, "title", vl_clean(arena, links[i].title, TEAMS_FACT_MAX, false));
        vl_json_member_str(&json, "url", links[i].url);
        vl_json_object_end(&json);
    }
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    vl_json_object_end(&json);
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    r = vl_arena_check(arena, "a message to Teams", err);
    return r < 0 ? r : vl_json_check(&json, "a message to Teams", err);
}
