/* From text to tree: tokens, then operator precedence (Pratt), with the binding powers of the grammar. */
#include <string.h>

#include "jmespath_impl.h"

#define TOKENS_MAX 8192
#define ITEMS_MAX  256 /* of a multi-select, or arguments */
#define NUMBER_MAX 18  /* digits */

enum token {
    T_END,
    T_NAME,
    T_QUOTED,
    T_LITERAL, /* and raw strings: value */
    T_NUMBER,
    T_RBRACKET,
    T_RPAREN,
    T_RBRACE,
    T_COMMA,
    T_COLON,
    T_CURRENT,
    T_EXPREF,
    T_PIPE,
    T_OR,
    T_AND,
    T_COMPARE,
    T_FLATTEN, /* [] */
    T_STAR,
    T_FILTER, /* [? */
    T_DOT,
    T_NOT,
    T_LBRACE,
    T_LBRACKET,
    T_LPAREN,
};

static const uint8_t powers[] = {[T_PIPE] = 1,
    [T_OR] = 2,
    [T_AND] = 3,
    [T_COMPARE] = 5,
    [T_FLATTEN] = 9,
    [T_STAR] = 20,
    [T_FILTER] = 21,
    [T_DOT] = 40,
    [T_NOT] = 45,
    [T_LBRACE] = 50,
    [T_LBRACKET] = 55,
    [T_LPAREN] = 60};
#define STOP_POWER 10 /* what binds less ends a projection */

struct item {
    enum token type;
    size_t at; /* byte in the text */
    struct vl_span text;
    int64_t number; /* also enum jp_compare */
    struct jp_value value;
};

struct parser {
    struct vl_jmespath *out;
    struct vl_span text;
    struct vl_vec items; /* struct item */
    size_t at;
    unsigned depth;
    struct vl_err *err;
};

static int fail(struct parser *p, size_t at, const char *what)
{
    return vl_err_set(p->err, VL_ERR_USAGE, "JMESPath, character %zu: %s", at + 1, what);
}

/* --- tokens --- */

static bool starts_name(char c)
{
    return vl_char_is_letter(c) || c == '_';
}

static struct item *push(struct parser *p, enum token type, size_t from, size_t to)
{
    struct item *item = vl_vec_push(&p->items, "JMESPath", p->err);
    if (item)
        *item = (struct item){.type = type, .at = from, .text = vl_span_slice(p->text, from, to)};
    return item;
}

/* The end of what begins at `from` with `quote`; a backslash protects what follows it. */
static int find_end(struct parser *p, size_t from, size_t *ret)
{
    char quote = p->text.ptr[from];
    for (size_t i = from + 1; i < p->text.len; i++) {
        if (p->text.ptr[i] == '\\')
            i++;
        else if (p->text.ptr[i] == quote) {
            *ret = i;
            return 0;
        }
    }
    return fail(p, from, "what begins here has no end");
}

/* `\`` becomes the bare quote; other escapes stay as they are. For raw strings `\\` becomes one too. */
static struct vl_span unescape(struct parser *p, struct vl_span s, char quote)
{
    char *copy = vl_arena_dup_span(p->out->arena, s);
    size_t n = 0;
    if (!copy)
        return VL_SPAN_EMPTY;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\\' && i + 1 < s.len &&
            (s.ptr[i + 1] == quote || (quote == '\'' && s.ptr[i + 1] == '\\')))
            i++;
        else if (s.ptr[i] == '\\' && i + 1 < s.len)
            copy[n++] = s.ptr[i++];
        copy[n++] = s.ptr[i];
    }
    copy[n] = '\0';
    return (struct vl_span){copy, n};
}

static int parse_json(struct parser *p, struct vl_span text, struct jp_value *ret, struct vl_err *err)
{
    struct vl_doc *doc = NULL;
    int r = vl_doc_parse(text, VL_DOC_JSON, "literal", &doc, err);
    if (r < 0)
        return r;
    struct vl_doc **kept = vl_vec_push(&p->out->docs, "literals of JMESPath", err);
    if (!kept) {
        vl_doc_free(doc);
        return err->err;
    }
    *kept = doc;
    *ret = jp_of_node(vl_doc_root(doc));
    return 0;
}

static int take_literal(struct parser *p, size_t *at)
{
    size_t from = *at;
    size_t to = 0;
    struct vl_err own = VL_ERR_INIT;
    int r = find_end(p, from, &to);
    if (r < 0)
        return r;
    struct item *item = push(p, T_LITERAL, from, to + 1);
    if (!item)
        return p->err->err;
    *at = to + 1;
    struct vl_span json = unescape(p, vl_span_slice(p->text, from + 1, to), '`');
    while (json.len && vl_char_is_blank(*json.ptr))
        json = vl_span_slice(json, 1, json.len);
    if (json.len && parse_json(p, json, &item->value, &own) >= 0)
        return 0;
    /* A bare word is a text: older implementations take it so, and examples are full of it. A quote, bracket
     * or brace at the front was meant as JSON. */
    if (!json.len || strchr("\"[{", json.ptr[0]))
        return fail(p, from, "the literal is no JSON");
    const char *quoted = vl_arena_printf(p->out->arena, "\"%.*s\"", VL_SPAN_FMT(json));
    vl_err_clear(&own);
    if (quoted && parse_json(p, vl_span_str(quoted), &item->value, &own) >= 0)
        return 0;
    return fail(p, from, "the literal is no JSON");
}

static int take_raw(struct parser *p, size_t *at)
{
    size_t to = 0;
    int r = find_end(p, *at, &to);
    struct item *item = r < 0 ? NULL : push(p, T_LITERAL, *at, to + 1);
    if (!item)
        return r < 0 ? r : p->err->err;
    item->value = jp_text(unescape(p, vl_span_slice(p->text, *at + 1, to), '\''));
    *at = to + 1;
    return 0;
}

static int take_quoted(struct parser *p, size_t *at)
{
    size_t to = 0;
    struct vl_err own = VL_ERR_INIT;
    struct jp_value value = jp_null();
    int r = find_end(p, *at, &to);
    struct item *item = r < 0 ? NULL : push(p, T_QUOTED, *at, to + 1);
    if (!item)
        return r < 0 ? r : p->err->err;
    if (parse_json(p, item->text, &value, &own) < 0 || value.type != JP_T_STRING)
        return fail(p, *at, "the quoted name is no JSON text");
    item->text = value.u.text;
    *at = to + 1;
    return 0;
}

static int take_number(struct parser *p, size_t *at)
{
    size_t from = *at;
    size_t to = from + (p->text.ptr[from] == '-');
    uint64_t n = 0;
    size_t digits = to;
    while (to < p->text.len && vl_char_is_digit(p->text.ptr[to]))
        to++;
    if (to == digits || to - digits > NUMBER_MAX || !vl_span_to_u64(vl_span_slice(p->text, digits, to), &n))
        return fail(p, from, "a number of 1 to 18 digits is meant to stand here");
    struct item *item = push(p, T_NUMBER, from, to);
    if (!item)
        return p->err->err;
    item->number = digits > from ? -(int64_t)n : (int64_t)n;
    *at = to;
    return 0;
}

/* Longer ones come first. */
static const struct sign {
    const char *text;
    enum token type;
    enum jp_compare compare;
} signs[] = {
    {"[]", T_FLATTEN, 0},
    {"[?", T_FILTER, 0},
    {"||", T_OR, 0},
    {"&&", T_AND, 0},
    {"==", T_COMPARE, JP_EQ},
    {"!=", T_COMPARE, JP_NE},
    {"<=", T_COMPARE, JP_LE},
    {">=", T_COMPARE, JP_GE},
    {"<", T_COMPARE, JP_LT},
    {">", T_COMPARE, JP_GT},
    {"|", T_PIPE, 0},
    {"&", T_EXPREF, 0},
    {"!", T_NOT, 0},
    {"[", T_LBRACKET, 0},
    {"]", T_RBRACKET, 0},
    {"(", T_LPAREN, 0},
    {")", T_RPAREN, 0},
    {"{", T_LBRACE, 0},
    {"}", T_RBRACE, 0},
    {",", T_COMMA, 0},
    {":", T_COLON, 0},
    {"@", T_CURRENT, 0},
    {"*", T_STAR, 0},
    {".", T_DOT, 0},
};

static int take_sign(struct parser *p, size_t *at)
{
    struct vl_span rest = vl_span_slice(p->text, *at, p->text.len);
    for (size_t i = 0; i < VL_ARRAY_LEN(signs); i++) {
        if (!vl_span_starts_with(rest, signs[i].text))
            continue;
        struct item *item = push(p, signs[i].type, *at, *at + strlen(signs[i].text));
        if (!item)
            return p->err->err;
        item->number = signs[i].compare;
        *at += item->text.len;
        return 0;
    }
    return fail(p, *at, "this character means nothing here");
}

static int tokenize(struct parser *p)
{
    size_t at = 0;
    int r = 0;
    while (r >= 0 && at < p->text.len) {
        char c = p->text.ptr[at];
        size_t from = at;
        if (vl_char_is_blank(c)) {
            at++;
        } else if (starts_name(c)) {
            while (at < p->text.len && (starts_name(p->text.ptr[at]) || vl_char_is_digit(p->text.ptr[at])))
                at++;
            r = push(p, T_NAME, from, at) ? 0 : p->err->err;
        } else if (c == '`') {
            r = take_literal(p, &at);
        } else if (c == '\'') {
            r = take_raw(p, &at);
        } else if (c == '"') {
            r = take_quoted(p, &at);
        } else if (c == '-' || vl_char_is_digit(c)) {
            r = take_number(p, &at);
        } else {
            r = take_sign(p, &at);
        }
    }
    return r < 0 ? r : push(p, T_END, p->text.len, p->text.len) ? 0 : p->err->err;
}

/* --- the tree --- */

static const struct item *ahead(const struct parser *p, size_t n)
{
    size_t i = p->at + n < p->items.len ? p->at + n : p->items.len - 1;
    return vl_vec_at(&p->items, i);
}

static enum token now(const struct parser *p)
{
    return ahead(p, 0)->type;
}

static int expect(struct parser *p, enum token type, const char *what)
{
    if (now(p) != type)
        return fail(p, ahead(p, 0)->at, what);
    p->at++;
    return 0;
}

static struct jp_node *make(struct parser *p, enum jp_kind kind, struct jp_node *left, struct jp_node *right)
{
    struct jp_node *n = vl_arena_alloc(p->out->arena, sizeof(*n));
    if (!n) {
        (void)!vl_arena_check(p->out->arena, "JMESPath", p->err);
        return NULL;
    }
    n->kind = kind;
    n->left = left;
    n->right = right;
    return n;
}

static struct jp_node *parse_expression(struct parser *p, unsigned power);
static struct jp_node *parse_dot(struct parser *p, unsigned power);

static struct jp_node *broken(struct parser *p, const char *what)
{
    (void)!fail(p, ahead(p, 0)->at, what);
    return NULL;
}

/* What stands behind a projection and is done with each of its items. */
static struct jp_node *parse_behind(struct parser *p, unsigned power)
{
    enum token t = now(p);
    if (powers[t] < STOP_POWER)
        return make(p, JP_CURRENT, NULL, NULL);
    if (t == T_LBRACKET || t == T_FILTER)
        return parse_expression(p, power);
    if (t != T_DOT)
        return broken(p, "this cannot follow a projection");
    p->at++;
    return parse_dot(p, power);
}

static struct jp_node *project(struct parser *p, enum jp_kind kind, struct jp_node *left, unsigned power)
{
    struct jp_node *right = left ? parse_behind(p, power) : NULL;
    return right ? make(p, kind, left, right) : NULL;
}

/* [1], [1:2:3], after the bracket. */
static struct jp_node *parse_index(struct parser *p, struct jp_node *left)
{
    if (now(p) == T_NUMBER && ahead(p, 1)->type != T_COLON) {
        struct jp_node *n = make(p, JP_INDEX, left, NULL);
        if (!n)
            return NULL;
        n->number = ahead(p, 0)->number;
        p->at++;
        return expect(p, T_RBRACKET, "] is missing") < 0 ? NULL : n;
    }
    struct jp_node *n = make(p, JP_SLICE, left, NULL);
    unsigned part = 0;
    while (n && now(p) != T_RBRACKET) {
        if (now(p) == T_COLON && ++part == 3)
            return broken(p, "a slice has three parts at most");
        if (now(p) == T_NUMBER) {
            if (n->has[part])
                return broken(p, "a colon is missing in the slice");
            n->slice[part] = ahead(p, 0)->number;
            n->has[part] = true;
        } else if (now(p) != T_COLON) {
            return broken(p, "a slice has numbers and colons");
        }
        p->at++;
    }
    if (!n || expect(p, T_RBRACKET, "] is missing") < 0)
        return NULL;
    return project(p, JP_LIST, n, powers[T_STAR]);
}

/* Expressions up to `end`; `hash`: with names. */
static struct jp_node *parse_items(
    struct parser *p, struct jp_node *n, enum token end, bool hash, const char *unclosed)
{
    if (!n)
        return NULL;
    n->items = vl_arena_array(p->out->arena, ITEMS_MAX, sizeof(*n->items));
    if (!n->items)
        return make(p, JP_CURRENT, NULL, NULL); /* tells why */
    for (;;) {
        if (n->n == ITEMS_MAX)
            return broken(p, "more than 256 parts");
        struct vl_span name = ahead(p, 0)->text;
        if (hash && now(p) != T_NAME && now(p) != T_QUOTED)
            return broken(p, "a name is meant to stand here");
        if (hash) {
            p->at++;
            if (expect(p, T_COLON, "a colon is missing behind the name") < 0)
                return NULL;
        }
        struct jp_node *item = parse_expression(p, 0);
        struct jp_node *named = item && hash ? make(p, JP_SUB, item, NULL) : item;
        if (!named)
            return NULL;
        if (hash)
            named->text = name;
        n->items[n->n++] = named;
        if (now(p) != T_COMMA)
            break;
        p->at++;
    }
    return expect(p, end, unclosed) < 0 ? NULL : n;
}

static struct jp_node *parse_multi(struct parser *p, bool hash)
{
    return parse_items(p, make(p, hash ? JP_MULTI_HASH : JP_MULTI_LIST, NULL, NULL),
        hash ? T_RBRACE : T_RBRACKET, hash, hash ? "} is missing" : "] is missing");
}

/* What follows a dot. */
static struct jp_node *parse_dot(struct parser *p, unsigned power)
{
    switch (now(p)) {
    case T_NAME:
    case T_QUOTED:
    case T_STAR:
        return parse_expression(p, power);
    case T_LBRACKET:
        p->at++;
        return parse_multi(p, false);
    case T_LBRACE:
        p->at++;
        return parse_multi(p, true);
    default:
        return broken(p, "a name, *, [ or { is meant to follow the dot");
    }
}

static struct jp_node *parse_filter(struct parser *p, struct jp_node *left)
{
    struct jp_node *condition = left ? parse_expression(p, 0) : NULL;
    if (!condition || expect(p, T_RBRACKET, "] is missing behind the filter") < 0)
        return NULL;
    struct jp_node *right =
        now(p) == T_FLATTEN ? make(p, JP_CURRENT, NULL, NULL) : parse_behind(p, powers[T_FILTER]);
    struct jp_node *n = right ? make(p, JP_FILTER, left, right) : NULL;
    if (n)
        n->third = condition;
    return n;
}

static struct jp_node *parse_call(struct parser *p, const struct jp_node *name)
{
    int function = jp_function_find(name->text);
    struct jp_node *n = make(p, JP_FUNCTION, NULL, NULL);
    if (!n)
        return NULL;
    if (function < 0) {
        (void)!vl_err_set(
            p->err, VL_ERR_USAGE, "JMESPath: there is no function %.*s()", VL_SPAN_FMT(name->text));
        return NULL;
    }
    n->number = function;
    if (now(p) == T_RPAREN)
        p->at++;
    else
        n = parse_items(p, n, T_RPAREN, false, ") is missing");
    return n && jp_function_arity(function, n->n, p->err) < 0 ? NULL : n;
}

/* An expression that begins with `[`. */
static struct jp_node *begin_bracket(struct parser *p)
{
    if (now(p) == T_NUMBER || now(p) == T_COLON)
        return parse_index(p, make(p, JP_CURRENT, NULL, NULL));
    if (now(p) == T_STAR && ahead(p, 1)->type == T_RBRACKET) {
        p->at += 2;
        return project(p, JP_LIST, make(p, JP_CURRENT, NULL, NULL), powers[T_STAR]);
    }
    return parse_multi(p, false);
}

static struct jp_node *begin_name(struct parser *p, const struct item *item)
{
    struct jp_node *n = make(p, JP_FIELD, NULL, NULL);
    if (n)
        n->text = item->text;
    if (item->type == T_QUOTED && now(p) == T_LPAREN)
        return broken(p, "the name of a function is not quoted");
    if (n && item->type == T_NAME && now(p) == T_LPAREN) {
        p->at++;
        return parse_call(p, n);
    }
    return n;
}

static struct jp_node *begin_group(struct parser *p)
{
    struct jp_node *n = parse_expression(p, 0);
    return n && expect(p, T_RPAREN, ") is missing") >= 0 ? n : NULL;
}

static struct jp_node *parse_begin(struct parser *p)
{
    const struct item *item = ahead(p, 0);
    struct jp_node *n;
    if (item->type == T_END)
        return broken(p, "the expression ends too early");
    p->at++;
    switch (item->type) {
    case T_LITERAL:
        n = make(p, JP_LITERAL, NULL, NULL);
        if (n)
            n->value = item->value;
        return n;
    case T_NAME:
    case T_QUOTED:
        return begin_name(p, item);
    case T_STAR:
        return project(p, JP_VALUES, make(p, JP_CURRENT, NULL, NULL), powers[T_STAR]);
    case T_FILTER:
        return parse_filter(p, make(p, JP_CURRENT, NULL, NULL));
    case T_FLATTEN:
        n = make(p, JP_CURRENT, NULL, NULL);
        return project(p, JP_LIST, n ? make(p, JP_FLATTEN, n, NULL) : NULL, powers[T_FLATTEN]);
    case T_LBRACE:
        return parse_multi(p, true);
    case T_LPAREN:
        return begin_group(p);
    case T_NOT:
        n = parse_expression(p, powers[T_NOT]);
        return n ? make(p, JP_NOT, n, NULL) : NULL;
    case T_LBRACKET:
        return begin_bracket(p);
    case T_CURRENT:
        return make(p, JP_CURRENT, NULL, NULL);
    case T_EXPREF:
        n = parse_expression(p, 0);
        return n ? make(p, JP_EXPREF, n, NULL) : NULL;
    default:
        p->at--;
        return broken(p, "an expression cannot begin like this");
    }
}

static struct jp_node *parse_two(struct parser *p, enum jp_kind kind, struct jp_node *left, unsigned power)
{
    int64_t number = ahead(p, 0)->number;
    p->at++;
    struct jp_node *right = parse_expression(p, power);
    struct jp_node *n = right ? make(p, kind, left, right) : NULL;
    if (n)
        n->number = number;
    return n;
}

static struct jp_node *parse_after(struct parser *p, struct jp_node *left)
{
    enum token t = now(p);
    struct jp_node *right;
    switch (t) {
    case T_PIPE:
        return parse_two(p, JP_SUB, left, powers[t]);
    case T_OR:
        return parse_two(p, JP_OR, left, powers[t]);
    case T_AND:
        return parse_two(p, JP_AND, left, powers[t]);
    case T_COMPARE:
        return parse_two(p, JP_COMPARE, left, powers[t]);
    default:
        break;
    }
    p->at++;
    switch (t) {
    case T_DOT:
        if (now(p) == T_STAR) {
            p->at++;
            return project(p, JP_VALUES, left, powers[T_DOT]);
        }
        right = parse_dot(p, powers[T_DOT]);
        return right ? make(p, JP_SUB, left, right) : NULL;
    case T_FLATTEN:
        return project(p, JP_LIST, make(p, JP_FLATTEN, left, NULL), powers[t]);
    case T_FILTER:
        return parse_filter(p, left);
    case T_LBRACKET:
        if (now(p) == T_NUMBER || now(p) == T_COLON)
            return parse_index(p, left);
        if (now(p) != T_STAR || ahead(p, 1)->type != T_RBRACKET)
            return broken(p, "a number, a slice or * is meant to stand in the brackets");
        p->at += 2;
        return project(p, JP_LIST, left, powers[T_STAR]);
    default:
        p->at--;
        return broken(p, "this cannot stand here");
    }
}

static struct jp_node *parse_expression(struct parser *p, unsigned power)
{
    if (p->depth == VL_JMESPATH_DEPTH_MAX)
        return broken(p, "nested too deeply");
    p->depth++;
    struct jp_node *left = parse_begin(p);
    unsigned chain = 0;
    while (left && power < powers[now(p)]) {
        /* A chain to the left is as deep a tree as one to the right. */
        if (++chain + p->depth > VL_JMESPATH_DEPTH_MAX)
            left = broken(p, "too long a chain");
        else
            left = parse_after(p, left);
    }
    p->depth--;
    return left;
}

int jp_parse(struct vl_jmespath *expression, struct vl_span text, struct vl_err *err)
{
    struct parser p = {.out = expression, .text = text, .err = err};
    if (text.len > VL_JMESPATH_TEXT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "JMESPath of more than %lu bytes", VL_JMESPATH_TEXT_MAX);
    vl_vec_init(&p.items, sizeof(struct item), TOKENS_MAX);
    int r = tokenize(&p);
    if (r >= 0)
        r = vl_arena_check(expression->arena, "JMESPath", err);
    if (r >= 0) {
        expression->root = parse_expression(&p, 0);
        r = !expression->root  ? err->err
            : now(&p) == T_END ? 0
                               : fail(&p, ahead(&p, 0)->at, "this cannot stand here");
    }
    if (r >= 0)
        r = vl_arena_check(expression->arena, "JMESPath", err);
    vl_vec_done(&p.items);
    return r < 0 ? r : 0;
}
