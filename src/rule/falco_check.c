/* Checks of a condition against the fields of its source: what exists, which operators a type has, how values
 * must look. Messages are those of Falco's filter compiler. */
#include "falco_check.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event_types.h"
#include "rule/output.h"

#define LIST_DISTANCE_MAX 2 /* letters by which a misspelt list differs */
#define ERRORS_MAX        10 /* of one condition; the rest is counted by nobody, since the first ones are enough */

struct checking {
    struct fc_check *check;
    const struct vl_condition *node;
    unsigned errors;
    bool failed;
};

/* Where a node is written: in the rule, or in the macro it came from. */
static struct rs_place node_place(const struct checking *c, uint32_t offset)
{
    const struct rs_text *text = c->check->text;
    if (c->node->origin.len) {
        const struct vl_map_slot *slot = vl_map_get(&c->check->set->by_macro, c->node->origin);
        const struct rs_macro *macro = slot ? slot->value.ptr : NULL;
        text = macro ? &macro->text : text;
    }
    return rs_text_place(c->check->set, text, offset);
}

VL_PRINTF(4, 5)
static bool fail(struct checking *c, uint32_t offset, const char *hint, const char *fmt, ...)
{
    struct rs_place place = node_place(c, offset);
    char message[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    c->failed = true;
    if (c->errors++ < ERRORS_MAX)
        rs_tell(c->check->set, true, RS_ERR_COMPILE_CONDITION, &place, c->check->item, hint, "%s", message);
    return false;
}

/* An unknown field or event type: the rule may say that it is skipped then. */
VL_PRINTF(4, 5)
static bool fail_unknown(struct checking *c, uint32_t offset, const char *hint, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    if (!c->check->from->skip_if_unknown_filter)
        return fail(c, offset, hint, "%s", message);
    if (!c->check->skipped_because) {
        struct rs_place place = node_place(c, offset);
        rs_tell(c->check->set, false, RS_UNKNOWN_FILTER, &place, c->check->item, hint, "%s", message);
        c->check->skipped_because = vl_arena_strdup(c->check->set->arena, message);
    }
    return false;
}

static void warn(struct checking *c, const char *code, const char *hint, const char *message)
{
    struct rs_place place = node_place(c, c->node->offset);
    rs_tell(c->check->set, false, code, &place, c->check->item, hint, "%s", message);
}

/* --- values of evt.type --- */

static bool check_event_type(struct checking *c, struct vl_span value)
{
    struct rs_near near;
    char hint[128];
    if (vl_event_type_find(value))
        return true;
    rs_near_init(&near, c->check->set, value);
    for (uint16_t t = 1; t < VL_EVENT_TYPES_MAX; t++) {
        const char *name = vl_event_type_name(t);
        if (name && *name)
            rs_near_try(&near, name);
    }
    (void)snprintf(hint, sizeof(hint), "did you mean '%s'?", near.best ? near.best : "");
    return fail_unknown(c, c->node->offset, near.best ? hint : NULL, "unknown event type %.*s",
        VL_SPAN_FMT(vl_span_slice(value, 0, 100)));
}

static bool is_event_type(const struct checking *c)
{
    const struct vl_operand *left = c->node->as.check.left;
    int op = c->node->op;
    return c->check->source == VL_EVENT_SYSCALL && left->transformer == VL_TRANSFORM_NONE &&
           vl_span_eq_str(left->field, "evt.type") && !c->node->right_is_field &&
           (op == VL_OP_EQ || op == VL_OP_NE || op == VL_OP_IN);
}

/* --- warnings --- */

static bool is_regex_needless(struct vl_span v)
{
    for (size_t i = 0; i < v.len; i++) {
        if ((i == 0 && v.ptr[i] == '^') || (i == v.len - 1 && v.ptr[i] == '$'))
            continue;
        if (((i == 0 && v.len > 1) || i + 2 == v.len) && v.ptr[i] == '.' && strchr("+*?", v.ptr[i + 1])) {
            i++;
            continue;
        }
        if (strchr(".+*?^$()[]{}|\\", v.ptr[i]))
            return false;
    }
    return true;
}

static struct vl_span without_blanks(struct vl_span value, char *copy, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < value.len && n < max; i++)
        if (!strchr(" \t\n\v\f\r", value.ptr[i]) && value.ptr[i])
            copy[n++] = value.ptr[i];
    return (struct vl_span){copy, n};
}

static bool is_transformer_call(struct vl_span text)
{
    for (int t = VL_TRANSFORM_VAL; t <= VL_TRANSFORM_GETOPT; t++) {
        struct vl_span name = vl_span_str(vl_transformer_name((enum vl_transformer)t));
        if (text.len >= name.len + 2 && vl_span_eq(vl_span_slice(text, 0, name.len), name) &&
            text.ptr[name.len] == '(' && text.ptr[text.len - 1] == ')')
            return true;
    }
    return false;
}

/* Most values are words: only what has a dot or a parenthesis can be a field or a transformer. */
static void warn_of_value(struct checking *c, struct vl_span value)
{
    char copy[128], message[256];
    struct vl_span arg, stripped;
    if (value.len > sizeof(copy) || c->check->source == VL_EVENT_LOG)
        return;
    if (c->node->op == VL_OP_REGEX && is_regex_needless(value)) {
        (void)snprintf(message, sizeof(message),
            "regex check with '%.*s' may be optimized with simpler operators such as '=', 'contains', "
            "'startswith', 'endswith'",
            VL_SPAN_FMT(value));
        warn(c, RS_COMPILE_CONDITION, NULL, message);
    }
    if (vl_span_find_char(value, '.') == SIZE_MAX && vl_span_find_char(value, '(') == SIZE_MAX)
        return;
    stripped = without_blanks(value, copy, sizeof(copy));
    size_t bracket = vl_span_find_char(stripped, '[');
    if (vl_field_find(c->check->source, vl_span_slice(stripped, 0, bracket), VL_SPAN_EMPTY, &arg)) {
        (void)snprintf(message, sizeof(message),
            "'%.*s' may be a valid field misused as a const string value", VL_SPAN_FMT(value));
        warn(c, RS_COMPILE_CONDITION, "val(field) compares with a field", message);
    }
    if (is_transformer_call(stripped)) {
        (void)snprintf(message, sizeof(message),
            "'%.*s' may be a valid field transformer misused as a const string value", VL_SPAN_FMT(value));
        warn(c, RS_COMPILE_CONDITION, "write it without quotes and blanks", message);
    }
}

/* `in (shell_binarys)`: a list that is misspelt is a word like any other, and never found. */
static void warn_of_list(struct checking *c)
{
    const struct vl_condition *node = c->node;
    struct vl_ruleset *set = c->check->set;
    struct rs_near near;
    char message[160], hint[160];
    if ((node->op != VL_OP_IN && node->op != VL_OP_INTERSECTS && node->op != VL_OP_PMATCH) ||
        node->as.check.n_values != 1 || vl_span_find_char(node->as.check.values[0], '_') == SIZE_MAX)
        return;
    struct vl_span value = vl_span_slice(node->as.check.values[0], 0, 64);
    rs_near_init(&near, set, value);
    near.distance = LIST_DISTANCE_MAX + 1;
    for (size_t i = 0; i < set->lists.len && set->near_done < RS_NEAR_MAX; i++)
        rs_near_try(&near, ((struct rs_list **)set->lists.items)[i]->name);
    if (!near.best || near.distance > LIST_DISTANCE_MAX || vl_span_eq_str(value, near.best))
        return;
    (void)snprintf(
        message, sizeof(message), "'%.*s' is no list: it is compared as a word", VL_SPAN_FMT(value));
    (void)snprintf(hint, sizeof(hint), "did you mean the list '%.100s'?", near.best);
    warn(c, RS_UNKNOWN_LIST, hint, message);
}

/* A transformer around the field changes nothing. */
static void warn_of_na(struct checking *c, const struct vl_operand *left)
{
    const struct vl_condition *node = c->node;
    int op = node->op;
    while (!left->field.len && left->inner && !left->is_literal) /* the parser limits its depth */
        left = left->inner;
    if (!vl_span_starts_with(left->field, "ka.") && !vl_span_starts_with(left->field, "jevt."))
        return;
    if (op != VL_OP_EQ && op != VL_OP_NE && op != VL_OP_IN && op != VL_OP_INTERSECTS && op != VL_OP_PMATCH)
        return;
    for (uint32_t i = 0; i < node->as.check.n_values; i++)
        if (vl_span_eq_str(node->as.check.values[i], "<NA>")) {
            warn(c, RS_UNSAFE_NA_CHECK, NULL,
                "comparing a field value with <NA> is unsafe and can lead to unpredictable behavior of the "
                "rule condition. If you need to check for the existence of a field, consider using the "
                "'exists' operator instead.");
            return;
        }
}

static void warn_of_deprecated(struct checking *c, const struct vl_operand *left)
{
    char message[160];
    if (!vl_span_eq_str(left->field, "evt.dir") && !vl_span_starts_with(left->field, "evt.latency") &&
        !vl_span_eq_str(left->field, "evt.wait_latency"))
        return;
    (void)snprintf(message, sizeof(message),
        "usage of deprecated field '%.*s' has been detected in the rule condition", VL_SPAN_FMT(left->field));
    warn(c, RS_DEPRECATED_ITEM,
        vl_span_eq_str(left->field, "evt.dir") ? "an event is one call, when it returns: '<' is always true"
                                               : NULL,
        message);
}

/* --- the tree --- */

/* Fields, operators and values are the matter of vl_condition_check(), which what loads must pass anyway. */
static bool check_fields(struct checking *c)
{
    struct vl_condition_problem problem = {0};
    struct vl_err err = VL_ERR_INIT;
    struct vl_arena *scratch = c->check->set->scratch;
    vl_arena_reset(scratch);
    if (vl_condition_check(c->node, c->check->source, scratch, &problem, &err) >= 0)
        return true;
    const char *message = problem.message ? problem.message : err.msg;
    uint32_t offset = problem.offset ? problem.offset : c->node->offset;
    if (problem.unknown_field)
        return fail_unknown(c, offset, problem.hint, "%s", message);
    return fail(c, offset, problem.hint, "%s", message);
}

static void check_one(struct checking *c)
{
    const struct vl_condition *node = c->node;
    bool types = is_event_type(c);
    warn_of_deprecated(c, node->as.check.left);
    if (!check_fields(c) || node->right_is_field)
        return;
    warn_of_na(c, node->as.check.left);
    warn_of_list(c);
    for (uint32_t i = 0; i < node->as.check.n_values; i++) {
        warn_of_value(c, node->as.check.values[i]);
        if (types && !check_event_type(c, node->as.check.values[i]))
            return;
    }
}

static struct rs_macro *macro_of(const struct checking *c, const struct vl_condition *node)
{
    const struct vl_map_slot *slot =
        node->origin.len ? vl_map_get(&c->check->set->by_macro, node->origin) : NULL;
    return slot ? slot->value.ptr : NULL;
}

/* A macro that was found good for a source is not looked at again. */
static void check_tree(struct checking *c, const struct vl_condition *node)
{
    struct rs_macro *macro = macro_of(c, node);
    unsigned bit = 1U << c->check->source;
    bool whole = macro && macro->tree == node;
    if (whole && macro->checked & bit)
        return;
    if (node->kind == VL_COND_CHECK) {
        c->node = node;
        check_one(c);
    } else if (node->kind != VL_COND_MACRO) {
        for (uint32_t i = 0; i < node->as.children.n; i++)
            check_tree(c, node->as.children.items[i]); /* depth: VL_CONDITION_TREE_DEPTH_MAX */
    }
    if (whole && !c->failed && !c->check->skipped_because)
        macro->checked = (uint8_t)(macro->checked | bit);
}

/* Falco says the same of none at all. */
static void warn_of_types(struct fc_check *check, unsigned n)
{
    if (n > 0 && n <= ET_MANY)
        return;
    rs_tell(check->set, false, RS_NO_EVTTYPE, &check->from->place, check->item,
        n ? "restrict it with evt.type in (…)"
          : "no type of event is left by its tests of evt.type: it never fires",
        "Rule matches too many evt.type values. This has a significant performance penalty.");
}

bool fc_condition(struct fc_check *check, const struct vl_condition *tree)
{
    struct checking c = {.check = check};
    check_tree(&c, tree);
    if (c.failed)
        return false;
    if (check->source == VL_EVENT_SYSCALL && check->from->warn_evttypes && !check->skipped_because)
        warn_of_types(check, et_count(tree));
    return true;
}

/* --- outputs --- */

#define CONTAINER_INFO "%container.info"

static const char *without_container_info(struct fc_check *check, const char *output)
{
    struct vl_span rest = vl_span_str(output), info = VL_SPAN_LIT(CONTAINER_INFO);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_CONDITION_BYTES_MAX);
    for (size_t at = vl_span_find(rest, info); at != SIZE_MAX; at = vl_span_find(rest, info)) {
        vl_buf_append_span(&text, vl_span_slice(rest, 0, at));
        rest = vl_span_slice(rest, at + info.len, rest.len);
    }
    vl_buf_append_span(&text, rest);
    rs_tell(check->set, false, RS_DEPRECATED_ITEM, &check->from->place, check->item, "leave it out",
        "%%container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. The "
        "container plugin "
        "will automatically add required fields to the output message.");
    return vl_arena_dup_span(check->set->arena, vl_buf_span(&text));
}

static void warn_of_old_fields(struct fc_check *check, const char *output, const struct rs_place *place)
{
    static const char *const fields[] = {
        "evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency"};
    for (size_t i = 0; i < VL_ARRAY_LEN(fields); i++)
        if (strstr(output, fields[i]))
            rs_tell(check->set, false, RS_DEPRECATED_ITEM, place, check->item, NULL,
                "usage of deprecated field '%s' has been detected in the rule output", fields[i]);
}

/* Column `column` of a text that begins `skipped` bytes behind the first part's start. */
static struct rs_place output_place(struct fc_check *check, size_t skipped, size_t column)
{
    const struct rs_part *part = check->from->output;
    size_t offset = skipped + (column ? column - 1 : 0);
    while (part && part->next && offset > part->scalar->value.len) {
        offset -= part->scalar->value.len + 1;
        part = part->next;
    }
    return part ? rs_scalar_place(check->set, part->scalar, offset) : check->from->place;
}

/* The word from a column on, without a dot that ends a sentence. */
static struct vl_span name_at(struct vl_span text, size_t column)
{
    size_t from = column ? column - 1 : 0, end = from;
    while (end < text.len &&
           (isalnum((unsigned char)text.ptr[end]) || text.ptr[end] == '.' || text.ptr[end] == '_'))
        end++;
    while (end > from && text.ptr[end - 1] == '.')
        end--;
    return vl_span_slice(text, from, end);
}

/* Whether the text can be rendered; an unknown field may skip the rule instead. */
static bool check_output(struct fc_check *check, const char *text, size_t skipped)
{
    struct vl_output *output = NULL;
    struct vl_err bad = VL_ERR_INIT;
    uint64_t column = 0;
    vl_arena_reset(check->set->scratch);
    if (vl_output_parse(check->source, text, check->set->scratch, &output, &bad) >= 0)
        return true;
    struct vl_span message = vl_span_str(bad.msg);
    if (vl_span_starts_with(message, "column ")) {
        struct vl_span rest = vl_span_slice(message, 7, message.len), number;
        if (vl_span_split(&rest, ':', &number) && vl_span_to_u64(number, &column))
            message = vl_span_trim(rest);
    }
    bool unknown = vl_span_find(message, VL_SPAN_LIT("nonexistent field")) != SIZE_MAX ||
                   vl_span_find(message, VL_SPAN_LIT("invalid formatting token")) != SIZE_MAX;
    bool skips = unknown && check->from->skip_if_unknown_filter;
    struct rs_place place = output_place(check, skipped, (size_t)column);
    struct vl_span name = unknown ? name_at(vl_span_str(text), (size_t)column) : VL_SPAN_EMPTY;
    const struct vl_field *near = name.len ? vl_field_nearest(check->source, name) : NULL;
    char hint[160];
    (void)snprintf(hint, sizeof(hint), "did you mean %%%s?", near ? near->name : "");
    rs_tell(check->set, !skips, skips ? RS_UNKNOWN_FILTER : RS_ERR_COMPILE_OUTPUT, &place, check->item,
        near ? hint : NULL, "%.*s%s%.*s", VL_SPAN_FMT(message), name.len ? " " : "", VL_SPAN_FMT(name));
    if (skips)
        check->skipped_because = vl_arena_dup_span(check->set->arena, message);
    return skips;
}

const char *fc_output(struct fc_check *check, const char *output)
{
    const struct rs_part *part = check->from->output;
    struct rs_place place = part ? part->scalar->key : check->from->place;
    struct vl_span trimmed = vl_span_trim(vl_span_str(output));
    const char *text = vl_arena_dup_span(check->set->arena, trimmed);
    if (text && strstr(text, CONTAINER_INFO))
        text = without_container_info(check, text);
    if (!text || !check_output(check, text, (size_t)(trimmed.ptr ? trimmed.ptr - output : 0)))
        return NULL;
    warn_of_old_fields(check, text, &place);
    return text;
}
