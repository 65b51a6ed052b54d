/* Regular expressions: RE2 through one C++ shim. Linear time on any input; never a backtracking engine. */
#ifndef VL_PATTERN_REGEX_H
#define VL_PATTERN_REGEX_H

#include "base/err.h"
#include "base/span.h"

#define VL_REGEX_GROUPS_MAX  16
#define VL_REGEX_PATTERN_MAX 65536 /* bytes; a compiled expression stays under 8 MiB besides */

struct vl_regex;

VL_MUST_CHECK int vl_regex_new(
    struct vl_span pattern, bool ignore_case, struct vl_regex **ret, struct vl_err *err);
/* Instructions of the compiled program: what compiling it cost, up to VL_REGEX_SIZE_MAX. */
size_t vl_regex_size(const struct vl_regex *regex);
#define VL_REGEX_SIZE_MAX 350000U /* what fits into 8 MiB */

void vl_regex_free(struct vl_regex *regex); /* accepts NULL */
void vl_regex_cleanup(struct vl_regex **regex);

/* Finds the first match anywhere in the text. groups[0] is the whole match; unmatched groups are empty with a
 * NULL pointer, as are those from VL_REGEX_GROUPS_MAX on. n_groups may be 0. Without a match groups stay as
 * they were. Any number of threads at a time. */
bool vl_regex_find(
    const struct vl_regex *regex, struct vl_span text, struct vl_span *groups, size_t n_groups);

/* The same from a byte of the text on; ^ and \b still look at what stands before it. */
bool vl_regex_find_from(
    const struct vl_regex *regex, struct vl_span text, size_t from, struct vl_span *groups, size_t n_groups);
bool vl_regex_full_match(const struct vl_regex *regex, struct vl_span text);

#endif
