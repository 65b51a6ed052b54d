#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern/multi.h"

struct seen {
    uint32_t ids[64];
    uint64_t ends[64];
    size_t n;
    size_t stop_at;
};

static int note(uint32_t id, uint64_t end, void *user)
{
    struct seen *seen = user;
    if (seen->n == VL_ARRAY_LEN(seen->ids) || (seen->stop_at && seen->n == seen->stop_at))
        return -ECANCELED;
    seen->ids[seen->n] = id;
    seen->ends[seen->n++] = end;
    return 0;
}

static bool has(const struct seen *seen, uint32_t id, uint64_t end)
{
    for (size_t i = 0; i < seen->n; i++) {
        if (seen->ids[i] == id && seen->ends[i] == end)
            return true;
    }
    return false;
}

static struct vl_multi *compile(const struct vl_multi_pattern *patterns, size_t n)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_multi *multi = NULL;
    if (vl_multi_new(patterns, n, &multi, &err) < 0)
        fail_msg("%s", err.msg);
    return multi;
}

static void test_matches(void **state)
{
    (void)state;
    static const struct vl_multi_pattern patterns[] = {
        {.expression = "AKIA[0-9A-Z]{16}", .id = 7},
        {.expression = "a.c*(", .literal = true, .id = 1},
        {.expression = "secret", .literal = true, .ignore_case = true, .id = 2},
        {.expression = "\xc3\xa9\x01", .literal = true, .id = 3},
        {.expression = "x", .literal = true, .id = 2},
    };
    struct vl_multi *multi = compile(patterns, VL_ARRAY_LEN(patterns));
    struct vl_err err = VL_ERR_INIT;
    struct seen seen = {0};
    struct vl_span text = VL_SPAN_LIT("abc( a.c*( SeCrEt\0AKIAABCDEFGHIJKLMNOP \xc3\xa9\x01x");
    assert_int_equal(vl_multi_scan(multi, text, note, &seen, &err), 0);
    assert_int_equal(seen.n, 5);
    assert_true(has(&seen, 1, 10));
    assert_true(has(&seen, 2, 17));
    assert_true(has(&seen, 7, 38));
    assert_true(has(&seen, 3, 42));
    assert_true(has(&seen, 2, 43));
    seen = (struct seen){.stop_at = 2};
    assert_int_equal(vl_multi_scan(multi, text, note, &seen, &err), -ECANCELED);
    assert_int_equal(seen.n, 2);
    seen = (struct seen){0};
    assert_int_equal(vl_multi_scan(multi, VL_SPAN_EMPTY, note, &seen, &err), 0);
    assert_int_equal(vl_multi_scan(multi, VL_SPAN_LIT("AKIA abc("), note, &seen, &err), 0);
    assert_int_equal(seen.n, 0);
    vl_multi_cleanup(&multi);
    assert_null(multi);
}

/* Against the plain search of the C library. */
static void test_many_literals(void **state)
{
    (void)state;
    enum { N = 2000 };
    static char texts[N][24];
    static struct vl_multi_pattern patterns[N];
    for (uint32_t i = 0; i < N; i++) {
        snprintf(texts[i], sizeof(texts[i]), "key%u", i * 7919U % 100003U);
        patterns[i] = (struct vl_multi_pattern){.expression = texts[i], .literal = true, .id = i};
    }
    struct vl_multi *multi = compile(patterns, N);
    static const char text[] = "key7919 key15838; zkey0z; key99999999 key12 key79";
    struct vl_err err = VL_ERR_INIT;
    struct seen seen = {0};
    assert_int_equal(vl_multi_scan(multi, vl_span_str(text), note, &seen, &err), 0);
    size_t want = 0;
    for (uint32_t i = 0; i < N; i++) {
        for (const char *p = strstr(text, texts[i]); p; p = strstr(p + 1, texts[i])) {
            want++;
            assert_true(has(&seen, i, (uint64_t)(p - text) + strlen(texts[i])));
        }
    }
    assert_true(want >= 3);
    assert_int_equal(seen.n, want);
    vl_multi_free(multi);
}

static void refuse(struct vl_multi_pattern pattern, enum vl_err_code code, const char *message)
{
    const struct vl_multi_pattern patterns[] = {{.expression = "fine"}, pattern};
    struct vl_err err = VL_ERR_INIT;
    struct vl_multi *multi = NULL;
    assert_true(vl_multi_new(patterns, 2, &multi, &err) < 0);
    assert_null(multi);
    if (err.code != code || !strstr(err.msg, message))
        fail_msg("%s", err.msg);
}

static void test_refused_patterns(void **state)
{
    (void)state;
    static char large[VL_MULTI_PATTERN_MAX + 2];
    memset(large, 'a', sizeof(large) - 1);
    refuse((struct vl_multi_pattern){.expression = "(open"}, VL_ERR_INVALID, "(open");
    refuse((struct vl_multi_pattern){.expression = "(a)\\1"}, VL_ERR_INVALID, "\\1");
    refuse((struct vl_multi_pattern){.expression = "a*"}, VL_ERR_INVALID, "a*");
    refuse((struct vl_multi_pattern){.expression = ""}, VL_ERR_INVALID, "pattern 1 is empty");
    refuse((struct vl_multi_pattern){.expression = NULL, .literal = true}, VL_ERR_INVALID, "empty");
    refuse((struct vl_multi_pattern){.expression = large}, VL_ERR_LIMIT, "4096");
    struct vl_err err = VL_ERR_INIT;
    struct vl_multi *multi = NULL;
    assert_true(vl_multi_new(NULL, VL_MULTI_PATTERNS_MAX + 1, &multi, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_multi_free(NULL);
}

static void test_empty_set(void **state)
{
    (void)state;
    struct vl_multi *multi = compile(NULL, 0);
    struct vl_err err = VL_ERR_INIT;
    struct seen seen = {0};
    assert_int_equal(vl_multi_scan(multi, VL_SPAN_LIT("text"), note, &seen, &err), 0);
    assert_int_equal(seen.n, 0);
    vl_multi_free(multi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_many_literals),
        cmocka_unit_test(test_refused_patterns),
        cmocka_unit_test(test_empty_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
