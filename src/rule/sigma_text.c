#include "sigma_text.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "sigma.h"

#define TEXT_MAX (1024UL * 1024) /* bytes of one value, modified */

/* What is being put together. */
struct draft {
    char *bytes;
    uint8_t *kind;
    size_t len;
};

static int draft_new(size_t room, struct vl_arena *arena, struct draft *ret, struct vl_err *err)
{
    if (room > TEXT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a value of %zu bytes, over the limit of %lu", room, TEXT_MAX);
    char *bytes = vl_arena_array(arena, room + 1, 1);
    uint8_t *kind = vl_arena_array(arena, room + 1, 1);
    if (bytes == NULL || kind == NULL)
        return vl_err_nomem(err);
    *ret = (struct draft){bytes, kind, 0};
    return 0;
}

static void put(struct draft *draft, char c, enum vl_sigma_char kind)
{
    draft->bytes[draft->len] = c;
    draft->kind[draft->len++] = (uint8_t)kind;
}

static struct vl_sigma_text draft_done(const struct draft *draft)
{
    return (struct vl_sigma_text){draft->bytes, draft->kind, draft->len};
}

int vl_sigma_text_parse(
    struct vl_span written, struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err)
{
    struct draft draft = {0};
    int r = draft_new(written.len, arena, &draft, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < written.len; i++) {
        char c = written.ptr[i];
        char next = i + 1 < written.len ? written.ptr[i + 1] : '\0';
        if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
            put(&draft, next, VL_SIGMA_LITERAL);
            i++;
        } else if (c == '*') {
            /* two stars say no more than one */
            if (draft.len == 0 || draft.kind[draft.len - 1] != VL_SIGMA_STAR)
                put(&draft, c, VL_SIGMA_STAR);
        } else {
            put(&draft, c, c == '?' ? VL_SIGMA_ONE : VL_SIGMA_LITERAL);
        }
    }
    *ret = draft_done(&draft);
    return 0;
}

int vl_sigma_text_plain(
    struct vl_span bytes, struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err)
{
    struct draft draft = {0};
    int r = draft_new(bytes.len, arena, &draft, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < bytes.len; i++)
        put(&draft, bytes.ptr[i], VL_SIGMA_LITERAL);
    *ret = draft_done(&draft);
    return 0;
}

bool vl_sigma_text_has_wildcards(const struct vl_sigma_text *text)
{
    for (size_t i = 0; i < text->len; i++)
        if (text->kind[i] != VL_SIGMA_LITERAL)
            return true;
    return false;
}

int vl_sigma_text_widen(const struct vl_sigma_text *text, bool before, bool after, struct vl_arena *arena,
    struct vl_sigma_text *ret, struct vl_err *err)
{
    struct draft draft = {0};
    int r = draft_new(text->len + 2, arena, &draft, err);
    if (r < 0)
        return r;
    if (before && (text->len == 0 || text->kind[0] != VL_SIGMA_STAR))
        put(&draft, '*', VL_SIGMA_STAR);
    for (size_t i = 0; i < text->len; i++)
        put(&draft, text->bytes[i], text->kind[i]);
    if (after && (draft.len == 0 || draft.kind[draft.len - 1] != VL_SIGMA_STAR))
        put(&draft, '*', VL_SIGMA_STAR);
    *ret = draft_done(&draft);
    return 0;
}

/* fnmatch knows brackets and backslashes, Sigma does not. */
static int to_pattern(
    const struct vl_sigma_text *text, struct vl_arena *arena, struct vl_span *ret, struct vl_err *err)
{
    struct draft draft = {0};
    int r = draft_new(text->len * 2, arena, &draft, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < text->len; i++) {
        char c = text->bytes[i];
        if (text->kind[i] == VL_SIGMA_LITERAL && (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\'))
            put(&draft, '\\', VL_SIGMA_LITERAL);
        put(&draft, c, VL_SIGMA_LITERAL);
    }
    *ret = (struct vl_span){draft.bytes, draft.len};
    return 0;
}

int vl_sigma_text_shape(const struct vl_sigma_text *text, struct vl_arena *arena,
    enum vl_sigma_shape *ret_shape, struct vl_span *ret_text, struct vl_err *err)
{
    size_t from = 0, to = text->len;
    bool before = to > 0 && text->kind[0] == VL_SIGMA_STAR;
    if (before)
        from = 1;
    bool after = to > from && text->kind[to - 1] == VL_SIGMA_STAR;
    if (after)
        to--;
    struct vl_sigma_text inner = {text->bytes + from, text->kind + from, to - from};
    if (inner.len == 0 && (before || after)) {
        *ret_shape = VL_SIGMA_ANY;
        *ret_text = VL_SPAN_EMPTY;
        return 0;
    }
    if (vl_sigma_text_has_wildcards(&inner)) {
        *ret_shape = VL_SIGMA_PATTERN;
        return to_pattern(text, arena, ret_text, err);
    }
    *ret_text = (struct vl_span){inner.bytes, inner.len};
    if (before && after)
        *ret_shape = VL_SIGMA_CONTAINS;
    else if (before)
        *ret_shape = VL_SIGMA_ENDS;
    else
        *ret_shape = after ? VL_SIGMA_STARTS : VL_SIGMA_EQUAL;
    return 0;
}

static bool has_wide_letters(struct vl_span rest)
{
    /* Latin, Greek, Cyrillic, Armenian, Georgian, more Latin and Greek, full width */
    static const struct {
        uint32_t from, to;
    } blocks[] = {{0xc0, 0x24f}, {0x370, 0x58f}, {0x10a0, 0x10ff}, {0x1e00, 0x1fff}, {0xff21, 0xff5a}};
    while (rest.len > 0) {
        uint32_t rune = 0;
        size_t n = vl_utf8_decode(rest, &rune);
        if (n == 0)
            return false;
        for (size_t i = 0; i < VL_ARRAY_LEN(blocks); i++)
            if (rune >= blocks[i].from && rune <= blocks[i].to)
                return true;
        rest = vl_span_slice(rest, n, rest.len);
    }
    return false;
}

bool vl_sigma_text_needs_expression(const struct vl_sigma_text *text, bool cased)
{
    struct vl_span all = {text->bytes, text->len};
    if (!vl_utf8_valid(all)) /* no text: UTF-16 and its like */
        return false;
    if (!cased && has_wide_letters(all))
        return true;
    for (size_t i = 0; i < text->len; i++)
        if (text->kind[i] == VL_SIGMA_ONE)
            return true;
    return false;
}

void vl_sigma_text_expression(const struct vl_sigma_text *text, bool cased, struct vl_buf *out)
{
    vl_buf_append_str(out, cased ? "(?s-i:\\A" : "(?is:\\A");
    for (size_t i = 0; i < text->len; i++) {
        if (text->kind[i] != VL_SIGMA_LITERAL) {
            vl_buf_append_str(out, text->kind[i] == VL_SIGMA_STAR ? ".*" : ".");
            continue;
        }
        if (text->bytes[i] != '\0' && strchr("\\.+*?()|[]{}^$", text->bytes[i]) != NULL)
            vl_buf_append_char(out, '\\');
        vl_buf_append_char(out, text->bytes[i]);
    }
    vl_buf_append_str(out, "\\z)");
}

static int no_wildcards(const struct vl_sigma_text *text, const char *modifier, struct vl_err *err)
{
    if (!vl_sigma_text_has_wildcards(text))
        return 0;
    return vl_err_set(
        err, VL_ERR_INVALID, "%s cannot encode a value with wildcards; put it before contains", modifier);
}

static void put_unit(struct draft *draft, uint32_t unit, bool big_endian)
{
    char high = (char)(unit >> 8 & 0xff), low = (char)(unit & 0xff);
    put(draft, big_endian ? high : low, VL_SIGMA_LITERAL);
    put(draft, big_endian ? low : high, VL_SIGMA_LITERAL);
}

int vl_sigma_text_utf16(const struct vl_sigma_text *text, enum vl_sigma_utf16 form, struct vl_arena *arena,
    struct vl_sigma_text *ret, struct vl_err *err)
{
    int r = no_wildcards(text, "utf16", err);
    if (r < 0)
        return r;
    struct draft draft = {0};
    r = draft_new(text->len * 2 + 2, arena, &draft, err);
    if (r < 0)
        return r;
    bool big_endian = form == VL_SIGMA_UTF16_BE;
    if (form == VL_SIGMA_UTF16_BOM)
        put_unit(&draft, 0xfeff, false);
    struct vl_span rest = {text->bytes, text->len};
    while (rest.len > 0) {
        uint32_t rune = 0;
        size_t n = vl_utf8_decode(rest, &rune);
        if (n == 0)
            return vl_err_set(err, VL_ERR_INVALID, "a value that is not UTF-8 cannot become UTF-16");
        rest = vl_span_slice(rest, n, rest.len);
        if (rune < 0x10000) {
            put_unit(&draft, rune, big_endian);
        } else {
            put_unit(&draft, 0xd800 + ((rune - 0x10000) >> 10), big_endian);
            put_unit(&draft, 0xdc00 + ((rune - 0x10000) & 0x3ff), big_endian);
        }
    }
    *ret = draft_done(&draft);
    return 0;
}

/* Encodes `pad` unknown bytes and the text, and keeps the digits that only the text decides. */
static int encode_at(const struct vl_sigma_text *text, size_t pad, bool cut, struct vl_arena *arena,
    struct vl_sigma_text *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf raw, out;
    vl_buf_init(&raw, TEXT_MAX);
    vl_buf_init(&out, TEXT_MAX * 2);
    vl_buf_append(&raw, "   ", pad);
    vl_buf_append(&raw, text->bytes, text->len);
    vl_base64_encode(vl_buf_span(&raw), &out);
    int r = vl_buf_check(&raw, "a value", err);
    if (r == 0)
        r = vl_buf_check(&out, "a value in base64", err);
    if (r < 0)
        return r;
    static const uint8_t first[3] = {0, 2, 3}; /* digits that hold bits of what stands before */
    static const uint8_t last[3] = {0, 3, 2};  /* … and of what stands behind, with padding */
    struct vl_span digits = vl_buf_span(&out);
    if (cut)
        digits = vl_span_slice(digits, first[pad], digits.len - last[(text->len + pad) % 3]);
    return vl_sigma_text_plain(digits, arena, ret, err);
}

int vl_sigma_text_base64(
    const struct vl_sigma_text *text, struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err)
{
    int r = no_wildcards(text, "base64", err);
    return r < 0 ? r : encode_at(text, 0, false, arena, ret, err);
}

int vl_sigma_text_base64_offset(
    const struct vl_sigma_text *text, struct vl_arena *arena, struct vl_sigma_text ret[3], struct vl_err *err)
{
    int r = no_wildcards(text, "base64offset", err);
    for (size_t pad = 0; r == 0 && pad < 3; pad++) {
        r = encode_at(text, pad, true, arena, &ret[pad], err);
        if (r == 0 && ret[pad].len == 0)
            return vl_err_set(
                err, VL_ERR_INVALID, "a value too short for base64offset: nothing of it is fixed");
    }
    return r;
}

static const char *const dashes[] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};

/* Bytes of the dash at i, 0 where there is none. A word must begin after it and none may end before it. */
static size_t dash_at(const struct vl_sigma_text *text, size_t i)
{
    if (text->kind[i] != VL_SIGMA_LITERAL)
        return 0;
    for (size_t d = 0; d < VL_ARRAY_LEN(dashes); d++) {
        size_t n = strlen(dashes[d]);
        if (i + n >= text->len || memcmp(text->bytes + i, dashes[d], n) != 0)
            continue;
        unsigned char after = (unsigned char)text->bytes[i + n];
        unsigned char before = i > 0 ? (unsigned char)text->bytes[i - 1] : ' ';
        bool word_after = (after >= '0' && after <= '9') ||
                          ((after | 0x20) >= 'a' && (after | 0x20) <= 'z') || after == '_';
        bool word_before = (before >= '0' && before <= '9') ||
                           ((before | 0x20) >= 'a' && (before | 0x20) <= 'z') || before == '_' ||
                           before >= 0x80;
        return word_after && !word_before ? n : 0;
    }
    return 0;
}

static int windash_one(const struct vl_sigma_text *text, size_t choice, struct vl_arena *arena,
    struct vl_sigma_text *ret, struct vl_err *err)
{
    struct draft draft = {0};
    int r = draft_new(text->len + VL_SIGMA_WINDASH_MAX * 3, arena, &draft, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < text->len;) {
        size_t n = dash_at(text, i);
        if (n == 0) {
            put(&draft, text->bytes[i], text->kind[i]);
            i++;
            continue;
        }
        for (const char *d = dashes[choice % VL_ARRAY_LEN(dashes)]; *d != '\0'; d++)
            put(&draft, *d, VL_SIGMA_LITERAL);
        choice /= VL_ARRAY_LEN(dashes);
        i += n;
    }
    *ret = draft_done(&draft);
    return 0;
}

int vl_sigma_text_windash(const struct vl_sigma_text *text, struct vl_arena *arena,
    struct vl_sigma_text **ret, size_t *ret_n, struct vl_err *err)
{
    size_t found = 0, ways = 1;
    for (size_t i = 0; i < text->len; i++) {
        if (dash_at(text, i) == 0)
            continue;
        if (++found > VL_SIGMA_WINDASH_MAX)
            return vl_err_set(
                err, VL_ERR_LIMIT, "windash: a value with more than %d dashes", VL_SIGMA_WINDASH_MAX);
        ways *= VL_ARRAY_LEN(dashes);
    }
    struct vl_sigma_text *all = vl_arena_array(arena, ways, sizeof(*all));
    if (all == NULL)
        return vl_err_nomem(err);
    for (size_t i = 0; i < ways; i++) {
        int r = windash_one(text, i, arena, &all[i], err);
        if (r < 0)
            return r;
    }
    *ret = all;
    *ret_n = ways;
    return 0;
}
