/* Rules on findings, secrets and licences. */
#include <string.h>

#include "ignore.h"
#include "scan/purl_match.h"

#define ID_MAX 256U

struct apply {
    struct vl_ignores *set;
    struct vl_scan_result *result;
    struct vl_arena *scratch;
    int64_t now_ms;
};

static struct vl_ignore_rule *rule_at(const struct vl_ignores *set, uint32_t i)
{
    return (struct vl_ignore_rule *)set->rules.items + i;
}

static bool is_expired(const struct vl_ignore_rule *rule, int64_t now_ms)
{
    return rule->expires_ms && rule->expires_ms <= now_ms;
}

/* First rule with the id, whatever the case; UINT32_MAX where there is none. */
static uint32_t first_rule(const struct vl_ignores *set, const char *id)
{
    char copy[ID_MAX];
    size_t n = strlen(id);
    if (n >= sizeof(copy))
        return UINT32_MAX;
    for (size_t i = 0; i < n; i++)
        copy[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] + 32) : id[i];
    const struct vl_map_slot *slot = vl_map_get(&set->by_id, (struct vl_span){copy, n});
    return slot ? (uint32_t)slot->value.num : UINT32_MAX;
}

static bool path_agrees(const struct vl_ignore_rule *rule, const char *path)
{
    bool agrees = rule->n_paths == 0;
    for (size_t i = 0; i < rule->n_paths && !agrees; i++)
        agrees = path && vl_select_path(rule->paths[i], path);
    return agrees;
}

static bool purl_agrees(struct apply *a, const struct vl_ignore_rule *rule, const struct vl_package *p)
{
    bool agrees = rule->n_purls == 0;
    for (size_t i = 0; i < rule->n_purls && !agrees; i++) {
        vl_arena_reset(a->scratch);
        agrees = vl_scan_purl_matches_parsed(&rule->purls[i], p, a->scratch);
    }
    return agrees;
}

/* Tries a chain of rules; the first that agrees and has not expired is given. */
static struct vl_ignore_rule *try_rules(struct apply *a, uint32_t at, const struct vl_finding *f,
    const struct vl_vex_verdict *verdict, struct vl_ignore_rule *found)
{
    for (; at != UINT32_MAX; at = rule_at(a->set, at)->next) {
        struct vl_ignore_rule *rule = rule_at(a->set, at);
        if (!(rule->kinds & VL_IGNORE_VULN) || !path_agrees(rule, f->package->path) ||
            !purl_agrees(a, rule, f->package))
            continue;
        if (rule->grype && !vl_ignore_grype_agrees(rule->grype, a->result, f, verdict))
            continue;
        rule->used = true;
        if (!found && !is_expired(rule, a->now_ms))
            found = rule;
    }
    return found;
}

static const char *reason_of(struct apply *a, const struct vl_ignore_rule *rule)
{
    if (!rule->reason)
        return vl_arena_strdup(a->result->arena, rule->where);
    return vl_arena_printf(a->result->arena, "%s (%s)", rule->reason, rule->where);
}

static void apply_to_findings(struct apply *a, const struct vl_vex_verdict *verdicts)
{
    struct vl_finding *f = a->result->findings.items;
    for (size_t i = 0; i < a->result->findings.len; i++, f++) {
        const struct vl_vex_verdict *verdict = verdicts ? &verdicts[i] : NULL;
        struct vl_ignore_rule *rule = try_rules(a, first_rule(a->set, f->id), f, verdict, NULL);
        for (size_t k = 0; k < f->n_aliases; k++)
            rule = try_rules(a, first_rule(a->set, f->aliases[k]), f, verdict, rule);
        rule = try_rules(a, a->set->broad, f, verdict, rule);
        if (rule && f->status == VL_FINDING_OPEN) {
            f->status = VL_FINDING_IGNORED;
            f->status_reason = reason_of(a, rule);
        }
    }
}

/* A rule without an id is about packages unless it names a path alone. */
static bool about_secrets(const struct vl_ignore_rule *rule)
{
    return rule->id ? (rule->kinds & VL_IGNORE_SECRET) != 0 : rule->n_purls == 0 && !rule->grype;
}

static void apply_to_secret(struct apply *a, struct vl_secret *s, uint32_t at)
{
    for (; at != UINT32_MAX; at = rule_at(a->set, at)->next) {
        struct vl_ignore_rule *rule = rule_at(a->set, at);
        if (!about_secrets(rule) || !path_agrees(rule, s->path))
            continue;
        rule->used = true;
        if (!s->ignored && !is_expired(rule, a->now_ms))
            s->ignored = reason_of(a, rule);
    }
}

int vl_ignores_apply(struct vl_ignores *set, struct vl_scan_result *result,
    const struct vl_vex_verdict *verdicts, int64_t now_ms, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *scratch = vl_arena_new(16UL * 1024 * 1024);
    if (!scratch)
        return vl_err_nomem(err);
    struct apply a = {.set = set, .result = result, .scratch = scratch, .now_ms = now_ms};
    if (set->rules.len == 0)
        return 0;
    apply_to_findings(&a, verdicts);
    struct vl_vec *secrets = &result->inventory->secrets;
    for (size_t i = 0; i < secrets->len; i++) {
        struct vl_secret *s = vl_vec_at(secrets, i);
        if (s->rule)
            apply_to_secret(&a, s, first_rule(set, s->rule));
        apply_to_secret(&a, s, set->broad);
    }
    return vl_arena_check(result->arena, "ignores", err);
}

bool vl_ignores_license(
    struct vl_ignores *set, const struct vl_package *package, struct vl_span wanted, int64_t now_ms)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *scratch = vl_arena_new(1UL * 1024 * 1024);
    struct apply a = {.set = set, .scratch = scratch};
    bool found = false;
    if (!scratch || set->rules.len == 0)
        return false;
    struct vl_ignore_rule *rule = set->rules.items;
    for (size_t i = 0; i < set->rules.len; i++, rule++) {
        if (!rule->id || !(rule->kinds & VL_IGNORE_LICENSE))
            continue;
        bool named = vl_span_eq_nocase(wanted, vl_span_str(rule->id));
        for (uint32_t k = 0; k < package->n_licenses && !named; k++)
            named = vl_span_eq_nocase(vl_span_str(package->licenses[k]), vl_span_str(rule->id));
        if (!named || !path_agrees(rule, package->path) || !purl_agrees(&a, rule, package))
            continue;
        rule->used = true;
        found = found || !is_expired(rule, now_ms);
    }
    return found;
}

/* A rule that nothing could have used is not called unused: nothing of its kind was looked for, or it is
 * about a licence that a package has though no gate asked. */
static bool counts_as_used(const struct vl_ignore_rule *rule, const struct vl_scan_result *result)
{
    const struct vl_inventory *inventory = result->inventory;
    bool matched = result->coverage.database != NULL;
    if (rule->used || (rule->kinds == VL_IGNORE_SECRET && !inventory->secrets_scanned) ||
        ((rule->kinds & VL_IGNORE_VULN) && !matched))
        return true;
    if (!rule->id || !(rule->kinds & VL_IGNORE_LICENSE))
        return false;
    for (size_t i = 0; i < inventory->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&inventory->packages, i);
        for (uint32_t k = 0; k < p->n_licenses; k++) {
            if (vl_span_eq_nocase(vl_span_str(p->licenses[k]), vl_span_str(rule->id)))
                return true;
        }
    }
    return false;
}

int vl_ignores_report(
    const struct vl_ignores *set, struct vl_scan_result *result, int64_t now_ms, struct vl_err *err)
{
    result->ignores.len = 0;
    for (uint32_t i = 0; i < set->rules.len; i++) {
        const struct vl_ignore_rule *rule = rule_at(set, i);
        bool expired = is_expired(rule, now_ms);
        bool used = counts_as_used(rule, result);
        if (!expired && used)
            continue;
        struct vl_ignore_report *report = vl_vec_push(&result->ignores, "ignores", err);
        if (!report)
            return err->err;
        report->id = vl_arena_strdup(result->arena, rule->label);
        report->where = vl_arena_strdup(result->arena, rule->where);
        report->reason = rule->reason ? vl_arena_strdup(result->arena, rule->reason) : NULL;
        report->expired = expired;
        report->unused = !used;
    }
    return vl_arena_check(result->arena, "ignores", err);
}
