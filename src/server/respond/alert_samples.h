#ifndef VL_SERVER_ALERT_SAMPLES_H
#define VL_SERVER_ALERT_SAMPLES_H

#include "base/span.h"

extern const struct vl_span vl_alert_samples; /* content/alert-samples.yaml */

#endif
