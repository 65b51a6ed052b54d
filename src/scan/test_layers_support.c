#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_layers_support.h"

void test_stack_init(struct test_stack *s)
{
    *s = (struct test_stack){.inventory = vl_inventory_new()};
    assert_non_null(s->inventory);
    s->inventory->target.kind = VL_TARGET_IMAGE;
}

void test_stack_done(struct test_stack *s)
{
    for (size_t i = 0; i < s->n; i++)
        vl_layer_index_free(s->layers[i]);
    vl_inventory_free(s->inventory);
}

static void add_word(struct vl_layer_paths *paths, char *word)
{
    struct vl_err err = VL_ERR_INIT;
    enum vl_layer_path_kind kind = VL_LAYER_PATH_FILE;
    size_t len = strlen(word);
    char *target = strpbrk(word, ">=");
    if (target) {
        kind = *target == '>' ? VL_LAYER_PATH_SYMLINK : VL_LAYER_PATH_HARDLINK;
        *target++ = '\0';
    } else if (word[0] == '-' || word[0] == '!') {
        kind = word[0] == '-' ? VL_LAYER_PATH_WHITEOUT : VL_LAYER_PATH_OPAQUE;
        word++;
    } else if (word[len - 1] == '/') {
        kind = VL_LAYER_PATH_DIR;
        word[len - 1] = '\0';
    }
    assert_int_equal(vl_layer_paths_add(paths, kind, word, target, &err), 0);
}

struct vl_layer_index *test_layer(struct test_stack *s, const char *entries)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_layer_index *layer = NULL;
    assert_true(s->n < TEST_LAYERS_MAX);
    assert_int_equal(vl_layer_index_new(&layer, &err), 0);
    char *copy = vl_arena_strdup(layer->arena, entries);
    assert_non_null(copy);
    for (char *save = NULL, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        add_word(&layer->paths, w);
    assert_int_equal(vl_layer_paths_sort(&layer->paths, &err), 0);
    layer->secrets_scanned = true;
    layer->files = 10;
    layer->bytes = 1000;
    s->layers[s->n++] = layer;
    return layer;
}

struct vl_package *test_package(struct vl_layer_index *layer, enum vl_ecosystem eco, const char *name,
    const char *version, const char *path)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package *p =
        vl_package_sink_add(&layer->sink, eco, vl_span_str(name), vl_span_str(version), path, &err);
    assert_non_null(p);
    return p;
}

void test_owned(struct vl_layer_index *layer, const char *package, const char *arch, const char *paths)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package_owned *o = vl_vec_push(&layer->sink.owned, "owned", &err);
    assert_non_null(o);
    *o = (struct vl_package_owned){package, arch, paths, strlen(paths)};
}

void test_license(struct vl_layer_index *layer, const char *package, const char *license)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package_license *l = vl_vec_push(&layer->sink.licenses, "licences", &err);
    assert_non_null(l);
    *l = (struct vl_package_license){package, license};
}

void test_unidentified(struct vl_layer_index *layer, const char *path)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_package_unidentified *u = vl_vec_push(&layer->sink.unidentified, "unidentified", &err);
    assert_non_null(u);
    *u = (struct vl_package_unidentified){path, "elf"};
}

void test_secret(struct vl_layer_index *layer, const char *path, uint32_t line, const char *fingerprint)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_secret *s = vl_vec_push(&layer->secrets, "secrets", &err);
    assert_non_null(s);
    *s = (struct vl_secret){
        .rule = "r", .title = "R", .path = path, .line = line, .redacted = "x", .fingerprint = fingerprint};
}

void test_distro(struct vl_layer_index *layer, unsigned rank, const char *id, const char *version)
{
    layer->sink.has_distro = true;
    layer->sink.distro_rank = rank;
    layer->sink.distro = (struct vl_distro){.id = id, .version_id = version};
}

void test_assemble(struct test_stack *s)
{
    struct vl_err err = VL_ERR_INIT;
    int r = vl_scan_assemble(s->layers, s->n, s->inventory, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
}

const struct vl_package *test_find(const struct test_stack *s, const char *name, const char *path)
{
    for (size_t i = 0; i < s->inventory->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&s->inventory->packages, i);
        if (strcmp(p->name, name) == 0 && (!path || strcmp(p->path, path) == 0))
            return p;
    }
    return NULL;
}
