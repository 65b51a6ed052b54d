/* Gatekeeper's suites: a template and a constraint, and objects with the violations that they have.
 *
 * Source: test.gatekeeper.sh/v1alpha1, Gatekeeper's documentation of gator verify. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "pattern/regex.h"
#include "policy_files.h"
#include "policy_suite.h"

#define MESSAGE_MAX 1024

struct asked {
    struct vl_policy_run *run;
    const char *file;
    const struct vl_regex *wanted; /* of a message; NULL: any */
    unsigned violations;
    char message[MESSAGE_MAX];
};

bool vl_cli_is_gator_suite(const char *path, struct vl_span text)
{
    (void)path;
    return vl_span_find(text, VL_SPAN_LIT("test.gatekeeper.sh/")) != SIZE_MAX &&
           vl_span_find(text, VL_SPAN_LIT("kind: Suite")) != SIZE_MAX;
}

static int count(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct asked *a = user;
    (void)err;
    for (uint32_t i = 0; i < v->n_decisions; i++) {
        const struct vl_verdict_decision *d = &v->decisions[i];
        const char *message = d->message ? d->message : "";
        if (d->outcome == VL_VERDICT_PASS || d->allowed)
            continue;
        if (!a->message[0])
            (void)snprintf(a->message, sizeof(a->message), "%s", message);
        a->violations += !a->wanted || vl_regex_find(a->wanted, vl_span_str(message), NULL, 0);
    }
    return 0;
}

static int ask(const struct vl_kube_object *object, void *user, struct vl_err *err)
{
    struct asked *a = user;
    struct vl_kube_object new_object, old_object;
    struct vl_policy_request q = {.object = object, .file = a->file};
    if (vl_span_eq_str(object->kind, "AdmissionReview")) {
        int r = vl_policy_request_review(object->node, a->file, &new_object, &old_object, &q, err);
        if (r < 0)
            return r;
    }
    return vl_policy_evaluate(a->run, &q, count, a, err);
}

static int load(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    return vl_policies_add(user, text, path, err);
}

static int load_beside(
    const struct vl_cli_suite *suite, struct vl_policies *set, struct vl_span name, struct vl_err *err)
{
    char path[4096];
    int r = name.len ? vl_cli_suite_path(suite, name, path, err) : 0;
    return r < 0 || !name.len ? r : vl_cli_each_policy_file(path, load, set, err);
}

/* "yes" (as without the word), "no", or how many. */
static bool satisfied(struct vl_span wanted, unsigned found)
{
    uint64_t number;
    if (!wanted.len || vl_span_eq_str(wanted, "yes") || vl_span_eq_str(wanted, "true"))
        return found > 0;
    if (vl_span_eq_str(wanted, "no") || vl_span_eq_str(wanted, "false"))
        return found == 0;
    return vl_span_to_u64(wanted, &number) && number == found;
}

struct test {
    const struct vl_cli_suite *suite;
    struct vl_policies *set;
    struct vl_policy_run *run; /* NULL: the template cannot be evaluated */
    const char *policy;
    const char *name;
};

static int run_assertion(struct test *t, const struct vl_doc_node *c, const struct vl_doc_node *assertion,
    struct vl_span text, const char *file, struct vl_err *err)
{
    VL_CLEANUP(vl_regex_cleanup) struct vl_regex *wanted = NULL;
    struct asked a = {.run = t->run, .file = file};
    char got[32];
    struct vl_span message = vl_doc_get_str(assertion, "message"), name = vl_doc_get_str(c, "name");
    struct vl_span violations = vl_doc_text(vl_doc_get(assertion, "violations"));
    int r = message.len ? vl_regex_new(message, false, &wanted, err) : 0;
    a.wanted = wanted;
    if (r >= 0 && t->run)
        r = vl_cli_suite_objects(text, file, ask, &a, err);
    if (r < 0)
        return r;
    (void)snprintf(got, sizeof(got), "%u violations", a.violations);
    struct vl_policy_example x = {.file = t->suite->path,
        .line = vl_doc_line(assertion ? assertion : c),
        .policy = t->policy,
        .rule = t->name,
        .name = name.len ? name.ptr : file,
        .expected = !violations.len ? "yes" : violations.ptr,
        .got = t->run ? got : "not run: the template has no CEL",
        .message = a.message[0] ? a.message : NULL,
        .not_run = !t->run,
        .agrees = t->run && satisfied(violations, a.violations)};
    return t->suite->each(&x, t->suite->user, err);
}

static int run_case(struct test *t, const struct vl_doc_node *c, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    char path[4096];
    const struct vl_doc_node *assertions = vl_doc_get(c, "assertions");
    vl_buf_init(&text, VL_POLICY_FILE_MAX);
    int r = vl_cli_suite_path(t->suite, vl_doc_get_str(c, "object"), path, err);
    if (r == 0)
        r = vl_file_read(path, VL_POLICY_FILE_MAX, &text, err);
    if (r >= 0 && !vl_doc_size(assertions))
        r = run_assertion(t, c, NULL, vl_buf_span(&text), path, err);
    for (const struct vl_doc_node *a = vl_doc_first(assertions); a && r >= 0; a = vl_doc_next(a))
        r = run_assertion(t, c, a, vl_buf_span(&text), path, err);
    return r < 0 ? r : 0;
}

static int run_test(const struct vl_cli_suite *suite, const struct vl_doc_node *node, struct vl_err *err)
{
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    struct vl_span name = vl_doc_get_str(node, "name");
    struct test t = {.suite = suite, .name = name.len ? name.ptr : NULL, .policy = "ConstraintTemplate"};
    int r = vl_policies_new(NULL, &set, err);
    if (r == 0)
        r = load_beside(suite, set, vl_doc_get_str(node, "template"), err);
    if (r >= 0)
        r = load_beside(suite, set, vl_doc_get_str(node, "constraint"), err);
    const struct vl_doc_node *cases = vl_doc_get(node, "cases");
    for (const struct vl_doc_node *c = vl_doc_first(cases); c && r >= 0; c = vl_doc_next(c)) {
        const struct vl_doc_node *inventory = vl_doc_get(c, "inventory");
        for (const struct vl_doc_node *i = vl_doc_first(inventory); i && r >= 0; i = vl_doc_next(i))
            r = load_beside(suite, set, vl_doc_span(i), err);
    }
    if (r >= 0)
        r = vl_policies_finish(set, err);
    bool usable = r >= 0 && vl_policies_size(set) > 0;
    if (usable)
        r = vl_policy_run_new(set, &run, err);
    t.set = set;
    t.run = run;
    t.policy = usable ? vl_policies_at(set, 0)->name : t.policy;
    bool skipped = vl_doc_bool(vl_doc_get(node, "skip"));
    for (const struct vl_doc_node *c = vl_doc_first(cases); c && r >= 0 && !skipped; c = vl_doc_next(c))
        if (!vl_doc_bool(vl_doc_get(c, "skip")))
            r = run_case(&t, c, err);
    return r < 0 ? r : 0;
}

int vl_cli_run_gator_suite(const struct vl_cli_suite *suite, struct vl_span text, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(text, VL_DOC_YAML, suite->path, &doc, err);
    const struct vl_doc_node *tests = r == 0 ? vl_doc_get(vl_doc_root(doc), "tests") : NULL;
    for (const struct vl_doc_node *t = vl_doc_first(tests); t && r >= 0; t = vl_doc_next(t))
        r = run_test(suite, t, err);
    return r < 0 ? r : 0;
}
