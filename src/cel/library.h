/* Functions as tables: the checker reads the signatures, the evaluator calls, the cost model prices. A
 * library is one file lib_NAME.c with one `const struct vl_cel_library`; libraries.c lists all. */
#ifndef VL_CEL_LIBRARY_H
#define VL_CEL_LIBRARY_H

#include "cel/cel.h"
#include "type.h"

#define VL_CEL_ARGS_MAX      8  /* of one call, its target included */
#define VL_CEL_OVERLOADS_MAX 64 /* of one function name, over all libraries */

/* Sizes and costs known before anything runs: [min, max], max UINT64_MAX where nothing bounds it. Sums and
 * products saturate (cost.h). */
struct vl_cel_range {
    uint64_t min, max;
};

/* What is known of an argument before anything runs. */
struct vl_cel_estimate_arg {
    struct vl_cel_range size; /* strings: code points as cel-go's SizeEstimate; lists: items; else [0, MAX] */
    struct vl_cel_range item; /* size of a list's items, as its schema limits it; else [0, MAX] */
    const struct vl_cel_type *type;
    const struct vl_cel_value *literal; /* a constant of the expression, or NULL */
    const struct vl_cel_node *node;     /* ast.h */
};

/* What an overload costs. NULL functions: 1 for the call, nothing known of the result's size. */
struct vl_cel_price {
    /* At run time, the whole cost of the call (cel-go's callCost of the overload), arguments not included.
     * Called after the call, also where an argument or the result is an error (its size is 1). */
    uint64_t (*actual)(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);

    /* The same where the checker left several overloads possible: cel-go's prices, which go by the id of an
     * overload, do not hold then (NULL: the call costs 1); Kubernetes' prices, which go by the name of the
     * function, hold still, even where no overload fits in the end. All overloads of a name have the same. */
    uint64_t (*actual_open)(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);

    /* Before; sets *ret_size (of the result; [0, MAX] at the call) where it is known. A call with several
     * overloads possible costs the union of their estimates. */
    struct vl_cel_range (*estimate)(
        const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
};

/* What is checked of arguments before a call that the checker could not decide. */
enum vl_cel_guard {
    VL_CEL_GUARD_TYPES, /* their types; of lists and maps also those of the first item */
    VL_CEL_GUARD_LIST,  /* that lists are lists */
    VL_CEL_GUARD_NONE,  /* their number: the function looks itself */
};

struct vl_cel_overload {
    const char *id; /* cel-go's or Kubernetes' overload id: "string_to_quantity" */
    bool member;    /* args[0] is the target */
    uint8_t n_args;
    uint8_t since; /* Kubernetes minor version that brought it; 0: always */
    uint8_t until; /* first minor version without it; 0: none */
    const struct vl_cel_type *args[VL_CEL_ARGS_MAX];
    const struct vl_cel_type *result;

    /* NULL: the evaluator itself does it (operators, &&, ?:). Arguments are no errors and match the types
     * shallowly (kinds; items of lists may be anything and must be checked). */
    struct vl_cel_value (*call)(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n);
    struct vl_cel_price price;
    enum vl_cel_guard guard;
    const char *refused; /* known by name only: what it would need; NULL: it is there */
    bool asks;           /* refused only where nobody outside answers (vl_cel_run_outside) */
};

struct vl_cel_function {
    const char *name; /* "matches"; a qualified one: "optional.of" */
    const struct vl_cel_overload *overloads;
    unsigned n;
};

/* A function of the same name may be in several libraries: their overloads add up. */
struct vl_cel_library {
    const char *name;
    const struct vl_cel_function *functions;
    unsigned n;
    bool spec_only;       /* not in Kubernetes: only in VL_CEL_PROFILE_CEL_SPEC */
    bool kubernetes_only; /* the other way round: another library has the function of cel-spec */
    bool kyverno;         /* spec_only: in Kyverno's environment too; else: only there */
    /* A constant argument that is wrong is an error at compilation (regex, duration, timestamp, IP literals
     * from Kubernetes 1.29 on): NULL, or the message for a bad one in the arena. */
    const char *(*validate)(
        const char *function, unsigned arg, struct vl_cel_value constant, struct vl_arena *arena);
};

extern const struct vl_cel_library *const vl_cel_libraries[]; /* libraries.c; ends with NULL */

/* --- for implementations --- */

/* An error value; the evaluator adds the place. */
VL_PRINTF(2, 3) struct vl_cel_value vl_cel_fail(struct vl_cel_run *run, const char *fmt, ...);

/* "no such overload": for items of wrong kinds. */
struct vl_cel_value vl_cel_no_overload(struct vl_cel_run *run);

/* A compiled regular expression: constants are compiled once with the program, others are kept for the run
 * (at most VL_CEL_REGEX_CACHE_MAX). NULL after setting *ret_error. */
#define VL_CEL_REGEX_CACHE_MAX 64
#define VL_CEL_REGEX_WORK_MAX  1000000 /* instructions of all constant patterns of an expression together */
#define VL_CEL_REGEX_WORK_ONE  40      /* of the smallest one: its overhead */
struct vl_regex;
const struct vl_regex *vl_cel_regex(
    struct vl_cel_run *run, struct vl_span pattern, struct vl_cel_value *ret_error);

/* Charged while a call works (a nested comparison, say), over its price. False when the budget is used up. */
bool vl_cel_charge(struct vl_cel_run *run, uint64_t cost);

#endif
