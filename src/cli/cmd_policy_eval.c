/* vallum policy eval: verdicts of policies on objects, as JSON lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "command.h"
#include "policy_files.h"

#define LINE_MAX_BYTES (64UL * 1024 * 1024)
#define OLD_MAX        1000000

enum {
    KEY_POLICY = 2000,
    KEY_PARAMS,
    KEY_AUTOGEN,
    KEY_OLD,
    KEY_OPERATION,
    KEY_STANDARD,
    KEY_KUBERNETES,
    KEY_NAMESPACE,
    KEY_USER,
    KEY_GROUP,
    KEY_FAILED,
    KEY_DATE,
    KEY_SUBRESOURCE,
    KEY_APPLICABLE,
    KEY_PARAMETER,
};

struct settings {
    struct vl_cli_common common;
    struct vl_cli_list policies, params, old_files, objects, groups, parameters;
    struct vl_policy_options options;
    const char *operation, *user, *subresource;
    bool failed_only, applicable_only;

    struct vl_policies *set;
    struct vl_policy_run *run;
    struct vl_vec docs; /* struct vl_doc *: those that must last */
    struct vl_vec old;  /* struct vl_kube_object */
    struct vl_doc *user_info;
    struct vl_doc *parameter_values;
    struct vl_buf line;
    const char *file;
    unsigned invalid; /* files and objects that are none */
    unsigned documents;
    unsigned denied;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    const char *minor;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case KEY_POLICY:
        vl_cli_list_add(&s->policies, state, arg, false);
        return 0;
    case KEY_PARAMS:
        vl_cli_list_add(&s->params, state, arg, false);
        return 0;
    case KEY_OLD:
        vl_cli_list_add(&s->old_files, state, arg, false);
        return 0;
    case KEY_GROUP:
        vl_cli_list_add(&s->groups, state, arg, true);
        return 0;
    case KEY_PARAMETER:
        vl_cli_list_add(&s->parameters, state, arg, false);
        if (!strchr(arg, '='))
            argp_error(state, "--parameter takes NAME=VALUE, not '%s'", arg);
        return 0;
    case KEY_AUTOGEN:
        s->options.autogen = true;
        return 0;
    case KEY_OPERATION:
        s->operation = arg;
        if (strcmp(arg, "CREATE") != 0 && strcmp(arg, "UPDATE") != 0 && strcmp(arg, "DELETE") != 0 &&
            strcmp(arg, "CONNECT") != 0)
            argp_error(state, "--operation takes CREATE, UPDATE, DELETE or CONNECT, not '%s'", arg);
        return 0;
    case KEY_STANDARD:
        s->options.standard = arg;
        return 0;
    case KEY_KUBERNETES:
        minor = strncmp(arg, "1.", 2) == 0 ? arg + 2 : arg;
        s->options.kubernetes_minor = (unsigned)vl_cli_number(state, "kubernetes", minor, 99);
        return 0;
    case KEY_NAMESPACE:
        s->options.default_namespace = arg;
        return 0;
    case KEY_USER:
        s->user = arg;
        return 0;
    case KEY_DATE:
        s->options.data_date = arg;
        return 0;
    case KEY_SUBRESOURCE:
        s->subresource = arg;
        return 0;
    case KEY_FAILED:
        s->failed_only = true;
        return 0;
    case KEY_APPLICABLE:
        s->applicable_only = true;
        return 0;
    case ARGP_KEY_ARG:
        vl_cli_list_add(&s->objects, state, arg, false);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && !s->policies.len)
            argp_error(state, "--policy is needed: a file or folder of policies");
        if (!s->common.from_settings && !s->objects.len)
            argp_error(state, "an object is needed: a file or folder, or - for standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"policy", KEY_POLICY, "FILE", 0, "Policies, bindings, checks, standards, exemptions: a file or folder",
        0},
    {"params", KEY_PARAMS, "FILE", 0, "Parameter objects and namespaces: a file or folder", 0},
    {"autogen", KEY_AUTOGEN, NULL, 0, "Pod rules on the pod templates of Deployments, CronJobs and so on too",
        0},
    {"old", KEY_OLD, "FILE", 0, "Objects as they were before: an update of those with the same name", 0},
    {"operation", KEY_OPERATION, "NAME", 0, "CREATE (default), UPDATE (with --old), DELETE or CONNECT", 0},
    {"subresource", KEY_SUBRESOURCE, "NAME", 0, "Of the request: status, scale, exec ...", 0},
    {"parameter", KEY_PARAMETER, "NAME=VALUE", 0, "Another value of a parameter of checks (YAML)", 0},
    {"standard", KEY_STANDARD, "ID", 0, "Of checks only those of this standard, with its parameters", 0},
    {"kubernetes", KEY_KUBERNETES, "VERSION", 0, "Whose CEL: 1.30 refuses what 1.30 refuses (default 1.36)",
        0},
    {"namespace", KEY_NAMESPACE, "NAME", 0, "Of namespaced objects that name none (default: default)", 0},
    {"user", KEY_USER, "NAME", 0, "Who asks (default: kubernetes-admin)", 0},
    {"group", KEY_GROUP, "NAME", 0, "A group of who asks (default: system:authenticated)", 0},
    {"data-date", KEY_DATE, "DATE", 0, "Recorded in each verdict as the date of what it rests on", 0},
    {"applicable", KEY_APPLICABLE, NULL, 0, "Leave out verdicts of policies that are not about the object",
        0},
    {"failed", KEY_FAILED, NULL, 0, "Print only what fails, is an error or is exempt", 0},
    {0},
};

/* --- verdicts --- */

static int print_verdict(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct settings *s = user;
    s->denied += !v->allowed;
    if ((s->failed_only && (v->outcome == VL_VERDICT_PASS || v->outcome == VL_VERDICT_NOT_APPLICABLE)) ||
        (s->applicable_only && v->outcome == VL_VERDICT_NOT_APPLICABLE))
        return 0;
    vl_buf_clear(&s->line);
    int r = vl_policy_verdict_json(v, &s->line, err);
    return r < 0 ? r : vl_cli_answer(&s->line, err);
}

static const struct vl_kube_object *old_of(struct settings *s, const struct vl_kube_object *o)
{
    const struct vl_kube_object *old = s->old.items;
    for (size_t i = 0; i < s->old.len; i++) {
        if (vl_span_eq(old[i].kind, o->kind) && vl_span_eq(old[i].group, o->group) &&
            vl_span_eq(old[i].name, o->name) && vl_span_eq(old[i].namespace_name, o->namespace_name))
            return &old[i];
    }
    return NULL;
}

static int evaluate(struct settings *s, const struct vl_policy_request *q, struct vl_err *err)
{
    return vl_policy_evaluate(s->run, q, print_verdict, s, err);
}

static int each_object(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct settings *s = user;
    struct vl_policy_request q = {.file = s->file,
        .object = o,
        .old_object = old_of(s, o),
        .operation = vl_span_str(s->operation),
        .subresource = vl_span_str(s->subresource),
        .user_info = s->user_info ? vl_doc_root(s->user_info) : NULL};
    if (!s->operation && q.old_object)
        q.operation = VL_SPAN_LIT("UPDATE");
    if (s->operation && strcmp(s->operation, "DELETE") == 0) {
        q.old_object = o;
        q.object = NULL;
    }
    return evaluate(s, &q, err);
}

static int review(struct settings *s, const struct vl_doc_node *root, struct vl_err *err)
{
    struct vl_policy_request q;
    struct vl_kube_object object, old;
    int r = vl_policy_request_review(root, s->file, &object, &old, &q, err);
    return r < 0 ? r : evaluate(s, &q, err);
}

/* What is no Kubernetes object is a document that policies of mode JSON are about, where there are such. */
static bool is_payload(const struct settings *s, const struct vl_doc_node *root)
{
    struct vl_kube_object object;
    struct vl_err none = VL_ERR_INIT;
    return vl_policies_take_payloads(s->set) && vl_kube_object_view(root, s->file, &object, &none) < 0;
}

static int document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct settings *s = user;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    const struct vl_doc_node *root = vl_doc_root(owned);
    int r;
    s->documents++;
    if (vl_doc_type(root) == VL_DOC_NULL)
        return 0;
    if (vl_span_eq_str(vl_doc_get_str(root, "kind"), "AdmissionReview"))
        r = review(s, root, err);
    else if (is_payload(s, root))
        r = evaluate(s, &(struct vl_policy_request){.payload = root, .file = s->file}, err);
    else
        r = vl_kube_each_object(root, s->file, each_object, s, err);
    if (r < 0 && (err->code == VL_ERR_INVALID || err->code == VL_ERR_UNSUPPORTED)) {
        (void)vl_cli_complain(err);
        vl_err_clear(err);
        s->invalid++;
        r = 0;
    }
    return r < 0 ? r : 0;
}

static int each_document(const char *path, struct vl_span text,
    int (*each)(struct vl_doc *doc, void *user, struct vl_err *err), struct settings *s, struct vl_err *err)
{
    struct vl_span body = vl_span_starts_with(text, "\xEF\xBB\xBF") ? vl_span_slice(text, 3, text.len) : text;
    enum vl_doc_format format = vl_kube_format(body);
    s->file = path;
    struct vl_err first = VL_ERR_INIT;
    unsigned documents = s->documents;
    int r = vl_doc_parse_stream(body, format, path, each, s, &first);
    /* YAML's flow form begins like JSON. */
    if (r < 0 && format == VL_DOC_JSON && first.code == VL_ERR_INVALID && s->documents == documents)
        r = vl_doc_parse_stream(body, VL_DOC_YAML_KUBERNETES, path, each, s, err);
    else if (r < 0)
        *err = first;
    if (r < 0 &&
        (err->code == VL_ERR_INVALID || err->code == VL_ERR_LIMIT || err->code == VL_ERR_UNSUPPORTED)) {
        (void)vl_cli_complain(err);
        vl_err_clear(err);
        s->invalid++;
        r = 0;
    }
    return r;
}

static int object_file(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    return each_document(path, text, document, user, err);
}

/* --- what must be known before --- */

static int keep_doc(struct settings *s, struct vl_doc *doc, struct vl_err *err)
{
    struct vl_doc **slot = vl_vec_push(&s->docs, "documents", err);
    if (!slot) {
        vl_doc_free(doc);
        return err->err;
    }
    *slot = doc;
    return 0;
}

static int keep_old_object(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct settings *s = user;
    struct vl_kube_object *slot = vl_vec_push(&s->old, "objects of --old", err);
    if (!slot)
        return err->err;
    *slot = *o;
    return 0;
}

static int keep_old(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct settings *s = user;
    int r = keep_doc(s, doc, err);
    if (r < 0 || vl_doc_type(vl_doc_root(doc)) == VL_DOC_NULL)
        return r;
    return vl_kube_each_object(vl_doc_root(doc), s->file, keep_old_object, s, err);
}

static int old_file(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    return each_document(path, text, keep_old, user, err);
}

static int add_namespace(const struct vl_kube_object *o, void *user, struct vl_err *err)
{
    struct settings *s = user;
    if (o->group.len || !vl_span_eq_str(o->kind, "Namespace"))
        return 0;
    return vl_policies_add_object(s->set, o, err);
}

static int namespace_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct settings *s = user;
    struct vl_err bad = VL_ERR_INIT;
    struct vl_span kind = vl_doc_get_str(vl_doc_root(doc), "kind");
    if (!vl_span_eq_str(kind, "Namespace") && !vl_span_ends_with(kind, "List")) {
        vl_doc_free(doc);
        return 0;
    }
    int r = keep_doc(s, doc, err);
    if (r == 0 && vl_kube_each_object(vl_doc_root(doc), s->file, add_namespace, s, &bad) < 0 &&
        bad.code != VL_ERR_INVALID) {
        *err = bad;
        r = bad.err;
    }
    return r;
}

/* Namespaces among the objects serve selectors and namespaceObject. What is wrong with a file is told when it
 * is evaluated. */
static int namespace_file(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct settings *s = user;
    struct vl_err bad = VL_ERR_INIT;
    if (vl_span_find(text, VL_SPAN_LIT("Namespace")) == SIZE_MAX)
        return 0;
    s->file = path;
    int r = vl_doc_parse_stream(text, vl_kube_format(text), path, namespace_document, s, &bad);
    if (r < 0 && bad.code == VL_ERR_MEMORY)
        *err = bad;
    return r < 0 && bad.code == VL_ERR_MEMORY ? r : 0;
}

static int make_user(struct settings *s, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json j;
    vl_buf_init(&text, VL_CLI_LINE_MAX);
    if (!s->user && !s->groups.len)
        return 0;
    vl_json_init(&j, &text, false);
    vl_json_object(&j);
    vl_json_member_str(&j, "username", s->user ? s->user : "kubernetes-admin");
    vl_json_key(&j, "groups");
    vl_json_array(&j);
    for (size_t i = 0; i < s->groups.len; i++)
        vl_json_str(&j, s->groups.items[i]);
    if (!s->groups.len)
        vl_json_str(&j, "system:authenticated");
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    int r = vl_json_check(&j, "--user", err);
    return r < 0 ? r : vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "--user", &s->user_info, err);
}

/* "NAME=VALUE" lines as one YAML document, which also tells a name that is given twice. */
static int read_parameters(struct settings *s, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_CLI_LINE_MAX);
    for (size_t i = 0; i < s->parameters.len; i++) {
        const char *item = s->parameters.items[i];
        const char *value = strchr(item, '=');
        if (value)
            vl_buf_printf(&text, "%.*s: %s\n", (int)(value - item), item, value + 1);
    }
    int r = vl_buf_check(&text, "--parameter", err);
    if (r == 0 && text.len)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_YAML, "--parameter", &s->parameter_values, err);
    if (r == 0 && s->parameter_values)
        s->options.parameters = vl_doc_root(s->parameter_values);
    return r;
}

static int prepare(struct settings *s, struct vl_err *err)
{
    int r = read_parameters(s, err);
    if (r == 0)
        r = vl_policies_new(&s->options, &s->set, err);
    if (r == 0)
        r = vl_cli_load_policies(s->set, &s->policies, false, &s->invalid, err);
    if (r == 0)
        r = vl_cli_load_policies(s->set, &s->params, true, &s->invalid, err);
    for (size_t i = 0; r == 0 && i < s->old_files.len; i++)
        r = vl_cli_each_policy_file(s->old_files.items[i], old_file, s, err);
    for (size_t i = 0; r == 0 && i < s->objects.len; i++) {
        if (strcmp(s->objects.items[i], "-") != 0)
            r = vl_cli_each_policy_file(s->objects.items[i], namespace_file, s, err);
    }
    if (r == 0)
        r = make_user(s, err);
    if (r == 0)
        r = vl_policies_finish(s->set, err);
    if (r == 0)
        s->invalid += vl_cli_policy_problems(s->set, s->common.quiet);
    return r < 0 ? r : vl_policy_run_new(s->set, &s->run, err);
}

static void done(struct settings *s)
{
    vl_policy_run_free(s->run);
    vl_policies_free(s->set);
    for (size_t i = 0; i < s->docs.len; i++)
        vl_doc_free(*(struct vl_doc **)vl_vec_at(&s->docs, i));
    vl_vec_done(&s->docs);
    vl_vec_done(&s->old);
    vl_doc_free(s->user_info);
    vl_doc_free(s->parameter_values);
    vl_buf_done(&s->line);
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    vl_vec_init(&s->docs, sizeof(struct vl_doc *), VL_POLICY_DOCUMENTS_MAX);
    vl_vec_init(&s->old, sizeof(struct vl_kube_object), OLD_MAX);
    vl_buf_init(&s->line, LINE_MAX_BYTES);
    int r = prepare(s, err);
    if (r == 0 && vl_policies_size(s->set) == 0 && !s->invalid)
        r = vl_err_set(err, VL_ERR_INVALID, "there is no policy in what --policy names");
    for (size_t i = 0; r == 0 && i < s->objects.len; i++)
        r = vl_cli_each_policy_file(s->objects.items[i], object_file, s, err);
    if (r == 0)
        r = vl_cli_answers_done(err);
    bool fails = s->invalid || s->denied;
    done(s);
    if (r < 0)
        return r;
    return fails ? VL_EXIT_FAILS : VL_EXIT_OK;
}

const struct vl_command vl_cli_policy_eval = {
    .words = "policy eval",
    .summary = "what policies say of objects",
    .argp = {.options = options,
        .parser = parse,
        .args_doc = "OBJECT...",
        .doc =
            "Evaluates ValidatingAdmissionPolicies with their bindings and parameters, checks, and the CEL "
            "policies of Kyverno and Gatekeeper on Kubernetes objects (YAML or JSON, any number in a file; "
            "AdmissionReviews too), and prints one line of JSON for each policy and object. Exit status 2 "
            "where "
            "one is not allowed, or a document has errors."
            "\v"
            "Example: vallum policy eval --policy policies/ --params params.yaml --autogen deploy.yaml",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
