#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "glob.h"

#define ROUNDS    200000
#define LEN_MAX   10
#define HUGE_TEXT (10UL * 1024 * 1024)

static void random_text(char *text, const char *alphabet)
{
    size_t n = (size_t)rand() % LEN_MAX;
    for (size_t i = 0; i < n; i++)
        text[i] = alphabet[(size_t)rand() % strlen(alphabet)];
    text[n] = '\0';
}

/* The C library's fnmatch() without flags is what the operator is defined by. */
static void test_as_fnmatch(void **state)
{
    (void)state;
    char pattern[LEN_MAX + 1], text[LEN_MAX + 1];
    srand(1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        random_text(pattern, "ab/A*?[]!\\-");
        random_text(text, "ab/A-]");
        for (int nocase = 0; nocase < 2; nocase++) {
            bool want = fnmatch(pattern, text, nocase ? FNM_CASEFOLD : 0) == 0;
            if (glob_matches(vl_span_str(pattern), vl_span_str(text), nocase) != want)
                fail_msg("\"%s\" on \"%s\": fnmatch says %d", pattern, text, want);
        }
    }
}

static void test_examples(void **state)
{
    (void)state;
    assert_true(glob_matches(VL_SPAN_LIT("/etc/*"), VL_SPAN_LIT("/etc/a/b"), false));
    assert_true(glob_matches(VL_SPAN_LIT("[[:digit:]x]?"), VL_SPAN_LIT("7a"), false));
    assert_false(glob_matches(VL_SPAN_LIT("[![:digit:]]"), VL_SPAN_LIT("7"), false));
    assert_true(glob_matches(VL_SPAN_LIT("\\*"), VL_SPAN_LIT("*"), false));
    assert_true(glob_matches(VL_SPAN_LIT("AB*"), VL_SPAN_LIT("abc"), true));
    assert_true(glob_is_plain(VL_SPAN_LIT("/a.b")) && !glob_is_plain(VL_SPAN_LIT("a?")));
}

/* What makes a backtracking matcher run for ever. */
static void test_bomb(void **state)
{
    (void)state;
    char text[4096], pattern[200];
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(pattern); i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[sizeof(pattern) - 1] = 'b';
    clock_t start = clock();
    assert_false(glob_matches(
        (struct vl_span){pattern, sizeof(pattern)}, (struct vl_span){text, sizeof(text)}, false));
    char *huge = malloc(HUGE_TEXT);
    assert_non_null(huge);
    memset(huge, 'a', HUGE_TEXT);
    memset(text, 'a', 1024);
    text[0] = '*';
    text[1022] = 'b';
    text[1023] = '*';
    assert_false(glob_matches((struct vl_span){text, 1024}, (struct vl_span){huge, HUGE_TEXT}, false));
    text[1022] = text[1023] = 'a';
    assert_true(glob_matches((struct vl_span){text, 1024}, (struct vl_span){huge, HUGE_TEXT}, false));
    free(huge);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_fnmatch),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
