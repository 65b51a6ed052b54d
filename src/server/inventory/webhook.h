/* Events of registries: what was pushed, pulled, deleted. Pure: bytes in, structs out; every string is
 * checked against the grammar of its kind, so that what comes out can be stored and asked for. */
#ifndef VL_SERVER_WEBHOOK_H
#define VL_SERVER_WEBHOOK_H

#include "base/vec.h"
#include "codec/doc.h"

#define VL_WEBHOOK_EVENTS_MAX     10000 /* of one body */
#define VL_WEBHOOK_REPOSITORY_MAX 255
#define VL_WEBHOOK_TAG_MAX        128

enum vl_webhook_action {
    VL_WEBHOOK_PUSH = 1,
    VL_WEBHOOK_PULL,
    VL_WEBHOOK_DELETE,
};

enum vl_webhook_what {
    VL_WEBHOOK_UNKNOWN = 0, /* the event does not say: the registry must be asked */
    VL_WEBHOOK_MANIFEST,    /* an image's, or of something that is stored like one */
    VL_WEBHOOK_INDEX,
};

/* Texts are lent by the document. */
struct vl_webhook_event {
    enum vl_webhook_action action;
    enum vl_webhook_what what;
    struct vl_span repository, digest, tag; /* digest or tag may be empty, not both */
    int64_t at;                             /* ms, by the sender's clock; 0: it does not say */
    /* Where one sender tells of many registries; empty: it tells of the one that it was set up for. */
    struct vl_span host;            /* Artifact Registry */
    struct vl_span account, region; /* ECR */
};

struct vl_webhook_list {
    struct vl_vec events; /* struct vl_webhook_event */
    size_t ignored;       /* blobs, charts, pings, our own pulls, what breaks the grammar */
    struct vl_doc *inner; /* owned: of a body within the body; NULL */
};
void vl_webhook_list_init(struct vl_webhook_list *list);
void vl_webhook_list_done(struct vl_webhook_list *list); /* also for VL_CLEANUP */

/* Finds out whose form it is and reads it. VL_ERR_INVALID where it is nobody's, VL_ERR_LIMIT over
 * VL_WEBHOOK_EVENTS_MAX. */
VL_MUST_CHECK int vl_webhook_parse(
    const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err);

/* --- one a form: 1 read, 0 it is not of this form --- */

/* {"events":[…]}: distribution.github.io, "Work with notifications". */
VL_MUST_CHECK int vl_webhook_distribution(
    const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err);
/* {"action":…,"target":{…}}: learn.microsoft.com, "Azure Container Registry webhook reference". */
VL_MUST_CHECK int vl_webhook_acr(
    const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err);
/* {"type":"PUSH_ARTIFACT","event_data":{…}}, or CloudEvents of the same: goharbor.io, "Configure Webhook
 * Notifications". */
VL_MUST_CHECK int vl_webhook_harbor(
    const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err);
/* {"push_data":{…},"repository":{…}}: docs.docker.com, "Webhooks". */
VL_MUST_CHECK int vl_webhook_dockerhub(
    const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err);

/* {"source":"aws.ecr","detail-type":"ECR Image Action","detail":{…}}: docs.aws.amazon.com, "Amazon ECR events
 * and EventBridge". */
VL_MUST_CHECK int vl_webhook_ecr(
    const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err);
/* {"message":{"data":…},"subscription":…}, the data {"action":"INSERT","digest":…,"tag":…}:
 * cloud.google.com, "Configuring Pub/Sub notifications" (Artifact Registry), "Push subscriptions" (Pub/Sub).
 */
VL_MUST_CHECK int vl_webhook_gar(
    const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err);

/* Whether the event is about the registry of that host ("HOST" or "HOST:PORT"). What ECR and Artifact
 * Registry call by another name (a proxy, a private endpoint) takes all that it is told. */
bool vl_webhook_is_about(const struct vl_webhook_event *event, struct vl_span host);

/* --- for these --- */

/* What a manifest's media type stands for; false where it is that of no image. */
bool vl_webhook_what(struct vl_span media_type, enum vl_webhook_what *ret);

/* Adds the event where repository, digest and tag are what they should be; else it is counted as ignored. */
VL_MUST_CHECK int vl_webhook_add(
    struct vl_webhook_list *list, const struct vl_webhook_event *event, struct vl_err *err);
/* One event of distribution's form, which ACR's are too. */
VL_MUST_CHECK int vl_webhook_target(
    const struct vl_doc_node *event, struct vl_webhook_list *list, struct vl_err *err);

/* Grammars of the OCI distribution specification 1.1, "Pulling manifests"; digests of the image specification
 * (sha256 and sha512). */
bool vl_webhook_is_repository(struct vl_span text);
bool vl_webhook_is_tag(struct vl_span text);
bool vl_webhook_is_digest(struct vl_span text);
/* Tags under which signatures and the like are stored beside an image: "sha256-…", "sha256-….sig". */
bool vl_webhook_is_attached(struct vl_span tag);

#endif
