/* Gates: what makes a scan fail. */
#ifndef VL_SCAN_GATE_H
#define VL_SCAN_GATE_H

#include "baseline.h"
#include "ignore.h"
#include "model/result.h"

#define VL_GATES_MAX 64

enum vl_gate_kind {
    VL_GATE_SEVERITY,
    VL_GATE_KEV,
    VL_GATE_EPSS,
    VL_GATE_SECRET,
    VL_GATE_MALICIOUS,
    VL_GATE_LICENSE,
};

struct vl_gate {
    enum vl_gate_kind kind;
    enum vl_severity severity;
    double epss;
    struct vl_span license; /* lent by the word */
};

/* "high", "severity=high", "kev", "epss=0.5", "secret", "malicious", "license=GPL-3.0-only"; anything else is
 * VL_ERR_USAGE that names these forms. */
VL_MUST_CHECK int vl_gate_parse(const char *word, struct vl_gate *ret, struct vl_err *err);

/* What counts against it: open findings, secrets and licences that no ignore file sets aside; with a baseline
 * only what it did not have. Both may be NULL. */
uint64_t vl_gate_count(const struct vl_gate *gate, const struct vl_scan_result *result,
    const struct vl_baseline *baseline, struct vl_ignores *ignores);

/* "severity>=high", "kev", "epss>=0.5" …, in the arena; NULL without memory. */
const char *vl_gate_name(const struct vl_gate *gate, struct vl_arena *arena);

#endif
