/* Bodies of webhooks, and the signature of a generic one.
 *
 * Generic: the event as JSON (event.h), signed as "Standard Webhooks" 1.0 has it
 * (github.com/standard-webhooks/standard-webhooks), so that receivers can use its libraries:
 *   webhook-id: the event's id, the same on every try: seen it already? answer 200 and forget it
 *   webhook-timestamp: seconds since 1970 of this try: more than 5 minutes away? refuse it
 *   webhook-signature: "v1," and the Base64 of HMAC-SHA256(secret, id "." timestamp "." body)
 * Slack: blocks (api.slack.com/reference/block-kit); Teams: an Adaptive Card 1.4 in a message of a workflow's
 * webhook. Neither has a signature: there the URL is the secret. */
#ifndef VL_RESPOND_WEBHOOK_H
#define VL_RESPOND_WEBHOOK_H

#include "respond/event.h"

#define VL_WEBHOOK_BODY_MAX      (512UL * 1024)
#define VL_WEBHOOK_SIGNATURE_MAX 64            /* with its NUL */
#define VL_TEAMS_BODY_MAX        (28UL * 1024) /* what Teams takes; texts are cut so that it fits */

/* Each appends one JSON document. */
VL_MUST_CHECK int vl_webhook_write(
    const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_slack_write(const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_teams_write(const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err);

/* `secret`: "whsec_" and the Base64 of the key; any other text is itself the key. */
VL_MUST_CHECK int vl_webhook_sign(struct vl_span secret, const char *id, int64_t timestamp,
    struct vl_span body, char ret[VL_WEBHOOK_SIGNATURE_MAX], struct vl_err *err);

#endif
