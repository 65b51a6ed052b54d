/* Whom a policy is about: Kubernetes' resource rules, and the forms of checks, Kyverno and Gatekeeper. */
#include "match.h"

#include <string.h>

/* --- resource rules: webhook/predicates/rules --- */

static bool exact_or_any(const struct vl_doc_node *list, struct vl_span text)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span item = vl_doc_span(n);
        if (vl_span_eq_str(item, "*") || vl_span_eq(item, text))
            return true;
    }
    return false;
}

static bool is_namespace_resource(
    const struct policy_subject *s, struct vl_span group, struct vl_span version)
{
    return group.len == 0 && vl_span_eq_str(version, "v1") && vl_span_eq_str(s->resource, "namespaces");
}

static bool scope_matches(const struct vl_doc_node *rule, const struct policy_subject *s,
    struct vl_span group, struct vl_span version)
{
    struct vl_span scope = vl_doc_get_str(rule, "scope");
    bool cluster = is_namespace_resource(s, group, version) || s->namespace_name.len == 0;
    if (!scope.len || vl_span_eq_str(scope, "*"))
        return true;
    if (vl_span_eq_str(scope, "Namespaced"))
        return !cluster;
    return vl_span_eq_str(scope, "Cluster") && cluster;
}

static bool resource_matches(const struct vl_doc_node *rule, const struct policy_subject *s)
{
    const struct vl_doc_node *list = vl_doc_get(rule, "resources");
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span text = vl_doc_span(n);
        size_t slash = vl_span_find_char(text, '/');
        struct vl_span resource = slash == SIZE_MAX ? text : vl_span_slice(text, 0, slash);
        struct vl_span sub = slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(text, slash + 1, text.len);
        if ((vl_span_eq_str(resource, "*") || vl_span_eq(resource, s->resource)) &&
            (vl_span_eq_str(sub, "*") || vl_span_eq(sub, s->subresource)))
            return true;
    }
    return false;
}

static bool rule_matches(const struct vl_doc_node *rule, const struct policy_subject *s, struct vl_span group,
    struct vl_span version)
{
    const struct vl_doc_node *names = vl_doc_get(rule, "resourceNames");
    if (!scope_matches(rule, s, group, version) ||
        !exact_or_any(vl_doc_get(rule, "operations"), s->operation) ||
        !exact_or_any(vl_doc_get(rule, "apiGroups"), group) ||
        !exact_or_any(vl_doc_get(rule, "apiVersions"), version) || !resource_matches(rule, s))
        return false;
    bool named = vl_doc_size(names) == 0;
    for (const struct vl_doc_node *n = vl_doc_first(names); n && !named; n = vl_doc_next(n))
        named = vl_span_eq(vl_doc_span(n), s->name);
    return named;
}

/* Under another version or group that serves the same resource. */
static bool rule_matches_equivalent(
    const struct vl_doc_node *rule, const struct policy_subject *s, struct policy_version *ret)
{
    const struct vl_kube_kind *k;
    for (size_t i = 0; s->known && (k = vl_kube_kind_at(i)) != NULL; i++) {
        if (k != s->known && (s->known->same == 0 || k->same != s->known->same))
            continue;
        struct vl_span rest = vl_span_str(k->versions);
        struct vl_span version;
        while (vl_span_split(&rest, ' ', &version)) {
            *ret = (struct policy_version){vl_span_str(k->group), version};
            if (rule_matches(rule, s, ret->group, version))
                return true;
        }
    }
    return false;
}

/* A rule for the version itself comes before one for another version. */
static bool any_rule(const struct vl_doc_node *rules, const struct policy_subject *s, bool equivalent,
    struct policy_version *ret)
{
    for (const struct vl_doc_node *r = vl_doc_first(rules); r; r = vl_doc_next(r)) {
        *ret = (struct policy_version){s->group, s->version};
        if (rule_matches(r, s, s->group, s->version))
            return true;
    }
    for (const struct vl_doc_node *r = vl_doc_first(rules); equivalent && r; r = vl_doc_next(r)) {
        if (rule_matches_equivalent(r, s, ret))
            return true;
    }
    return false;
}

/* namespaceSelector: what is cluster-wide and no namespace is never left out. */
static int namespace_matches(
    const struct vl_doc_node *selector, const struct policy_subject *s, struct vl_err *err)
{
    if (!s->namespace_name.len && !s->is_namespace)
        return 1;
    return policy_selector_matches(selector, s->is_namespace ? s->labels : s->namespace_labels, err);
}

/* Either the new or the old object. */
static int object_matches(
    const struct vl_doc_node *selector, const struct policy_subject *s, struct vl_err *err)
{
    int r = policy_selector_matches(selector, s->labels, err);
    if (r == 0 && s->old_labels)
        r = policy_selector_matches(selector, s->old_labels, err);
    return r;
}

static int resources_match(const struct vl_doc_node *match, const struct policy_subject *s,
    struct policy_version *ret, struct vl_err *err)
{
    struct policy_version ignored;
    struct vl_err first = VL_ERR_INIT;
    struct vl_span how = vl_doc_get_str(match, "matchPolicy");
    bool equivalent = !vl_span_eq_str(how, "Exact");
    const struct vl_doc_node *rules = vl_doc_get(match, "resourceRules");
    int ns = namespace_matches(vl_doc_get(match, "namespaceSelector"), s, &first);
    int object = ns == 0 ? 0 : object_matches(vl_doc_get(match, "objectSelector"), s, ns < 0 ? err : &first);
    if (ns == 0 || object == 0 ||
        any_rule(vl_doc_get(match, "excludeResourceRules"), s, equivalent, &ignored))
        return 0;
    *ret = (struct policy_version){s->group, s->version};
    if (vl_doc_size(rules) && !any_rule(rules, s, equivalent, ret))
        return 0;
    /* A wrong selector matters only where the rules are about the object. */
    if (ns < 0 || object < 0) {
        *err = first;
        return first.err;
    }
    return 1;
}

/* --- checks --- */

static int check_matches(const struct policy_match *m, const struct policy_subject *s, struct vl_err *err)
{
    const struct vl_doc_node *operations = vl_doc_get(m->node, "operations");
    const struct vl_doc_node *only = vl_doc_get(m->node, "namespaces");
    bool found = false;
    for (uint32_t i = 0; i < m->n_kinds && !found; i++) {
        const struct policy_kind *k = &m->kinds[i];
        found = (vl_span_eq_str(k->kind, "*") || vl_span_eq(k->kind, s->kind)) &&
                (vl_span_eq_str(k->group, "*") || vl_span_eq(k->group, s->group));
        /* Old groups of the same resource. */
        if (!found && s->known && s->known->same && vl_span_eq(k->kind, s->kind)) {
            const struct vl_kube_kind *other = vl_kube_kind_find(k->group, k->kind);
            found = other && other->same == s->known->same;
        }
    }
    if (!found || s->subresource.len)
        return 0;
    if (operations ? !exact_or_any(operations, s->operation)
                   : !vl_span_eq_str(s->operation, "CREATE") && !vl_span_eq_str(s->operation, "UPDATE"))
        return 0;
    if (only && !policy_glob_any(only, s->namespace_name))
        return 0;
    if (policy_glob_any(vl_doc_get(m->node, "excludeNamespaces"), s->namespace_name))
        return 0;
    int r = namespace_matches(vl_doc_get(m->node, "namespaceSelector"), s, err);
    return r <= 0 ? r : object_matches(vl_doc_get(m->node, "objectSelector"), s, err);
}

/* --- Kyverno: match and exclude of a rule --- */

static bool either(struct vl_span a, struct vl_span b)
{
    return vl_span_eq(a, b) || policy_glob(a, b);
}

/* "Pod", "Pod/exec", "v1/Pod", "apps/v1/Deployment", "apps/v1/Deployment/scale", with globs. */
static bool kyverno_kind(struct vl_span text, const struct policy_subject *s)
{
    struct vl_span parts[4] = {0};
    struct vl_span rest = text;
    size_t n = 0;
    while (n < VL_ARRAY_LEN(parts) && vl_span_split(&rest, '/', &parts[n]))
        n++;
    struct vl_span group = VL_SPAN_LIT("*"), version = VL_SPAN_LIT("*"), kind = parts[0], sub = VL_SPAN_EMPTY;
    bool version_first = n >= 2 && (parts[0].len > 1 && parts[0].ptr[0] == 'v' && parts[0].ptr[1] >= '0' &&
                                       parts[0].ptr[1] <= '9');
    if (n >= 3 && !version_first) {
        group = parts[0];
        version = parts[1];
        kind = parts[2];
        sub = parts[3];
    } else if (version_first || (n == 2 && vl_span_eq_str(parts[0], "*"))) {
        version = parts[0];
        kind = parts[1];
        sub = parts[2];
    } else if (n == 2) {
        sub = parts[1];
    }
    /* "Pod.status" is an older way to write a subresource. */
    size_t dot = n == 1 ? vl_span_find_char(kind, '.') : SIZE_MAX;
    if (dot != SIZE_MAX) {
        sub = vl_span_slice(kind, dot + 1, kind.len);
        kind = vl_span_slice(kind, 0, dot);
    }
    bool sub_matches = sub.len ? policy_glob(sub, s->subresource) : s->subresource.len == 0;
    return either(group, s->group) && either(version, s->version) && either(kind, s->kind) && sub_matches;
}

static bool kyverno_kinds(const struct vl_doc_node *kinds, const struct policy_subject *s)
{
    for (const struct vl_doc_node *n = vl_doc_first(kinds); n; n = vl_doc_next(n)) {
        if (kyverno_kind(vl_doc_span(n), s))
            return true;
    }
    return false;
}

static bool kyverno_annotations(const struct vl_doc_node *wanted, const struct policy_subject *s)
{
    for (const struct vl_doc_node *m = vl_doc_first(wanted); m; m = vl_doc_next(m)) {
        bool found = false;
        for (const struct vl_doc_node *a = vl_doc_first(s->annotations); a && !found; a = vl_doc_next(a))
            found = policy_glob(vl_doc_key(m), vl_doc_key(a)) && policy_glob(vl_doc_span(m), vl_doc_span(a));
        if (!found)
            return false;
    }
    return true;
}

/* Selectors of Kyverno take globs in matchLabels. */
static int kyverno_selector(
    const struct vl_doc_node *selector, const struct vl_doc_node *labels, struct vl_err *err)
{
    const struct vl_doc_node *exact = vl_doc_get(selector, "matchLabels");
    const struct vl_doc_node *list = vl_doc_get(selector, "matchExpressions");
    for (const struct vl_doc_node *m = vl_doc_first(exact); m; m = vl_doc_next(m)) {
        bool found = false;
        for (const struct vl_doc_node *l = vl_doc_first(labels); l && !found; l = vl_doc_next(l))
            found = policy_glob(vl_doc_key(m), vl_doc_key(l)) && policy_glob(vl_doc_span(m), vl_doc_span(l));
        if (!found)
            return 0;
    }
    /* The rest is Kubernetes' own. */
    return list ? policy_selector_matches(selector, labels, err) : 1;
}

static int kyverno_resources(const struct vl_doc_node *r, const struct policy_subject *s, struct vl_err *err)
{
    const struct vl_doc_node *kinds = vl_doc_get(r, "kinds");
    const struct vl_doc_node *names = vl_doc_get(r, "names");
    const struct vl_doc_node *namespaces = vl_doc_get(r, "namespaces");
    const struct vl_doc_node *operations = vl_doc_get(r, "operations");
    const struct vl_doc_node *selector = vl_doc_get(r, "selector");
    struct vl_span name = vl_doc_get_str(r, "name");
    if ((kinds && !kyverno_kinds(kinds, s)) || (name.len && !policy_glob(name, s->name)) ||
        (names && !policy_glob_any(names, s->name)) ||
        (namespaces && !policy_glob_any(namespaces, s->namespace_name)) ||
        (operations && !exact_or_any(operations, s->operation)) ||
        !kyverno_annotations(vl_doc_get(r, "annotations"), s))
        return 0;
    int result = selector ? kyverno_selector(selector, s->labels, err) : 1;
    if (result > 0 && vl_doc_get(r, "namespaceSelector"))
        result = kyverno_selector(
            vl_doc_get(r, "namespaceSelector"), s->is_namespace ? s->labels : s->namespace_labels, err);
    return result;
}

static int kyverno_block(const struct vl_doc_node *b, const struct policy_subject *s, struct vl_err *err)
{
    const struct vl_doc_node *resources = vl_doc_get(b, "resources");
    /* Nobody in particular asks: filters on who asks hold for nobody. */
    if (vl_doc_size(vl_doc_get(b, "subjects")) || vl_doc_size(vl_doc_get(b, "roles")) ||
        vl_doc_size(vl_doc_get(b, "clusterRoles")))
        return 0;
    return vl_doc_size(resources) ? kyverno_resources(resources, s, err) : 0;
}

static int kyverno_filter(
    const struct vl_doc_node *filter, const struct policy_subject *s, struct vl_err *err)
{
    const struct vl_doc_node *any = vl_doc_get(filter, "any");
    const struct vl_doc_node *all = vl_doc_get(filter, "all");
    if (vl_doc_size(any)) {
        int r = 0;
        for (const struct vl_doc_node *b = vl_doc_first(any); b && r == 0; b = vl_doc_next(b))
            r = kyverno_block(b, s, err);
        return r;
    }
    if (vl_doc_size(all)) {
        int r = 1;
        for (const struct vl_doc_node *b = vl_doc_first(all); b && r > 0; b = vl_doc_next(b))
            r = kyverno_block(b, s, err);
        return r;
    }
    return vl_doc_size(filter) ? kyverno_block(filter, s, err) : 0;
}

static int kyverno_matches(const struct policy_match *m, const struct policy_subject *s, struct vl_err *err)
{
    int r = kyverno_filter(m->node, s, err);
    if (r <= 0 || !m->exclude)
        return r;
    int excluded = kyverno_filter(m->exclude, s, err);
    return excluded < 0 ? excluded : !excluded;
}

/* --- Gatekeeper: spec.match of a constraint --- */

static bool gatekeeper_kinds(const struct vl_doc_node *kinds, const struct policy_subject *s)
{
    for (const struct vl_doc_node *k = vl_doc_first(kinds); k; k = vl_doc_next(k)) {
        const struct vl_doc_node *groups = vl_doc_get(k, "apiGroups");
        const struct vl_doc_node *names = vl_doc_get(k, "kinds");
        if ((!vl_doc_size(groups) || exact_or_any(groups, s->group)) &&
            (!vl_doc_size(names) || exact_or_any(names, s->kind)))
            return true;
    }
    return vl_doc_size(kinds) == 0;
}

static int gatekeeper_matches(
    const struct policy_match *m, const struct policy_subject *s, struct vl_err *err)
{
    const struct vl_doc_node *only = vl_doc_get(m->node, "namespaces");
    struct vl_span scope = vl_doc_get_str(m->node, "scope");
    struct vl_span name = vl_doc_get_str(m->node, "name");
    struct vl_span source = vl_doc_get_str(m->node, "source");
    bool namespaced = s->namespace_name.len && !s->is_namespace;
    /* What stands in a file was written by somebody; pods of templates are what Gatekeeper expands. */
    if (vl_span_eq_str(source, s->generated ? "Original" : "Generated"))
        return 0;
    if (!gatekeeper_kinds(vl_doc_get(m->node, "kinds"), s) ||
        (vl_span_eq_str(scope, "Cluster") && namespaced) ||
        (vl_span_eq_str(scope, "Namespaced") && !namespaced) || (name.len && !policy_glob(name, s->name)))
        return 0;
    if (vl_doc_size(only) && s->namespace_name.len && !policy_glob_any(only, s->namespace_name))
        return 0;
    if (s->namespace_name.len &&
        policy_glob_any(vl_doc_get(m->node, "excludedNamespaces"), s->namespace_name))
        return 0;
    int r = object_matches(vl_doc_get(m->node, "labelSelector"), s, err);
    return r <= 0 ? r : namespace_matches(vl_doc_get(m->node, "namespaceSelector"), s, err);
}

int policy_matches_as(const struct policy_match *match, const struct policy_subject *subject,
    struct policy_version *ret, struct vl_err *err)
{
    *ret = (struct policy_version){subject->group, subject->version};
    if (match->only_namespace.len && !vl_span_eq(match->only_namespace, subject->namespace_name))
        return 0;
    switch (match->form) {
    case MATCH_RESOURCES:
        return match->node ? resources_match(match->node, subject, ret, err) : 1;
    case MATCH_CHECK:
        return check_matches(match, subject, err);
    case MATCH_KYVERNO:
        return kyverno_matches(match, subject, err);
    case MATCH_GATEKEEPER:
        return match->node ? gatekeeper_matches(match, subject, err) : 1;
    }
    return 0;
}

int policy_matches(const struct policy_match *match, const struct policy_subject *subject, struct vl_err *err)
{
    struct policy_version ignored;
    return policy_matches_as(match, subject, &ignored, err);
}
