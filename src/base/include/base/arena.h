/* Arena: memory for one request, layer or rule set, freed in one go. Has a maximum, so that input cannot grow
 * it without end. Not thread-safe: one arena, one thread at a time. */
#ifndef VL_BASE_ARENA_H
#define VL_BASE_ARENA_H

#include "base/err.h"
#include "base/span.h"

struct vl_arena;

/* `max` in bytes of payload. NULL only when there is no memory. */
struct vl_arena *vl_arena_new(size_t max);
void vl_arena_free(struct vl_arena *arena); /* accepts NULL */
void vl_arena_cleanup(struct vl_arena **arena);

/* Forgets everything allocated, keeping the first block for reuse. */
void vl_arena_reset(struct vl_arena *arena);

/* Zeroed, aligned for any type. NULL when over the maximum or out of memory; the arena remembers (see check).
 */
void *vl_arena_alloc(struct vl_arena *arena, size_t size);

/* Zeroed array; NULL also when count * size overflows. */
void *vl_arena_array(struct vl_arena *arena, size_t count, size_t size);

/* NUL-terminated copies. A failed copy gives NULL. */
char *vl_arena_strdup(struct vl_arena *arena, const char *s);
char *vl_arena_dup_span(struct vl_arena *arena, struct vl_span s);
VL_PRINTF(2, 3) char *vl_arena_printf(struct vl_arena *arena, const char *fmt, ...);

size_t vl_arena_used(const struct vl_arena *arena);

/* 0, or VL_ERR_LIMIT / VL_ERR_MEMORY naming `what`, if any allocation since the last reset failed. */
VL_MUST_CHECK int vl_arena_check(const struct vl_arena *arena, const char *what, struct vl_err *err);

/* The same for who holds a NULL from the arena: negative whatever it says. Inline, so that compilers and
 * analyzers see that what follows is not run. */
VL_MUST_CHECK static inline int vl_arena_failed(
    const struct vl_arena *arena, const char *what, struct vl_err *err)
{
    int r = vl_arena_check(arena, what, err);
    return r < 0 ? r : vl_err_nomem(err);
}
#ifdef __clang_analyzer__ /* also where it does not look into one more function */
#define vl_arena_failed(...) VL_ERR_IS_NEGATIVE(vl_arena_failed(__VA_ARGS__))
#endif

#endif
