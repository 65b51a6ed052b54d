#include "model/finding.h"

const char *vl_fix_state_name(enum vl_fix_state state)
{
    static const char *const names[VL_FIX_COUNT] = {
        [VL_FIX_UNKNOWN] = "unknown",
        [VL_FIX_FIXED] = "fixed",
        [VL_FIX_NONE] = "not_fixed",
        [VL_FIX_WONT] = "will_not_fix",
        [VL_FIX_DEFERRED] = "deferred",
        [VL_FIX_END_OF_LIFE] = "end_of_life",
        [VL_FIX_INVESTIGATING] = "under_investigation",
        [VL_FIX_PAID] = "fixed_paid",
    };
    return (unsigned)state < VL_FIX_COUNT ? names[state] : names[VL_FIX_UNKNOWN];
}
