/* Alerts as lines: JSON with Falco's members, or Falco's line of text. Private to the room. */
#ifndef VL_CLI_RULES_ALERT_H
#define VL_CLI_RULES_ALERT_H

#include "base/buf.h"
#include "rule/correlate.h"
#include "rule/output.h"
#include "rule/ruleset.h"

struct vl_rules_alerts;

/* An output is made ready when its rule fires first. The set must outlive it. */
VL_MUST_CHECK int vl_rules_alerts_new(
    const struct vl_ruleset *set, bool json, struct vl_rules_alerts **ret, struct vl_err *err);
void vl_rules_alerts_free(struct vl_rules_alerts *alerts); /* accepts NULL */
void vl_rules_alerts_cleanup(struct vl_rules_alerts **alerts);

/* One line for a rule that fired by itself. */
VL_MUST_CHECK int vl_rules_alert_write(struct vl_rules_alerts *alerts, const struct vl_rule *rule,
    const struct vl_event *event, struct vl_buf *out, struct vl_err *err);

/* One line for a window that fired; its event may be absent. */
VL_MUST_CHECK int vl_rules_alert_write_window(struct vl_rules_alerts *alerts,
    const struct vl_correlation *fired, struct vl_buf *out, struct vl_err *err);

#endif
