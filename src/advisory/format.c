#include "format.h"

#include "base/map.h"

/* The seed is part of the format: a file must have the same bytes wherever it is built. Bytes of feeds could
 * be made to collide, but a look-up is bounded by the table, and feeds are the data we trust anyway. */
uint64_t adb_hash(uint32_t space, struct vl_span name)
{
    const uint64_t seed[2] = {0x56414442U ^ ((uint64_t)space << 32), 0x9e3779b97f4a7c15U};
    return vl_hash_bytes(seed, name);
}

uint64_t adb_slot_first(uint64_t hash, uint64_t n_slots)
{
    /* High half of the product: spreads over any table size, no power of two needed. */
    return (uint64_t)(((unsigned __int128)hash * n_slots) >> 64);
}

uint64_t adb_slot_count(uint64_t n_packages)
{
    return n_packages + n_packages / 3 + 1;
}

unsigned adb_id_rank(struct vl_span id)
{
    static const char *const order[] = {"CVE-", "GHSA-", "MAL-"};
    for (unsigned i = 0; i < VL_ARRAY_LEN(order); i++) {
        if (vl_span_starts_with(id, order[i]))
            return i;
    }
    return VL_ARRAY_LEN(order);
}

int adb_id_prefer(struct vl_span a, struct vl_span b)
{
    unsigned ra = adb_id_rank(a);
    unsigned rb = adb_id_rank(b);
    return ra != rb ? (ra < rb ? -1 : 1) : vl_span_cmp(a, b);
}

int32_t adb_day(int64_t ms)
{
    int64_t day = ms / ADB_DAY_MS;
    if (ms % ADB_DAY_MS < 0)
        day--;
    return day > INT32_MAX ? INT32_MAX : day < INT32_MIN ? INT32_MIN : (int32_t)day;
}

uint64_t adb_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

int64_t adb_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}
