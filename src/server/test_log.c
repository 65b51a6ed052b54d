/* Lines as they come out of standard error: parsed by codec, counted, without what would begin a line of its
 * own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/doc.h"
#include "log.h"

/* What `say` writes to standard error. */
static void heard(void (*say)(void), struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    int fd VL_CLEANUP(vl_file_close) = -1;
    assert_int_equal(vl_file_temp(NULL, &fd, &err), 0);
    int before = dup(STDERR_FILENO);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    say();
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    vl_buf_clear(out);
    assert_int_equal(vl_file_read_fd(fd, "log", 1 << 20, out, &err), 0);
}

static void say_hostile(void)
{
    vl_log(VL_LOG_ERROR,
        VL_LOG_FIELDS(
            {"image", "shop\n2026-01-01T00:00:00.000Z info forged"}, {"none", NULL}, {"why", "a \"b\" \\c"}),
        "scan of %s failed", "x\r\ny\x1b[31m");
    vl_log(VL_LOG_DEBUG, NULL, "not wanted");
}

static void say_long(void)
{
    static char big[VL_LOG_LINE_MAX * 2];
    memset(big, 'a', sizeof(big) - 1);
    vl_log(VL_LOG_INFO, NULL, "%s", big);
}

static void test_text(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    vl_log_set(false, VL_LOG_INFO);
    heard(say_hostile, &out);
    vl_buf_append_char(&out, '\0');
    assert_ptr_equal(strchr(out.ptr, '\n'), out.ptr + out.len - 2); /* one line */
    assert_non_null(strstr(out.ptr, "Z error scan of x\\x0d\\x0ay\\x1b[31m failed image=\"shop\\x0a2026"));
    assert_non_null(strstr(out.ptr, " why=\"a \\\"b\\\" \\\\c\"\n"));
    assert_null(strstr(out.ptr, "none"));
    heard(say_long, &out);
    assert_true(out.len < VL_LOG_LINE_MAX);
    assert_true(vl_span_ends_with(vl_buf_span(&out), "(cut)\n"));
}

static void test_json(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&out, 1 << 20);
    vl_log_set(true, VL_LOG_INFO);
    heard(say_hostile, &out);
    if (vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "log", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    const struct vl_doc_node *root = vl_doc_root(doc);
    assert_true(vl_span_eq_str(vl_doc_get_str(root, "level"), "error"));
    assert_true(vl_span_eq_str(vl_doc_get_str(root, "message"), "scan of x\r\ny\x1b[31m failed"));
    assert_true(vl_span_eq_str(vl_doc_get_str(root, "why"), "a \"b\" \\c"));
    assert_int_equal(vl_doc_size(root), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
