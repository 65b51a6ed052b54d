#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/diff.h"

static void diff_of(struct vl_span a, struct vl_span b, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(out, 1 << 24);
    if (vl_diff_unified(a, b, "a", "b", out, &err) < 0)
        fail_msg("%s", err.msg);
}

static void gives(const char *a, const char *b, const char *want)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    diff_of(vl_span_str(a), vl_span_str(b), &out);
    if (strcmp(vl_buf_str(&out), want) != 0)
        fail_msg("gave\n%s\nand not\n%s", vl_buf_str(&out), want);
}

/* As GNU diff -u prints these pairs. */
static void test_as_gnu_diff(void **state)
{
    (void)state;
    gives("a\n", "a\n", "");
    gives("", "a\n", "--- a\n+++ b\n@@ -0,0 +1 @@\n+a\n");
    gives("a\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-a\n");
    gives("a\nb", "a\nc",
        "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of "
        "file\n");
    gives("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n5\n6\n7\n8\n9\n",
        "--- a\n+++ b\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n");
    /* six equal lines between two changes are one hunk, seven are two */
    gives("x\n1\n2\n3\n4\n5\n6\ny\n", "X\n1\n2\n3\n4\n5\n6\nY\n",
        "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-x\n+X\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n+Y\n");
    gives("x\n1\n2\n3\n4\n5\n6\n7\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\nY\n",
        "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n");
}

/* Follows the hunks over the old text as a person would; gives back how many lines were taken away and put
 * in. */
static unsigned apply(struct vl_span old_text, struct vl_span diff, struct vl_buf *out)
{
    struct vl_span line;
    unsigned edits = 0;
    size_t at = 0; /* lines of the old text that are used up */
    assert_true(vl_span_split(&diff, '\n', &line) && vl_span_split(&diff, '\n', &line));
    while (vl_span_split(&diff, '\n', &line)) {
        struct vl_span kept;
        if (vl_span_starts_with(line, "@@ -")) {
            struct vl_span number = vl_span_slice(line, 4, line.len), range;
            uint64_t first;
            vl_span_split(&number, ' ', &range);
            bool empty = vl_span_ends_with(range, ",0");
            vl_span_split(&range, ',', &number);
            assert_true(vl_span_to_u64(number, &first));
            for (; at + 1 < first + empty; at++) {
                assert_true(vl_span_split(&old_text, '\n', &kept));
                vl_buf_append_span(out, kept);
                vl_buf_append_char(out, '\n');
            }
            continue;
        }
        struct vl_span text = vl_span_slice(line, 1, line.len);
        if (line.ptr[0] != '+') {
            assert_true(vl_span_split(&old_text, '\n', &kept));
            assert_true(vl_span_eq(kept, text));
            at++;
        }
        if (line.ptr[0] != '-') {
            vl_buf_append_span(out, text);
            vl_buf_append_char(out, '\n');
        }
        edits += line.ptr[0] != ' ';
    }
    vl_buf_append_span(out, old_text);
    return edits;
}

/* Lines of the longest common subsequence, by the textbook's table. */
static unsigned longest_common(const char *a, const char *b)
{
    unsigned table[41][41] = {0};
    size_t n = strlen(a) / 2, m = strlen(b) / 2;
    for (size_t i = 1; i <= n; i++) {
        for (size_t k = 1; k <= m; k++) {
            unsigned left = table[i][k - 1], up = table[i - 1][k];
            table[i][k] = a[2 * (i - 1)] == b[2 * (k - 1)] ? table[i - 1][k - 1] + 1 : left > up ? left : up;
        }
    }
    return table[n][m];
}

static void fill(char *text, unsigned *seed, unsigned letters)
{
    size_t n = 0;
    *seed = *seed * 1103515245U + 12345U;
    for (unsigned lines = (*seed >> 16) % 40; lines; lines--) {
        *seed = *seed * 1103515245U + 12345U;
        text[n++] = (char)('a' + (*seed >> 16) % letters);
        text[n++] = '\n';
    }
    text[n] = 0;
}

static void test_applies_and_is_shortest(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (unsigned round = 0; round < 3000; round++) {
        char a[82], b[82];
        fill(a, &seed, 2 + round % 9);
        fill(b, &seed, 2 + round % 9);
        if (strcmp(a, b) == 0)
            continue;
        struct vl_buf out VL_CLEANUP(vl_buf_done), again VL_CLEANUP(vl_buf_done);
        diff_of(vl_span_str(a), vl_span_str(b), &out);
        vl_buf_init(&again, 1 << 20);
        unsigned edits = apply(vl_span_str(a), vl_buf_span(&out), &again);
        assert_string_equal(vl_buf_str(&again), b);
        assert_int_equal(edits, strlen(a) / 2 + strlen(b) / 2 - 2 * longest_common(a, b));
    }
}

/* Texts that differ in everything end quickly, as one replaced block. */
static void test_over_the_limit(void **state)
{
    (void)state;
    struct vl_buf a VL_CLEANUP(vl_buf_done), b VL_CLEANUP(vl_buf_done), out VL_CLEANUP(vl_buf_done),
        again VL_CLEANUP(vl_buf_done);
    vl_buf_init(&a, 1 << 20);
    vl_buf_init(&b, 1 << 20);
    vl_buf_init(&again, 1 << 20);
    for (unsigned i = 0; i < 3000; i++) {
        vl_buf_printf(&a, "old %u\n", i);
        vl_buf_printf(&b, "new %u\n", i);
    }
    diff_of(vl_buf_span(&a), vl_buf_span(&b), &out);
    assert_int_equal(apply(vl_buf_span(&a), vl_buf_span(&out), &again), 6000);
    assert_string_equal(vl_buf_str(&again), vl_buf_str(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_gnu_diff),
        cmocka_unit_test(test_applies_and_is_shortest),
        cmocka_unit_test(test_over_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
