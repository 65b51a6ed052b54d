/* The distribution in a target, from os-release and its older relatives. */
#ifndef VL_MODEL_DISTRO_H
#define VL_MODEL_DISTRO_H

#include "base/span.h"

enum vl_support {
    VL_SUPPORT_UNKNOWN = 0, /* not in our table: never taken for supported */
    VL_SUPPORT_STANDARD,
    VL_SUPPORT_EXTENDED, /* LTS, ESM, ELS: free or paid, see the advisory source */
    VL_SUPPORT_ENDED,
};

/* Strings are "" where unknown, never NULL, once filled by the parser. */
struct vl_distro {
    const char *id;          /* "debian", "alpine", "rhel", "ubuntu", "windows"; "" for none (scratch) */
    const char *id_like;     /* space-separated */
    const char *version_id;  /* "12", "3.18.4", "9.3", "10.0.20348.2113" */
    const char *codename;    /* "bookworm" */
    const char *pretty_name; /* "Debian GNU/Linux 12 (bookworm)" */
    const char *variant_id;
    const char *cpe_name;
    enum vl_support support;  /* on the day of the scan */
    int64_t support_ends_ms;  /* end of standard support; 0 where unknown */
    int64_t extended_ends_ms; /* end of extended support; 0 where unknown or none */
};

#endif
