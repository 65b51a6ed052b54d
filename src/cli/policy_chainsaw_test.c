/* Chainsaw's tests of policies: what is applied in steps, and whether the API server is to refuse it. No
 * cluster is there: policies of the steps are loaded, and each other object is asked about; assertions on a
 * cluster, waiting and the like are passed over.
 *
 * Source: chainsaw.kyverno.io/v1alpha1 Test (apply, create, update with expect; script, command). */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "policy_files.h"
#include "policy_suite.h"

#define MESSAGE_MAX 512
#define YAML        ".yaml"

struct chainsaw {
    const struct vl_cli_suite *suite;
    struct vl_policies *set;
    struct vl_policy_run *run;
    bool enforced; /* some step turns the policies to Enforce or Deny */

    /* The operation that runs. */
    const char *file;
    const struct vl_doc_node *expect;
    bool refused; /* expected by a script */

    /* The object that is asked about. */
    bool denied;
    const char *policy;
    char policy_text[MESSAGE_MAX], message[MESSAGE_MAX];
};

bool vl_cli_is_chainsaw_test(const char *path, struct vl_span text)
{
    (void)path;
    return vl_span_find(text, VL_SPAN_LIT("chainsaw.kyverno.io/")) != SIZE_MAX &&
           vl_span_find(text, VL_SPAN_LIT("kind: Test")) != SIZE_MAX;
}

/* --- which operations there are --- */

struct operation {
    const struct vl_doc_node *node; /* with file, resource, expect */
    struct vl_span file;
    bool refused;
    bool changes; /* a patch of what is there: no document of its own */
};

static const struct vl_doc_node *applied(const struct vl_doc_node *operation)
{
    static const char *const names[] = {"apply", "create", "update"};
    const struct vl_doc_node *found = NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(names) && !found; i++)
        found = vl_doc_get(operation, names[i]);
    return found;
}

/* The text of a script, whatever runs it. */
static struct vl_span script_of(const struct vl_doc_node *operation)
{
    return vl_doc_get_str(vl_doc_get(operation, "script"), "content");
}

/* The next word of a script that names a YAML file. */
static bool next_file(struct vl_span *rest, struct vl_span *ret)
{
    struct vl_span word;
    while (rest->len) {
        size_t n = 0;
        while (n < rest->len && strchr(" \t\n;|\"'()", rest->ptr[n]) == NULL)
            n++;
        word = vl_span_slice(*rest, 0, n);
        *rest = vl_span_slice(*rest, n + (n < rest->len), rest->len);
        if (vl_span_ends_with(word, YAML)) {
            *ret = word;
            return true;
        }
    }
    return false;
}

/* "if kubectl apply -f FILE; then exit 1": it is to be refused. */
static bool script_refuses(struct vl_span script)
{
    size_t then = vl_span_find(script, VL_SPAN_LIT("then"));
    size_t fails = vl_span_find(script, VL_SPAN_LIT("exit 1"));
    size_t otherwise = vl_span_find(script, VL_SPAN_LIT("else"));
    return then != SIZE_MAX && fails != SIZE_MAX && fails > then &&
           (otherwise == SIZE_MAX || fails < otherwise);
}

/* A step that is a template from elsewhere, which is given a file: what it creates, most often a policy. */
static struct vl_span file_of_template(const struct vl_doc_node *step)
{
    const struct vl_doc_node *bindings = vl_doc_get(vl_doc_get(vl_doc_get(step, "use"), "with"), "bindings");
    struct vl_span file = VL_SPAN_EMPTY;
    for (const struct vl_doc_node *b = vl_doc_first(bindings); b && !file.len; b = vl_doc_next(b)) {
        if (vl_span_eq_str(vl_doc_get_str(b, "name"), "file"))
            file = vl_doc_get_str(b, "value");
    }
    return file;
}

static int each_operation(struct chainsaw *c, const struct vl_doc_node *root,
    int (*each)(struct chainsaw *c, const struct operation *operation, struct vl_err *err),
    struct vl_err *err)
{
    const struct vl_doc_node *steps = vl_doc_get(vl_doc_get(root, "spec"), "steps");
    int r = 0;
    for (const struct vl_doc_node *s = vl_doc_first(steps); s && r >= 0; s = vl_doc_next(s)) {
        const struct vl_doc_node *list = vl_doc_get(s, "try");
        const struct operation used = {.node = s, .file = file_of_template(s)};
        if (used.file.len)
            r = each(c, &used, err);
        for (const struct vl_doc_node *o = vl_doc_first(list); o && r >= 0; o = vl_doc_next(o)) {
            const struct vl_doc_node *patch = vl_doc_get(o, "patch");
            struct operation op = {.node = patch ? patch : applied(o), .changes = patch != NULL};
            op.file = vl_doc_get_str(op.node, "file");
            struct vl_span script = script_of(o), rest = script;
            if (op.node)
                r = each(c, &op, err);
            if (!script.len)
                continue;
            op = (struct operation){.node = o, .refused = script_refuses(script)};
            while (r >= 0 && next_file(&rest, &op.file))
                r = each(c, &op, err);
        }
    }
    return r < 0 ? r : 0;
}

/* --- loading --- */

static bool says_enforced(struct vl_span text)
{
    return vl_span_find(text, VL_SPAN_LIT("Enforce")) != SIZE_MAX ||
           vl_span_find(text, VL_SPAN_LIT("Deny")) != SIZE_MAX;
}

static int load(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct chainsaw *c = user;
    return vl_policies_add(c->set, text, path, err);
}

/* Other tools read files that are none for us; they are told where they are asked about. */
static int load_operation(struct chainsaw *c, const struct operation *op, struct vl_err *err)
{
    char path[4096];
    struct vl_err bad = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_POLICY_FILE_MAX);
    if (says_enforced(script_of(op->node)))
        c->enforced = true;
    const struct vl_doc_node *resource = vl_doc_get(op->node, "resource");
    if (resource) {
        int r = vl_kube_node_json(resource, &text, err);
        if (r >= 0 && op->changes && says_enforced(vl_buf_span(&text)))
            c->enforced = true;
        return r < 0 || op->changes ? r : vl_policies_add(c->set, vl_buf_span(&text), c->suite->path, err);
    }
    if (!op->file.len || op->refused)
        return 0;
    int r = vl_cli_suite_path(c->suite, op->file, path, err);
    if (op->changes)
        return r;
    return r < 0                                                     ? r
           : vl_file_read(path, VL_POLICY_FILE_MAX, &text, &bad) < 0 ? 0
                                                                     : load(path, vl_buf_span(&text), c, err);
}

/* Policies of Kyverno's library lie above the folder of their test. */
static int load_above(struct chainsaw *c, struct vl_err *err)
{
    char path[4096];
    if (vl_policies_size(c->set))
        return 0;
    int r = vl_cli_suite_path(c->suite, VL_SPAN_LIT(".."), path, err);
    return r < 0 ? r : vl_cli_each_policy_file(path, load, c, err);
}

/* --- asking --- */

static int judge(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct chainsaw *c = user;
    (void)err;
    bool asked = v->outcome != VL_VERDICT_NOT_APPLICABLE;
    if (asked && !c->policy) {
        (void)snprintf(c->policy_text, sizeof(c->policy_text), "%s", v->policy);
        c->policy = c->policy_text;
    }
    if (!v->allowed && (c->enforced || (v->actions & VL_VERDICT_DENY)) && !c->denied) {
        c->denied = true;
        (void)snprintf(c->policy_text, sizeof(c->policy_text), "%s", v->policy);
        (void)snprintf(c->message, sizeof(c->message), "%s", v->message ? v->message : "");
    }
    return 0;
}

static bool is_policy(const struct vl_kube_object *o)
{
    static const char *const groups[] = {"kyverno.io", "policies.kyverno.io", "admissionregistration.k8s.io",
        "templates.gatekeeper.sh", "constraints.gatekeeper.sh", "apiextensions.k8s.io"};
    for (size_t i = 0; i < VL_ARRAY_LEN(groups); i++) {
        if (vl_span_eq_str(o->group, groups[i]))
            return true;
    }
    return false;
}

/* {match: {kind, metadata: {name}}, check: {($error != null): true}} */
static bool expects_refusal(const struct chainsaw *c, const struct vl_kube_object *o)
{
    bool refused = c->refused;
    for (const struct vl_doc_node *e = vl_doc_first(c->expect); e; e = vl_doc_next(e)) {
        const struct vl_doc_node *match = vl_doc_get(e, "match");
        struct vl_span kind = vl_doc_get_str(match, "kind");
        struct vl_span name = vl_doc_get_str(vl_doc_get(match, "metadata"), "name");
        if ((kind.len && !vl_span_eq(kind, o->kind)) || (name.len && !vl_span_eq(name, o->name)))
            continue;
        const struct vl_doc_node *check = vl_doc_get(vl_doc_get(e, "check"), "($error != null)");
        if (check)
            refused = vl_doc_bool(check);
        else if (vl_doc_get(vl_doc_get(e, "check"), "($error)"))
            refused = vl_doc_type(vl_doc_get(vl_doc_get(e, "check"), "($error)")) != VL_DOC_NULL;
    }
    return refused;
}

static int ask(const struct vl_kube_object *object, void *user, struct vl_err *err)
{
    struct chainsaw *c = user;
    struct vl_policy_request q = {.object = object, .file = c->file};
    if (is_policy(object))
        return 0;
    bool refused = expects_refusal(c, object);
    c->denied = false;
    c->policy = NULL;
    c->message[0] = '\0';
    int r = vl_policy_evaluate(c->run, &q, judge, c, err);
    if (r < 0 || (!c->policy && !refused))
        return r; /* no policy is about it, and none was to be */
    char name[MESSAGE_MAX];
    (void)snprintf(name, sizeof(name), "%.*s %.*s", VL_SPAN_FMT(vl_span_slice(object->kind, 0, 200)),
        VL_SPAN_FMT(vl_span_slice(object->name, 0, 260)));
    struct vl_policy_example x = {.file = c->file,
        .line = vl_doc_line(object->node),
        .policy = c->policy ? c->policy : "(none)",
        .name = name,
        .expected = refused ? "refused" : "applied",
        .got = c->denied ? "refused" : "applied",
        .message = c->message[0] ? c->message : NULL,
        .not_run = vl_policies_size(c->set) == 0,
        .agrees = c->denied == refused};
    return c->suite->each(&x, c->suite->user, err);
}

static int ask_operation(struct chainsaw *c, const struct operation *op, struct vl_err *err)
{
    char path[4096];
    struct vl_kube_object object;
    struct vl_err bad = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_POLICY_FILE_MAX);
    if (op->changes)
        return 0;
    c->expect = vl_doc_get(op->node, "expect");
    c->refused = op->refused;
    c->file = c->suite->path;
    const struct vl_doc_node *resource = vl_doc_get(op->node, "resource");
    if (resource)
        return vl_kube_object_view(resource, c->file, &object, &bad) < 0 ? 0 : ask(&object, c, err);
    if (!op->file.len)
        return 0;
    int r = vl_cli_suite_path(c->suite, op->file, path, err);
    c->file = path;
    if (r == 0)
        r = vl_file_read(path, VL_POLICY_FILE_MAX, &text, err);
    return r < 0 ? r : vl_cli_suite_objects(vl_buf_span(&text), path, ask, c, err);
}

int vl_cli_run_chainsaw_test(const struct vl_cli_suite *suite, struct vl_span text, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    struct vl_policy_options options = {.autogen = false, .objects_answer = true, .created_later = true};
    struct chainsaw c = {.suite = suite};
    int r = vl_doc_parse(text, VL_DOC_YAML, suite->path, &doc, err);
    if (r == 0)
        r = vl_policies_new(&options, &set, err);
    c.set = set;
    if (r == 0)
        r = each_operation(&c, vl_doc_root(doc), load_operation, err);
    if (r == 0)
        r = load_above(&c, err);
    if (r == 0)
        r = vl_policies_finish(set, err);
    if (r == 0)
        r = vl_policy_run_new(set, &run, err);
    c.run = run;
    return r < 0 ? r : each_operation(&c, vl_doc_root(doc), ask_operation, err);
}
