/* tests: merge.c, paths.c */
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
#include "image/merge.h"

/* Layers written as text, one entry a word: "usr/" a folder, "lib>usr/lib" a symbolic link, "a=b" a hard link
 * to b, "-a" a whiteout of a, "!a" an opaque mark in a, "?a" a device, else a file. */
struct stack {
    struct vl_arena *arena;
    struct vl_layer_paths layers[16];
    size_t n;
    struct vl_merge *merge;
};

static void add_word(struct vl_layer_paths *layer, char *word)
{
    struct vl_err err = VL_ERR_INIT;
    enum vl_layer_path_kind kind = VL_LAYER_PATH_FILE;
    size_t len = strlen(word);
    char *target = strpbrk(word, ">=");
    if (target) {
        kind = *target == '>' ? VL_LAYER_PATH_SYMLINK : VL_LAYER_PATH_HARDLINK;
        *target++ = '\0';
    } else if (word[0] == '-' || word[0] == '!' || word[0] == '?') {
        kind = word[0] == '-'   ? VL_LAYER_PATH_WHITEOUT
               : word[0] == '!' ? VL_LAYER_PATH_OPAQUE
                                : VL_LAYER_PATH_OTHER;
        word++;
    } else if (word[len - 1] == '/') {
        kind = VL_LAYER_PATH_DIR;
        word[len - 1] = '\0';
    }
    assert_int_equal(vl_layer_paths_add(layer, kind, word, target, &err), 0);
}

static void stack_init(struct stack *s, const char *const *texts)
{
    struct vl_err err = VL_ERR_INIT;
    const struct vl_layer_paths *pointers[16];
    *s = (struct stack){.arena = vl_arena_new(64UL * 1024 * 1024)};
    for (; texts[s->n]; s->n++) {
        struct vl_layer_paths *layer = &s->layers[s->n];
        vl_layer_paths_init(layer, s->arena);
        char *copy = vl_arena_strdup(s->arena, texts[s->n]);
        for (char *save = NULL, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
            add_word(layer, w);
        assert_int_equal(vl_layer_paths_sort(layer, &err), 0);
        pointers[s->n] = layer;
    }
    assert_int_equal(vl_merge_new(pointers, s->n, &s->merge, &err), 0);
}

static void stack_done(struct stack *s)
{
    vl_merge_free(s->merge);
    for (size_t i = 0; i < s->n; i++)
        vl_layer_paths_done(&s->layers[i]);
    vl_arena_free(s->arena);
}

/* The view as "path@layer path@layer". */
static void assert_view(const char *want, const char *const *texts)
{
    struct stack s;
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    vl_buf_init(&got, 65536);
    stack_init(&s, texts);
    for (size_t i = 0; i < vl_merge_count(s.merge); i++) {
        const struct vl_merge_entry *e = vl_merge_at(s.merge, i);
        vl_buf_printf(&got, "%s%s@%u", i ? " " : "", e->path, e->layer);
        assert_ptr_equal(vl_merge_find(s.merge, e->path), e);
        assert_true(vl_merge_visible(s.merge, e->layer, e->entry->path));
    }
    assert_null(vl_merge_at(s.merge, vl_merge_count(s.merge)));
    assert_string_equal(vl_buf_str(&got), want);
    stack_done(&s);
}

#define VIEW(want, ...) assert_view(want, (const char *const[]){__VA_ARGS__, NULL})

/* OCI image-spec layer.md: "Whiteouts" and its examples. */
static void test_specification(void **state)
{
    (void)state;
    /* the chapter's example of a whiteout of a/b/c/bar */
    VIEW("a@0 a/b@0 a/b/c@1 a/b/c/foo@1", "a/ a/b/ a/b/c/ a/b/c/bar", "a/b/c/ -a/b/c/bar a/b/c/foo");
    /* the chapter's opaque example: bin/ emptied, with new tools */
    VIEW("bin@1 bin/my-app-tools@1 etc@0 etc/my-app-config@0",
        "etc/ etc/my-app-config bin/ bin/my-app-binary bin/my-app-tools bin/tools/ bin/tools/my-app-tool-one",
        "bin/ !bin bin/my-app-tools");
    /* the same by explicit whiteouts */
    VIEW("bin@1 bin/my-app-tools@1 etc@0", "etc/ bin/ bin/my-app-tools bin/tools/ bin/tools/one",
        "bin/ -bin/my-app-tools -bin/tools bin/my-app-tools");
    /* "a file is whited out only in lower layers; siblings of the same layer stay" */
    VIEW("a@1", "a", "-a a");
    VIEW("d@1 d/new@1", "d/ d/old", "-d d/ d/new");
    VIEW("", "d/ d/old", "-d");
    VIEW("d@2 d/again@2", "d/ d/old", "-d", "d/ d/again");
    /* opaque applies to lower layers whatever the order in the tar */
    VIEW("a@1 a/b@1", "a/ a/c", "a/b a/ !a");
    /* opaque of the root */
    VIEW("new@1", "old d/ d/x", "! new");
}

static void test_replacement(void **state)
{
    (void)state;
    VIEW("a@2 b@1", "a b", "b", "a");
    VIEW("a@1", "a/ a/b a/c/ a/c/d", "a");         /* file over folder */
    VIEW("a@1", "a/ a/b", "?a");                   /* device over folder */
    VIEW("a@2 a/x@2", "a/ a/b", "a", "a/ a/x");    /* and a folder again: b stays gone */
    VIEW("a@1 a/b@1", "a", "a/ a/b");              /* folder over file */
    VIEW("a@1 a/b@0", "a/ a/b", "a/");             /* folder over folder keeps content */
    VIEW("a@1 z@0 z/b@0", "a/ a/b z/ z/b", "a>z"); /* link over folder */
    VIEW("a@0 a/b@0 a-b@0 a.b@0 ab@0", "ab a/b a.b a-b a"
                                       "/"); /* order: a folder is followed by its content */
    VIEW("a@0", "a a a");
    VIEW("x/y/z@0", "x/y/z"); /* folders are implied */
    VIEW("", "x/y/z", "-x");
    VIEW("x2@0", "x/y x2", "-x");
    VIEW("", "a/b/c a/b/d a/b/e/f", "-a/b");
}

static void test_through_links(void **state)
{
    (void)state;
    /* merged /usr: an upper layer that writes lib/x goes into usr/lib */
    VIEW("lib@0 usr@0 usr/lib@0 usr/lib/a@0 usr/lib/x@1", "lib>usr/lib usr/ usr/lib/ usr/lib/a", "lib/x");
    VIEW("lib@0 usr@0 usr/lib@0", "lib>usr/lib usr/ usr/lib/ usr/lib/a", "-lib/a");
    VIEW("lib@0 usr/lib/a@1", "lib>/usr/lib usr/lib/a", "lib/a");
    /* a folder entry of the upper layer replaces the link itself */
    VIEW("lib@1 lib/x@1 usr/lib/a@0", "lib>usr/lib usr/lib/a", "lib/ lib/x");
    /* link beneath link; climbing stops at the root */
    VIEW("a@0 b/c@0 d/x@1", "a>b b/c>../../d", "a/c/x");
    /* in one layer */
    VIEW("a@0 b/x@0", "a>b a/x");
    /* a circle ends */
    struct stack s;
    stack_init(&s, (const char *const[]){"a>b b>a", "a/x", NULL});
    assert_null(vl_merge_content(s.merge, "a/x"));
    stack_done(&s);
}

static void assert_resolves(struct vl_merge *m, const char *path, bool follow, const char *want)
{
    char got[VL_TAR_PATH_MAX];
    for (int twice = 0; twice < 2; twice++) { /* the second time out of the cache */
        bool ok = vl_merge_resolve(m, path, follow, got);
        assert_int_equal(ok, want != NULL);
        if (want)
            assert_string_equal(got, want);
    }
}

static void test_resolve(void **state)
{
    (void)state;
    struct stack s;
    stack_init(&s,
        (const char *const[]){"lib>usr/lib bin>/usr/bin usr/ usr/lib/ usr/lib/libc.so.6 usr/lib/l>libc.so.6 "
                              "up>../../../usr/lib loop>loop2 loop2>loop deep/a>../lib/l dang>nowhere/x "
                              "self>. chain>up abs>/lib/l",
            "usr/bin/tool", NULL});
    static const struct {
        const char *path, *want, *kept;
    } cases[] = {
        {"/lib/x/y", "usr/lib/x/y", "usr/lib/x/y"},
        {"usr/lib/x/y", "usr/lib/x/y", "usr/lib/x/y"},
        {"bin/tool", "usr/bin/tool", "usr/bin/tool"},
        {"lib", "usr/lib", "lib"},
        {"lib/l", "usr/lib/libc.so.6", "usr/lib/l"},
        {"up/l", "usr/lib/libc.so.6", "usr/lib/l"},
        {"chain/l", "usr/lib/libc.so.6", "usr/lib/l"},
        {"deep/a", "usr/lib/libc.so.6", "deep/a"},
        {"abs", "usr/lib/libc.so.6", "abs"},
        {"dang", "nowhere/x", "dang"},
        {"loop", NULL, "loop"},
        {"loop/x", NULL, NULL},
        {"self/self/self/lib/l", "usr/lib/libc.so.6", "usr/lib/l"},
        {"../../lib/../bin/./tool", "usr/bin/tool", "usr/bin/tool"},
        {"lib/", "usr/lib", "lib"},
        {"", "", ""},
        {"/", "", ""},
        {"nothing/at/all", "nothing/at/all", "nothing/at/all"},
        {"usr//lib/l", "usr/lib/libc.so.6", "usr/lib/l"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        assert_resolves(s.merge, cases[i].path, true, cases[i].want);
        assert_resolves(s.merge, cases[i].path, false, cases[i].kept);
    }
    char *long_path = calloc(1, 3 * VL_TAR_PATH_MAX);
    assert_non_null(long_path);
    memset(long_path, 'x', 2 * VL_TAR_PATH_MAX);
    assert_resolves(s.merge, long_path, true, NULL);
    free(long_path);
    stack_done(&s);
}

/* 40 links are followed, 41 are not (Linux: path_resolution(7)). */
static void test_link_count(void **state)
{
    (void)state;
    struct stack s;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 65536);
    for (int i = 0; i < 60; i++)
        vl_buf_printf(&text, "l%d>l%d ", i, i + 1);
    stack_init(&s, (const char *const[]){vl_buf_str(&text), NULL});
    assert_resolves(s.merge, "l20", true, "l60");
    assert_resolves(s.merge, "l19", true, NULL);
    stack_done(&s);
}

static void test_content(void **state)
{
    (void)state;
    struct stack s;
    stack_init(&s,
        (const char *const[]){"a d/ f>a g>missing h>d", "b=a c=b x=h/new h/new", "a", "e=gone r=r", NULL});
    static const struct {
        const char *path, *want;
        uint32_t layer;
    } cases[] = {
        {"a", "a", 2},
        {"b", "a", 0}, /* the content the link had when it was made, not the one of layer 2 */
        {"c", "a", 0},
        {"f", "a", 2},
        {"g", NULL, 0},
        {"d", NULL, 0},
        {"e", NULL, 0},
        {"r", NULL, 0},
        {"x", "d/new", 1},
        {"nothing", NULL, 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        const struct vl_merge_entry *e = vl_merge_content(s.merge, cases[i].path);
        assert_int_equal(e != NULL, cases[i].want != NULL);
        if (e) {
            assert_string_equal(e->path, cases[i].want);
            assert_int_equal(e->layer, cases[i].layer);
        }
    }
    assert_true(vl_merge_visible(s.merge, 1, "h/new")); /* as the layer wrote it */
    assert_false(vl_merge_visible(s.merge, 0, "h/new"));
    assert_false(vl_merge_visible(s.merge, 0, "a"));
    assert_true(vl_merge_visible(s.merge, 2, "a"));
    stack_done(&s);
}

/* The view against the plain reading of the rules, on random stacks. */
static bool hidden_by(const struct vl_layer_path *upper, const char *path)
{
    size_t len = strlen(upper->path);
    bool same = strcmp(upper->path, path) == 0;
    bool beneath = strncmp(upper->path, path, len) == 0 && path[len] == '/';
    switch ((enum vl_layer_path_kind)upper->kind) {
    case VL_LAYER_PATH_OPAQUE:
        return beneath;
    case VL_LAYER_PATH_WHITEOUT:
        return same || beneath;
    case VL_LAYER_PATH_DIR:
        return same;
    default:
        return same || beneath;
    }
}

static bool visible_by_rules(const struct stack *s, size_t layer, const char *path)
{
    for (size_t k = layer + 1; k < s->n; k++)
        for (size_t i = 0; i < s->layers[k].entries.len; i++)
            if (hidden_by(vl_vec_at(&s->layers[k].entries, i), path))
                return false;
    return true;
}

static void random_layer(struct vl_buf *text, unsigned *seed)
{
    static const char *const names[] = {"a", "b", "a-b", "a/b", "a/b/c", "a/c", "b/a", "b/a/c", "c"};
    bool used[VL_ARRAY_LEN(names)] = {false};
    for (int i = 0; i < 4; i++) {
        *seed = *seed * 1103515245U + 12345U;
        size_t name = (*seed >> 16) % VL_ARRAY_LEN(names);
        unsigned kind = (*seed >> 8) % 6;
        bool parent_is_file = false; /* not in one layer: that is no tar anybody makes */
        for (size_t j = 0; j < VL_ARRAY_LEN(names); j++)
            parent_is_file =
                parent_is_file || (used[j] && (strncmp(names[j], names[name], strlen(names[j])) == 0 ||
                                                  strncmp(names[name], names[j], strlen(names[name])) == 0));
        if (parent_is_file)
            continue;
        used[name] = true;
        vl_buf_printf(text, "%s%s%s ",
            kind == 0   ? "-"
            : kind == 1 ? "!"
            : kind == 2 ? "?"
                        : "",
            names[name], kind == 3 ? "/" : "");
    }
    vl_buf_append_str(text, "z");
}

static void test_against_rules(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 2000; round++) {
        struct vl_buf texts[4];
        const char *words[5] = {NULL};
        struct stack s;
        for (size_t k = 0; k < 4; k++) {
            vl_buf_init(&texts[k], 4096);
            random_layer(&texts[k], &seed);
            words[k] = vl_buf_str(&texts[k]);
        }
        stack_init(&s, words);
        size_t count = 0;
        for (size_t k = 0; k < s.n; k++)
            for (size_t i = 0; i < s.layers[k].entries.len; i++) {
                const struct vl_layer_path *p = vl_vec_at(&s.layers[k].entries, i);
                if (p->kind == VL_LAYER_PATH_WHITEOUT || p->kind == VL_LAYER_PATH_OPAQUE)
                    continue;
                bool want = visible_by_rules(&s, k, p->path);
                count += want;
                if (vl_merge_visible(s.merge, k, p->path) != want)
                    fail_msg("%s of layer %zu in: %s | %s | %s | %s", p->path, k, words[0], words[1],
                        words[2], words[3]);
            }
        assert_int_equal(vl_merge_count(s.merge), count);
        stack_done(&s);
        for (size_t k = 0; k < 4; k++)
            vl_buf_done(&texts[k]);
    }
}

static void test_many(void **state)
{
    (void)state;
    struct vl_arena *arena = vl_arena_new(256UL * 1024 * 1024);
    struct vl_layer_paths layers[3];
    const struct vl_layer_paths *pointers[3];
    struct vl_err err = VL_ERR_INIT;
    char path[128];
    for (size_t k = 0; k < 3; k++) {
        vl_layer_paths_init(&layers[k], arena);
        for (unsigned i = 0; i < 33000; i++) {
            (void)snprintf(
                path, sizeof(path), "usr/lib/d%u/e%u/file%u", i % 60, i % 800, i + (unsigned)k * 20000);
            assert_int_equal(vl_layer_paths_add(&layers[k], VL_LAYER_PATH_FILE, path, NULL, &err), 0);
        }
        assert_int_equal(vl_layer_paths_add(&layers[k], VL_LAYER_PATH_SYMLINK, "lib", "usr/lib", &err), 0);
        assert_int_equal(vl_layer_paths_sort(&layers[k], &err), 0);
        pointers[k] = &layers[k];
    }
    struct vl_merge *m = NULL;
    int64_t start = vl_time_monotonic_us();
    assert_int_equal(vl_merge_new(pointers, 3, &m, &err), 0);
    int64_t built = vl_time_monotonic_us();
    char got[VL_TAR_PATH_MAX];
    for (unsigned i = 0; i < 100000; i++) {
        (void)snprintf(path, sizeof(path), "/lib/d%u/e%u/file%u", i % 60, i % 800, i);
        assert_true(vl_merge_resolve(m, path, false, got));
        assert_int_equal(strncmp(got, "usr/lib/d", 9), 0);
    }
    printf("merge of 99,000 entries %lld us, 100,000 paths resolved %lld us\n", (long long)(built - start),
        (long long)(vl_time_monotonic_us() - built));
    vl_merge_free(m);
    for (size_t k = 0; k < 3; k++)
        vl_layer_paths_done(&layers[k]);
    vl_arena_free(arena);
}

static void test_dir_links(void **state)
{
    (void)state;
    struct stack s;
    stack_init(&s,
        (const char *const[]){"lib>usr/lib usr/lib64>lib bin>/usr/bin f>usr/lib/file usr/lib/file usr/bin/x "
                              "dang>nowhere loop>loop var/run>../run run/ usr/share/doc/a>b usr/share/doc/b/",
            "-bin", NULL});
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    vl_buf_init(&got, 65536);
    const char *link, *target;
    for (size_t pos = 0; vl_merge_next_dir_link(s.merge, &pos, s.arena, &link, &target);)
        vl_buf_printf(&got, "%s>%s ", link, target);
    assert_string_equal(vl_buf_str(&got), "lib>usr/lib usr/lib64>usr/lib var/run>run ");
    stack_done(&s);

    struct vl_merge *m = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_merge_new((const struct vl_layer_paths *const[]){NULL, NULL}, 2, &m, &err), 0);
    assert_int_equal(vl_merge_count(m), 0);
    vl_merge_free(m);
}

static void test_compare(void **state)
{
    (void)state;
    static const char *const sorted[] = {
        "", "a", "a/", "a/b", "a/b/c", "a/c", "a\x01", "a-b", "a.b", "ab", "b", "\xff"};
    for (size_t i = 0; i < VL_ARRAY_LEN(sorted); i++)
        for (size_t j = 0; j < VL_ARRAY_LEN(sorted); j++) {
            int c = vl_layer_path_compare(sorted[i], sorted[j]);
            assert_int_equal(c < 0, i < j);
            assert_int_equal(c > 0, i > j);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_specification),
        cmocka_unit_test(test_replacement),
        cmocka_unit_test(test_through_links),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_link_count),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_against_rules),
        cmocka_unit_test(test_dir_links),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
