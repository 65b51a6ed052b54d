/* The parts of CVSS, one file a version. Private to advisory. */
#ifndef VL_ADVISORY_CVSS_PARSE_H
#define VL_ADVISORY_CVSS_PARSE_H

#include "advisory/cvss.h"

#define VL_CVSS_VECTOR_MAX  512
#define VL_CVSS_METRICS_MAX 40

/* One metric of a version: its name, the values it takes (each a word, space-separated) and whether it must
 * stand. */
struct vl_cvss_metric {
    const char *name;
    const char *values;
    bool required;
};

/* Index of the chosen value of each metric, in the order of the table; -1 where the vector has none. */
struct vl_cvss_values {
    int value[VL_CVSS_METRICS_MAX];
};

/* Reads "NAME:VALUE/NAME:VALUE…". `ordered`: metrics must stand in the order of the table. */
VL_MUST_CHECK int vl_cvss_read(struct vl_span text, const struct vl_cvss_metric *metrics, size_t n,
    bool ordered, struct vl_cvss_values *ret, struct vl_err *err);

VL_MUST_CHECK int vl_cvss2_score(struct vl_span text, struct vl_cvss_score *ret, struct vl_err *err);
VL_MUST_CHECK int vl_cvss3_score(
    struct vl_span text, unsigned version, struct vl_cvss_score *ret, struct vl_err *err);
VL_MUST_CHECK int vl_cvss4_score(struct vl_span text, struct vl_cvss_score *ret, struct vl_err *err);

/* Score in tenths of a MacroVector (v4.0 §8.2, the lookup table of FIRST), or -1 where the combination cannot
 * be. */
int vl_cvss4_lookup(const int eq[6]);

#endif
