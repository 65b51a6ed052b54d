#include "clean.h"

#include "base/text.h"

#define MAX_EVER (64UL * 1024)

static bool is_control(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || rune == 0x2028 || rune == 0x2029;
}

/* One character at the front: what to write for it, and how many bytes it took. */
static struct vl_span one(struct vl_span rest, bool lines, size_t *ret_taken)
{
    uint32_t rune;
    size_t n = vl_utf8_decode(rest, &rune);
    *ret_taken = n > 0 ? n : 1;
    if (n == 0)
        return VL_SPAN_LIT("\xef\xbf\xbd");
    if (lines && (rune == '\n' || rune == '\r')) {
        if (rune == '\r' && rest.len > 1 && rest.ptr[1] == '\n')
            *ret_taken = 2;
        return VL_SPAN_LIT("\n");
    }
    return is_control(rune) ? VL_SPAN_LIT(" ") : vl_span_slice(rest, 0, n);
}

void vl_clean_append(struct vl_buf *out, const char *text, size_t max, bool lines)
{
    struct vl_span rest = vl_span_str(text);
    size_t begin = out->len, fits = begin;
    max = max < MAX_EVER ? max : MAX_EVER;
    while (rest.len > 0) {
        size_t taken;
        struct vl_span piece = one(rest, lines, &taken);
        if (out->len - begin + piece.len > max) {
            vl_buf_truncate(out, fits);
            vl_buf_append_str(out, "…");
            return;
        }
        vl_buf_append_span(out, piece);
        if (out->failed)
            return;
        if (out->len - begin + 3 <= max) /* there is still room for the mark behind it */
            fits = out->len;
        rest = vl_span_slice(rest, taken, rest.len);
    }
}

const char *vl_clean(struct vl_arena *arena, const char *text, size_t max, bool lines)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, MAX_EVER + 8);
    vl_clean_append(&out, text, max, lines);
    return vl_arena_dup_span(arena, vl_buf_span(&out));
}
