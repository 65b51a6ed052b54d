/* Text: hex, base64 and UTF-8. */
#ifndef VL_BASE_TEXT_H
#define VL_BASE_TEXT_H

#include "base/buf.h"

/* Writes 2 * len lower-case digits and a NUL. */
void vl_hex_encode(const void *bytes, size_t len, char *ret_text);
/* Exactly 2 * len digits of either case. */
bool vl_hex_decode(struct vl_span text, uint8_t *ret_bytes, size_t len);

/* Appends the decoded bytes; standard or URL alphabet, padding optional. False on any other byte. */
bool vl_base64_decode(struct vl_span text, struct vl_buf *out);
void vl_base64_encode(struct vl_span bytes, struct vl_buf *out); /* standard alphabet with padding */
void vl_base64url_encode(
    struct vl_span bytes, struct vl_buf *out); /* URL alphabet without padding (RFC 4648 §5) */

bool vl_utf8_valid(struct vl_span s);

/* Decodes one code point at the front; returns its bytes (1-4), or 0 at the end or where invalid. */
size_t vl_utf8_decode(struct vl_span s, uint32_t *ret_rune);

/* Appends s with control characters, escape sequences and invalid UTF-8 replaced, fit for a terminal. */
void vl_text_append_printable(struct vl_buf *out, struct vl_span s);

#endif
