/* The keys of each object and what their values must be, as a table.
 * Source of the keys: falcosecurity/falco userspace/engine/rule_json_schema.h. */
#include "falco_schema.h"

#include <string.h>

enum kind {
    S_ANY,
    S_TEXT,
    S_BOOL,
    S_INTEGER,
    S_TEXTS,
    S_PRIORITY,
    S_OVERRIDDEN,
    S_EXCEPTIONS,
    S_OVERRIDE,
    S_PLUGINS,
    S_ALTERNATIVES,
};

struct key {
    const char *name;
    uint8_t kind; /* enum kind */
    bool required;
};

static const struct key item_keys[] = {{"required_engine_version", S_TEXT, false},
    {"required_plugin_versions", S_PLUGINS, false}, {"macro", S_TEXT, false}, {"condition", S_TEXT, false},
    {"list", S_TEXT, false}, {"items", S_TEXTS, false}, {"rule", S_TEXT, false}, {"desc", S_TEXT, false},
    {"enabled", S_BOOL, false}, {"warn_evttypes", S_BOOL, false}, {"skip-if-unknown-filter", S_BOOL, false},
    {"output", S_TEXT, false}, {"append", S_BOOL, false}, {"priority", S_PRIORITY, false},
    {"capture", S_BOOL, false}, {"capture_duration", S_INTEGER, false}, {"source", S_TEXT, false},
    {"exceptions", S_EXCEPTIONS, false}, {"override", S_OVERRIDE, false}, {"tags", S_TEXTS, false}, {0}};
static const struct key exception_keys[] = {
    {"name", S_TEXT, true}, {"fields", S_ANY, false}, {"comps", S_ANY, false}, {"values", S_ANY, false}, {0}};
static const struct key override_keys[] = {{"items", S_OVERRIDDEN, false}, {"desc", S_OVERRIDDEN, false},
    {"condition", S_OVERRIDDEN, false}, {"output", S_OVERRIDDEN, false}, {"priority", S_OVERRIDDEN, false},
    {"enabled", S_OVERRIDDEN, false}, {"warn_evttypes", S_OVERRIDDEN, false},
    {"skip-if-unknown-filter", S_OVERRIDDEN, false}, {"exceptions", S_OVERRIDDEN, false},
    {"capture", S_OVERRIDDEN, false}, {"capture_duration", S_OVERRIDDEN, false},
    {"tags", S_OVERRIDDEN, false}, {0}};
static const struct key plugin_keys[] = {
    {"name", S_TEXT, true}, {"version", S_TEXT, true}, {"alternatives", S_ALTERNATIVES, false}, {0}};
static const struct key alternative_keys[] = {{"name", S_TEXT, true}, {"version", S_TEXT, true}, {0}};

static bool is_scalar(const struct vl_doc_node *n)
{
    return n && !vl_doc_is(n, VL_DOC_ARRAY) && !vl_doc_is(n, VL_DOC_OBJECT) && !vl_doc_is(n, VL_DOC_NULL);
}

static bool one_of(const struct vl_doc_node *n, const char *const *words)
{
    if (!is_scalar(n))
        return false;
    while (*words && !vl_span_eq_nocase(vl_doc_text(n), vl_span_str(*words)))
        words++;
    return *words != NULL;
}

static bool object_valid(const struct vl_doc_node *object, const struct key *keys);

static bool each_valid(const struct vl_doc_node *array, const struct key *keys)
{
    if (!vl_doc_is(array, VL_DOC_ARRAY))
        return false;
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n))
        if (!object_valid(n, keys))
            return false;
    return true;
}

static bool texts_valid(const struct vl_doc_node *array)
{
    if (!vl_doc_is(array, VL_DOC_ARRAY))
        return false;
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n))
        if (!is_scalar(n))
            return false;
    return true;
}

static bool value_valid(const struct vl_doc_node *n, int kind)
{
    static const char *const booleans[] = {"true", "false", NULL};
    static const char *const overridden[] = {"append", "replace", NULL};
    static const char *const priorities[] = {"emergency", "alert", "critical", "error", "warning", "notice",
        "info", "informational", "debug", NULL};
    int64_t number;
    switch (kind) {
    case S_TEXT:
        return is_scalar(n);
    case S_BOOL:
        return one_of(n, booleans);
    case S_INTEGER:
        return vl_doc_int(n, &number);
    case S_TEXTS:
        return texts_valid(n);
    case S_PRIORITY:
        return one_of(n, priorities);
    case S_OVERRIDDEN:
        return one_of(n, overridden);
    case S_EXCEPTIONS:
        return each_valid(n, exception_keys);
    case S_OVERRIDE:
        return vl_doc_size(n) > 0 && object_valid(n, override_keys);
    case S_PLUGINS:
        return each_valid(n, plugin_keys);
    case S_ALTERNATIVES:
        return each_valid(n, alternative_keys);
    default:
        return true;
    }
}

/* Recursion follows the table, which is three deep. */
static bool object_valid(const struct vl_doc_node *object, const struct key *keys)
{
    if (!vl_doc_is(object, VL_DOC_OBJECT))
        return false;
    for (const struct vl_doc_node *n = vl_doc_first(object); n; n = vl_doc_next(n)) {
        const struct key *k = keys;
        while (k->name && !vl_span_eq_str(vl_doc_key(n), k->name))
            k++;
        if (!k->name || !value_valid(n, k->kind))
            return false;
    }
    for (const struct key *k = keys; k->name; k++)
        if (k->required && !vl_doc_get(object, k->name))
            return false;
    return true;
}

bool fs_valid(const struct vl_doc_node *root)
{
    return each_valid(root, item_keys);
}
