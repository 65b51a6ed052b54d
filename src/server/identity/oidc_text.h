/* Texts that OAuth 2.0 puts into addresses and headers. */
#ifndef VL_SERVER_OIDC_TEXT_H
#define VL_SERVER_OIDC_TEXT_H

#include "base/buf.h"

/* "&name=value", or "?name=value" and "name=value" where `lead` says so; 0: no lead. Percent-encoded but for
 * what RFC 3986 leaves unreserved. */
void vl_oidc_param(struct vl_buf *out, char lead, const char *name, const char *value);

/* An https address without user, fragment, blanks or control characters. */
bool vl_oidc_url_is(struct vl_span url);

/* "vallum.example:8443" or "[::1]:8443" as a Host header has it; anything else would be put into an address.
 */
bool vl_oidc_host_is(struct vl_span host);

#endif
