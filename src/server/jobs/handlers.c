/* lint: no test: two lists */
#include "jobs/discover.h"
#include "jobs/handlers.h"
#include "jobs/job_advisories.h"
#include "jobs/job_rematch.h"
#include "jobs/job_scan.h"

#include "findings/job_summary.h"
#include "posture/job_score.h"
#include "respond/digest.h"
#include "respond/job_notify.h"

const struct vl_job_handler vl_job_handlers[] = {
    {.kind = "score", .tries = 8, .first_pause_ms = 2000, .run = vl_job_score},
    {.kind = "exempt", .tries = 8, .first_pause_ms = 2000, .run = vl_job_exempt},
    {.kind = "expire", .tries = 8, .first_pause_ms = 2000, .run = vl_job_expire},
    {.kind = "discover", .tries = 5, .first_pause_ms = 10000, .run = vl_job_discover},
    {.kind = "scan",
        .tries = VL_SCAN_TRIES,
        .first_pause_ms = VL_SCAN_PAUSE_MS,
        .run = vl_job_scan,
        .failed = vl_job_scan_failed},
    {.kind = "advisories",
        .tries = VL_ADVISORY_TRIES,
        .first_pause_ms = VL_ADVISORY_PAUSE_MS,
        .run = vl_job_advisories,
        .failed = vl_job_advisories_failed},
    {.kind = "rematch",
        .tries = VL_REMATCH_TRIES,
        .first_pause_ms = VL_REMATCH_PAUSE_MS,
        .run = vl_job_rematch},
    {.kind = "resolve", .tries = 8, .first_pause_ms = 2000, .run = vl_job_resolve},
    {.kind = "summary", .tries = 3, .first_pause_ms = 30000, .run = vl_job_summary},
    {.kind = "notify", .tries = VL_NOTIFY_TRIES, .first_pause_ms = VL_NOTIFY_PAUSE_MS, .run = vl_job_notify},
    {.kind = "digest", .tries = VL_DIGEST_TRIES, .first_pause_ms = VL_DIGEST_PAUSE_MS, .run = vl_job_digest},
    {0},
};

const struct vl_job_round vl_job_rounds[] = {
    {"score", VL_ROUND_SCORE_MS, vl_round_score},
    {"expire", VL_ROUND_EXPIRE_MS, vl_round_expire},
    {"discover", 2000, vl_round_discover},
    {"feed", 600000, vl_round_feed},
    {"advisories", VL_ADVISORY_ROUND_MS, vl_round_advisories},
    {"rematch", VL_REMATCH_ROUND_MS, vl_round_rematch},
    {"reindex", VL_REINDEX_ROUND_MS, vl_round_reindex},
    {"notify", VL_NOTIFY_ROUND_MS, vl_round_notify},
    {"digest", VL_DIGEST_ROUND_MS, vl_round_digest},
    {0},
};
