/* The first byte chooses the path ('A' the first), the rest is the file. Included by fuzz_*.c of language/
 * and artifact/. */
#ifndef VL_PACKAGE_FUZZ_LISTING_H
#define VL_PACKAGE_FUZZ_LISTING_H

#include <stdlib.h>

#include "package/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ARENA_MAX (64UL * 1024 * 1024)

/* Every other file of the target has the same content. */
static int fuzz_read_other(void *user, const char *path, size_t max, struct vl_arena *arena,
    struct vl_span *ret_content, struct vl_err *err)
{
    const struct vl_span *content = user;
    (void)arena;
    if (content->len > max)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: too large", path);
    *ret_content = *content;
    return 0;
}

static void fuzz_file(const char *const *paths, size_t n_paths, const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    struct vl_err err = VL_ERR_INIT;
    struct vl_notes notes;
    struct vl_package_sink sink;
    struct vl_arena *arena = vl_arena_new(FUZZ_ARENA_MAX);
    if (!arena)
        return;
    vl_notes_init(&notes, arena);
    int r = vl_package_sink_init(&sink, arena, &notes, &err);
    struct vl_package_file file = {.path = paths[(size_t)(uint8_t)(data[0] - 'A') % n_paths],
        .mode = 0755,
        .size = size - 1,
        .content = {(const char *)data + 1, size - 1}};
    file.head = vl_span_slice(file.content, 0, 16);
    struct vl_package_others others = {.read = fuzz_read_other, .user = &file.content};
    if (size % 2)
        file.others = &others;
    const struct vl_package_parser *parser =
        vl_package_parser_for(&file, VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED);
    if (r >= 0 && parser)
        r = parser->parse(&file, &sink, &err);
    if (r < 0 && err.err == 0)
        abort(); /* an error without a message */
    vl_package_sink_done(&sink);
    vl_notes_done(&notes);
    vl_arena_free(arena);
}

#endif
