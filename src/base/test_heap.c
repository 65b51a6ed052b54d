#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/heap.h"
#include "base/watched.h"

#define SIZE (3UL * 1024 * 1024)

/* What the kernel says of the memory at `at`: "hg" among the flags of its mapping is the wish for huge pages.
 */
static bool is_on_huge_pages(const void *at)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    bool inside = false;
    bool huge = false;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        char *end = NULL;
        uintptr_t from = strtoull(line, &end, 16);
        if (*end == '-' && end - line >= 8) {
            uintptr_t to = strtoull(end + 1, NULL, 16);
            inside = (uintptr_t)at >= from && (uintptr_t)at < to;
        }
        huge = huge || (inside && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg"));
    }
    fclose(f);
    return huge;
}

/* Emulators and small kernels know no such wish, or do not tell it. */
static bool is_told_here(void)
{
    void *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    bool told = madvise(map, SIZE, MADV_HUGEPAGE) == 0 && is_on_huge_pages(map);
    munmap(map, SIZE);
    if (!told)
        print_message("huge pages are not told here: only that memory works is tested\n");
    return told;
}

static void test_large_allocations_are_on_huge_pages(void **state)
{
    (void)state;
    bool told = is_told_here();
    char *before = malloc(SIZE);
    assert_non_null(before);
    memset(before, 1, SIZE);
    vl_heap_prepare();
    char *after = malloc(SIZE);
    assert_non_null(after);
    memset(after, 2, SIZE);
#if !VL_ADDRESS_SANITIZER
    assert_true(!told || is_on_huge_pages(after + SIZE / 2));
#else
    assert_true(!told || !is_on_huge_pages(&told));
#endif
    before = realloc(before, 2 * SIZE);
    assert_non_null(before);
    for (size_t i = 0; i < SIZE; i++)
        assert_true(before[i] == 1 && after[i] == 2);
    free(before);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_allocations_are_on_huge_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
