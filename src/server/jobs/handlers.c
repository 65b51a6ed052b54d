/* lint: no test: two lists */
#include "jobs/discover.h"
#include "jobs/handlers.h"

#include "posture/job_score.h"

const struct vl_job_handler vl_job_handlers[] = {
    {.kind = "score", .tries = 8, .first_pause_ms = 2000, .run = vl_job_score},
    {.kind = "exempt", .tries = 8, .first_pause_ms = 2000, .run = vl_job_exempt},
    {.kind = "discover", .tries = 5, .first_pause_ms = 10000, .run = vl_job_discover},
    {.kind = "resolve", .tries = 8, .first_pause_ms = 2000, .run = vl_job_resolve},
    {0},
};

const struct vl_job_round vl_job_rounds[] = {
    {"score", VL_ROUND_SCORE_MS, vl_round_score},
    {"discover", 2000, vl_round_discover},
    {0},
};
