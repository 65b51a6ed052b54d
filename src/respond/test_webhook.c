/* tests: webhook.c clean.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "clean.h"
#include "codec/doc.h"
#include "respond/webhook.h"

/* The vector that the libraries of Standard Webhooks test themselves with. */
static void published_signature(void **state)
{
    (void)state;
    char signature[VL_WEBHOOK_SIGNATURE_MAX];
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(
        vl_webhook_sign(VL_SPAN_LIT("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330, VL_SPAN_LIT("{\"test\": 2432232314}"), signature, &err),
        0);
    assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_true(vl_webhook_sign(VL_SPAN_LIT("whsec_?"), "x", 1, VL_SPAN_LIT("{}"), signature, &err) < 0);
}

static const struct vl_notify_fact facts[] = {
    {"Image", "a/b:<!channel> & more"}, {"Why", "[click](http://evil)"}};
static const struct vl_notify_link links[] = {{"Advisory", "https://example.org/?a=1&b=2"}};
static const struct vl_notify_event event = {.topic = VL_NOTIFY_FINDING,
    .severity = VL_SEVERITY_HIGH,
    .title = "<b>new</b>",
    .text = "one\ntwo",
    .object = "/images/1",
    .base_url = "https://vallum.example",
    .facts = facts,
    .n_facts = 2,
    .links = links,
    .n_links = 1,
    .at = 1764288000000};

static struct vl_doc *made(int (*write)(const struct vl_notify_event *, struct vl_buf *, struct vl_err *),
    const struct vl_notify_event *e, size_t max)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&out, max);
    if (write(e, &out, &err) < 0 || vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "body", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

/* Receivers of a generic one get addresses that they can open, as people do. */
static void generic_links(void **state)
{
    (void)state;
    struct vl_notify_event e = event;
    e.environment = "shop";
    e.environment_id = "11111111-2222-4333-8444-555555555555";
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = made(vl_webhook_write, &e, VL_WEBHOOK_BODY_MAX);
    const struct vl_doc_node *root = vl_doc_root(doc);
    assert_true(vl_span_eq_str(vl_doc_get_str(root, "url"),
        "https://vallum.example/images/1?environment=11111111-2222-4333-8444-555555555555"));
    assert_true(
        vl_span_eq_str(vl_doc_get_str(root, "environmentId"), "11111111-2222-4333-8444-555555555555"));
    assert_true(vl_span_eq_str(vl_doc_get_str(root, "object"), "/images/1"));
    assert_int_equal(vl_doc_size(vl_doc_get(root, "links")), 1);
    struct vl_doc *plain VL_CLEANUP(vl_doc_cleanup) = NULL;
    e.base_url = NULL;
    plain = made(vl_webhook_write, &e, VL_WEBHOOK_BODY_MAX);
    assert_null(vl_doc_get(vl_doc_root(plain), "url"));
    assert_int_equal(vl_doc_size(vl_doc_get(vl_doc_root(plain), "links")), 1);
}

static void slack(void **state)
{
    (void)state;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = made(vl_slack_write, &event, VL_WEBHOOK_BODY_MAX);
    const struct vl_doc_node *blocks = vl_doc_get(vl_doc_root(doc), "blocks");
    assert_int_equal(vl_doc_size(blocks), 5);
    assert_true(vl_span_eq_str(vl_doc_get_str(vl_doc_root(doc), "text"), "[high] &lt;b&gt;new&lt;/b&gt;"));
    /* plain_text is shown as it is */
    assert_true(vl_span_eq_str(
        vl_doc_get_str(vl_doc_get(vl_doc_at(blocks, 0), "text"), "text"), "[high] <b>new</b>"));
    const struct vl_doc_node *field = vl_doc_at(vl_doc_get(vl_doc_at(blocks, 2), "fields"), 0);
    assert_true(vl_span_eq_str(vl_doc_get_str(field, "type"), "mrkdwn"));
    assert_true(vl_span_eq_str(vl_doc_get_str(field, "text"), "*Image*\na/b:&lt;!channel&gt; &amp; more"));
    const struct vl_doc_node *button = vl_doc_at(vl_doc_get(vl_doc_at(blocks, 3), "elements"), 1);
    assert_true(vl_span_eq_str(vl_doc_get_str(button, "url"), "https://example.org/?a=1&b=2"));
}

static void teams(void **state)
{
    (void)state;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = made(vl_teams_write, &event, VL_TEAMS_BODY_MAX);
    const struct vl_doc_node *attachment = vl_doc_at(vl_doc_get(vl_doc_root(doc), "attachments"), 0);
    const struct vl_doc_node *card = vl_doc_get(attachment, "content");
    assert_true(
        vl_span_eq_str(vl_doc_get_str(attachment, "contentType"), "application/vnd.microsoft.card.adaptive"));
    assert_true(vl_span_eq_str(vl_doc_get_str(card, "type"), "AdaptiveCard"));
    const struct vl_doc_node *body = vl_doc_get(card, "body");
    assert_int_equal(vl_doc_size(body), 5);
    /* No TextBlock and no FactSet anywhere: they would read Markdown. */
    for (const struct vl_doc_node *b = vl_doc_first(body); b; b = vl_doc_next(b))
        assert_true(vl_span_eq_str(vl_doc_get_str(b, "type"), "RichTextBlock"));
    const struct vl_doc_node *value = vl_doc_at(vl_doc_get(vl_doc_at(body, 3), "inlines"), 1);
    assert_true(vl_span_eq_str(vl_doc_get_str(value, "text"), "[click](http://evil)"));
    assert_int_equal(vl_doc_size(vl_doc_get(card, "actions")), 2);
}

/* Slack: header 150 characters, text 3,000, field 2,000, 10 fields a section, 50 blocks; Teams: 28 KB. */
static void largest(void **state)
{
    (void)state;
    static char text[VL_NOTIFY_TEXT_MAX * 2];
    struct vl_notify_fact many[VL_NOTIFY_FACTS_MAX];
    struct vl_notify_link far[VL_NOTIFY_LINKS_MAX];
    static char url[1990];
    memset(text, '"', sizeof(text) - 1); /* as JSON it is twice as long */
    memset(url, 'u', sizeof(url) - 1);
    memcpy(url, "https://", 8);
    for (size_t i = 0; i < VL_NOTIFY_FACTS_MAX; i++)
        many[i] = (struct vl_notify_fact){text, text};
    for (size_t i = 0; i < VL_NOTIFY_LINKS_MAX; i++)
        far[i] = (struct vl_notify_link){text, url};
    struct vl_notify_event e = {.topic = VL_NOTIFY_FINDING,
        .title = text,
        .text = text,
        .facts = many,
        .n_facts = VL_NOTIFY_FACTS_MAX,
        .links = far,
        .n_links = VL_NOTIFY_LINKS_MAX};
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = made(vl_slack_write, &e, VL_WEBHOOK_BODY_MAX);
    struct vl_doc *card VL_CLEANUP(vl_doc_cleanup) = made(vl_teams_write, &e, VL_TEAMS_BODY_MAX);
    const struct vl_doc_node *blocks = vl_doc_get(vl_doc_root(doc), "blocks");
    assert_true(vl_doc_size(blocks) <= 50);
    assert_true(vl_doc_get_str(vl_doc_get(vl_doc_at(blocks, 0), "text"), "text").len <= 150 + 3);
    for (const struct vl_doc_node *b = vl_doc_first(blocks); b; b = vl_doc_next(b)) {
        assert_true(vl_doc_get_str(vl_doc_get(b, "text"), "text").len <= 3000);
        assert_true(vl_doc_size(vl_doc_get(b, "fields")) <= 10);
    }
    assert_non_null(vl_doc_root(card));
}

static const char *clean(struct vl_buf *out, const char *text, size_t max, bool lines)
{
    vl_buf_clear(out);
    vl_clean_append(out, text, max, lines);
    return vl_buf_str(out);
}

static void cleaning(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1024);
    assert_string_equal(clean(&out, "a\r\nBcc: b\x1b[31m\x7f", 100, false), "a  Bcc: b [31m ");
    assert_string_equal(clean(&out, "a\r\nb\rc\nd\te", 100, true), "a\nb\nc\nd e");
    assert_string_equal(clean(&out, "x\xff\xc3(", 100, false), "x\xef\xbf\xbd\xef\xbf\xbd(");
    assert_string_equal(clean(&out, "\xc2\x85\xe2\x80\xa8", 100, true), "  "); /* NEL, LINE SEPARATOR */
    assert_string_equal(clean(&out, "ééééé", 7, false), "éé…");
    assert_string_equal(clean(&out, "ééé", 6, false), "ééé");
    assert_string_equal(clean(&out, NULL, 6, false), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_signature), cmocka_unit_test(generic_links),
        cmocka_unit_test(slack), cmocka_unit_test(teams), cmocka_unit_test(largest),
        cmocka_unit_test(cleaning)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
