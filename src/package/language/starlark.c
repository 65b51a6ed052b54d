#include "language/starlark.h"

#include <string.h>

#include "base/map.h"

struct reader {
    struct vl_span text;
    size_t at;
    uint32_t line;
    unsigned depth; /* open brackets: line ends do not count inside */
    const char *path;
    struct vl_arena *arena;
    struct vl_map names; /* -> struct star_value * */
    int (*on_call)(void *user, const struct star_call *call, struct star_value *ret, struct vl_err *err);
    void *user;
};

static int eval(struct reader *r, struct star_value *ret, struct vl_err *err);

const struct star_value *star_argument(const struct star_call *call, const char *name, size_t position)
{
    for (size_t i = 0; i < call->n_arguments; i++) {
        if (vl_span_eq_str(call->arguments[i].name, name) ||
            (call->arguments[i].name.len == 0 && i == position))
            return &call->arguments[i].value;
    }
    return NULL;
}

static char peek(const struct reader *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static bool looking_at(const struct reader *r, const char *word)
{
    return vl_span_starts_with(vl_span_slice(r->text, r->at, SIZE_MAX), word);
}

/* Blanks and comments; line ends too where brackets are open or `lines` says so. */
static void skip_blank(struct reader *r, bool lines)
{
    while (r->at < r->text.len) {
        char c = peek(r);
        if (c == '#') {
            size_t len = vl_span_find_char(vl_span_slice(r->text, r->at, SIZE_MAX), '\n');
            r->at = len == SIZE_MAX ? r->text.len : r->at + len;
        } else if (c == '\n' && (r->depth > 0 || lines)) {
            r->line++;
            r->at++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            r->at++;
        } else if (c == '\\' && r->at + 1 < r->text.len && r->text.ptr[r->at + 1] == '\n') {
            r->line++;
            r->at += 2;
        } else {
            break;
        }
    }
}

static bool is_name(char c)
{
    return c == '_' || vl_char_is_digit(c) || vl_char_is_letter(c);
}

static struct vl_span read_name(struct reader *r)
{
    size_t start = r->at;
    while (is_name(peek(r)))
        r->at++;
    return vl_span_slice(r->text, start, r->at);
}

static int bad(const struct reader *r, const char *why, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_INVALID, "%s: line %u: %s", r->path, r->line, why);
}

/* "…", '…', """…""", with a prefix r read before. Escapes stand for themselves: no coordinate has any. */
static int read_text(struct reader *r, struct vl_span *ret, struct vl_err *err)
{
    char quote = peek(r);
    const char three[4] = {quote, quote, quote, '\0'};
    bool tripled = looking_at(r, three);
    r->at += tripled ? 3U : 1U;
    size_t start = r->at;
    while (r->at < r->text.len) {
        char c = peek(r);
        if (c == quote && (!tripled || looking_at(r, three))) {
            *ret = vl_span_slice(r->text, start, r->at);
            r->at += tripled ? 3U : 1U;
            return 0;
        }
        if (c == '\n' && !tripled)
            break;
        r->line += c == '\n';
        r->at += c == '\\' && r->at + 1 < r->text.len && r->text.ptr[r->at + 1] != '\n' ? 2U : 1U;
    }
    return bad(r, "a text is not ended", err);
}

static int enter(struct reader *r, struct vl_err *err)
{
    r->at++;
    if (++r->depth > STAR_DEPTH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: line %u: brackets more than %d deep", r->path, r->line, STAR_DEPTH_MAX);
    return 0;
}

/* Reads over what no expression of ours begins with, to the next ',' or bracket. */
static int skip_rest(struct reader *r, char close, struct vl_err *err)
{
    for (;;) {
        skip_blank(r, false);
        char c = peek(r);
        if (r->at >= r->text.len)
            return bad(r, "a bracket is not closed", err);
        if (c == ',' || c == close)
            return 0;
        struct star_value unused;
        size_t before = r->at;
        int e = eval(r, &unused, err);
        if (e < 0)
            return e;
        if (r->at == before) {
            if (c == ')' || c == ']' || c == '}')
                return bad(r, "a bracket closes that none opened", err);
            r->at++;
        }
    }
}

static int copy_items(struct reader *r, const struct star_value *a, const struct star_value *b,
    struct star_value *ret, struct vl_err *err)
{
    size_t n = a->n_items + b->n_items;
    struct star_value *items =
        n <= STAR_ITEMS_MAX ? vl_arena_array(r->arena, n ? n : 1, sizeof(*items)) : NULL;
    if (!items)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: line %u: a list is too long", r->path, r->line);
    if (a->n_items)
        memcpy(items, a->items, a->n_items * sizeof(*items));
    if (b->n_items)
        memcpy(items + a->n_items, b->items, b->n_items * sizeof(*items));
    *ret = (struct star_value){.kind = STAR_LIST, .items = items, .n_items = n};
    return 0;
}

/* A run of items in brackets; what is no value of ours is left out. Growth doubles, so a list costs twice its
 * size. */
static int read_list(struct reader *r, char close, struct star_value *ret, struct vl_err *err)
{
    size_t n = 0, cap = 0;
    struct star_value *items = NULL;
    int e = enter(r, err);
    while (e == 0) {
        skip_blank(r, false);
        if (peek(r) == close)
            break;
        if (peek(r) == ',') {
            r->at++;
            continue;
        }
        struct star_value value;
        e = eval(r, &value, err);
        if (e == 0 && value.kind != STAR_NONE && n == cap) {
            size_t more = cap ? cap * 2 : 8;
            struct star_value *grown =
                n < STAR_ITEMS_MAX ? vl_arena_array(r->arena, more, sizeof(*items)) : NULL;
            if (!grown)
                return vl_err_set(err, VL_ERR_LIMIT, "%s: line %u: a list is too long", r->path, r->line);
            if (n)
                memcpy(grown, items, n * sizeof(*items));
            items = grown;
            cap = more;
        }
        if (e == 0 && value.kind != STAR_NONE)
            items[n++] = value;
        if (e == 0)
            e = skip_rest(r, close, err);
    }
    if (e < 0)
        return e;
    r->at++;
    r->depth--;
    *ret = (struct star_value){.kind = STAR_LIST, .items = items, .n_items = n};
    return 0;
}

/* name = value, or value. */
static int read_argument(struct reader *r, struct star_argument *ret, struct vl_err *err)
{
    *ret = (struct star_argument){0};
    size_t start = r->at;
    struct vl_span name = read_name(r);
    skip_blank(r, false);
    bool named = name.len && peek(r) == '=' && !looking_at(r, "==");
    if (named) {
        r->at++;
        skip_blank(r, false);
        ret->name = name;
    } else {
        r->at = start;
    }
    int e = eval(r, &ret->value, err);
    return e < 0 ? e : skip_rest(r, ')', err);
}

static int bind(struct reader *r, struct vl_span name, const struct star_value *value, struct vl_err *err)
{
    struct vl_map_slot *slot;
    struct star_value *copy = vl_arena_alloc(r->arena, sizeof(*copy));
    if (!copy)
        return vl_arena_check(r->arena, r->path, err);
    *copy = *value;
    int e = vl_map_put(&r->names, name, &slot, NULL, err);
    if (e == 0)
        slot->value.ptr = copy;
    return e;
}

/* load("label", "name", alias = "name") */
static int on_load(struct reader *r, const struct star_call *call, struct vl_err *err)
{
    const struct star_value *label = star_argument(call, "", 0);
    if (!label || label->kind != STAR_TEXT)
        return 0;
    struct star_value value = {.kind = STAR_FOREIGN, .text = label->text};
    for (size_t i = 1; i < call->n_arguments; i++) {
        const struct star_argument *a = &call->arguments[i];
        if (a->value.kind != STAR_TEXT)
            continue;
        int e = bind(r, a->name.len ? a->name : a->value.text, &value, err);
        if (e < 0)
            return e;
    }
    return 0;
}

static int read_call(struct reader *r, struct vl_span name, const struct star_value *callee,
    struct star_value *ret, struct vl_err *err)
{
    struct star_argument *arguments = vl_arena_array(r->arena, 8, sizeof(*arguments));
    size_t n = 0, cap = 8;
    uint32_t line = r->line;
    if (!arguments)
        return vl_arena_check(r->arena, r->path, err);
    int e = enter(r, err);
    while (e == 0) {
        skip_blank(r, false);
        if (peek(r) == ')')
            break;
        if (peek(r) == ',') {
            r->at++;
            continue;
        }
        if (n == cap && n < STAR_ARGUMENTS_MAX) {
            struct star_argument *grown = vl_arena_array(r->arena, cap * 2, sizeof(*grown));
            if (!grown)
                return vl_arena_check(r->arena, r->path, err);
            memcpy(grown, arguments, n * sizeof(*grown));
            arguments = grown;
            cap *= 2;
        }
        if (n == cap)
            return vl_err_set(
                err, VL_ERR_LIMIT, "%s: line %u: a call has too many arguments", r->path, r->line);
        e = read_argument(r, &arguments[n], err);
        n++;
    }
    if (e < 0)
        return e;
    r->at++;
    r->depth--;
    *ret = (struct star_value){0};
    struct star_call call = {name, callee, arguments, n, line};
    if (vl_span_eq_str(name, "load"))
        return on_load(r, &call, err);
    return r->on_call(r->user, &call, ret, err);
}

/* name, name.attribute, calls of either. */
static int read_primary(struct reader *r, struct star_value *ret, struct vl_err *err)
{
    struct vl_span name = read_name(r);
    *ret = (struct star_value){0};
    if ((peek(r) == '"' || peek(r) == '\'') && (vl_span_eq_str(name, "r") || vl_span_eq_str(name, "b"))) {
        ret->kind = STAR_TEXT;
        return read_text(r, &ret->text, err);
    }
    const struct vl_map_slot *slot = vl_map_get(&r->names, name);
    if (slot)
        *ret = *(const struct star_value *)slot->value.ptr;
    for (;;) {
        skip_blank(r, false);
        if (peek(r) == '.') {
            r->at++;
            skip_blank(r, false);
            name = read_name(r);
        } else if (peek(r) == '(') {
            struct star_value callee = *ret;
            int e = read_call(r, name, &callee, ret, err);
            if (e < 0)
                return e;
        } else {
            /* An attribute of something foreign is foreign; of anything else it has no value. */
            return 0;
        }
    }
}

static int eval_term(struct reader *r, struct star_value *ret, struct vl_err *err)
{
    *ret = (struct star_value){0};
    char c = peek(r);
    if (c == '"' || c == '\'') {
        ret->kind = STAR_TEXT;
        return read_text(r, &ret->text, err);
    }
    if (c == '[')
        return read_list(r, ']', ret, err);
    if (c == '(' || c == '{') {
        struct star_value list = {0};
        int e = read_list(r, c == '(' ? ')' : '}', &list, err);
        /* (x) is x; a longer one is a tuple, a dictionary has no value. */
        if (e == 0 && c == '(')
            *ret = list.n_items == 1 ? list.items[0] : list;
        return e;
    }
    return is_name(c) ? read_primary(r, ret, err) : 0;
}

static int add_values(
    struct reader *r, struct star_value *left, const struct star_value *right, struct vl_err *err)
{
    if (left->kind == STAR_LIST && right->kind == STAR_LIST)
        return copy_items(r, left, right, left, err);
    if (left->kind == STAR_LIST || right->kind == STAR_LIST) {
        *left = left->kind == STAR_LIST ? *left : *right; /* the other part is unknown */
        return 0;
    }
    if (left->kind != STAR_TEXT || right->kind != STAR_TEXT) {
        *left = (struct star_value){0};
        return 0;
    }
    /* Not by printf(): a text may hold a NUL. */
    size_t len = left->text.len + right->text.len;
    char *joined = vl_arena_alloc(r->arena, len + 1);
    if (!joined)
        return vl_arena_check(r->arena, r->path, err);
    if (left->text.len)
        memcpy(joined, left->text.ptr, left->text.len);
    if (right->text.len)
        memcpy(joined + left->text.len, right->text.ptr, right->text.len);
    left->text = (struct vl_span){joined, len};
    return 0;
}

static int eval(struct reader *r, struct star_value *ret, struct vl_err *err)
{
    int e = eval_term(r, ret, err);
    while (e == 0) {
        skip_blank(r, false);
        if (peek(r) != '+' || looking_at(r, "+="))
            return 0;
        r->at++;
        skip_blank(r, false);
        struct star_value right;
        e = eval_term(r, &right, err);
        if (e == 0)
            e = add_values(r, ret, &right, err);
    }
    return e;
}

/* Reads over the rest of a line that is no statement of ours; brackets in it stay whole. */
static int skip_statement(struct reader *r, struct vl_err *err)
{
    for (;;) {
        skip_blank(r, false);
        char c = peek(r);
        if (r->at >= r->text.len || c == '\n')
            return 0;
        if (c == ')' || c == ']' || c == '}')
            return bad(r, "a bracket closes that none opened", err);
        struct star_value unused;
        size_t before = r->at;
        int e = eval(r, &unused, err);
        if (e < 0)
            return e;
        r->at += r->at == before;
    }
}

static int run_statement(struct reader *r, struct vl_err *err)
{
    size_t start = r->at;
    struct vl_span name = read_name(r);
    skip_blank(r, false);
    struct star_value value;
    if (name.len && peek(r) == '=' && !looking_at(r, "==")) {
        r->at++;
        skip_blank(r, false);
        int e = eval(r, &value, err);
        if (e == 0)
            e = bind(r, name, &value, err);
        return e;
    }
    r->at = start;
    return eval(r, &value, err);
}

int star_run(struct vl_span text, const char *path, struct vl_arena *arena,
    int (*on_call)(void *user, const struct star_call *call, struct star_value *ret, struct vl_err *err),
    void *user, struct vl_err *err)
{
    struct reader r = {
        .text = text, .line = 1, .path = path, .arena = arena, .on_call = on_call, .user = user};
    vl_map_init(&r.names, STAR_NAMES_MAX);
    int e = 0;
    while (e == 0) {
        skip_blank(&r, true);
        if (r.at >= r.text.len)
            break;
        e = run_statement(&r, err);
        if (e == 0)
            e = skip_statement(&r, err);
    }
    vl_map_done(&r.names);
    return e;
}
