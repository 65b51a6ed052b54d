/* Exceptions: rows of values for some fields, or many values for one; they become `and not (…)` behind the
 * condition, as text, so that lists and transformers work in them as anywhere. */
#include <stdio.h>
#include <string.h>

#include "ruleset_impl.h"

static void tell(struct vl_ruleset *set, const struct rs_rule *rule, const struct rs_exception *exception,
    const char *hint, const char *message)
{
    char label[256];
    (void)snprintf(label, sizeof(label), "rule '%s', exception '%s'", rule->name, exception->name);
    rs_tell(set, true, RS_ERR_VALIDATE, &exception->place, label, hint, "%s", message);
}

/* --- operators --- */

static bool is_list_op(struct vl_span op)
{
    return vl_span_eq_str(op, "in") || vl_span_eq_str(op, "intersects") || vl_span_eq_str(op, "pmatch") ||
           vl_span_ends_with(op, " oneof") || vl_span_ends_with(op, " anyof") ||
           vl_span_ends_with(op, " allof");
}

static bool is_base_op(struct vl_span op)
{
    if (vl_span_eq_str(op, "=="))
        return true;
    for (int i = VL_OP_EXISTS; i <= VL_OP_PMATCH; i++)
        if (vl_span_eq_str(op, vl_condition_op_name((enum vl_condition_op)i)))
            return true;
    return false;
}

/* Operators of one text that `oneof` and the like may follow. */
static bool is_text_op(struct vl_span op)
{
    for (int i = VL_OP_CONTAINS; i <= VL_OP_REGEX; i++)
        if (vl_span_eq_str(op, vl_condition_op_name((enum vl_condition_op)i)))
            return true;
    return false;
}

static bool is_op(struct vl_span op)
{
    size_t blank = vl_span_find_char(op, ' ');
    if (blank == SIZE_MAX)
        return is_base_op(op);
    return is_list_op(op) && is_text_op(vl_span_trim(vl_span_slice(op, 0, blank)));
}

/* "  startswith   oneof " is written "startswith oneof". */
static struct vl_span normal_op(struct vl_ruleset *set, struct vl_span op)
{
    char text[64];
    size_t n = 0;
    op = vl_span_trim(op);
    for (size_t i = 0; i < op.len && n < sizeof(text) - 1; i++) {
        bool blank = op.ptr[i] == ' ' || op.ptr[i] == '\t' || op.ptr[i] == '\n';
        if (!blank || (n && text[n - 1] != ' '))
            text[n++] = blank ? ' ' : op.ptr[i];
    }
    char *kept = vl_arena_dup_span(set->arena, (struct vl_span){text, n});
    return kept ? (struct vl_span){kept, n} : op;
}

static bool check_op(
    struct vl_ruleset *set, const struct rs_rule *rule, struct rs_exception *exception, struct rs_entry *comp)
{
    char message[256];
    comp->item = normal_op(set, comp->item);
    if (!comp->is_list && is_op(comp->item))
        return true;
    (void)snprintf(message, sizeof(message), "'%.*s' is not a supported comparison operator",
        VL_SPAN_FMT(vl_span_slice(comp->item, 0, 100)));
    tell(set, rule, exception, NULL, message);
    return false;
}

/* --- fields: known to the source, plain or transformed --- */

static const struct vl_operand *unknown_in(const struct vl_operand *operand, enum vl_event_source source)
{
    const struct vl_operand *bad = NULL;
    struct vl_span arg;
    if (operand->is_literal)
        return NULL;
    if (operand->field.len)
        return vl_field_find(source, operand->field, operand->arg, &arg) ? NULL : operand;
    for (const struct vl_operand *o = operand->inner; o && !bad; o = o->next)
        bad = unknown_in(o, source); /* the parser limits its depth */
    return bad;
}

static bool check_field(struct vl_ruleset *set, const struct rs_rule *rule, struct rs_exception *exception,
    const struct rs_entry *field)
{
    enum vl_event_source source;
    struct vl_condition *tree = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_operand *bad = NULL;
    char message[256], hint[160];
    if (rule->unknown_source || !rs_source_of(rule->source, &source))
        return true;
    char *text = vl_arena_printf(set->arena, "%.*s exists", VL_SPAN_FMT(field->item));
    if (!text)
        return false;
    bool parsed = !field->is_list &&
                  vl_condition_parse(vl_span_str(text), set->arena, &tree, NULL, &err) >= 0 &&
                  tree->kind == VL_COND_CHECK;
    if (parsed)
        bad = unknown_in(tree->as.check.left, source);
    if (parsed && !bad)
        return true;
    const struct vl_field *near = bad ? vl_field_nearest(source, bad->field) : NULL;
    (void)snprintf(message, sizeof(message), "'%.*s' is not a supported filter field",
        VL_SPAN_FMT(vl_span_slice(field->item, 0, 100)));
    (void)snprintf(hint, sizeof(hint), "did you mean '%s'?", near ? near->name : "");
    tell(set, rule, exception, near ? hint : NULL, message);
    return false;
}

static bool check_rows(struct vl_ruleset *set, const struct rs_rule *rule, struct rs_exception *exception)
{
    if (exception->fields.n_items > RS_FIELDS_MAX) {
        tell(set, rule, exception, NULL, "an exception has more than 256 fields");
        return false;
    }
    if (!exception->comps.present) {
        struct rs_entry *comps = vl_arena_array(set->arena, exception->fields.n_items + 1UL, sizeof(*comps));
        if (!comps)
            return false;
        for (uint32_t i = 0; i < exception->fields.n_items; i++)
            comps[i] = (struct rs_entry){.present = true, .item = VL_SPAN_LIT("=")};
        exception->comps = (struct rs_entry){true, true, VL_SPAN_EMPTY, comps, exception->fields.n_items};
    }
    if (!exception->comps.is_list || exception->fields.n_items != exception->comps.n_items) {
        tell(set, rule, exception, NULL, "Fields and comps lists must have equal length");
        return false;
    }
    for (uint32_t i = 0; i < exception->comps.n_items; i++)
        if (!check_op(set, rule, exception, &exception->comps.items[i]))
            return false;
    for (uint32_t i = 0; i < exception->fields.n_items; i++)
        if (!check_field(set, rule, exception, &exception->fields.items[i]))
            return false;
    return true;
}

bool rs_exception_check(struct vl_ruleset *set, const struct rs_rule *rule, struct rs_exception *exception)
{
    struct rs_entry *comps = &exception->comps;
    if (!exception->fields.present) {
        tell(set, rule, exception, NULL,
            "Rule exception item must have fields property with a list of fields");
        return false;
    }
    if (exception->fields.is_list)
        return check_rows(set, rule, exception);
    if (!comps->present)
        *comps = (struct rs_entry){.present = true, .item = VL_SPAN_LIT("in")};
    if (comps->is_list) {
        tell(set, rule, exception, NULL, "Fields and comps must both be strings");
        return false;
    }
    comps->item = normal_op(set, comps->item);
    if (!is_list_op(comps->item) || !is_op(comps->item)) {
        tell(set, rule, exception, "also a text operator with oneof, anyof or allof",
            "When fields is a single value, comps must be one of (in, pmatch, intersects)");
        return false;
    }
    return check_field(set, rule, exception, &exception->fields);
}

/* --- as text --- */

struct writer {
    struct vl_ruleset *set;
    struct rs_builder *out;
    const struct rs_scalar *where; /* the exception */
};

static void put(const struct writer *w, struct vl_span text)
{
    rs_builder_put(w->out, w->where, 0, text);
}

static void put_str(const struct writer *w, const char *text)
{
    put(w, vl_span_str(text));
}

static void put_quoted(const struct writer *w, struct vl_span item)
{
    bool quote = vl_span_find_char(item, ' ') != SIZE_MAX && *item.ptr != '"' && *item.ptr != '\'';
    put_str(w, quote ? "\"" : "");
    put(w, item);
    put_str(w, quote ? "\"" : "");
}

/* A value behind its operator: a list in parentheses, a text for a list operator too. */
static void put_value(const struct writer *w, struct vl_span op, const struct rs_entry *value)
{
    bool parens = is_list_op(op) && (!value->item.len || *value->item.ptr != '(');
    if (!value->is_list) {
        put_str(w, parens ? "(" : "");
        if (is_list_op(op))
            put(w, value->item);
        else
            put_quoted(w, value->item);
        put_str(w, parens ? ")" : "");
        return;
    }
    put_str(w, "(");
    for (uint32_t i = 0; i < value->n_items; i++) {
        put_str(w, i ? ", " : "");
        put_quoted(w, value->items[i].item);
    }
    put_str(w, ")");
}

static bool has_nested(const struct rs_entry *value)
{
    for (uint32_t i = 0; i < value->n_items; i++)
        if (value->items[i].is_list)
            return true;
    return false;
}

static bool write_row(const struct writer *w, const struct rs_rule *rule,
    const struct rs_exception *exception, const struct rs_entry *row)
{
    if (!row->is_list || row->n_items != exception->fields.n_items) {
        tell(w->set, rule, exception, "each row of values has one value a field",
            "Fields and values lists must have equal length");
        return false;
    }
    put_str(w, "(");
    for (uint32_t k = 0; k < row->n_items; k++) {
        struct vl_span op = exception->comps.items[k].item;
        if (has_nested(&row->items[k])) {
            tell(w->set, rule, exception, NULL, "Expected values array to contain a list of strings");
            return false;
        }
        put_str(w, k ? " and " : "");
        put(w, exception->fields.items[k].item);
        put_str(w, " ");
        put(w, op);
        put_str(w, " ");
        put_value(w, op, &row->items[k]);
    }
    put_str(w, ")");
    return true;
}

static bool write_values(
    const struct writer *w, const struct rs_rule *rule, const struct rs_exception *exception)
{
    put_str(w, "(");
    put(w, exception->fields.item);
    put_str(w, " ");
    put(w, exception->comps.item);
    put_str(w, " (");
    for (size_t i = 0; i < exception->values.len; i++) {
        const struct rs_entry *value = vl_vec_at(&exception->values, i);
        if (value->is_list) {
            tell(w->set, rule, exception, NULL, "Expected values array to contain a list of strings");
            return false;
        }
        put_str(w, i ? ", " : "");
        put_quoted(w, value->item);
    }
    put_str(w, "))");
    return true;
}

static bool write_exception(
    const struct writer *w, const struct rs_rule *rule, const struct rs_exception *exception)
{
    put_str(w, " and not ");
    if (!exception->fields.is_list)
        return write_values(w, rule, exception);
    put_str(w, "(");
    for (size_t i = 0; i < exception->values.len; i++) {
        put_str(w, i ? " or " : "");
        if (!write_row(w, rule, exception, vl_vec_at(&exception->values, i)))
            return false;
    }
    put_str(w, ")");
    return true;
}

bool rs_exceptions_text(struct vl_ruleset *set, const struct rs_rule *rule, struct rs_builder *out)
{
    for (size_t i = 0; i < rule->exceptions.len; i++) {
        const struct rs_exception *exception = vl_vec_at(&rule->exceptions, i);
        struct rs_scalar *where = vl_arena_alloc(set->arena, sizeof(*where));
        if (!where)
            return false;
        where->key = exception->place;
        struct writer w = {set, out, where};
        if (exception->values.len && !write_exception(&w, rule, exception))
            return false;
    }
    return true;
}
