/* Severity: one ordered scale for findings, assessments and alerts. */
#ifndef VL_MODEL_SEVERITY_H
#define VL_MODEL_SEVERITY_H

#include "base/span.h"

/* Ordered: a larger value is worse. Stored by number: append only. */
enum vl_severity {
    VL_SEVERITY_UNKNOWN = 0, /* nobody rated it: not the same as harmless */
    VL_SEVERITY_NEGLIGIBLE,
    VL_SEVERITY_LOW,
    VL_SEVERITY_MEDIUM,
    VL_SEVERITY_HIGH,
    VL_SEVERITY_CRITICAL,
    VL_SEVERITY_COUNT
};

/* "unknown" … "critical"; never NULL. */
const char *vl_severity_name(enum vl_severity severity);

/* Case-blind; also vendors' words: important = high, moderate = medium, minor/minimal = low, unimportant =
 * negligible, none = negligible. False where it is no such word. */
bool vl_severity_parse(struct vl_span text, enum vl_severity *ret);

/* Qualitative scale of CVSS v3.1 §5 and v4.0 §6 (v2: the same borders without Critical): 0 negligible, < 4
 * low, < 7 medium, < 9 high, else critical. `version` is 20, 30, 31 or 40. */
enum vl_severity vl_severity_from_score(double score, unsigned version);

#endif
