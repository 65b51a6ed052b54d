#include "regex_go.h"

#include <string.h>

#include "pattern/regex.h"

#define REPEAT_MAX 1000  /* of both */
#define NO_ESCAPE  "\\Y" /* what no syntax has: stands for \\C, which RE2 has and Go has not */

/* Parts of a pattern that the two read differently. */
enum part {
    PART_PLAIN,     /* up to the next one */
    PART_GROUP,     /* "(?P<name>" or "(?<name>" */
    PART_BAD_GROUP, /* the same with a name that is none: the rest of the pattern, or up to the '>' */
    PART_BYTE,      /* "\\C" */
};

static size_t skip_class(struct vl_span s, size_t i)
{
    i++;
    if (i < s.len && s.ptr[i] == '^')
        i++;
    if (i < s.len && s.ptr[i] == ']')
        i++;
    while (i < s.len && s.ptr[i] != ']') {
        size_t end = SIZE_MAX;
        if (s.ptr[i] == '[' && i + 1 < s.len && s.ptr[i + 1] == ':')
            end = vl_span_find(vl_span_slice(s, i + 2, s.len), VL_SPAN_LIT(":]"));
        i += end != SIZE_MAX ? end + 4 : s.ptr[i] == '\\' ? 2 : 1;
    }
    return i + 1;
}

static size_t skip_escape(struct vl_span s, size_t i)
{
    if (i + 1 >= s.len || s.ptr[i + 1] != 'Q')
        return i + 2;
    size_t end = vl_span_find(vl_span_slice(s, i + 2, s.len), VL_SPAN_LIT("\\E"));
    return end == SIZE_MAX ? s.len : i + 4 + end;
}

static bool word(struct vl_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z'))
            return false;
    }
    return name.len > 0;
}

/* The group that begins at s; PART_PLAIN where it has no name. */
static enum part group_at(struct vl_span s, size_t *ret_len)
{
    size_t start = vl_span_starts_with(s, "(?P<") ? 4 : vl_span_starts_with(s, "(?<") ? 3 : 0;
    if (start == 0 || s.len <= start)
        return PART_PLAIN;
    size_t end = vl_span_find_char(s, '>');
    *ret_len = end == SIZE_MAX ? s.len : end + 1;
    return end != SIZE_MAX && word(vl_span_slice(s, start, end)) ? PART_GROUP : PART_BAD_GROUP;
}

/* The first part at or after `from` that differs; its place and length. PART_PLAIN at the end. */
static enum part next_part(struct vl_span s, size_t from, size_t *ret_at, size_t *ret_len)
{
    for (size_t i = from; i < s.len;) {
        *ret_at = i;
        if (s.ptr[i] == '\\' && i + 1 < s.len && s.ptr[i + 1] == 'C') {
            *ret_len = 2;
            return PART_BYTE;
        }
        enum part part = s.ptr[i] == '(' ? group_at(vl_span_slice(s, i, s.len), ret_len) : PART_PLAIN;
        if (part != PART_PLAIN)
            return part;
        i = s.ptr[i] == '\\' ? skip_escape(s, i) : s.ptr[i] == '[' ? skip_class(s, i) : i + 1;
    }
    *ret_at = s.len;
    *ret_len = 0;
    return PART_PLAIN;
}

int vl_cel_regex_new(struct vl_span pattern, struct vl_regex **ret, struct vl_err *err)
{
    size_t at, len, done = 0;
    enum part part = next_part(pattern, 0, &at, &len);
    if (part == PART_PLAIN || pattern.len > VL_REGEX_PATTERN_MAX)
        return vl_regex_new(pattern, false, ret, err);
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_REGEX_PATTERN_MAX);
    for (; part != PART_PLAIN; part = next_part(pattern, done, &at, &len)) {
        vl_buf_append_span(&text, vl_span_slice(pattern, done, at));
        /* Nobody asks for groups by name; RE2 wants them to differ. */
        if (part == PART_GROUP)
            vl_buf_printf(&text, "(?P<n%zu>", at);
        else if (part == PART_BYTE)
            vl_buf_append_str(&text, NO_ESCAPE);
        else
            vl_buf_append_span(&text, vl_span_slice(pattern, at, at + len));
        done = at + len;
    }
    vl_buf_append_span(&text, vl_span_slice(pattern, done, pattern.len));
    int r = vl_buf_check(&text, "regular expression", err);
    return r < 0 ? r : vl_regex_new(vl_buf_span(&text), false, ret, err);
}

/* The text of the first part of a kind; empty where there is none. */
static struct vl_span find_part(struct vl_span pattern, enum part wanted)
{
    size_t at = 0, len = 0;
    for (enum part part = next_part(pattern, 0, &at, &len); part != PART_PLAIN;
        part = next_part(pattern, at + len, &at, &len))
        if (part == wanted)
            return vl_span_slice(pattern, at, at + len);
    return VL_SPAN_EMPTY;
}

/* Go looks at the numbers of "{1001}" and "{2,1}" before it looks at what they repeat. */
static struct vl_span wrong_count(struct vl_span what)
{
    size_t open = vl_span_rfind_char(what, '{'), close = vl_span_rfind_char(what, '}');
    if (open == SIZE_MAX || close == SIZE_MAX || close < open)
        return VL_SPAN_EMPTY;
    struct vl_span inner = vl_span_slice(what, open + 1, close), least;
    uint64_t min, max;
    if (!vl_span_split(&inner, ',', &least) || !vl_span_to_u64(least, &min))
        return VL_SPAN_EMPTY;
    max = min;
    if (inner.len && !vl_span_to_u64(inner, &max))
        return VL_SPAN_EMPTY;
    return min > REPEAT_MAX || max > REPEAT_MAX || max < min ? vl_span_slice(what, open, close + 1)
                                                             : VL_SPAN_EMPTY;
}

/* What only the original pattern shows. */
static bool put_translated(struct vl_span pattern, const char *message, struct vl_buf *out)
{
    struct vl_span bad = find_part(pattern, PART_BAD_GROUP), byte = find_part(pattern, PART_BYTE);
    if (bad.len &&
        (strstr(message, "invalid perl operator: (?<") || strstr(message, "invalid named capture group: "))) {
        vl_buf_printf(out, "invalid named capture: `%.*s`", VL_SPAN_FMT(bad));
        return true;
    }
    if (byte.len && strstr(message, "invalid escape sequence: " NO_ESCAPE)) {
        vl_buf_append_str(out, "invalid escape sequence: `\\C`");
        return true;
    }
    return false;
}

void vl_cel_regex_message(struct vl_span pattern, const struct vl_err *err, struct vl_buf *out)
{
    static const struct {
        const char *re2, *go;
        bool whole; /* Go quotes the whole pattern */
    } words[] = {
        {"missing ]: ", "missing closing ]", false},
        {"missing ): ", "missing closing )", true},
        {"unexpected ): ", "unexpected )", true},
        {"no argument for repetition operator: ", "missing argument to repetition operator", false},
        {"bad repetition operator: ", "invalid nested repetition operator", false},
        {"invalid repetition size: ", "invalid repeat count", false},
        {"invalid character class range: ", "invalid character class range", false},
        {"invalid escape sequence: ", "invalid escape sequence", false},
        {"invalid perl operator: ", "invalid or unsupported Perl syntax", false},
        {"invalid named capture group: ", "invalid named capture", false},
    };
    vl_buf_append_str(out, "error parsing regexp: ");
    if (put_translated(pattern, err->msg, out))
        return;
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        const char *found = strstr(err->msg, words[i].re2);
        if (!found)
            continue;
        struct vl_span what = vl_span_str(found + strlen(words[i].re2));
        struct vl_span count = wrong_count(what);
        if (count.len && strstr(words[i].go, "repe")) {
            vl_buf_printf(out, "invalid repeat count: `%.*s`", VL_SPAN_FMT(count));
            return;
        }
        vl_buf_printf(out, "%s: `%.*s`", words[i].go, VL_SPAN_FMT(words[i].whole ? pattern : what));
        return;
    }
    if (strstr(err->msg, "trailing \\"))
        vl_buf_append_str(out, "trailing backslash at end of expression: ``");
    else
        vl_buf_append_str(out, err->msg);
}
