/* What the library files share: making values in the memory of a run. */
#ifndef VL_CEL_LIB_SUPPORT_H
#define VL_CEL_LIB_SUPPORT_H

#include "library.h"
#include "price.h"

#define VL_CEL_TEXT_MAX VL_CEL_MEMORY_MAX /* bytes of a text that a function makes */

/* The error of a function that would need more memory than a run may have. */
struct vl_cel_value vl_cel_no_room(struct vl_cel_run *run);

/* Room for a text in the run, to be filled by the caller. NULL: vl_cel_no_room() is the result. */
char *vl_cel_text_room(struct vl_cel_run *run, size_t len);
struct vl_cel_value vl_cel_text_made(const char *text, size_t len);

/* A copy in the run; or the error of its buffer. */
struct vl_cel_value vl_cel_text_copy(struct vl_cel_run *run, struct vl_span text);
struct vl_cel_value vl_cel_text_of(struct vl_cel_run *run, const struct vl_buf *buf);

/* Room for the items of a list, to be given to vl_cel_list_of(); NULL as above, also for 0 items. */
struct vl_cel_value *vl_cel_items_room(struct vl_cel_run *run, size_t n);
struct vl_cel_value vl_cel_list_of(struct vl_cel_run *run, const struct vl_cel_value *items, size_t n);

/* Bytes from the start of valid UTF-8 to its code point `index`; SIZE_MAX where it has fewer than `index`. */
size_t vl_cel_rune_offset(struct vl_span text, uint64_t index);

/* As strconv.Quote: quoted, unprintable code points escaped. Never fails; what does not fit is left out. */
void vl_cel_quote(struct vl_cel_run *run, struct vl_buf *out, struct vl_span text);

/* A message whose last part is a quoted text: "PREFIX\"text\"SUFFIX". */
struct vl_cel_value vl_cel_fail_quoted(
    struct vl_cel_run *run, const char *prefix, struct vl_span text, const char *suffix);

/* Nothing but Unicode's white space? */
bool vl_cel_is_blank(struct vl_span text);
bool vl_cel_is_space(uint32_t rune);

/* Is a value one that <, min() and sort() can order? */
bool vl_cel_is_comparable(struct vl_cel_value value);

#endif
