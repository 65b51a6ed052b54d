/* Outputs against Falco's own tests of its formatter, VALLUM_SHARED/cases/falco-filter-eval (the ones whose
 * event can be told in fields), and texts of ours for what these do not show. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "rule/output.h"

#define ARENA_MAX (64UL * 1024 * 1024)

static const char json[] = "{\"fields\":{\"evt.type\":\"openat\",\"evt.rawtime\":1540564550627514000,\"proc."
                           "name\":\"init\",\"thread.tid\":1,"
                           "\"evt.arg[1]\":\"/test/dir\",\"evt.arg.path\":\"/test/"
                           "dir\",\"proc.pid\":2,\"container.label.a.b/c\":\"l\","
                           "\"proc.cwd\":\"gr\xc3\xbc\xc3\x9f\",\"fd.types\":[\"file\",\"ipv4\"]}}";

struct fixture {
    struct vl_arena *arena;
    struct vl_doc *doc;
    struct vl_event event;
};

static void setup(struct fixture *f, const char *more)
{
    struct vl_err err = VL_ERR_INIT;
    f->arena = vl_arena_new(ARENA_MAX);
    struct vl_span before = vl_span_slice(vl_span_str(json), 0, sizeof(json) - 1 - 2);
    const char *text = vl_arena_printf(f->arena, "%.*s%s}}", VL_SPAN_FMT(before), more);
    assert_int_equal(vl_doc_parse(vl_span_str(text), VL_DOC_JSON, "event", &f->doc, &err), 0);
    assert_int_equal(vl_event_from_recorded(f->doc, &f->event, &err), 0);
}

static void teardown(struct fixture *f)
{
    vl_doc_free(f->doc);
    vl_arena_free(f->arena);
}

/* False where the text does not parse. */
static bool render(struct fixture *f, const char *text, bool fields, struct vl_buf *out)
{
    struct vl_output *output;
    struct vl_err err = VL_ERR_INIT;
    if (vl_output_parse(VL_EVENT_SYSCALL, text, f->arena, &output, &err) < 0)
        return false;
    int r = fields ? vl_output_fields(output, &f->event, f->arena, out, &err)
                   : vl_output_text(output, &f->event, f->arena, out, &err);
    if (r < 0)
        fail_msg("%s: %s", text, err.msg);
    return true;
}

static void expect(struct fixture *f, const char *text, bool fields, const char *want)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    bool parsed = render(f, text, fields, &out);
    if (want ? !parsed || strcmp(vl_buf_str(&out), want) != 0 : parsed)
        fail_msg("%s: \"%s\" instead of \"%s\"", text, vl_buf_str(&out), want ? want : "an error");
}

static void test_own(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, ",\"proc.aname[1]\":\"bash\",\"proc.aname[2]\":\"init\"");
    expect(&f, "", false, "");
    expect(&f, "a %evt.time b", false, "a 14:35:50.627514000 b");
    expect(&f, "(%proc.exe) %container.label.a.b/c, %evt.arg.path.", false, "(<NA>) l, /test/dir.");
    expect(&f, "%proc.aname|%proc.aname[2]|%proc.aname[9]", false, "bash init|init|<NA>");
    expect(&f, "%fd.types", false, "(file,ipv4)");
    expect(&f, "%4proc.cwd|%6proc.cwd|%3proc.name|", false, "gr\xc3\xbc|gr\xc3\xbc\xc3\x9f|ini|");
    expect(&f, "%fd.ip", false, NULL); /* conditions only */
    expect(&f, "%99999proc.name", false, NULL);
    expect(&f, "%evt.time %proc.name %proc.name %proc.exe %fd.types %proc.aname %thread.tid %len(proc.name)",
        true,
        "\"evt.time\":1540564550627514000,\"proc.name\":\"init\",\"proc.exe\":null,\"fd.types\":[\"file\","
        "\"ipv4\"],"
        "\"proc.aname\":\"bash init\",\"thread.tid\":1,\"len(proc.name)\":4");
    teardown(&f);
}

/* A huge value is cut where it is seen. */
static void test_huge(void **state)
{
    (void)state;
    struct fixture f;
    char *more = malloc(200100);
    assert_non_null(more);
    memcpy(more, ",\"proc.exe\":\"", 13);
    memset(more + 13, 'x', 200000);
    memcpy(more + 200013, "\"", 2);
    setup(&f, more);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    assert_true(render(&f, "%proc.exe end", false, &out));
    assert_true(out.len <= VL_OUTPUT_TEXT_MAX);
    assert_true(vl_span_ends_with(vl_buf_span(&out), "x\xe2\x80\xa6"));
    vl_buf_clear(&out);
    assert_true(render(&f, "%proc.exe end", true, &out));
    assert_true(out.len < VL_OUTPUT_TEXT_MAX + 100);
    teardown(&f);
    free(more);
}

static const char *string_at(const struct vl_doc_node *strings, size_t i)
{
    const char *s = vl_doc_span(vl_doc_at(strings, i)).ptr;
    return s ? s : "";
}

/* Tests of one format: the format, what it gives, and then pairs of tokens and values. */
static void foreign_format(const struct vl_doc_node *strings, struct vl_span name)
{
    struct fixture f;
    char want[512];
    const char *format = string_at(strings, 0), *given = string_at(strings, 1);
    bool fields = vl_span_ends_with(name, "_json");
    setup(&f, "");
    if (fields)
        (void)snprintf(want, sizeof(want), "%s", strcmp(given, "null") == 0 ? "" : given + 1);
    else
        (void)snprintf(want, sizeof(want), "%s", given);
    if (fields && want[0])
        want[strlen(want) - 1] = '\0';
    expect(&f, format, fields, want);
    for (size_t i = 2; i + 1 < vl_doc_size(strings) && !fields; i += 2) {
        if (strcmp(string_at(strings, i), "join(->,(toupper(proc.name),tolower(evt.arg.path)))") == 0 ||
            strncmp(string_at(strings, i), "toupper(join(->", 15) == 0)
            continue; /* names of tokens, in which texts have no quotes: no format */
        (void)snprintf(want, sizeof(want), "%%%s", string_at(strings, i));
        expect(&f, want, false, string_at(strings, i + 1));
    }
    teardown(&f);
}

/* All are refused, but those whose blanks stand within the parentheses, which the grammar allows. */
static void foreign_invalid(const struct vl_doc_node *strings)
{
    struct fixture f;
    setup(&f, "");
    for (size_t i = 0; i < vl_doc_size(strings); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        const char *format = string_at(strings, i);
        vl_buf_init(&out, 1 << 20);
        bool blanks = strstr(format, "( ") || strstr(format, " )");
        if (render(&f, format, false, &out) != blanks)
            fail_msg("%s", format);
    }
    teardown(&f);
}

static void foreign_ancestors(const struct vl_doc_node *strings)
{
    struct fixture f;
    size_t n = vl_doc_size(strings);
    bool has_parents = n > 2;
    setup(&f, has_parents
                  ? ",\"proc.aname[1]\":\"bash\",\"proc.aname[2]\":\"init\",\"proc.acmdline[1]\":\"bash\","
                    "\"proc.acmdline[2]\":\"init context ls --format {{json .}}\""
                  : "");
    /* The star tells the upstream formatter to go on where a value is missing, as Falco always does. */
    const char *format = string_at(strings, n - 2);
    expect(&f, format + (format[0] == '*'), false, string_at(strings, n - 1));
    teardown(&f);
}

static void test_foreign(void **state)
{
    (void)state;
    const char *shared = getenv("VALLUM_SHARED");
    char path[4096];
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    unsigned passed = 0, outside = 0;
    (void)snprintf(path, sizeof(path), "%s/cases/falco-filter-eval/formatter_strings.json",
        shared ? shared : "../shared");
    vl_buf_init(&text, 1 << 20);
    if (vl_file_read(path, 1 << 20, &text, &err) < 0) {
        (void)printf("%s is not there (set VALLUM_SHARED): the foreign cases are not compared\n", path);
        return;
    }
    assert_int_equal(vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, path, &doc, &err), 0);
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n)) {
        const struct vl_doc_node *strings = vl_doc_get(n, "strings");
        struct vl_span name = vl_doc_get_str(n, "test");
        passed++;
        if (vl_span_find(name, VL_SPAN_LIT("invalid")) != SIZE_MAX)
            foreign_invalid(strings);
        else if (vl_span_find(name, VL_SPAN_LIT("ancestor")) != SIZE_MAX)
            foreign_ancestors(strings);
        else if (vl_span_find(name, VL_SPAN_LIT("stop_on_null")) != SIZE_MAX) {
            passed--; /* without the star: an option that Falco never uses */
            outside++;
        } else
            foreign_format(strings, name);
    }
    (void)printf("foreign: rule/falco-filter-eval/formatter_strings.json %u/%u\n", passed, passed + outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_huge),
        cmocka_unit_test(test_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
