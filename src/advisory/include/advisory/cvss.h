/* CVSS v2.0, v3.0, v3.1 and v4.0: vectors to scores. Formulas: FIRST's specification documents of each
 * version (v2 §3.2, v3.x §7 with the v3.1 round-up of appendix A, v4.0 §8 with MacroVectors). */
#ifndef VL_ADVISORY_CVSS_H
#define VL_ADVISORY_CVSS_H

#include "base/err.h"
#include "base/span.h"
#include "model/severity.h"

struct vl_cvss_score {
    unsigned version; /* 20, 30, 31, 40 */
    double base;      /* 0.0 to 10.0; v4.0: the score of the whole vector, threat and environment included */
    double temporal;  /* v2, v3: equal to base where no temporal metric is given */
    double environmental;
    double overall;            /* the most specific of the three that the vector's metrics define */
    bool has_temporal;         /* some temporal (threat) metric is given */
    bool has_environmental;    /* some environmental metric is given */
    enum vl_severity severity; /* of overall */
    enum vl_severity base_severity;
};

/* Strict: unknown, repeated, missing or misordered (v4.0) metrics are VL_ERR_INVALID naming the metric. */
VL_MUST_CHECK int vl_cvss_parse(struct vl_span vector, struct vl_cvss_score *ret, struct vl_err *err);

#endif
