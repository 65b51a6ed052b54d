#include "inventory/plan.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_S  86400
#define HOUR_S 3600

static const struct vl_plan_extension containers[] = {{"ContainerRegistriesVulnerabilityAssessments", true},
    {"AgentlessDiscoveryForKubernetes", false}, {"AgentlessVmScanning", false}, {"ContainerSensor", false},
    {0}};
static const struct vl_plan_extension posture[] = {{"ContainerRegistriesVulnerabilityAssessments", true},
    {"AgentlessVmScanning", false}, {"AgentlessDiscoveryForKubernetes", false},
    {"SensitiveDataDiscovery", false}, {"EntraPermissionsManagement", false}, {"ApiPosture", false}, {0}};
static const struct vl_plan_extension machines[] = {{"AgentlessVmScanning", false},
    {"MdeDesignatedSubscription", false}, {"FileIntegrityMonitoring", false}, {0}};
static const struct vl_plan_extension storage[] = {
    {"OnUploadMalwareScanning", false}, {"SensitiveDataDiscovery", false}, {0}};
static const struct vl_plan_extension ai[] = {{"AIPromptEvidence", false}, {0}};

static const char *const machine_plans[] = {"P1", "P2", NULL};
static const char *const storage_plans[] = {
    "DefenderForStorageV2", "PerStorageAccount", "PerTransaction", NULL};
static const char *const vault_plans[] = {"PerKeyVault", "PerTransaction", NULL};
static const char *const arm_plans[] = {"PerSubscription", "PerApiCall", NULL};
static const char *const api_plans[] = {"P1", "P2", "P3", "P4", "P5", NULL};

#define NOTHING "accepted, protects nothing yet"

const struct vl_plan_kind vl_plan_kinds[] = {
    {.name = "CloudPosture",
        .title = "Cloud security posture",
        .aliases = "CSPM",
        .extensions = posture,
        .built = true,
        .note = "recommendations, secure score and exemptions for images of registries"},
    {.name = VL_PLAN_CONTAINERS,
        .title = "Containers",
        .extensions = containers,
        .built = true,
        .note = "images of registries are found, scanned on push and matched anew when advisories change"},
    {.name = "VirtualMachines",
        .title = "Servers",
        .aliases = "Servers",
        .sub_plans = machine_plans,
        .extensions = machines,
        .note = NOTHING},
    {.name = "AppServices", .title = "App Service", .aliases = "AppService", .note = NOTHING},
    {.name = "StorageAccounts",
        .title = "Storage",
        .aliases = "Storage",
        .sub_plans = storage_plans,
        .extensions = storage,
        .note = NOTHING},
    {.name = "SqlServers", .title = "SQL databases", .aliases = "SQL", .note = NOTHING},
    {.name = "SqlServerVirtualMachines", .title = "SQL servers on machines", .note = NOTHING},
    {.name = "OpenSourceRelationalDatabases", .title = "Open-source databases", .note = NOTHING},
    {.name = "CosmosDbs", .title = "Cosmos DB", .note = NOTHING},
    {.name = "KeyVaults",
        .title = "Key Vault",
        .aliases = "KeyVault",
        .sub_plans = vault_plans,
        .note = NOTHING},
    {.name = "Arm",
        .title = "Resource Manager",
        .aliases = "ResourceManager",
        .sub_plans = arm_plans,
        .note = NOTHING},
    {.name = "Api", .title = "APIs", .aliases = "APIs", .sub_plans = api_plans, .note = NOTHING},
    {.name = "ServiceBus", .title = "Service Bus", .note = NOTHING},
    {.name = "AI", .title = "AI services", .extensions = ai, .note = NOTHING},
    {.name = "KubernetesService",
        .title = "Kubernetes",
        .replaced_by = VL_PLAN_CONTAINERS,
        .note = "part of Containers"},
    {.name = "ContainerRegistry",
        .title = "Container registries",
        .replaced_by = VL_PLAN_CONTAINERS,
        .note = "part of Containers"},
    {.name = "Dns", .title = "DNS", .replaced_by = "VirtualMachines", .note = "part of Servers"},
    {0},
};

static bool among(const char *words, struct vl_span name)
{
    struct vl_span rest = vl_span_str(words), word;
    while (vl_span_split(&rest, ' ', &word)) {
        if (vl_span_eq_nocase(word, name))
            return true;
    }
    return false;
}

const struct vl_plan_kind *vl_plan_find(struct vl_span name)
{
    for (const struct vl_plan_kind *k = vl_plan_kinds; k->name; k++) {
        if (vl_span_eq_nocase(vl_span_str(k->name), name) || among(k->aliases, name))
            return k;
    }
    return NULL;
}

const struct vl_plan_extension *vl_plan_extension_find(const struct vl_plan_kind *plan, struct vl_span name)
{
    for (const struct vl_plan_extension *e = plan->extensions; e && e->name; e++) {
        if (vl_span_eq_nocase(vl_span_str(e->name), name))
            return e;
    }
    return NULL;
}

const char *vl_plan_sub_plan_find(const struct vl_plan_kind *plan, struct vl_span name)
{
    for (const char *const *s = plan->sub_plans; s && *s; s++) {
        if (vl_span_eq_nocase(vl_span_str(*s), name))
            return *s;
    }
    return NULL;
}

const char *vl_plan_trial(int64_t from_ms, int64_t now_ms, char ret[VL_PLAN_TRIAL_TEXT])
{
    int64_t gone = from_ms > 0 && now_ms > from_ms ? (now_ms - from_ms) / 1000 : 0;
    int64_t left = (int64_t)VL_PLAN_TRIAL_DAYS * DAY_S - gone;
    if (left <= 0) {
        (void)snprintf(ret, VL_PLAN_TRIAL_TEXT, "PT0S");
        return ret;
    }
    int n = left >= DAY_S ? snprintf(ret, VL_PLAN_TRIAL_TEXT, "P%" PRId64 "D", left / DAY_S)
                          : snprintf(ret, VL_PLAN_TRIAL_TEXT, "P");
    int64_t rest = left % DAY_S;
    if (rest > 0 && n > 0)
        (void)snprintf(ret + n, VL_PLAN_TRIAL_TEXT - (size_t)n, "T%" PRId64 "H%" PRId64 "M%" PRId64 "S",
            rest / HOUR_S, rest % HOUR_S / 60, rest % 60);
    return ret;
}
