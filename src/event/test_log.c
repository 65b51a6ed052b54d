#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "event/event.h"

/* Names: as they stand, by parts, keys with dots, through arrays. */
static void test_names(void **state)
{
    (void)state;
    static const char json[] = "{\"time\":\"2024-05-01T10:00:00.5Z\",\"a\":{\"b\":{\"c\":\"x\"},\"n\":5,"
                               "\"t\":true,\"f\":1.5},\"d.e\":{\"g\":\"y\"},"
                               "\"list\":[{\"k\":1},{\"k\":\"two\"},{}],\"null\":null}";
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"a.b.c", "x"},
        {"a.n", "5"},
        {"a.t", "true"},
        {"a.f", "1.5"},
        {"d.e.g", "y"},
        {"list.k", "(1,two)"},
        {"a.b", "{\"c\":\"x\"}"},
        {"null", "<NA>"},
        {"a.x", "<NA>"},
        {"x", "<NA>"},
        {"A.B.c", "x"}, /* of another case */
        {"LIST.k", "(1,two)"},
        {"d.E.g", "y"},
        {"*", "2024-05-01T10:00:00.5Z\nx\n5\ntrue\n1.5\ny\n1\ntwo\n"},
    };
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "record", &doc, &err), 0);
    assert_int_equal(vl_event_from_log(vl_doc_root(doc), &event, &err), 0);
    assert_int_equal(event.time, 1714557600500000000);
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        struct vl_event_value v;
        struct vl_span arg = VL_SPAN_EMPTY;
        const struct vl_field *f =
            vl_field_find(VL_EVENT_LOG, vl_span_str(rows[i].name), VL_SPAN_EMPTY, &arg);
        vl_buf_init(&out, 1000);
        vl_event_get(&event, f, arg, arena, &v);
        assert_int_equal(vl_event_value_text(&v, f, &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), rows[i].want);
    }
    assert_true(vl_event_from_log(vl_doc_get(vl_doc_root(doc), "list"), &event, &err) < 0);
}

/* Windows events as JSON: evtx_dump's form, elements in a list, Winlogbeat's form. */
static void test_windows(void **state)
{
    (void)state;
    static const char dump[] =
        "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-Sysmon\"}},"
        "\"EventID\":{"
        "\"#attributes\":{\"Qualifiers\":0},\"#text\":1},\"TimeCreated\":{\"#attributes\":{\"SystemTime\":"
        "\"2026-08-07T11:17:00.5Z\"}},\"Channel\":\"Sysmon\"},\"EventData\":{\"Image\":\"C:\\\\cmd.exe\","
        "\"ProcessId\":7},"
        "\"UserData\":{\"LogFileCleared\":{\"SubjectUserName\":\"eve\"}}}}";
    static const char list[] =
        "{\"Event\":{\"EventData\":{\"Data\":[{\"#attributes\":{\"Name\":\"Image\"},\"#text\":\"a\"},"
        "{\"@Name\":\"User\",\"#text\":\"b\"}]}}}";
    static const char beat[] = "{\"winlog\":{\"event_id\":4624,\"event_data\":{\"TargetUserName\":\"bob\"}}}";
    static const struct {
        const char *record, *name, *want;
    } rows[] = {
        {dump, "Image", "C:\\cmd.exe"},
        {dump, "EventID", "1"},
        {dump, "ProcessId", "7"},
        {dump, "Provider_Name", "Microsoft-Windows-Sysmon"},
        {dump, "Channel", "Sysmon"},
        {dump, "SubjectUserName", "eve"},
        {dump, "Event.EventData.ProcessId", "7"},
        {dump, "User", "<NA>"},
        {list, "Image", "a"},
        {list, "User", "b"},
        {beat, "EventID", "4624"},
        {beat, "TargetUserName", "bob"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        struct vl_err err = VL_ERR_INIT;
        struct vl_event event;
        struct vl_event_value v;
        struct vl_span arg = VL_SPAN_EMPTY;
        vl_buf_init(&out, 1000);
        assert_int_equal(vl_doc_parse(vl_span_str(rows[i].record), VL_DOC_JSON, "record", &doc, &err), 0);
        assert_int_equal(vl_event_from_log(vl_doc_root(doc), &event, &err), 0);
        assert_int_equal(event.time != 0, rows[i].record == dump);
        const struct vl_field *f =
            vl_field_find(VL_EVENT_LOG, vl_span_str(rows[i].name), VL_SPAN_EMPTY, &arg);
        vl_event_get(&event, f, arg, arena, &v);
        assert_int_equal(vl_event_value_text(&v, f, &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), rows[i].want);
    }
}

/* Numbers with a fraction are found as written; whole ones are whole however they are written (pySigma,
 * sigma-go: 42 == 42.0). */
static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *record, *want;
    } rows[] = {
        {"{\"a\":12.34}", "12.34"},
        {"{\"a\":0.125}", "0.125"},
        {"{\"a\":42.0}", "42"},
        {"{\"a\":1e3}", "1000"},
        {"{\"a\":-7.0}", "-7"},
        {"{\"a\":1e300}", "1e300"},
        {"{\"a\":[1.5,2.0]}", "(1.5,2)"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        struct vl_err err = VL_ERR_INIT;
        struct vl_event event;
        struct vl_event_value v;
        struct vl_span arg = VL_SPAN_EMPTY;
        vl_buf_init(&out, 1000);
        assert_int_equal(vl_doc_parse(vl_span_str(rows[i].record), VL_DOC_JSON, "record", &doc, &err), 0);
        assert_int_equal(vl_event_from_log(vl_doc_root(doc), &event, &err), 0);
        const struct vl_field *f = vl_field_find(VL_EVENT_LOG, VL_SPAN_LIT("a"), VL_SPAN_EMPTY, &arg);
        vl_event_get(&event, f, arg, arena, &v);
        assert_int_equal(vl_event_value_text(&v, f, &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), rows[i].want);
    }
}

/* One moment, as programs write it: date -u -d @1720583100 says 2024-07-10T03:45:00Z. */
static void test_times(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{\"timestamp\":\"2024-07-10T03:45:00Z\"}",
        "{\"EventTime\":\"2024-07-10 03:45:00\"}",
        "{\"UtcTime\":\"2024-07-10 03:45:00.000\"}",
        "{\"ts\":1720583100}",
        "{\"ts\":1720583100.0}",
        "{\"timestamp\":1720583100000}",
        "{\"timestamp\":1720583100000000}",
        "{\"timestamp\":1720583100000000000}",
        "{\"timestamp\":\"1720583100\"}",
        "{\"time\":null,\"@timestamp\":1720583100}",
        "{\"Event\":{\"System\":{\"TimeCreated\":{\"@SystemTime\":\"2024-07-10T03:45:00Z\"}}}}",
    };
    static const char *const none[] = {
        "{\"ts\":-5}", "{\"ts\":\"yesterday\"}", "{\"ts\":1e300}", "{\"ts\":[1]}", "{\"ts\":0}", "{}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(records) + VL_ARRAY_LEN(none); i++) {
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
        struct vl_err err = VL_ERR_INIT;
        struct vl_event event;
        bool known = i < VL_ARRAY_LEN(records);
        const char *json = known ? records[i] : none[i - VL_ARRAY_LEN(records)];
        assert_int_equal(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "record", &doc, &err), 0);
        assert_int_equal(vl_event_from_log(vl_doc_root(doc), &event, &err), 0);
        if (event.time != (known ? 1720583100000000000ULL : 0))
            fail_msg("%s: %llu", json, (unsigned long long)event.time);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_windows),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
