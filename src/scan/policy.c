/* The order of it: VEX and ignore files set a status, filters hide, the baseline tells what is new, gates
 * look at what is open and new. */
#include "scan/policy.h"

#include <stdlib.h>

#include "gate.h"
#include "match.h"

static void filter(struct vl_scan_result *result, const struct vl_scan_policy *policy)
{
    struct vl_finding *f = result->findings.items;
    const char *below = NULL;
    for (size_t i = 0; i < result->findings.len; i++, f++) {
        if (f->status != VL_FINDING_OPEN)
            continue;
        if (f->severity < policy->min_severity) {
            if (!below)
                below = vl_arena_printf(
                    result->arena, "below severity %s", vl_severity_name(policy->min_severity));
            f->status = VL_FINDING_FILTERED;
            f->status_reason = below;
        } else if (policy->only_fixed && !f->fixed_version && !f->malicious) {
            f->status = VL_FINDING_FILTERED;
            f->status_reason = "has no fix";
        }
    }
}

static void compare(struct vl_scan_result *result, const struct vl_baseline *baseline)
{
    struct vl_finding *f = result->findings.items;
    for (size_t i = 0; baseline && i < result->findings.len; i++)
        f[i].in_baseline = vl_baseline_has_finding(baseline, &f[i]);
}

static int judge(struct vl_scan_result *result, const struct vl_gate *gates, size_t n,
    const struct vl_baseline *baseline, struct vl_ignores *ignores, struct vl_err *err)
{
    result->passed = true;
    result->gates.len = 0;
    for (size_t i = 0; i < n; i++) {
        struct vl_gate_verdict *verdict = vl_vec_push(&result->gates, "gates", err);
        if (!verdict)
            return err->err;
        verdict->gate = vl_gate_name(&gates[i], result->arena);
        verdict->violations = vl_gate_count(&gates[i], result, baseline, ignores);
        result->passed = result->passed && verdict->violations == 0;
    }
    return vl_arena_check(result->arena, "the result", err);
}

static int parse_gates(const struct vl_scan_policy *policy, const struct vl_scan_result *result,
    struct vl_gate *ret, struct vl_err *err)
{
    if (policy->n_fail_on > VL_GATES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d gates", VL_GATES_MAX);
    for (size_t i = 0; i < policy->n_fail_on; i++) {
        int r = vl_gate_parse(policy->fail_on[i], &ret[i], err);
        if (r < 0)
            return r;
        /* a gate that looks at nothing would always pass */
        if (ret[i].kind == VL_GATE_SECRET && !result->inventory->secrets_scanned)
            return vl_err_set(
                err, VL_ERR_USAGE, "--fail-on secret: no secrets were looked for; add secret to --scanners");
    }
    return 0;
}

/* What the documents and files say. The verdicts of VEX are for rules that ask for them. */
static int set_aside(struct vl_scan_result *result, const struct vl_scan_policy *policy,
    struct vl_ignores *ignores, struct vl_err *err)
{
    VL_CLEANUP(vl_vex_cleanup) struct vl_vex *vex = NULL;
    struct vl_vex_verdict *verdicts = NULL;
    int r = policy->n_vex_files ? vl_vex_new(&vex, err) : 0;
    for (size_t i = 0; i < policy->n_vex_files && r == 0; i++)
        r = vl_vex_load(vex, policy->vex_files[i], err);
    for (size_t i = 0; i < policy->n_ignore_files && r == 0; i++)
        r = vl_ignores_load(ignores, policy->ignore_files[i], err);
    if (r < 0)
        return r;
    if (vex && result->findings.len) {
        verdicts = calloc(result->findings.len, sizeof(*verdicts));
        if (!verdicts)
            return vl_err_nomem(err);
        r = vl_vex_apply(vex, result, verdicts, err);
    }
    if (r == 0)
        r = vl_ignores_apply(ignores, result, verdicts, result->scanned_ms, err);
    free(verdicts);
    return r;
}

int vl_scan_apply_policy(
    struct vl_scan_result *result, const struct vl_scan_policy *policy, struct vl_err *err)
{
    VL_CLEANUP(vl_baseline_cleanup) struct vl_baseline *baseline = NULL;
    VL_CLEANUP(vl_ignores_cleanup) struct vl_ignores *ignores = NULL;
    struct vl_gate gates[VL_GATES_MAX];
    int r = parse_gates(policy, result, gates, err);
    if (r == 0)
        r = vl_ignores_new(&ignores, err);
    if (r == 0 && policy->baseline_file) {
        r = policy->baseline.len ? vl_baseline_parse(policy->baseline, policy->baseline_file, &baseline, err)
                                 : vl_baseline_load(policy->baseline_file, &baseline, err);
        result->baseline = r == 0 ? vl_arena_strdup(result->arena, policy->baseline_file) : NULL;
    }
    if (r == 0)
        r = set_aside(result, policy, ignores, err);
    if (r < 0)
        return r;
    filter(result, policy);
    compare(result, baseline);
    r = judge(result, gates, policy->n_fail_on, baseline, ignores, err);
    if (r == 0)
        r = vl_ignores_report(ignores, result, result->scanned_ms, err);
    return r < 0 ? r : vl_scan_order_findings(result, err);
}
