/* Rule files to rules: Falco's YAML (lists, macros, exceptions, override, append, enabled, required
 * versions), our native form and Sigma end up as the same `struct vl_rule`.
 *
 * Source: falcosecurity/falco userspace/engine/rule_loader_{reader,collector,compiler}.cpp (behaviour),
 * engine 0.63.0; Sigma specification 2.1. */
#ifndef VL_RULE_RULESET_H
#define VL_RULE_RULESET_H

#include "base/arena.h"
#include "base/err.h"
#include "event/event.h"
#include "rule/condition.h"

#define VL_RULES_MAX           100000
#define VL_RULE_FILE_MAX       (64UL * 1024 * 1024)
#define VL_RULE_ITEMS_MAX      2000000 /* items of all lists, expanded */
#define VL_RULE_PROBLEMS_MAX   1000
#define VL_RULE_ENGINE_VERSION "0.63.0" /* the Falco engine whose files are understood */

enum vl_rule_priority { /* Falco's, in order of weight */
    VL_RULE_EMERGENCY,
    VL_RULE_ALERT,
    VL_RULE_CRITICAL,
    VL_RULE_ERROR,
    VL_RULE_WARNING,
    VL_RULE_NOTICE,
    VL_RULE_INFORMATIONAL,
    VL_RULE_DEBUG,
};
const char *vl_rule_priority_name(enum vl_rule_priority priority);

enum vl_rule_form {
    VL_RULE_FALCO,
    VL_RULE_SIGMA,
    VL_RULE_NATIVE,
    VL_RULE_CONFIG, /* of a file only: Falco's own configuration */
};

/* What fires only over several events: a count, distinct values or an order within a time (native rules,
 * Sigma correlations): rule/correlate.h. */
struct vl_rule_window;

/* The native form's further parts (also from Sigma's tags); texts NULL where absent. */
struct vl_rule_alert {
    const char *alert_type;           /* Defender's: "K8S.NODE_ReverseShell" */
    const char *severity;             /* "High" "Medium" "Low" "Informational" */
    const char *const *mitre_tactics; /* "Execution" */
    uint32_t n_tactics;
    const char *const *mitre_techniques; /* "T1059.004" */
    uint32_t n_techniques;
    const struct vl_rule_entity *entities; /* kind and field: process, file, pod, account, ip … */
    uint32_t n_entities;
    const char *const *remediation; /* steps */
    uint32_t n_remediation;
    const char *response; /* "none" "kill" "isolate" */
};
struct vl_rule_entity {
    const char *kind;
    const char *field; /* with its argument */
};

/* A member that falco.yaml adds to the output fields. */
struct vl_rule_extra {
    const char *name;
    const char *format; /* a text with %fields */
    bool is_raw;        /* `format` is "%NAME": the field's own value, not its text */
};

struct vl_rule {
    const char *name;
    const char *id;    /* Sigma's id (a UUID as a rule); NULL: none */
    const char *alias; /* Sigma's `name`, by which correlations refer to it; NULL: none */
    const char *description;
    const char *output; /* as written, after appends (also falco.yaml's) */
    const struct vl_rule_extra *extra;
    uint32_t n_extra;
    const char *condition_text; /* as written, after appends */
    const struct vl_condition
        *condition; /* lists, macros and exceptions resolved; NULL: fires by its window
                       only (a sequence, a correlation), no event matches it by itself */
    enum vl_rule_priority priority;
    enum vl_rule_form form;
    enum vl_event_source source;
    const char *source_name; /* as written */
    const char *const *tags;
    uint32_t n_tags;
    bool enabled;
    bool skip_if_unknown_filter;
    bool silent;  /* feeds windows only (a step of a sequence, a rule that a correlation refers to) */
    bool twin;    /* a Sigma rule once more, for log records */
    bool skipped; /* an unknown field or source, and the rule says to skip it then */
    const char *skipped_because;
    bool capture;                 /* Falco's: it asks for a capture of what follows; kept, not acted on */
    uint32_t capture_duration_ms; /* 0: as configured */
    const char *file;
    uint32_t line;
    const struct vl_rule_alert *alert;   /* NULL: none told */
    const struct vl_rule_window *window; /* NULL: each matching event fires. A set with windows wants
                                            VL_RULE_MATCH_ALL, and its matches go through correlate.h */
    uint32_t index;                      /* in the rule set */
};

/* A problem with a place. Codes are Falco's where it has one ("LOAD_UNKNOWN_SOURCE", "LOAD_ERR_VALIDATE" …).
 */
struct vl_rule_problem {
    bool is_error; /* else a warning */
    const char *code;
    const char *file;
    uint32_t line, column;
    const char *item; /* "rule 'X'" "macro 'y'" */
    const char *message;
    const char *hint; /* NULL, or what to write instead */
};

/* A file as it was read. */
struct vl_rule_file {
    const char *name;
    struct vl_span text;
    enum vl_rule_form form; /* of its first document; Falco for an empty one */
    bool schema_valid; /* holds also to Falco's JSON Schema, which is stricter than loading; Falco's form only
                        */
};

struct vl_ruleset;

VL_MUST_CHECK int vl_ruleset_new(struct vl_ruleset **ret, struct vl_err *err);
void vl_ruleset_free(struct vl_ruleset *set); /* accepts NULL */
void vl_ruleset_cleanup(struct vl_ruleset **set);

/* Plugins that `required_plugin_versions` is judged by. Once one is told, only those told are there; else the
 * three whose fields are ours (container, k8saudit, json), and a plugin not known is only warned of. Before
 * the first file. */
VL_MUST_CHECK int vl_ruleset_plugin(
    struct vl_ruleset *set, const char *name, const char *version, struct vl_err *err);
void vl_ruleset_no_plugins(struct vl_ruleset *set);

/* Adds a file's text (Falco, native, Sigma, or a falco.yaml, of which append_output, rules, rule_matching
 * and priority count: told by its keys). Files are read in order: later ones override
 * and append. Problems are collected, not returned; a negative return is ours (no memory). */
VL_MUST_CHECK int vl_ruleset_add(
    struct vl_ruleset *set, struct vl_span text, const char *file, struct vl_err *err);

/* After the last file: resolves lists, macros, exceptions; checks fields, values and outputs. */
VL_MUST_CHECK int vl_ruleset_finish(struct vl_ruleset *set, struct vl_err *err);

uint32_t vl_ruleset_files(const struct vl_ruleset *set);
bool vl_ruleset_file(const struct vl_ruleset *set, uint32_t index, struct vl_rule_file *ret);

uint32_t vl_ruleset_size(const struct vl_ruleset *set);
/* Whether a falco.yaml said `rule_matching: first`. */
bool vl_ruleset_first_only(const struct vl_ruleset *set);
const struct vl_rule *vl_ruleset_at(const struct vl_ruleset *set, uint32_t index);
const struct vl_rule *vl_ruleset_find(const struct vl_ruleset *set, const char *name);
uint32_t vl_ruleset_problems(const struct vl_ruleset *set);
const struct vl_rule_problem *vl_ruleset_problem(const struct vl_ruleset *set, uint32_t index);
/* All of them, also those over VL_RULE_PROBLEMS_MAX, which are not kept. */
uint32_t vl_ruleset_errors(const struct vl_ruleset *set);
uint32_t vl_ruleset_warnings(const struct vl_ruleset *set);

/* Switches rules of a finished set on or off: "tag:NAME", or a name, in which * ? [a-z] are as in a shell.
 * How many rules it names; a program made before does not change. */
uint32_t vl_ruleset_select(struct vl_ruleset *set, const char *rules, bool enabled);

#endif
