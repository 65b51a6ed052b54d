/* Whom a policy is about, as Kubernetes' resource rules. */
#include <string.h>

#include "export.h"

static const char *const controllers_rules[] = {
    ("{apiGroups: [apps], apiVersions: [v1], operations: [%s], resources: [deployments, daemonsets, "
     "replicasets, statefulsets]}"),
    "{apiGroups: [\"\"], apiVersions: [v1], operations: [%s], resources: [replicationcontrollers]}",
    "{apiGroups: [batch], apiVersions: [v1], operations: [%s], resources: [jobs]}"};

bool policy_export_is_pod_rule(const struct policy *p)
{
    for (uint32_t i = 0; i < p->match.n_kinds; i++) {
        if (vl_span_eq_str(p->match.kinds[i].kind, "Pod"))
            return true;
    }
    return p->match.form == MATCH_KYVERNO || (p->match.form == MATCH_RESOURCES && p->match.node);
}

static void quoted(struct vl_buf *out, struct vl_span text)
{
    vl_buf_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            vl_buf_append_char(out, '\\');
        if ((unsigned char)text.ptr[i] >= ' ')
            vl_buf_append_char(out, text.ptr[i]);
    }
    vl_buf_append_char(out, '"');
}

/* "CREATE, UPDATE" */
static const char *operations_of(struct policy_export *x, const struct vl_doc_node *list)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 1024);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        if (text.len)
            vl_buf_append_str(&text, ", ");
        quoted(&text, vl_doc_span(n));
    }
    const char *copy = text.len ? vl_arena_strdup(x->arena, vl_buf_str(&text)) : NULL;
    return copy ? copy : "CREATE, UPDATE";
}

static void rule(struct policy_export *x, struct vl_span group, struct vl_span version, struct vl_span kind,
    struct vl_span sub, const char *operations)
{
    char resource[VL_KUBE_RESOURCE_MAX];
    bool any = vl_span_eq_str(kind, "*");
    const struct vl_kube_kind *known =
        vl_span_eq_str(group, "*") ? vl_kube_kind_named(kind) : vl_kube_kind_find(group, kind);
    if (known)
        group = vl_span_str(known->group);
    else if (vl_span_find_char(kind, '*') != SIZE_MAX && !any)
        policy_export_left_out(x, "kinds by the pattern '%.*s'", VL_SPAN_FMT(kind));
    vl_buf_append_str(x->out, "      - {apiGroups: [");
    quoted(x->out, group);
    vl_buf_append_str(x->out, "], apiVersions: [");
    quoted(x->out, version);
    vl_buf_printf(x->out, "], operations: [%s], resources: [", operations);
    (void)vl_kube_resource_name(group, kind, resource);
    VL_CLEANUP(vl_buf_done) struct vl_buf full;
    vl_buf_init(&full, 1024);
    vl_buf_printf(&full, "%s%s%.*s", any ? "*" : resource, sub.len ? "/" : "", VL_SPAN_FMT(sub));
    quoted(x->out, vl_buf_span(&full));
    vl_buf_append_str(x->out, "]}\n");
}

/* The rules for controllers or cron jobs, instead of those for pods. */
static void template_rules(struct policy_export *x, const char *operations)
{
    static const unsigned bits[] = {
        AUTOGEN_DEPLOYMENT | AUTOGEN_DAEMONSET | AUTOGEN_REPLICASET | AUTOGEN_STATEFULSET,
        AUTOGEN_REPLICATIONCONTROLLER, AUTOGEN_JOB};
    if (strcmp(x->suffix, "-cronjobs") == 0) {
        vl_buf_printf(x->out,
            "      - {apiGroups: [batch], apiVersions: [v1], operations: [%s], resources: [cronjobs]}\n",
            operations);
        return;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(bits); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf line;
        struct vl_span format = vl_span_str(controllers_rules[i]);
        size_t mark = vl_span_find(format, VL_SPAN_LIT("%s"));
        vl_buf_init(&line, 4096);
        if (!(x->policy->controllers & bits[i]) || mark == SIZE_MAX)
            continue;
        vl_buf_append_span(&line, vl_span_slice(format, 0, mark));
        vl_buf_append_str(&line, operations);
        vl_buf_append_span(&line, vl_span_slice(format, mark + 2, format.len));
        vl_buf_printf(x->out, "      - %s\n", vl_buf_str(&line));
    }
}

/* A condition on a name by globs: request.FIELD is one of them. */
static void glob_condition(struct policy_export *x, const char *name, const char *field,
    const struct vl_doc_node *list, struct vl_span one, bool negated)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    const struct vl_doc_node *n = vl_doc_first(list);
    bool first = true;
    vl_buf_init(&text, 64UL * 1024);
    vl_buf_printf(&text, "%srequest.?%s.orValue('').matches('^(", negated ? "!" : "", field);
    while (n || (first && one.len)) {
        struct vl_span pattern = n ? vl_doc_span(n) : one;
        if (!first)
            vl_buf_append_char(&text, '|');
        first = false;
        for (size_t i = 0; i < pattern.len; i++) {
            char c = pattern.ptr[i];
            if (c == '*')
                vl_buf_append_str(&text, ".*");
            else if (c == '.')
                vl_buf_append_str(&text, "[.]");
            else if (c != '\'' && c != '\\' && c != '\n')
                vl_buf_append_char(&text, c == '?' ? '.' : c);
        }
        n = n ? vl_doc_next(n) : NULL;
    }
    vl_buf_append_str(&text, ")$')");
    const char *copy = vl_arena_strdup(x->arena, vl_buf_str(&text));
    if (!copy || x->n_conditions >= POLICY_EXPORT_CONDITIONS_MAX) {
        policy_export_left_out(x, "a filter on %s", field);
        return;
    }
    x->conditions[x->n_conditions].name = name;
    x->conditions[x->n_conditions++].expression = copy;
}

static int node_member(
    struct policy_export *x, const char *key, const struct vl_doc_node *node, struct vl_err *err)
{
    if (!node)
        return 0;
    vl_buf_printf(x->out, "    %s: ", key);
    int r = vl_kube_node_json(node, x->out, err);
    vl_buf_append_char(x->out, '\n');
    return r < 0 ? r : 0;
}

static int check_match(struct policy_export *x, struct vl_err *err)
{
    const struct policy_match *m = &x->policy->match;
    const char *operations = operations_of(x, vl_doc_get(m->node, "operations"));
    vl_buf_append_str(x->out, "    resourceRules:\n");
    if (x->into)
        template_rules(x, operations);
    for (uint32_t i = 0; i < m->n_kinds && !x->into; i++)
        rule(x, m->kinds[i].group, VL_SPAN_LIT("*"), m->kinds[i].kind, VL_SPAN_EMPTY, operations);
    if (vl_doc_size(vl_doc_get(m->node, "namespaces")))
        glob_condition(x, "namespaces", "namespace", vl_doc_get(m->node, "namespaces"), VL_SPAN_EMPTY, false);
    if (vl_doc_size(vl_doc_get(m->node, "excludeNamespaces")))
        glob_condition(x, "exclude-namespaces", "namespace", vl_doc_get(m->node, "excludeNamespaces"),
            VL_SPAN_EMPTY, true);
    int r = node_member(x, "objectSelector", vl_doc_get(m->node, "objectSelector"), err);
    return r < 0 ? r : node_member(x, "namespaceSelector", vl_doc_get(m->node, "namespaceSelector"), err);
}

static void kyverno_kind(struct policy_export *x, struct vl_span text, const char *operations)
{
    struct vl_span parts[4] = {0};
    struct vl_span rest = text;
    size_t n = 0;
    while (n < VL_ARRAY_LEN(parts) && vl_span_split(&rest, '/', &parts[n]))
        n++;
    bool version_first = n >= 2 && parts[0].len > 1 && parts[0].ptr[0] == 'v' && parts[0].ptr[1] >= '0' &&
                         parts[0].ptr[1] <= '9';
    if (n >= 3 && !version_first)
        rule(x, parts[0], parts[1], parts[2], parts[3], operations);
    else if (version_first || (n == 2 && vl_span_eq_str(parts[0], "*")))
        rule(x, vl_span_eq_str(parts[0], "*") ? VL_SPAN_LIT("*") : VL_SPAN_EMPTY, parts[0], parts[1],
            parts[2], operations);
    else
        rule(x, VL_SPAN_LIT("*"), VL_SPAN_LIT("*"), parts[0], parts[1], operations);
}

/* One block of match: kinds as rules, names and namespaces as conditions where it is the only block. */
static int kyverno_block(
    struct policy_export *x, const struct vl_doc_node *block, bool only, struct vl_err *err)
{
    const struct vl_doc_node *r = vl_doc_get(block, "resources");
    const char *operations = operations_of(x, vl_doc_get(r, "operations"));
    static const char *const filters[] = {
        "names", "name", "namespaces", "annotations", "selector", "namespaceSelector"};
    if (x->into)
        template_rules(x, operations);
    const struct vl_doc_node *kinds = vl_doc_get(r, "kinds");
    for (const struct vl_doc_node *k = vl_doc_first(kinds); k && !x->into; k = vl_doc_next(k))
        kyverno_kind(x, vl_doc_span(k), operations);
    for (size_t i = 0; !only && i < VL_ARRAY_LEN(filters); i++) {
        if (vl_doc_get(r, filters[i]))
            policy_export_left_out(
                x, "%s in one of several blocks of match: the policy is about more objects", filters[i]);
    }
    if (!only)
        return 0;
    if (vl_doc_size(vl_doc_get(r, "namespaces")))
        glob_condition(x, "namespaces", "namespace", vl_doc_get(r, "namespaces"), VL_SPAN_EMPTY, false);
    if (vl_doc_size(vl_doc_get(r, "names")) || vl_doc_get_str(r, "name").len)
        glob_condition(x, "names", "name", vl_doc_get(r, "names"), vl_doc_get_str(r, "name"), false);
    if (vl_doc_get(r, "annotations"))
        policy_export_left_out(x, "annotations in match: the policy is about more objects");
    int result = node_member(x, "objectSelector", vl_doc_get(r, "selector"), err);
    return result < 0 ? result : node_member(x, "namespaceSelector", vl_doc_get(r, "namespaceSelector"), err);
}

static void kyverno_exclude(struct policy_export *x)
{
    const struct vl_doc_node *exclude = x->policy->match.exclude;
    const struct vl_doc_node *any = vl_doc_get(exclude, "any");
    const struct vl_doc_node *block = vl_doc_size(any) == 1 ? vl_doc_first(any) : any ? NULL : exclude;
    const struct vl_doc_node *r = vl_doc_get(block, "resources");
    if (!vl_doc_size(exclude))
        return;
    if (vl_doc_size(r) == 1 && vl_doc_size(block) == 1 && vl_doc_get(r, "namespaces"))
        glob_condition(
            x, "exclude-namespaces", "namespace", vl_doc_get(r, "namespaces"), VL_SPAN_EMPTY, true);
    else if (vl_doc_size(r) == 1 && vl_doc_size(block) == 1 && vl_doc_get(r, "names"))
        glob_condition(x, "exclude-names", "name", vl_doc_get(r, "names"), VL_SPAN_EMPTY, true);
    else
        policy_export_left_out(x, "exclude: the policy is about more objects");
}

static int kyverno_match(struct policy_export *x, struct vl_err *err)
{
    const struct vl_doc_node *match = x->policy->match.node;
    const struct vl_doc_node *any = vl_doc_get(match, "any");
    const struct vl_doc_node *all = vl_doc_get(match, "all");
    const struct vl_doc_node *list = vl_doc_size(any) ? any : all;
    size_t n = vl_doc_size(list);
    int r = 0;
    vl_buf_append_str(x->out, "    resourceRules:\n");
    if (n > 1 && list == all)
        policy_export_left_out(x, "match.all with several blocks: the policy is about more objects");
    if (!n)
        r = kyverno_block(x, match, true, err);
    for (const struct vl_doc_node *b = n ? vl_doc_first(list) : NULL; b && r == 0; b = vl_doc_next(b)) {
        r = kyverno_block(x, b, n == 1, err);
        if (x->into)
            break;
    }
    kyverno_exclude(x);
    return r;
}

static int resources_match(struct policy_export *x, struct vl_err *err)
{
    static const char *const keys[] = {
        "resourceRules", "excludeResourceRules", "namespaceSelector", "objectSelector", "matchPolicy"};
    const struct vl_doc_node *m = x->policy->match.node;
    int r = 0;
    if (x->into) {
        vl_buf_append_str(x->out, "    resourceRules:\n");
        template_rules(
            x, operations_of(x, vl_doc_get(vl_doc_first(vl_doc_get(m, "resourceRules")), "operations")));
    }
    for (size_t i = x->into ? 2 : 0; i < VL_ARRAY_LEN(keys) && r == 0; i++)
        r = node_member(x, keys[i], vl_doc_get(m, keys[i]), err);
    return r;
}

int policy_export_match(struct policy_export *x, struct vl_err *err)
{
    const struct policy_match *m = &x->policy->match;
    vl_buf_append_str(x->out, "  matchConstraints:\n");
    if (m->only_namespace.len)
        glob_condition(x, "namespace", "namespace", NULL, m->only_namespace, false);
    if (m->form == MATCH_CHECK)
        return check_match(x, err);
    if (m->form == MATCH_KYVERNO)
        return kyverno_match(x, err);
    if (m->node && vl_doc_size(m->node))
        return resources_match(x, err);
    vl_buf_append_str(x->out,
        "    resourceRules:\n      - {apiGroups: [\"*\"], apiVersions: [\"*\"], operations: "
        "[CREATE, UPDATE], resources: [\"*\"]}\n");
    return 0;
}

static int gatekeeper_match(struct policy_export *x, const struct vl_doc_node *m, struct vl_err *err)
{
    const struct vl_doc_node *kinds = vl_doc_get(m, "kinds");
    static const char *const others[] = {"namespaces", "excludedNamespaces", "name", "scope", "source"};
    if (vl_doc_size(kinds))
        vl_buf_append_str(x->out, "    resourceRules:\n");
    for (const struct vl_doc_node *k = vl_doc_first(kinds); k; k = vl_doc_next(k)) {
        const struct vl_doc_node *groups = vl_doc_get(k, "apiGroups");
        for (const struct vl_doc_node *g = vl_doc_first(groups); g; g = vl_doc_next(g)) {
            for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(k, "kinds")); n; n = vl_doc_next(n))
                rule(x, vl_doc_span(g), VL_SPAN_LIT("*"), vl_doc_span(n), VL_SPAN_EMPTY, "CREATE, UPDATE");
        }
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(others); i++) {
        if (vl_doc_get(m, others[i]))
            policy_export_left_out(x, "%s of a constraint: the binding is about more objects", others[i]);
    }
    int r = node_member(x, "objectSelector", vl_doc_get(m, "labelSelector"), err);
    return r < 0 ? r : node_member(x, "namespaceSelector", vl_doc_get(m, "namespaceSelector"), err);
}

int policy_export_binding_match(struct policy_export *x, const struct policy_binding *b, struct vl_err *err)
{
    vl_buf_append_str(x->out, "  matchResources:\n");
    if (b->match.form == MATCH_GATEKEEPER)
        return gatekeeper_match(x, b->match.node, err);
    static const char *const keys[] = {
        "resourceRules", "excludeResourceRules", "namespaceSelector", "objectSelector", "matchPolicy"};
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(keys) && r == 0; i++)
        r = node_member(x, keys[i], vl_doc_get(b->match.node, keys[i]), err);
    return r;
}
