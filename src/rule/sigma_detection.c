#include <string.h>

#include "base/vec.h"
#include "sigma.h"
#include "sigma_build.h"

/* A selection by its name; built when the condition first asks for it. */
struct selection {
    struct vl_span name;
    const struct vl_doc_node *node;
    struct vl_condition *tree; /* NULL: not yet */
    uint32_t nodes;
    bool used;
};

enum token_kind {
    TOKEN_END,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_WORD,
};

struct parser {
    struct vl_sigma_build *build;
    struct selection *selections;
    uint32_t n_selections;
    const struct vl_doc_node *condition; /* being read */
    struct vl_span text;
    size_t pos;
    unsigned depth;
    enum token_kind token;
    struct vl_span word;
    size_t word_at;
};

/* --- selections --- */

static int map_tree(struct vl_sigma_build *build, const struct vl_doc_node *map, struct vl_condition **ret,
    struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec nodes;
    vl_vec_init(&nodes, sizeof(struct vl_condition *), VL_SIGMA_VALUES_MAX);
    for (const struct vl_doc_node *m = vl_doc_first(map); m != NULL; m = vl_doc_next(m)) {
        struct vl_condition **node = vl_vec_push(&nodes, "fields of one selection", err);
        if (node == NULL)
            return err->err;
        int r = vl_sigma_value_entry(build, vl_doc_key(m), m, node, err);
        if (r < 0)
            return r;
    }
    build->where = map;
    return vl_sigma_tree_group(build, VL_COND_AND, nodes.items, (uint32_t)nodes.len, ret, err);
}

/* A list of maps, or of keywords, or of both: any of them. */
static int list_tree(struct vl_sigma_build *build, const struct vl_doc_node *list, struct vl_condition **ret,
    struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec nodes;
    vl_vec_init(&nodes, sizeof(struct vl_condition *), VL_SIGMA_VALUES_MAX);
    for (const struct vl_doc_node *item = vl_doc_first(list); item != NULL; item = vl_doc_next(item)) {
        struct vl_condition **node = vl_vec_push(&nodes, "items of one selection", err);
        if (node == NULL)
            return err->err;
        build->where = item;
        if (vl_doc_is(item, VL_DOC_ARRAY))
            return vl_err_set(err, VL_ERR_INVALID, "a list in a list");
        int r = vl_doc_is(item, VL_DOC_OBJECT) ? map_tree(build, item, node, err)
                                               : vl_sigma_value_entry(build, VL_SPAN_EMPTY, item, node, err);
        if (r < 0)
            return r;
    }
    build->where = list;
    return vl_sigma_tree_group(build, VL_COND_OR, nodes.items, (uint32_t)nodes.len, ret, err);
}

static int selection_tree(
    struct vl_sigma_build *build, struct selection *selection, struct vl_condition **ret, struct vl_err *err)
{
    selection->used = true;
    if (selection->tree != NULL) { /* shared, but a matcher walks it again */
        *ret = selection->tree;
        return vl_sigma_tree_count(build, selection->nodes, err);
    }
    uint32_t before = build->nodes;
    const struct vl_doc_node *node = selection->node;
    build->where = node;
    int r;
    if (vl_doc_is(node, VL_DOC_OBJECT))
        r = map_tree(build, node, ret, err);
    else if (vl_doc_is(node, VL_DOC_ARRAY))
        r = list_tree(build, node, ret, err);
    else
        r = vl_sigma_value_entry(build, VL_SPAN_EMPTY, node, ret, err); /* one keyword */
    if (r < 0)
        return vl_err_wrap(err, "%.*s", VL_SPAN_FMT(selection->name));
    selection->tree = *ret;
    selection->nodes = build->nodes - before;
    return 0;
}

static struct selection *selection_find(struct parser *parser, struct vl_span name)
{
    for (uint32_t i = 0; i < parser->n_selections; i++)
        if (vl_span_eq(parser->selections[i].name, name))
            return &parser->selections[i];
    return NULL;
}

/* --- the condition's words --- */

static void next_token(struct parser *parser)
{
    struct vl_span text = parser->text;
    while (parser->pos < text.len && vl_char_is_blank(text.ptr[parser->pos]))
        parser->pos++;
    parser->word_at = parser->pos;
    if (parser->pos >= text.len) {
        parser->token = TOKEN_END;
        parser->word = VL_SPAN_LIT("the end");
        return;
    }
    char c = text.ptr[parser->pos];
    size_t from = parser->pos++;
    parser->token = c == '(' ? TOKEN_OPEN : c == ')' ? TOKEN_CLOSE : TOKEN_WORD;
    if (parser->token == TOKEN_WORD)
        while (parser->pos < text.len && !vl_char_is_blank(text.ptr[parser->pos]) &&
               text.ptr[parser->pos] != '(' && text.ptr[parser->pos] != ')')
            parser->pos++;
    parser->word = vl_span_slice(text, from, parser->pos);
}

static bool at_word(const struct parser *parser, const char *word)
{
    return parser->token == TOKEN_WORD && vl_span_eq_nocase(parser->word, vl_span_str(word));
}

/* `pattern` with stars over a name; linear in both. */
static bool name_matches(struct vl_span pattern, struct vl_span name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static int unexpected(const struct parser *parser, const char *wanted, struct vl_err *err)
{
    parser->build->where = parser->condition;
    return vl_err_set(err, VL_ERR_INVALID, "condition, character %zu: expected %s, found %.*s",
        parser->word_at + 1, wanted, VL_SPAN_FMT(parser->word));
}

/* The next choice of `want` of `n` numbers, which are in order; false behind the last. */
static bool next_choice(uint32_t *choice, uint32_t want, uint32_t n)
{
    uint32_t i = want;
    while (i > 0 && choice[i - 1] == n - want + i - 1)
        i--;
    if (i == 0)
        return false;
    choice[i - 1]++;
    for (; i < want; i++)
        choice[i] = choice[i - 1] + 1;
    return true;
}

/* At least `want` of the nodes: any of all choices of so many. */
static int some_tree(const struct parser *parser, const struct vl_vec *nodes, uint32_t want,
    struct vl_condition **ret, struct vl_err *err)
{
    struct vl_condition **items = nodes->items, *all[VL_SIGMA_SOME_MAX];
    uint32_t n = (uint32_t)nodes->len, choice[VL_SIGMA_SOME_MAX];
    VL_CLEANUP(vl_vec_done) struct vl_vec choices;
    vl_vec_init(&choices, sizeof(struct vl_condition *), VL_SIGMA_CHOICES_MAX);
    if (n > VL_SIGMA_SOME_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "condition: a number of more than %d selections", VL_SIGMA_SOME_MAX);
    for (uint32_t i = 0; i < want; i++)
        choice[i] = i;
    do {
        struct vl_condition **node = vl_vec_push(&choices, "choices of selections", err);
        if (node == NULL)
            return err->err;
        for (uint32_t i = 0; i < want; i++)
            all[i] = items[choice[i]];
        int r = vl_sigma_tree_group(parser->build, VL_COND_AND, all, want, node, err);
        if (r < 0)
            return r;
    } while (next_choice(choice, want, n));
    return vl_sigma_tree_group(parser->build, VL_COND_OR, choices.items, (uint32_t)choices.len, ret, err);
}

/* `1 of them`, `all of selection*`: behind "of". `want`: so many at least, 0 for all. */
static int of_tree(struct parser *parser, uint32_t want, struct vl_condition **ret, struct vl_err *err)
{
    if (parser->token != TOKEN_WORD)
        return unexpected(parser, "them or a name", err);
    bool them = at_word(parser, "them");
    struct vl_span pattern = parser->word;
    VL_CLEANUP(vl_vec_done) struct vl_vec nodes;
    vl_vec_init(&nodes, sizeof(struct vl_condition *), VL_SIGMA_SELECTIONS_MAX);
    for (uint32_t i = 0; i < parser->n_selections; i++) {
        struct selection *selection = &parser->selections[i];
        bool is_meant =
            them ? !vl_span_starts_with(selection->name, "_") : name_matches(pattern, selection->name);
        if (!is_meant)
            continue;
        struct vl_condition **node = vl_vec_push(&nodes, "selections", err);
        if (node == NULL)
            return err->err;
        int r = selection_tree(parser->build, selection, node, err);
        if (r < 0)
            return r;
    }
    if (nodes.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "condition, character %zu: no selection is named %.*s",
            parser->word_at + 1, VL_SPAN_FMT(pattern));
    if (want > nodes.len)
        return vl_err_set(err, VL_ERR_INVALID,
            "condition, character %zu: %u of %zu selections that are named %.*s", parser->word_at + 1, want,
            nodes.len, VL_SPAN_FMT(pattern));
    next_token(parser);
    if (want > 1 && want < nodes.len)
        return some_tree(parser, &nodes, want, ret, err);
    return vl_sigma_tree_group(
        parser->build, want == 1 ? VL_COND_OR : VL_COND_AND, nodes.items, (uint32_t)nodes.len, ret, err);
}

static int or_tree(struct parser *parser, struct vl_condition **ret, struct vl_err *err);

static int name_tree(struct parser *parser, struct vl_condition **ret, struct vl_err *err)
{
    struct selection *selection = selection_find(parser, parser->word);
    if (selection == NULL)
        return vl_err_set(err, VL_ERR_INVALID, "condition, character %zu: no selection is named %.*s",
            parser->word_at + 1, VL_SPAN_FMT(parser->word));
    next_token(parser);
    return selection_tree(parser->build, selection, ret, err);
}

static int atom_tree(struct parser *parser, struct vl_condition **ret, struct vl_err *err)
{
    if (parser->token == TOKEN_OPEN) {
        next_token(parser);
        int r = or_tree(parser, ret, err);
        if (r < 0)
            return r;
        if (parser->token != TOKEN_CLOSE)
            return unexpected(parser, ")", err);
        next_token(parser);
        return 0;
    }
    if (parser->token != TOKEN_WORD || at_word(parser, "and") || at_word(parser, "or"))
        return unexpected(parser, "the name of a selection", err);
    uint64_t number = 0, want = at_word(parser, "any") ? 1 : 0; /* 0: all */
    if (vl_span_to_u64(parser->word, &number) && number <= VL_SIGMA_SELECTIONS_MAX)
        want = number;
    if (want > 0 || at_word(parser, "all")) {
        struct parser before = *parser;
        next_token(parser);
        if (at_word(parser, "of")) {
            next_token(parser);
            return of_tree(parser, (uint32_t)want, ret, err);
        }
        *parser = before; /* a selection may be named so */
    }
    if (vl_span_starts_with(parser->word, "|"))
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "condition, character %zu: aggregations behind | are not part of Sigma 2; write a correlation",
            parser->word_at + 1);
    return name_tree(parser, ret, err);
}

static int not_tree(struct parser *parser, struct vl_condition **ret, struct vl_err *err)
{
    if (!at_word(parser, "not"))
        return atom_tree(parser, ret, err);
    if (++parser->depth > VL_SIGMA_CONDITION_DEPTH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "condition: nested deeper than %d", VL_SIGMA_CONDITION_DEPTH_MAX);
    next_token(parser);
    struct vl_condition *inner = NULL;
    int r = not_tree(parser, &inner, err);
    parser->depth--;
    return r < 0 ? r : vl_sigma_tree_not(parser->build, inner, ret, err);
}

/* A row of operands with one operator; `and` binds closer than `or`. */
static int row_tree(struct parser *parser, bool is_or, struct vl_condition **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec nodes;
    vl_vec_init(&nodes, sizeof(struct vl_condition *), VL_SIGMA_NODES_MAX);
    for (;;) {
        struct vl_condition **node = vl_vec_push(&nodes, "parts of a condition", err);
        if (node == NULL)
            return err->err;
        struct vl_condition *part = NULL;
        int r = is_or ? row_tree(parser, false, &part, err) : not_tree(parser, &part, err);
        if (r < 0)
            return r;
        *node = part;
        if (!at_word(parser, is_or ? "or" : "and"))
            break;
        next_token(parser);
    }
    return vl_sigma_tree_group(
        parser->build, is_or ? VL_COND_OR : VL_COND_AND, nodes.items, (uint32_t)nodes.len, ret, err);
}

static int or_tree(struct parser *parser, struct vl_condition **ret, struct vl_err *err)
{
    if (++parser->depth > VL_SIGMA_CONDITION_DEPTH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "condition: nested deeper than %d", VL_SIGMA_CONDITION_DEPTH_MAX);
    int r = row_tree(parser, true, ret, err);
    parser->depth--;
    return r;
}

static int condition_tree(
    struct parser *parser, const struct vl_doc_node *condition, struct vl_condition **ret, struct vl_err *err)
{
    parser->build->where = parser->condition = condition;
    if (!vl_doc_is(condition, VL_DOC_STRING))
        return vl_err_set(
            err, VL_ERR_INVALID, "condition is a text, not %s", vl_doc_type_name(vl_doc_type(condition)));
    parser->text = vl_doc_span(condition);
    parser->pos = 0;
    parser->depth = 0;
    next_token(parser);
    int r = or_tree(parser, ret, err);
    if (r < 0)
        return r;
    if (parser->token == TOKEN_WORD && vl_span_starts_with(parser->word, "|")) {
        parser->build->where = condition;
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "condition, character %zu: aggregations behind | are not part of Sigma 2; write a correlation",
            parser->word_at + 1);
    }
    if (parser->token != TOKEN_END)
        return unexpected(parser, "and, or or the end", err);
    return 0;
}

static int conditions_tree(
    struct parser *parser, const struct vl_doc_node *condition, struct vl_condition **ret, struct vl_err *err)
{
    if (!vl_doc_is(condition, VL_DOC_ARRAY))
        return condition_tree(parser, condition, ret, err);
    VL_CLEANUP(vl_vec_done) struct vl_vec nodes;
    vl_vec_init(&nodes, sizeof(struct vl_condition *), VL_SIGMA_SELECTIONS_MAX);
    for (const struct vl_doc_node *c = vl_doc_first(condition); c != NULL; c = vl_doc_next(c)) {
        struct vl_condition **node = vl_vec_push(&nodes, "conditions", err);
        if (node == NULL)
            return err->err;
        struct vl_condition *part = NULL;
        int r = condition_tree(parser, c, &part, err);
        if (r < 0)
            return r;
        *node = part;
    }
    parser->build->where = condition;
    return vl_sigma_tree_group(parser->build, VL_COND_OR, nodes.items, (uint32_t)nodes.len, ret, err);
}

static bool is_selection(struct vl_span name, const char *skip)
{
    return !vl_span_eq_str(name, "condition") && !vl_span_eq_str(name, "timeframe") &&
           (skip == NULL || !vl_span_eq_str(name, skip));
}

/* A selection that no condition asks for is read all the same: its mistakes are told. */
static int check_unused(struct parser *parser, struct vl_err *err)
{
    for (uint32_t i = 0; i < parser->n_selections; i++) {
        if (parser->selections[i].used)
            continue;
        struct vl_condition *unused = NULL;
        const char *unknown = parser->build->unknown_field;
        int r = selection_tree(parser->build, &parser->selections[i], &unused, err);
        if (r < 0)
            return r;
        parser->build->unknown_field = unknown;
    }
    return 0;
}

int vl_sigma_detection(struct vl_sigma_build *build, const struct vl_doc_node *detection, const char *skip,
    struct vl_condition **ret, struct vl_err *err)
{
    build->where = detection;
    if (!vl_doc_is(detection, VL_DOC_OBJECT))
        return vl_err_set(
            err, VL_ERR_INVALID, "detection is a map, not %s", vl_doc_type_name(vl_doc_type(detection)));
    const struct vl_doc_node *condition = vl_doc_get(detection, "condition");
    if (condition == NULL)
        return vl_err_set(err, VL_ERR_INVALID, "detection has no condition");
    VL_CLEANUP(vl_vec_done) struct vl_vec selections;
    vl_vec_init(&selections, sizeof(struct selection), VL_SIGMA_SELECTIONS_MAX);
    for (const struct vl_doc_node *m = vl_doc_first(detection); m != NULL; m = vl_doc_next(m)) {
        if (!is_selection(vl_doc_key(m), skip))
            continue;
        struct selection *selection = vl_vec_push(&selections, "selections of one rule", err);
        if (selection == NULL)
            return err->err;
        *selection = (struct selection){.name = vl_doc_key(m), .node = m};
    }
    struct parser parser = {
        .build = build, .selections = selections.items, .n_selections = (uint32_t)selections.len};
    int r = conditions_tree(&parser, condition, ret, err);
    return r < 0 ? r : check_unused(&parser, err);
}
