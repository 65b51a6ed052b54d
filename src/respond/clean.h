/* What every body does first with texts that strangers had a hand in (names of images, messages of
 * registries). */
#ifndef VL_RESPOND_CLEAN_H
#define VL_RESPOND_CLEAN_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends `text` (NULL: nothing) as valid UTF-8: bytes that are none become U+FFFD, control characters (C0,
 * DEL, C1, U+2028, U+2029) a space; `lines`: line feeds stay, CR LF and CR become one. What is over `max`
 * bytes is cut at a whole character and ends with "…". */
void vl_clean_append(struct vl_buf *out, const char *text, size_t max, bool lines);

/* The same in the arena. */
const char *vl_clean(struct vl_arena *arena, const char *text, size_t max, bool lines);

#endif
