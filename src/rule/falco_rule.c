/* A rule: a definition, an append, an override of single keys, or only `enabled`. */
#include "falco_rule.h"

#include <stdio.h>
#include <string.h>

static const char *const can_append[] = {"condition", "output", "desc", "tags", "exceptions", NULL};
static const char *const can_replace[] = {"condition", "output", "desc", "priority", "tags", "exceptions",
    "enabled", "warn_evttypes", "skip-if-unknown-filter", "capture", "capture_duration", NULL};
static const char *const known[] = {"rule", "desc", "condition", "output", "priority", "source", "enabled",
    "tags", "exceptions", "override", "append", "warn_evttypes", "skip-if-unknown-filter", "capture",
    "capture_duration", NULL};

/* An empty `source:` is as good as none. */
static bool read_source(const struct fd_item *item, const char **ret)
{
    const struct vl_doc_node *value = vl_doc_get(item->node, "source");
    struct vl_span text = VL_SPAN_EMPTY;
    if (!value || (!vl_doc_is(value, VL_DOC_ARRAY) && !vl_doc_is(value, VL_DOC_OBJECT) &&
                      (vl_doc_is(value, VL_DOC_NULL) || !vl_doc_text(value).len)))
        return true;
    if (!fd_text(item, "source", true, &text))
        return false;
    *ret = text.ptr;
    return true;
}

/* --- override and append --- */

/* The keys of one operation: named under `override`, there in the item, and read. */
struct keys {
    const struct fd_item *item;
    const char *const *names;
    unsigned n;
    const char *operation;
    const char **used; /* of the whole item */
    unsigned *n_used;
};

static bool named(const struct keys *keys, const char *key)
{
    unsigned i = 0;
    while (i < keys->n && strcmp(keys->names[i], key) != 0)
        i++;
    return i < keys->n;
}

/* 1 to be read, 0 not, -1 a problem was told. */
static int wants(const struct keys *keys, const char *key)
{
    bool used = false;
    if (!named(keys, key))
        return 0;
    for (unsigned i = 0; i < *keys->n_used; i++)
        used |= strcmp(keys->used[i], key) == 0;
    if (used || !vl_doc_get(keys->item->node, key)) {
        rs_tell(keys->item->set, true, RS_ERR_YAML_VALIDATE, &keys->item->place, keys->item->label, NULL,
            "An %s override for '%s' was specified but '%s' is not defined", keys->operation, key, key);
        return -1;
    }
    keys->used[(*keys->n_used)++] = key;
    return 1;
}

static bool take_scalar(const struct keys *keys, const char *key, const struct rs_scalar **ret)
{
    int w = wants(keys, key);
    return w == 0 || (w > 0 && fd_scalar(keys->item, key, false, ret));
}

static bool take_bool(const struct keys *keys, const char *key, bool *ret_has, bool *ret)
{
    int w = wants(keys, key);
    *ret_has = w > 0;
    return w == 0 || (w > 0 && fd_bool(keys->item, key, false, ret));
}

/* What may be appended; replacing takes more. */
static bool take_texts(const struct keys *keys, bool append, struct rs_update *u)
{
    if (!take_scalar(keys, "condition", &u->condition))
        return false;
    int w = wants(keys, "exceptions");
    u->has_exceptions = w > 0;
    if (w < 0 || (w > 0 && !fd_exceptions(keys->item, append, &u->exceptions)))
        return false;
    if (!take_scalar(keys, "output", &u->output) || !take_scalar(keys, "desc", &u->description))
        return false;
    w = wants(keys, "tags");
    u->has_tags = w > 0;
    return w == 0 || (w > 0 && fd_tags(keys->item, &u->tags));
}

static bool take_rest(const struct keys *keys, struct rs_update *u)
{
    int w = wants(keys, "priority");
    u->has_priority = w > 0;
    if (w < 0 || (w > 0 && !fd_priority(keys->item, &u->priority)))
        return false;
    if (!take_bool(keys, "enabled", &u->has_enabled, &u->enabled) ||
        !take_bool(keys, "warn_evttypes", &u->has_warn_evttypes, &u->warn_evttypes) ||
        !take_bool(keys, "skip-if-unknown-filter", &u->has_skip, &u->skip_if_unknown_filter) ||
        !take_bool(keys, "capture", &u->has_capture, &u->capture))
        return false;
    w = wants(keys, "capture_duration");
    u->has_capture_duration = w > 0;
    return w == 0 || (w > 0 && fd_u32(keys->item, "capture_duration", false, &u->capture_duration));
}

static void init_update(const struct fd_item *item, const char *name, const char *source, struct rs_update *u)
{
    *u = (struct rs_update){.name = name, .source = source, .place = item->place};
    vl_vec_init(&u->tags, sizeof(const char *), RS_TAGS_MAX);
    vl_vec_init(&u->exceptions, sizeof(struct rs_exception), RS_EXCEPTIONS_MAX);
}

/* A key that could be overridden but is not named there would be dropped in silence. */
static void tell_unexpected(const struct fd_item *item, const char *const *used, unsigned n_used)
{
    for (const char *const *key = can_replace; *key; key++) {
        const struct vl_doc_node *value = vl_doc_get(item->node, *key);
        struct rs_place place = rs_place_of(item->source, value);
        bool is_used = false;
        for (unsigned i = 0; i < n_used; i++)
            is_used |= strcmp(used[i], *key) == 0;
        if (value && !is_used)
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label,
                "name it under 'override' too",
                "Unexpected key '%s': no corresponding entry under 'override' is defined.", *key);
    }
}

static void read_override(
    const struct fd_item *item, const char *name, const char *source, const struct fd_override *override)
{
    const char *used[2 * VL_ARRAY_LEN(can_replace)];
    unsigned n_used = 0;
    struct keys append = {item, override->append, override->n_append, "append", used, &n_used};
    struct keys replace = {item, override->replace, override->n_replace, "replace", used, &n_used};
    bool ok = true;
    if (override->n_append) {
        VL_CLEANUP(rs_update_done) struct rs_update u;
        init_update(item, name, source, &u);
        ok = take_texts(&append, true, &u) && rs_rule_append(item->set, &u);
    }
    if (ok && override->n_replace) {
        VL_CLEANUP(rs_update_done) struct rs_update u;
        init_update(item, name, source, &u);
        ok = take_texts(&replace, false, &u) && take_rest(&replace, &u) && rs_rule_replace(item->set, &u);
    }
    if (ok)
        tell_unexpected(item, used, n_used);
}

static void read_append(const struct fd_item *item, const char *name, const char *source)
{
    VL_CLEANUP(rs_update_done) struct rs_update u;
    init_update(item, name, source, &u);
    u.has_exceptions = vl_doc_get(item->node, "exceptions") != NULL;
    if (fd_scalar(item, "condition", true, &u.condition) && fd_exceptions(item, true, &u.exceptions))
        (void)rs_rule_append(item->set, &u);
}

static void read_enabled(const struct fd_item *item, const char *name, const char *source)
{
    VL_CLEANUP(rs_update_done) struct rs_update u;
    init_update(item, name, source, &u);
    if (!fd_bool(item, "enabled", false, &u.enabled))
        return;
    rs_tell(item->set, false, RS_DEPRECATED_ITEM, &item->place, item->label, NULL, FR_WARNING_ENABLED);
    (void)rs_rule_enable(item->set, &u);
}

/* --- definitions --- */

static struct rs_part *part_of(struct vl_ruleset *set, const struct rs_scalar *scalar)
{
    struct rs_part *part = scalar ? vl_arena_alloc(set->arena, sizeof(*part)) : NULL;
    if (part)
        part->scalar = scalar;
    return part;
}

/* Conditions of steps keep their places, which the document does not outlive. */
static int read_native(const struct fd_item *item, struct rs_rule *rule, struct vl_err *err)
{
    if (!vl_native_is(item->node))
        return 0;
    int r = vl_native_read(&item->set->sink, item->node, item->source->name, &rule->native, err);
    if (r < 0)
        return r;
    rule->is_native = true;
    struct rs_scalar *steps = vl_arena_array(item->set->arena, rule->native.n_steps + 1UL, sizeof(*steps));
    if (!steps)
        return vl_err_nomem(err);
    for (uint32_t i = 0; i < rule->native.n_steps; i++) {
        const struct vl_native_step *step = &rule->native.steps[i];
        const struct vl_doc_node *condition = vl_doc_get(step->where, "condition");
        steps[i] = (struct rs_scalar){
            rs_place_of(item->source, condition ? condition : step->where), vl_span_str(step->condition)};
    }
    rule->steps = steps;
    return 0;
}

static bool read_options(const struct fd_item *item, struct rs_rule *rule)
{
    return fd_bool(item, "enabled", true, &rule->enabled) &&
           fd_bool(item, "warn_evttypes", true, &rule->warn_evttypes) &&
           fd_bool(item, "skip-if-unknown-filter", true, &rule->skip_if_unknown_filter) &&
           fd_bool(item, "capture", true, &rule->capture) &&
           fd_u32(item, "capture_duration", true, &rule->capture_duration) && fd_tags(item, &rule->tags) &&
           fd_exceptions(item, false, &rule->exceptions);
}

static int define_rule(const struct fd_item *item, const char *name, const char *source, struct vl_err *err)
{
    const struct rs_scalar *condition = NULL, *output = NULL, *description = NULL;
    struct rs_rule *rule = vl_arena_alloc(item->set->arena, sizeof(*rule));
    if (!rule)
        return vl_err_nomem(err);
    *rule = (struct rs_rule){.name = name,
        .source = source ? source : "syscall",
        .source_told = source != NULL,
        .enabled = true,
        .warn_evttypes = true,
        .place = item->place};
    vl_vec_init(&rule->exceptions, sizeof(struct rs_exception), RS_EXCEPTIONS_MAX);
    vl_vec_init(&rule->tags, sizeof(const char *), RS_TAGS_MAX);
    bool sequence = vl_doc_get(item->node, "sequence") != NULL;
    int r = read_native(item, rule, err);
    bool ok = r >= 0 && fd_scalar(item, "condition", sequence, &condition) &&
              fd_scalar(item, "output", false, &output) && fd_scalar(item, "desc", false, &description) &&
              fd_priority(item, &rule->priority) && read_options(item, rule);
    rule->condition = part_of(item->set, condition);
    rule->output = part_of(item->set, output);
    rule->description = part_of(item->set, description);
    if (ok)
        return rs_rule_define(item->set, rule, err);
    rs_exceptions_done(&rule->exceptions);
    vl_vec_done(&rule->tags);
    return r;
}

static void warn_of_keys(const struct fd_item *item)
{
    const char *all[VL_ARRAY_LEN(known) + 32];
    unsigned n = 0;
    for (const char *const *k = known; *k; k++)
        all[n++] = *k;
    for (const struct vl_doc_node *node = vl_doc_first(item->node); node && n + 1 < VL_ARRAY_LEN(all);
        node = vl_doc_next(node))
        if (vl_native_key(vl_doc_key(node)))
            all[n++] = vl_doc_key(node).ptr;
    all[n] = NULL;
    fd_unknown_keys(item, all);
}

int fr_rule(struct fd_item *item, struct vl_err *err)
{
    const char *name = NULL, *source = NULL;
    struct fd_override override;
    bool append = false;
    item->label = "rule";
    if (!fd_name(item, "rule", &name))
        return 0;
    const char *label = vl_arena_printf(item->set->arena, "rule '%s'", name);
    item->label = label ? label : "rule";
    warn_of_keys(item);
    if (!fd_bool(item, "append", true, &append) || !read_source(item, &source))
        return 0;
    if (append)
        rs_tell(item->set, false, RS_DEPRECATED_ITEM, &item->place, item->label, NULL, FR_WARNING_APPEND);
    if (!fd_override(item, can_append, can_replace, &override))
        return 0;
    bool overrides = override.n_append + override.n_replace > 0;
    if (append && overrides)
        rs_tell(
            item->set, true, RS_ERR_YAML_VALIDATE, &item->place, item->label, NULL, FR_ERROR_OVERRIDE_APPEND);
    else if (overrides)
        read_override(item, name, source, &override);
    else if (append)
        read_append(item, name, source);
    else if (!vl_doc_get(item->node, "condition") && !vl_doc_get(item->node, "output") &&
             !vl_doc_get(item->node, "desc") && !vl_doc_get(item->node, "priority"))
        read_enabled(item, name, source);
    else
        return define_rule(item, name, source, err);
    return 0;
}
