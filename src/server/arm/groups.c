#include "arm/groups.h"

static const char *const v2015[] = {"2015-06-01-preview", NULL};
static const char *const v2017[] = {"2017-08-01-preview", NULL};
static const char *const v2019[] = {"2019-01-01-preview", NULL};
/* Before 2020-01-01 alerts had other members. */
static const char *const alerts[] = {"2020-01-01", "2021-01-01", "2021-11-01", "2022-01-01", NULL};
static const char *const assessments[] = {
    "2019-01-01-preview", "2020-01-01", "2021-06-01", "2025-05-04", NULL};
static const char *const contacts[] = {
    "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview", NULL};
static const char *const pricings[] = {
    "2017-08-01-preview", "2018-06-01", "2022-03-01", "2023-01-01", "2024-01-01", NULL};
static const char *const scores[] = {"2020-01-01-preview", "2020-01-01", NULL};
static const char *const settings[] = {
    "2017-08-01-preview", "2019-01-01", "2021-06-01", "2021-07-01", "2022-05-01", NULL};

static const struct vl_arm_group groups[] = {
    {"alerts", "security alerts", alerts},
    {"alertsSuppressionRules", "suppression rules", v2019},
    {"assessmentMetadata", "assessment metadata", assessments},
    {"assessments", "assessments", assessments},
    {"autoProvisioningSettings", "automatic provisioning", v2017},
    {"locations", "locations", v2015},
    {"operations", "operations", v2015},
    {"pricings", "plans", pricings},
    {"secureScoreControlDefinitions", "definitions of controls", scores},
    {"secureScoreControls", "controls", scores},
    {"secureScores", "secure scores", scores},
    {"securityContacts", "security contacts", contacts},
    {"settings", "settings", settings},
    {"subAssessments", "sub-assessments", v2019},
    {"tasks", "tasks", v2015},
    {"workspaceSettings", "workspace settings", v2017},
    {"adaptiveNetworkHardenings", "adaptive network hardening", NULL},
    {"advancedThreatProtectionSettings", "advanced threat protection", NULL},
    {"allowedConnections", "allowed connections", NULL},
    {"apiCollections", "API collections", NULL},
    {"applications", "applications", NULL},
    {"applicationWhitelistings", "adaptive application control", NULL},
    {"assignments", "assignments", NULL},
    {"automations", "automations", NULL},
    {"batchPricings", "batches of plans", NULL},
    {"complianceResults", "compliance results", NULL},
    {"compliances", "compliances", NULL},
    {"connectors", "connectors", NULL},
    {"customAssessmentAutomations", "custom assessment automations", NULL},
    {"customEntityStoreAssignments", "custom entity store assignments", NULL},
    {"customRecommendations", "custom recommendations", NULL},
    {"defenderForStorageSettings", "Defender for Storage", NULL},
    {"deviceSecurityGroups", "device security groups", NULL},
    {"discoveredSecuritySolutions", "discovered security solutions", NULL},
    {"externalSecuritySolutions", "external security solutions", NULL},
    {"governanceAssignments", "governance assignments", NULL},
    {"governanceRules", "governance rules", NULL},
    {"healthReports", "health reports", NULL},
    {"informationProtectionPolicies", "information protection policies", NULL},
    {"ingestionSettings", "ingestion settings", NULL},
    {"iotAlerts", "IoT alerts", NULL},
    {"iotAlertTypes", "IoT alert types", NULL},
    {"iotRecommendations", "IoT recommendations", NULL},
    {"iotRecommendationTypes", "IoT recommendation types", NULL},
    {"iotSecuritySolutions", "IoT security solutions", NULL},
    {"jitNetworkAccessPolicies", "just-in-time network access", NULL},
    {"mdeOnboardings", "endpoint onboarding", NULL},
    {"regulatoryComplianceStandards", "regulatory compliance", NULL},
    {"securityConnectors", "security connectors", NULL},
    {"securityOperators", "security operators", NULL},
    {"securitySolutions", "security solutions", NULL},
    {"securitySolutionsReferenceData", "reference data of security solutions", NULL},
    {"securityStandards", "security standards", NULL},
    {"sensitivitySettings", "sensitivity settings", NULL},
    {"serverVulnerabilityAssessments", "server vulnerability assessments", NULL},
    {"serverVulnerabilityAssessmentsSettings", "settings of server vulnerability assessments", NULL},
    {"softwareInventories", "software inventories", NULL},
    {"sqlVulnerabilityAssessments", "SQL vulnerability assessments", NULL},
    {"standardAssignments", "standard assignments", NULL},
    {"standards", "standards", NULL},
    {"topologies", "topologies", NULL},
    {"trustedIps", "trusted addresses", NULL},
};

const struct vl_arm_group *vl_arm_group_at(size_t i)
{
    return i < VL_ARRAY_LEN(groups) ? &groups[i] : NULL;
}

const struct vl_arm_group *vl_arm_group_find(const char *name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(groups); i++) {
        if (vl_span_eq_nocase(vl_span_str(groups[i].name), vl_span_str(name)))
            return &groups[i];
    }
    return NULL;
}

int vl_arm_group_version(struct vl_request *request, const char *group, struct vl_err *err)
{
    const struct vl_arm_group *found = vl_arm_group_find(group);
    if (!found || !found->versions)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no group \"%s\"", group);
    return vl_arm_version(request, found->versions, err);
}
