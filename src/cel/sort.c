#include "sort.h"

#define INSERTION_MAX 12 /* shorter ones are sorted by insertion */
#define NINTHER_MIN   50 /* longer ones take the median of medians */
#define SHIFT_MIN     50
#define SHIFTS_MAX    5
#define SWAPS_MAX     12

static bool less(const struct vl_cel_sort *s, size_t i, size_t j)
{
    return s->less(s->user, s->order[i], s->order[j]);
}

static void swap(struct vl_cel_sort *s, size_t i, size_t j)
{
    uint32_t kept = s->order[i];
    s->order[i] = s->order[j];
    s->order[j] = kept;
}

static unsigned bit_length(size_t n)
{
    return n ? 64 - (unsigned)__builtin_clzll(n) : 0;
}

static void insertion(struct vl_cel_sort *s, size_t a, size_t b)
{
    for (size_t i = a + 1; i < b; i++)
        for (size_t j = i; j > a && less(s, j, j - 1); j--)
            swap(s, j, j - 1);
}

static void sift_down(struct vl_cel_sort *s, size_t root, size_t n, size_t first)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n)
            return;
        if (child + 1 < n && less(s, first + child, first + child + 1))
            child++;
        if (!less(s, first + root, first + child))
            return;
        swap(s, first + root, first + child);
        root = child;
    }
}

static void heap(struct vl_cel_sort *s, size_t a, size_t b)
{
    size_t n = b - a;
    for (size_t i = (n - 1) / 2 + 1; i > 0; i--)
        sift_down(s, i - 1, n, a);
    for (size_t i = n; i > 0; i--) {
        swap(s, a, a + i - 1);
        sift_down(s, 0, i - 1, a);
    }
}

/* Scatters a few items, so that a pattern that made the last partition bad does not stay. */
static void scatter(struct vl_cel_sort *s, size_t a, size_t b)
{
    size_t n = b - a;
    uint64_t random = n;
    size_t mask = ((size_t)1 << bit_length(n)) - 1;
    if (n < 8)
        return;
    for (size_t i = 0; i < 3; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t other = (size_t)random & mask;
        if (other >= n)
            other -= n;
        swap(s, a + n / 4 * 2 - 1 + i, a + other);
    }
}

static size_t median(const struct vl_cel_sort *s, size_t a, size_t b, size_t c, unsigned *swaps)
{
    size_t kept;
    if (less(s, b, a)) {
        kept = a, a = b, b = kept;
        ++*swaps;
    }
    if (less(s, c, b)) {
        b = c;
        ++*swaps;
    }
    if (less(s, b, a)) {
        b = a;
        ++*swaps;
    }
    return b;
}

static size_t choose_pivot(const struct vl_cel_sort *s, size_t a, size_t b, unsigned *ret_swaps)
{
    size_t n = b - a, i = a + n / 4, j = a + n / 4 * 2, k = a + n / 4 * 3;
    *ret_swaps = 0;
    if (n >= NINTHER_MIN) {
        i = median(s, i - 1, i, i + 1, ret_swaps);
        j = median(s, j - 1, j, j + 1, ret_swaps);
        k = median(s, k - 1, k, k + 1, ret_swaps);
    }
    return n >= 8 ? median(s, i, j, k, ret_swaps) : j;
}

/* True where a few shifts sorted everything. */
static bool almost_sorted(struct vl_cel_sort *s, size_t a, size_t b)
{
    size_t i = a + 1;
    for (unsigned shifts = 0; shifts < SHIFTS_MAX; shifts++) {
        while (i < b && !less(s, i, i - 1))
            i++;
        if (i == b)
            return true;
        if (b - a < SHIFT_MIN)
            return false;
        swap(s, i, i - 1);
        if (i - a >= 2)
            for (size_t j = i - 1; j >= 1 && less(s, j, j - 1); j--)
                swap(s, j, j - 1);
        if (b - i >= 2)
            for (size_t j = i + 1; j < b && less(s, j, j - 1); j++)
                swap(s, j, j - 1);
    }
    return false;
}

/* Everything not above the pivot to the left; where the rest begins. */
static size_t partition_equal(struct vl_cel_sort *s, size_t a, size_t b, size_t pivot)
{
    size_t i = a + 1, j = b - 1;
    swap(s, a, pivot);
    for (;;) {
        while (i <= j && !less(s, a, i))
            i++;
        while (i <= j && less(s, a, j))
            j--;
        if (i > j)
            return i;
        swap(s, i++, j--);
    }
}

/* Where the pivot stands in the end; *ret_partitioned where nothing had to move. */
static size_t partition(struct vl_cel_sort *s, size_t a, size_t b, size_t pivot, bool *ret_partitioned)
{
    size_t i = a + 1, j = b - 1;
    swap(s, a, pivot);
    *ret_partitioned = true;
    for (;;) {
        while (i <= j && less(s, i, a))
            i++;
        while (i <= j && !less(s, j, a))
            j--;
        if (i > j)
            break;
        *ret_partitioned = false;
        swap(s, i++, j--);
    }
    swap(s, j, a);
    return j;
}

/* The smaller part is sorted by a call of its own, so that it is never deeper than the bits of n. */
static void quick(struct vl_cel_sort *s, size_t a, size_t b, unsigned limit)
{
    bool balanced = true, partitioned = true;
    while (b - a > INSERTION_MAX) {
        size_t n = b - a;
        if (limit == 0) {
            heap(s, a, b);
            return;
        }
        if (!balanced) {
            scatter(s, a, b);
            limit--;
        }
        unsigned swaps;
        size_t pivot = choose_pivot(s, a, b, &swaps);
        if (swaps == SWAPS_MAX) {
            for (size_t i = a, j = b - 1; i < j; i++, j--)
                swap(s, i, j);
            pivot = b - 1 - (pivot - a);
        }
        if (balanced && partitioned && (swaps == 0 || swaps == SWAPS_MAX) && almost_sorted(s, a, b))
            return;
        if (a > 0 && !less(s, a - 1, pivot)) {
            a = partition_equal(s, a, b, pivot);
            continue;
        }
        size_t mid = partition(s, a, b, pivot, &partitioned);
        if (mid - a < b - mid) {
            balanced = mid - a >= n / 8;
            quick(s, a, mid, limit);
            a = mid + 1;
        } else {
            balanced = b - mid >= n / 8;
            quick(s, mid + 1, b, limit);
            b = mid;
        }
    }
    insertion(s, a, b);
}

void vl_cel_sort(struct vl_cel_sort *sort, size_t n)
{
    if (n > 1)
        quick(sort, 0, n, bit_length(n));
}
