/* Sigma's strings: bytes of which some are wildcards, and what modifiers make of them. */
#ifndef VL_RULE_SIGMA_TEXT_H
#define VL_RULE_SIGMA_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

enum vl_sigma_char {
    VL_SIGMA_LITERAL,
    VL_SIGMA_STAR,
    VL_SIGMA_ONE,
};

struct vl_sigma_text {
    const char *bytes;   /* '*' and '?' stand in for wildcards */
    const uint8_t *kind; /* enum vl_sigma_char, one a byte */
    size_t len;
};

/* How a string compares, in the simplest way that says the same. */
enum vl_sigma_shape {
    VL_SIGMA_ANY, /* only stars: whatever is there */
    VL_SIGMA_EQUAL,
    VL_SIGMA_STARTS,
    VL_SIGMA_ENDS,
    VL_SIGMA_CONTAINS,
    VL_SIGMA_PATTERN, /* fnmatch's syntax */
};

/* A string as written in a rule: * and ? are wildcards, \*, \? and \\ are the characters themselves, a
 * backslash before anything else is one, too. */
VL_MUST_CHECK int vl_sigma_text_parse(
    struct vl_span written, struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err);
/* Bytes without any wildcard. */
VL_MUST_CHECK int vl_sigma_text_plain(
    struct vl_span bytes, struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err);

bool vl_sigma_text_has_wildcards(const struct vl_sigma_text *text);

/* A star before and after, where there is none yet. */
VL_MUST_CHECK int vl_sigma_text_widen(const struct vl_sigma_text *text, bool before, bool after,
    struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err);

/* *ret_text: the literal, or the pattern. */
VL_MUST_CHECK int vl_sigma_text_shape(const struct vl_sigma_text *text, struct vl_arena *arena,
    enum vl_sigma_shape *ret_shape, struct vl_span *ret_text, struct vl_err *err);

/* Whether only an expression says what it means: a `?` is one character, which may have several bytes; and
 * the operators that are blind to case know only the letters A to Z. */
bool vl_sigma_text_needs_expression(const struct vl_sigma_text *text, bool cased);
/* The same as an expression of RE2, whole. */
void vl_sigma_text_expression(const struct vl_sigma_text *text, bool cased, struct vl_buf *out);

/* --- modifiers; wildcards are an error in all but windash --- */

enum vl_sigma_utf16 {
    VL_SIGMA_UTF16_LE,
    VL_SIGMA_UTF16_BE,
    VL_SIGMA_UTF16_BOM, /* little-endian after its mark */
};
VL_MUST_CHECK int vl_sigma_text_utf16(const struct vl_sigma_text *text, enum vl_sigma_utf16 form,
    struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err);
VL_MUST_CHECK int vl_sigma_text_base64(
    const struct vl_sigma_text *text, struct vl_arena *arena, struct vl_sigma_text *ret, struct vl_err *err);
/* As it stands in a longer base64 text, for its three positions. */
VL_MUST_CHECK int vl_sigma_text_base64_offset(const struct vl_sigma_text *text, struct vl_arena *arena,
    struct vl_sigma_text ret[3], struct vl_err *err);

/* All ways to write the dashes of its options: - / and three Unicode dashes. A dash counts where a word
 * begins. *ret: an array of *ret_n; more than VL_SIGMA_WINDASH_MAX dashes is an error. */
VL_MUST_CHECK int vl_sigma_text_windash(const struct vl_sigma_text *text, struct vl_arena *arena,
    struct vl_sigma_text **ret, size_t *ret_n, struct vl_err *err);

#endif
