#include "posture/exempt_match.h"

#include <string.h>

#include "model/package.h"
#include "scan/purl_match.h"

bool vl_exempt_pattern(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) { /* the last star takes one more */
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool is_one(const int64_t *ids, int64_t id)
{
    for (size_t i = 0; i < VL_EXEMPT_PLACES_MAX; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

bool vl_exempt_in_place(const struct vl_exempt_scope *scope, const struct vl_exempt_place *place)
{
    if (scope->assessment_key && strcmp(scope->assessment_key, place->key) != 0)
        return false;
    if (scope->digest && strcmp(scope->digest, place->digest) != 0)
        return false;
    if (scope->registry && scope->registry != place->registry)
        return false;
    if (scope->repository && !(place->registry && vl_exempt_pattern(scope->repository, place->repository)))
        return false;
    return scope->resource == 0 || is_one(place->resources, scope->resource);
}

bool vl_exempt_finding_matches(
    const struct vl_exempt_scope *scope, const struct vl_exempt_finding *finding, struct vl_arena *scratch)
{
    if (!vl_exempt_of_findings(scope))
        return false;
    if (scope->vulnerability &&
        !vl_span_eq_nocase(vl_span_str(scope->vulnerability), vl_span_str(finding->vulnerability)))
        return false;
    if (!scope->package)
        return true;
    const struct vl_package package = {
        .ecosystem = (enum vl_ecosystem)finding->ecosystem, .purl = finding->purl};
    return vl_scan_purl_matches_parsed(scope->package, &package, scratch);
}

static bool among(const char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (vl_span_eq_nocase(vl_span_str(texts[i]), vl_span_str(text)))
            return true;
    }
    return n == 0;
}

bool vl_disable_matches(const struct vl_disable_scope *scope, const char *key, const char *digest,
    const struct vl_exempt_finding *finding)
{
    bool rated = finding->severity != VL_SEVERITY_UNKNOWN;
    if (scope->assessment_key && strcmp(scope->assessment_key, key) != 0)
        return false;
    if (scope->n_vulnerabilities == 0 && scope->n_digests == 0 && !scope->min_severity && !scope->without_fix)
        return false; /* a rule without a condition speaks of nothing */
    if (scope->min_severity && !(rated && finding->severity < scope->min_severity))
        return false;
    if (scope->without_fix && (finding->state == VL_FIX_FIXED || finding->state == VL_FIX_PAID))
        return false;
    return among(scope->vulnerabilities, scope->n_vulnerabilities, finding->vulnerability) &&
           among(scope->digests, scope->n_digests, digest);
}
