/* Inside of a program. Private to rule.
 *
 * Conditions become one graph of nodes without repetition. For the source syscall the event types are put
 * into groups that no condition can tell apart; in each group tests of evt.type are constants and the graph
 * is simplified. A group is a list of steps: guards that many rules share jump over the rules they exclude.
 * Tests of texts on one field are answered together: all equalities by one look-up, all prefixes by one walk.
 */
#ifndef VL_RULE_PROGRAM_IMPL_H
#define VL_RULE_PROGRAM_IMPL_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "check.h"
#include "pattern/multi.h"
#include "rule/program.h"

#define PROGRAM_ARENA_MAX   (2UL * 1024 * 1024 * 1024)
#define PROGRAM_SCRATCH_MAX (64UL * 1024 * 1024) /* a matcher's memory for one event */
#define PROGRAM_NODES_MAX   20000000
#define PROGRAM_STEPS_MAX   20000000
#define PROGRAM_WORDS       (VL_EVENT_TYPES_MAX / 64)
#define PROGRAM_NO_RULE     UINT32_MAX

/* --- sets of texts --- */

/* What a text answers: a row of words whose bits are checks. Where a slot has more checks than this, a row
 * for each text would take memory that grows with their square: then it is a list of the bits that are set,
 * and the matcher makes the row. */
#define TEXT_ROW_WORDS_MAX 8

struct text_bit {
    const struct text_bit *next;
    uint32_t bit;
};

static inline bool text_has_rows(uint32_t words)
{
    return words <= TEXT_ROW_WORDS_MAX;
}

/* Equal texts: a hash table whose rows say which checks hold. */
struct text_dict_entry {
    uint64_t hash; /* 0: free */
    struct vl_span key;
    const void *row; /* words, or struct text_bit */
};
struct text_dict {
    struct text_dict_entry *entries;
    uint64_t mask;
    uint64_t lengths; /* of the keys, modulo 64, as bits */
    bool quick;       /* few keys: their ends are enough for a hash */
};

/* Prefixes (or suffixes, backwards) as a tree with shortened paths. */
struct text_tree_node {
    uint64_t head,
        mask; /* the label's first eight bytes, and which of them it has: most comparisons end here */
    uint32_t label, label_len; /* into `bytes` */
    uint32_t first_child, n_children;
    const uint16_t *table; /* by byte: 1 + which child, 0 none; NULL where there are few */
    const void *row;       /* of this text and all its prefixes; NULL: no text ends here */
};
struct text_tree {
    struct text_tree_node *nodes; /* children of a node beside each other; [0]: the root */
    uint8_t *firsts;              /* by node: first byte of its label */
    const char *bytes;
    bool backwards;
};

enum text_family {
    FAMILY_EQUAL,  /* = != in intersects */
    FAMILY_PREFIX, /* startswith */
    FAMILY_SUFFIX, /* endswith */
    FAMILY_IEQUAL, /* their namesakes that are blind to case */
    FAMILY_IPREFIX,
    FAMILY_ISUFFIX,
    FAMILY_CONTAINS, /* contains icontains */
    FAMILIES,
};

/* What the first three, and the next three on small letters, look up. */
struct text_sets {
    struct text_dict dict;
    struct text_tree prefixes, suffixes;
};

/* Rows of a slot: equalities, prefixes and suffixes have their bits in one, found by a look-up each. */
enum text_rows {
    ROW_WHOLE,
    ROW_CONTAINS,
    ROWS,
};

#define CONTAINS_MULTI_MIN 12 /* patterns from which one scan for all is quicker than one after the other */

/* A pair of a text and the number of the check that it belongs to. */
struct text_item {
    struct vl_span text;
    uint32_t bit;
    bool ignore_case;
};

/* Builders: items in any order; rows have `words` words, or are lists. Everything lies in the arena. */
VL_MUST_CHECK int text_dict_build(struct text_dict *dict, const struct text_item *items, uint32_t n,
    uint32_t words, struct vl_arena *arena, struct vl_err *err);
VL_MUST_CHECK int text_tree_build(struct text_tree *tree, struct text_item *items, uint32_t n, uint32_t words,
    bool backwards, struct vl_arena *arena, struct vl_err *err);

/* --- the graph --- */

/* A left side: read once an event, with the families of its texts. */
struct prog_slot {
    const struct check_operand *operand;
    const struct vl_field *field; /* plain fields: read without a detour */
    struct vl_span arg;
    bool is_plain; /* a field without an argument */
    uint32_t n_bits[ROWS];
    uint32_t words[ROWS];
    uint32_t row_at[ROWS]; /* place of a row of its own in the matcher's memory */
    struct text_sets exact, folded;
    bool has_folded;
    struct text_item *contains;
    uint32_t n_contains;
    uint32_t multi; /* 1 + which scan of the matcher; 0: one pattern after the other */
};

enum prog_kind {
    PROG_FALSE,
    PROG_TRUE,
    PROG_AND,
    PROG_OR,
    PROG_NOT,      /* while building only: then a flag of who refers to the child */
    PROG_CHECK,    /* whatever check_holds() says */
    PROG_CONTAINS, /* one text */
    PROG_BIT,      /* a bit of a row: from here on quicker to ask than to remember */
    PROG_BIT_NOT,
    PROG_BITS, /* a bit that stands for the OR of several; those are its children */
    PROG_EXISTS,
    PROG_BOOL,
    PROG_INT, /* a number that fits int64_t */
};

/* A node while the program is built. */
struct build_node {
    uint8_t kind;   /* enum prog_kind */
    uint8_t detail; /* BIT: enum text_rows; INT: operator; BOOL: the value */
    uint16_t cost;
    uint32_t slot; /* leaves */
    uint32_t bit;
    uint32_t first, n; /* AND, OR, NOT, BITS: into `children` */
    uint32_t check;    /* leaves: into `checks` */
    float chance;      /* how likely it holds: a guess by its kind */
    float price;       /* what asking it costs, in about nanoseconds */
};

/* A node of the program: four in a cache line. */
struct prog_node {
    uint8_t kind;   /* enum prog_kind */
    uint8_t detail; /* BIT: enum text_rows; INT: operator; BOOL: the value */
    uint8_t shift;  /* BIT: within its word */
    uint8_t unused;
    uint32_t slot; /* leaves; AND, OR: into `children` */
    uint32_t n;    /* AND, OR: children; BIT, BITS: word of its row; CONTAINS: places of two rare bytes */
    uint32_t at;   /* leaves: into `checks`; BITS: into `bits` */
};

/* Nodes refer to each other by number * 2, plus 1 where the answer is turned round. */
#define PROG_REF(node, negated) ((uint32_t)(node) << 1 | (uint32_t)(negated))

/* A bit that stands for several: its row, and whom to ask where a value has no row. */
struct prog_bits {
    uint32_t word, first, n;
};

struct prog_step {
    uint32_t ref;  /* what is asked */
    uint32_t skip; /* where to go on when it does not hold */
    uint32_t rule; /* fires when it holds; PROGRAM_NO_RULE: a guard */
};

/* Rules that need one of the same texts: their steps run only where one is there. */
struct prog_cluster {
    uint32_t guard; /* while building: the node that holds where one is */
    uint32_t from, to;
};
#define PROG_CLUSTERS_MAX 64 /* bits of a word; what is more shares the last one */

/* Bits of one word of a row, and what each makes possible: `hits` from `first` on, one a bit of the mask. */
struct prog_pick {
    uint64_t mask;
    uint32_t word, first;
};
/* The picks of one row: up to `end`, from where the row before ends. */
struct prog_pick_row {
    uint32_t slot;
    uint32_t end : 24;
    uint32_t row : 8; /* enum text_rows */
};
struct prog_hit {
    uint64_t clusters; /* as bits */
    uint32_t ref;      /* what the bit answers, for values without a row */
};

struct prog_group {
    struct prog_step *steps; /* of the clusters, then of all other rules */
    uint32_t n, rest;        /* rest: the first step of those */
    struct prog_cluster *clusters;
    uint32_t n_clusters;
    struct prog_pick_row *pick_rows;
    uint32_t n_pick_rows;
    struct prog_pick *picks;
    struct prog_hit *hits;
    struct prog_hit *asks; /* texts that have no bit: asked one by one */
    uint32_t n_asks;
};

/* What one source of events runs. */
struct prog_source {
    struct prog_group *groups;
    uint32_t n_groups;
    uint16_t group_of[VL_EVENT_TYPES_MAX]; /* by event type; other sources have one group, 0 */
};

struct vl_rule_program {
    struct vl_arena *arena;
    const struct vl_ruleset *set;
    const struct vl_rule **rules; /* by the number in steps */
    uint32_t n_rules;
    enum vl_rule_matching matching;
    struct prog_node *nodes;
    uint32_t n_nodes;
    uint32_t *children; /* references */
    struct prog_bits *bits;
    uint32_t n_bits;
    struct check *checks; /* owned: expressions */
    uint32_t n_checks;
    int64_t *numbers; /* by check: the value of INT; of CONTAINS places of two rare bytes */
    struct prog_slot *slots;
    uint32_t n_slots;
    uint32_t n_multi;   /* scans that a matcher needs */
    uint32_t row_words; /* memory for rows that a matcher needs */
    uint64_t *no_row;   /* zeros, as long as the longest row */
    uint32_t max_fired; /* rules that may fire for one event */
    struct prog_source sources[VL_EVENT_SOURCES];
    struct vl_rule_prefilter prefilter;
};

/* --- building --- */

struct builder {
    struct vl_rule_program *program;
    struct vl_arena *arena; /* the program's */
    struct vl_arena *work;  /* freed after building */
    struct vl_vec nodes, children, checks, slots;
    struct vl_map node_ids, check_ids, slot_ids;
    struct vl_vec type_checks; /* node numbers of tests of evt.type in the source that is built */
    const uint8_t *types_hold; /* of the group that is simplified, by place in type_checks: or BUILD_ASKED */
    uint32_t *memo;            /* simplified node + 1, by node */
    uint32_t memo_cap;
    struct vl_vec touched; /* nodes with a memo */
    struct vl_vec bits;    /* struct builder_bit */
    struct vl_vec roots;   /* by the number of a rule: its condition's node */
    struct vl_map merged;  /* nodes that stand for several bits, by those */
    enum vl_event_source source;
    struct vl_err *err;
};

/* A check whose texts set a bit. */
struct builder_bit {
    uint32_t slot, bit, check;
    uint8_t row;
};

#define BUILD_FALSE 0U
#define BUILD_TRUE  1U

/* The family that can answer a check; FAMILIES for none. */
enum text_family build_family_of(const struct check *check);

/* AND or OR of nodes: flat, without constants and repetition. Negative, or the number of the node. */
VL_MUST_CHECK int64_t build_series(struct builder *b, enum prog_kind kind, const uint32_t *items, uint32_t n);

/* Negative, or the number of the node. */
VL_MUST_CHECK int64_t build_condition(struct builder *b, const struct vl_condition *condition);
VL_MUST_CHECK int64_t build_simplify(struct builder *b, uint32_t node);
VL_MUST_CHECK int build_leaves(struct builder *b);
VL_MUST_CHECK int build_order(struct builder *b);
VL_MUST_CHECK int build_source(struct builder *b, const uint32_t *roots, const uint32_t *rules, uint32_t n);
VL_MUST_CHECK int build_prefilter(struct builder *b);

#define BUILD_NEEDS_MAX    128 /* leaves of which a condition needs one */
#define BUILD_NEEDS_DEPTH  24
#define BUILD_NEEDS_VISITS 20000

/* Appends leaves of which at least one must hold for the AND of the nodes to hold, if there are such: then 1.
 * Names of files are preferred to those of programs, and both to what is searched within a text. */
VL_MUST_CHECK int build_needs(struct builder *b, const uint32_t *nodes, uint32_t n, struct vl_vec *leaves);

/* The node behind NOTs and series of one, as a reference. */
uint32_t build_ref(const struct builder *b, uint32_t number);

/* What makes the clusters of each group possible, when nodes are at their final places. */
VL_MUST_CHECK int build_picks(struct builder *b);

/* Whether the text of an event type makes a test of evt.type hold. */
#define BUILD_ASKED 2 /* only the event's name tells */
bool build_type_known(const struct builder *b, uint32_t node);
bool build_type_holds(const struct builder *b, uint32_t node, const char *type);

#endif
