#include "lib_support.h"

#include <string.h>

#include "base/text.h"
#include "pattern/regex.h"
#include "run_impl.h"
#include "value_impl.h"

#define QUOTE_MAX 4096 /* bytes of a quoted text in a message, which is cut anyway */

struct vl_cel_value vl_cel_no_room(struct vl_cel_run *run)
{
    return vl_cel_fail(run, "memory limit of the evaluation exceeded");
}

char *vl_cel_text_room(struct vl_cel_run *run, size_t len)
{
    return len < VL_CEL_TEXT_MAX ? vl_arena_alloc(vl_cel_run_arena(run), len ? len : 1) : NULL;
}

struct vl_cel_value vl_cel_text_made(const char *text, size_t len)
{
    return vl_cel_string((struct vl_span){text, len});
}

struct vl_cel_value vl_cel_text_copy(struct vl_cel_run *run, struct vl_span text)
{
    char *copy = vl_cel_text_room(run, text.len);
    if (!copy)
        return vl_cel_no_room(run);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return vl_cel_text_made(copy, text.len);
}

struct vl_cel_value vl_cel_text_of(struct vl_cel_run *run, const struct vl_buf *buf)
{
    return buf->failed ? vl_cel_no_room(run) : vl_cel_text_copy(run, vl_buf_span(buf));
}

struct vl_cel_value *vl_cel_items_room(struct vl_cel_run *run, size_t n)
{
    return n ? vl_arena_array(vl_cel_run_arena(run), n, sizeof(struct vl_cel_value)) : NULL;
}

struct vl_cel_value vl_cel_list_of(struct vl_cel_run *run, const struct vl_cel_value *items, size_t n)
{
    return n && !items ? vl_cel_no_room(run) : vl_cel_list_new(vl_cel_run_arena(run), items, n);
}

static bool starts_rune(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t vl_cel_rune_offset(struct vl_span text, uint64_t index)
{
    if (index > text.len)
        return SIZE_MAX;
    size_t at = 0;
    for (; at < text.len; at++) {
        if (!starts_rune(text.ptr[at]))
            continue;
        if (index == 0)
            return at;
        index--;
    }
    return index == 0 ? at : SIZE_MAX;
}

/* Letters, marks, numbers, punctuation, symbols: what Go's IsPrint has beside the ASCII space. */
static bool printable(const struct vl_regex *regex, struct vl_span rune)
{
    if (rune.len == 1)
        return *rune.ptr >= ' ' && *rune.ptr <= '~';
    return regex && vl_regex_full_match(regex, rune);
}

static void quote_rune(const struct vl_regex *regex, struct vl_buf *out, struct vl_span bytes, uint32_t rune)
{
    static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
    const char *special = rune && rune < 0x80 ? strchr(plain, (int)rune) : NULL;
    if (special) {
        vl_buf_append_char(out, '\\');
        vl_buf_append_char(out, letters[special - plain]);
    } else if (printable(regex, bytes)) {
        vl_buf_append_span(out, bytes);
    } else if (rune < ' ' || rune == 0x7f) {
        vl_buf_printf(out, "\\x%02x", (unsigned)rune);
    } else {
        vl_buf_printf(out, rune < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)rune);
    }
}

void vl_cel_quote(struct vl_cel_run *run, struct vl_buf *out, struct vl_span text)
{
    struct vl_cel_value error;
    const struct vl_regex *regex = NULL;
    for (size_t i = 0; !regex && i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            regex = vl_cel_regex(run, VL_SPAN_LIT("[\\pL\\pM\\pN\\pP\\pS]"), &error);
    vl_buf_append_char(out, '"');
    while (text.len && !out->failed) {
        uint32_t rune = 0;
        size_t n = vl_utf8_decode(text, &rune);
        if (n)
            quote_rune(regex, out, vl_span_slice(text, 0, n), rune);
        else
            vl_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*text.ptr);
        text = vl_span_slice(text, n ? n : 1, text.len);
    }
    vl_buf_append_char(out, '"');
}

struct vl_cel_value vl_cel_fail_quoted(
    struct vl_cel_run *run, const char *prefix, struct vl_span text, const char *suffix)
{
    struct vl_buf quoted VL_CLEANUP(vl_buf_done);
    vl_buf_init(&quoted, QUOTE_MAX);
    vl_cel_quote(run, &quoted, text.len > QUOTE_MAX / 8 ? vl_span_slice(text, 0, QUOTE_MAX / 8) : text);
    return vl_cel_fail(run, "%s%s%s", prefix, vl_buf_str(&quoted), suffix);
}

bool vl_cel_is_comparable(struct vl_cel_value value)
{
    switch (value.kind) {
    case VL_CEL_BOOL:
    case VL_CEL_INT:
    case VL_CEL_UINT:
    case VL_CEL_DOUBLE:
    case VL_CEL_STRING:
    case VL_CEL_BYTES:
    case VL_CEL_TIMESTAMP:
    case VL_CEL_DURATION:
        return true;
    default:
        return false;
    }
}

/* Unicode's White_Space. */
bool vl_cel_is_space(uint32_t rune)
{
    switch (rune) {
    case ' ':
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
        return true;
    default:
        return (rune >= '\t' && rune <= '\r') || (rune >= 0x2000 && rune <= 0x200a);
    }
}

bool vl_cel_is_blank(struct vl_span text)
{
    uint32_t rune;
    for (size_t n; (n = vl_utf8_decode(text, &rune)) && vl_cel_is_space(rune);)
        text = vl_span_slice(text, n, text.len);
    return text.len == 0;
}
