/* What tells a secret from text that only looks like one. Private to the secret scanner. */
#ifndef VL_SCAN_SECRET_CHECK_H
#define VL_SCAN_SECRET_CHECK_H

#include "base/span.h"

enum secret_check {
    SECRET_CHECK_NONE,
    SECRET_CHECK_CRC62,    /* ends in the CRC-32 of what follows the prefix "xxx_", in base 62: GitHub since
                              2021, npm */
    SECRET_CHECK_BASIC,    /* base64 of "user:password" (RFC 7617) */
    SECRET_CHECK_JWT,      /* the first part is base64url of a JSON object with "alg" (RFC 7519) */
    SECRET_CHECK_PEM,      /* base64 of DER or of OpenSSH's form, line ends also written as \n */
    SECRET_CHECK_PASSWORD, /* none of the words that stand where a password would */
    SECRET_CHECK_MIXED,    /* as a password, and with letters and digits */
};

/* Shannon entropy in hundredths of a bit a byte. */
unsigned secret_entropy(struct vl_span s);

/* Words of documentation, variables, runs of one character. */
bool secret_is_placeholder(struct vl_span s);

bool secret_passes(enum secret_check check, struct vl_span s);

/* Whether a path is that of a file which holds configuration. */
bool secret_is_config_path(const char *path);

#endif
