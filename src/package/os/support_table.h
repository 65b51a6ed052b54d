/* content/distro-support.tsv as the build turns it into C. */
#ifndef VL_PACKAGE_OS_SUPPORT_TABLE_H
#define VL_PACKAGE_OS_SUPPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct os_support_row {
    const char *id;
    const char *version;  /* "12.*" is 12 and all below it; "*" any; else exact */
    const char *codename; /* "" for none */
    int64_t released_ms;  /* days at 00:00 UTC; 0 where unknown */
    int64_t standard_ms;
    int64_t extended_ms;
};

extern const struct os_support_row os_support_rows[];
extern const size_t os_support_n_rows;

#endif
