/* Scalars, tags, overrides and exceptions of an item. Messages are those of Falco's reader. */
#include "falco_decode.h"

#include <stdio.h>
#include <string.h>

struct fd_item fd_item(
    struct vl_ruleset *set, const struct rs_source *source, const struct vl_doc_node *node, const char *label)
{
    return (struct fd_item){set, source, node, label, rs_place_of(source, node)};
}

struct vl_span fd_keep(struct vl_ruleset *set, struct vl_span text)
{
    char *copy = vl_arena_dup_span(set->arena, text);
    return copy ? (struct vl_span){copy, text.len} : VL_SPAN_EMPTY;
}

static bool is_container(const struct vl_doc_node *node)
{
    return vl_doc_is(node, VL_DOC_ARRAY) || vl_doc_is(node, VL_DOC_OBJECT);
}

/* False where absent and required, or no text. */
static bool value_of(const struct fd_item *item, const char *key, bool optional,
    const struct vl_doc_node **ret, struct rs_place *ret_place)
{
    const struct vl_doc_node *value = vl_doc_get(item->node, key);
    struct rs_place place = value ? rs_place_of(item->source, value) : item->place;
    const char *wrong = NULL;
    *ret = NULL;
    *ret_place = place;
    if (!value) {
        if (!optional)
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &item->place, item->label,
                vl_doc_get(item->node, "rule")    ? "a rule needs desc, condition, output and priority"
                : vl_doc_get(item->node, "macro") ? "a macro needs a condition"
                                                  : NULL,
                "Item has no mapping for key '%s'", key);
        return optional;
    }
    if (vl_doc_is(value, VL_DOC_NULL)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
            "Mapping for key '%s' is empty", key);
        return false;
    }
    if (is_container(value))
        wrong = "Value is not a scalar value";
    else if (!vl_doc_text(value).len)
        wrong = "Value must be non-empty";
    if (wrong)
        rs_tell(
            item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL, "%s (key '%s')", wrong, key);
    else
        *ret = value;
    return !wrong;
}

bool fd_text(const struct fd_item *item, const char *key, bool optional, struct vl_span *ret)
{
    const struct vl_doc_node *value;
    struct rs_place place;
    if (!value_of(item, key, optional, &value, &place))
        return false;
    if (value)
        *ret = fd_keep(item->set, vl_doc_text(value));
    return true;
}

bool fd_name(const struct fd_item *item, const char *key, const char **ret)
{
    struct vl_span text = VL_SPAN_EMPTY;
    if (!fd_text(item, key, false, &text) || !text.ptr)
        return false;
    *ret = text.ptr;
    return true;
}

bool fd_scalar(const struct fd_item *item, const char *key, bool optional, const struct rs_scalar **ret)
{
    const struct vl_doc_node *value;
    struct rs_place place;
    if (!value_of(item, key, optional, &value, &place))
        return false;
    if (!value)
        return true;
    struct rs_scalar *scalar = vl_arena_alloc(item->set->arena, sizeof(*scalar));
    if (!scalar)
        return false;
    *scalar = (struct rs_scalar){place, fd_keep(item->set, vl_doc_text(value))};
    *ret = scalar;
    return true;
}

static bool undecodable(
    const struct fd_item *item, const struct rs_place *place, const char *key, const char *hint)
{
    rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, place, item->label, hint,
        "Can't decode YAML scalar value (key '%s')", key);
    return false;
}

/* yaml-cpp takes the words in lower case, in upper case and with a capital. */
static bool one_case(struct vl_span text)
{
    bool lower = true, upper = true, capital = true;
    for (size_t i = 0; i < text.len; i++) {
        bool is_upper = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
        upper &= is_upper;
        lower &= !is_upper;
        capital &= is_upper == (i == 0);
    }
    return lower || upper || capital;
}

bool fd_bool(const struct fd_item *item, const char *key, bool optional, bool *ret)
{
    static const char *const words[] = {"y", "n", "yes", "no", "true", "false", "on", "off"};
    const struct vl_doc_node *value;
    struct rs_place place;
    if (!value_of(item, key, optional, &value, &place))
        return false;
    if (!value)
        return true;
    struct vl_span text = vl_doc_text(value);
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++)
        if (vl_span_eq_nocase(text, vl_span_str(words[i])) && one_case(text)) {
            *ret = i % 2 == 0;
            return true;
        }
    return undecodable(item, &place, key, "write true or false");
}

bool fd_u32(const struct fd_item *item, const char *key, bool optional, uint32_t *ret)
{
    const struct vl_doc_node *value;
    struct rs_place place;
    uint64_t number;
    if (!value_of(item, key, optional, &value, &place))
        return false;
    if (!value)
        return true;
    if (!vl_span_to_u64(vl_doc_text(value), &number) || number > UINT32_MAX)
        return undecodable(item, &place, key, "write a whole number");
    *ret = (uint32_t)number;
    return true;
}

bool fd_priority(const struct fd_item *item, enum vl_rule_priority *ret)
{
    struct vl_span text = VL_SPAN_EMPTY;
    const struct vl_doc_node *value = vl_doc_get(item->node, "priority");
    struct rs_place place = rs_place_of(item->source, value);
    if (!fd_text(item, "priority", false, &text))
        return false;
    for (int p = VL_RULE_EMERGENCY; p <= VL_RULE_DEBUG; p++)
        if (vl_span_eq_nocase(text, vl_span_str(vl_rule_priority_name((enum vl_rule_priority)p)))) {
            *ret = (enum vl_rule_priority)p;
            return true;
        }
    if (vl_span_eq_nocase(text, VL_SPAN_LIT("info"))) {
        *ret = VL_RULE_INFORMATIONAL;
        return true;
    }
    rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label,
        "one of Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug",
        "Invalid priority");
    return false;
}

bool fd_append_tag(struct vl_vec *tags, const char *tag)
{
    struct vl_err err = VL_ERR_INIT;
    const char **items = tags->items;
    size_t at = 0;
    while (at < tags->len && strcmp(items[at], tag) < 0)
        at++;
    if (at < tags->len && strcmp(items[at], tag) == 0)
        return true;
    if (!vl_vec_push(tags, "tags", &err))
        return false;
    items = tags->items;
    memmove(items + at + 1, items + at, (tags->len - 1 - at) * sizeof(*items));
    items[at] = tag;
    return true;
}

static bool not_sequence(const struct fd_item *item, const struct vl_doc_node *value)
{
    struct rs_place place = rs_place_of(item->source, value);
    if (vl_doc_is(value, VL_DOC_ARRAY))
        return false;
    rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL, "Value is not a sequence");
    return true;
}

bool fd_tags(const struct fd_item *item, struct vl_vec *ret)
{
    const struct vl_doc_node *value = vl_doc_get(item->node, "tags");
    if (!value)
        return true;
    if (not_sequence(item, value))
        return false;
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n)) {
        struct rs_place place = rs_place_of(item->source, n);
        if (is_container(n) || ret->len >= RS_TAGS_MAX) {
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
                is_container(n) ? "sequence value is not scalar" : "more than 256 tags");
            return false;
        }
        struct vl_span tag = fd_keep(item->set, vl_doc_text(n));
        if (!tag.ptr || !fd_append_tag(ret, tag.ptr))
            return false;
    }
    return true;
}

/* --- override --- */

bool fd_takes(const char *const *keys, struct vl_span key)
{
    while (*keys && !vl_span_eq_str(key, *keys))
        keys++;
    return *keys != NULL;
}

static bool override_key(const struct fd_item *item, const struct vl_doc_node *n,
    const char *const *can_append, const char *const *can_replace, struct fd_override *ret)
{
    struct rs_place place = rs_place_of(item->source, n);
    struct vl_span key = vl_doc_key(n), operation = vl_doc_text(n);
    bool appends = fd_takes(can_append, key), replaces = fd_takes(can_replace, key);
    struct vl_span kept = fd_keep(item->set, key);
    if (ret->n_append + ret->n_replace >= RS_KEYS_MAX) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
            "more than %d keys in 'override'", RS_KEYS_MAX);
        return false;
    }
    if (vl_span_eq_str(operation, "append")) {
        if (!appends)
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
                "Key '%.*s' cannot be appended to, use 'replace' instead", VL_SPAN_FMT(key));
        ret->append[ret->n_append++] = kept.ptr;
        return appends && kept.ptr;
    }
    if (vl_span_eq_str(operation, "replace")) {
        if (!replaces)
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
                "Key '%.*s' cannot be replaced", VL_SPAN_FMT(key));
        ret->replace[ret->n_replace++] = kept.ptr;
        return replaces && kept.ptr;
    }
    rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
        "Invalid override operation for key '%.*s': '%.*s'. Allowed values are: %s%s", VL_SPAN_FMT(key),
        VL_SPAN_FMT(operation), appends ? "append " : "", replaces ? "replace " : "");
    return false;
}

bool fd_override(const struct fd_item *item, const char *const *can_append, const char *const *can_replace,
    struct fd_override *ret)
{
    const struct vl_doc_node *value = vl_doc_get(item->node, "override");
    struct rs_place place = rs_place_of(item->source, value);
    *ret = (struct fd_override){0};
    if (value && !vl_doc_is(value, VL_DOC_OBJECT) && !vl_doc_is(value, VL_DOC_NULL)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, "override: {condition: append}",
            "'override' must be a mapping of keys to 'append' or 'replace'");
        return false;
    }
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n))
        if (!override_key(item, n, can_append, can_replace, ret))
            return false;
    return true;
}

void fd_unknown_keys(const struct fd_item *item, const char *const *known)
{
    for (const struct vl_doc_node *n = vl_doc_first(item->node); n; n = vl_doc_next(n)) {
        struct rs_place place = rs_place_of(item->source, n);
        struct rs_near near;
        char hint[128];
        if (fd_takes(known, vl_doc_key(n)))
            continue;
        rs_near_init(&near, item->set, vl_doc_key(n));
        for (const char *const *k = known; *k; k++)
            rs_near_try(&near, *k);
        (void)snprintf(hint, sizeof(hint), "did you mean '%s'?", near.best ? near.best : "");
        rs_tell(item->set, false, RS_UNKNOWN_KEY, &place, item->label, near.best ? hint : NULL,
            "Unknown key '%.*s'; it is ignored", VL_SPAN_FMT(vl_doc_key(n)));
    }
}

/* --- exceptions --- */

#define ENTRY_DEPTH_MAX 8

static bool read_entry(
    const struct fd_item *item, const struct vl_doc_node *node, unsigned depth, struct rs_entry *ret)
{
    struct rs_place place = rs_place_of(item->source, node);
    const char *wrong = NULL;
    if (depth > ENTRY_DEPTH_MAX)
        wrong = "lists of an exception are nested too deeply";
    else if (vl_doc_is(node, VL_DOC_OBJECT))
        wrong = "a text or a list of texts is expected here";
    else if (!vl_doc_is(node, VL_DOC_ARRAY) && !vl_doc_text(node).len)
        wrong = "Value must be non-empty";
    if (wrong) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL, "%s", wrong);
        return false;
    }
    ret->present = true;
    if (!vl_doc_is(node, VL_DOC_ARRAY)) {
        ret->item = fd_keep(item->set, vl_doc_text(node));
        return ret->item.ptr != NULL;
    }
    ret->is_list = true;
    ret->items = vl_arena_array(item->set->arena, vl_doc_size(node) + 1, sizeof(*ret->items));
    if (!ret->items)
        return false;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n))
        if (!read_entry(item, n, depth + 1, &ret->items[ret->n_items++]))
            return false;
    return true;
}

static bool read_fields(const struct fd_item *item, bool append, struct rs_exception *ret)
{
    const struct vl_doc_node *fields = vl_doc_get(item->node, "fields");
    const struct vl_doc_node *comps = vl_doc_get(item->node, "comps");
    if (!fields && !append) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &item->place, item->label, NULL,
            "Item has no mapping for key 'fields'");
        return false;
    }
    return (!fields || read_entry(item, fields, 0, &ret->fields)) &&
           (!comps || read_entry(item, comps, 0, &ret->comps));
}

static bool read_values(const struct fd_item *item, bool append, struct rs_exception *ret)
{
    const struct vl_doc_node *values = vl_doc_get(item->node, "values");
    struct rs_place place = rs_place_of(item->source, values);
    struct vl_err err = VL_ERR_INIT;
    if (!values) {
        if (append)
            rs_tell(item->set, false, RS_APPEND_NO_VALUES, &item->place, item->label, NULL,
                "Overriding/appending exception with no values");
        return true;
    }
    if (!vl_doc_is(values, VL_DOC_ARRAY)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
            "Rule exception values must be a sequence");
        return false;
    }
    for (const struct vl_doc_node *n = vl_doc_first(values); n; n = vl_doc_next(n)) {
        struct rs_entry *entry = vl_vec_push(&ret->values, "values of an exception", &err);
        if (!entry) {
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL, "%s", err.msg);
            return false;
        }
        if (!read_entry(item, n, 0, entry))
            return false;
    }
    return true;
}

static bool read_exception(
    const struct fd_item *rule, const struct vl_doc_node *node, bool append, struct vl_vec *all)
{
    static const char *const known[] = {"name", "fields", "comps", "values", NULL};
    struct fd_item item = fd_item(rule->set, rule->source, node, rule->label);
    struct vl_err err = VL_ERR_INIT;
    const char *name = NULL;
    if (!vl_doc_is(node, VL_DOC_OBJECT)) {
        rs_tell(item.set, true, RS_ERR_YAML_VALIDATE, &item.place, item.label, NULL,
            "Rule exception must be a mapping");
        return false;
    }
    if (!fd_name(&item, "name", &name))
        return false;
    const char *label = vl_arena_printf(item.set->arena, "%s, exception '%s'", rule->label, name);
    item.label = label ? label : rule->label;
    fd_unknown_keys(&item, known);
    for (size_t i = 0; i < all->len; i++)
        if (strcmp(((struct rs_exception *)vl_vec_at(all, i))->name, name) == 0)
            rs_tell(item.set, false, RS_EXCEPTION_NAME_NOT_UNIQUE, &item.place, item.label, NULL,
                "Multiple definitions of exception '%s' in the same rule", name);
    struct rs_exception *exception = vl_vec_push(all, "exceptions", &err);
    if (!exception) {
        rs_tell(item.set, true, RS_ERR_YAML_VALIDATE, &item.place, item.label, NULL, "%s", err.msg);
        return false;
    }
    *exception = (struct rs_exception){.name = name, .place = item.place};
    vl_vec_init(&exception->values, sizeof(struct rs_entry), VL_RULE_ITEMS_MAX);
    return read_fields(&item, append, exception) && read_values(&item, append, exception);
}

bool fd_exceptions(const struct fd_item *item, bool append, struct vl_vec *ret)
{
    const struct vl_doc_node *value = vl_doc_get(item->node, "exceptions");
    struct rs_place place = rs_place_of(item->source, value);
    if (!value || vl_doc_is(value, VL_DOC_NULL))
        return true;
    if (!vl_doc_is(value, VL_DOC_ARRAY)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
            "Rule exceptions must be a sequence");
        return false;
    }
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n))
        if (!read_exception(item, n, append, ret))
            return false;
    return true;
}
