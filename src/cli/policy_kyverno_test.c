#include "policy_kyverno_test.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "codec/json.h"
#include "policy_files.h"

#define RESULTS_MAX 10000

/* One expected result, and what came. */
struct expected {
    const struct vl_doc_node *node;
    const char *policy;
    struct vl_span rule, kind, resource, namespace_name, result;
    struct vl_span operation; /* empty: the usual one */
    enum vl_verdict_outcome got;
    bool seen;
    char message[512];
};

struct suite {
    const char *path;
    struct vl_policies *set;
    struct vl_policy_run *run;
    struct vl_vec expected; /* struct expected */
    const char *file;
    struct vl_doc *values, *user; /* of the files that it names; may be NULL */
    const struct vl_doc_node *inline_values;
    struct vl_vec docs;     /* struct vl_doc *: owned */
    struct vl_vec old;      /* struct vl_kube_object: as they were before an update */
    struct vl_span asked;   /* the operation of the results that are judged now; empty: the usual one */
    struct vl_span payload; /* the name of the JSON document that is judged now; empty: objects are */
};

bool vl_cli_is_kyverno_test(const char *path, struct vl_span text)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return strcmp(name, "kyverno-test.yaml") == 0 ||
           (vl_span_find(text, VL_SPAN_LIT("cli.kyverno.io/")) != SIZE_MAX &&
               vl_span_find(text, VL_SPAN_LIT("kind: Test")) != SIZE_MAX);
}

static int beside(struct suite *s, struct vl_span name, char ret[4096], struct vl_err *err)
{
    const char *slash = strrchr(s->path, '/');
    int folder = slash ? (int)(slash + 1 - s->path) : 0;
    int n = snprintf(
        ret, 4096, "%.*s%.*s", name.len && name.ptr[0] == '/' ? 0 : folder, s->path, VL_SPAN_FMT(name));
    if (n < 0 || n >= 4096)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: a path is too long", s->path);
    return 0;
}

static int load_policy(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct suite *s = user;
    return vl_policies_add(s->set, text, path, err);
}

static int each_file(struct suite *s, const struct vl_doc_node *list,
    int (*each)(const char *path, struct vl_span text, void *user, struct vl_err *err), struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n)) {
        char path[4096];
        r = beside(s, vl_doc_span(n), path, err);
        if (r == 0)
            r = vl_cli_each_policy_file(path, each, s, err);
    }
    return r < 0 ? r : 0;
}

/* Resources are NAME, NAMESPACE/NAME, or in `resource` one of them. */
static int expect(
    struct suite *s, const struct vl_doc_node *node, struct vl_span resource, struct vl_err *err)
{
    struct expected *e = vl_vec_push(&s->expected, "expected results", err);
    size_t slash = vl_span_rfind_char(resource, '/');
    if (!e)
        return err->err;
    struct vl_span policy = vl_doc_get_str(node, "policy");
    size_t in_policy = vl_span_rfind_char(policy, '/');
    e->node = node;
    e->policy = policy.len ? policy.ptr + (in_policy == SIZE_MAX ? 0 : in_policy + 1) : "";
    e->rule = vl_doc_get_str(node, "rule");
    e->kind = vl_doc_get_str(node, "kind");
    e->result = vl_doc_get_str(node, "result");
    e->operation = vl_doc_get_str(node, "resourceOperation");
    if (!e->operation.len)
        e->operation = vl_doc_get_str(node, "operation");
    if (!e->result.len)
        e->result = vl_doc_get_str(node, "status");
    e->resource = slash == SIZE_MAX ? resource : vl_span_slice(resource, slash + 1, resource.len);
    e->namespace_name =
        slash == SIZE_MAX ? vl_doc_get_str(node, "namespace") : vl_span_slice(resource, 0, slash);
    return 0;
}

/* --- values: labels of namespaces, and the operation --- */

/* The file that `key` names, as a document of its own. */
static int read_beside(
    struct suite *s, const struct vl_doc_node *root, const char *key, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    char path[4096];
    struct vl_span name = vl_doc_get_str(root, key);
    vl_buf_init(&text, VL_POLICY_FILE_MAX);
    if (!name.len)
        return 0;
    int r = beside(s, name, path, err);
    if (r == 0)
        r = vl_file_read(path, VL_POLICY_FILE_MAX, &text, err);
    return r < 0 ? r : vl_doc_parse(vl_buf_span(&text), VL_DOC_YAML, path, ret, err);
}

/* The values stand in a file or beside the results; older files have no "spec". */
static const struct vl_doc_node *value_of(const struct suite *s, const char *key)
{
    const struct vl_doc_node *file = vl_doc_root(s->values);
    const struct vl_doc_node *places[] = {s->inline_values, vl_doc_get(file, "spec"), file};
    const struct vl_doc_node *found = NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(places) && !found; i++)
        found = places[i] ? vl_doc_get(places[i], key) : NULL;
    return found;
}

/* {namespaceSelector: [{name, labels}]} */
static int add_namespaces(struct suite *s, struct vl_err *err)
{
    const struct vl_doc_node *list = value_of(s, "namespaceSelector");
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n)) {
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        struct vl_json j;
        vl_buf_init(&text, VL_POLICY_FILE_MAX);
        vl_json_init(&j, &text, false);
        vl_json_object(&j);
        vl_json_member_str(&j, "apiVersion", "v1");
        vl_json_member_str(&j, "kind", "Namespace");
        vl_json_key(&j, "metadata");
        vl_json_object(&j);
        vl_json_key(&j, "name");
        vl_json_span(&j, vl_doc_get_str(n, "name"));
        vl_json_key(&j, "labels");
        vl_json_object(&j);
        const struct vl_doc_node *labels = vl_doc_get(n, "labels");
        for (const struct vl_doc_node *l = vl_doc_first(labels); l; l = vl_doc_next(l)) {
            vl_json_key_span(&j, vl_doc_key(l));
            vl_json_span(&j, vl_doc_text(l));
        }
        vl_json_object_end(&j);
        vl_json_object_end(&j);
        vl_json_object_end(&j);
        r = vl_json_check(&j, "a namespace", err);
        if (r >= 0)
            r = vl_policies_add_params(s->set, vl_buf_span(&text), s->path, err);
    }
    return r < 0 ? r : 0;
}

/* "request.operation" of the object in some policy, else of all. */
static struct vl_span operation_of(const struct suite *s, const struct vl_kube_object *o)
{
    const struct vl_doc_node *policies = value_of(s, "policies");
    for (const struct vl_doc_node *p = vl_doc_first(policies); p; p = vl_doc_next(p)) {
        const struct vl_doc_node *list = vl_doc_get(p, "resources");
        for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
            struct vl_span said = vl_doc_get_str(vl_doc_get(n, "values"), "request.operation");
            if (said.len && vl_span_eq(vl_doc_get_str(n, "name"), o->name))
                return said;
        }
    }
    return vl_doc_get_str(value_of(s, "globalValues"), "request.operation");
}

static int read_results(struct suite *s, const struct vl_doc_node *root, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "results")); n && r == 0;
        n = vl_doc_next(n)) {
        const struct vl_doc_node *list = vl_doc_get(n, "resources");
        /* Without names it is about everything: the one JSON document, say. */
        if (vl_doc_get_str(n, "resource").len || !vl_doc_size(list))
            r = expect(s, n, vl_doc_get_str(n, "resource"), err);
        for (const struct vl_doc_node *o = vl_doc_first(list); o && r == 0; o = vl_doc_next(o)) {
            if (vl_doc_span(o).len)
                r = expect(s, n, vl_doc_span(o), err);
        }
    }
    return r;
}

/* Rules that Kyverno generates for controllers have a prefix. */
static bool rule_agrees(struct vl_span wanted, const char *rule)
{
    if (!wanted.len || !rule)
        return true;
    if (vl_span_starts_with(wanted, "autogen-cronjob-"))
        wanted = vl_span_slice(wanted, 16, wanted.len);
    else if (vl_span_starts_with(wanted, "autogen-"))
        wanted = vl_span_slice(wanted, 8, wanted.len);
    return vl_span_eq_str(wanted, rule);
}

static unsigned weight(enum vl_verdict_outcome o)
{
    static const unsigned weights[VL_VERDICT_COUNT] = {0, 1, 4, 3, 2};
    return (unsigned)o < VL_VERDICT_COUNT ? weights[o] : 5;
}

static bool is_about(const struct suite *s, const struct expected *e, const struct vl_verdict *v)
{
    if (s->payload.len)
        return !e->resource.len || vl_span_eq(e->resource, s->payload);
    return (!e->resource.len || vl_span_eq_str(e->resource, v->name)) &&
           (!e->kind.len || vl_span_eq_str(e->kind, v->kind)) &&
           (!e->namespace_name.len || vl_span_eq_str(e->namespace_name, v->namespace_name));
}

static int judge(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct suite *s = user;
    (void)err;
    for (size_t i = 0; i < s->expected.len; i++) {
        struct expected *e = vl_vec_at(&s->expected, i);
        /* A ValidatingPolicy has no rules by name. */
        bool rules = strcmp(v->policy_kind, "ClusterPolicy") == 0 || strcmp(v->policy_kind, "Policy") == 0;
        if (strcmp(v->policy, e->policy) != 0 || (rules && !rule_agrees(e->rule, v->rule)) ||
            !vl_span_eq(e->operation, s->asked) || !is_about(s, e, v))
            continue;
        if (e->seen && weight(v->outcome) <= weight(e->got))
            continue;
        e->seen = true;
        e->got = v->outcome;
        (void)snprintf(e->message, sizeof(e->message), "%s", v->message ? v->message : "");
    }
    return 0;
}

static const struct vl_kube_object *old_of(const struct suite *s, const struct vl_kube_object *o)
{
    for (size_t i = 0; i < s->old.len; i++) {
        const struct vl_kube_object *old = vl_vec_at(&s->old, i);
        if (vl_span_eq(old->kind, o->kind) && vl_span_eq(old->group, o->group) &&
            vl_span_eq(old->name, o->name) && vl_span_eq(old->namespace_name, o->namespace_name))
            return old;
    }
    return o;
}

static int judge_operation(
    struct suite *s, const struct vl_kube_object *o, struct vl_span operation, struct vl_err *err)
{
    struct vl_policy_request q = {.object = o, .file = s->file, .operation = operation};
    q.user_info = vl_doc_get(vl_doc_root(s->user), "userInfo");
    /* A deletion has the old object alone, an update both. */
    if (vl_span_eq_str(q.operation, "DELETE"))
        q.object = NULL;
    if (vl_span_eq_str(q.operation, "DELETE") || vl_span_eq_str(q.operation, "UPDATE"))
        q.old_object = old_of(s, o);
    return vl_policy_evaluate(s->run, &q, judge, s, err);
}

/* Once as usual, and once for every operation that a result names. */
static int judge_object(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct suite *s = user;
    s->asked = VL_SPAN_EMPTY;
    int r = judge_operation(s, o, operation_of(s, o), err);
    for (size_t i = 0; i < s->expected.len && r >= 0; i++) {
        const struct expected *e = vl_vec_at(&s->expected, i);
        bool before = !e->operation.len;
        for (size_t k = 0; k < i && !before; k++)
            before =
                vl_span_eq(((const struct expected *)vl_vec_at(&s->expected, k))->operation, e->operation);
        if (before)
            continue;
        s->asked = e->operation;
        r = judge_operation(s, o, e->operation, err);
    }
    return r;
}

static int judge_payload(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct suite *s = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    struct vl_policy_request q = {.payload = vl_doc_root(owned), .file = s->file};
    return vl_doc_type(q.payload) == VL_DOC_NULL ? 0 : vl_policy_evaluate(s->run, &q, judge, s, err);
}

static int judge_payloads(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct suite *s = user;
    const char *slash = strrchr(path, '/');
    s->file = path;
    s->asked = VL_SPAN_EMPTY;
    s->payload = vl_span_str(slash ? slash + 1 : path);
    int r = vl_doc_parse_stream(text, vl_kube_format(text), path, judge_payload, s, err);
    s->payload = VL_SPAN_EMPTY;
    return r;
}

static int judge_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct suite *s = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    if (vl_doc_type(vl_doc_root(owned)) == VL_DOC_NULL)
        return 0;
    return vl_kube_each_object(vl_doc_root(owned), s->file, judge_object, s, err);
}

static int judge_file(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct suite *s = user;
    s->file = path;
    return vl_doc_parse_stream(text, vl_kube_format(text), path, judge_document, s, err);
}

/* --- what is loaded beside policies --- */

static int keep_old(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct suite *s = user;
    struct vl_kube_object *slot = vl_vec_push(&s->old, "objects as they were", err);
    if (!slot)
        return err->err;
    *slot = *o;
    return 0;
}

static int keep_old_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct suite *s = user;
    struct vl_doc **slot = vl_vec_push(&s->docs, "documents", err);
    if (!slot) {
        vl_doc_free(doc);
        return err->err;
    }
    *slot = doc;
    if (vl_doc_type(vl_doc_root(doc)) == VL_DOC_NULL)
        return 0;
    return vl_kube_each_object(vl_doc_root(doc), s->file, keep_old, s, err);
}

static int load_old(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct suite *s = user;
    s->file = path;
    return vl_doc_parse_stream(text, vl_kube_format(text), path, keep_old_document, s, err);
}

static int load_params(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct suite *s = user;
    return vl_policies_add_params(s->set, text, path, err);
}

/* What stands for a cluster: a context file, the mocks of the test itself, and with clusterResources all
 * objects that the test names. */
static int load_context(struct suite *s, const struct vl_doc_node *root, struct vl_err *err)
{
    static const char *const objects[] = {"clusterResources", "resources", "targetResources"};
    bool cluster = vl_doc_size(vl_doc_get(root, "clusterResources")) > 0;
    struct vl_span context = vl_doc_get_str(root, "context");
    char path[4096];
    int r = 0;
    if (context.len) {
        r = beside(s, context, path, err);
        if (r == 0)
            r = vl_cli_each_policy_file(path, load_params, s, err);
    }
    if (r >= 0 && (vl_doc_get(root, "globalContextEntries") || vl_doc_get(root, "apiCallResponses")))
        r = vl_policies_add_context(s->set, root, s->path, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(objects) && cluster && r >= 0; i++)
        r = each_file(s, vl_doc_get(root, objects[i]), load_params, err);
    if (r >= 0)
        r = each_file(s, vl_doc_get(root, "paramResources"), load_params, err);
    if (r >= 0)
        r = each_file(s, vl_doc_get(root, "oldResources"), load_old, err);
    return r < 0 ? r : 0;
}

static int judge_all(struct suite *s, const struct vl_doc_node *root, struct vl_err *err)
{
    struct vl_span payload = vl_doc_get_str(root, "jsonPayload");
    char path[4096];
    int r = each_file(s, vl_doc_get(root, "resources"), judge_file, err);
    if (r == 0 && payload.len) {
        r = beside(s, payload, path, err);
        if (r == 0)
            r = vl_cli_each_policy_file(path, judge_payloads, s, err);
    }
    return r < 0 ? r : each_file(s, vl_doc_get(root, "jsonPayloads"), judge_payloads, err);
}

/* Kyverno skips what an exception is about, and only warns where a policy is not scored. */
static const char *outcome_name(const struct expected *e)
{
    if (e->got == VL_VERDICT_EXEMPT)
        return "skip";
    if (e->got == VL_VERDICT_FAIL && vl_span_eq_str(e->result, "warn"))
        return "warn";
    return vl_verdict_outcome_name(e->got);
}

/* The policy is there, and its document has no errors. */
static bool evaluated(const struct suite *s, const char *name)
{
    uint32_t index = vl_policies_find(s->set, name);
    return index != UINT32_MAX && vl_policies_at(s->set, index)->usable;
}

static int tell(struct suite *s,
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < s->expected.len && r >= 0; i++) {
        const struct expected *e = vl_vec_at(&s->expected, i);
        bool converted = evaluated(s, e->policy);
        const char *got = !converted ? "not run: the policy is not converted"
                          : e->seen  ? outcome_name(e)
                                     : "no such policy or resource";
        struct vl_policy_example x = {.file = s->path,
            .line = vl_doc_line(e->node),
            .policy = e->policy,
            .rule = e->rule.len ? e->rule.ptr : NULL,
            .name = e->resource.len ? e->resource.ptr : "",
            .expected = e->result.len ? e->result.ptr : "",
            .got = got,
            .message = e->message[0] ? e->message : NULL,
            .not_run = !converted,
            .agrees = converted && e->seen && vl_span_eq_str(e->result, got)};
        r = each(&x, user, err);
    }
    return r < 0 ? r : 0;
}

/* Assertions on reports, in a language of their own. */
static int tell_checks(struct suite *s, const struct vl_doc_node *root,
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    const struct vl_doc_node *checks = vl_doc_get(root, "checks");
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(checks); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_policy_example x = {.file = s->path,
            .line = vl_doc_line(n),
            .policy = "checks",
            .name = "an assertion on the report",
            .expected = "",
            .got = "not run: assertions of kyverno-json are not evaluated",
            .not_run = true};
        r = each(&x, user, err);
    }
    return r < 0 ? r : 0;
}

static int run_suite(struct suite *s, const struct vl_doc_node *root,
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct vl_policy_options options = {
        .autogen = true, .objects_answer = vl_doc_size(vl_doc_get(root, "clusterResources")) > 0};
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    int r = vl_policies_new(&options, &set, err);
    s->set = set;
    s->inline_values = vl_doc_get(root, "values");
    if (r == 0)
        r = read_beside(s, root, "variables", &s->values, err);
    if (r == 0)
        r = read_beside(s, root, "userinfo", &s->user, err);
    if (r == 0)
        r = each_file(s, vl_doc_get(root, "policies"), load_policy, err);
    if (r == 0)
        r = each_file(s, vl_doc_get(root, "exceptions"), load_policy, err);
    if (r == 0)
        r = load_context(s, root, err);
    if (r == 0)
        r = add_namespaces(s, err);
    if (r == 0)
        r = vl_policies_finish(set, err);
    if (r == 0)
        r = vl_policy_run_new(set, &run, err);
    s->run = run;
    if (r == 0) {
        (void)vl_cli_policy_problems(set, true);
        r = read_results(s, root, err);
    }
    if (r == 0)
        r = judge_all(s, root, err);
    if (r == 0)
        r = tell(s, each, user, err);
    return r < 0 ? r : tell_checks(s, root, each, user, err);
}

struct running {
    const char *path;
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err);
    void *user;
};

/* One of the tests of a file. */
static int run_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    const struct running *running = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    struct suite s = {.path = running->path};
    if (!vl_doc_is(vl_doc_root(owned), VL_DOC_OBJECT))
        return 0;
    vl_vec_init(&s.expected, sizeof(struct expected), RESULTS_MAX);
    vl_vec_init(&s.docs, sizeof(struct vl_doc *), VL_POLICY_DOCUMENTS_MAX);
    vl_vec_init(&s.old, sizeof(struct vl_kube_object), VL_POLICY_DOCUMENTS_MAX);
    int r = run_suite(&s, vl_doc_root(owned), running->each, running->user, err);
    for (size_t i = 0; i < s.docs.len; i++)
        vl_doc_free(*(struct vl_doc **)vl_vec_at(&s.docs, i));
    vl_doc_free(s.values);
    vl_doc_free(s.user);
    vl_vec_done(&s.docs);
    vl_vec_done(&s.old);
    vl_vec_done(&s.expected);
    return r;
}

int vl_cli_run_kyverno_test(const char *path, struct vl_span text,
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct running running = {path, each, user};
    int r = vl_doc_parse_stream(text, VL_DOC_YAML, path, run_document, &running, err);
    return r < 0 ? r : 0;
}
