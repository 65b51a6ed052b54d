#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "respond/event.h"

/* What is written is what JSON says it is, read by the document reader, and comes back whole. */
static void round_trip(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    struct vl_json json;
    const struct vl_notify_fact facts[] = {{"Image", "web:1.4 \"quoted\""}, {"CVE", "CVE-2026-0001\nBcc: x"}};
    const struct vl_notify_link links[] = {{"Advisory", "https://example.org/a?b=c&d=e"}};
    struct vl_notify_event e = {.topic = VL_NOTIFY_FINDING,
        .severity = VL_SEVERITY_CRITICAL,
        .title = "3 new critical findings",
        .object = "/images/sha256:00",
        .registry = "main",
        .registry_id = 7,
        .facts = facts,
        .n_facts = 2,
        .links = links,
        .n_links = 1,
        .at = 1764288000000};
    struct vl_notify_event back;
    vl_buf_init(&out, 1 << 16);
    vl_json_init(&json, &out, false);
    vl_notify_event_write(&e, &json);
    assert_int_equal(vl_json_check(&json, "event", &err), 0);
    assert_int_equal(vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "event", &doc, &err), 0);
    assert_true(vl_span_eq_str(vl_doc_get_str(vl_doc_root(doc), "severity"), "critical"));
    assert_true(vl_span_eq_str(vl_doc_get_str(vl_doc_root(doc), "at"), "2025-11-28T00:00:00Z"));
    assert_null(vl_doc_get(vl_doc_root(doc), "text"));
    assert_int_equal(vl_notify_event_read(vl_doc_root(doc), arena, &back, &err), 0);
    assert_int_equal(back.topic, VL_NOTIFY_FINDING);
    assert_int_equal(back.severity, VL_SEVERITY_CRITICAL);
    assert_int_equal(back.at, e.at);
    assert_string_equal(back.facts[1].value, facts[1].value);
    assert_string_equal(back.links[0].url, links[0].url);
    assert_int_equal(back.registry_id, 7);
    assert_null(back.repository);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_json json;
    static char text[VL_NOTIFY_TEXT_MAX + 64];
    /* "é" has two bytes; with one in front, the limit falls into the middle of one. */
    memset(text, 0, sizeof(text));
    text[0] = 'x';
    for (size_t i = 1; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "é", 2);
    vl_buf_init(&out, 1 << 16);
    vl_json_init(&json, &out, false);
    vl_notify_event_write(&(struct vl_notify_event){.topic = VL_NOTIFY_TEST, .title = text}, &json);
    assert_int_equal(vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "event", &doc, &err), 0);
    struct vl_span title = vl_doc_get_str(vl_doc_root(doc), "title");
    assert_true(title.len <= VL_NOTIFY_TEXT_MAX + 3);
    assert_true(vl_span_ends_with(title, "é…"));
}

static void what_is_no_event(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{}", "[]", "{\"topic\":\"finding\"}",
        "{\"topic\":\"other\",\"title\":\"x\"}", "{\"topic\":\"test\",\"title\":\"x\",\"at\":\"noon\"}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
        struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
        struct vl_err err = VL_ERR_INIT;
        struct vl_notify_event e;
        assert_int_equal(vl_doc_parse(vl_span_str(wrong[i]), VL_DOC_JSON, "event", &doc, &err), 0);
        assert_true(vl_notify_event_read(vl_doc_root(doc), arena, &e, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
}

static void links_are_absolute(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    struct vl_err err = VL_ERR_INIT;
    const struct vl_notify_link links[] = {
        {"script", "javascript:alert(1)"}, {"path", "/alerts/7"}, {NULL, "https://example.org/"}};
    struct vl_notify_event e = {.object = "/images/1", .links = links, .n_links = 3};
    struct vl_notify_link *got;
    size_t n;
    e.base_url = "https://vallum.example:8443/";
    assert_int_equal(vl_notify_event_links(&e, arena, &got, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_string_equal(got[0].url, "https://vallum.example:8443/images/1");
    assert_string_equal(got[1].url, "https://vallum.example:8443/alerts/7");
    assert_string_equal(got[2].title, "https://example.org/");
    /* Which environment it is about stands in those of our own. */
    e.environment_id = "11111111-2222-4333-8444-555555555555";
    e.object = "/settings?tab=channels";
    assert_int_equal(vl_notify_event_links(&e, arena, &got, &n, &err), 0);
    assert_string_equal(got[0].url,
        "https://vallum.example:8443/settings?tab=channels&environment=11111111-2222-4333-8444-555555555555");
    assert_string_equal(
        got[1].url, "https://vallum.example:8443/alerts/7?environment=11111111-2222-4333-8444-555555555555");
    assert_string_equal(got[2].url, "https://example.org/");
    e.base_url = NULL;
    assert_int_equal(vl_notify_event_links(&e, arena, &got, &n, &err), 0);
    assert_int_equal(n, 1);
}

static void words(void **state)
{
    (void)state;
    enum vl_notify_topic topic;
    enum vl_severity severity;
    assert_true(vl_notify_topic_parse(VL_SPAN_LIT("exemption"), &topic));
    assert_int_equal(topic, VL_NOTIFY_EXEMPTION);
    assert_false(vl_notify_topic_parse(VL_SPAN_LIT("Exemption"), &topic));
    /* The words of Defender's alerts. */
    assert_true(vl_notify_severity_parse(VL_SPAN_LIT("High"), &severity));
    assert_int_equal(severity, VL_SEVERITY_HIGH);
    assert_true(vl_notify_severity_parse(VL_SPAN_LIT("Informational"), &severity));
    assert_int_equal(severity, VL_SEVERITY_NEGLIGIBLE);
    assert_false(vl_notify_severity_parse(VL_SPAN_LIT("unknown"), &severity));
    assert_string_equal(vl_notify_topic_name((enum vl_notify_topic)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip), cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(what_is_no_event), cmocka_unit_test(links_are_absolute), cmocka_unit_test(words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
