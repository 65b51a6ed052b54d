/* What items do to what was there: a definition takes the place of an earlier one of its name, an append or
 * override changes it. A macro is seen by what comes after its first definition; `visibility` says up to
 * where an item itself sees, and moves with every change. */
#include <stdio.h>
#include <string.h>

#include "falco_decode.h"

#define ERROR_NO_LIST "List uses 'append' or 'override.items: append' but no list by that name already exists"
#define ERROR_NO_MACRO \
    "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists"
#define ERROR_NO_RULE_APPEND \
    "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists"
#define ERROR_NO_RULE_REPLACE \
    "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists"

static void *named(const struct vl_map *map, const char *name)
{
    const struct vl_map_slot *slot = vl_map_get(map, vl_span_str(name));
    return slot ? slot->value.ptr : NULL;
}

static int insert(struct vl_vec *all, struct vl_map *map, const char *name, void *object, const char *what,
    struct vl_err *err)
{
    struct vl_map_slot *slot = NULL;
    void **place = vl_vec_push(all, what, err);
    if (!place)
        return err->err;
    *place = object;
    int r = vl_map_put(map, vl_span_str(name), &slot, NULL, err);
    if (r >= 0)
        slot->value.ptr = object;
    return r < 0 ? r : 0;
}

static void tell_missing(struct vl_ruleset *set, const struct vl_map *map, const struct rs_place *place,
    const char *kind, const char *name, const char *message)
{
    struct rs_near near;
    size_t pos = 0;
    char label[256], hint[256];
    rs_near_init(&near, set, vl_span_str(name));
    for (const struct vl_map_slot *s = vl_map_next(map, &pos); s && set->near_done < RS_NEAR_MAX;
        s = vl_map_next(map, &pos))
        rs_near_try(&near, s->key.ptr);
    (void)snprintf(label, sizeof(label), "%s '%s'", kind, name);
    (void)snprintf(hint, sizeof(hint), "did you mean '%s'?", near.best ? near.best : "");
    rs_tell(set, true, RS_ERR_VALIDATE, place, label,
        near.best ? hint : "define it first: items are read in order", "%s", message);
}

/* A later file may well define anew; the same file hardly means to. */
static void warn_of_twice(struct vl_ruleset *set, const struct rs_place *now, const struct rs_place *before,
    const char *kind, const char *name)
{
    char label[256];
    if (now->source != before->source)
        return;
    (void)snprintf(label, sizeof(label), "%s '%s'", kind, name);
    rs_tell(set, false, RS_DEFINED_TWICE, now, label, "take one away, or change the earlier one by override",
        "defined twice in this file: the one of line %u is gone", before->line);
}

/* --- lists --- */

int rs_list_define(struct vl_ruleset *set, struct rs_list *list, struct vl_err *err)
{
    struct rs_list *previous = named(&set->by_list, list->name);
    uint32_t id = set->next_index++;
    list->index = previous ? previous->index : id;
    list->visibility = id;
    if (previous) {
        warn_of_twice(set, &list->place, &previous->place, "list", list->name);
        vl_vec_done(&previous->items);
        *previous = *list;
        return 0;
    }
    int r = insert(&set->lists, &set->by_list, list->name, list, "lists", err);
    if (r < 0 && (!set->lists.len || ((struct rs_list **)set->lists.items)[set->lists.len - 1] != list))
        vl_vec_done(&list->items);
    return r;
}

bool rs_list_append(struct vl_ruleset *set, struct rs_list *list)
{
    struct rs_list *previous = named(&set->by_list, list->name);
    struct vl_err err = VL_ERR_INIT;
    if (!previous) {
        tell_missing(set, &set->by_list, &list->place, "list", list->name, ERROR_NO_LIST);
        return false;
    }
    for (size_t i = 0; i < list->items.len; i++) {
        struct vl_span *slot = vl_vec_push(&previous->items, "items", &err);
        if (!slot)
            return false;
        *slot = ((struct vl_span *)list->items.items)[i];
    }
    previous->visibility = set->next_index++;
    return true;
}

/* --- macros --- */

int rs_macro_define(struct vl_ruleset *set, struct rs_macro *macro, struct vl_err *err)
{
    struct rs_macro *previous = named(&set->by_macro, macro->name);
    uint32_t id = set->next_index++;
    macro->index = previous ? previous->index : id;
    macro->visibility = id;
    if (previous) {
        warn_of_twice(set, &macro->place, &previous->place, "macro", macro->name);
        *previous = *macro;
        return 0;
    }
    return insert(&set->macros, &set->by_macro, macro->name, macro, "macros", err);
}

/* The first part knows the last one, so that a hundred thousand appends stay cheap. */
static struct rs_part *chain(struct rs_part *first, struct rs_part *part)
{
    part->last = part;
    if (!first)
        return part;
    (first->last ? first->last : first)->next = part;
    first->last = part;
    return first;
}

bool rs_macro_append(struct vl_ruleset *set, const struct rs_macro *macro)
{
    struct rs_macro *previous = named(&set->by_macro, macro->name);
    if (!previous) {
        tell_missing(set, &set->by_macro, &macro->place, "macro", macro->name, ERROR_NO_MACRO);
        return false;
    }
    previous->condition = chain(previous->condition, macro->condition);
    previous->visibility = set->next_index++;
    return true;
}

/* --- rules --- */

void rs_exceptions_done(struct vl_vec *exceptions)
{
    for (size_t i = 0; i < exceptions->len; i++)
        vl_vec_done(&((struct rs_exception *)vl_vec_at(exceptions, i))->values);
    vl_vec_done(exceptions);
}

void rs_update_done(struct rs_update *u)
{
    rs_exceptions_done(&u->exceptions);
    vl_vec_done(&u->tags);
}

bool rs_source_of(const char *name, enum vl_event_source *ret)
{
    static const char *const names[VL_EVENT_SOURCES] = {
        [VL_EVENT_SYSCALL] = "syscall", [VL_EVENT_K8S_AUDIT] = "k8s_audit", [VL_EVENT_LOG] = "log"};
    for (int i = 0; i < VL_EVENT_SOURCES; i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (enum vl_event_source)i;
            return true;
        }
    return false;
}

struct rs_rule *rs_rule_written(struct vl_ruleset *set, const char *name)
{
    return named(&set->by_written, name);
}

static bool other_source(struct vl_ruleset *set, const struct rs_rule *previous, const char *source,
    const char *name, const struct rs_place *place)
{
    char label[256], hint[256];
    if (!source || strcmp(source, previous->source) == 0)
        return false;
    (void)snprintf(label, sizeof(label), "rule '%s'", name);
    (void)snprintf(hint, sizeof(hint), "the rule of this name has the source '%s'", previous->source);
    rs_tell(
        set, true, RS_ERR_VALIDATE, place, label, hint, "Rule has been re-defined with a different source");
    return true;
}

static int take_rule(
    struct vl_ruleset *set, struct rs_rule *rule, struct rs_rule *previous, struct vl_err *err)
{
    uint32_t id = set->next_index++;
    rule->visibility = id;
    rule->index = previous ? previous->index : id;
    if (previous) {
        warn_of_twice(set, &rule->place, &previous->place, "rule", rule->name);
        rs_exceptions_done(&previous->exceptions);
        vl_vec_done(&previous->tags);
        *previous = *rule;
        return 0;
    }
    int r = insert(&set->written, &set->by_written, rule->name, rule, "rules", err);
    if (r < 0 &&
        (!set->written.len || ((struct rs_rule **)set->written.items)[set->written.len - 1] != rule)) {
        rs_exceptions_done(&rule->exceptions);
        vl_vec_done(&rule->tags);
    }
    return r;
}

int rs_rule_define(struct vl_ruleset *set, struct rs_rule *rule, struct vl_err *err)
{
    struct rs_rule *previous = named(&set->by_written, rule->name);
    enum vl_event_source source;
    char label[256];
    bool ok = !previous ||
              !other_source(set, previous, rule->source_told ? rule->source : NULL, rule->name, &rule->place);
    if (previous && !rule->source_told)
        rule->source = previous->source;
    (void)snprintf(label, sizeof(label), "rule '%s'", rule->name);
    if (ok && !rs_source_of(rule->source, &source)) {
        rule->unknown_source = true;
        rs_tell(set, false, RS_UNKNOWN_SOURCE, &rule->place, label, "known are syscall, k8s_audit and log",
            "Unknown source %s, skipping", rule->source);
    }
    for (size_t i = 0; ok && i < rule->exceptions.len; i++)
        ok = rs_exception_check(set, rule, vl_vec_at(&rule->exceptions, i));
    if (ok)
        return take_rule(set, rule, previous, err);
    rs_exceptions_done(&rule->exceptions);
    vl_vec_done(&rule->tags);
    return 0;
}

/* --- append --- */

static void append_scalar(struct vl_ruleset *set, struct rs_part **parts, const struct rs_scalar *scalar)
{
    struct rs_part *part = scalar ? vl_arena_alloc(set->arena, sizeof(*part)) : NULL;
    if (!part)
        return;
    part->scalar = scalar;
    *parts = chain(*parts, part);
}

static struct rs_exception *exception_named(const struct rs_rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->exceptions.len; i++) {
        struct rs_exception *exception = vl_vec_at(&rule->exceptions, i);
        if (strcmp(exception->name, name) == 0)
            return exception;
    }
    return NULL;
}

static const char *no_new_exception(const struct rs_exception *new)
{
    if (!new->fields.present)
        return "Rule exception must have fields property with a list of fields";
    return new->values.len ? NULL : "Rule exception must have values property with a list of values";
}

static const char *no_more_values(const struct rs_exception *new)
{
    if (new->fields.present)
        return "Can not append exception fields to existing exception, only values";
    return new->comps.present ? "Can not append exception comps to existing exception, only values" : NULL;
}

static bool append_exception(struct vl_ruleset *set, struct rs_rule *rule, struct rs_exception *new)
{
    struct vl_err err = VL_ERR_INIT;
    struct rs_exception *previous = exception_named(rule, new->name);
    const char *wrong = previous ? no_more_values(new) : no_new_exception(new);
    char label[256];
    (void)snprintf(label, sizeof(label), "rule '%s', exception '%s'", rule->name, new->name);
    if (wrong) {
        rs_tell(set, true, RS_ERR_VALIDATE, &new->place, label, NULL, "%s", wrong);
        return false;
    }
    if (!previous) {
        if (!rs_exception_check(set, rule, new))
            return false;
        struct rs_exception *slot = vl_vec_push(&rule->exceptions, "exceptions", &err);
        if (!slot) {
            rs_tell(set, true, RS_ERR_VALIDATE, &new->place, label, NULL, "%s", err.msg);
            return false;
        }
        *slot = *new;
        new->values = (struct vl_vec){0}; /* its owner is the rule now */
        return true;
    }
    for (size_t i = 0; i < new->values.len; i++) {
        struct rs_entry *slot = vl_vec_push(&previous->values, "values", &err);
        if (!slot)
            return false;
        *slot = *(struct rs_entry *)vl_vec_at(&new->values, i);
    }
    return true;
}

bool rs_rule_append(struct vl_ruleset *set, struct rs_update *u)
{
    struct rs_rule *rule = named(&set->by_written, u->name);
    char label[256];
    (void)snprintf(label, sizeof(label), "rule '%s'", u->name);
    if (!rule) {
        tell_missing(set, &set->by_written, &u->place, "rule", u->name, ERROR_NO_RULE_APPEND);
        return false;
    }
    if (other_source(set, rule, u->source, u->name, &u->place))
        return false;
    if (!u->condition && !u->output && !u->description && !u->has_tags && !u->has_exceptions) {
        rs_tell(set, true, RS_ERR_VALIDATE, &u->place, label, NULL,
            "Appended rule must have exceptions or condition property");
        return false;
    }
    append_scalar(set, &rule->condition, u->condition);
    append_scalar(set, &rule->output, u->output);
    append_scalar(set, &rule->description, u->description);
    for (size_t i = 0; i < u->tags.len; i++)
        if (!fd_append_tag(&rule->tags, ((const char **)u->tags.items)[i])) {
            rs_tell(set, true, RS_ERR_VALIDATE, &u->place, label, NULL, "more than %d tags", RS_TAGS_MAX);
            return false;
        }
    for (size_t i = 0; i < u->exceptions.len; i++)
        if (!append_exception(set, rule, vl_vec_at(&u->exceptions, i)))
            return false;
    rule->visibility = set->next_index++;
    return true;
}

/* --- replace --- */

static void replace_scalar(struct vl_ruleset *set, struct rs_part **parts, const struct rs_scalar *scalar)
{
    if (!scalar)
        return;
    *parts = NULL;
    append_scalar(set, parts, scalar);
}

static bool replace_exceptions(struct vl_ruleset *set, struct rs_rule *rule, struct rs_update *u)
{
    char label[256];
    for (size_t i = 0; i < u->exceptions.len; i++) {
        struct rs_exception *exception = vl_vec_at(&u->exceptions, i);
        (void)snprintf(label, sizeof(label), "rule '%s', exception '%s'", rule->name, exception->name);
        if (!exception->fields.present) {
            rs_tell(set, true, RS_ERR_VALIDATE, &exception->place, label, NULL,
                "Rule exception item must have fields property with a list of fields");
            return false;
        }
        if (!rs_exception_check(set, rule, exception))
            return false;
    }
    struct vl_vec old = rule->exceptions;
    rule->exceptions = u->exceptions;
    u->exceptions = old;
    return true;
}

static void replace_options(struct rs_rule *rule, struct rs_update *u)
{
    if (u->has_tags) {
        struct vl_vec old = rule->tags;
        rule->tags = u->tags;
        u->tags = old;
    }
    if (u->has_priority)
        rule->priority = u->priority;
    if (u->has_enabled)
        rule->enabled = u->enabled;
    if (u->has_warn_evttypes)
        rule->warn_evttypes = u->warn_evttypes;
    if (u->has_skip)
        rule->skip_if_unknown_filter = u->skip_if_unknown_filter;
    if (u->has_capture)
        rule->capture = u->capture;
    if (u->has_capture_duration)
        rule->capture_duration = u->capture_duration;
}

bool rs_rule_replace(struct vl_ruleset *set, struct rs_update *u)
{
    struct rs_rule *rule = named(&set->by_written, u->name);
    if (!rule) {
        tell_missing(set, &set->by_written, &u->place, "rule", u->name, ERROR_NO_RULE_REPLACE);
        return false;
    }
    if (other_source(set, rule, u->source, u->name, &u->place))
        return false;
    replace_scalar(set, &rule->condition, u->condition);
    replace_scalar(set, &rule->output, u->output);
    replace_scalar(set, &rule->description, u->description);
    if (u->has_exceptions && !replace_exceptions(set, rule, u))
        return false;
    replace_options(rule, u);
    rule->visibility = set->next_index++;
    return true;
}

bool rs_rule_enable(struct vl_ruleset *set, const struct rs_update *u)
{
    struct rs_rule *rule = named(&set->by_written, u->name);
    if (!rule) {
        tell_missing(set, &set->by_written, &u->place, "rule", u->name,
            "Rule has 'enabled' key but no rule by that name already exists");
        return false;
    }
    if (other_source(set, rule, u->source, u->name, &u->place))
        return false;
    rule->enabled = u->enabled;
    return true;
}
