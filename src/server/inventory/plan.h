/* The plans that there are: names as the API of Microsoft.Security has them, other names by which the guides
 * call them, and what of each this release has something built for. Nothing else claims to protect. */
#ifndef VL_SERVER_PLAN_H
#define VL_SERVER_PLAN_H

#include "base/span.h"

#define VL_PLAN_CONTAINERS   "Containers"
#define VL_PLAN_TRIAL_DAYS   30
#define VL_PLAN_TRIAL_TEXT   32
#define VL_PLAN_NO_DETECTOR  "no detector for this plan in this release"
#define VL_PLAN_NO_EXTENSION "no detector for this extension in this release"

struct vl_plan_extension {
    const char *name;
    bool built;
};

struct vl_plan_kind {
    const char *name;                           /* "Containers" */
    const char *title;                          /* "Containers" as people read it */
    const char *aliases;                        /* "Servers": NULL, or with blanks between */
    const char *const *sub_plans;               /* end with NULL; or NULL */
    const struct vl_plan_extension *extensions; /* end with a NULL name; or NULL */
    bool built;                                 /* something of it is */
    const char *replaced_by;                    /* deprecated: the plan to use instead; else NULL */
    const char *note;                           /* what of it works */
};
extern const struct vl_plan_kind vl_plan_kinds[]; /* ends with a NULL name */

/* By name or alias, case-blind; NULL where there is none. */
const struct vl_plan_kind *vl_plan_find(struct vl_span name);
/* Case-blind; NULL where the plan has no such one. */
const struct vl_plan_extension *vl_plan_extension_find(const struct vl_plan_kind *plan, struct vl_span name);
/* The sub-plan as it is written; NULL where the plan has no such one. */
const char *vl_plan_sub_plan_find(const struct vl_plan_kind *plan, struct vl_span name);

/* What is left of the trial that began at `from_ms` (0: it never did), as ISO 8601: "P29DT23H", "PT0S".
 * Nothing stops protecting when it has ended: the figure is there for clients. */
const char *vl_plan_trial(int64_t from_ms, int64_t now_ms, char ret[VL_PLAN_TRIAL_TEXT]);

#endif
