/* Ignore files of all formats, and what they do to a result. */
#include "fuzz_policy.h"
#include "ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_ignores_cleanup) struct vl_ignores *set = NULL;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *result = fuzz_result();
    const struct vl_vex_verdict verdicts[3] = {
        {VL_VEX_AFFECTED, NULL}, {VL_VEX_NOT_AFFECTED, "vulnerable_code_not_present"}, {VL_VEX_NONE, NULL}};
    struct vl_err err = VL_ERR_INIT;
    if (vl_ignores_new(&set, &err) < 0)
        return 0;
    if (vl_ignores_parse(set, (struct vl_span){(const char *)data, size}, "ignores", &err) < 0) {
        if (err.err >= 0 || !err.msg[0])
            abort(); /* an error says what is wrong */
        return 0;
    }
    const struct vl_package *p = result->inventory->packages.items;
    if (vl_ignores_apply(set, result, verdicts, 1700000000000, &err) == 0) {
        (void)vl_ignores_license(set, p, VL_SPAN_LIT("GPL-3.0-only"), 1700000000000);
        if (vl_ignores_report(set, result, 1700000000000, &err) < 0)
            return 0;
    }
    return 0;
}
