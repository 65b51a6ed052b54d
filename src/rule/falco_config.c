/* falco.yaml among rule files: what it appends to outputs, which rules it switches, how many may fire,
 * how grave they must be. Its
 * other keys say how Falco runs; they are named in a warning and left alone. */
#include "falco_config.h"

#include <stdio.h>
#include <string.h>

#include "falco_decode.h"
#include "glob.h"
#include "rule/output.h"

#define ENTRIES_MAX 256 /* of `append_output`, and of `rules` */
#define FIELDS_MAX  256 /* extra fields of one entry, and of one rule */
#define NAMES_MAX   512 /* bytes of a warning that names keys */

/* What Falco's container plugin suggests to append. */
#define SUGGESTED                                                \
    "container_id=%container.id container_name=%container.name " \
    "container_image_repository=%container.image.repository "    \
    "container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name"

struct rs_append {
    struct rs_place place;
    const char *source, *rule; /* NULL: any */
    struct vl_vec tags;        /* of const char *: all of them must be the rule's */
    const char *output;        /* NULL: none */
    struct vl_rule_extra *extra;
    uint32_t n_extra;
    bool suggested;
    uint8_t output_known, suggested_known; /* bits: sources that know all fields of the text */
    uint8_t *extra_known;                  /* the same, one an extra field */
    bool told;                             /* that it does not fit a rule */
    bool used;
};

struct rs_switch {
    struct rs_place place;
    const char *rule, *tag; /* one of them */
    bool enabled;
};

bool rs_config_is(const struct vl_doc_node *root)
{
    static const char *const keys[] = {"append_output", "rule_matching", "rules_file", "rules_files"};
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++)
        if (vl_doc_is(root, VL_DOC_OBJECT) && vl_doc_get(root, keys[i]))
            return true;
    return false;
}

static void tell_kind(const struct fd_item *item, const struct vl_doc_node *node, const char *what)
{
    struct rs_place place = rs_place_of(item->source, node ? node : item->node);
    rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL, "%s", what);
}

/* --- append_output --- */

static bool read_match(const struct fd_item *item, struct rs_append *append)
{
    static const char *const known[] = {"source", "tags", "rule", NULL};
    const struct vl_doc_node *node = vl_doc_get(item->node, "match");
    struct vl_span source = VL_SPAN_EMPTY, rule = VL_SPAN_EMPTY;
    if (!node)
        return true;
    if (!vl_doc_is(node, VL_DOC_OBJECT)) {
        tell_kind(item, node, "'match' is a mapping with source, tags, rule");
        return false;
    }
    struct fd_item match = fd_item(item->set, item->source, node, item->label);
    fd_unknown_keys(&match, known);
    if (!fd_text(&match, "source", true, &source) || !fd_text(&match, "rule", true, &rule) ||
        (vl_doc_get(node, "tags") && !fd_tags(&match, &append->tags)))
        return false;
    append->source = source.len ? source.ptr : NULL;
    append->rule = rule.len ? rule.ptr : NULL;
    return true;
}

/* `- evt.hostname`: the field's value; `- name: text with %fields`: the text. */
static bool read_extra(const struct fd_item *item, const struct vl_doc_node *node, struct vl_rule_extra *ret)
{
    const struct vl_doc_node *only = vl_doc_first(node);
    if (vl_doc_is(node, VL_DOC_STRING)) {
        ret->name = fd_keep(item->set, vl_doc_span(node)).ptr;
        ret->format = vl_arena_printf(item->set->arena, "%%%s", ret->name ? ret->name : "");
        ret->is_raw = true;
    } else if (vl_doc_is(node, VL_DOC_OBJECT) && vl_doc_size(node) == 1 && !vl_doc_is(only, VL_DOC_ARRAY) &&
               !vl_doc_is(only, VL_DOC_OBJECT)) {
        ret->name = fd_keep(item->set, vl_doc_key(only)).ptr;
        ret->format = fd_keep(item->set, vl_doc_text(only)).ptr;
        ret->is_raw = false;
    } else {
        tell_kind(item, node, "an extra field is the name of a field, or one 'name: text with %fields'");
        return false;
    }
    return ret->name && ret->format;
}

static bool read_extras(const struct fd_item *item, struct rs_append *append)
{
    const struct vl_doc_node *list = vl_doc_get(item->node, "extra_fields");
    size_t n = vl_doc_size(list);
    if (!list)
        return true;
    if (!vl_doc_is(list, VL_DOC_ARRAY) || n > FIELDS_MAX) {
        tell_kind(item, list, "'extra_fields' is a sequence of at most 256 fields");
        return false;
    }
    append->extra = vl_arena_array(item->set->arena, n + 1, sizeof(*append->extra));
    append->extra_known = vl_arena_array(item->set->arena, n + 1, 1);
    if (!append->extra_known)
        return false;
    for (const struct vl_doc_node *f = vl_doc_first(list); f && append->extra; f = vl_doc_next(f))
        if (!read_extra(item, f, &append->extra[append->n_extra++]))
            return false;
    return append->extra != NULL;
}

static int read_append(
    struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *node, struct vl_err *err)
{
    static const char *const known[] = {"match", "extra_output", "extra_fields", "suggested_output", NULL};
    struct fd_item item = fd_item(set, source, node, "append_output");
    struct vl_span output = VL_SPAN_EMPTY;
    if (!vl_doc_is(node, VL_DOC_OBJECT)) {
        tell_kind(&item, node, "an entry is a mapping with match, extra_output, extra_fields");
        return 0;
    }
    fd_unknown_keys(&item, known);
    struct rs_append *append = vl_vec_push(&set->appends, "entries of append_output", err);
    if (!append)
        return err->err;
    *append = (struct rs_append){.place = item.place};
    vl_vec_init(&append->tags, sizeof(const char *), RS_TAGS_MAX);
    if (!read_match(&item, append) || !fd_text(&item, "extra_output", true, &output) ||
        !read_extras(&item, append) || !fd_bool(&item, "suggested_output", true, &append->suggested)) {
        append->rule = append->output = NULL;
        append->n_extra = 0;
        append->suggested = false;
    } else if (output.len) {
        append->output = output.ptr;
    } else if (!append->n_extra && !append->suggested) {
        rs_tell(set, false, RS_UNKNOWN_KEY, &item.place, item.label,
            "give extra_output, extra_fields or suggested_output", "the entry appends nothing");
    }
    return 0;
}

/* --- rules --- */

static int read_switch(
    struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *node, struct vl_err *err)
{
    static const char *const known[] = {"rule", "tag", NULL};
    const struct vl_doc_node *what = vl_doc_first(node);
    struct vl_span key = vl_doc_key(what), rule = VL_SPAN_EMPTY, tag = VL_SPAN_EMPTY;
    struct fd_item item = fd_item(set, source, node, "rules");
    bool enable = vl_span_eq_str(key, "enable");
    if (!vl_doc_is(node, VL_DOC_OBJECT) || vl_doc_size(node) != 1 || !vl_doc_is(what, VL_DOC_OBJECT) ||
        (!enable && !vl_span_eq_str(key, "disable"))) {
        tell_kind(&item, node, "an entry is 'enable:' or 'disable:' with 'rule:' or 'tag:'");
        return 0;
    }
    struct fd_item inner = fd_item(set, source, what, "rules");
    fd_unknown_keys(&inner, known);
    if (!fd_text(&inner, "rule", true, &rule) || !fd_text(&inner, "tag", true, &tag))
        return 0;
    if ((rule.len > 0) == (tag.len > 0)) {
        tell_kind(&inner, what, "give one of 'rule' and 'tag'");
        return 0;
    }
    struct rs_switch *slot = vl_vec_push(&set->switches, "entries of rules", err);
    if (!slot)
        return err->err;
    *slot = (struct rs_switch){.place = item.place,
        .rule = rule.len ? rule.ptr : NULL,
        .tag = tag.len ? tag.ptr : NULL,
        .enabled = enable};
    return 0;
}

/* --- the document --- */

static int each(struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *list,
    int (*read)(
        struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *node, struct vl_err *err),
    struct vl_err *err)
{
    struct fd_item item = fd_item(set, source, list, NULL);
    int r = 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY)) {
        tell_kind(&item, list, "Value is not a sequence");
        return 0;
    }
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n))
        r = read(set, source, n, err);
    return r;
}

static void read_matching(
    struct vl_ruleset *set, const struct rs_source *source, const struct vl_doc_node *node)
{
    struct fd_item item = fd_item(set, source, node, "rule_matching");
    set->first_only = vl_span_eq_str(vl_doc_text(node), "first");
    if (!set->first_only && !vl_span_eq_str(vl_doc_text(node), "all"))
        tell_kind(&item, node, "rule_matching is 'first' or 'all'");
}

int rs_config_read(
    struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *root, struct vl_err *err)
{
    char names[NAMES_MAX] = "";
    size_t used = 0;
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(root); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span key = vl_doc_key(n);
        if (vl_span_eq_str(key, "append_output")) {
            r = vl_doc_is(n, VL_DOC_NULL) ? 0 : each(set, source, n, read_append, err);
        } else if (vl_span_eq_str(key, "rules")) {
            r = vl_doc_is(n, VL_DOC_NULL) ? 0 : each(set, source, n, read_switch, err);
        } else if (vl_span_eq_str(key, "rule_matching")) {
            read_matching(set, source, n);
        } else if (vl_span_eq_str(key, "priority")) {
            struct fd_item item = fd_item(set, source, root, "priority");
            set->has_least = fd_priority(&item, &set->least);
        } else if (used < sizeof(names) - 1) {
            int len =
                snprintf(names + used, sizeof(names) - used, "%s%.*s", used ? ", " : "", VL_SPAN_FMT(key));
            used += len > 0 ? (size_t)len : 0;
        }
    }
    struct rs_place place = rs_place_of(source, root);
    if (r >= 0 && used)
        rs_tell(set, false, RS_UNKNOWN_KEY, &place, NULL, "name rule files on the command line",
            "of Falco's configuration only append_output, rules, rule_matching and priority are used here; "
            "not: %s%s",
            names, used >= sizeof(names) ? " …" : "");
    return r;
}

/* --- what it does --- */

static bool has_tags(const struct vl_rule *rule, const struct vl_vec *tags)
{
    for (size_t i = 0; i < tags->len; i++) {
        const char *tag = ((const char **)tags->items)[i];
        bool found = false;
        for (uint32_t k = 0; k < rule->n_tags && !found; k++)
            found = strcmp(rule->tags[k], tag) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool fits(const struct rs_append *append, const struct vl_rule *rule)
{
    return (!append->source || strcmp(append->source, rule->source_name) == 0) &&
           (!append->rule || strcmp(append->rule, rule->name) == 0) && has_tags(rule, &append->tags);
}

/* Whether the rule's source knows the fields of the text; told once an entry. */
static bool parses(struct vl_ruleset *set, struct rs_append *append, const struct vl_rule *rule,
    const char *text, uint8_t *known)
{
    struct vl_output *output = NULL;
    struct vl_err bad = VL_ERR_INIT;
    uint8_t bit = (uint8_t)(1U << rule->source);
    if (*known & bit)
        return true;
    if (vl_output_parse(rule->source, text, set->arena, &output, &bad) >= 0) {
        *known |= bit;
        return true;
    }
    if (!append->told)
        rs_tell(set, true, RS_ERR_COMPILE_OUTPUT, &append->place, "append_output",
            append->source ? NULL : "match a source: its fields must be known to every rule that it fits",
            "'%s' does not fit rule '%s' (source %s): %s", text, rule->name, rule->source_name, bad.msg);
    append->told = true;
    return false;
}

static void append_text(struct vl_ruleset *set, struct rs_append *append, const struct vl_rule *rule,
    const char *text, uint8_t *known, struct vl_buf *out)
{
    if (!parses(set, append, rule, text, known))
        return;
    if (out->len + strlen(text) + 1 > VL_OUTPUT_TEXT_MAX) {
        if (!append->told)
            rs_tell(set, true, RS_ERR_COMPILE_OUTPUT, &append->place, "append_output", NULL,
                "the output of rule '%s' has more than %lu bytes then", rule->name, VL_OUTPUT_TEXT_MAX);
        append->told = true;
        return;
    }
    if (out->len)
        vl_buf_append_char(out, ' ');
    vl_buf_append_str(out, text);
}

/* A later entry's field takes the place of an earlier one's of the same name. */
static void append_extra(
    struct vl_ruleset *set, struct rs_append *append, struct vl_rule *rule, struct vl_rule_extra *all)
{
    for (uint32_t i = 0; i < append->n_extra; i++) {
        uint32_t k = 0;
        if (!parses(set, append, rule, append->extra[i].format, &append->extra_known[i]))
            continue;
        while (k < rule->n_extra && strcmp(all[k].name, append->extra[i].name) != 0)
            k++;
        if (k == FIELDS_MAX) {
            rs_tell(set, true, RS_ERR_VALIDATE, &append->place, "append_output", NULL,
                "rule '%s' has more than %d extra fields", rule->name, FIELDS_MAX);
            return;
        }
        all[k] = append->extra[i];
        rule->n_extra += k == rule->n_extra;
    }
}

static int append_all(struct vl_ruleset *set, struct vl_rule *rule, struct vl_err *err)
{
    struct vl_rule_extra *all = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, VL_OUTPUT_TEXT_MAX + 1);
    vl_buf_append_span(&out, vl_span_slice(vl_span_str(rule->output), 0, VL_OUTPUT_TEXT_MAX));
    size_t before = out.len;
    for (size_t i = 0; i < set->appends.len; i++) {
        struct rs_append *append = vl_vec_at(&set->appends, i);
        if (!fits(append, rule))
            continue;
        append->used = true;
        if (append->output)
            append_text(set, append, rule, append->output, &append->output_known, &out);
        if (append->suggested && rule->source == VL_EVENT_SYSCALL)
            append_text(set, append, rule, SUGGESTED, &append->suggested_known, &out);
        if (!append->n_extra)
            continue;
        if (!all)
            all = vl_arena_array(set->arena, FIELDS_MAX, sizeof(*all));
        if (!all)
            return vl_arena_failed(set->arena, "the rule set", err);
        append_extra(set, append, rule, all);
    }
    rule->extra = all;
    int r = vl_buf_check(&out, "an output", err);
    if (r >= 0 && out.len > before)
        rule->output = vl_arena_dup_span(set->arena, vl_buf_span(&out));
    return r < 0 ? r : vl_arena_check(set->arena, "the rule set", err);
}

static void switch_rules(struct vl_ruleset *set, const struct rs_switch *s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < set->rules.len; i++) {
        struct vl_rule *rule = ((struct vl_rule **)set->rules.items)[i];
        bool chosen = false;
        for (uint32_t k = 0; s->tag && k < rule->n_tags; k++)
            chosen |= strcmp(rule->tags[k], s->tag) == 0;
        if (s->rule)
            chosen = glob_matches(vl_span_str(s->rule), vl_span_str(rule->name), false);
        if (chosen)
            rule->enabled = s->enabled;
        n += chosen;
    }
    if (!n && set->rules.len)
        rs_tell(set, false, RS_UNKNOWN_FILTER, &s->place, "rules", NULL, "no rule is named by '%s'",
            s->rule ? s->rule : s->tag);
}

int rs_config_apply(struct vl_ruleset *set, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < set->rules.len && set->appends.len && r >= 0; i++) {
        struct vl_rule *rule = ((struct vl_rule **)set->rules.items)[i];
        if (!rule->silent && !rule->skipped && rule->output)
            r = append_all(set, rule, err);
    }
    for (size_t i = 0; i < set->appends.len && set->rules.len; i++) {
        const struct rs_append *append = vl_vec_at(&set->appends, i);
        if (!append->used)
            rs_tell(set, false, RS_UNKNOWN_FILTER, &append->place, "append_output",
                "look at the words of 'match'", "the entry fits no rule");
    }
    for (size_t i = 0; i < set->switches.len; i++)
        switch_rules(set, vl_vec_at(&set->switches, i));
    for (size_t i = 0; i < set->rules.len && set->has_least; i++) {
        struct vl_rule *rule = ((struct vl_rule **)set->rules.items)[i];
        if (!rule->silent && rule->priority > set->least) /* what feeds a window stays */
            rule->enabled = false;
    }
    return r;
}

void rs_config_init(struct vl_ruleset *set)
{
    vl_vec_init(&set->appends, sizeof(struct rs_append), ENTRIES_MAX);
    vl_vec_init(&set->switches, sizeof(struct rs_switch), ENTRIES_MAX);
}

void rs_config_done(struct vl_ruleset *set)
{
    for (size_t i = 0; i < set->appends.len; i++)
        vl_vec_done(&((struct rs_append *)vl_vec_at(&set->appends, i))->tags);
    vl_vec_done(&set->appends);
    vl_vec_done(&set->switches);
}
