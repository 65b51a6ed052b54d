/* tests: set.c read.c load_vap.c compile.c evaluate.c verdict.c request.c schemas.c verdict_json.c
 * Decisions and texts are what Kubernetes' own evaluator (k8s.io/apiserver 0.36.4) answered for the same
 * policies and objects; parameters, bindings and matching are what the API reference says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

#define POD                                                                                \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: default, labels: {x: y}}\n" \
    "spec: {containers: [{name: c, image: 'nginx:1'}], hostNetwork: true}\n"
#define NAMESPACE                                                                                       \
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {env: prod}}\nstatus: {phase: " \
    "Active}\n"
#define POLICY_HEAD \
    "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: p}\n"
#define EVERYTHING                                                                                    \
    "  matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], " \
    "resources: ['*']}]}\n"

struct world {
    struct vl_policies *set;
    struct vl_policy_run *run;
    struct vl_doc *doc;
    struct vl_kube_object object;
    struct vl_buf got; /* "fail: message; " for each verdict */
    unsigned verdicts;
};

static void world_new(struct world *w, const char *policies, const char *params)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_policy_options options = {.now_ms = 1000};
    memset(w, 0, sizeof(*w));
    vl_buf_init(&w->got, 100000);
    assert_int_equal(vl_policies_new(&options, &w->set, &err), 0);
    if (vl_policies_add(w->set, vl_span_str(policies), "p.yaml", &err) < 0 ||
        (params && vl_policies_add_params(w->set, vl_span_str(params), "params.yaml", &err) < 0) ||
        vl_policies_finish(w->set, &err) < 0 || vl_policy_run_new(w->set, &w->run, &err) < 0)
        fail_msg("%s", err.msg);
}

static void world_done(struct world *w)
{
    vl_policy_run_free(w->run);
    vl_policies_free(w->set);
    vl_doc_free(w->doc);
    vl_buf_done(&w->got);
}

static int collect(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct world *w = user;
    (void)err;
    w->verdicts++;
    vl_buf_printf(&w->got, "%s%s: %s; ", vl_verdict_outcome_name(v->outcome), v->allowed ? "" : "!",
        v->message ? v->message : "");
    return 0;
}

static const char *evaluate(struct world *w, const char *object, const struct vl_policy_request *given)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_policy_request q = given ? *given : (struct vl_policy_request){0};
    vl_buf_clear(&w->got);
    vl_doc_free(w->doc);
    w->doc = NULL;
    if (vl_doc_parse(vl_span_str(object), VL_DOC_YAML, "o.yaml", &w->doc, &err) < 0 ||
        vl_kube_object_view(vl_doc_root(w->doc), "o.yaml", &w->object, &err) < 0)
        fail_msg("%s", err.msg);
    q.object = &w->object;
    if (vl_policy_evaluate(w->run, &q, collect, w, &err) < 0)
        fail_msg("%s", err.msg);
    return vl_buf_str(&w->got);
}

static void test_decisions(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *got;
    } rows[] = {
        {"  validations: [{expression: 'true'}]\n", "pass: ; "},
        {"  validations: [{expression: 'false'}]\n", "fail!: failed expression: false; "},
        {"  validations: [{expression: 'false', message: ' fixed '}]\n", "fail!: fixed; "},
        {"  validations: [{expression: 'false', message: fixed, messageExpression: '\"m \" + "
         "object.metadata.name'}]\n",
            "fail!: m a; "},
        {"  validations: [{expression: 'false', message: fixed, messageExpression: '\"a\\nb\"'}]\n",
            "fail!: fixed; "},
        {"  validations: [{expression: 'false', message: fixed, messageExpression: '\"  \"'}]\n",
            "fail!: fixed; "},
        {"  validations: [{expression: 'false', messageExpression: 'string(object.spec.nothing)'}]\n",
            "fail!: failed expression: false; "},
        {"  validations: [{expression: '1/0 == 1'}]\n",
            "error!: expression '1/0 == 1' resulted in error: division by zero; "},
        {"  failurePolicy: Ignore\n  validations: [{expression: '1/0 == 1'}]\n",
            "error: expression '1/0 == 1' resulted in error: division by zero; "},
        {"  failurePolicy: Ignore\n  validations: [{expression: '1/0 == 1'}, {expression: 'false'}]\n",
            "fail!: failed expression: false; "},
        {"  validations: [{expression: \"'a'\"}]\n",
            "error!: compilation error: must evaluate to bool but got string; "},
        {"  validations: [{expression: 'object'}]\n",
            "error!: compilation error: must evaluate to bool but got dyn; "},
        {"  validations: [{expression: 'nothing'}]\n",
            "error!: compilation error: compilation failed: ERROR: <input>:1:1: undeclared reference to "
            "'nothing' "
            "(in container '')\n | nothing\n | ^; "},
        {"  validations: [{expression: \"int('x') == 1\"}]\n",
            "error!: compilation error: program instantiation failed: type conversion error from 'string' to "
            "'int'; "},
        {"  variables: [{name: e, expression: 1/0}]\n  validations: [{expression: 'variables.e == 1'}]\n",
            "error!: expression 'variables.e == 1' resulted in error: composited variable \"e\" fails to "
            "evaluate: division by zero; "},
        {"  validations: [{expression: 'variables.nothing == 1'}]\n  variables: [{name: v, expression: "
         "'1'}]\n",
            "error!: compilation error: compilation failed: ERROR: <input>:1:10: undefined field 'nothing'\n "
            "| "
            "variables.nothing == 1\n | .........^; "},
        {"  variables: [{name: a, expression: '[1]'}, {name: b, expression: 'variables.a.size() + 1'}]\n"
         "  validations: [{expression: 'variables.b == 2 && has(variables.a)'}]\n",
            "pass: ; "},
        {"  validations: [{expression: 'request.nothing == 1'}]\n",
            "error!: compilation error: compilation failed: ERROR: <input>:1:8: undefined field 'nothing'\n "
            "| "
            "request.nothing == 1\n | .......^; "},
        {"  validations: [{expression: \"request.namespace == 'default' && request.operation == 'CREATE' && "
         "request.kind.kind == 'Pod' && request.resource.resource == 'pods' && request.dryRun == false && "
         "request.options == null && dyn(request).uid == ''\"}]\n",
            "pass: ; "},
        {"  validations: [{expression: \"namespaceObject.metadata.labels['env'] == 'prod' && "
         "namespaceObject.status.phase == 'Active'\"}]\n",
            "pass: ; "},
        {"  validations: [{expression: 'oldObject == null'}]\n", "pass: ; "},
        {"  validations: [{expression: 'params == null'}]\n",
            "error!: compilation error: compilation failed: ERROR: <input>:1:1: undeclared reference to "
            "'params' (in "
            "container '')\n | params == null\n | ^; "},
        /* match conditions */
        {"  matchConditions: [{name: c, expression: 'false'}]\n  validations: [{expression: 'false'}]\n",
            "skip: match condition 'c' is false; "},
        {"  matchConditions: [{name: c, expression: '1/0 == 1'}, {name: d, expression: 'false'}]\n  "
         "validations: "
         "[{expression: 'false'}]\n",
            "skip: match condition 'd' is false; "},
        {"  matchConditions: [{name: c, expression: '1/0 == 1'}, {name: d, expression: '2/0 == 1'}]\n  "
         "validations: [{expression: 'false'}]\n",
            "error!: [expression '1/0 == 1' resulted in error: division by zero, expression '2/0 == 1' "
            "resulted in error: division by zero]; "},
        {"  failurePolicy: Ignore\n  matchConditions: [{name: c, expression: '1/0 == 1'}]\n  validations: "
         "[{expression: 'false'}]\n",
            "skip: expression '1/0 == 1' resulted in error: division by zero; "},
        {"  matchConditions: [{name: c, expression: 'namespaceObject.metadata.name == \"default\"'}]\n  "
         "validations: [{expression: 'false'}]\n",
            "error!: expression 'namespaceObject.metadata.name == \"default\"' resulted in error: no such "
            "key: metadata; "},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct world w;
        char text[8192];
        snprintf(text, sizeof(text), POLICY_HEAD "spec:\n" EVERYTHING "%s", rows[i].spec);
        world_new(&w, text, NAMESPACE);
        const char *got = evaluate(&w, POD, NULL);
        if (strcmp(got, rows[i].got) != 0)
            fail_msg("%s gives\n%s, not\n%s", rows[i].spec, got, rows[i].got);
        world_done(&w);
    }
}

/* A bomb of cost ends with Kubernetes' words, not with a hang. */
static void test_budget(void **state)
{
    (void)state;
    struct vl_buf text;
    struct world w;
    vl_buf_init(&text, 1000000);
    vl_buf_append_str(&text, POLICY_HEAD "spec:\n" EVERYTHING "  validations:\n");
    for (int i = 0; i < 30; i++) {
        vl_buf_append_str(&text, "  - expression: '[");
        for (int k = 0; k < 200; k++)
            vl_buf_append_str(&text, k ? ",1" : "1");
        vl_buf_append_str(&text, "].map(a, [a, a, a, a, a, a, a, a, a, a].map(b, [a, b, a, b].map(c, [a, b, "
                                 "c].map(d, a + b + c + d)))).size() > 0'\n");
    }
    world_new(&w, vl_buf_str(&text), NULL);
    assert_string_equal(evaluate(&w, POD, NULL), "error!: validation failed due to running out of cost "
                                                 "budget, no further validation rules will be run; ");
    world_done(&w);
    vl_buf_done(&text);
}

#define BOUND                                                                                  \
    POLICY_HEAD "spec:\n" EVERYTHING "  paramKind: {apiVersion: v1, kind: ConfigMap}\n"        \
                "  validations: [{expression: 'params != null && params.data.ok == \"yes\"', " \
                "messageExpression: '\"params \" + params.metadata.name'}]\n"
#define BINDING                                                                                            \
    "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: " \
    "{name: b}\nspec:\n  policyName: p\n  validationActions: [Deny]\n"
#define MAPS                                                                                                 \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good, namespace: default, labels: {a: b}}\ndata: "    \
    "{ok: 'yes'}\n---\n"                                                                                     \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad, namespace: default, labels: {a: b}}\ndata: "     \
    "{ok: 'no'}\n---\n"                                                                                      \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: elsewhere, labels: {a: b}}\ndata: " \
    "{ok: 'no'}\n"

static void test_params(void **state)
{
    (void)state;
    static const struct {
        const char *binding, *got;
    } rows[] = {
        {"", "pass: ; fail!: params bad; fail!: params other; "},
        {BINDING "  paramRef: {name: good, parameterNotFoundAction: Deny}\n", "pass: ; "},
        {BINDING "  paramRef: {name: bad, parameterNotFoundAction: Deny}\n", "fail!: params bad; "},
        {BINDING "  paramRef: {name: other, parameterNotFoundAction: Deny}\n",
            "error!: failed to configure binding: no params found for policy binding with `Deny` "
            "parameterNotFoundAction; "},
        {BINDING "  paramRef: {name: other, namespace: elsewhere, parameterNotFoundAction: Deny}\n",
            "fail!: params other; "},
        {BINDING "  paramRef: {name: nothing, parameterNotFoundAction: Allow}\n",
            "skip: no params found, and parameterNotFoundAction is Allow; "},
        {BINDING "  paramRef: {selector: {matchLabels: {a: b}}, parameterNotFoundAction: Deny}\n",
            "pass: ; fail!: params bad; "},
        {BINDING "  paramRef: {selector: {matchExpressions: [{key: a, operator: Has}]}, "
                 "parameterNotFoundAction: Deny}\n",
            "error!: failed to configure binding: \"Has\" is not a valid label selector operator; "},
        /* paramKind without paramRef: null */
        {BINDING, "fail!: failed expression: params != null && params.data.ok == \"yes\"; "},
        {BINDING
            "  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}\n",
            "skip: the binding is not about this object; "},
        {BINDING
            "  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}\n"
            "  paramRef: {name: good, parameterNotFoundAction: Deny}\n",
            "pass: ; "},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct world w;
        char text[8192];
        snprintf(text, sizeof(text), BOUND "%s", rows[i].binding);
        world_new(&w, text, MAPS);
        const char *got = evaluate(&w, POD, NULL);
        if (strcmp(got, rows[i].got) != 0)
            fail_msg("%s gives\n%s, not\n%s", rows[i].binding, got, rows[i].got);
        world_done(&w);
    }
}

/* What an API server would refuse is told with its place, and never a silent pass. */
static void test_problems(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *field, *message; /* of the first problem that is an error */
        const char *got;             /* NULL: no policy is left */
    } rows[] = {
        {"kind: Pod\n", 1, NULL, "not a Kubernetes object: apiVersion is missing or no text", ""},
        {POLICY_HEAD, 1, "spec", "is missing", ""},
        {POLICY_HEAD "spec: []\n", 4, "spec", "must be object, is array", ""},
        {POLICY_HEAD "spec: {validations: 3}\n", 4, "spec.validations", "must be array, is integer",
            "error!: the document of ValidatingAdmissionPolicy 'p' has errors (p.yaml:1); "},
        {POLICY_HEAD "spec:\n" EVERYTHING "  validations: [{message: x}]\n", 6,
            "spec.validations[0].expression", "is missing",
            "error!: the document of ValidatingAdmissionPolicy 'p' has errors (p.yaml:1); "},
        {POLICY_HEAD "spec:\n" EVERYTHING "  failurePolicy: Maybe\n  validations: [{expression: 'true'}]\n",
            4, "spec.failurePolicy", "'Maybe' is neither Fail nor Ignore",
            "error!: the document of ValidatingAdmissionPolicy 'p' has errors (p.yaml:1); "},
        {POLICY_HEAD "spec:\n" EVERYTHING, 4, "spec.validations",
            "there is neither a validation nor an audit annotation: nothing would be tested",
            "error!: the document of ValidatingAdmissionPolicy 'p' has errors (p.yaml:1); "},
        {POLICY_HEAD "spec:\n" EVERYTHING
                     "  variables: [{name: a, expression: 'variables.b'}, {name: b, expression: "
                     "'variables.a'}]\n  validations: [{expression: 'variables.a == 1'}]\n",
            6, "spec.variables[0].expression", NULL, NULL},
        {"apiVersion: vallum/v1\nkind: Check\nid: c\nversion: '1'\ntitle: t\nseverity: high\nmatch: {kinds: "
         "[Pod]}\nexpression: 'true'\nexprssion: 'false'\n",
            9, NULL, "unknown field 'exprssion'",
            "error!: the document of Check 'c' has errors (p.yaml:1); "},
        {"apiVersion: vallum/v1\nkind: Check\nid: c\nversion: '1'\ntitle: t\nseverity: high\nmatch: {kinds: "
         "[Widget]}\nexpression: 'true'\n",
            7, "match.kinds", "'Widget' is no built-in kind: write GROUP/KIND",
            "error!: the document of Check 'c' has errors (p.yaml:1); "},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct world w;
        const struct vl_policy_problem *p = NULL;
        world_new(&w, rows[i].text, NULL);
        for (uint32_t k = 0; k < vl_policies_problems(w.set) && !p; k++)
            p = vl_policies_problem(w.set, k)->is_error ? vl_policies_problem(w.set, k) : NULL;
        if (!p)
            fail_msg("no problem in %s", rows[i].text);
        if (p->line != rows[i].line ||
            strcmp(p->field ? p->field : "", rows[i].field ? rows[i].field : "") != 0 ||
            (rows[i].message && strcmp(p->message, rows[i].message) != 0))
            fail_msg("%s:\n%u %s %s", rows[i].text, p->line, p->field ? p->field : "-", p->message);
        const char *got = evaluate(&w, POD, NULL);
        if (rows[i].got && strcmp(got, rows[i].got) != 0)
            fail_msg("%s gives %s", rows[i].text, got);
        if (!rows[i].got)
            assert_non_null(strstr(got, "error!"));
        world_done(&w);
    }
}

static void test_broken_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"a: 1\na: 2\n", "p.yaml:2:1: "},
        {"a: [1\n", "p.yaml:"},
        {"\tkind: Pod\n", "p.yaml:1:1: "},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_policies *set = NULL;
        assert_int_equal(vl_policies_new(NULL, &set, &err), 0);
        assert_true(vl_policies_add(set, vl_span_str(rows[i].text), "p.yaml", &err) < 0);
        if (strncmp(err.msg, rows[i].message, strlen(rows[i].message)) != 0)
            fail_msg("%s", err.msg);
        vl_policies_free(set);
    }
}

/* CRLF and a byte order mark are no part of a document. */
static void test_line_ends(void **state)
{
    (void)state;
    struct world w;
    world_new(&w,
        "\xEF\xBB\xBF"
        "apiVersion: admissionregistration.k8s.io/v1\r\nkind: ValidatingAdmissionPolicy\r\n"
        "metadata: {name: p}\r\nspec:\r\n  matchConstraints: {}\r\n  validations:\r\n  - expression: "
        "'false'\r\n"
        "    message: never\r\n",
        NULL);
    assert_int_equal(vl_policies_errors(w.set), 0);
    assert_string_equal(evaluate(&w, POD, NULL), "fail!: never; ");
    world_done(&w);
}

static void test_old_and_user(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct world w;
    struct vl_doc *old = NULL, *user = NULL;
    struct vl_kube_object before;
    world_new(&w,
        POLICY_HEAD
        "spec:\n" EVERYTHING
        "  validations:\n  - expression: request.operation == 'UPDATE' && oldObject.spec.hostNetwork == "
        "false && object.spec.hostNetwork\n  - expression: request.userInfo.username == 'jane' && 'dev' "
        "in request.userInfo.groups\n",
        NULL);
    assert_int_equal(
        vl_doc_parse(VL_SPAN_LIT("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: "
                                 "false}}"),
            VL_DOC_YAML, "old.yaml", &old, &err),
        0);
    assert_int_equal(
        vl_doc_parse(VL_SPAN_LIT("{username: jane, groups: [dev]}"), VL_DOC_YAML, "u", &user, &err), 0);
    assert_int_equal(vl_kube_object_view(vl_doc_root(old), "old.yaml", &before, &err), 0);
    struct vl_policy_request q = {
        .old_object = &before, .operation = VL_SPAN_LIT("UPDATE"), .user_info = vl_doc_root(user)};
    assert_string_equal(evaluate(&w, POD, &q), "pass: ; ");
    world_done(&w);
    vl_doc_free(old);
    vl_doc_free(user);
}

static int decide(void *user, const struct vl_cel_authorizer_request *request, struct vl_span *ret_reason)
{
    (void)user;
    *ret_reason = VL_SPAN_LIT("known");
    return vl_span_eq_str(request->resource, "pods") && vl_span_eq_str(request->verb, "delete");
}

/* The documentation of ValidatingAdmissionPolicy: `authorizer` and `authorizer.requestResource`. */
static void test_authorizer(void **state)
{
    (void)state;
    const struct vl_cel_authorizer authorizer = {.decide = decide};
    const struct vl_policy_request asked = {.authorizer = &authorizer}, alone = {0};
    struct world w;
    world_new(&w,
        POLICY_HEAD "spec:\n" EVERYTHING
                    "  validations: [{expression: \"authorizer.requestResource.check('delete').allowed()\"}, "
                    "{expression: \"authorizer.group('').resource('secrets').check('get').allowed()\", "
                    "messageExpression: \"'no'\"}]\n",
        NULL);
    assert_string_equal(evaluate(&w, POD, &asked), "fail!: no; ");
    assert_true(vl_span_starts_with(vl_span_str(evaluate(&w, POD, &alone)), "error!: expression"));
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_broken_text),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_old_and_user),
        cmocka_unit_test(test_authorizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
