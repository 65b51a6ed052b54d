/* Layers for tests, written by hand. */
#ifndef VL_SCAN_TEST_LAYERS_SUPPORT_H
#define VL_SCAN_TEST_LAYERS_SUPPORT_H

#include "assemble.h"

#define TEST_LAYERS_MAX 8

struct test_stack {
    struct vl_layer_index *layers[TEST_LAYERS_MAX];
    size_t n;
    struct vl_inventory *inventory;
};

/* A stack without layers, with an empty inventory. */
void test_stack_init(struct test_stack *s);
void test_stack_done(struct test_stack *s);

/* A layer of these entries: "usr/" a folder, "lib>usr/lib" a symbolic link, "a=b" a hard link to b, "-a" a
 * whiteout of a, "!a" an opaque mark in a, else a file; words apart by spaces. */
struct vl_layer_index *test_layer(struct test_stack *s, const char *entries);

struct vl_package *test_package(struct vl_layer_index *layer, enum vl_ecosystem eco, const char *name,
    const char *version, const char *path);
void test_owned(struct vl_layer_index *layer, const char *package, const char *arch, const char *paths);
void test_license(struct vl_layer_index *layer, const char *package, const char *license);
void test_unidentified(struct vl_layer_index *layer, const char *path);
void test_secret(struct vl_layer_index *layer, const char *path, uint32_t line, const char *fingerprint);
void test_distro(struct vl_layer_index *layer, unsigned rank, const char *id, const char *version);

/* Assembles the stack as an image and fails the test where that fails. */
void test_assemble(struct test_stack *s);

/* The package of a name (and path, unless NULL); NULL where there is none. */
const struct vl_package *test_find(const struct test_stack *s, const char *name, const char *path);

#endif
