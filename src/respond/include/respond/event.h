/* What people are told about: one event, whatever way it takes to them (mail, webhook, chat, syslog). */
#ifndef VL_RESPOND_EVENT_H
#define VL_RESPOND_EVENT_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "model/severity.h"

#define VL_NOTIFY_FACTS_MAX 32
#define VL_NOTIFY_LINKS_MAX 8
#define VL_NOTIFY_TEXT_MAX  4096 /* bytes of one text; what is longer is cut and ends with "…" */
#define VL_NOTIFY_NAME_MAX  512  /* the same for names of facts, titles of links and ids */

enum vl_notify_topic {
    VL_NOTIFY_FINDING = 1, /* new critical findings of an image */
    VL_NOTIFY_SCAN_ERROR,
    VL_NOTIFY_ALERT,
    VL_NOTIFY_EXEMPTION, /* one ended, or waits for approval */
    VL_NOTIFY_DIGEST,    /* the week's review */
    VL_NOTIFY_TEST,      /* somebody pressed the button; goes to that one channel alone */
};

const char *vl_notify_topic_name(enum vl_notify_topic topic); /* "finding", "scan_error" … */
bool vl_notify_topic_parse(struct vl_span text, enum vl_notify_topic *ret);

/* The word for a severity where people are told: as vl_severity_name(), but what findings call negligible is
 * informational here, as with alerts. */
const char *vl_notify_severity_name(enum vl_severity severity);
bool vl_notify_severity_parse(struct vl_span text, enum vl_severity *ret); /* case-blind */

struct vl_notify_fact {
    const char *name; /* "Image" */
    const char *value;
};

struct vl_notify_link {
    const char *title;
    const char *url; /* absolute, or a path of the portal: "/images/sha256:…" */
};

/* Texts are lent. UTF-8; line breaks only in `text`. */
struct vl_notify_event {
    enum vl_notify_topic topic;
    enum vl_severity severity;
    const char *title;  /* one line: "3 new critical findings in web:1.4" */
    const char *text;   /* some sentences; or NULL */
    const char *object; /* what it is about, as a path of the portal; or NULL */
    /* Where it happened, for channels that want only some registries or repositories; 0 and NULL: nowhere. */
    int64_t registry_id;
    const char *registry; /* its name */
    const char *repository;
    const struct vl_notify_fact *facts;
    size_t n_facts;
    const struct vl_notify_link *links;
    size_t n_links;
    int64_t at; /* ms; 0: now */
    /* Set on the way out, by who delivers: */
    const char *id;             /* the same on every try: receivers see by it what they have already */
    const char *environment;    /* its name */
    const char *environment_id; /* its GUID: links into the portal name it; or NULL */
    const char *base_url;       /* of the portal, "https://vallum.example:8443": before paths; or NULL */
    const char *url;            /* of the object, absolute; vl_webhook_write() sets it */
};

/* The event as an object of JSON: how it waits in the outbox, and the body of a generic webhook:
 * {"id","topic","severity","title","text","object","url","registryId","registry","repository","environment",
 * "environmentId","at","facts":[{"name","value"}],"links":[{"title","url"}]}; what is NULL is left out. */
void vl_notify_event_write(const struct vl_notify_event *event, struct vl_json *json);
/* Back again; texts in the arena. VL_ERR_INVALID where it is no such object. */
VL_MUST_CHECK int vl_notify_event_read(
    const struct vl_doc_node *node, struct vl_arena *arena, struct vl_notify_event *ret, struct vl_err *err);

/* The links with absolute URLs, those into the portal with "?environment=GUID"; the object's first ("Open in
 * Vallum"); at most VL_NOTIFY_LINKS_MAX + 1. Those
 * that cannot be made absolute are left out. */
VL_MUST_CHECK int vl_notify_event_links(const struct vl_notify_event *event, struct vl_arena *arena,
    struct vl_notify_link **ret, size_t *ret_n, struct vl_err *err);

#endif
