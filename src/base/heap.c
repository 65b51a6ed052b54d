#include "base/heap.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE (2UL * 1024 * 1024)
#define OWN_MMAP  (32 * 1024 * 1024) /* the largest it may be: all but giants come from one heap */
#define SMALL     (16UL * 1024)      /* of small pages, which malloc() writes to while it grows */

/* The end of the heap; glibc's malloc() lives with who else moves it. */
static uintptr_t heap_end(void)
{
    return (uintptr_t)sbrk(0);
}

void vl_heap_prepare(void)
{
    (void)mallopt(M_ARENA_MAX, 1); /* threads share it: they allocate little */
    (void)mallopt(M_MMAP_THRESHOLD, OWN_MMAP);
    (void)mallopt(M_TRIM_THRESHOLD, (int)(2 * VL_HEAP_HUGE));
    (void)mallopt(M_TOP_PAD, (int)VL_HEAP_HUGE);
    (void)malloc_trim(0);
    /* Huge pages begin at multiples of their size. The addresses on the way to the next one are left out, but
     * for those that malloc() touches before the wish for huge pages can be told: a page touched keeps its
     * size. */
    uintptr_t begin = (heap_end() + SMALL + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    if (sbrk((intptr_t)(begin - SMALL - heap_end())) == (void *)-1) /* NOLINT(performance-no-int-to-ptr) */
        return;
    void *volatile first = malloc(SMALL / 2); /* makes it take the room now */
    free(first);
    char *end = sbrk(0);
    if ((uintptr_t)end > begin)
        (void)madvise(end - ((uintptr_t)end - begin), (uintptr_t)end - begin, MADV_HUGEPAGE);
}
