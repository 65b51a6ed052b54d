/* lint: no test: two lists */
#include "jobs/handlers.h"

const struct vl_job_handler vl_job_handlers[] = {
    {0},
};

const struct vl_job_round vl_job_rounds[] = {
    {0},
};
