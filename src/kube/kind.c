#include "kube/kind.h"

#include <stdio.h>
#include <string.h>

#define N    false
#define Y    true
#define NONE VL_KUBE_TEMPLATE_NONE
#define SPEC VL_KUBE_TEMPLATE_SPEC

/* group, kind, resource, versions, namespaced, pod template, same resource in several groups. The group that
 * serves a kind today stands before older ones. */
static const struct vl_kube_kind kinds[] = {
    {"", "Pod", "pods", "v1", Y, VL_KUBE_TEMPLATE_POD, 0},
    {"", "PodTemplate", "podtemplates", "v1", Y, VL_KUBE_TEMPLATE_TEMPLATE, 0},
    {"", "ReplicationController", "replicationcontrollers", "v1", Y, SPEC, 0},
    {"apps", "Deployment", "deployments", "v1 v1beta2 v1beta1", Y, SPEC, 1},
    {"apps", "DaemonSet", "daemonsets", "v1 v1beta2", Y, SPEC, 2},
    {"apps", "ReplicaSet", "replicasets", "v1 v1beta2", Y, SPEC, 3},
    {"apps", "StatefulSet", "statefulsets", "v1 v1beta2 v1beta1", Y, SPEC, 0},
    {"apps", "ControllerRevision", "controllerrevisions", "v1 v1beta2 v1beta1", Y, NONE, 0},
    {"batch", "Job", "jobs", "v1", Y, SPEC, 0},
    {"batch", "CronJob", "cronjobs", "v1 v1beta1 v2alpha1", Y, VL_KUBE_TEMPLATE_CRON, 0},
    {"", "Binding", "bindings", "v1", Y, NONE, 0},
    {"", "ComponentStatus", "componentstatuses", "v1", N, NONE, 0},
    {"", "ConfigMap", "configmaps", "v1", Y, NONE, 0},
    {"", "Endpoints", "endpoints", "v1", Y, NONE, 0},
    {"", "Event", "events", "v1", Y, NONE, 4},
    {"", "LimitRange", "limitranges", "v1", Y, NONE, 0},
    {"", "Namespace", "namespaces", "v1", N, NONE, 0},
    {"", "Node", "nodes", "v1", N, NONE, 0},
    {"", "PersistentVolume", "persistentvolumes", "v1", N, NONE, 0},
    {"", "PersistentVolumeClaim", "persistentvolumeclaims", "v1", Y, NONE, 0},
    {"", "ResourceQuota", "resourcequotas", "v1", Y, NONE, 0},
    {"", "Secret", "secrets", "v1", Y, NONE, 0},
    {"", "Service", "services", "v1", Y, NONE, 0},
    {"", "ServiceAccount", "serviceaccounts", "v1", Y, NONE, 0},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicy", "mutatingadmissionpolicies",
        "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings",
        "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
        "v1 v1beta1", N, NONE, 0},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies",
        "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
        "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
        "v1 v1beta1", N, NONE, 0},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", "v1 v1beta1", N, NONE,
        0},
    {"apiregistration.k8s.io", "APIService", "apiservices", "v1 v1beta1", N, NONE, 0},
    {"authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews", "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"authentication.k8s.io", "TokenReview", "tokenreviews", "v1 v1beta1", N, NONE, 0},
    {"authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", "v1 v1beta1", Y, NONE,
        0},
    {"authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", "v1 v1beta1", N, NONE, 0},
    {"authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews", "v1 v1beta1", N, NONE, 0},
    {"authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", "v1 v1beta1", N, NONE, 0},
    {"autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "v2 v1 v2beta2 v2beta1", Y, NONE,
        0},
    {"certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests", "v1 v1beta1", N, NONE,
        0},
    {"certificates.k8s.io", "ClusterTrustBundle", "clustertrustbundles", "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"certificates.k8s.io", "PodCertificateRequest", "podcertificaterequests", "v1 v1beta1 v1alpha1", Y, NONE,
        0},
    {"coordination.k8s.io", "Lease", "leases", "v1 v1beta1", Y, NONE, 0},
    {"coordination.k8s.io", "LeaseCandidate", "leasecandidates", "v1beta1 v1alpha2 v1alpha1", Y, NONE, 0},
    {"discovery.k8s.io", "EndpointSlice", "endpointslices", "v1 v1beta1", Y, NONE, 0},
    {"events.k8s.io", "Event", "events", "v1 v1beta1", Y, NONE, 4},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas", "v1 v1beta3 v1beta2 v1beta1", N, NONE, 0},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "prioritylevelconfigurations",
        "v1 v1beta3 v1beta2 v1beta1", N, NONE, 0},
    {"internal.apiserver.k8s.io", "StorageVersion", "storageversions", "v1alpha1", N, NONE, 0},
    {"networking.k8s.io", "IPAddress", "ipaddresses", "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"networking.k8s.io", "Ingress", "ingresses", "v1 v1beta1", Y, NONE, 5},
    {"networking.k8s.io", "IngressClass", "ingressclasses", "v1 v1beta1", N, NONE, 0},
    {"networking.k8s.io", "NetworkPolicy", "networkpolicies", "v1", Y, NONE, 6},
    {"networking.k8s.io", "ServiceCIDR", "servicecidrs", "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"node.k8s.io", "RuntimeClass", "runtimeclasses", "v1 v1beta1", N, NONE, 0},
    {"policy", "Eviction", "evictions", "v1 v1beta1", Y, NONE, 0},
    {"policy", "PodDisruptionBudget", "poddisruptionbudgets", "v1 v1beta1", Y, NONE, 0},
    {"policy", "PodSecurityPolicy", "podsecuritypolicies", "v1beta1", N, NONE, 7},
    {"rbac.authorization.k8s.io", "ClusterRole", "clusterroles", "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", "v1 v1beta1 v1alpha1", N, NONE,
        0},
    {"rbac.authorization.k8s.io", "Role", "roles", "v1 v1beta1 v1alpha1", Y, NONE, 0},
    {"rbac.authorization.k8s.io", "RoleBinding", "rolebindings", "v1 v1beta1 v1alpha1", Y, NONE, 0},
    {"resource.k8s.io", "DeviceClass", "deviceclasses", "v1 v1beta2 v1beta1 v1alpha3", N, NONE, 0},
    {"resource.k8s.io", "DeviceTaintRule", "devicetaintrules", "v1alpha3", N, NONE, 0},
    {"resource.k8s.io", "ResourceClaim", "resourceclaims", "v1 v1beta2 v1beta1 v1alpha3", Y, NONE, 0},
    {"resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates", "v1 v1beta2 v1beta1 v1alpha3", Y,
        NONE, 0},
    {"resource.k8s.io", "ResourceSlice", "resourceslices", "v1 v1beta2 v1beta1 v1alpha3", N, NONE, 0},
    {"scheduling.k8s.io", "PriorityClass", "priorityclasses", "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"storage.k8s.io", "CSIDriver", "csidrivers", "v1 v1beta1", N, NONE, 0},
    {"storage.k8s.io", "CSINode", "csinodes", "v1 v1beta1", N, NONE, 0},
    {"storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities", "v1 v1beta1", Y, NONE, 0},
    {"storage.k8s.io", "StorageClass", "storageclasses", "v1 v1beta1", N, NONE, 0},
    {"storage.k8s.io", "VolumeAttachment", "volumeattachments", "v1 v1beta1", N, NONE, 0},
    {"storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses", "v1 v1beta1 v1alpha1", N, NONE, 0},
    {"storagemigration.k8s.io", "StorageVersionMigration", "storageversionmigrations", "v1beta1 v1alpha1", N,
        NONE, 0},
    /* Groups that old manifests still name. */
    {"extensions", "Deployment", "deployments", "v1beta1", Y, SPEC, 1},
    {"extensions", "DaemonSet", "daemonsets", "v1beta1", Y, SPEC, 2},
    {"extensions", "ReplicaSet", "replicasets", "v1beta1", Y, SPEC, 3},
    {"extensions", "Ingress", "ingresses", "v1beta1", Y, NONE, 5},
    {"extensions", "NetworkPolicy", "networkpolicies", "v1beta1", Y, NONE, 6},
    {"extensions", "PodSecurityPolicy", "podsecuritypolicies", "v1beta1", N, NONE, 7},
    /* Not Kubernetes' own, but with a pod template in the usual place, and found in most clusters of their
     * kind. */
    {"apps.openshift.io", "DeploymentConfig", "deploymentconfigs", "v1", Y, SPEC, 0},
    {"argoproj.io", "Rollout", "rollouts", "v1alpha1", Y, SPEC, 0},
    {"gateway.networking.k8s.io", "Gateway", "gateways", "v1 v1beta1 v1alpha2", Y, NONE, 0},
};

const struct vl_kube_kind *vl_kube_kind_find(struct vl_span group, struct vl_span kind)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++) {
        if (vl_span_eq_str(kind, kinds[i].kind) && vl_span_eq_str(group, kinds[i].group))
            return &kinds[i];
    }
    return NULL;
}

const struct vl_kube_kind *vl_kube_kind_named(struct vl_span kind)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++) {
        if (vl_span_eq_str(kind, kinds[i].kind))
            return &kinds[i];
    }
    return NULL;
}

const struct vl_kube_kind *vl_kube_kind_at(size_t index)
{
    return index < VL_ARRAY_LEN(kinds) ? &kinds[index] : NULL;
}

bool vl_kube_kind_has_version(const struct vl_kube_kind *kind, struct vl_span version)
{
    struct vl_span rest = vl_span_str(kind->versions);
    struct vl_span one;
    while (vl_span_split(&rest, ' ', &one)) {
        if (vl_span_eq(one, version))
            return true;
    }
    return false;
}

static bool ends_with_any(struct vl_span text, const char *const *endings)
{
    for (; *endings; endings++) {
        if (vl_span_ends_with(text, *endings))
            return true;
    }
    return false;
}

const char *vl_kube_resource_name(struct vl_span group, struct vl_span kind, char text[VL_KUBE_RESOURCE_MAX])
{
    static const char *const hissing[] = {"s", "x", "ch", "sh", NULL};
    static const char *const vowel_y[] = {"ay", "ey", "oy", "uy", NULL};
    const struct vl_kube_kind *known = vl_kube_kind_find(group, kind);
    if (known) {
        (void)snprintf(text, VL_KUBE_RESOURCE_MAX, "%s", known->resource);
        return text;
    }
    size_t len = kind.len < VL_KUBE_RESOURCE_MAX - 4 ? kind.len : VL_KUBE_RESOURCE_MAX - 4;
    for (size_t i = 0; i < len; i++)
        text[i] = kind.ptr[i] >= 'A' && kind.ptr[i] <= 'Z' ? (char)(kind.ptr[i] + 32) : kind.ptr[i];
    struct vl_span lower = {text, len};
    const char *ending = "s";
    if (ends_with_any(lower, hissing)) {
        ending = "es";
    } else if (vl_span_ends_with(lower, "y") && !ends_with_any(lower, vowel_y)) {
        ending = "ies";
        len--;
    }
    memcpy(text + len, ending, strlen(ending) + 1);
    return text;
}
