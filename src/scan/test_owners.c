#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/time.h"
#include "owners.h"

static void init(struct owners *o)
{
    owners_init(o, vl_arena_new(64UL * 1024 * 1024));
    assert_non_null(o->arena);
}

static void done(struct owners *o)
{
    struct vl_arena *arena = o->arena;
    owners_done(o);
    vl_arena_free(arena);
}

static uint32_t want(struct owners *o, const char *path)
{
    struct vl_err err = VL_ERR_INIT;
    uint32_t id;
    assert_int_equal(owners_want(o, vl_span_str(path), &id, &err), 0);
    return id;
}

static void test_whole_paths(void **state)
{
    (void)state;
    struct owners o;
    init(&o);
    uint32_t a = want(&o, "usr/bin/jq"), b = want(&o, "usr/bin/j"), c = want(&o, "opt/x.jar");
    uint32_t again = want(&o, "usr/bin/jq"), tiny = want(&o, "a");
    assert_int_equal(a, again);
    assert_int_equal(owners_of(&o, a), OWNERS_NONE);
    owners_search(&o, VL_SPAN_LIT("usr/bin/jqq\nusr/bin/jq\nusr/share/doc/jq"), 7);
    owners_search(&o, VL_SPAN_LIT("a\nusr/bin/jq"), 8);
    owners_search(&o, VL_SPAN_LIT(""), 9);
    assert_int_equal(owners_of(&o, a), 7); /* the first one stays */
    assert_int_equal(owners_of(&o, b), OWNERS_NONE);
    assert_int_equal(owners_of(&o, c), OWNERS_NONE);
    assert_int_equal(owners_of(&o, tiny), 8);
    assert_int_equal(owners_of(&o, 99), OWNERS_NONE);
    done(&o);
}

/* rpm's list for python3-six on Fedora has the folder's RECORD and METADATA, Debian's package only some of
 * them. */
static void test_any_file_of_metadata(void **state)
{
    (void)state;
    struct owners o;
    struct vl_err err = VL_ERR_INIT;
    init(&o);
    uint32_t six = want(&o, "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA");
    uint32_t egg = want(&o, "usr/lib/python3/dist-packages/cffi-1.15.egg-info/PKG-INFO");
    uint32_t single = want(&o, "usr/lib/python3/dist-packages/distro.egg-info");
    uint32_t via = want(&o, "usr/lib/x/libx.so");
    assert_int_equal(owners_alias(&o, via, VL_SPAN_LIT("lib/x/libx.so"), &err), 0);
    owners_search(&o,
        VL_SPAN_LIT("usr/lib/python3/dist-packages/six-1.16.0.dist-info/INSTALLER\n"
                    "usr/lib/python3/dist-packages/six-1.16.0.dist-info.old/METADATA\n"
                    "usr/lib/python3/dist-packages/distro.egg-info"),
        1);
    owners_search(&o, VL_SPAN_LIT("usr/lib/python3/dist-packages/cffi-1.16.egg-info/PKG-INFO"), 2);
    owners_search(&o, VL_SPAN_LIT("lib/x/libx.so"), 3);
    assert_int_equal(owners_of(&o, six), 1);
    assert_int_equal(owners_of(&o, egg), OWNERS_NONE); /* another version's folder */
    assert_int_equal(owners_of(&o, single), 1);
    assert_int_equal(owners_of(&o, via), 3);
    done(&o);
}

/* Against a search without filter and map, on many similar paths. */
static void test_as_the_plain_search(void **state)
{
    (void)state;
    enum { PATHS = 5000, WANTS = 400 };
    static char paths[PATHS][64];
    static uint32_t ids[WANTS], owner[PATHS];
    struct owners o;
    uint32_t seed = 12345;
    init(&o);
    for (size_t i = 0; i < PATHS; i++) {
        seed = seed * 1103515245U + 12345U;
        snprintf(paths[i], sizeof(paths[i]), "usr/%s/%u/%s", seed & 256 ? "lib" : "share", seed >> 16 & 2047,
            seed & 512 ? "package.json" : "index.js");
    }
    for (size_t i = 0; i < WANTS; i++)
        ids[i] = want(&o, paths[i * 7]);
    VL_CLEANUP(vl_buf_done) struct vl_buf list;
    vl_buf_init(&list, PATHS * 64UL);
    for (size_t i = 0; i < PATHS; i += 50) {
        vl_buf_clear(&list);
        for (size_t k = i; k < i + 50; k++) {
            owner[k] = (uint32_t)(i / 50);
            if (k % 3 == 0)
                vl_buf_printf(&list, "%s%s", list.len ? "\n" : "", paths[k]);
        }
        owners_search(&o, vl_buf_span(&list), (uint32_t)(i / 50));
    }
    for (size_t i = 0; i < WANTS; i++) {
        uint32_t expect = OWNERS_NONE;
        for (size_t k = 0; k < PATHS && expect == OWNERS_NONE; k += 3)
            if (strcmp(paths[k], paths[i * 7]) == 0)
                expect = owner[k];
        assert_int_equal(owners_of(&o, ids[i]), expect);
    }
    done(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_paths),
        cmocka_unit_test(test_any_file_of_metadata),
        cmocka_unit_test(test_as_the_plain_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
