/* The three stores of rpm headers. Each calls `each` for every header blob; a negative return of `each` ends
 * the walk and is returned. A damaged store is an error after what could be read was handed out. Blobs are
 * lent for the call. */
#ifndef VL_PACKAGE_OS_RPM_DB_H
#define VL_PACKAGE_OS_RPM_DB_H

#include "base/err.h"
#include "base/span.h"

struct os_rpm_each {
    int (*call)(struct vl_span blob, void *user, struct vl_err *err);
    void *user;
};

/* Berkeley DB hash, both byte orders. Source: Oracle's db_page.h as documented in "Berkeley DB Reference
 * Guide" and file(1)'s magic; versions 8 to 10 of the hash format, which all rpm releases used. */
bool os_rpm_bdb_is(struct vl_span data);
VL_MUST_CHECK int os_rpm_bdb_read(struct vl_span data, const struct os_rpm_each *each, struct vl_err *err);

/* rpm's own "new database". Source: the comment on the layout in rpm's lib/backend/ndb/rpmpkg.c. */
bool os_rpm_ndb_is(struct vl_span data);
VL_MUST_CHECK int os_rpm_ndb_read(struct vl_span data, const struct os_rpm_each *each, struct vl_err *err);

/* SQLite, table Packages(hnum, blob). */
bool os_rpm_sqlite_is(struct vl_span data);
VL_MUST_CHECK int os_rpm_sqlite_load(struct vl_err *err); /* else done by the first read */
VL_MUST_CHECK int os_rpm_sqlite_read(struct vl_span data, const struct os_rpm_each *each, struct vl_err *err);

#endif
