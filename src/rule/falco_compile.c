/* After the last file: lists into texts, texts into trees, macros into trees, and rules out of all that. */
#include <stdio.h>
#include <string.h>

#include "falco_check.h"
#include "ruleset_impl.h"

/* --- conditions --- */

static int join(struct vl_ruleset *set, const struct rs_part *parts, const struct rs_rule *rule,
    struct rs_text *ret, struct vl_err *err)
{
    VL_CLEANUP(rs_builder_done) struct rs_builder b;
    bool embrace = rule && rule->exceptions.len;
    rs_builder_init(&b);
    for (const struct rs_part *p = parts; p; p = p->next) {
        if (p == parts && embrace)
            rs_builder_put(&b, p->scalar, 0, VL_SPAN_LIT("("));
        if (p != parts)
            rs_builder_put(&b, p->scalar, 0, VL_SPAN_LIT(" "));
        rs_builder_copy(&b, p->scalar, 0, p->scalar->value);
    }
    if (embrace && parts)
        rs_builder_put(&b, parts->scalar, 0, VL_SPAN_LIT(")"));
    if (rule && !rs_exceptions_text(set, rule, &b))
        return 1;
    return rs_builder_text(&b, set->arena, "condition", ret, err);
}

/* Every node knows the macro it came from, since its offset counts in that macro's text. */
static void set_origin(struct vl_condition *node, struct vl_span origin)
{
    node->origin = origin;
    if (node->kind == VL_COND_CHECK || node->kind == VL_COND_MACRO)
        return;
    for (uint32_t i = 0; i < node->as.children.n; i++) /* the parser limits its depth */
        set_origin(node->as.children.items[i], origin);
}

/* 1 where a problem was told. */
static int parse(struct vl_ruleset *set, const struct rs_text *written, const char *item,
    struct rs_text *ret_text, struct vl_condition **ret_tree, struct vl_err *err)
{
    struct vl_condition_error wrong = {0};
    struct vl_err bad = VL_ERR_INIT;
    int r = rs_lists_substitute(set, written, item, ret_text, err);
    if (r != 0)
        return r;
    r = vl_condition_parse(ret_text->text, set->arena, ret_tree, &wrong, &bad);
    if (r >= 0)
        return 0;
    if (bad.code == VL_ERR_MEMORY) {
        *err = bad;
        return r;
    }
    struct rs_place place = rs_text_place(set, ret_text, wrong.offset);
    rs_tell(set, true, RS_ERR_COMPILE_CONDITION, &place, item, NULL, "%s",
        wrong.message ? wrong.message : bad.msg);
    return 1;
}

/* --- macros --- */

static int compile_macro(struct vl_ruleset *set, struct rs_macro *macro, struct vl_err *err)
{
    struct rs_text written = {0};
    char *item = vl_arena_printf(set->arena, "macro '%s'", macro->name);
    if (macro->broken)
        return 0;
    int r = join(set, macro->condition, NULL, &written, err);
    if (r == 0)
        r = parse(set, &written, item, &macro->text, &macro->tree, err);
    if (r < 0)
        return r;
    macro->broken = r > 0;
    if (!macro->broken)
        set_origin(macro->tree, vl_span_str(macro->name));
    return 0;
}

static int compile_macros(struct vl_ruleset *set, struct vl_err *err)
{
    struct rs_macro **macros = set->macros.items;
    int r = 0;
    for (size_t i = 0; i < set->macros.len && r >= 0; i++)
        r = compile_macro(set, macros[i], err);
    for (size_t i = 0; i < set->macros.len && r >= 0; i++)
        (void)rs_macro_resolve(set, macros[i]);
    return r;
}

/* --- rules --- */

/* Texts of parts with a blank between. */
static const char *plain_text(struct vl_ruleset *set, const struct rs_part *parts, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_CONDITION_BYTES_MAX);
    for (const struct rs_part *p = parts; p; p = p->next) {
        if (p != parts)
            vl_buf_append_char(&text, ' ');
        vl_buf_append_span(&text, p->scalar->value);
    }
    if (vl_buf_check(&text, "a text of a rule", err) < 0)
        return NULL;
    char *kept = vl_arena_dup_span(set->arena, vl_buf_span(&text));
    if (!kept)
        (void)!vl_err_nomem(err);
    return kept;
}

static struct vl_rule *new_rule(struct vl_ruleset *set, const struct rs_rule *from, struct vl_err *err)
{
    struct vl_rule *rule = vl_arena_alloc(set->arena, sizeof(*rule));
    const char **tags = vl_arena_array(set->arena, from->tags.len + 1, sizeof(*tags));
    if (!rule || !tags) {
        (void)!vl_err_nomem(err);
        return NULL;
    }
    if (from->tags.len)
        memcpy(tags, from->tags.items, from->tags.len * sizeof(*tags));
    *rule = (struct vl_rule){.name = from->name,
        .priority = from->priority,
        .form = from->is_native ? VL_RULE_NATIVE : VL_RULE_FALCO,
        .source_name = from->source,
        .tags = tags,
        .n_tags = (uint32_t)from->tags.len,
        .enabled = from->enabled,
        .skip_if_unknown_filter = from->skip_if_unknown_filter,
        .capture = from->capture,
        .capture_duration_ms = from->capture_duration,
        .file = from->place.source ? from->place.source->name : NULL,
        .line = from->place.line};
    (void)rs_source_of(from->source, &rule->source);
    rule->description = plain_text(set, from->description, err);
    rule->condition_text = rule->description ? plain_text(set, from->condition, err) : NULL;
    return rule->condition_text ? rule : NULL;
}

/* The tree of a rule or of a native rule's step: 1 where a problem was told or the rule is skipped. */
static int compile_condition(struct vl_ruleset *set, struct rs_rule *from, const struct rs_text *written,
    const char *item, struct vl_rule *rule, struct vl_err *err)
{
    struct rs_text text = {0};
    struct vl_condition *tree = NULL;
    struct rs_use *uses = NULL;
    uint64_t nodes = 0;
    int r = parse(set, written, item, &text, &tree, err);
    if (r != 0)
        return r;
    if (!rs_macros_resolve_in(set, &tree, &text, UINT32_MAX, item, &uses, &nodes))
        return 1;
    set->n_nodes += nodes;
    from->text = text;
    from->uses = uses;
    if (set->n_nodes > RS_NODES_MAX) {
        struct rs_place place = rs_text_place(set, &text, 0);
        rs_tell(set, true, RS_ERR_COMPILE_CONDITION, &place, item, NULL,
            "all conditions have more than %d parts once their macros are put in", RS_NODES_MAX);
        return 1;
    }
    struct fc_check check = {.set = set, .from = from, .text = &text, .item = item, .source = rule->source};
    if (!fc_condition(&check, tree))
        return 1;
    rule->condition = tree;
    rule->skipped_because = check.skipped_because;
    rule->skipped = check.skipped_because != NULL;
    return 0;
}

static int compile_steps(
    struct vl_ruleset *set, struct rs_rule *from, struct vl_rule *rule, struct vl_err *err)
{
    const struct vl_rule **steps = vl_arena_array(set->arena, from->native.n_steps + 1UL, sizeof(*steps));
    int r = steps ? 0 : vl_err_nomem(err);
    for (uint32_t i = 0; i < from->native.n_steps && r == 0; i++) {
        const struct vl_native_step *step = &from->native.steps[i];
        if (!step->condition)
            continue;
        struct rs_part part = {.scalar = &from->steps[i]};
        struct rs_text written = {0};
        struct vl_rule *hidden = new_rule(set, from, err);
        char *item = vl_arena_printf(set->arena, "rule '%s'", step->name);
        if (!hidden)
            return vl_err_nomem(err);
        r = join(set, &part, NULL, &written, err);
        if (r == 0)
            r = compile_condition(set, from, &written, item, hidden, err);
        if (r != 0)
            return r;
        hidden->name = step->name;
        hidden->silent = true;
        hidden->condition_text = step->condition;
        hidden->output = "";
        steps[i] = hidden;
        if (hidden->skipped) { /* without one of its steps the rule cannot fire */
            rule->skipped = true;
            rule->skipped_because = hidden->skipped_because;
        }
        r = rs_rule_push(set, hidden, err);
    }
    return r == 0 ? vl_native_resolve(&set->sink, &from->native, rule, steps, err) : r;
}

static int compile_parts(
    struct vl_ruleset *set, struct rs_rule *from, const char *item, struct vl_rule *rule, struct vl_err *err)
{
    struct rs_text written = {0};
    struct fc_check check = {.set = set, .from = from, .item = item, .source = rule->source};
    const char *output = plain_text(set, from->output, err);
    if (!output)
        return err->err;
    rule->output = fc_output(&check, output);
    if (!rule->output)
        return 1;
    if (check.skipped_because) {
        rule->skipped = true;
        rule->skipped_because = check.skipped_because;
        return 0;
    }
    if (from->condition) {
        int r = join(set, from->condition, from, &written, err);
        if (r == 0)
            r = compile_condition(set, from, &written, item, rule, err);
        if (r != 0)
            return r;
    }
    if (from->is_native) {
        rule->alert = from->native.alert;
        rule->window = from->native.window;
        rule->silent = from->native.silent;
        return compile_steps(set, from, rule, err);
    }
    return 0;
}

static int compile_rule(struct vl_ruleset *set, struct rs_rule *from, struct vl_err *err)
{
    char *item = vl_arena_printf(set->arena, "rule '%s'", from->name);
    struct vl_rule *rule = new_rule(set, from, err);
    if (!rule)
        return err->err;
    if (from->unknown_source) {
        rule->output = plain_text(set, from->output, err);
        rule->skipped = true;
        rule->skipped_because = vl_arena_printf(set->arena, "unknown source %s", from->source);
        return rule->output ? rs_rule_push(set, rule, err) : err->err;
    }
    int r = compile_parts(set, from, item, rule, err);
    if (r < 0)
        return r;
    from->broken = r > 0 || (!rule->skipped && !rule->condition && !rule->window);
    if (from->broken && !set->n_errors) /* an empty sequence, about which nothing was said yet */
        rs_tell(set, true, RS_ERR_YAML_VALIDATE, &from->place, item, NULL,
            "Item has no mapping for key 'condition'");
    return from->broken ? 0 : rs_rule_push(set, rule, err);
}

/* Not said after an error: what would have used them may be what is wrong. */
static void warn_of_unused(struct vl_ruleset *set)
{
    char label[256];
    for (size_t i = 0; i < set->macros.len; i++) {
        const struct rs_macro *m = ((struct rs_macro **)set->macros.items)[i];
        (void)snprintf(label, sizeof(label), "macro '%s'", m->name);
        if (!m->used)
            rs_tell(set, false, RS_UNUSED_MACRO, &m->place, label, NULL,
                "Macro not referred to by any other rule/macro");
    }
    for (size_t i = 0; i < set->lists.len; i++) {
        const struct rs_list *l = ((struct rs_list **)set->lists.items)[i];
        (void)snprintf(label, sizeof(label), "list '%s'", l->name);
        if (!l->used)
            rs_tell(set, false, RS_UNUSED_LIST, &l->place, label, NULL,
                "List not referred to by any other rule/macro");
    }
}

int rs_falco_finish(struct vl_ruleset *set, struct vl_err *err)
{
    int r = rs_lists_expand(set, err);
    if (r < 0 || set->items_over)
        return r;
    r = compile_macros(set, err);
    for (size_t i = 0; i < set->written.len && r >= 0; i++)
        r = compile_rule(set, ((struct rs_rule **)set->written.items)[i], err);
    if (r >= 0 && !set->n_errors)
        warn_of_unused(set);
    return r;
}
