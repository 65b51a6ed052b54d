/* Members of policy documents, with problems told where they stand. */
#include <stdio.h>
#include <string.h>

#include "set.h"

const struct vl_doc_node *policy_get(struct policy_load *load, const struct vl_doc_node *node,
    const char *key, enum vl_doc_type type, const char *field)
{
    const struct vl_doc_node *n = vl_doc_get(node, key);
    if (!n || vl_doc_type(n) == VL_DOC_NULL)
        return NULL;
    if (vl_doc_is(n, type))
        return n;
    policy_problem(
        load, true, n, field, "must be %s, is %s", vl_doc_type_name(type), vl_doc_type_name(vl_doc_type(n)));
    return NULL;
}

const char *policy_get_text(struct policy_load *load, const struct vl_doc_node *node, const char *key,
    const char *field, bool required)
{
    const struct vl_doc_node *n = policy_get(load, node, key, VL_DOC_STRING, field);
    if (!n) {
        const struct vl_doc_node *there = vl_doc_get(node, key);
        if (required && (!there || vl_doc_type(there) == VL_DOC_NULL))
            policy_problem(load, true, node, field, "is missing");
        return NULL;
    }
    struct vl_span s = vl_doc_span(n);
    if (memchr(s.ptr ? s.ptr : "", '\0', s.len)) {
        policy_problem(load, true, n, field, "contains a NUL character");
        return NULL;
    }
    if (required && !s.len)
        policy_problem(load, true, n, field, "is empty");
    return s.len ? s.ptr : "";
}

static bool is_known(struct vl_span key, const char *const *known)
{
    for (; *known; known++) {
        if (vl_span_eq_str(key, *known))
            return true;
    }
    return false;
}

void policy_only_keys(struct policy_load *load, const struct vl_doc_node *node, const char *field,
    const char *const *known, bool is_error)
{
    if (!vl_doc_is(node, VL_DOC_OBJECT))
        return;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        struct vl_span key = vl_doc_key(n);
        if (!is_known(key, known))
            policy_problem(
                load, is_error, n, field, "unknown field '%.*s'", VL_SPAN_FMT(vl_span_slice(key, 0, 200)));
    }
}

void policy_get_expr(struct policy_load *load, const struct vl_doc_node *node, const char *key,
    const char *field, bool required, struct policy_expr *ret)
{
    const char *text = policy_get_text(load, node, key, field, required);
    ret->field = field;
    ret->node = vl_doc_get(node, key);
    ret->text = vl_span_str(text);
}

/* Room for the items of an array beside those there are; 0 where there is nothing to add. */
static size_t room(struct policy_load *load, const struct vl_doc_node *array, const char *field,
    uint32_t have, size_t max, void **items, size_t size, struct vl_err *err)
{
    size_t n = vl_doc_size(array);
    if (array && vl_doc_is(array, VL_DOC_NULL))
        return 0; /* "variables:" with nothing behind it */
    if (array && !vl_doc_is(array, VL_DOC_ARRAY)) {
        policy_problem(
            load, true, array, field, "must be array, is %s", vl_doc_type_name(vl_doc_type(array)));
        return 0;
    }
    if (n > max - (have < max ? have : max)) {
        policy_problem(load, true, array, field, "%zu items; at most %zu are taken", n + have, max);
        return 0;
    }
    if (n == 0)
        return 0;
    char *more = vl_arena_array(load->set->arena, n + have, size);
    if (!more) {
        int r = vl_arena_check(load->set->arena, "policies", err);
        err->err = r < 0 ? r : vl_err_nomem(err);
        return SIZE_MAX;
    }
    if (have)
        memcpy(more, *items, have * size);
    *items = more;
    return n;
}

static bool is_identifier(const char *s)
{
    bool ok = s[0] != '\0' && !(s[0] >= '0' && s[0] <= '9');
    for (; *s && ok; s++)
        ok = vl_char_is_letter(*s) || vl_char_is_digit(*s) || *s == '_';
    return ok;
}

int policy_get_conditions(struct policy_load *load, const struct vl_doc_node *array, const char *field,
    struct policy *policy, struct vl_err *err)
{
    void *items = policy->conditions;
    size_t n = room(load, array, field, policy->n_conditions, VL_POLICY_EXPRESSIONS_MAX, &items,
        sizeof(struct policy_expr), err);
    if (n == SIZE_MAX)
        return err->err;
    policy->conditions = items;
    const struct vl_doc_node *item = n ? vl_doc_first(array) : NULL;
    for (size_t i = 0; item; item = vl_doc_next(item), i++) {
        struct policy_expr *e = &policy->conditions[policy->n_conditions++];
        policy_get_expr(
            load, item, "expression", policy_text(load, field, "%s[%zu].expression", field, i), true, e);
        e->name =
            policy_get_text(load, item, "name", policy_text(load, field, "%s[%zu].name", field, i), false);
        if (!e->name)
            e->name = policy_text(load, field, "%s[%zu]", field, i);
    }
    return 0;
}

int policy_get_variables(struct policy_load *load, const struct vl_doc_node *array, const char *field,
    struct policy *policy, struct vl_err *err)
{
    void *items = policy->variables;
    size_t n = room(load, array, field, policy->n_variables, VL_POLICY_VARIABLES_MAX, &items,
        sizeof(struct policy_variable), err);
    if (n == SIZE_MAX)
        return err->err;
    policy->variables = items;
    const struct vl_doc_node *item = n ? vl_doc_first(array) : NULL;
    for (size_t i = 0; item; item = vl_doc_next(item), i++) {
        const char *where = policy_text(load, field, "%s[%zu].name", field, i);
        const char *name = policy_get_text(load, item, "name", where, true);
        struct policy_variable v = {0};
        policy_get_expr(load, item, "expression", policy_text(load, field, "%s[%zu].expression", field, i),
            true, &v.expr);
        v.expr.name = name;
        if (!name)
            continue;
        if (!is_identifier(name)) {
            policy_problem(
                load, true, item, where, "'%s' is no name of a variable (letters, digits, _)", name);
            continue;
        }
        bool twice = false;
        for (uint32_t k = 0; k < policy->n_variables && !twice; k++)
            twice = strcmp(policy->variables[k].expr.name, name) == 0;
        if (twice)
            policy_problem(load, true, item, where, "there is a variable '%s' already", name);
        else
            policy->variables[policy->n_variables++] = v;
    }
    return 0;
}

static const char *const reasons[] = {"Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge", NULL};

/* What an API server would refuse, and is harmless here. */
static void check_validation(struct policy_load *load, const struct vl_doc_node *item, const char *field,
    const struct policy_validation *v)
{
    if (v->message && strchr(v->message, '\n'))
        policy_problem(load, false, item, field, "an API server refuses a message of several lines");
    else if (!v->message && vl_span_find_char(vl_span_trim(v->expr.text), '\n') != SIZE_MAX)
        policy_problem(load, false, item, field,
            "an API server asks for a message where the expression has several lines");
}

static void get_validation(struct policy_load *load, const struct vl_doc_node *item, const char *field,
    size_t index, const char *default_message, struct policy_validation *v)
{
    static const char *const keys[] = {"expression", "message", "messageExpression", "reason", "name", NULL};
    const char *where = policy_text(load, field, "%s[%zu]", field, index);
    const char *last = strrchr(field, '.');
    policy_get_expr(
        load, item, "expression", policy_text(load, field, "%s.expression", where), true, &v->expr);
    v->message = policy_get_text(load, item, "message", policy_text(load, field, "%s.message", where), false);
    if (load->object && vl_span_eq_str(load->object->kind, "ValidatingAdmissionPolicy"))
        check_validation(load, item, where, v);
    if (!v->message)
        v->message = default_message;
    policy_get_expr(load, item, "messageExpression", policy_text(load, field, "%s.messageExpression", where),
        false, &v->message_expr);
    v->reason = policy_get_text(load, item, "reason", policy_text(load, field, "%s.reason", where), false);
    if (v->reason && !is_known(vl_span_str(v->reason), reasons))
        policy_problem(load, true, item, where,
            "'%s' is none of the reasons Unauthorized, Forbidden, Invalid, "
            "RequestEntityTooLarge",
            v->reason);
    v->rule = policy_get_text(load, item, "name", where, false);
    if (!v->rule)
        v->rule = policy_text(load, field, "%s[%zu]", last ? last + 1 : field, index);
    policy_only_keys(load, item, where, keys, false);
}

int policy_get_validations(struct policy_load *load, const struct vl_doc_node *array, const char *field,
    const char *default_message, struct policy *policy, struct vl_err *err)
{
    void *items = policy->validations;
    size_t n = room(load, array, field, policy->n_validations, VL_POLICY_EXPRESSIONS_MAX, &items,
        sizeof(struct policy_validation), err);
    if (n == SIZE_MAX)
        return err->err;
    policy->validations = items;
    const struct vl_doc_node *item = n ? vl_doc_first(array) : NULL;
    for (size_t i = 0; item; item = vl_doc_next(item), i++)
        get_validation(load, item, field, i, default_message, &policy->validations[policy->n_validations++]);
    return 0;
}

int policy_get_annotations(struct policy_load *load, const struct vl_doc_node *array, const char *field,
    struct policy *policy, struct vl_err *err)
{
    void *items = policy->annotations;
    size_t n = room(load, array, field, policy->n_annotations, VL_POLICY_EXPRESSIONS_MAX, &items,
        sizeof(struct policy_expr), err);
    if (n == SIZE_MAX)
        return err->err;
    policy->annotations = items;
    const struct vl_doc_node *item = n ? vl_doc_first(array) : NULL;
    for (size_t i = 0; item; item = vl_doc_next(item), i++) {
        struct policy_expr *e = &policy->annotations[policy->n_annotations];
        policy_get_expr(load, item, "valueExpression",
            policy_text(load, field, "%s[%zu].valueExpression", field, i), true, e);
        e->name = policy_get_text(load, item, "key", policy_text(load, field, "%s[%zu].key", field, i), true);
        if (e->name)
            policy->n_annotations++;
    }
    return 0;
}

unsigned policy_get_actions(
    struct policy_load *load, const struct vl_doc_node *array, const char *field, unsigned otherwise)
{
    unsigned actions = 0;
    if (!array)
        return otherwise;
    if (!vl_doc_is(array, VL_DOC_ARRAY)) {
        policy_problem(load, true, array, field, "must be array");
        return otherwise;
    }
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n)) {
        struct vl_span s = vl_doc_span(n);
        if (vl_span_eq_str(s, "Deny"))
            actions |= VL_VERDICT_DENY;
        else if (vl_span_eq_str(s, "Warn"))
            actions |= VL_VERDICT_WARN;
        else if (vl_span_eq_str(s, "Audit"))
            actions |= VL_VERDICT_AUDIT;
        else
            policy_problem(load, true, n, field, "'%.*s' is none of Deny, Warn, Audit",
                VL_SPAN_FMT(vl_span_slice(vl_doc_text(n), 0, 100)));
    }
    return actions ? actions : otherwise;
}

void policy_get_failure_policy(
    struct policy_load *load, const struct vl_doc_node *node, const char *field, struct policy *policy)
{
    const char *text = policy_get_text(load, node, "failurePolicy", field, false);
    policy->ignore_failures = text && strcmp(text, "Ignore") == 0;
    if (text && strcmp(text, "Ignore") != 0 && strcmp(text, "Fail") != 0)
        policy_problem(load, true, node, field, "'%s' is neither Fail nor Ignore", text);
}
