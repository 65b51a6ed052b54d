#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/watched.h"

/* Under AddressSanitizer what was not given out is out of bounds, and some of it lies behind each allocation:
 * one byte too many is found, as with malloc(). */
#if VL_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#define GUARD           16U
#define FORBID(at, len) ASAN_POISON_MEMORY_REGION(at, len)
#define ALLOW(at, len)  ASAN_UNPOISON_MEMORY_REGION(at, len)
#else
#define GUARD           0U
#define FORBID(at, len) ((void)0)
#define ALLOW(at, len)  ((void)0)
#endif

#define BLOCK_SIZE (32U * 1024U)

struct block {
    struct block *next;
    size_t cap;
    size_t used;
    alignas(max_align_t) char data[];
};

struct vl_arena {
    struct block *blocks; /* the head takes small allocations; large ones stand behind it */
    size_t max;
    size_t used;
    int failed;
};

struct vl_arena *vl_arena_new(size_t max)
{
    struct vl_arena *arena = calloc(1, sizeof(*arena));
    if (arena)
        arena->max = max;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void vl_arena_free(struct vl_arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void vl_arena_cleanup(struct vl_arena **arena)
{
    vl_arena_free(*arena);
    *arena = NULL;
}

void vl_arena_reset(struct vl_arena *arena)
{
    struct block *first = arena->blocks;
    if (first) {
        free_blocks(first->next);
        first->next = NULL;
        ALLOW(first->data, first->used);
        memset(first->data, 0, first->used);
        FORBID(first->data, first->used);
        first->used = 0;
    }
    arena->used = 0;
    arena->failed = 0;
}

static struct block *new_block(struct vl_arena *arena, size_t cap)
{
    struct block *block = cap <= SIZE_MAX - sizeof(*block) ? calloc(1, sizeof(*block) + cap) : NULL;
    if (!block) {
        arena->failed = -ENOMEM;
        return NULL;
    }
    block->cap = cap;
    FORBID(block->data, cap);
    return block;
}

void *vl_arena_alloc(struct vl_arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > arena->max || arena->used > arena->max - size || size > SIZE_MAX - align - GUARD) {
        arena->failed = arena->failed ? arena->failed : -E2BIG;
        return NULL;
    }
    size_t used = (size + align - 1) / align * align;
    size_t need = used + GUARD;
    struct block *block = arena->blocks;
    if (!block || need > block->cap - block->used) {
        struct block *fresh = new_block(arena, need > BLOCK_SIZE / 4 ? need : BLOCK_SIZE);
        if (!fresh)
            return NULL;
        if (block && need > BLOCK_SIZE / 4) {
            /* A large one gets a block of its own, so that the head's free room is not lost. */
            fresh->next = block->next;
            block->next = fresh;
        } else {
            fresh->next = block;
            arena->blocks = fresh;
        }
        block = fresh;
    }
    void *ptr = block->data + block->used;
    block->used += need;
    arena->used += used;
    ALLOW(ptr, size);
    return ptr;
}

void *vl_arena_array(struct vl_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        arena->failed = -E2BIG;
        return NULL;
    }
    return vl_arena_alloc(arena, total);
}

char *vl_arena_dup_span(struct vl_arena *arena, struct vl_span s)
{
    char *copy = vl_arena_alloc(arena, s.len < SIZE_MAX ? s.len + 1 : SIZE_MAX);
    if (copy && s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

char *vl_arena_strdup(struct vl_arena *arena, const char *s)
{
    return vl_arena_dup_span(arena, vl_span_str(s));
}

char *vl_arena_printf(struct vl_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n >= 0 ? vl_arena_alloc(arena, (size_t)n + 1) : NULL;
    if (!text)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

size_t vl_arena_used(const struct vl_arena *arena)
{
    return arena->used;
}

int vl_arena_check(const struct vl_arena *arena, const char *what, struct vl_err *err)
{
    if (arena->failed == -ENOMEM)
        return vl_err_nomem(err);
    if (arena->failed)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: needs more than %zu bytes of memory", what, arena->max);
    return 0;
}
