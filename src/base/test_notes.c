#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/notes.h"

static void test_notes_are_copies(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    char object[] = "usr/lib/a";
    vl_notes_init(&notes, arena);
    vl_notes_add(&notes, VL_NOTE_INFO, VL_ERR_NONE, object, "%d of %d", 1, 2);
    assert_false(notes.partial);
    object[0] = 'X';
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_err_set(&err, VL_ERR_CORRUPT, "no header, 100%% wrong") < 0);
    vl_notes_add_err(&notes, "db", &err);
    assert_int_equal(err.code, VL_ERR_NONE);
    assert_true(notes.partial);
    assert_int_equal(notes.len, 2);
    assert_string_equal(notes.items[0].object, "usr/lib/a");
    assert_string_equal(notes.items[0].message, "1 of 2");
    assert_int_equal(notes.items[1].kind, VL_NOTE_PARTIAL);
    assert_int_equal(notes.items[1].code, VL_ERR_CORRUPT);
    assert_string_equal(notes.items[1].message, "no header, 100% wrong");
}

static void test_what_does_not_fit_is_counted(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(8 << 20);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    vl_notes_init(&notes, arena);
    for (int i = 0; i < VL_NOTES_MAX + 7; i++)
        vl_notes_add(
            &notes, i == VL_NOTES_MAX + 6 ? VL_NOTE_PARTIAL : VL_NOTE_INFO, VL_ERR_NONE, "o", "%d", i);
    assert_int_equal(notes.len, VL_NOTES_MAX);
    assert_int_equal(notes.dropped, 7);
    assert_true(notes.partial); /* although the note itself found no room */
    assert_string_equal(notes.items[VL_NOTES_MAX - 1].message, "999");
}

static void test_no_memory(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(20);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    vl_notes_init(&notes, arena);
    vl_notes_add(&notes, VL_NOTE_PARTIAL, VL_ERR_LIMIT, "object", "longer than the arena has room for");
    assert_int_equal(notes.len, 0);
    assert_int_equal(notes.dropped, 1);
    assert_true(notes.partial);
}

static void test_long_messages_are_bounded(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    static char text[100000];
    memset(text, 'x', sizeof(text) - 1);
    vl_notes_init(&notes, arena);
    vl_notes_add(&notes, VL_NOTE_INFO, VL_ERR_NONE, NULL, "%s", text);
    assert_int_equal(notes.len, 1);
    assert_string_equal(notes.items[0].object, "");
    assert_in_range(strlen(notes.items[0].message), VL_ERR_MSG_MAX, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_are_copies),
        cmocka_unit_test(test_what_does_not_fit_is_counted),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_long_messages_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
