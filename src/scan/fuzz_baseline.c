/* Earlier reports as baselines. */
#include "baseline.h"
#include "fuzz_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_baseline_cleanup) struct vl_baseline *baseline = NULL;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *result = fuzz_result();
    struct vl_err err = VL_ERR_INIT;
    if (vl_baseline_parse((struct vl_span){(const char *)data, size}, "old.json", &baseline, &err) < 0)
        return 0;
    for (size_t i = 0; i < result->findings.len; i++)
        (void)vl_baseline_has_finding(baseline, vl_vec_at(&result->findings, i));
    (void)vl_baseline_has_secret(baseline, result->inventory->secrets.items);
    (void)vl_baseline_has_package(baseline, result->inventory->packages.items);
    return 0;
}
