#include "posture/manifests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "inline_exemption.h"
#include "policy/standard.h"

#define TEXTS_MAX 1000000              /* different messages, names and paths */
#define KEY_MAX   1024                 /* of a check: kind, name, rule */
#define SCRATCH   (64UL * 1024 * 1024) /* exemptions of one file */

struct vl_manifest_scan {
    const struct vl_policies *policies;
    struct vl_manifest_options options;
    struct vl_policy_run *run;
    struct vl_manifest_result *result;
    struct vl_map texts;  /* equal texts are kept once */
    struct vl_map checks; /* kind, name and rule -> index */
    int64_t begun_us;

    /* of the file at hand */
    const char *file;
    struct vl_arena *scratch;
    struct vl_vec exemptions; /* struct vl_inline_exemption, of comments */
    struct vl_vec separators; /* uint32_t: lines that begin with "---" */
    uint32_t document;

    /* of the object at hand */
    const struct vl_kube_object *object;
    const struct vl_doc_node *annotations;
    uint32_t object_index;
    uint32_t first_line, last_line; /* of its document */
    size_t item;                    /* of a List; SIZE_MAX: the document itself */
};

int vl_manifest_scan_new(const struct vl_policies *policies, const struct vl_manifest_options *options,
    struct vl_manifest_scan **ret, struct vl_err *err)
{
    struct vl_manifest_scan *scan = calloc(1, sizeof(*scan));
    if (!scan)
        return vl_err_nomem(err);
    scan->policies = policies;
    scan->options = *options;
    if (scan->options.now_ms == 0)
        scan->options.now_ms = vl_time_now_ms();
    scan->begun_us = vl_time_monotonic_us();
    scan->result = vl_manifest_result_new();
    scan->scratch = vl_arena_new(SCRATCH);
    vl_map_init(&scan->texts, TEXTS_MAX);
    vl_map_init(&scan->checks, TEXTS_MAX);
    vl_vec_init(&scan->exemptions, sizeof(struct vl_inline_exemption), VL_INLINE_EXEMPTIONS_MAX);
    vl_vec_init(&scan->separators, sizeof(uint32_t), VL_MANIFEST_OBJECTS_MAX);
    int r = scan->result && scan->scratch ? vl_policy_run_new(policies, &scan->run, err) : vl_err_nomem(err);
    if (r < 0) {
        vl_manifest_scan_free(scan);
        return r;
    }
    *ret = scan;
    return 0;
}

void vl_manifest_scan_free(struct vl_manifest_scan *scan)
{
    if (!scan)
        return;
    vl_policy_run_free(scan->run);
    vl_manifest_result_free(scan->result);
    vl_map_done(&scan->texts);
    vl_map_done(&scan->checks);
    vl_vec_done(&scan->exemptions);
    vl_vec_done(&scan->separators);
    vl_arena_free(scan->scratch);
    free(scan);
}

void vl_manifest_scan_cleanup(struct vl_manifest_scan **scan)
{
    vl_manifest_scan_free(*scan);
    *scan = NULL;
}

/* --- keeping --- */

/* The kept copy of a text; equal ones share it as long as the map has room. NULL stays NULL; the arena
 * remembers a failure. */
static const char *keep_span(struct vl_manifest_scan *scan, struct vl_span text)
{
    struct vl_err full = VL_ERR_INIT;
    struct vl_map_slot *slot = vl_map_get(&scan->texts, text);
    if (slot)
        return slot->value.ptr;
    char *copy = vl_arena_dup_span(scan->result->arena, text);
    if (copy && vl_map_put(&scan->texts, (struct vl_span){copy, text.len}, &slot, NULL, &full) >= 0)
        slot->value.ptr = copy;
    return copy;
}

static const char *keep(struct vl_manifest_scan *scan, const char *text)
{
    return text ? keep_span(scan, vl_span_str(text)) : NULL;
}

static int add_problem(struct vl_manifest_scan *scan, bool is_error, const char *file, uint32_t line,
    const char *message, struct vl_err *err)
{
    struct vl_manifest_result *result = scan->result;
    result->partial |= is_error;
    if (result->problems.len == VL_MANIFEST_PROBLEMS_MAX) {
        result->problems_left_out++;
        return 0;
    }
    struct vl_manifest_problem *p = vl_vec_push(&result->problems, "problems", err);
    if (!p)
        return err->err;
    *p = (struct vl_manifest_problem){
        .is_error = is_error, .file = keep(scan, file), .line = line, .message = keep(scan, message)};
    return vl_arena_check(result->arena, "the result", err);
}

int vl_manifest_scan_problem(
    struct vl_manifest_scan *scan, bool is_error, const char *file, const char *message, struct vl_err *err)
{
    return add_problem(scan, is_error, file, 0, message, err);
}

/* --- checks --- */

static const char *const *keep_list(struct vl_manifest_scan *scan, const char *const *items, uint32_t n)
{
    const char **list = vl_arena_array(scan->result->arena, n ? n : 1, sizeof(*list));
    for (uint32_t i = 0; list && i < n; i++)
        list[i] = keep(scan, items[i]);
    return list;
}

static int add_check(
    struct vl_manifest_scan *scan, const struct vl_verdict *v, uint32_t *ret, struct vl_err *err)
{
    struct vl_vec *checks = &scan->result->checks;
    *ret = (uint32_t)checks->len;
    struct vl_manifest_check *c = vl_vec_push(checks, "checks", err);
    if (!c)
        return err->err;
    *c = (struct vl_manifest_check){
        .id = keep(scan, v->policy),
        .version = keep(scan, v->policy_version),
        .title = keep(scan, v->title),
        .kind = keep(scan, v->policy_kind),
        .severity = v->severity,
        .remediation = keep_list(scan, v->remediation, v->n_remediation),
        .n_remediation = v->n_remediation,
        .data_date = keep(scan, v->data_date),
    };
    uint32_t index = vl_policies_find(scan->policies, v->policy);
    if (index != UINT32_MAX) {
        const struct vl_policy_info *info = vl_policies_at(scan->policies, index);
        c->category = keep(scan, info->category);
        c->description = keep(scan, info->description);
    }
    return vl_arena_check(scan->result->arena, "the result", err);
}

static int find_check(
    struct vl_manifest_scan *scan, const struct vl_verdict *v, uint32_t *ret, struct vl_err *err)
{
    char text[KEY_MAX];
    size_t kind = strlen(v->policy_kind), name = strlen(v->policy);
    if (kind + name + 1 >= sizeof(text))
        return vl_err_set(
            err, VL_ERR_LIMIT, "the name of policy %.100s… is longer than %d bytes", v->policy, KEY_MAX);
    memcpy(text, v->policy_kind, kind + 1);
    memcpy(text + kind + 1, v->policy, name);
    struct vl_span key = {text, kind + 1 + name};
    struct vl_map_slot *slot = vl_map_get(&scan->checks, key);
    if (slot) {
        *ret = (uint32_t)slot->value.num;
        return 0;
    }
    int r = add_check(scan, v, ret, err);
    const char *kept = r < 0 ? NULL : vl_arena_dup_span(scan->result->arena, key);
    if (!kept)
        return r < 0 ? r : vl_arena_check(scan->result->arena, "the result", err);
    r = vl_map_put(&scan->checks, (struct vl_span){kept, key.len}, &slot, NULL, err);
    if (r >= 0)
        slot->value.num = *ret;
    return r;
}

/* --- exemptions --- */

/* What excuses this failure, or NULL. Expired ones are told and excuse nothing. */
static int find_exemption(struct vl_manifest_scan *scan, const char *check,
    struct vl_inline_exemption *storage, const struct vl_inline_exemption **ret, struct vl_err *err)
{
    *ret = NULL;
    if (scan->options.no_inline_exemptions)
        return 0;
    struct vl_inline_exemption *items = scan->exemptions.items, *found = NULL;
    for (size_t i = 0; i < scan->exemptions.len && !found; i++) {
        if (items[i].line >= scan->first_line && items[i].line < scan->last_line &&
            strcmp(items[i].check, check) == 0)
            found = &items[i];
    }
    if (!found) {
        struct vl_err bad = VL_ERR_INIT;
        int r = vl_inline_exemption_annotation(scan->annotations, check, scan->scratch, storage, &bad);
        if (r < 0)
            return add_problem(scan, false, scan->file, vl_doc_line(scan->annotations), bad.msg, err);
        found = r > 0 ? storage : NULL;
    }
    if (!found)
        return 0;
    found->used = true;
    if (found->until_ms >= scan->options.now_ms) {
        *ret = found;
        return 0;
    }
    char day[VL_TIME_TEXT_MAX];
    const char *message =
        vl_arena_printf(scan->scratch, "the exemption of %s ended on %s: it excuses nothing", check,
            vl_time_format_date(found->until_ms, day));
    if (!message)
        return vl_arena_check(scan->scratch, "exemptions", err);
    uint32_t line = found->line ? found->line : vl_doc_line(scan->annotations);
    return add_problem(scan, false, scan->file, line, message, err);
}

static int on_bad_comment(uint32_t line, const char *message, void *user, struct vl_err *err)
{
    struct vl_manifest_scan *scan = user;
    return add_problem(scan, false, scan->file, line, message, err);
}

/* Lines that part documents: in YAML "---" at the start of a line does so wherever it stands. */
static int read_separators(struct vl_manifest_scan *scan, struct vl_span text, struct vl_err *err)
{
    struct vl_span line;
    for (uint32_t number = 1; vl_span_split_line(&text, &line); number++) {
        if (!vl_span_starts_with(line, "---"))
            continue;
        uint32_t *separator = vl_vec_push(&scan->separators, scan->file, err);
        if (!separator)
            return err->err;
        *separator = number;
    }
    return 0;
}

static void find_document_lines(struct vl_manifest_scan *scan, uint32_t line)
{
    const uint32_t *lines = scan->separators.items;
    scan->first_line = 0;
    scan->last_line = UINT32_MAX;
    for (size_t i = 0; i < scan->separators.len; i++) {
        if (lines[i] <= line) {
            scan->first_line = lines[i];
        } else {
            scan->last_line = lines[i];
            break;
        }
    }
}

static int tell_unused(struct vl_manifest_scan *scan, struct vl_err *err)
{
    const struct vl_inline_exemption *items = scan->exemptions.items;
    for (size_t i = 0; i < scan->exemptions.len && !scan->options.no_inline_exemptions; i++) {
        if (items[i].used)
            continue;
        const char *message =
            vl_arena_printf(scan->scratch, "the exemption of %s excuses nothing here", items[i].check);
        if (!message)
            return vl_arena_check(scan->scratch, "exemptions", err);
        int r = add_problem(scan, false, scan->file, items[i].line, message, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- verdicts --- */

static const struct vl_verdict_field *keep_fields(struct vl_manifest_scan *scan, const struct vl_verdict *v)
{
    struct vl_verdict_field *fields =
        vl_arena_array(scan->result->arena, v->n_fields ? v->n_fields : 1, sizeof(*fields));
    for (uint32_t i = 0; fields && i < v->n_fields; i++) {
        fields[i] = v->fields[i];
        fields[i].path = keep(scan, v->fields[i].path);
    }
    return fields;
}

static int keep_finding(struct vl_manifest_scan *scan, const struct vl_verdict *v, uint32_t check,
    enum vl_verdict_outcome outcome, const struct vl_inline_exemption *exemption, struct vl_err *err)
{
    struct vl_manifest_result *result = scan->result;
    if (result->findings.len == VL_MANIFEST_FINDINGS_MAX) {
        result->left_out++;
        result->partial = true;
        return 0;
    }
    struct vl_manifest_finding *f = vl_vec_push(&result->findings, "findings", err);
    if (!f)
        return err->err;
    *f = (struct vl_manifest_finding){
        .object = scan->object_index,
        .check = check,
        .outcome = outcome,
        .rule = keep(scan, v->rule),
        .message = keep(scan, v->message),
        .fields = keep_fields(scan, v),
        .n_fields = v->n_fields,
        .line = v->n_fields && v->fields[0].line ? v->fields[0].line : v->object_line,
        .column = v->n_fields && v->fields[0].line ? v->fields[0].column : 0,
        .fix = keep(scan, v->fix),
        .fix_is_patch = v->fix_is_patch,
        .evaluated_as = keep(scan, v->evaluated_as),
        .exemption = keep(scan, exemption ? "inline" : v->exemption),
        .justification = keep(scan, exemption ? exemption->reason : v->justification),
    };
    return vl_arena_check(result->arena, "the result", err);
}

static int on_verdict(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct vl_manifest_scan *scan = user;
    struct vl_manifest_result *result = scan->result;
    uint32_t index;
    if (v->severity < scan->options.min_severity)
        return 0;
    int r = find_check(scan, v, &index, err);
    if (r < 0)
        return r;
    enum vl_verdict_outcome outcome = v->outcome;
    const struct vl_inline_exemption *exemption = NULL;
    struct vl_inline_exemption storage;
    if (outcome == VL_VERDICT_FAIL) {
        r = find_exemption(scan, v->policy, &storage, &exemption, err);
        if (r < 0)
            return r;
        outcome = exemption ? VL_VERDICT_EXEMPT : outcome;
    }
    struct vl_manifest_check *check = vl_vec_at(&result->checks, index);
    check->counts[outcome]++;
    if (outcome == VL_VERDICT_FAIL)
        result->by_severity[v->severity]++;
    result->errors += outcome == VL_VERDICT_ERROR;
    result->partial |= outcome == VL_VERDICT_ERROR;
    result->exempt += outcome == VL_VERDICT_EXEMPT;
    if (outcome == VL_VERDICT_NOT_APPLICABLE || outcome == VL_VERDICT_PASS)
        return 0;
    return keep_finding(scan, v, index, outcome, exemption, err);
}

static int on_object(const struct vl_kube_object *object, void *user, struct vl_err *err)
{
    struct vl_manifest_scan *scan = user;
    struct vl_manifest_result *result = scan->result;
    char hash[VL_KUBE_HASH_TEXT_MAX];
    int r = vl_kube_object_hash(object, hash, err);
    if (r < 0)
        return r;
    scan->object_index = (uint32_t)result->objects.len;
    struct vl_manifest_object *o = vl_vec_push(&result->objects, "objects", err);
    if (!o)
        return err->err;
    *o = (struct vl_manifest_object){
        .file = scan->file,
        .line = vl_doc_line(object->node),
        .document = scan->document,
        .pointer = scan->item == SIZE_MAX ? "" : vl_arena_printf(result->arena, "/items/%zu", scan->item),
        .api_version = keep_span(scan, object->api_version),
        .kind = keep_span(scan, object->kind),
        .namespace_name = keep_span(scan, object->namespace_name),
        .name = keep_span(scan, object->name),
        .hash = vl_arena_strdup(result->arena, hash),
    };
    if (scan->item != SIZE_MAX)
        scan->item++;
    r = vl_arena_check(result->arena, "the result", err);
    if (r < 0)
        return r;
    scan->object = object;
    scan->annotations = vl_kube_object_annotations(object);
    find_document_lines(scan, o->line);
    struct vl_kube_shape shape;
    if (!vl_kube_object_fits(object, &shape)) {
        char message[512];
        (void)snprintf(message, sizeof(message),
            "%.*s: %s must be %s, is %s: an API server refuses the object",
            VL_SPAN_FMT(vl_span_slice(object->kind, 0, 60)), shape.path, shape.wanted,
            vl_doc_type_name(vl_doc_type(shape.node)));
        r = add_problem(scan, true, scan->file, vl_doc_line(shape.node), message, err);
        if (r < 0)
            return r;
    }
    struct vl_policy_request request = {.object = object, .file = scan->file};
    return vl_policy_evaluate(scan->run, &request, on_verdict, scan, err);
}

static bool is_ours(const struct vl_doc_node *root)
{
    return vl_span_starts_with(vl_doc_get_str(root, "apiVersion"), "vallum/");
}

/* A values file, a test or a chart's description is no object; a document of ours is one, but no resource. */
static bool is_resource(const struct vl_doc_node *root)
{
    struct vl_span version = vl_doc_get_str(root, "apiVersion");
    return version.len && vl_doc_get_str(root, "kind").len && !is_ours(root);
}

static int on_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct vl_manifest_scan *scan = user;
    struct vl_doc *owned VL_CLEANUP(vl_doc_cleanup) = doc;
    const struct vl_doc_node *root = vl_doc_root(owned);
    int r = 0;
    if (is_resource(root)) {
        bool list = vl_doc_is(vl_doc_get(root, "items"), VL_DOC_ARRAY);
        scan->item = list ? 0 : SIZE_MAX;
        struct vl_err bad = VL_ERR_INIT;
        r = vl_kube_each_object(root, scan->file, on_object, scan, &bad);
        if (r < 0 && bad.code == VL_ERR_INVALID)
            r = add_problem(scan, true, scan->file, vl_doc_line(root), bad.msg, err);
        else if (r < 0)
            *err = bad;
    } else if (vl_doc_get(root, "apiVersion") && vl_doc_get(root, "kind") && !is_ours(root)) {
        r = add_problem(scan, true, scan->file, vl_doc_line(root),
            "apiVersion and kind must be texts that are not empty: not checked", err);
    } else if (!vl_doc_is(root, VL_DOC_NULL)) {
        scan->result->foreign++;
    }
    scan->document++;
    return r;
}

static bool looks_like_json(struct vl_span text)
{
    text = vl_span_trim(text);
    /* "{{" is a template's, which is not rendered. */
    return text.len && (text.ptr[0] == '{' || text.ptr[0] == '[') && !vl_span_starts_with(text, "{{");
}

/* What cannot be parsed; a template of Helm is the usual reason. */
static int add_unreadable(struct vl_manifest_scan *scan, struct vl_span text, const char *file,
    const struct vl_err *bad, struct vl_err *err)
{
    char message[VL_ERR_MSG_MAX + 128];
    bool template = vl_span_find(text, VL_SPAN_LIT("{{")) != SIZE_MAX;
    (void)snprintf(message, sizeof(message), "%s%s", bad->msg,
        template ? "; this looks like a template that is not rendered: render it first (helm template)" : "");
    return add_problem(scan, true, file, 0, message, err);
}

int vl_manifest_scan_add(
    struct vl_manifest_scan *scan, struct vl_span text, const char *file, struct vl_err *err)
{
    scan->file = keep(scan, file);
    if (!scan->file)
        return vl_arena_check(scan->result->arena, "the result", err);
    scan->result->files++;
    scan->document = 0;
    scan->exemptions.len = scan->separators.len = 0;
    vl_arena_reset(scan->scratch);
    if (text.len > VL_MANIFEST_TEXT_MAX)
        return add_problem(scan, true, file, 0, "larger than 256 MiB: not checked", err);
    int r = vl_inline_exemption_comments(text, scan->scratch, &scan->exemptions, on_bad_comment, scan, err);
    if (r >= 0 && scan->exemptions.len)
        r = read_separators(scan, text, err);
    if (r < 0)
        return r;
    struct vl_err bad = VL_ERR_INIT;
    enum vl_doc_format format = looks_like_json(text) ? VL_DOC_JSON : VL_DOC_YAML_KUBERNETES;
    uint32_t documents = scan->document;
    r = vl_doc_parse_stream(text, format, file, on_document, scan, &bad);
    /* YAML's flow form begins like JSON. */
    if (r < 0 && format == VL_DOC_JSON && bad.code == VL_ERR_INVALID && scan->document == documents) {
        vl_err_clear(&bad);
        r = vl_doc_parse_stream(text, VL_DOC_YAML_KUBERNETES, file, on_document, scan, &bad);
    }
    if (r < 0 && (bad.code == VL_ERR_MEMORY || bad.code == VL_ERR_SYSTEM)) {
        *err = bad;
        return r;
    }
    if (r < 0)
        r = add_unreadable(scan, text, file, &bad, err);
    return r < 0 ? r : tell_unused(scan, err);
}

/* --- the end --- */

static void count_item(
    const struct vl_manifest_scan *scan, const struct vl_standard_item *item, struct vl_manifest_standard *s)
{
    uint64_t passed = 0, failed = 0;
    if (item->state == VL_STANDARD_MANUAL) {
        s->manual++;
        return;
    }
    if (item->state == VL_STANDARD_NOT_ASSESSABLE) {
        s->not_assessable++;
        return;
    }
    for (size_t i = 0; i < scan->result->checks.len; i++) {
        const struct vl_manifest_check *c = vl_vec_at(&scan->result->checks, i);
        for (uint32_t k = 0; k < item->n_checks; k++) {
            if (strcmp(item->checks[k], c->id) != 0)
                continue;
            passed += c->counts[VL_VERDICT_PASS] + c->counts[VL_VERDICT_EXEMPT];
            failed += c->counts[VL_VERDICT_FAIL] + c->counts[VL_VERDICT_ERROR];
        }
    }
    if (failed)
        s->failed++;
    else if (passed)
        s->passed++;
    else
        s->not_applicable++;
}

static int count_standards(struct vl_manifest_scan *scan, struct vl_err *err)
{
    for (uint32_t i = 0; i < vl_policies_standards(scan->policies); i++) {
        const struct vl_standard *from = vl_policies_standard(scan->policies, i);
        if (scan->options.standard && strcmp(scan->options.standard, from->id) != 0)
            continue;
        struct vl_manifest_standard *s = vl_vec_push(&scan->result->standards, "standards", err);
        if (!s)
            return err->err;
        s->id = keep(scan, from->id);
        s->title = keep(scan, from->title);
        s->version = keep(scan, from->version);
        for (uint32_t k = 0; k < from->n_items; k++)
            count_item(scan, &from->items[k], s);
    }
    return vl_arena_check(scan->result->arena, "the result", err);
}

int vl_manifest_scan_finish(
    struct vl_manifest_scan *scan, struct vl_manifest_result **ret, struct vl_err *err)
{
    int r = count_standards(scan, err);
    if (r < 0)
        return r;
    scan->result->scanned_ms = scan->options.now_ms;
    scan->result->took_us = vl_time_monotonic_us() - scan->begun_us;
    *ret = scan->result;
    scan->result = NULL;
    return 0;
}
