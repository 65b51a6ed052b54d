/* Which fields a failed check is about, where they stand, and the fix. */
#include <string.h>

#include "run.h"

#define PATH_TEXT_MAX   4096
#define FIX_MAX         (1024UL * 1024)
#define LISTS_DEPTH_MAX 4 /* of lists in lists that an expression gives */

/* One step of a path: a key, an index, or every item ("[*]"). */
struct step {
    struct vl_span key;
    size_t index;
    bool is_index, is_any;
};

/* Takes a step off the front: "spec", ".containers", "[0]", "[*]", "['a.b/c']". False at the end, or where it
 * is no path. */
static bool next_step(struct vl_span *rest, struct step *ret)
{
    *ret = (struct step){0};
    if (rest->len && rest->ptr[0] == '.')
        *rest = vl_span_slice(*rest, 1, rest->len);
    if (!rest->len)
        return false;
    if (rest->ptr[0] != '[') {
        size_t end = 0;
        while (end < rest->len && rest->ptr[end] != '.' && rest->ptr[end] != '[')
            end++;
        ret->key = vl_span_slice(*rest, 0, end);
        *rest = vl_span_slice(*rest, end, rest->len);
        return ret->key.len > 0;
    }
    bool quoted = rest->len > 2 && (rest->ptr[1] == '\'' || rest->ptr[1] == '"');
    char closing = quoted ? rest->ptr[1] : ']';
    size_t from = quoted ? 2 : 1;
    size_t end = vl_span_find_char(vl_span_slice(*rest, from, rest->len), closing);
    if (end == SIZE_MAX)
        return false;
    struct vl_span inner = vl_span_slice(*rest, from, from + end);
    uint64_t n = 0;
    *rest = vl_span_slice(*rest, from + end + (quoted ? 2 : 1), rest->len);
    ret->key = inner;
    ret->is_any = !quoted && vl_span_eq_str(inner, "*");
    ret->is_index = !quoted && !ret->is_any && vl_span_to_u64(inner, &n);
    ret->index = (size_t)n;
    return true;
}

const struct vl_doc_node *policy_node_at(
    const struct vl_doc_node *root, struct vl_span path, const struct vl_doc_node **ret_near)
{
    const struct vl_doc_node *node = root;
    struct step step;
    *ret_near = root;
    while (node && next_step(&path, &step)) {
        node = step.is_index ? vl_doc_at(node, step.index) : vl_doc_get_span(node, step.key);
        if (node)
            *ret_near = node;
    }
    return node;
}

struct fields {
    struct vl_policy_run *run;
    struct policy_look *look;
    struct vl_verdict *verdict;
    struct vl_verdict_field *items; /* VL_POLICY_FIELDS_MAX */
};

static void add_field(struct fields *f, struct vl_span path)
{
    const struct vl_doc_node *near;
    const char *prefix = f->look->template_path;
    if (f->verdict->n_fields >= VL_POLICY_FIELDS_MAX)
        return;
    const struct vl_doc_node *node = policy_node_at(f->look->root, path, &near);
    struct vl_verdict_field *field = &f->items[f->verdict->n_fields++];
    field->path = vl_arena_printf(
        f->run->verdict, "%s%s%.*s", prefix, prefix[0] && path.len ? "." : "", VL_SPAN_FMT(path));
    field->line = vl_doc_line(node ? node : near);
    field->column = vl_doc_column(node ? node : near);
    field->missing = node == NULL;
}

/* Every existing node that a pattern with [*] means. `text` holds the path so far. */
static void expand(struct fields *f, const struct vl_doc_node *node, struct vl_span rest, char *text,
    size_t len, unsigned depth)
{
    struct step step;
    struct vl_span before = rest;
    if (depth > VL_DOC_DEPTH_MAX || f->verdict->n_fields >= VL_POLICY_FIELDS_MAX)
        return;
    if (!next_step(&rest, &step)) {
        if (!before.len)
            add_field(f, (struct vl_span){text, len});
        return;
    }
    if (!step.is_any) {
        const struct vl_doc_node *child =
            step.is_index ? vl_doc_at(node, step.index) : vl_doc_get_span(node, step.key);
        size_t taken = before.len - rest.len;
        if (!child || len + taken + 1 >= PATH_TEXT_MAX)
            return;
        memcpy(text + len, before.ptr, taken);
        expand(f, child, rest, text, len + taken, depth + 1);
        return;
    }
    size_t i = 0;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n), i++) {
        struct vl_buf digits;
        vl_buf_init(&digits, 64);
        vl_buf_printf(&digits, "[%zu]", i);
        if (len + digits.len + 1 < PATH_TEXT_MAX) {
            memcpy(text + len, vl_buf_str(&digits), digits.len);
            expand(f, n, rest, text, len + digits.len, depth + 1);
        }
        vl_buf_done(&digits);
    }
}

static void from_patterns(struct fields *f, const struct policy *policy)
{
    char text[PATH_TEXT_MAX];
    for (const struct vl_doc_node *n = vl_doc_first(policy->fields); n; n = vl_doc_next(n))
        expand(f, f->look->root, vl_doc_span(n), text, 0, 0);
}

static void note(struct fields *f, const char *what, const char *why)
{
    struct vl_verdict *v = f->verdict;
    const char **notes = vl_arena_array(f->run->verdict, v->n_notes + 1, sizeof(*notes));
    if (!notes)
        return;
    if (v->n_notes)
        memcpy(notes, v->notes, v->n_notes * sizeof(*notes));
    notes[v->n_notes++] = vl_arena_printf(f->run->verdict, "%s: %s", what, why);
    v->notes = notes;
}

/* Evaluates one of the two; false where it gives nothing to use. */
static int late(struct fields *f, const struct policy *policy, const struct policy_expr *e, const char *what,
    struct vl_cel_value *ret, bool *ret_ok, struct vl_err *err)
{
    *ret_ok = false;
    if (!e->text.len)
        return 0;
    if (e->broken) {
        note(f, what, e->broken);
        return 0;
    }
    policy_run_bind(f->run, policy, f->look, NULL, true, VL_CEL_COST_POLICY_MAX, policy->uses_late);
    int r = vl_cel_eval(f->run->cel, e->program, ret, NULL, err);
    if (r < 0)
        return r;
    if (ret->kind == VL_CEL_ERROR)
        note(f, what, ret->as.error->message);
    *ret_ok = ret->kind != VL_CEL_ERROR;
    return 0;
}

/* Lists in lists are taken apart: a check walks over groups of containers. */
static void add_paths(struct fields *f, struct vl_cel_value list, unsigned depth)
{
    struct vl_cel_iter it = vl_cel_iterate(list);
    struct vl_cel_value item;
    while (vl_cel_iter_next(&it, NULL, &item) && f->verdict->n_fields < VL_POLICY_FIELDS_MAX) {
        if (item.kind == VL_CEL_STRING)
            add_field(f, vl_cel_span(item));
        else if (item.kind == VL_CEL_LIST && depth < LISTS_DEPTH_MAX)
            add_paths(f, item, depth + 1);
    }
}

static int locate(struct fields *f, const struct policy *policy, struct vl_err *err)
{
    struct vl_cel_value list = vl_cel_null();
    bool ok = false;
    int r = late(f, policy, &policy->locate, "locate", &list, &ok, err);
    if (r < 0)
        return r;
    if (ok && list.kind == VL_CEL_LIST)
        add_paths(f, list, 0);
    if (!f->verdict->n_fields)
        from_patterns(f, policy);
    return 0;
}

/* --- the fix, moved into the template where it is about one --- */

static void write_string(struct vl_buf *out, struct vl_span text, struct vl_err *err, int *r)
{
    if (*r == 0)
        *r = vl_cel_value_json(vl_cel_string(text), false, out, err);
}

/* "/spec/hostPID" becomes "/spec/template/spec/hostPID". */
static int write_pointer(struct fields *f, struct vl_span pointer, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_span rest = vl_span_str(f->look->template_path);
    struct vl_span part;
    int r = 0;
    vl_buf_init(&text, FIX_MAX);
    while (vl_span_split(&rest, '.', &part)) {
        vl_buf_append_char(&text, '/');
        vl_buf_append_span(&text, part);
    }
    vl_buf_append_span(&text, pointer);
    write_string(out, vl_buf_span(&text), err, &r);
    return r;
}

static int write_operation(struct fields *f, struct vl_cel_value op, struct vl_buf *out, struct vl_err *err)
{
    struct vl_cel_iter members = vl_cel_iterate(op);
    struct vl_cel_value key, value;
    int r = 0;
    vl_buf_append_char(out, '{');
    for (bool first = true; r == 0 && vl_cel_iter_next(&members, &key, &value); first = false) {
        struct vl_span name = vl_cel_span(key);
        bool pointer =
            (vl_span_eq_str(name, "path") || vl_span_eq_str(name, "from")) && value.kind == VL_CEL_STRING;
        if (!first)
            vl_buf_append_char(out, ',');
        write_string(out, name, err, &r);
        vl_buf_append_char(out, ':');
        if (r == 0)
            r = pointer ? write_pointer(f, vl_cel_span(value), out, err)
                        : vl_cel_value_json(value, false, out, err);
    }
    vl_buf_append_char(out, '}');
    return r;
}

static int write_operations(struct fields *f, struct vl_cel_value list, unsigned depth, struct vl_buf *out,
    uint32_t *n, struct vl_err *err)
{
    struct vl_cel_iter it = vl_cel_iterate(list);
    struct vl_cel_value item;
    int r = 0;
    while (r == 0 && vl_cel_iter_next(&it, NULL, &item)) {
        if (item.kind == VL_CEL_LIST && depth < LISTS_DEPTH_MAX) {
            r = write_operations(f, item, depth + 1, out, n, err);
        } else if (item.kind == VL_CEL_MAP) {
            if ((*n)++)
                vl_buf_append_char(out, ',');
            r = write_operation(f, item, out, err);
        } else {
            r = vl_err_set(err, VL_ERR_INVALID, "an operation is no map");
        }
    }
    return r;
}

static int write_apply(struct fields *f, struct vl_cel_value value, struct vl_buf *out, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(f->look->template_path);
    struct vl_span part;
    unsigned depth = 0;
    int r = 0;
    while (r == 0 && vl_span_split(&rest, '.', &part)) {
        vl_buf_append_char(out, '{');
        write_string(out, part, err, &r);
        vl_buf_append_char(out, ':');
        depth++;
    }
    if (r == 0)
        r = vl_cel_value_json(value, false, out, err);
    while (depth--)
        vl_buf_append_char(out, '}');
    return r;
}

static int fix(struct fields *f, const struct policy *policy, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_cel_value value = vl_cel_null();
    struct vl_err bad = VL_ERR_INIT;
    bool ok = false;
    vl_buf_init(&out, FIX_MAX);
    int r = late(f, policy, &policy->fix, "fix", &value, &ok, err);
    if (r < 0 || !ok)
        return r;
    if (value.kind != (policy->fix_is_patch ? VL_CEL_LIST : VL_CEL_MAP)) {
        note(f, "fix", policy->fix_is_patch ? "is no list" : "is no map");
        return 0;
    }
    uint32_t n = 0;
    vl_buf_append_str(&out, policy->fix_is_patch ? "[" : "");
    r = policy->fix_is_patch ? write_operations(f, value, 0, &out, &n, &bad)
                             : write_apply(f, value, &out, &bad);
    vl_buf_append_str(&out, policy->fix_is_patch ? "]" : "");
    if (r == 0)
        r = vl_buf_check(&out, "a fix", &bad);
    if (r < 0) {
        note(f, "fix", bad.msg);
        return 0;
    }
    if (policy->fix_is_patch && n == 0)
        return 0;
    f->verdict->fix = vl_arena_strdup(f->run->verdict, vl_buf_str(&out));
    f->verdict->fix_is_patch = policy->fix_is_patch;
    return 0;
}

int policy_run_explain(struct vl_policy_run *run, const struct policy *policy, struct policy_look *look,
    struct vl_verdict *verdict, struct vl_err *err)
{
    struct fields f = {.run = run, .look = look, .verdict = verdict};
    f.items = vl_arena_array(run->verdict, VL_POLICY_FIELDS_MAX, sizeof(*f.items));
    if (!f.items)
        return vl_arena_check(run->verdict, "verdict", err);
    verdict->fields = f.items;
    int r = locate(&f, policy, err);
    return r < 0 ? r : fix(&f, policy, err);
}
