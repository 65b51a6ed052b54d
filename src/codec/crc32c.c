/* lint: tests: test_digest.c */
#include <isa-l/crc.h>

#include "codec/digest.h"

/* ISA-L's crc32_iscsi() takes and gives the register itself, without the complements of RFC 3720. Its length
 * is an int. */
uint32_t vl_crc32c(uint32_t crc, struct vl_span data)
{
    uint32_t reg = ~crc;
    while (data.len) {
        size_t step = data.len < (1U << 30) ? data.len : 1U << 30;
        reg = crc32_iscsi((unsigned char *)(uintptr_t)data.ptr, (int)step, reg);
        data = vl_span_slice(data, step, data.len);
    }
    return ~reg;
}
