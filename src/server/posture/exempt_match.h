/* What exemptions and disable rules speak of. Pure.
 *
 * An exemption with a vulnerability or a package takes single findings out; one with neither takes the whole
 * assessment of a resource out. Every column that is there must fit. */
#ifndef VL_SERVER_EXEMPT_MATCH_H
#define VL_SERVER_EXEMPT_MATCH_H

#include "model/finding.h"
#include "model/purl.h"

#define VL_EXEMPT_PLACES_MAX 3 /* the image, its registry, its environment */

struct vl_exempt_scope {
    int64_t id;
    int category;               /* enum vl_exempt */
    const char *assessment_key; /* these are NULL or 0 where they ask for nothing */
    const char *vulnerability;
    const struct vl_purl *package; /* as written; without a version: all of them */
    const char *digest;
    int64_t registry;
    const char *repository; /* pattern: * is any number of characters, slashes too */
    int64_t resource;
};

/* Where an image lies, or any other resource. */
struct vl_exempt_place {
    const char *key;                         /* of the assessment that looks at it */
    const char *digest;                      /* "" of what is no image */
    int64_t registry;                        /* 0: none */
    const char *repository;                  /* "" */
    int64_t resources[VL_EXEMPT_PLACES_MAX]; /* itself and those above it; 0: none */
};
bool vl_exempt_in_place(const struct vl_exempt_scope *scope, const struct vl_exempt_place *place);

/* Of findings, or of whole resources? */
static inline bool vl_exempt_of_findings(const struct vl_exempt_scope *scope)
{
    return scope->vulnerability || scope->package;
}

struct vl_exempt_finding {
    const char *vulnerability; /* the id shown */
    const char *purl;
    int ecosystem; /* enum vl_ecosystem */
    enum vl_severity severity;
    enum vl_fix_state state;
};
/* Whether vulnerability and package fit. `scratch` may be reset between calls. */
bool vl_exempt_finding_matches(
    const struct vl_exempt_scope *scope, const struct vl_exempt_finding *finding, struct vl_arena *scratch);

/* All conditions that a rule has must hold; several rules are alternatives. */
struct vl_disable_scope {
    int64_t id;
    const char *assessment_key;         /* or NULL */
    const char *const *vulnerabilities; /* none: any */
    size_t n_vulnerabilities;
    const char *const *digests; /* none: any */
    size_t n_digests;
    enum vl_severity min_severity; /* findings below it are taken out; UNKNOWN: no such condition */
    bool without_fix;              /* findings without a fixed version are taken out */
};
/* An unknown severity is below nothing: nobody rated it. */
bool vl_disable_matches(const struct vl_disable_scope *scope, const char *key, const char *digest,
    const struct vl_exempt_finding *finding);

/* * is any number of characters. */
bool vl_exempt_pattern(const char *pattern, const char *text);

#endif
