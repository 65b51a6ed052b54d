/* Whatever texts an event has (names of images, messages of registries): no body gets a header, a line or a
 * document more than it should have. */
#include <stdlib.h>
#include <string.h>

#include "codec/doc.h"
#include "respond/mail.h"
#include "respond/syslog.h"
#include "respond/webhook.h"

#define TEXTS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input's texts, apart by NULs. */
static void split(struct vl_arena *arena, struct vl_span rest, const char *texts[TEXTS])
{
    struct vl_span part;
    for (size_t i = 0; i < TEXTS; i++)
        texts[i] = vl_span_split(&rest, '\0', &part) ? vl_arena_dup_span(arena, part) : NULL;
}

static void check_mail(const struct vl_notify_event *event, struct vl_buf *out)
{
    static const char *const known[] = {"From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ",
        "Auto-Submitted: ", "MIME-Version: ", "Content-Type: ", " "};
    const struct vl_mail_held held = {event->title, VL_SEVERITY_LOW, 1};
    const struct vl_mail mail = {.from = "a@example.org",
        .to = "b@example.org",
        .domain = event->object,
        .event = event,
        .held = &held,
        .n_held = 1,
        .total_held = 2};
    struct vl_err err = VL_ERR_INIT;
    struct vl_span rest, line;
    vl_buf_clear(out);
    if (vl_mail_write(&mail, out, &err) < 0)
        abort();
    for (size_t i = 0; i < out->len; i++)
        if ((out->ptr[i] == '\n') != (i > 0 && out->ptr[i - 1] == '\r') || (unsigned char)out->ptr[i] > 126)
            abort();
    rest = vl_buf_span(out);
    while (vl_span_split_line(&rest, &line) && line.len > 0) {
        bool found = false;
        for (size_t i = 0; i < VL_ARRAY_LEN(known); i++)
            found |= vl_span_starts_with(line, known[i]);
        if (!found || line.len > 998)
            abort();
    }
}

static void check_syslog(const struct vl_notify_event *event, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    vl_buf_clear(out);
    if (vl_syslog_write(event, event->registry, out, &err) < 0 || out->len > VL_SYSLOG_MAX)
        abort();
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char)out->ptr[i] < 32)
            abort();
}

static void check_json(int (*write)(const struct vl_notify_event *, struct vl_buf *, struct vl_err *),
    const struct vl_notify_event *event, size_t max, struct vl_buf *out)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_clear(out);
    if (write(event, out, &err) < 0 || out->len > max ||
        vl_doc_parse(vl_buf_span(out), VL_DOC_JSON, "body", &doc, &err) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(16UL * 1024 * 1024);
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    const char *texts[TEXTS];
    vl_buf_init(&out, VL_MAIL_MAX);
    if (!arena || size > 1024UL * 1024)
        return 0;
    split(arena, (struct vl_span){(const char *)data, size}, texts);
    struct vl_notify_fact facts[VL_NOTIFY_FACTS_MAX];
    struct vl_notify_link links[VL_NOTIFY_LINKS_MAX];
    for (size_t i = 0; i < VL_NOTIFY_FACTS_MAX; i++)
        facts[i] = (struct vl_notify_fact){texts[2], texts[3]};
    for (size_t i = 0; i < VL_NOTIFY_LINKS_MAX; i++)
        links[i] = (struct vl_notify_link){texts[4], texts[5]};
    const struct vl_notify_event event = {.topic = VL_NOTIFY_ALERT,
        .severity = VL_SEVERITY_HIGH,
        .title = texts[0] ? texts[0] : "",
        .text = texts[1],
        .object = texts[6],
        .registry = texts[7],
        .facts = facts,
        .n_facts = size % (VL_NOTIFY_FACTS_MAX + 1),
        .links = links,
        .n_links = size % (VL_NOTIFY_LINKS_MAX + 1),
        .id = texts[7],
        .environment = texts[2],
        .environment_id = "11111111-2222-4333-8444-555555555555",
        .base_url = "https://vallum.example",
        .at = 1764288000000};
    check_mail(&event, &out);
    check_syslog(&event, &out);
    check_json(vl_webhook_write, &event, VL_WEBHOOK_BODY_MAX, &out);
    check_json(vl_slack_write, &event, VL_WEBHOOK_BODY_MAX, &out);
    check_json(vl_teams_write, &event, VL_TEAMS_BODY_MAX, &out);
    return 0;
}
