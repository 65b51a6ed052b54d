/* The inside of a run: bindings, budget, memory, kept regular expressions. */
#ifndef VL_CEL_RUN_IMPL_H
#define VL_CEL_RUN_IMPL_H

#include <stdatomic.h>

#include "base/map.h"

#include "env.h"
#include "library.h"

#define VL_CEL_DEPTH_RUN_MAX 3000 /* frames of nested evaluations, over all lazy variables */

enum vl_cel_binding_kind {
    VL_CEL_UNBOUND,
    VL_CEL_BOUND,
    VL_CEL_LAZY,
    VL_CEL_LAZY_BUSY, /* being evaluated: a second use is a cycle */
};

struct vl_cel_binding {
    enum vl_cel_binding_kind kind;
    bool seen; /* `value` is already what a schema makes of it */
    struct vl_cel_value value;
    const struct vl_cel_program *program;
};

struct vl_cel_kept_regex {
    struct vl_regex *regex;
    char *pattern; /* owned */
    size_t len;
};

/* Regular expressions that a program compiled with its constants, sorted by nothing: few. */
struct vl_cel_constant_regex {
    struct vl_span pattern;
    struct vl_regex *regex;
};

/* A variable of a comprehension. The accumulator is made at its first use, as in cel-go. */
struct vl_cel_slot {
    struct vl_cel_value value;
    bool ready;
    bool grows;                   /* a list or map of our own that nobody else sees yet */
    const struct vl_cel_op *init; /* of an accumulator */
};

/* A time zone that was read, in the arena. */
struct vl_cel_zone {
    struct vl_cel_zone *next;
    struct vl_span name, file;
};

#define VL_CEL_INDEXED_FROM 64 /* items: arrays of documents from this on are copied at their first index */
#define VL_CEL_INDEXED_MAX  100000

struct vl_cel_run {
    struct vl_arena *arena;
    struct vl_map indexed; /* node of an array -> its items as own list; empty until one is needed */
    struct vl_cel_zone *zones;

    /* Costs. `limit` is that of the evaluation that runs now; `cost` counts up to it. */
    uint64_t cost, limit;
    uint64_t used, budget; /* since the reset */
    bool over;             /* the limit was passed: everything returns at once */
    bool interrupted;
    uint64_t work; /* single comparisons that are left, beside the cost */
    atomic_bool interrupt;

    struct vl_cel_binding *bindings; /* owned */
    unsigned n_bindings, cap_bindings;
    unsigned depth; /* frames in use */

    struct vl_cel_slot *slots; /* of the program that runs now */
    const struct vl_cel_constant_regex *constants;
    unsigned n_constants;
    bool strict_presence; /* of the program that runs now */
    uint32_t offset;      /* place of the call that runs now */

    struct vl_cel_kept_regex regexes[VL_CEL_REGEX_CACHE_MAX];
    unsigned next_regex; /* to be replaced next */

    struct vl_cel_authorizer authorizer;
    bool has_authorizer;
    struct vl_cel_outside outside; /* answer NULL: nobody */
    int64_t now_ms;                /* 0: the clock */
};

/* Comparisons and rounds of one evaluation. Its cost allows about 10 a unit; values that share their parts
 * would allow any number. */
#define VL_CEL_RUN_WORK_MAX UINT64_C(20000000)

/* Errors that need no memory. */
struct vl_cel_value vl_cel_error_static(const struct vl_cel_error *error);
struct vl_cel_value vl_cel_error_cost(void);

/* The error of a run that ended early: budget, interrupt or work. */
struct vl_cel_value vl_cel_run_stopped(const struct vl_cel_run *run);

/* A value as it stands in messages (Go's %v): texts as they are, numbers, else JSON. A string. */
struct vl_cel_value vl_cel_value_text(struct vl_cel_run *run, struct vl_cel_value value);

/* Adds an entry to a map that grows; an error where the key is there. */
struct vl_cel_value vl_cel_map_insert(
    struct vl_cel_run *run, struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value value);

/* Item of a list; arrays of documents, which are walked otherwise, are copied once so that loops over indices
 * do not go with the square of their length. */
struct vl_cel_value vl_cel_run_item(struct vl_cel_run *run, struct vl_cel_value list, size_t index);

/* == within the work that is left; sets run->over at its end. */
bool vl_cel_run_equal(struct vl_cel_run *run, struct vl_cel_value a, struct vl_cel_value b);

#endif
