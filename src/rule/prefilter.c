/* What a kernel probe could decide: for each rule the event types it accepts and, where its condition implies
 * one of a few paths, names or ports, those. Only conditions that the rule implies are given: a probe that
 * drops what fits no entry drops nothing that a rule needs. */
#include <string.h>

#include "program_impl.h"

#define ALTERNATIVES_MAX 64 /* of one rule; more are not worth a probe's time */
#define DEPTH_MAX        24
#define VISITS_MAX       20000 /* a graph may have many ways to one node */

struct alternative {
    uint8_t kind; /* enum vl_rule_prefilter_kind */
    struct vl_span text;
    uint16_t port;
};

struct alternatives {
    bool known; /* one of them is implied */
    uint32_t n;
    struct alternative items[ALTERNATIVES_MAX];
};

struct walk {
    const struct builder *b;
    unsigned left;
};

static bool add(struct alternatives *a, enum vl_rule_prefilter_kind kind, struct vl_span text, uint16_t port)
{
    if (a->n == ALTERNATIVES_MAX)
        return false;
    a->items[a->n++] = (struct alternative){(uint8_t)kind, text, port};
    return true;
}

/* What a test of equality on this field says. */
static bool add_equal(struct alternatives *a, const char *field, const struct check_value *value)
{
    static const char *const ports[] = {"fd.port", "fd.sport", "fd.cport", "fd.lport", "fd.rport"};
    if (strcmp(field, "fd.name") == 0 || strcmp(field, "fd.directory") == 0)
        return value->text.len > 0 && value->text.ptr[0] == '/' &&
               add(a, VL_PREFILTER_PATH_PREFIX, value->text, 0);
    if (strcmp(field, "fd.filename") == 0)
        return value->text.len > 0 && add(a, VL_PREFILTER_PATH_NAME, value->text, 0);
    if (strcmp(field, "proc.name") == 0)
        return add(a, VL_PREFILTER_PROC_NAME, value->text, 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(ports); i++) {
        if (strcmp(field, ports[i]) == 0)
            return !value->number.is_double && !value->number.negative &&
                   value->number.magnitude <= UINT16_MAX &&
                   add(a, VL_PREFILTER_PORT, VL_SPAN_EMPTY, (uint16_t)value->number.magnitude);
    }
    return false;
}

static bool add_value(struct alternatives *a, const struct check *check, const struct check_value *value)
{
    const char *field = check->left->field->name;
    switch ((enum vl_condition_op)check->op) {
    case VL_OP_EQ:
    case VL_OP_IN:
    case VL_OP_INTERSECTS:
        return add_equal(a, field, value);
    case VL_OP_STARTSWITH:
        return strcmp(field, "fd.name") == 0 && value->text.len > 0 && value->text.ptr[0] == '/' &&
               add(a, VL_PREFILTER_PATH_PREFIX, value->text, 0);
    case VL_OP_ENDSWITH: /* "/name": the last component */
        return strcmp(field, "fd.name") == 0 && value->text.len > 1 && value->text.ptr[0] == '/' &&
               vl_span_rfind_char(value->text, '/') == 0 &&
               add(a, VL_PREFILTER_PATH_NAME, vl_span_slice(value->text, 1, SIZE_MAX), 0);
    default:
        return false;
    }
}

static void of_check(const struct builder *b, const struct build_node *node, struct alternatives *ret)
{
    const struct check *check = vl_vec_at(&b->checks, node->check);
    ret->known = false;
    ret->n = 0;
    if (!check->left->field || check->left->transformer != VL_TRANSFORM_NONE || check->right ||
        check->quantifier)
        return;
    for (uint32_t i = 0; i < check->n; i++) {
        if (!add_value(ret, check, &check->values[i]))
            return;
    }
    ret->known = check->n > 0;
}

static void of_node(struct walk *walk, uint32_t number, unsigned depth, struct alternatives *ret);

/* Paths say most, ports least about an event. */
static unsigned weight(const struct alternatives *a)
{
    unsigned worst = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        unsigned w = a->items[i].kind == VL_PREFILTER_PROC_NAME ? 2 : 1;
        worst = w > worst ? w : worst;
    }
    return worst * 1000 + a->n;
}

static void of_and(
    struct walk *walk, const uint32_t *children, uint32_t n, unsigned depth, struct alternatives *ret)
{
    struct alternatives child;
    ret->known = false;
    ret->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        of_node(walk, children[i], depth + 1, &child);
        if (child.known && (!ret->known || weight(&child) < weight(ret)))
            *ret = child;
    }
}

static void of_or(
    struct walk *walk, const uint32_t *children, uint32_t n, unsigned depth, struct alternatives *ret)
{
    struct alternatives child;
    ret->known = false;
    ret->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        of_node(walk, children[i], depth + 1, &child);
        if (!child.known || ret->n + child.n > ALTERNATIVES_MAX)
            return;
        memcpy(ret->items + ret->n, child.items, child.n * sizeof(*child.items));
        ret->n += child.n;
    }
    ret->known = n > 0;
}

static void of_node(struct walk *walk, uint32_t number, unsigned depth, struct alternatives *ret)
{
    const struct build_node *node = vl_vec_at(&walk->b->nodes, number);
    const uint32_t *children = (const uint32_t *)walk->b->children.items + node->first;
    ret->known = false;
    ret->n = 0;
    if (depth > DEPTH_MAX || walk->left == 0)
        return;
    walk->left--;
    if (node->kind == PROG_CHECK)
        of_check(walk->b, node, ret);
    else if (node->kind == PROG_AND)
        of_and(walk, children, node->n, depth, ret);
    else if (node->kind == PROG_OR)
        of_or(walk, children, node->n, depth, ret);
}

/* A bit for each type whose group runs the rule; VL_EVENT_TYPE_OTHER for the types without a name. */
static int accepted_types(struct builder *b, uint64_t **ret_types)
{
    struct vl_rule_program *p = b->program;
    const struct prog_source *source = &p->sources[VL_EVENT_SYSCALL];
    uint64_t *types = vl_arena_array(b->arena, (p->n_rules + 1UL) * PROGRAM_WORDS, sizeof(*types));
    if (!types)
        return vl_arena_check(b->arena, "program", b->err);
    for (uint32_t t = 0; t < VL_EVENT_TYPES_MAX; t++) {
        const struct prog_group *group = &source->groups[source->group_of[t]];
        if (t != VL_EVENT_TYPE_OTHER && !vl_event_type_name((uint16_t)t))
            continue;
        for (uint32_t i = 0; i < group->n; i++) {
            if (group->steps[i].rule != PROGRAM_NO_RULE)
                types[group->steps[i].rule * PROGRAM_WORDS + t / 64] |= 1ULL << (t % 64);
        }
    }
    *ret_types = types;
    return 0;
}

static bool any_type(const uint64_t *types)
{
    for (unsigned i = 0; i < PROGRAM_WORDS; i++) {
        if (types[i])
            return true;
    }
    return false;
}

static int add_entry(struct builder *b, struct vl_vec *entries, const struct vl_rule_prefilter_entry *entry)
{
    struct vl_rule_prefilter_entry *place = vl_vec_push(entries, "entries of a prefilter", b->err);
    if (!place)
        return b->err->err;
    *place = *entry;
    return 0;
}

static int add_rule(struct builder *b, uint32_t number, const uint64_t *types, struct vl_vec *entries)
{
    struct walk walk = {b, VISITS_MAX};
    struct alternatives a;
    struct vl_rule_prefilter_entry entry = {
        .rule = b->program->rules[number]->index, .kind = VL_PREFILTER_TYPE_ONLY, .types = types};
    of_node(&walk, *(const uint32_t *)vl_vec_at(&b->roots, number), 0, &a);
    if (!a.known)
        return add_entry(b, entries, &entry);
    int r = 0;
    for (uint32_t i = 0; i < a.n && r >= 0; i++) {
        entry.kind = a.items[i].kind;
        entry.text = a.items[i].text;
        entry.port = a.items[i].port;
        r = add_entry(b, entries, &entry);
    }
    return r;
}

int build_prefilter(struct builder *b)
{
    struct vl_rule_program *p = b->program;
    VL_CLEANUP(vl_vec_done) struct vl_vec entries;
    vl_vec_init(&entries, sizeof(struct vl_rule_prefilter_entry), PROGRAM_NODES_MAX);
    uint64_t *types = NULL;
    int r = accepted_types(b, &types);
    if (r < 0 || !types)
        return r;
    uint64_t *all = types + (size_t)p->n_rules * PROGRAM_WORDS;
    for (uint32_t i = 0; i < p->n_rules && r >= 0; i++) {
        const uint64_t *own = types + (size_t)i * PROGRAM_WORDS;
        if (p->rules[i]->source != VL_EVENT_SYSCALL || !any_type(own))
            continue;
        for (unsigned w = 0; w < PROGRAM_WORDS; w++)
            all[w] |= own[w];
        r = add_rule(b, i, own, &entries);
    }
    struct vl_rule_prefilter_entry *kept = vl_arena_array(b->arena, entries.len + 1, sizeof(*kept));
    if (r < 0 || !kept)
        return r < 0 ? r : vl_arena_check(b->arena, "program", b->err);
    if (entries.len)
        memcpy(kept, entries.items, entries.len * sizeof(*kept));
    p->prefilter = (struct vl_rule_prefilter){all, kept, (uint32_t)entries.len};
    return 0;
}
