/* The rule set itself: files in, problems and rules out. What a document says is the matter of its form. */
#include "falco_config.h"
#include "ruleset_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "glob.h"

#define RULES_NAME "rules" /* in messages of the document readers, which are taken apart again */

static bool sigma_is(const struct vl_doc_node *root)
{
    return vl_sigma_is(root);
}

static int sigma_read(
    struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *root, struct vl_err *err)
{
    int r = set->sigma ? 0 : vl_sigma_new(&set->sink, &set->sigma, err);
    return r < 0 ? r : vl_sigma_read(set->sigma, root, source->name, err);
}

/* The first form that knows a document reads it. */
static const struct rs_form forms[] = {
    {"falco", VL_RULE_FALCO, rs_falco_is,
        rs_falco_read}, /* and the native form, whose rules have further keys */
    {"sigma", VL_RULE_SIGMA, sigma_is, sigma_read},
    {"falco.yaml", VL_RULE_CONFIG, rs_config_is, rs_config_read},
};

static const char *const priorities[] = {
    "Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"};

const char *vl_rule_priority_name(enum vl_rule_priority priority)
{
    return (size_t)priority < VL_ARRAY_LEN(priorities) ? priorities[priority] : "Debug";
}

/* --- what other forms see --- */

static int sink_add(struct vl_rule_sink *sink, struct vl_rule *rule, struct vl_err *err)
{
    return rs_rule_push((struct vl_ruleset *)sink, rule, err);
}

static int sink_problem(struct vl_rule_sink *sink, const struct vl_rule_problem *problem, struct vl_err *err)
{
    struct vl_ruleset *set = (struct vl_ruleset *)sink;
    struct vl_err full = VL_ERR_INIT;
    (void)err;
    set->n_errors += problem->is_error;
    set->n_warnings += !problem->is_error;
    struct vl_rule_problem *slot = vl_vec_push(&set->problems, "problems", &full);
    if (slot)
        *slot = *problem;
    return 0;
}

static const struct vl_rule *sink_find(struct vl_rule_sink *sink, struct vl_span name)
{
    const struct vl_map_slot *slot = vl_map_get(&((struct vl_ruleset *)sink)->by_rule, name);
    return slot ? slot->value.ptr : NULL;
}

int vl_ruleset_new(struct vl_ruleset **ret, struct vl_err *err)
{
    struct vl_arena *arena = vl_arena_new(RS_ARENA_MAX);
    struct vl_ruleset *set = arena ? vl_arena_alloc(arena, sizeof(*set)) : NULL;
    struct vl_arena *scratch = vl_arena_new(RS_SCRATCH_MAX);
    if (!set || !scratch) {
        vl_arena_free(scratch);
        vl_arena_free(arena);
        return vl_err_nomem(err);
    }
    set->arena = arena;
    set->scratch = scratch;
    set->sink = (struct vl_rule_sink){arena, sink_add, sink_problem, sink_find};
    vl_vec_init(&set->sources, sizeof(struct rs_source *), RS_FILES_MAX);
    vl_vec_init(&set->lists, sizeof(struct rs_list *), RS_LISTS_MAX);
    vl_vec_init(&set->macros, sizeof(struct rs_macro *), RS_MACROS_MAX);
    vl_vec_init(&set->written, sizeof(struct rs_rule *), VL_RULES_MAX);
    vl_vec_init(&set->rules, sizeof(struct vl_rule *), VL_RULES_MAX);
    vl_vec_init(&set->problems, sizeof(struct vl_rule_problem), VL_RULE_PROBLEMS_MAX);
    vl_vec_init(&set->plugins, sizeof(struct rs_plugin), 1000);
    rs_config_init(set);
    vl_map_init(&set->by_list, RS_LISTS_MAX);
    vl_map_init(&set->by_macro, RS_MACROS_MAX);
    vl_map_init(&set->by_written, VL_RULES_MAX);
    vl_map_init(&set->by_rule, VL_RULES_MAX);
    *ret = set;
    return 0;
}

void vl_ruleset_free(struct vl_ruleset *set)
{
    if (!set)
        return;
    rs_config_done(set);
    for (size_t i = 0; i < set->lists.len; i++)
        vl_vec_done(&((struct rs_list **)set->lists.items)[i]->items);
    for (size_t i = 0; i < set->written.len; i++) {
        struct rs_rule *rule = ((struct rs_rule **)set->written.items)[i];
        rs_exceptions_done(&rule->exceptions);
        vl_vec_done(&rule->tags);
    }
    vl_sigma_free(set->sigma);
    vl_vec_done(&set->sources);
    vl_vec_done(&set->lists);
    vl_vec_done(&set->macros);
    vl_vec_done(&set->written);
    vl_vec_done(&set->rules);
    vl_vec_done(&set->problems);
    vl_vec_done(&set->plugins);
    vl_map_done(&set->by_list);
    vl_map_done(&set->by_macro);
    vl_map_done(&set->by_written);
    vl_map_done(&set->by_rule);
    vl_arena_free(set->scratch);
    vl_arena_free(set->arena);
}

void vl_ruleset_cleanup(struct vl_ruleset **set)
{
    vl_ruleset_free(*set);
}

void rs_tell(struct vl_ruleset *set, bool is_error, const char *code, const struct rs_place *place,
    const char *item, const char *hint, const char *fmt, ...)
{
    struct vl_err err = VL_ERR_INIT;
    char message[VL_ERR_MSG_MAX];
    va_list args;
    set->n_errors += is_error;
    set->n_warnings += !is_error;
    struct vl_rule_problem *p = vl_vec_push(&set->problems, "problems", &err);
    if (!p)
        return;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    p->is_error = is_error;
    p->code = code;
    p->file = place && place->source ? place->source->name : NULL;
    p->line = place ? place->line : 0;
    p->column = place ? place->column : 0;
    p->item = item ? vl_arena_strdup(set->arena, item) : NULL;
    p->message = vl_arena_strdup(set->arena, message);
    p->hint = hint ? vl_arena_strdup(set->arena, hint) : NULL;
    if (!p->message)
        p->message = "out of memory";
}

/* --- adding files --- */

struct adding {
    struct vl_ruleset *set;
    struct rs_source *source;
};

/* What a mapping that is no rule file is: rules are often kept within another document. */
static const char *other_document(const struct vl_doc_node *root)
{
    if (vl_doc_get(root, "customRules"))
        return "these are values of Falco's chart: put what stands below a name of customRules into a file "
               "of its own";
    if (vl_span_eq_str(vl_doc_get_str(root, "kind"), "ConfigMap"))
        return "this is a ConfigMap: put what stands below a name of data into a file of its own";
    return "a rule file is a sequence: every item begins with '- rule:', '- macro:' or '- list:'";
}

static int read_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    const struct adding *a = user;
    const struct vl_doc_node *root = vl_doc_root(owned);
    struct rs_place place = rs_place_of(a->source, root);
    if (!root || vl_doc_is(root, VL_DOC_NULL))
        return 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(forms); i++)
        if (forms[i].is(root)) {
            if (!a->source->form_known)
                a->source->form = forms[i].form;
            a->source->form_known = true;
            return forms[i].read(a->set, a->source, root, err);
        }
    a->source->schema_broken = true;
    rs_tell(a->set, true, RS_ERR_YAML_VALIDATE, &place, NULL, other_document(root),
        vl_doc_is(root, VL_DOC_OBJECT) ? "Rules content is not yaml array of objects"
                                       : "Rules content is not yaml");
    return 0;
}

static struct rs_source *new_source(
    struct vl_ruleset *set, struct vl_span text, const char *file, struct vl_err *err)
{
    struct rs_source *source = vl_arena_alloc(set->arena, sizeof(*source));
    struct rs_source **slot = vl_vec_push(&set->sources, "rule files", err);
    char *copy = vl_arena_dup_span(set->arena, text);
    char *name = vl_arena_strdup(set->arena, file);
    if (!slot)
        return NULL;
    *slot = source;
    if (!source || !copy || !name) {
        if (vl_arena_check(set->arena, "rule files", err) >= 0)
            (void)!vl_err_nomem(err);
        set->sources.len--;
        return NULL;
    }
    *source = (struct rs_source){.name = name, .text = {copy, text.len}};
    return source;
}

/* The document readers say "name:line:column: what": the place is told apart here. */
static void tell_unreadable(struct vl_ruleset *set, struct rs_source *source, const struct vl_err *bad)
{
    struct rs_place place = {source, 0, 0};
    struct vl_span rest = vl_span_str(bad->msg);
    struct vl_span name, line, column;
    uint64_t line_number, column_number;
    source->schema_broken = true;
    bool duplicate = vl_span_find(rest, VL_SPAN_LIT("duplicate key")) != SIZE_MAX;
    struct vl_span message = vl_span_starts_with(rest, RULES_NAME ": ")
                                 ? vl_span_slice(rest, sizeof(RULES_NAME ": ") - 1, rest.len)
                                 : rest;
    if (vl_span_split(&rest, ':', &name) && vl_span_split(&rest, ':', &line) &&
        vl_span_split(&rest, ':', &column) && vl_span_to_u64(line, &line_number) &&
        vl_span_to_u64(column, &column_number)) {
        place.line = (uint32_t)line_number;
        place.column = (uint32_t)column_number;
        message = vl_span_trim(rest);
    }
    rs_tell(set, true, RS_ERR_YAML_PARSE, &place, NULL,
        duplicate ? "Falco takes the first of two equal keys in silence; remove one" : NULL, "%.*s",
        VL_SPAN_FMT(message));
}

/* What YAML does not allow as it is: controls but tab, line feed, carriage return. */
static bool is_control(uint32_t rune)
{
    return (rune < 0x20 && rune != '\t' && rune != '\n' && rune != '\r') || rune == 0x7f;
}

static bool has_control(struct vl_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_control((unsigned char)text.ptr[i]))
            return true;
    return false;
}

/* Tells the first byte that is no UTF-8, or a control; the document readers do not say where it is. */
static bool tell_bytes(struct vl_ruleset *set, struct rs_source *source)
{
    struct vl_span rest = source->text;
    struct rs_place place = {source, 1, 1};
    uint32_t rune;
    while (rest.len) {
        size_t n = vl_utf8_decode(rest, &rune);
        if (!n) {
            source->schema_broken = true;
            rs_tell(set, true, RS_ERR_YAML_PARSE, &place, NULL, "save the file as UTF-8",
                "not UTF-8: byte 0x%02x", (unsigned char)*rest.ptr);
            return true;
        }
        if (is_control(rune)) {
            source->schema_broken = true;
            rs_tell(set, true, RS_ERR_YAML_PARSE, &place, NULL, "write it with an escape, in double quotes",
                "control characters are not allowed: 0x%02x", (unsigned)rune);
            return true;
        }
        place.column = rune == '\n' ? 1 : place.column + 1;
        place.line += rune == '\n';
        rest = vl_span_slice(rest, n, rest.len);
    }
    return false;
}

int vl_ruleset_add(struct vl_ruleset *set, struct vl_span text, const char *file, struct vl_err *err)
{
    struct vl_err bad = VL_ERR_INIT;
    if (set->finished)
        return vl_err_set(err, VL_ERR_USAGE, "%s: the rule set is finished", file);
    struct rs_source *source =
        new_source(set, text.len <= VL_RULE_FILE_MAX ? text : VL_SPAN_EMPTY, file, err);
    if (!source)
        return err->err;
    struct adding adding = {set, source};
    if (text.len > VL_RULE_FILE_MAX) {
        struct rs_place place = {source, 0, 0};
        rs_tell(
            set, true, RS_ERR_YAML_PARSE, &place, NULL, NULL, "the file is over %lu bytes", VL_RULE_FILE_MAX);
        return 0;
    }
    if ((!vl_utf8_valid(source->text) || has_control(source->text)) && tell_bytes(set, source))
        return 0;
    int r = vl_doc_parse_stream(source->text, VL_DOC_YAML, RULES_NAME, read_document, &adding, &bad);
    if (r < 0 && bad.code == VL_ERR_MEMORY) {
        *err = bad;
        return r;
    }
    if (r < 0)
        tell_unreadable(set, source, &bad);
    return vl_arena_check(set->arena, "the rule set", err);
}

/* --- reading the result --- */

int rs_rule_push(struct vl_ruleset *set, struct vl_rule *rule, struct vl_err *err)
{
    struct vl_map_slot *named = NULL;
    struct vl_rule **slot = vl_vec_push(&set->rules, "rules", err);
    if (!slot)
        return err->err;
    *slot = rule;
    rule->index = (uint32_t)set->rules.len - 1;
    if (rule->twin) /* its name is the other's */
        return 0;
    int r = vl_map_put(&set->by_rule, vl_span_str(rule->name), &named, NULL, err);
    if (r < 0)
        return r;
    named->value.ptr = rule;
    return 0;
}

int vl_ruleset_finish(struct vl_ruleset *set, struct vl_err *err)
{
    if (set->finished)
        return 0;
    set->finished = true;
    int r = rs_falco_finish(set, err);
    if (r >= 0 && set->sigma)
        r = vl_sigma_finish(set->sigma, err);
    if (r >= 0)
        r = rs_config_apply(set, err);
    return r < 0 ? r : vl_arena_check(set->arena, "the rule set", err);
}

int vl_ruleset_plugin(struct vl_ruleset *set, const char *name, const char *version, struct vl_err *err)
{
    struct rs_plugin *plugin = vl_vec_push(&set->plugins, "plugins", err);
    if (!plugin)
        return err->err;
    set->plugins_told = true;
    *plugin = (struct rs_plugin){vl_arena_strdup(set->arena, name), vl_arena_strdup(set->arena, version)};
    return plugin->name && plugin->version ? 0 : vl_err_nomem(err);
}

void vl_ruleset_no_plugins(struct vl_ruleset *set)
{
    set->plugins_told = true;
}

uint32_t vl_ruleset_files(const struct vl_ruleset *set)
{
    return (uint32_t)set->sources.len;
}

bool vl_ruleset_file(const struct vl_ruleset *set, uint32_t index, struct vl_rule_file *ret)
{
    struct rs_source *const *slot = vl_vec_at(&set->sources, index);
    if (slot)
        *ret = (struct vl_rule_file){(*slot)->name, (*slot)->text, (*slot)->form, !(*slot)->schema_broken};
    return slot != NULL;
}

uint32_t vl_ruleset_size(const struct vl_ruleset *set)
{
    return (uint32_t)set->rules.len;
}

const struct vl_rule *vl_ruleset_at(const struct vl_ruleset *set, uint32_t index)
{
    struct vl_rule *const *slot = vl_vec_at(&set->rules, index);
    return slot ? *slot : NULL;
}

const struct vl_rule *vl_ruleset_find(const struct vl_ruleset *set, const char *name)
{
    const struct vl_map_slot *slot = vl_map_get(&set->by_rule, vl_span_str(name));
    return slot ? slot->value.ptr : NULL;
}

uint32_t vl_ruleset_problems(const struct vl_ruleset *set)
{
    return (uint32_t)set->problems.len;
}

const struct vl_rule_problem *vl_ruleset_problem(const struct vl_ruleset *set, uint32_t index)
{
    return vl_vec_at(&set->problems, index);
}

bool vl_ruleset_first_only(const struct vl_ruleset *set)
{
    return set->first_only;
}

uint32_t vl_ruleset_errors(const struct vl_ruleset *set)
{
    return set->n_errors;
}

uint32_t vl_ruleset_warnings(const struct vl_ruleset *set)
{
    return set->n_warnings;
}

static bool has_tag(const struct vl_rule *rule, struct vl_span tag)
{
    for (uint32_t i = 0; i < rule->n_tags; i++)
        if (vl_span_eq_str(tag, rule->tags[i]))
            return true;
    return false;
}

uint32_t vl_ruleset_select(struct vl_ruleset *set, const char *rules, bool enabled)
{
    struct vl_span pattern = vl_span_str(rules);
    bool by_tag = vl_span_starts_with(pattern, "tag:");
    uint32_t n = 0;
    for (size_t i = 0; i < set->rules.len; i++) {
        struct vl_rule *rule = ((struct vl_rule **)set->rules.items)[i];
        if (by_tag ? has_tag(rule, vl_span_slice(pattern, 4, pattern.len))
                   : glob_matches(pattern, vl_span_str(rule->name), false)) {
            rule->enabled = enabled;
            n++;
        }
    }
    return n;
}
