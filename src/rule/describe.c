/* Names are gathered in maps, so that trees that share parts stay cheap to name, and sorted at the end. */
#include "rule/describe.h"

#include <stdlib.h>
#include <string.h>

#include "event_types.h"
#include "ruleset_impl.h"

#define NAMES_MAX    200000
#define LIST_MAX     12 /* values of a list that are shown */
#define INDENT_MAX   60
#define NAME_LEN_MAX 512

struct gathering {
    const struct vl_ruleset *set;
    struct vl_arena *arena;
    struct vl_map macros, lists, fields, output_fields, operators, transformers;
    struct vl_err *err;
    int failed;
};

static void put(struct gathering *g, struct vl_map *map, const char *name)
{
    struct vl_map_slot *slot;
    int r = name ? vl_map_put(map, vl_span_str(name), &slot, NULL, g->err) : vl_err_nomem(g->err);
    if (r < 0 && !g->failed)
        g->failed = r;
}

static bool has(const struct vl_map *map, const char *name)
{
    return vl_map_get(map, vl_span_str(name)) != NULL;
}

/* --- macros and lists --- */

static void put_lists(struct gathering *g, const struct rs_use *uses)
{
    for (const struct rs_use *use = uses; use && !g->failed; use = use->next)
        put(g, &g->lists, use->name);
}

/* Macros form no loops once a set is good; a macro is entered once. */
static void put_macros(struct gathering *g, const struct rs_use *uses, unsigned depth)
{
    for (const struct rs_use *use = uses; use && !g->failed && depth < VL_CONDITION_TREE_DEPTH_MAX;
        use = use->next) {
        const struct vl_map_slot *slot = vl_map_get(&g->set->by_macro, vl_span_str(use->name));
        const struct rs_macro *macro = slot ? slot->value.ptr : NULL;
        if (!macro || has(&g->macros, use->name))
            continue;
        put(g, &g->macros, use->name);
        put_lists(g, macro->text.lists);
        put_macros(g, macro->uses, depth + 1);
    }
}

/* --- fields --- */

static void put_field(
    struct gathering *g, struct vl_map *map, struct vl_span name, struct vl_span arg, bool has_arg)
{
    name = vl_span_slice(name, 0, NAME_LEN_MAX);
    arg = vl_span_slice(arg, 0, NAME_LEN_MAX);
    put(g, map,
        has_arg ? vl_arena_printf(g->arena, "%.*s[%.*s]", VL_SPAN_FMT(name), VL_SPAN_FMT(arg))
                : vl_arena_dup_span(g->arena, name));
}

static void put_operand(struct gathering *g, const struct vl_operand *o)
{
    if (o->is_literal)
        return;
    if (o->field.len)
        put_field(g, &g->fields, o->field, o->arg, o->has_arg);
    else if (o->transformer != VL_TRANSFORM_NONE)
        put(g, &g->transformers, vl_transformer_name((enum vl_transformer)o->transformer));
    for (const struct vl_operand *inner = o->inner; inner; inner = inner->next)
        put_operand(g, inner); /* the parser limits its depth */
}

static void put_tree(struct gathering *g, const struct vl_condition *node)
{
    if (g->failed || node->kind == VL_COND_MACRO)
        return;
    if (node->kind == VL_COND_CHECK) {
        put(g, &g->operators, vl_condition_op_name((enum vl_condition_op)node->op));
        put_operand(g, node->as.check.left);
        if (node->right_is_field)
            put_operand(g, node->as.check.right_field);
        return;
    }
    for (uint32_t i = 0; i < node->as.children.n; i++)
        put_tree(g, node->as.children.items[i]); /* depth: VL_CONDITION_TREE_DEPTH_MAX */
}

static bool is_name_char(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '.' || c == '_';
}

/* "%field", "%field[arg]", "%12field", "%transformer(field)": what stands between the signs. */
static void put_output(struct gathering *g, const char *output)
{
    struct vl_span text = vl_span_str(output);
    for (size_t at = 0; at < text.len; at++) {
        if (text.ptr[at] != '%')
            continue;
        size_t from = at + 1;
        if (from < text.len && text.ptr[from] == '%') {
            at = from;
            continue;
        }
        while (from < text.len && text.ptr[from] >= '0' && text.ptr[from] <= '9')
            from++;
        size_t end = from;
        while (end < text.len && is_name_char(text.ptr[end]))
            end++;
        while (end < text.len && text.ptr[end] == '(') {
            from = end + 1;
            for (end = from; end < text.len && is_name_char(text.ptr[end]); end++)
                ;
        }
        struct vl_span name = vl_span_slice(text, from, end), arg = VL_SPAN_EMPTY;
        bool has_arg = end < text.len && text.ptr[end] == '[';
        if (has_arg) {
            struct vl_span rest = vl_span_slice(text, end + 1, text.len);
            arg = vl_span_slice(rest, 0, vl_span_find_char(rest, ']'));
        } else {
            while (name.len && name.ptr[name.len - 1] == '.')
                name.len--;
        }
        if (name.len)
            put_field(g, &g->output_fields, name, arg, has_arg);
        at = end ? end - 1 : end;
    }
}

/* --- results --- */

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static void sorted(struct gathering *g, const struct vl_map *map, const char *const **ret, uint32_t *ret_n)
{
    const char **names = vl_arena_array(g->arena, map->len + 1, sizeof(*names));
    size_t pos = 0;
    uint32_t n = 0;
    if (!names) {
        g->failed = vl_err_nomem(g->err);
        return;
    }
    for (const struct vl_map_slot *s = vl_map_next(map, &pos); s; s = vl_map_next(map, &pos))
        names[n++] = s->key.ptr;
    qsort(names, n, sizeof(*names), by_name);
    *ret = names;
    *ret_n = n;
}

static void describe_types(struct gathering *g, const struct vl_rule *rule, struct vl_rule_description *ret)
{
    uint64_t types[ET_WORDS];
    const char **names = vl_arena_array(g->arena, VL_EVENT_TYPES_MAX, sizeof(*names));
    ret->all_types = true;
    ret->never = rule->source == VL_EVENT_SYSCALL && rule->condition && et_never(rule->condition);
    if (!names || rule->source != VL_EVENT_SYSCALL || !rule->condition || et_count(rule->condition) > ET_MANY)
        return;
    et_types(rule->condition, types);
    ret->all_types = false;
    for (uint16_t t = 0; t < VL_EVENT_TYPES_MAX; t++)
        if (types[t / 64] >> t % 64 & 1)
            names[ret->n_event_types++] = vl_event_type_name(t);
    ret->event_types = names;
}

static void describe_written(
    struct gathering *g, const struct rs_rule *written, struct vl_rule_description *ret)
{
    const char **names = vl_arena_array(g->arena, written->exceptions.len + 1, sizeof(*names));
    if (!names)
        return;
    for (size_t i = 0; i < written->exceptions.len; i++)
        names[ret->n_exceptions++] = ((struct rs_exception *)vl_vec_at(&written->exceptions, i))->name;
    ret->exceptions = names;
    put_lists(g, written->text.lists);
    put_macros(g, written->uses, 0);
}

int vl_rule_describe(const struct vl_ruleset *set, const struct vl_rule *rule, struct vl_arena *arena,
    struct vl_rule_description *ret, struct vl_err *err)
{
    struct gathering g = {.set = set, .arena = arena, .err = err};
    struct vl_rule_description d = {0};
    struct vl_map *maps[] = {&g.macros, &g.lists, &g.fields, &g.output_fields, &g.operators, &g.transformers};
    for (size_t i = 0; i < VL_ARRAY_LEN(maps); i++)
        vl_map_init(maps[i], NAMES_MAX);
    const struct vl_map_slot *slot = vl_map_get(&set->by_written, vl_span_str(rule->name));
    if (slot)
        describe_written(&g, slot->value.ptr, &d);
    if (rule->condition)
        put_tree(&g, rule->condition);
    if (rule->output)
        put_output(&g, rule->output);
    for (uint32_t i = 0; i < rule->n_extra; i++)
        put_output(&g, rule->extra[i].format);
    describe_types(&g, rule, &d);
    sorted(&g, &g.macros, &d.macros, &d.n_macros);
    sorted(&g, &g.lists, &d.lists, &d.n_lists);
    sorted(&g, &g.fields, &d.fields, &d.n_fields);
    sorted(&g, &g.output_fields, &d.output_fields, &d.n_output_fields);
    sorted(&g, &g.operators, &d.operators, &d.n_operators);
    sorted(&g, &g.transformers, &d.transformers, &d.n_transformers);
    for (size_t i = 0; i < VL_ARRAY_LEN(maps); i++)
        vl_map_done(maps[i]);
    int r = g.failed ? g.failed : vl_arena_check(arena, "description", err);
    if (r >= 0)
        *ret = d;
    return r;
}

/* --- the condition in lines --- */

struct lines {
    struct vl_buf *out;
    struct vl_err *err;
    int failed;
};

static void indent(struct lines *l, unsigned depth)
{
    for (unsigned i = 0; i < depth && i < INDENT_MAX; i++)
        vl_buf_append_str(l->out, "  ");
}

/* A long list shows its first values. */
static void write_check(struct lines *l, const struct vl_condition *node)
{
    struct vl_condition cut = *node;
    uint32_t left_out = 0;
    if (!node->right_is_field && node->as.check.n_values > LIST_MAX) {
        left_out = node->as.check.n_values - LIST_MAX;
        cut.as.check.n_values = LIST_MAX;
    }
    int r = vl_condition_format(&cut, l->out, l->err);
    if (r < 0)
        l->failed = r;
    if (left_out)
        vl_buf_printf(l->out, " … and %u more", left_out);
}

static void write_origin(struct lines *l, const struct vl_condition *node, struct vl_span parent)
{
    if (node->origin.len && !vl_span_eq(node->origin, parent))
        vl_buf_printf(l->out, "   # %.*s", VL_SPAN_FMT(vl_span_slice(node->origin, 0, NAME_LEN_MAX)));
    vl_buf_append_char(l->out, '\n');
}

static void write_node(
    struct lines *l, const struct vl_condition *node, struct vl_span parent, unsigned depth, const char *lead)
{
    if (l->failed || l->out->failed)
        return;
    indent(l, depth);
    vl_buf_append_str(l->out, lead);
    if (node->kind == VL_COND_NOT) {
        const struct vl_condition *child = node->as.children.items[0];
        if (child->kind == VL_COND_CHECK) {
            vl_buf_append_str(l->out, "not ");
            write_check(l, child);
            write_origin(l, child, parent);
            return;
        }
        vl_buf_append_str(l->out, "not");
        write_origin(l, node, parent);
        write_node(l, child, node->origin, depth + 1, "");
        return;
    }
    if (node->kind == VL_COND_CHECK) {
        write_check(l, node);
        write_origin(l, node, parent);
        return;
    }
    vl_buf_append_str(l->out, node->kind == VL_COND_AND ? "all of" : "any of");
    write_origin(l, node, parent);
    for (uint32_t i = 0; i < node->as.children.n; i++)
        write_node(
            l, node->as.children.items[i], node->origin, depth + 1, "- "); /* depth: …_TREE_DEPTH_MAX */
}

int vl_rule_condition_lines(const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err)
{
    struct lines l = {out, err, 0};
    if (rule->condition)
        write_node(&l, rule->condition, VL_SPAN_EMPTY, 0, "");
    return l.failed ? l.failed : vl_buf_check(out, "condition", err);
}

int vl_rule_condition_line(const struct vl_rule *rule, struct vl_buf *out, struct vl_err *err)
{
    const struct vl_condition *tree = rule->condition;
    bool embrace = tree && (tree->kind == VL_COND_AND || tree->kind == VL_COND_OR);
    vl_buf_append_str(out, embrace ? "(" : "");
    int r = tree ? vl_condition_format(tree, out, err) : 0;
    vl_buf_append_str(out, embrace ? ")" : "");
    return r;
}
