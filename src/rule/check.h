/* A check made ready: its fields looked up, its values read as the field's type. Private to rule. */
#ifndef VL_RULE_CHECK_H
#define VL_RULE_CHECK_H

#include "base/map.h"
#include "event/event.h"
#include "pattern/regex.h"
#include "rule/condition.h"

#define CHECK_OPERAND_DEPTH_MAX 64 /* transformers within each other */
#define CHECK_REGEX_TOTAL_MAX   20000

/* A field, a transformer with its arguments, a text, or a list of them. */
struct check_operand {
    uint8_t transformer; /* enum vl_transformer; NONE: a field, or one of: */
    bool is_literal, is_list;
    uint8_t type; /* enum vl_field_type of the result */
    bool result_is_list;
    const struct vl_field *field;
    struct vl_span arg; /* of the field, or of getopt */
    bool has_arg;
    struct vl_span literal;
    struct check_operand *inner, *next;
};

#define CHECK_NET_BYTES 17

/* An address or a net: the family (4 or 6), then 16 bytes; IPv4 is mapped into ::ffff:0:0/96. */
struct check_net {
    uint8_t first[CHECK_NET_BYTES], last[CHECK_NET_BYTES];
};

/* A number of a rule: 65 bits, or a double. */
struct check_number {
    bool is_double, negative;
    uint64_t magnitude;
    double d;
};

struct check_value {
    struct vl_span text; /* unescaped; decoded where the operator takes hex */
    struct check_number number;
    struct check_net net;
    bool boolean;
    struct vl_regex *regex; /* owned */
};

/* How values are compared. */
enum check_class {
    CHECK_TEXT,
    CHECK_NUMBER,
    CHECK_BOOL,
    CHECK_NET, /* addresses and nets */
};

struct check {
    const struct vl_condition *source;
    struct check_operand *left, *right; /* right: NULL where there are values */
    uint8_t op, quantifier, class;      /* enum vl_condition_op, vl_condition_quantifier, check_class */
    bool all_in;                        /* `in` on a list field: all values must be in the set */
    bool either;                        /* fd.ip: `!=` holds only if no value is equal */
    bool ancestor;                      /* proc.aname: any value may make it hold, `!=` too */
    uint32_t n;
    struct check_value *values;
    struct vl_map set;      /* texts of `in` and `intersects` where there are many */
    struct check_net *nets; /* sorted, not overlapping: for `in` */
    uint32_t n_nets;
};

/* What went wrong while making ready. */
struct check_problem {
    bool unknown_field;
    uint32_t offset;
    const char *message, *hint;
    uint32_t warnings;
    const char *warning;
};

/* Falco's rules for types (`strict`), or whatever can be compared. On an error -EINVAL, with `problem`. */
VL_MUST_CHECK int check_init(struct check *check, const struct vl_condition *source,
    enum vl_event_source event_source, bool strict, struct vl_arena *arena, struct check_problem *problem,
    struct vl_err *err);
void check_done(struct check *check);

VL_MUST_CHECK int check_operand_init(struct check_operand **ret, const struct vl_operand *source,
    enum vl_event_source event_source, bool strict, struct vl_arena *arena, struct check_problem *problem,
    struct vl_err *err);

/* The value of an operand for an event. */
void check_operand_get(const struct check_operand *operand, const struct vl_event *event,
    struct vl_arena *scratch, struct vl_event_value *ret);

/* Whether the check holds of a value of its left side. `event` is for a field on the right. */
bool check_holds(const struct check *check, const struct vl_event_value *left, const struct vl_event *event,
    struct vl_arena *scratch);

/* A value as text for comparing and joining; false where it is missing or a list. */
bool check_text_of(const struct vl_event_value *value, struct vl_arena *scratch, struct vl_span *ret);

bool check_net_parse(struct vl_span text, struct check_net *ret);
bool check_number_parse(struct vl_span text, bool allow_double, struct check_number *ret);

/* Compares one text by an operator of texts. */
bool check_text_matches(enum vl_condition_op op, struct vl_span text, const struct check_value *value);

/* Whether `path` is the pattern or lies below it, component by component, each with globs. */
bool check_path_below(struct vl_span path, struct vl_span pattern);

#endif
