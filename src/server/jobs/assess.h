/* From an inventory to stored findings: what the jobs "scan" and "rematch" share. */
#ifndef VL_SERVER_ASSESS_H
#define VL_SERVER_ASSESS_H

#include "app.h"
#include "findings/advisories.h"
#include "findings/repo_facts.h"

struct vl_assessment {
    struct vl_scan_result *result; /* owned, the inventory with it */
    struct vl_facts facts;
    struct vl_buf list; /* packed, where it was asked for */
    struct vl_facts_store store;
};

void vl_assessment_init(struct vl_assessment *a);
void vl_assessment_done(struct vl_assessment *a); /* before the hold is released; also for VL_CLEANUP */

/* Matches `inventory` (taken over, also where it fails), and finds out which rows are there. `list`: the
 * package list is to be stored, too. a->store has digest, why and now from the caller. */
VL_MUST_CHECK int vl_assess(struct vl_server_app *app, const struct vl_advisories_hold *hold,
    struct vl_facts_memo *memo, struct vl_arena *arena, struct vl_inventory *inventory, bool list,
    struct vl_assessment *a, struct vl_err *err);

/* In the write that stored it: the environments that see the image hear of the change, by feed and score;
 * people too where `people`: new critical findings. */
VL_MUST_CHECK int vl_assess_tell(struct vl_store_conn *conn, const char *digest,
    const struct vl_facts_change *change, bool people, struct vl_arena *arena, struct vl_err *err);

#endif
