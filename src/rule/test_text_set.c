/* tests: text_find.h
 *
 * Trees and dictionaries of random texts over few letters, long and short, against the plain way: every text
 * compared by itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "text_find.h"

#define ITEMS   48
#define ROUNDS  300
#define TEXTS   200
#define LONGEST 28

static uint32_t seed = 1;

static uint32_t next(uint32_t below)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % below;
}

/* Long runs of one letter, so that many share more than eight bytes and differ behind them. */
static struct vl_span random_text(struct vl_arena *arena)
{
    size_t len = next(LONGEST + 1);
    char *text = vl_arena_alloc(arena, len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = next(12) == 0 ? 'b' : 'a';
    return (struct vl_span){text, len};
}

static bool holds(struct vl_span text, struct vl_span item, unsigned way)
{
    if (item.len > text.len)
        return false;
    if (way == 0)
        return vl_span_eq(text, item);
    return memcmp(way == 1 ? text.ptr : text.ptr + text.len - item.len, item.ptr, item.len) == 0;
}

static uint64_t bits_of(const void *row, bool is_list)
{
    const struct text_bit *list = row;
    const uint64_t *words = row;
    uint64_t bits = 0;
    if (!is_list)
        return *words;
    for (; list; list = list->next)
        bits |= 1ULL << list->bit;
    return bits;
}

static void round_of(struct vl_arena *arena, unsigned way, bool lists)
{
    static const uint64_t zero[1];
    const void *none = lists ? NULL : (const void *)zero;
    struct text_item items[ITEMS] = {{{0}}}, sorted[ITEMS];
    struct text_dict dict;
    struct text_tree tree;
    struct vl_err err = VL_ERR_INIT;
    uint32_t n = 1 + next(ITEMS), words = lists ? TEXT_ROW_WORDS_MAX + 1 : 1;
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = items[i] = (struct text_item){random_text(arena), i, false};
    int r = way == 0 ? text_dict_build(&dict, sorted, n, words, arena, &err)
                     : text_tree_build(&tree, sorted, n, words, way == 2, arena, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
    for (unsigned t = 0; t < TEXTS; t++) {
        struct vl_span text = t % 4 == 0 ? items[next(n)].text : random_text(arena);
        uint64_t want = 0;
        for (uint32_t i = 0; i < n; i++)
            want |= (uint64_t)holds(text, items[i].text, way) << i;
        uint64_t have =
            bits_of(way == 0 ? text_dict_find(&dict, text, none) : text_tree_find(&tree, text, none), lists);
        if (have != want)
            fail_msg("way %u, text \"%.*s\": %llx, expected %llx", way, VL_SPAN_FMT(text),
                (unsigned long long)have, (unsigned long long)want);
    }
}

static void test_sets(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(64UL * 1024 * 1024);
    assert_non_null(arena);
    for (unsigned i = 0; i < ROUNDS; i++) {
        round_of(arena, i % 3, i / 3 % 2);
        vl_arena_reset(arena);
    }
}

/* Needles over few letters, whichever two of their bytes are looked for, in texts of all lengths around a
 * step; each text in a block of its own, so that a sanitizer sees what is read behind it. */
static void test_within(void **state)
{
    (void)state;
    unsigned found = 0;
    for (unsigned i = 0; i < 20000; i++) {
        struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1UL << 20);
        struct vl_span want = random_text(arena), from = random_text(arena), more = random_text(arena);
        want.len = 1 + want.len % 6;
        char *text = malloc(from.len + more.len + 1);
        assert_non_null(text);
        memcpy(text, from.ptr, from.len);
        memcpy(text + from.len, more.ptr, more.len);
        char *exact = malloc(from.len + more.len + !(from.len + more.len));
        assert_non_null(exact);
        memcpy(exact, text, from.len + more.len);
        struct vl_span span = {exact, from.len + more.len};
        bool expected = vl_span_find(span, want) != SIZE_MAX;
        assert_int_equal(
            text_contains(span, want, next((uint32_t)want.len), next((uint32_t)want.len)), expected);
        found += expected;
        free(text);
        free(exact);
    }
    assert_in_range(found, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
