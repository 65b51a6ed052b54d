/* The advisory database in the server: one mapped file that every worker reads, opened once and exchanged
 * when the file changes. `vallum db update --db PATH` makes one, or the job "advisories" does. */
#ifndef VL_SERVER_ADVISORIES_H
#define VL_SERVER_ADVISORIES_H

#include "advisory/db.h"
#include "scan/scan.h"

#define VL_ADVISORIES_FILE                                                                        \
    "advisories.vadb"               /* in the data folder, unless the configuration names another \
                                     */
#define VL_ADVISORIES_CHECK_MS 2000 /* the file is looked at so often, when somebody asks */
#define VL_ADVISORIES_WHY      VL_ERR_MSG_MAX

struct vl_advisories;

/* The file need not be there (yet). Thread-safe, as are all calls below. */
VL_MUST_CHECK int vl_advisories_new(const char *path, struct vl_advisories **ret, struct vl_err *err);
void vl_advisories_free(struct vl_advisories *advisories); /* accepts NULL; nobody may hold a part of it */
const char *vl_advisories_path(const struct vl_advisories *advisories);

/* The database as it is now, with a matcher of the holder's own. What was matched by it lends its texts: free
 * results before. */
struct vl_advisories_hold {
    struct vl_advisory_db *db;         /* NULL: there is none, nothing can be assessed: `why` */
    struct vl_scan_matcher *matcher;   /* of one thread; NULL without a database */
    char digest[96];                   /* of its content; "" without one */
    char why[VL_ADVISORIES_WHY];       /* what is wrong, with the cure; also where an older state is in use */
    struct vl_advisories_state *state; /* private */
};
VL_MUST_CHECK int vl_advisories_hold(
    struct vl_advisories *advisories, struct vl_advisories_hold *ret, struct vl_err *err);
void vl_advisories_release(struct vl_advisories *advisories, struct vl_advisories_hold *hold);

/* The digest of the database as it is now, without holding it; "" where there is none. */
void vl_advisories_digest(struct vl_advisories *advisories, char ret[96]);

#endif
