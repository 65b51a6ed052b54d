/* Falco's own tests of its rule loader: VALLUM_SHARED/cases/falco-rule-loader. Assertions are given as the
 * text of the upstream test; those below are understood, the rest is listed and counted as not interpreted.
 * tests: ruleset.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "codec/doc.h"
#include "rule/describe.h"

#define FILE_MAX (16UL * 1024 * 1024)

struct count {
    unsigned tests, passed, failed, not_interpreted, assertions;
};

enum verdict { HOLDS, BROKEN, UNKNOWN };

/* What upstream's header of messages calls these. */
static const struct {
    const char *name, *text;
} messages[] = {
    {"WARNING_APPEND", "'append' key is deprecated."},
    {"WARNING_NO_EVTTYPE", "Rule matches too many evt.type values."},
    {"WARNING_ENABLED", "The standalone 'enabled' key usage is deprecated."},
    {"ERROR_OVERRIDE_APPEND", "Keys 'override' and 'append: true' cannot be used together."},
    {"ERROR_NO_PREVIOUS_MACRO",
        "Macro uses 'append' or 'override.condition: append' but no macro by that name"},
    {"ERROR_NO_PREVIOUS_LIST", "List uses 'append' or 'override.items: append' but no list by that name"},
    {"ERROR_NO_PREVIOUS_RULE_APPEND",
        "Rule uses 'append' or 'override.<key>: append' but no rule by that name"},
    {"ERROR_NO_PREVIOUS_RULE_REPLACE",
        "An 'override.<key>: replace' to a rule was requested but no rule by that name"},
};

/* Rules that the upstream test puts together from parts; here written out. */
#define BASE                                                                                                 \
    "- rule: test_rule\n  desc: test rule\n  condition: evt.type = open\n  output: command=%proc.cmdline\n " \
    " priority: INFO\n  exceptions:\n    - name: test_exception\n"
static const struct {
    const char *test, *rules;
} put_together[] = {
    {"test_falco_engine.exceptions_values_rhs_field_ambiguous",
        BASE "      fields: [proc.name]\n      comps: [=]\n      values:\n        - [proc.pname]\n"},
    {"test_falco_engine.exceptions_values_rhs_field_ambiguous_quoted",
        BASE "      fields: [proc.name]\n      comps: [=]\n      values:\n        - [\"proc.pname\"]\n"},
    {"test_falco_engine.exceptions_values_transformer_space_quoted", BASE
        "      fields: [proc.name]\n      comps: [=]\n      values:\n        - [\"toupper( proc.pname)\"]\n"},
    {"test_falco_engine.exceptions_fields_transformer_quoted",
        BASE "      fields: [\"tolower(proc.name)\"]\n      comps: [=]\n      values:\n        - [test]\n"},
};

/* What the upstream test tells its engine before it loads the rules, as falco.yaml says it. */
static const struct {
    const char *test, *config;
} configs[] = {
    {"test_falco_engine.extra_format_by_tag_rule",
        "append_output:\n  - match: {tags: [tag1]}\n    extra_output: extra 1\n"
        "  - match: {rule: another_rule}\n    extra_output: extra 2\n"
        "  - match: {tags: [tag1, tag2]}\n    extra_output: extra 3\n"},
    {"test_falco_engine.extra_fields_all",
        "append_output:\n  - extra_fields: [{my_field: \"hello %evt.num\"}]\n"},
};

static bool contains(struct vl_span text, const char *part)
{
    return vl_span_find(text, vl_span_str(part)) != SIZE_MAX;
}

/* The C string that begins at or behind `from`: adjacent literals are one. */
static bool literal(struct vl_span text, size_t from, char *ret, size_t max, size_t *ret_end)
{
    size_t n = 0, at = from;
    bool inside = false, any = false;
    for (; at < text.len && n + 1 < max; at++) {
        char c = text.ptr[at];
        if (c == '"') {
            inside = !inside;
            any = true;
        } else if (inside && c == '\\' && at + 1 < text.len) {
            c = text.ptr[++at];
            ret[n++] = c;
            if (c == 'n')
                ret[n - 1] = '\n';
        } else if (inside) {
            ret[n++] = c;
        } else if (any && c != ' ') {
            break;
        }
    }
    ret[n] = '\0';
    *ret_end = at;
    return any;
}

static bool has_message(const struct vl_ruleset *set, bool errors, const char *part)
{
    for (uint32_t i = 0; i < vl_ruleset_problems(set); i++) {
        const struct vl_rule_problem *p = vl_ruleset_problem(set, i);
        if (p->is_error == errors && contains(vl_span_str(p->message), part))
            return true;
    }
    return false;
}

static enum verdict check_message(const struct vl_ruleset *set, struct vl_span a, bool want)
{
    char text[1024];
    size_t end;
    size_t open = vl_span_find(a, VL_SPAN_LIT("_message("));
    bool errors = contains(a, "check_error_message");
    struct vl_span rest = vl_span_slice(a, open + 9, a.len);
    for (size_t i = 0; i < VL_ARRAY_LEN(messages); i++)
        if (vl_span_starts_with(rest, messages[i].name) && rest.ptr[strlen(messages[i].name)] == ')')
            return has_message(set, errors, messages[i].text) == want ? HOLDS : BROKEN;
    if (!literal(a, open + 9, text, sizeof(text), &end))
        return UNKNOWN;
    return has_message(set, errors, text) == want ? HOLDS : BROKEN;
}

/* To the letter: what the answer of `vallum rules check -o json` is, too. */
static enum verdict check_condition(const struct vl_ruleset *set, struct vl_span a)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    struct vl_err err = VL_ERR_INIT;
    char name[256], expected[4096];
    size_t end;
    vl_buf_init(&got, FILE_MAX);
    if (!literal(a, 0, name, sizeof(name), &end) || !literal(a, end, expected, sizeof(expected), &end))
        return UNKNOWN;
    const struct vl_rule *rule = vl_ruleset_find(set, name);
    bool equal =
        rule && vl_rule_condition_line(rule, &got, &err) >= 0 && strcmp(vl_buf_str(&got), expected) == 0;
    if (!equal)
        (void)printf("  got %s, want %s\n", vl_buf_str(&got), expected);
    return equal ? HOLDS : BROKEN;
}

static enum verdict check_description(const struct vl_rule *rule, struct vl_span a)
{
    char key[64] = "", value[1024];
    size_t end;
    size_t at = vl_span_find(a, VL_SPAN_LIT("[\"info\"]["));
    if (at == SIZE_MAX || !rule || !literal(a, at + 9, key, sizeof(key), &end))
        return UNKNOWN;
    struct vl_span last = vl_span_slice(a, vl_span_rfind_char(a, ',') + 1, a.len - 1);
    last = vl_span_trim(last);
    if (strcmp(key, "capture") == 0)
        return vl_span_eq_str(last, rule->capture ? "true" : "false") ? HOLDS : BROKEN;
    if (strcmp(key, "capture_duration") == 0)
        return (uint32_t)strtoul(last.ptr, NULL, 10) == rule->capture_duration_ms ? HOLDS : BROKEN;
    if (!literal(a, vl_span_find(a, VL_SPAN_LIT("(), ")), value, sizeof(value), &end))
        return UNKNOWN;
    const char *got = strcmp(key, "condition") == 0     ? rule->condition_text
                      : strcmp(key, "output") == 0      ? rule->output
                      : strcmp(key, "description") == 0 ? rule->description
                                                        : NULL;
    return !got ? UNKNOWN : strcmp(got, value) == 0 ? HOLDS : BROKEN;
}

static enum verdict check_snippet(const struct vl_ruleset *set, struct vl_span rules, struct vl_span a)
{
    char value[256];
    size_t end;
    struct vl_span line = VL_SPAN_EMPTY;
    const struct vl_rule_problem *error = NULL;
    for (uint32_t i = 0; i < vl_ruleset_problems(set) && !error; i++)
        if (vl_ruleset_problem(set, i)->is_error)
            error = vl_ruleset_problem(set, i);
    if (!error || !literal(a, vl_span_find(a, VL_SPAN_LIT("find(")), value, sizeof(value), &end))
        return UNKNOWN;
    for (uint32_t n = 0; n < error->line && vl_span_split_line(&rules, &line); n++)
        ;
    return contains(line, value) ? HOLDS : BROKEN;
}

static enum verdict check_output(const struct vl_ruleset *set, struct vl_span a)
{
    const struct vl_rule *rule = vl_ruleset_at(set, 0);
    if (!rule || !contains(a, "\"%container.info\""))
        return UNKNOWN;
    return strstr(rule->output, "%container.info") == NULL ? HOLDS : BROKEN;
}

static enum verdict check_appended(const struct vl_ruleset *set, struct vl_span a)
{
    char name[256], expected[1024];
    size_t end;
    if (!literal(a, 0, name, sizeof(name), &end))
        return UNKNOWN;
    const struct vl_rule *rule = vl_ruleset_find(set, name);
    if (contains(a, "get_compiled_rule_formatted_fields("))
        return rule && rule->n_extra == 1 && strcmp(rule->extra[0].name, "my_field") == 0 &&
                       strcmp(rule->extra[0].format, "hello %evt.num") == 0
                   ? HOLDS
                   : BROKEN;
    if (!literal(a, end, expected, sizeof(expected), &end))
        return UNKNOWN;
    return rule && strcmp(rule->output, expected) == 0 ? HOLDS : BROKEN;
}

static enum verdict check_counts(const struct vl_ruleset *set, struct vl_span a)
{
    uint32_t enabled = 0;
    for (uint32_t i = 0; i < vl_ruleset_size(set); i++)
        enabled += vl_ruleset_at(set, i)->enabled && !vl_ruleset_at(set, i)->skipped;
    struct vl_span last = vl_span_trim(vl_span_slice(a, vl_span_rfind_char(a, ',') + 1, a.len));
    return enabled == (uint32_t)strtoul(last.ptr, NULL, 10) ? HOLDS : BROKEN;
}

static enum verdict check(const struct vl_ruleset *set, struct vl_span rules, struct vl_span a)
{
    struct vl_rule_file file = {0};
    bool want = contains(a, "_TRUE(");
    bool warned = false;
    if (contains(a, "load_rules(rules_content"))
        return (vl_ruleset_errors(set) == 0) == want ? HOLDS : BROKEN;
    if (contains(a, "ASSERT_VALIDATION_STATUS("))
        return vl_ruleset_file(set, 0, &file) && file.schema_valid == contains(a, "validation_ok") ? HOLDS
                                                                                                   : BROKEN;
    if (contains(a, "check_warning_message(") || contains(a, "check_error_message("))
        return check_message(set, a, want);
    if (contains(a, "has_warnings()")) {
        for (uint32_t i = 0; i < vl_ruleset_problems(set); i++)
            warned |= !vl_ruleset_problem(set, i)->is_error;
        return warned == want ? HOLDS : BROKEN;
    }
    if (contains(a, "get_compiled_rule_output(") || contains(a, "get_compiled_rule_formatted_fields("))
        return check_appended(set, a);
    if (contains(a, "num_rules_for_ruleset()"))
        return check_counts(set, a);
    if (contains(a, "get_compiled_rule_condition("))
        return check_condition(set, a);
    if (contains(a, "rule_description[\"rules\"][0]"))
        return check_description(vl_ruleset_at(set, 0), a);
    if (contains(a, "[\"snippet\"]"))
        return check_snippet(set, rules, a);
    if (contains(a, "output.find("))
        return check_output(set, a);
    return UNKNOWN;
}

/* --- required plugins: the rules stand in the assertion, their line ends lost --- */

static void write_requirement(struct vl_buf *out, struct vl_span *rest, const char *indent)
{
    struct vl_span word, name = VL_SPAN_EMPTY, version = VL_SPAN_EMPTY;
    while (vl_span_split(rest, ' ', &word) && !vl_span_eq_str(word, "name:"))
        ;
    (void)vl_span_split(rest, ' ', &name);
    (void)vl_span_split(rest, ' ', &word);
    (void)vl_span_split(rest, ' ', &version);
    vl_buf_printf(
        out, "%s- name: %.*s\n%s  version: %.*s\n", indent, VL_SPAN_FMT(name), indent, VL_SPAN_FMT(version));
}

/* Each plugin of these tests has one alternative at most. */
static void write_requirements(struct vl_buf *out, struct vl_span text)
{
    struct vl_span rest = text, word, ahead;
    for (ahead = rest; vl_span_split(&ahead, ' ', &word); ahead = rest) {
        if (vl_span_eq_str(word, "required_plugin_versions:")) {
            vl_buf_append_str(out, "- required_plugin_versions:\n");
            rest = ahead;
        } else if (vl_span_eq_str(word, "alternatives:")) {
            vl_buf_append_str(out, "      alternatives:\n");
            rest = ahead;
            write_requirement(out, &rest, "        ");
        } else if (vl_span_eq_str(word, "name:")) {
            write_requirement(out, &rest, "    ");
        } else {
            rest = ahead;
        }
    }
}

static enum verdict check_plugins(struct vl_span a)
{
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    char name[64], version[64];
    size_t raw = vl_span_find(a, VL_SPAN_LIT("R\"(")), at = 0;
    struct vl_span head = vl_span_slice(a, 0, raw == SIZE_MAX ? vl_span_rfind_char(a, '}') + 1 : raw);
    vl_buf_init(&text, FILE_MAX);
    if (vl_ruleset_new(&set, &err) < 0)
        return BROKEN;
    vl_ruleset_no_plugins(set);
    at = vl_span_find_char(head, '{');
    while (at < head.len && vl_span_find_char(vl_span_slice(head, at, head.len), '"') != SIZE_MAX) {
        /* A comma ends a literal. */
        if (!literal(head, at + vl_span_find_char(vl_span_slice(head, at, head.len), '"'), name, sizeof(name),
                &at) ||
            !literal(head, at, version, sizeof(version), &at) ||
            vl_ruleset_plugin(set, name, version, &err) < 0)
            return BROKEN;
    }
    if (raw != SIZE_MAX)
        write_requirements(&text, vl_span_slice(a, raw + 3, a.len));
    if (vl_ruleset_add(set, vl_buf_span(&text), "plugins.yaml", &err) < 0 || vl_ruleset_finish(set, &err) < 0)
        return BROKEN;
    return (vl_ruleset_errors(set) == 0) == contains(a, "_TRUE(") ? HOLDS : BROKEN;
}

/* --- what a condition refers to --- */

static struct vl_ruleset *load(struct vl_span rules, const char *config)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_ruleset *set = NULL;
    if (vl_ruleset_new(&set, &err) < 0 || vl_ruleset_add(set, rules, "rules.yaml", &err) < 0 ||
        (config && vl_ruleset_add(set, vl_span_str(config), "falco.yaml", &err) < 0) ||
        vl_ruleset_finish(set, &err) < 0) {
        (void)printf("  %s\n", err.msg);
        vl_ruleset_free(set);
        return NULL;
    }
    return set;
}

struct names {
    const char *const *items;
    uint32_t n;
};

static struct names names_of(const struct vl_rule_description *d, struct vl_span a)
{
    if (contains(a, "details.fields."))
        return (struct names){d->fields, d->n_fields};
    if (contains(a, "details.macros."))
        return (struct names){d->macros, d->n_macros};
    if (contains(a, "details.lists."))
        return (struct names){d->lists, d->n_lists};
    if (contains(a, "details.transformers."))
        return (struct names){d->transformers, d->n_transformers};
    return (struct names){d->operators, d->n_operators};
}

/* The macro and the list that the condition names are given here; the macro uses nothing that it has not
 * itself. */
static struct vl_ruleset *load_condition(struct vl_span condition)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, FILE_MAX);
    vl_buf_printf(&text,
        "- list: known_procs\n  items: [a]\n- macro: spawned_process\n  condition: evt.type = execve\n"
        "- rule: r\n  desc: d\n  condition: %.*s\n  output: o\n  priority: INFO\n",
        VL_SPAN_FMT(condition));
    return load(vl_buf_span(&text), NULL);
}

static enum verdict check_details(const struct vl_ruleset *set, struct vl_span a)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(FILE_MAX);
    struct vl_rule_description d;
    struct vl_err err = VL_ERR_INIT;
    char value[256];
    size_t end;
    if (!contains(a, "details."))
        return UNKNOWN;
    if (!set || vl_ruleset_size(set) != 1 ||
        vl_rule_describe(set, vl_ruleset_at(set, 0), arena, &d, &err) < 0)
        return BROKEN;
    struct names names = names_of(&d, a);
    if (contains(a, ".size(), ")) {
        struct vl_span last = vl_span_trim(vl_span_slice(a, vl_span_rfind_char(a, ',') + 1, a.len));
        return names.n == (uint32_t)strtoul(last.ptr, NULL, 10) ? HOLDS : BROKEN;
    }
    if (!literal(a, 0, value, sizeof(value), &end))
        return UNKNOWN;
    for (uint32_t i = 0; i < names.n; i++)
        if (strcmp(names.items[i], value) == 0)
            return HOLDS;
    return BROKEN;
}

/* The condition of the upstream test is in its name: an unsafe field in a transformer, and a safe one. */
static enum verdict check_unsafe(struct vl_span a)
{
    bool second = contains(a, "filter2");
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, FILE_MAX);
    vl_buf_printf(&text,
        "- rule: r\n  desc: d\n  condition: toupper(%s) = <NA>\n  output: o\n  priority: INFO\n  source: "
        "%s\n",
        second ? "evt.type" : "ka.verb", second ? "syscall" : "k8s_audit");
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = load(vl_buf_span(&text), NULL);
    bool warned = set && has_message(set, false, "comparing a field value with <NA> is unsafe");
    return warned == contains(a, "_TRUE(") ? HOLDS : BROKEN;
}

/* --- a test --- */

static enum verdict judge(const struct vl_ruleset *set, struct vl_span rules, struct vl_span a)
{
    if (contains(a, "warns_ast("))
        return check_unsafe(a);
    if (contains(a, "check_requirements("))
        return check_plugins(a);
    if (contains(a, "details."))
        return set ? check_details(set, a) : UNKNOWN;
    return rules.len && set ? check(set, rules, a) : UNKNOWN;
}

static void foreign_case(const struct vl_doc_node *test, struct count *count)
{
    struct vl_span name = vl_doc_get_str(test, "test");
    struct vl_span rules = vl_doc_get_str(vl_doc_get(test, "rules"), "rules_content");
    struct vl_span condition = vl_doc_get_str(vl_doc_get(test, "rules"), "cond");
    unsigned held = 0, broken = 0, unknown = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(put_together); i++)
        if (vl_span_eq_str(name, put_together[i].test))
            rules = vl_span_str(put_together[i].rules);
    const char *config = NULL;
    if (vl_span_eq_str(name, "DetailsResolver.resolve_nested_transformers"))
        condition = VL_SPAN_LIT("toupper(tolower(proc.name)) = TEST");
    for (size_t i = 0; i < VL_ARRAY_LEN(configs); i++)
        if (vl_span_eq_str(name, configs[i].test))
            config = configs[i].config;
    VL_CLEANUP(vl_ruleset_cleanup)
    struct vl_ruleset *set = rules.len       ? load(rules, config)
                             : condition.len ? load_condition(condition)
                                             : NULL;
    const struct vl_doc_node *assertions = vl_doc_get(test, "assertions");
    for (const struct vl_doc_node *n = vl_doc_first(assertions); n; n = vl_doc_next(n)) {
        enum verdict v = judge(set, rules, vl_doc_span(n));
        held += v == HOLDS;
        broken += v == BROKEN;
        unknown += v == UNKNOWN;
        if (v == BROKEN)
            (void)printf("disagrees: %.*s: %.*s\n", VL_SPAN_FMT(name), VL_SPAN_FMT(vl_doc_span(n)));
    }
    count->tests++;
    count->assertions += held + broken;
    count->failed += broken > 0;
    count->passed += held && !broken && !unknown;
    count->not_interpreted += !broken && unknown;
    if (!broken && unknown)
        (void)printf(
            "not interpreted: %.*s (%u of %u assertions)\n", VL_SPAN_FMT(name), unknown, held + unknown);
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    char path[4096];
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct count count = {0};
    (void)snprintf(
        path, sizeof(path), "%s/cases/falco-rule-loader/cases.json", shared ? shared : "../shared");
    vl_buf_init(&text, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, &text, &err) < 0) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", path);
        return 77;
    }
    if (vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, path, &doc, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return 1;
    }
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n))
        foreign_case(n, &count);
    (void)printf("falco-rule-loader: %u of %u, %u disagree, %u not interpreted; %u assertions\n",
        count.passed, count.tests, count.failed, count.not_interpreted, count.assertions);
    (void)printf("foreign: rule/falco-rule-loader %u/%u\n", count.passed, count.tests);
    return count.failed == 0 && count.passed > 0 ? 0 : 1;
}
