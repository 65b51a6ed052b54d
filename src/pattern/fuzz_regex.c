#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "pattern/regex.h"

/* Matching takes as long as pattern times text: linear in each, seconds for the longest of both together,
 * which callers bound by cost (CEL) or by who writes the pattern (rules). Here it would only be waiting. */
#define WORK_MAX (1UL << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Flags, the pattern up to the first NUL, then the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_span input = {(const char *)data, size}, pattern;
    struct vl_span groups[VL_REGEX_GROUPS_MAX];
    struct vl_err err = VL_ERR_INIT;
    struct vl_regex *regex;
    if (size == 0)
        return 0;
    struct vl_span text = vl_span_slice(input, 1, size);
    vl_span_split(&text, '\0', &pattern);
    if (size == 1)
        pattern = VL_SPAN_EMPTY;
    if (pattern.len > 0 && text.len > WORK_MAX / pattern.len)
        text = vl_span_slice(text, 0, WORK_MAX / pattern.len);
    if (vl_regex_new(pattern, data[0] & 1, &regex, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    bool full = vl_regex_full_match(regex, text);
    bool found = vl_regex_find(regex, text, groups, VL_REGEX_GROUPS_MAX);
    if (full && !found)
        abort();
    for (size_t i = 0; found && i < VL_REGEX_GROUPS_MAX; i++) {
        if (groups[i].len &&
            (groups[i].ptr < text.ptr || groups[i].ptr + groups[i].len > text.ptr + text.len))
            abort();
    }
    vl_regex_free(regex);
    return 0;
}
