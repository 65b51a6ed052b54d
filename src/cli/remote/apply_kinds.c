/* What settings there are, and by which calls they are read and written. */
#include "remote/apply.h"

static bool plan_counts(const struct vl_doc_node *plan)
{
    return !vl_doc_bool(vl_doc_get(plan, "deprecated")) &&
           (vl_doc_bool(vl_doc_get(plan, "built")) ||
               vl_span_eq_str(vl_doc_get_str(plan, "pricingTier"), "Standard"));
}

/* Those of contacts are made and changed with their contact. */
static bool is_own_channel(const struct vl_doc_node *channel)
{
    return !vl_doc_get(vl_doc_get(channel, "config"), "contact");
}

static bool exemption_holds(const struct vl_doc_node *exemption)
{
    return vl_span_eq_str(vl_doc_get_str(exemption, "state"), "approved");
}

const struct vl_apply_kind vl_apply_kinds[] = {
    {.name = "Environment",
        .list = "/environments",
        .item = "/environments/{}",
        .fields = {{"id", .type = VL_APPLY_WORD, .fixed = true}}},
    {.name = "Registry",
        .list = "/registries",
        .item = "/registries/{}",
        .scoped = true,
        .fields = {{"host", .required = true}, {"kind", VL_APPLY_WORD}, {"username"},
            {"password", VL_APPLY_SECRET, .has = "hasSecret"}, {"ca", VL_APPLY_SECRET},
            {"webhookSecret", VL_APPLY_SECRET, .has = "webhook.hasSecret"}, {"insecure"}, {"pollSeconds"},
            {"include"}, {"labels", VL_APPLY_LABELS}, {"concurrency"}, {"enabled", .later = true}}},
    {.name = "Plan",
        .list = "/plans",
        .put = "/plans/{}",
        .scoped = true,
        .given = true,
        .fields = {{"pricingTier", VL_APPLY_WORD, .required = true}, {"subPlan", VL_APPLY_WORD},
            {"extensions", VL_APPLY_NAMED}},
        .exported = plan_counts},
    {.name = "Contact",
        .list = "/contacts",
        .put = "/contacts/{}",
        .scoped = true,
        .usual = "default",
        .fields = {{"emails"}, {"phone"}, {"enabled"}, {"minSeverity", VL_APPLY_WORD}, {"roles"},
            {"notifyRoles"}}},
    {.name = "MailServer",
        .list = "/settings/mail",
        .put = "/settings/mail",
        .one = true,
        .owner = true,
        .usual = "default",
        .fields = {{"host", .required = true}, {"port"}, {"from", .required = true}, {"username"},
            {"password", VL_APPLY_SECRET, .has = "hasPassword"}, {"caPem"}}},
    {.name = "Channel",
        .list = "/channels",
        .item = "/channels/{}",
        .scoped = true,
        .fields = {{"kind", VL_APPLY_WORD, .required = true, .fixed = true}, {"config", .required = true},
            {"secret", VL_APPLY_SECRET, .has = "hasSecret"}, {"minSeverity", VL_APPLY_WORD}, {"topics"},
            {"scope"}, {"enabled"}},
        .exported = is_own_channel},
    {.name = "SuppressionRule",
        .list = "/suppression-rules",
        .put = "/suppression-rules/{}",
        .scoped = true,
        .fields = {{"alertType", .required = true}, {"state", VL_APPLY_WORD}, {"reason"}, {"comment"},
            {"expires", VL_APPLY_TIME}, {"scope"}}},
    {.name = "GovernanceRule",
        .list = "/governance-rules",
        .put = "/governance-rules/{}",
        .scoped = true,
        .fields = {{"description"}, {"enabled"}, {"priority"}, {"severities"}, {"recommendations"},
            {"registry", VL_APPLY_REGISTRY}, {"owner", .required = true}, {"days"}, {"gracePeriod"}}},
    {.name = "DisableRule",
        .list = "/disable-rules",
        .item = "/disable-rules/{}",
        .scoped = true,
        .fields = {{"assessmentKey"}, {"vulnerabilities"}, {"digests"}, {"minSeverity", VL_APPLY_WORD},
            {"withoutFix"}, {"justification"}, {"enabled"}, {"expires", VL_APPLY_TIME}}},
    {.name = "Exemption",
        .list = "/exemptions",
        .item = "/exemptions/{}",
        .scoped = true,
        .by_fields = true,
        .fields = {{"category", VL_APPLY_WORD, .required = true, .fixed = true},
            {"assessmentKey", .fixed = true}, {"vulnerability", .fixed = true}, {"package", .fixed = true},
            {"digest", .fixed = true}, {"registry", VL_APPLY_REGISTRY, .fixed = true},
            {"repository", .fixed = true}, {"resourceId", .fixed = true}, {"justification", .required = true},
            {"expires", VL_APPLY_TIME}},
        .exported = exemption_holds},
    {0},
};
