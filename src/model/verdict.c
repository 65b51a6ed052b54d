#include "model/verdict.h"

const char *vl_verdict_outcome_name(enum vl_verdict_outcome outcome)
{
    static const char *const names[VL_VERDICT_COUNT] = {"skip", "pass", "fail", "error", "exempt"};
    return (unsigned)outcome < VL_VERDICT_COUNT ? names[outcome] : "error";
}
