/* The pages' files: what stands in portal/dist, made into a table by scripts/embed_portal.py. */
#ifndef VL_SERVER_PORTAL_H
#define VL_SERVER_PORTAL_H

#include "base/span.h"

struct vl_portal_file {
    const char *name; /* "index.html", "assets/app-1A2B3C4D.js" */
    const char *type; /* Content-Type */
    struct vl_span plain, gzip;
};

/* Sorted by name; ends with a NULL name. The first one is no more special than others: "index.html" is there.
 */
extern const struct vl_portal_file vl_portal_files[];

#endif
