/* Inside of matching, shared by match.c (findings), assess.c (how far the answer reaches), order.c. */
#ifndef VL_SCAN_MATCH_H
#define VL_SCAN_MATCH_H

#include "base/map.h"
#include "scan/scan.h"

#define VL_SCAN_ROWS_MAX 256 /* coverage rows of one target: ecosystems and distributions named in it */

/* What became of the packages of one coverage row. */
struct vl_scan_tally {
    const struct vl_coverage_row *row; /* lent by the matcher until its reset */
    uint64_t judged;                   /* compared with the data of the row */
    uint64_t unknown;                  /* of them: the starter set does not know the package */
    uint64_t ranges;                   /* requirements without one version */
    uint64_t left;                     /* left to the distribution's verdict */
    uint64_t project;                  /* the project or binary itself */
    bool distribution;                 /* of a distribution */
};

/* One matching under way. */
struct vl_scan_run {
    struct vl_advisory_db *db; /* NULL: nothing can be matched */
    struct vl_advisory_matcher *matcher;
    const struct vl_scan_options *options;
    struct vl_scan_result *result;
    struct vl_vec tallies; /* struct vl_scan_tally */
    uint64_t dev;          /* development dependencies left out */
    uint64_t distribution; /* packages of a distribution */
};

/* Fills result->coverage out of the tallies. */
VL_MUST_CHECK int vl_scan_assess(struct vl_scan_run *run, struct vl_err *err);

/* Open ones first, then exploited, malicious, severity, EPSS, fix available, id, package, place. */
VL_MUST_CHECK int vl_scan_order_findings(struct vl_scan_result *result, struct vl_err *err);

#endif
