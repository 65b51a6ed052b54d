/* Standards (initiatives): named sets of checks with their parameters; and exemptions from checks. */
#ifndef VL_POLICY_STANDARD_H
#define VL_POLICY_STANDARD_H

#include "policy/policy.h"

#define VL_STANDARD_ITEMS_MAX 10000

enum vl_standard_state {
    VL_STANDARD_AUTOMATED,      /* some check assesses it */
    VL_STANDARD_MANUAL,         /* a person has to */
    VL_STANDARD_NOT_ASSESSABLE, /* nothing that is seen can tell; `why` says why */
};

struct vl_standard_item {
    const char *id; /* "5.2.1" */
    const char *title;
    enum vl_standard_state state;
    const char *why; /* or NULL */
    const char *const *checks;
    uint32_t n_checks;
};

struct vl_standard {
    const char *id;
    const char *title;
    const char *version; /* of the standard itself: "1.12" */
    const char *description;
    const struct vl_doc_node *parameters; /* {name: value} for all its checks; may be NULL */
    const struct vl_standard_item *items;
    uint32_t n_items;
    const char *file;
    uint32_t line;
};

uint32_t vl_policies_standards(const struct vl_policies *set);
const struct vl_standard *vl_policies_standard(const struct vl_policies *set, uint32_t index);
const struct vl_standard *vl_policies_standard_find(const struct vl_policies *set, const char *id);

/* An exemption: a failure that somebody has taken on, for a scope, until a day. */
struct vl_exemption {
    const char *name;
    bool mitigated; /* else a waiver */
    const char *justification;
    int64_t expires_ms;                  /* 0: never */
    const struct vl_doc_node *checks;    /* list of ids or globs; NULL: all of `standards` */
    const struct vl_doc_node *standards; /* list of ids; may be NULL */
    const struct vl_doc_node *scope; /* list of {namespaces, kinds, names, labelSelector}; NULL: everything */
    const char *file;
    uint32_t line;
};

uint32_t vl_policies_exemptions(const struct vl_policies *set);
const struct vl_exemption *vl_policies_exemption(const struct vl_policies *set, uint32_t index);

/* The exemption in force at `now_ms` for a check and an object, or NULL; expired ones never. */
const struct vl_exemption *vl_policies_exempts(const struct vl_policies *set, const char *check,
    const struct vl_kube_object *object, struct vl_span namespace_name, int64_t now_ms);

#endif
