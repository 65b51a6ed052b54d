#include "rule/program.h"

#include <stdlib.h>
#include <string.h>

#include "program_impl.h"

static void builder_done(struct builder *b)
{
    vl_vec_done(&b->nodes);
    vl_vec_done(&b->children);
    vl_vec_done(&b->checks);
    vl_vec_done(&b->slots);
    vl_vec_done(&b->type_checks);
    vl_vec_done(&b->touched);
    vl_vec_done(&b->bits);
    vl_vec_done(&b->roots);
    vl_map_done(&b->merged);
    vl_map_done(&b->node_ids);
    vl_map_done(&b->check_ids);
    vl_map_done(&b->slot_ids);
    vl_arena_free(b->work);
}

static int builder_init(struct builder *b, struct vl_rule_program *program, struct vl_err *err)
{
    *b = (struct builder){.program = program, .arena = program->arena, .err = err};
    b->work = vl_arena_new(PROGRAM_ARENA_MAX);
    vl_vec_init(&b->nodes, sizeof(struct build_node), PROGRAM_NODES_MAX);
    vl_vec_init(&b->children, sizeof(uint32_t), PROGRAM_NODES_MAX);
    vl_vec_init(&b->checks, sizeof(struct check), PROGRAM_NODES_MAX);
    vl_vec_init(&b->slots, sizeof(struct prog_slot), PROGRAM_NODES_MAX);
    vl_vec_init(&b->type_checks, sizeof(uint32_t), PROGRAM_NODES_MAX);
    vl_vec_init(&b->touched, sizeof(uint32_t), PROGRAM_NODES_MAX);
    vl_vec_init(&b->roots, sizeof(uint32_t), VL_RULES_MAX);
    vl_vec_init(&b->bits, sizeof(struct builder_bit), PROGRAM_NODES_MAX);
    vl_map_init(&b->merged, PROGRAM_NODES_MAX);
    vl_map_init(&b->node_ids, PROGRAM_NODES_MAX);
    vl_map_init(&b->check_ids, PROGRAM_NODES_MAX);
    vl_map_init(&b->slot_ids, PROGRAM_NODES_MAX);
    if (!b->work)
        return vl_err_nomem(err);
    struct build_node *constant = vl_vec_push(&b->nodes, "program", err);
    if (!constant)
        return err->err;
    *constant = (struct build_node){.kind = PROG_FALSE};
    constant = vl_vec_push(&b->nodes, "program", err);
    if (!constant)
        return err->err;
    *constant = (struct build_node){.kind = PROG_TRUE};
    return 0;
}

/* --- rules --- */

static bool is_in(const struct vl_rule *rule, enum vl_event_source source)
{
    return rule->enabled && !rule->skipped && rule->condition && rule->source == source;
}

static int build_rules(struct builder *b, enum vl_event_source source)
{
    struct vl_rule_program *p = b->program;
    uint32_t size = vl_ruleset_size(p->set), n = 0, *numbers = malloc((size + 1UL) * sizeof(*numbers));
    uint32_t *roots = malloc((size + 1UL) * sizeof(*roots));
    int r = numbers && roots ? 0 : vl_err_nomem(b->err);
    b->source = source;
    b->type_checks.len = 0;
    for (uint32_t i = 0; i < size && r >= 0; i++) {
        const struct vl_rule *rule = vl_ruleset_at(p->set, i);
        if (!is_in(rule, source))
            continue;
        int64_t root = build_condition(b, rule->condition);
        if (root < 0) {
            r = vl_err_wrap(b->err, "rule '%s'", rule->name ? rule->name : "?");
            break;
        }
        uint32_t *kept = vl_vec_push(&b->roots, "rules of a program", b->err);
        if (!kept) {
            r = b->err->err;
            break;
        }
        roots[n] = *kept = (uint32_t)root;
        numbers[n] = p->n_rules;
        p->rules[p->n_rules++] = rule;
        n++;
    }
    if (r >= 0)
        r = build_source(b, roots, numbers, n);
    free(numbers);
    free(roots);
    return r;
}

/* --- what the builder made, for good --- */

static void *keep(const struct builder *b, const struct vl_vec *vec)
{
    void *own = vl_arena_array(b->arena, vec->len + 1, vec->item_size);
    if (own && vec->len)
        memcpy(own, vec->items, vec->len * vec->item_size);
    return own;
}

uint32_t build_ref(const struct builder *b, uint32_t number)
{
    const struct build_node *node = vl_vec_at(&b->nodes, number);
    bool negated = false;
    while (node->kind == PROG_NOT || ((node->kind == PROG_AND || node->kind == PROG_OR) && node->n == 1)) {
        negated ^= node->kind == PROG_NOT;
        number = ((const uint32_t *)b->children.items)[node->first];
        node = vl_vec_at(&b->nodes, number);
    }
    return PROG_REF(number, negated);
}

static struct prog_node final_node(struct builder *b, const struct build_node *from, struct prog_bits *bits)
{
    struct prog_node to = {.kind = from->kind, .detail = from->detail, .slot = from->slot, .at = from->check};
    if (from->kind == PROG_AND || from->kind == PROG_OR) {
        to.slot = from->first;
        to.n = from->n;
    }
    if (from->kind == PROG_BIT || from->kind == PROG_BIT_NOT || from->kind == PROG_BITS) {
        to.shift = from->bit % 64;
        to.n = from->bit / 64;
    }
    if (from->kind == PROG_CONTAINS)
        to.n = (uint32_t)b->program->numbers[from->check];
    if (from->kind == PROG_BITS) {
        to.at = b->program->n_bits;
        bits[b->program->n_bits++] = (struct prog_bits){from->bit / 64, from->first, from->n};
    }
    return to;
}

static void final_steps(const struct builder *b)
{
    for (unsigned s = 0; s < VL_EVENT_SOURCES; s++) {
        const struct prog_source *source = &b->program->sources[s];
        for (uint32_t g = 0; g < source->n_groups; g++) {
            for (uint32_t i = 0; i < source->groups[g].n; i++)
                source->groups[g].steps[i].ref = build_ref(b, source->groups[g].steps[i].ref);
        }
    }
}

static int finish(struct builder *b)
{
    struct vl_rule_program *p = b->program;
    uint32_t longest = 1;
    p->nodes = vl_arena_array(b->arena, b->nodes.len + 1, sizeof(*p->nodes));
    p->bits = vl_arena_array(b->arena, b->nodes.len + 1, sizeof(*p->bits));
    p->n_nodes = (uint32_t)b->nodes.len;
    p->children = keep(b, &b->children);
    p->slots = keep(b, &b->slots);
    p->n_slots = (uint32_t)b->slots.len;
    if (!p->nodes || !p->bits || !p->children || !p->slots)
        return vl_arena_check(b->arena, "program", b->err);
    for (uint32_t i = 0; i < p->n_nodes; i++)
        p->nodes[i] = final_node(b, vl_vec_at(&b->nodes, i), p->bits);
    for (size_t i = 0; i < b->children.len; i++)
        p->children[i] = build_ref(b, p->children[i]);
    final_steps(b);
    int r = build_picks(b);
    if (r < 0)
        return r;
    for (uint32_t i = 0; i < p->n_slots; i++) {
        for (unsigned f = 0; f < ROWS; f++)
            longest = p->slots[i].words[f] > longest ? p->slots[i].words[f] : longest;
    }
    p->no_row = vl_arena_array(b->arena, longest, sizeof(*p->no_row));
    return vl_arena_check(b->arena, "program", b->err);
}

/* The checks own expressions and sets: they are the program's from the first on, whatever happens. */
static int take_checks(struct builder *b)
{
    struct vl_rule_program *p = b->program;
    p->checks = b->checks.items;
    p->n_checks = (uint32_t)b->checks.len;
    b->checks.items = NULL;
    b->checks.len = b->checks.cap = 0;
    return 0;
}

static int build(struct vl_rule_program *program, struct vl_err *err)
{
    VL_CLEANUP(builder_done) struct builder b;
    int r = builder_init(&b, program, err);
    uint32_t size = vl_ruleset_size(program->set);
    if (r < 0)
        return r;
    program->rules = vl_arena_array(program->arena, size + 1UL, sizeof(struct vl_rule *));
    if (!program->rules)
        r = vl_err_nomem(err);
    for (unsigned source = 0; source < VL_EVENT_SOURCES && r >= 0; source++)
        r = build_rules(&b, (enum vl_event_source)source);
    if (r >= 0)
        r = build_prefilter(&b);
    if (r >= 0)
        r = build_leaves(&b);
    if (r >= 0)
        r = finish(&b);
    int taken = take_checks(&b);
    program->max_fired = program->n_rules;
    return r < 0 ? r : taken;
}

int vl_rule_program_new(const struct vl_ruleset *set, enum vl_rule_matching matching,
    struct vl_rule_program **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_rule_program_cleanup) struct vl_rule_program *program = calloc(1, sizeof(*program));
    if (!program)
        return vl_err_nomem(err);
    program->arena = vl_arena_new(PROGRAM_ARENA_MAX);
    program->set = set;
    program->matching = matching;
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
    if (!program->arena)
        /* cppcheck-suppress memleak ; freed when it leaves the scope */
        return vl_err_nomem(err);
    int r = build(program, err);
    if (r < 0)
        return r;
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    *ret = program;
    program = NULL;
    return 0;
}

void vl_rule_program_free(struct vl_rule_program *program)
{
    if (!program)
        return;
    for (uint32_t i = 0; i < program->n_checks; i++)
        check_done(&program->checks[i]);
    free(program->checks);
    vl_arena_free(program->arena);
    free(program);
}

void vl_rule_program_cleanup(struct vl_rule_program **program)
{
    vl_rule_program_free(*program);
    *program = NULL;
}

const struct vl_rule_prefilter *vl_rule_program_prefilter(const struct vl_rule_program *program)
{
    return &program->prefilter;
}
