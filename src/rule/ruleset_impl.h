/* Inside of a rule set: what the readers of its forms (Falco, native, Sigma) share. Private to the room.
 *
 * Reading a file collects lists, macros and rules as they are written; vl_ruleset_finish() makes conditions
 * of them. All texts live in the arena of the set. What a user did wrong becomes a problem and the reader
 * goes on; only our own failures (no memory) are returned. */
#ifndef VL_RULE_RULESET_IMPL_H
#define VL_RULE_RULESET_IMPL_H

#include "base/map.h"
#include "base/vec.h"
#include "codec/doc.h"
#include "native.h"
#include "rule/ruleset.h"
#include "sigma.h"

#define RS_ARENA_MAX      (2UL * 1024 * 1024 * 1024)
#define RS_SCRATCH_MAX    (1UL * 1024 * 1024 * 1024)
#define RS_FILES_MAX      10000
#define RS_LISTS_MAX      100000
#define RS_MACROS_MAX     100000
#define RS_EXCEPTIONS_MAX 1000 /* of one rule */
#define RS_TAGS_MAX       256  /* of one rule */
#define RS_FIELDS_MAX     256  /* of one exception */
#define RS_PIECES_MAX     4000000
#define RS_NEAR_MAX       2000000  /* comparisons of names for hints, in all */
#define RS_NODES_MAX      20000000 /* of all conditions, macros put in */
#define RS_KEYS_MAX       64       /* overridden keys of one rule */

#define RS_ERR_YAML_PARSE        "LOAD_ERR_YAML_PARSE"
#define RS_ERR_YAML_VALIDATE     "LOAD_ERR_YAML_VALIDATE"
#define RS_ERR_COMPILE_CONDITION "LOAD_ERR_COMPILE_CONDITION"
#define RS_ERR_COMPILE_OUTPUT    "LOAD_ERR_COMPILE_OUTPUT"
#define RS_ERR_VALIDATE          "LOAD_ERR_VALIDATE"

#define RS_UNKNOWN_SOURCE            "LOAD_UNKNOWN_SOURCE"
#define RS_UNSAFE_NA_CHECK           "LOAD_UNSAFE_NA_CHECK"
#define RS_NO_EVTTYPE                "LOAD_NO_EVTTYPE"
#define RS_UNKNOWN_FILTER            "LOAD_UNKNOWN_FILTER"
#define RS_UNUSED_MACRO              "LOAD_UNUSED_MACRO"
#define RS_UNUSED_LIST               "LOAD_UNUSED_LIST"
#define RS_UNKNOWN_ITEM              "LOAD_UNKNOWN_ITEM"
#define RS_DEPRECATED_ITEM           "LOAD_DEPRECATED_ITEM"
#define RS_APPEND_NO_VALUES          "LOAD_APPEND_NO_VALUES"
#define RS_EXCEPTION_NAME_NOT_UNIQUE "LOAD_EXCEPTION_NAME_NOT_UNIQUE"
#define RS_INVALID_MACRO_NAME        "LOAD_INVALID_MACRO_NAME"
#define RS_INVALID_LIST_NAME         "LOAD_INVALID_LIST_NAME"
#define RS_COMPILE_CONDITION         "LOAD_COMPILE_CONDITION"
#define RS_UNKNOWN_KEY               "LOAD_UNKNOWN_KEY"
#define RS_NESTED_LIST               "LOAD_NESTED_LIST" /* ours: a list two levels deep, which Falco does not expand */
#define RS_UNKNOWN_LIST              "LOAD_UNKNOWN_LIST"   /* ours */
#define RS_DEFINED_TWICE             "LOAD_DEFINED_TWICE"  /* ours */
#define RS_UNKNOWN_PLUGIN            "LOAD_UNKNOWN_PLUGIN" /* ours */

/* A file that was read. */
struct rs_source {
    const char *name;
    struct vl_span text;
    enum vl_rule_form form;
    bool form_known, schema_broken;
    uint32_t *lines; /* where each line begins; made at the first question */
    uint32_t n_lines;
};

struct rs_place {
    const struct rs_source *source; /* NULL: nowhere */
    uint32_t line, column;          /* 1-based; columns count code points */
};

/* The value of a key, with the place of the key. */
struct rs_scalar {
    struct rs_place key;
    struct vl_span value;
};

/* A text put together from scalars, which remembers where its bytes were written. */
struct rs_piece {
    uint32_t start; /* in the text; the piece ends where the next begins */
    uint32_t from;  /* in the scalar */
    const struct rs_scalar *scalar;
    bool fixed; /* inserted: all its bytes stand for the place `from` */
};
struct rs_use { /* names of lists or macros; may stand several times */
    const char *name;
    struct rs_use *next;
};
struct rs_text {
    struct rs_use *lists; /* that were substituted */
    struct vl_span text;
    const struct rs_piece *pieces;
    uint32_t n_pieces;
};
struct rs_builder {
    struct vl_buf buf;
    struct vl_vec pieces; /* of struct rs_piece */
};

/* Parts of a condition or output in the order of appending. */
struct rs_part {
    const struct rs_scalar *scalar;
    struct rs_part *next;
    struct rs_part *last; /* of the first part */
};

struct rs_list {
    const char *name;
    struct vl_vec items;      /* of struct vl_span, as written */
    struct vl_span *expanded; /* items that name earlier lists replaced by theirs */
    uint32_t n_expanded;
    uint32_t index, visibility;
    struct rs_place place;
    bool used;
};

struct rs_macro {
    const char *name;
    struct rs_part *condition;
    struct rs_text text; /* lists substituted */
    struct vl_condition *tree;
    struct rs_use *uses; /* macros */
    uint64_t nodes;      /* when expanded */
    uint32_t depth;
    uint32_t index, visibility;
    struct rs_place place;
    bool used;
    bool broken;     /* has an error: what uses it is not blamed again */
    uint8_t checked; /* bits: sources it was found good for */
    uint8_t state;   /* of resolving: 0 not begun, 1 on the way, 2 done */
};

/* `fields`, `comps` and each of `values` of an exception: a scalar or a list. */
struct rs_entry {
    bool present, is_list;
    struct vl_span item;
    struct rs_entry *items;
    uint32_t n_items;
};
struct rs_exception {
    const char *name;
    struct rs_entry fields, comps;
    struct vl_vec values; /* of struct rs_entry */
    struct rs_place place;
};

struct rs_rule {
    const char *name;
    const char *source; /* never NULL: "syscall" by default */
    bool source_told, unknown_source;
    struct rs_part *condition, *output, *description;
    struct vl_vec exceptions; /* of struct rs_exception */
    struct vl_vec tags;       /* of const char *, sorted, each once */
    enum vl_rule_priority priority;
    bool enabled, warn_evttypes, skip_if_unknown_filter, capture;
    uint32_t capture_duration;
    uint32_t index, visibility;
    struct rs_place place;
    bool broken;
    struct rs_text text; /* lists substituted */
    struct rs_use *uses; /* macros */
    bool is_native;      /* has keys of the native form: */
    struct vl_native native;
    const struct rs_scalar *steps; /* conditions of native.steps, with their places */
};

struct vl_ruleset {
    struct vl_rule_sink sink; /* first: the sink that other forms see is this set */
    struct vl_arena *arena;
    struct vl_arena *scratch; /* for one check at a time */
    struct vl_sigma *sigma;   /* NULL until the first Sigma document */
    struct vl_vec sources;    /* of struct rs_source * */
    struct vl_vec lists;      /* of struct rs_list * */
    struct vl_vec macros;     /* of struct rs_macro * */
    struct vl_vec written;    /* of struct rs_rule * */
    struct vl_map by_list, by_macro, by_written, by_rule;
    struct vl_vec rules;             /* of struct vl_rule *, the result */
    struct vl_vec problems;          /* of struct vl_rule_problem */
    struct vl_vec plugins;           /* of struct rs_plugin: those that are there */
    struct vl_vec appends, switches; /* falco_config.c's: what a falco.yaml says */
    uint32_t n_errors, n_warnings;   /* also those over VL_RULE_PROBLEMS_MAX */
    uint32_t next_index;
    uint32_t near_done;
    uint64_t n_nodes; /* of all conditions, macros put in */
    uint64_t n_items; /* of all lists, and as expanded into conditions */
    bool plugins_told, finished, items_over;
    bool first_only; /* rule_matching: first */
    bool has_least;  /* priority: rules below `least` stay off */
    enum vl_rule_priority least;
};

struct rs_plugin {
    const char *name, *version;
};

/* --- problems --- */

/* Never fails: over VL_RULE_PROBLEMS_MAX it only counts. `item` and `hint` may be NULL. Texts are copied. */
VL_PRINTF(7, 8)
void rs_tell(struct vl_ruleset *set, bool is_error, const char *code, const struct rs_place *place,
    const char *item, const char *hint, const char *fmt, ...);

/* Of some names the one most like `name`, NULL where none is near. Call rs_near_try() for each. */
struct rs_near {
    struct vl_ruleset *set;
    struct vl_span name;
    const char *best;
    unsigned distance;
};
void rs_near_init(struct rs_near *near, struct vl_ruleset *set, struct vl_span name);
void rs_near_try(struct rs_near *near, const char *candidate);

/* --- places --- */

struct rs_place rs_place_of(const struct rs_source *source, const struct vl_doc_node *node);
/* Where byte `offset` of a text was written: the key's place where it cannot be told better. */
struct rs_place rs_text_place(struct vl_ruleset *set, const struct rs_text *text, uint32_t offset);
struct rs_place rs_scalar_place(struct vl_ruleset *set, const struct rs_scalar *scalar, size_t offset);

void rs_builder_init(struct rs_builder *b);
void rs_builder_done(struct rs_builder *b);
/* Bytes of a scalar from `from` on. */
void rs_builder_copy(
    struct rs_builder *b, const struct rs_scalar *scalar, uint32_t from, struct vl_span bytes);
/* Bytes that are not written in a file but stand for the place `from` of a scalar. */
void rs_builder_put(
    struct rs_builder *b, const struct rs_scalar *scalar, uint32_t from, struct vl_span bytes);
VL_MUST_CHECK int rs_builder_text(
    struct rs_builder *b, struct vl_arena *arena, const char *what, struct rs_text *ret, struct vl_err *err);

/* A name put in front. */
void rs_use_add(struct vl_arena *arena, struct rs_use **uses, const char *name);

/* --- forms --- */

/* One entry a form: the first that says yes to a document reads it. */
struct rs_form {
    const char *name;
    enum vl_rule_form form;
    bool (*is)(const struct vl_doc_node *root);
    int (*read)(
        struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *root, struct vl_err *err);
};

/* A document that is a sequence of items. */
bool rs_falco_is(const struct vl_doc_node *root);
int rs_falco_read(
    struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *root, struct vl_err *err);

/* A ready rule of another form: texts and trees in the arena; `index` is set here. */
VL_MUST_CHECK int rs_rule_push(struct vl_ruleset *set, struct vl_rule *rule, struct vl_err *err);

/* --- Falco items (falco_collect.c): false where a problem was told --- */

struct rs_update { /* what an item with `append` or `override` changes */
    const char *name, *source;
    struct rs_place place;
    const struct rs_scalar *condition, *output, *description;
    bool has_tags, has_exceptions, has_priority, has_enabled, has_warn_evttypes, has_skip, has_capture,
        has_capture_duration;
    struct vl_vec tags, exceptions;
    enum vl_rule_priority priority;
    bool enabled, warn_evttypes, skip_if_unknown_filter, capture;
    uint32_t capture_duration;
};
void rs_update_done(struct rs_update *u);
void rs_exceptions_done(struct vl_vec *exceptions);

int rs_list_define(struct vl_ruleset *set, struct rs_list *list, struct vl_err *err); /* takes it over */
bool rs_list_append(struct vl_ruleset *set, struct rs_list *list);
int rs_macro_define(struct vl_ruleset *set, struct rs_macro *macro, struct vl_err *err);
bool rs_macro_append(struct vl_ruleset *set, const struct rs_macro *macro);
int rs_rule_define(struct vl_ruleset *set, struct rs_rule *rule, struct vl_err *err);
bool rs_rule_append(struct vl_ruleset *set, struct rs_update *update);
bool rs_rule_replace(struct vl_ruleset *set, struct rs_update *update);
bool rs_rule_enable(struct vl_ruleset *set, const struct rs_update *update);
struct rs_rule *rs_rule_written(struct vl_ruleset *set, const char *name);

/* Names of the sources that rules may have; false where it is none of them. */
bool rs_source_of(const char *name, enum vl_event_source *ret);

/* exceptions.c */
bool rs_exception_check(struct vl_ruleset *set, const struct rs_rule *rule, struct rs_exception *exception);
bool rs_exceptions_text(struct vl_ruleset *set, const struct rs_rule *rule, struct rs_builder *out);

/* falco_lists.c */
int rs_lists_expand(struct vl_ruleset *set, struct vl_err *err);
/* Names of lists in a condition replaced by their items, textually. */
/* 1 where a problem was told. */
int rs_lists_substitute(struct vl_ruleset *set, const struct rs_text *text, const char *item,
    struct rs_text *ret, struct vl_err *err);

/* macros.c: false where a problem was told. */
bool rs_macro_resolve(struct vl_ruleset *set, struct rs_macro *macro);
bool rs_macros_resolve_in(struct vl_ruleset *set, struct vl_condition **tree, const struct rs_text *text,
    uint32_t visibility, const char *item, struct rs_use **ret_uses, uint64_t *ret_nodes);

/* falco_compile.c */
int rs_falco_finish(struct vl_ruleset *set, struct vl_err *err);

#endif
