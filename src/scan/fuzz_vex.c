/* VEX documents of all formats, and what they do to a result. */
#include "fuzz_policy.h"
#include "vex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_vex_cleanup) struct vl_vex *vex = NULL;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *result = fuzz_result();
    struct vl_vex_verdict verdicts[3];
    struct vl_err err = VL_ERR_INIT;
    if (vl_vex_new(&vex, &err) < 0)
        return 0;
    if (vl_vex_parse(vex, (struct vl_span){(const char *)data, size}, "vex.json", &err) < 0) {
        if (err.err >= 0 || !err.msg[0])
            abort(); /* an error says what is wrong */
        return 0;
    }
    if (vl_vex_apply(vex, result, verdicts, &err) < 0)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        bool aside = verdicts[i].status == VL_VEX_FIXED || verdicts[i].status == VL_VEX_NOT_AFFECTED;
        if ((f->status == VL_FINDING_VEX) != aside)
            abort();
    }
    return 0;
}
