/* Running a program over one event. Every slot is read, every family of texts and every node answered at most
 * once an event: a number that grows with the events says which answers are of this one. */
#include <stdlib.h>
#include <string.h>

#include "program_impl.h"
#include "text_find.h"

struct slot_state {
    const struct vl_event_value *value; /* in the event, or in the matcher's `own` */
    uint32_t epoch;
    uint32_t row_epoch[ROWS]; /* the row is of this event */
    const uint64_t *row[ROWS];
};

struct vl_rule_matcher {
    /* What every question touches comes first. */
    const struct prog_node *nodes; /* the program's */
    const uint32_t *children;      /* the program's */
    uint32_t epoch;                /* never 0 while an event is matched */
    uint32_t *answers;             /* by node: epoch * 2 + whether it holds */
    struct slot_state *slots;
    struct vl_event_value *own; /* by slot: values that were made for this event */
    const struct vl_rule_program *program;
    const struct vl_event *event;
    const struct vl_event_value *(*look)(const struct vl_event *event, const struct vl_field *field);
    struct vl_arena *scratch;
    uint64_t *rows; /* rows that are put together for one event */
    struct vl_multi **multi;
    uint32_t *fired;
    uint32_t n_fired;
};

/* Functions of their own keep the way to each answer short: few registers to save on any of them. */
#define APART static __attribute__((noinline))

/* --- slots --- */

APART void load_slot(struct vl_rule_matcher *m, struct slot_state *state, uint32_t number)
{
    const struct prog_slot *slot = &m->program->slots[number];
    static const struct vl_event_value missing = {.kind = VL_VALUE_MISSING};
    state->epoch = m->epoch;
    if (slot->is_plain && m->look) {
        const struct vl_event_value *value = m->look(m->event, slot->field);
        state->value = value ? value : &missing;
        return;
    }
    struct vl_event_value *own = &m->own[number];
    state->value = own;
    if (slot->field)
        vl_event_get(m->event, slot->field, slot->arg, m->scratch, own);
    else
        check_operand_get(slot->operand, m->event, m->scratch, own);
}

static inline struct slot_state *read_slot(struct vl_rule_matcher *m, uint32_t number)
{
    struct slot_state *state = &m->slots[number];
    if (state->epoch != m->epoch)
        load_slot(m, state, number);
    return state;
}

struct contains_scan {
    uint64_t *row;
};

static int on_pattern(uint32_t bit, uint64_t end, void *user)
{
    const struct contains_scan *scan = user;
    (void)end;
    scan->row[bit / 64] |= 1ULL << (bit % 64);
    return 0;
}

/* One scan for all contained texts. */
APART const uint64_t *contains_row(
    const struct vl_rule_matcher *m, const struct prog_slot *slot, struct vl_span text, uint64_t *room)
{
    struct contains_scan scan = {room};
    struct vl_err err = VL_ERR_INIT;
    memset(room, 0, slot->words[ROW_CONTAINS] * sizeof(*room));
    if (vl_multi_scan(m->multi[slot->multi - 1], text, on_pattern, &scan, &err) >= 0)
        return room;
    /* The scan cannot fail but for its length limit: then one after the other. */
    for (uint32_t i = 0; i < slot->n_contains; i++) {
        struct check_value value = {.text = slot->contains[i].text};
        if (check_text_matches(
                slot->contains[i].ignore_case ? VL_OP_ICONTAINS : VL_OP_CONTAINS, text, &value))
            on_pattern(slot->contains[i].bit, 0, &scan);
    }
    return room;
}

/* Two rows in one: rare, since most texts are known to one look-up at most. */
APART const uint64_t *join_rows(const uint64_t *a, const uint64_t *b, uint32_t words, uint64_t *room)
{
    for (uint32_t i = 0; i < words; i++)
        room[i] = a[i] | b[i];
    return room;
}

/* Equalities, prefixes and suffixes: rows that lie in the program, put together only where there are two. */
static inline const uint64_t *sets_row(
    const uint64_t *none, const struct text_sets *sets, struct vl_span text, uint32_t words, uint64_t *room)
{
    const uint64_t *row = sets->dict.entries ? text_dict_find(&sets->dict, text, none) : none;
    if (sets->prefixes.nodes) {
        const uint64_t *begins = text_tree_find(&sets->prefixes, text, none);
        if (begins != none)
            row = row == none ? begins : join_rows(row, begins, words, room);
    }
    if (sets->suffixes.nodes) {
        const uint64_t *ends = text_tree_find(&sets->suffixes, text, none);
        if (ends != none)
            row = row == none ? ends : join_rows(row, ends, words, room);
    }
    return row;
}

/* In the scratch memory; without memory, where the event ends in an error, no text. */
static struct vl_span small_letters(struct vl_rule_matcher *m, struct vl_span text)
{
    char *small = vl_arena_dup_span(m->scratch, text);
    for (size_t i = 0; small && i < text.len; i++) {
        if (small[i] >= 'A' && small[i] <= 'Z')
            small[i] = (char)(small[i] | 0x20);
    }
    return (struct vl_span){small, small ? text.len : 0};
}

/* The same on small letters, added to the row. */
APART const uint64_t *add_folded(struct vl_rule_matcher *m, const struct prog_slot *slot, struct vl_span text,
    const uint64_t *row, uint64_t *room)
{
    const uint64_t *none = m->program->no_row;
    uint32_t words = slot->words[ROW_WHOLE];
    struct vl_span small = small_letters(m, text);
    uint64_t *other = vl_arena_array(m->scratch, words, sizeof(*other));
    if (!small.ptr || !other)
        return row;
    const uint64_t *folded = sets_row(none, &slot->folded, small, words, other);
    if (row == none || folded == none)
        return row == none ? folded : row;
    return join_rows(row, folded, words, room);
}

static inline const uint64_t *whole_row(
    struct vl_rule_matcher *m, const struct prog_slot *slot, struct vl_span text, uint64_t *room)
{
    const uint64_t *row = sets_row(m->program->no_row, &slot->exact, text, slot->words[ROW_WHOLE], room);
    return slot->has_folded ? add_folded(m, slot, text, row, room) : row;
}

/* A path with two forms: both rows. */
APART const uint64_t *both_rows(struct vl_rule_matcher *m, const struct prog_slot *slot,
    const struct vl_event_value *value, enum text_rows which)
{
    uint32_t words = slot->words[which];
    uint64_t *room = m->rows + slot->row_at[which], *first = room + words;
    const uint64_t *row = which == ROW_WHOLE ? whole_row(m, slot, value->as.string, room)
                                             : contains_row(m, slot, value->as.string, room);
    memcpy(first, row, words * sizeof(*first));
    row = which == ROW_WHOLE ? whole_row(m, slot, value->other, room)
                             : contains_row(m, slot, value->other, room);
    return join_rows(first, row, words, first);
}

/* Sets the bits of a text's lists in the row, which is cleared before the first of them: true where it has
 * any. */
static bool add_lists(
    const struct text_sets *sets, struct vl_span text, uint64_t *row, uint32_t words, bool cleared)
{
    const struct text_bit *lists[3] = {sets->dict.entries ? text_dict_find(&sets->dict, text, NULL) : NULL,
        sets->prefixes.nodes ? text_tree_find(&sets->prefixes, text, NULL) : NULL,
        sets->suffixes.nodes ? text_tree_find(&sets->suffixes, text, NULL) : NULL};
    for (unsigned i = 0; i < VL_ARRAY_LEN(lists); i++) {
        if (lists[i] && !cleared) {
            memset(row, 0, words * sizeof(*row));
            cleared = true;
        }
        for (const struct text_bit *b = lists[i]; b; b = b->next)
            row[b->bit / 64] |= 1ULL << (b->bit % 64);
    }
    return cleared;
}

/* The row of a slot that has so many checks that texts have lists. */
APART const uint64_t *list_row(
    struct vl_rule_matcher *m, const struct prog_slot *slot, const struct vl_event_value *value)
{
    uint64_t *row = m->rows + slot->row_at[ROW_WHOLE];
    uint32_t words = slot->words[ROW_WHOLE];
    const struct vl_span forms[2] = {value->as.string, value->other};
    bool any = false;
    for (unsigned i = 0; i < VL_ARRAY_LEN(forms) && (i == 0 || forms[i].len); i++) {
        any = add_lists(&slot->exact, forms[i], row, words, any);
        if (!slot->has_folded)
            continue;
        struct vl_span small = small_letters(m, forms[i]);
        if (small.ptr)
            any = add_lists(&slot->folded, small, row, words, any);
    }
    return any ? row : m->program->no_row;
}

/* The row of a slot whose value is one text. */
static inline const uint64_t *read_row(
    struct vl_rule_matcher *m, struct slot_state *state, uint32_t number, enum text_rows which)
{
    const struct prog_slot *slot = &m->program->slots[number];
    const uint64_t *row;
    if (which == ROW_WHOLE && !text_has_rows(slot->words[which]))
        row = list_row(m, slot, state->value);
    else if (state->value->other.len)
        row = both_rows(m, slot, state->value, which);
    else if (which == ROW_WHOLE)
        row = whole_row(m, slot, state->value->as.string, m->rows + slot->row_at[which]);
    else
        row = contains_row(m, slot, state->value->as.string, m->rows + slot->row_at[which]);
    state->row_epoch[which] = m->epoch;
    state->row[which] = row;
    return row;
}

/* --- leaves --- */

static inline bool ref_holds(struct vl_rule_matcher *m, uint32_t ref);

APART bool slow_check(struct vl_rule_matcher *m, const struct prog_node *node, const struct slot_state *state)
{
    return state->value->kind != VL_VALUE_MISSING &&
           check_holds(&m->program->checks[node->at], state->value, m->event, m->scratch);
}

/* A value that is no single text has no row. */
APART bool bit_without_row(
    struct vl_rule_matcher *m, const struct prog_node *node, const struct slot_state *state)
{
    if (state->value->kind == VL_VALUE_MISSING)
        return false;
    if (node->kind != PROG_BITS)
        return slow_check(m, node, state);
    const struct prog_bits *bits = &m->program->bits[node->at];
    for (uint32_t i = 0; i < bits->n; i++) {
        if (ref_holds(m, m->children[bits->first + i]))
            return true;
    }
    return false;
}

/* The first question for a row of this event. */
APART bool bit_first(struct vl_rule_matcher *m, const struct prog_node *node)
{
    struct slot_state *state = read_slot(m, node->slot);
    if (state->value->kind != VL_VALUE_STRING)
        return bit_without_row(m, node, state);
    const uint64_t *row = read_row(m, state, node->slot, (enum text_rows)node->detail);
    return (row[node->n] >> node->shift & 1) == (node->kind != PROG_BIT_NOT);
}

APART bool contains_holds(struct vl_rule_matcher *m, const struct prog_node *node)
{
    const struct slot_state *state = read_slot(m, node->slot);
    if (state->value->kind != VL_VALUE_STRING)
        return slow_check(m, node, state);
    struct vl_span want = m->program->checks[node->at].values[0].text;
    size_t rare = node->n & 0xffff, second = node->n >> 16;
    return text_contains(state->value->as.string, want, rare, second) ||
           (state->value->other.len && text_contains(state->value->other, want, rare, second));
}

APART bool int_holds(struct vl_rule_matcher *m, const struct prog_node *node)
{
    const struct slot_state *state = read_slot(m, node->slot);
    int64_t want = m->program->numbers[node->at], have = state->value->as.i;
    if (state->value->kind != VL_VALUE_INT && (state->value->kind != VL_VALUE_UINT || have < 0))
        return slow_check(m, node, state);
    switch ((enum vl_condition_op)node->detail) {
    case VL_OP_EQ:
        return have == want;
    case VL_OP_NE:
        return have != want;
    case VL_OP_LT:
        return have < want;
    case VL_OP_LE:
        return have <= want;
    case VL_OP_GT:
        return have > want;
    default:
        return have >= want;
    }
}

APART bool bool_holds(struct vl_rule_matcher *m, const struct prog_node *node)
{
    const struct slot_state *state = read_slot(m, node->slot);
    if (state->value->kind == VL_VALUE_BOOL)
        return state->value->as.boolean == node->detail;
    return slow_check(m, node, state);
}

/* --- nodes --- */

APART bool series_holds(struct vl_rule_matcher *m, const struct prog_node *node)
{
    const uint32_t *child = m->children + node->slot, *end = child + node->n;
    bool stop = node->kind == PROG_OR, holds = !stop;
    for (; child < end; child++) {
        if (ref_holds(m, *child) == stop) {
            holds = stop;
            break;
        }
    }
    m->answers[node - m->nodes] = m->epoch << 1 | holds;
    return holds;
}

APART bool remembered(struct vl_rule_matcher *m, const struct prog_node *node)
{
    bool holds =
        node->kind == PROG_CONTAINS ? contains_holds(m, node) : slow_check(m, node, read_slot(m, node->slot));
    m->answers[node - m->nodes] = m->epoch << 1 | holds;
    return holds;
}

APART bool exists(struct vl_rule_matcher *m, const struct prog_node *node)
{
    return read_slot(m, node->slot)->value->kind != VL_VALUE_MISSING;
}

/* A question that was not asked of this event before. Depth: that of the conditions, which is limited. */
APART bool first_answer(struct vl_rule_matcher *m, const struct prog_node *node)
{
    switch ((enum prog_kind)node->kind) {
    case PROG_AND:
    case PROG_OR:
        return series_holds(m, node);
    case PROG_BIT:
    case PROG_BIT_NOT:
    case PROG_BITS:
        return bit_first(m, node);
    case PROG_EXISTS:
        return exists(m, node);
    case PROG_BOOL:
        return bool_holds(m, node);
    case PROG_INT:
        return int_holds(m, node);
    case PROG_CHECK:
    case PROG_CONTAINS:
        return remembered(m, node);
    default:
        return node->kind == PROG_TRUE;
    }
}

static inline bool ref_holds(struct vl_rule_matcher *m, uint32_t ref)
{
    const struct prog_node *node = &m->nodes[ref >> 1];
    if (node->kind < PROG_BIT) {
        uint32_t known = m->answers[ref >> 1];
        if (known >> 1 == m->epoch)
            return (known ^ ref) & 1;
    } else if (node->kind <= PROG_BITS) {
        const struct slot_state *state = &m->slots[node->slot];
        if (state->row_epoch[node->detail] == m->epoch) {
            bool set = state->row[node->detail][node->n] >> node->shift & 1;
            return (set ^ (node->kind == PROG_BIT_NOT)) != (ref & 1);
        }
    }
    return first_answer(m, node) != (ref & 1);
}

/* --- events --- */

static void begin(struct vl_rule_matcher *m, const struct vl_event *event)
{
    m->event = event;
    m->look = event->ops->look;
    m->n_fired = 0;
    if (++m->epoch == 1U << 31) { /* answers keep 31 bits of it */
        memset(m->answers, 0, m->program->n_nodes * sizeof(*m->answers));
        memset(m->slots, 0, m->program->n_slots * sizeof(*m->slots));
        m->epoch = 1;
    }
    if (vl_arena_used(m->scratch))
        vl_arena_reset(m->scratch);
}

APART uint64_t hits_of(const struct prog_pick *pick, const struct prog_hit *hits, uint64_t bits)
{
    uint64_t possible = 0;
    for (; bits; bits &= bits - 1) {
        uint64_t below = (bits & -bits) - 1;
        possible |= hits[pick->first + (unsigned)__builtin_popcountll(pick->mask & below)].clusters;
    }
    return possible;
}

/* A value without a row: each bit is asked. */
APART uint64_t hits_without_row(
    struct vl_rule_matcher *m, const struct prog_pick *pick, const struct prog_hit *hits)
{
    uint64_t possible = 0;
    unsigned n = (unsigned)__builtin_popcountll(pick->mask);
    for (unsigned i = 0; i < n; i++) {
        if (ref_holds(m, hits[pick->first + i].ref))
            possible |= hits[pick->first + i].clusters;
    }
    return possible;
}

/* The clusters of which a text is there. */
static uint64_t possible_of(struct vl_rule_matcher *m, const struct prog_group *group)
{
    uint64_t possible = 0;
    const uint64_t *none = m->program->no_row;
    const struct prog_pick *pick = group->picks;
    const struct prog_pick_row *end = group->pick_rows + group->n_pick_rows;
    for (const struct prog_pick_row *of = group->pick_rows; of < end; of++) {
        const struct prog_pick *last = group->picks + of->end;
        struct slot_state *state = read_slot(m, of->slot);
        if (state->value->kind == VL_VALUE_STRING) {
            const uint64_t *row = state->row_epoch[of->row] == m->epoch
                                      ? state->row[of->row]
                                      : read_row(m, state, of->slot, (enum text_rows)of->row);
            for (; row != none && pick < last; pick++) {
                uint64_t bits = row[pick->word] & pick->mask;
                if (bits)
                    possible |= hits_of(pick, group->hits, bits);
            }
        } else if (state->value->kind != VL_VALUE_MISSING) {
            for (; pick < last; pick++)
                possible |= hits_without_row(m, pick, group->hits);
        }
        pick = last;
    }
    for (uint32_t i = 0; i < group->n_asks; i++) {
        if ((group->asks[i].clusters & ~possible) && ref_holds(m, group->asks[i].ref))
            possible |= group->asks[i].clusters;
    }
    return possible;
}

static void run_steps(struct vl_rule_matcher *m, const struct prog_step *steps, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to;) {
        const struct prog_step *step = &steps[i];
        bool holds = ref_holds(m, step->ref);
        if (holds && step->rule != PROGRAM_NO_RULE)
            m->fired[m->n_fired++] = step->rule;
        i = holds ? i + 1 : step->skip;
    }
}

static void run(struct vl_rule_matcher *m, const struct prog_group *group)
{
    uint64_t possible = group->n_clusters ? possible_of(m, group) : 0;
    for (; possible; possible &= possible - 1) {
        const struct prog_cluster *cluster = &group->clusters[__builtin_ctzll(possible)];
        run_steps(m, group->steps, cluster->from, cluster->to);
    }
    run_steps(m, group->steps, group->rest, group->n);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

int vl_rule_match(struct vl_rule_matcher *matcher, const struct vl_event *event,
    int (*each)(const struct vl_rule *rule, const struct vl_event *event, void *user, struct vl_err *err),
    void *user, struct vl_err *err)
{
    const struct vl_rule_program *p = matcher->program;
    if (event->source >= VL_EVENT_SOURCES)
        return vl_err_set(err, VL_ERR_INVALID, "an event of an unknown source");
    const struct prog_source *source = &p->sources[event->source];
    uint32_t group = event->source == VL_EVENT_SYSCALL && event->type < VL_EVENT_TYPES_MAX
                         ? source->group_of[event->type]
                         : 0;
    begin(matcher, event);
    run(matcher, &source->groups[group]);
    int r = vl_arena_check(matcher->scratch, "the memory of an event's values", err);
    if (r < 0 || matcher->n_fired == 0)
        return r;
    qsort(matcher->fired, matcher->n_fired, sizeof(*matcher->fired), by_number);
    uint32_t n = p->matching == VL_RULE_MATCH_FIRST ? 1 : matcher->n_fired;
    for (uint32_t i = 0; i < n && r >= 0; i++)
        r = each(p->rules[matcher->fired[i]], event, user, err);
    return r;
}

/* --- matchers --- */

static int scan_new(
    const struct prog_slot *slot, struct vl_arena *arena, struct vl_multi **ret, struct vl_err *err)
{
    struct vl_multi_pattern *patterns = calloc(slot->n_contains, sizeof(*patterns));
    int r = patterns ? 0 : vl_err_nomem(err);
    for (uint32_t i = 0; i < slot->n_contains && r >= 0; i++) {
        const char *text = vl_arena_dup_span(arena, slot->contains[i].text);
        if (!text)
            r = vl_err_nomem(err);
        else
            patterns[i] =
                (struct vl_multi_pattern){text, true, slot->contains[i].ignore_case, slot->contains[i].bit};
    }
    if (r >= 0)
        r = vl_multi_new(patterns, slot->n_contains, ret, err);
    free(patterns);
    return r;
}

static int scans_new(struct vl_rule_matcher *m, struct vl_err *err)
{
    const struct vl_rule_program *p = m->program;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(PROGRAM_ARENA_MAX);
    int r = arena ? 0 : vl_err_nomem(err);
    for (uint32_t i = 0; i < p->n_slots && r >= 0; i++) {
        if (p->slots[i].multi)
            r = scan_new(&p->slots[i], arena, &m->multi[p->slots[i].multi - 1], err);
    }
    return r;
}

int vl_rule_matcher_new(
    const struct vl_rule_program *program, struct vl_rule_matcher **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_rule_matcher_cleanup) struct vl_rule_matcher *m = calloc(1, sizeof(*m));
    if (!m)
        return vl_err_nomem(err);
    m->program = program;
    m->nodes = program->nodes;
    m->children = program->children;
    m->scratch = vl_arena_new(PROGRAM_SCRATCH_MAX);
    m->answers = calloc(program->n_nodes + 1UL, sizeof(*m->answers));
    m->slots = calloc(program->n_slots + 1UL, sizeof(*m->slots));
    m->own = calloc(program->n_slots + 1UL, sizeof(*m->own));
    m->rows = calloc(program->row_words + 1UL, sizeof(*m->rows));
    m->multi = calloc(program->n_multi + 1UL, sizeof(*m->multi));
    m->fired = calloc(program->max_fired + 1UL, sizeof(*m->fired));
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
    if (!m->scratch || !m->answers || !m->slots || !m->own || !m->rows || !m->multi || !m->fired)
        /* cppcheck-suppress memleak ; freed when it leaves the scope */
        return vl_err_nomem(err);
    int r = scans_new(m, err);
    if (r < 0)
        return r;
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    *ret = m;
    m = NULL;
    return 0;
}

void vl_rule_matcher_free(struct vl_rule_matcher *matcher)
{
    if (!matcher)
        return;
    for (uint32_t i = 0; matcher->multi && i < matcher->program->n_multi; i++)
        vl_multi_free(matcher->multi[i]);
    free(matcher->multi);
    free(matcher->fired);
    free(matcher->rows);
    free(matcher->slots);
    free(matcher->own);
    free(matcher->answers);
    vl_arena_free(matcher->scratch);
    free(matcher);
}

void vl_rule_matcher_cleanup(struct vl_rule_matcher **matcher)
{
    vl_rule_matcher_free(*matcher);
    *matcher = NULL;
}
