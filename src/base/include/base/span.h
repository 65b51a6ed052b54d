/* Spans: a pointer and a length, lent by somebody else. Text and bytes alike; never NUL-terminated by
 * promise. */
#ifndef VL_BASE_SPAN_H
#define VL_BASE_SPAN_H

#include "base/compiler.h"

struct vl_span {
    const char *ptr; /* may be NULL only where len is 0 */
    size_t len;
};

#define VL_SPAN_EMPTY ((struct vl_span){0})

/* For string literals only. */
#define VL_SPAN_LIT(s) ((struct vl_span){"" s, sizeof(s) - 1})

/* printf("%.*s", VL_SPAN_FMT(s)); lengths over INT_MAX are cut. */
#define VL_SPAN_FMT(s) vl_span_int_len(s), ((s).ptr ? (s).ptr : "")

int vl_span_int_len(struct vl_span s);

/* NULL gives the empty span. In line, so that the length of a literal is no question at run time. */
static inline struct vl_span vl_span_str(const char *s)
{
    return (struct vl_span){s, s ? __builtin_strlen(s) : 0};
}

/* The part [from, to), both clamped to the span. */
struct vl_span vl_span_slice(struct vl_span s, size_t from, size_t to);

/* ASCII, whatever the locale; blank: space, tab and the two of a line's end; control: those below the space,
 * and DEL. Any int, EOF and negative chars too. */
static inline bool vl_char_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline bool vl_char_is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool vl_char_is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool vl_char_is_control(int c)
{
    return (c >= 0 && c < ' ') || c == 0x7f;
}

bool vl_span_eq(struct vl_span a, struct vl_span b);
bool vl_span_eq_str(struct vl_span a, const char *b);
bool vl_span_eq_nocase(struct vl_span a, struct vl_span b); /* ASCII only */
bool vl_span_starts_with(struct vl_span s, const char *prefix);
bool vl_span_ends_with(struct vl_span s, const char *suffix);
int vl_span_cmp(struct vl_span a, struct vl_span b); /* by bytes, then length; < 0, 0, > 0 */

/* Index of the first occurrence, or SIZE_MAX. */
size_t vl_span_find_char(struct vl_span s, char c);
size_t vl_span_rfind_char(struct vl_span s, char c);
size_t vl_span_find(struct vl_span s, struct vl_span needle);

bool vl_span_has_control(struct vl_span s); /* any of vl_char_is_control() */

/* Without leading and trailing ASCII white space. */
struct vl_span vl_span_trim(struct vl_span s);

/* Takes the part before `sep` off the front of *rest into *ret_part (all of it where there is no `sep`).
 * False once *rest is used up: `while (vl_span_split(&rest, '\n', &line))` sees each part once, and no empty
 * part after a trailing separator. */
bool vl_span_split(struct vl_span *rest, char sep, struct vl_span *ret_part);

/* Line without "\n" or "\r\n". */
bool vl_span_split_line(struct vl_span *rest, struct vl_span *ret_line);

/* Whole span is a decimal number (no sign, no space) that fits. */
bool vl_span_to_u64(struct vl_span s, uint64_t *ret);

#endif
