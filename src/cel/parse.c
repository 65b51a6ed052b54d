/* The grammar of cel-spec (langdef.md, "Syntax") by recursive descent. Errors are worded and placed as
 * ANTLR's parser of cel-go does: one unwanted or missing token is reported and passed over, at anything else
 * it stops. */
#include "number_text.h"
#include "parse_impl.h"

#include <string.h>

#include "base/text.h"

#define BIT(kind) (UINT64_C(1) << (VL_CEL_TOK_##kind))

static const uint64_t member_start = BIT(LBRACKET) | BIT(LBRACE) | BIT(LPAREN) | BIT(DOT) | BIT(MINUS) |
                                     BIT(TRUE) | BIT(FALSE) | BIT(NULL) | BIT(FLOAT) | BIT(INT) | BIT(UINT) |
                                     BIT(STRING) | BIT(BYTES) | BIT(IDENT);
static const uint64_t expr_start = member_start | BIT(EXCLAM);
static const uint64_t operators = BIT(EQ) | BIT(NE) | BIT(IN) | BIT(LT) | BIT(LE) | BIT(GE) | BIT(GT) |
                                  BIT(AND) | BIT(OR) | BIT(LBRACKET) | BIT(DOT) | BIT(MINUS) | BIT(QUESTION) |
                                  BIT(PLUS) | BIT(STAR) | BIT(SLASH) | BIT(PERCENT);

struct item { /* of p->nodes */
    struct vl_cel_node *node;
    uint32_t offset; /* of the operator behind it */
    bool optional;
};

static struct vl_cel_node *parse_expr(struct vl_cel_parser *p, uint64_t follow);

/* --- tokens --- */

static const struct vl_cel_token *token(const struct vl_cel_parser *p, uint32_t ahead)
{
    const struct vl_cel_token *t = &p->tokens[p->at];
    for (; ahead && t->kind != VL_CEL_TOK_END; ahead--)
        t++;
    return t;
}

static bool is_next(const struct vl_cel_parser *p, uint64_t kinds)
{
    return !p->stopped && (kinds >> p->tokens[p->at].kind & 1);
}

static void next(struct vl_cel_parser *p)
{
    if (p->tokens[p->at].kind != VL_CEL_TOK_END)
        p->at++;
}

static bool accept(struct vl_cel_parser *p, uint64_t kinds)
{
    if (!is_next(p, kinds))
        return false;
    next(p);
    return true;
}

static struct vl_span token_text(const struct vl_cel_parser *p, const struct vl_cel_token *t)
{
    return vl_span_slice(p->text, t->start, t->end);
}

/* --- errors --- */

static void append_token(struct vl_cel_parser *p, const struct vl_cel_token *t, struct vl_buf *out)
{
    struct vl_span text = token_text(p, t);
    vl_buf_append_char(out, '\'');
    if (t->kind == VL_CEL_TOK_END)
        vl_buf_append_str(out, "<EOF>");
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = text.ptr[i] == '\n' ? "\\n" : text.ptr[i] == '\r' ? "\\r" : "\\t";
        if (text.ptr[i] == '\n' || text.ptr[i] == '\r' || text.ptr[i] == '\t')
            vl_buf_append_str(out, escape);
        else
            vl_buf_append_char(out, text.ptr[i]);
    }
    vl_buf_append_char(out, '\'');
}

static void issue_from(struct vl_cel_parser *p, struct vl_buf *text)
{
    vl_cel_issue_add(p->issues, token(p, 0)->offset, "Syntax error: %s", vl_buf_str(text));
    vl_buf_done(text);
}

static struct vl_buf message_start(void)
{
    struct vl_buf out;
    vl_buf_init(&out, 16384);
    return out;
}

static void report_expected(struct vl_cel_parser *p, const char *what, uint64_t expected)
{
    struct vl_buf out = message_start();
    vl_buf_printf(&out, "%s input ", what);
    append_token(p, token(p, 0), &out);
    vl_buf_append_str(&out, " expecting ");
    vl_cel_token_set_format(expected, &out);
    issue_from(p, &out);
}

/* True when the current token, or the one behind an unwanted one, is among these. */
static bool sync(struct vl_cel_parser *p, uint64_t expected)
{
    if (p->stopped)
        return false;
    if (is_next(p, expected))
        return true;
    if (token(p, 0)->kind != VL_CEL_TOK_END && (expected >> token(p, 1)->kind & 1)) {
        report_expected(p, "extraneous", expected);
        next(p);
        return true;
    }
    report_expected(p, "mismatched", expected);
    p->stopped = true;
    return false;
}

/* Behind a loop ANTLR passes over whatever is not wanted. */
static void skip_unwanted(struct vl_cel_parser *p, uint64_t expected)
{
    if (p->stopped || is_next(p, expected))
        return;
    report_expected(p, "extraneous", expected);
    next(p);
    p->stopped = !is_next(p, expected);
}

/* Takes the token `kind`; `after` may come behind it, so that a missing one can be passed over. */
static void match(struct vl_cel_parser *p, enum vl_cel_token_kind kind, uint64_t after)
{
    uint64_t wanted = UINT64_C(1) << kind;
    if (p->stopped || accept(p, wanted))
        return;
    if (token(p, 1)->kind != kind && (after >> token(p, 0)->kind & 1)) {
        struct vl_buf out = message_start();
        vl_buf_append_str(&out, "missing ");
        vl_cel_token_set_format(wanted, &out);
        vl_buf_append_str(&out, " at ");
        append_token(p, token(p, 0), &out);
        issue_from(p, &out);
        return;
    }
    if (sync(p, wanted))
        next(p);
}

/* `..`, `-)` and the like: nothing of the grammar goes on so. `start` is the byte where it began. */
static void no_alternative(struct vl_cel_parser *p, uint32_t start)
{
    const struct vl_cel_token *t = token(p, 0);
    struct vl_span text = token_text(p, t), all = vl_span_slice(p->text, start, t->end);
    bool literal = t->kind == VL_CEL_TOK_TRUE || t->kind == VL_CEL_TOK_FALSE || t->kind == VL_CEL_TOK_NULL;
    if (p->stopped)
        return;
    struct vl_buf out = message_start();
    if (literal && all.len == text.len + 1)
        vl_buf_printf(&out, "mismatched input '%.*s' expecting IDENTIFIER", VL_SPAN_FMT(text));
    else
        vl_buf_printf(&out, "no viable alternative at input '%.*s'", VL_SPAN_FMT(all));
    issue_from(p, &out);
    p->stopped = true;
}

static struct vl_cel_node *placeholder(struct vl_cel_parser *p, uint32_t offset)
{
    return vl_cel_node_const(p, offset, (struct vl_cel_value){.kind = VL_CEL_NULL});
}

/* --- depth --- */

static unsigned higher(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* What was parsed gets one level on top. */
static void raise_height(struct vl_cel_parser *p, unsigned height)
{
    p->height = height + 1;
    if (p->height > VL_CEL_DEPTH_MAX && !p->stopped) {
        vl_cel_issue_add(p->issues, VL_CEL_NO_PLACE, "max recursion depth exceeded");
        p->stopped = p->fatal = true;
    }
}

/* --- stacks --- */

static bool push(struct vl_cel_parser *p, struct vl_cel_node *node, uint32_t offset, bool optional)
{
    struct vl_err err;
    struct item *item = node ? vl_vec_push(&p->nodes, "parts of an expression", &err) : NULL;
    if (!item) {
        p->stopped = true;
        return false;
    }
    *item = (struct item){.node = node, .offset = offset, .optional = optional};
    return true;
}

static const struct item *items(const struct vl_cel_parser *p, size_t base)
{
    return (const struct item *)p->nodes.items + base;
}

/* The nodes from `base` on, in the arena; the stack is as before. */
static struct vl_cel_node **pop_nodes(struct vl_cel_parser *p, size_t base, uint32_t *ret_n)
{
    size_t n = p->nodes.len - base;
    struct vl_cel_node **nodes = n ? vl_arena_array(p->arena, n, sizeof(struct vl_cel_node *)) : NULL;
    for (size_t i = 0; nodes && i < n; i++)
        nodes[i] = items(p, base)[i].node;
    if (n && !nodes)
        p->stopped = true;
    p->nodes.len = base;
    *ret_n = nodes ? (uint32_t)n : 0;
    return nodes;
}

/* --- literals --- */

static bool parse_u64(struct vl_span text, uint64_t *ret)
{
    unsigned base = vl_span_starts_with(text, "0x") ? 16 : 10;
    uint64_t value = 0;
    for (size_t i = base == 16 ? 2 : 0; i < text.len; i++) {
        char c = text.ptr[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

static const char *int_value(struct vl_span text, bool negative, struct vl_cel_value *ret)
{
    uint64_t u = 0;
    if (!parse_u64(text, &u) || u > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return "invalid int literal";
    *ret = (struct vl_cel_value){.kind = VL_CEL_INT, .as.i = (int64_t)(negative ? 0 - u : u)};
    return NULL;
}

static const char *uint_value(struct vl_span text, struct vl_cel_value *ret)
{
    uint64_t u = 0;
    if (!parse_u64(vl_span_slice(text, 0, text.len - 1), &u))
        return "invalid uint literal";
    *ret = (struct vl_cel_value){.kind = VL_CEL_UINT, .as.u = u};
    return NULL;
}

static const char *double_value(struct vl_span text, bool negative, struct vl_cel_value *ret)
{
    bool in_range = false;
    double d = 0;
    if (!vl_cel_double_parse(text, &d, &in_range) || !in_range)
        return "invalid double literal";
    *ret = (struct vl_cel_value){.kind = VL_CEL_DOUBLE, .as.d = negative ? -d : d};
    return NULL;
}

static const char *text_value(
    struct vl_cel_parser *p, struct vl_span text, bool bytes, struct vl_cel_value *ret)
{
    struct vl_span value = {0};
    const char *wrong = vl_cel_unquote(text, bytes, p->arena, &value);
    *ret = (struct vl_cel_value){.kind = bytes ? VL_CEL_BYTES : VL_CEL_STRING,
        .len = (uint32_t)value.len,
        .as.bytes = value.ptr ? value.ptr : ""};
    return wrong;
}

static struct vl_cel_node *parse_literal(struct vl_cel_parser *p)
{
    uint32_t offset = token(p, 0)->offset;
    bool negative = accept(p, BIT(MINUS));
    const struct vl_cel_token *t = token(p, 0);
    struct vl_span text = token_text(p, t);
    struct vl_cel_value value = {.kind = VL_CEL_NULL};
    const char *wrong = NULL;
    next(p);
    switch (t->kind) {
    case VL_CEL_TOK_INT:
        wrong = int_value(text, negative, &value);
        break;
    case VL_CEL_TOK_UINT:
        wrong = uint_value(text, &value);
        break;
    case VL_CEL_TOK_FLOAT:
        wrong = double_value(text, negative, &value);
        break;
    case VL_CEL_TOK_STRING:
    case VL_CEL_TOK_BYTES:
        wrong = text_value(p, text, t->kind == VL_CEL_TOK_BYTES, &value);
        break;
    case VL_CEL_TOK_TRUE:
    case VL_CEL_TOK_FALSE:
        value = (struct vl_cel_value){.kind = VL_CEL_BOOL, .as.boolean = t->kind == VL_CEL_TOK_TRUE};
        break;
    default:
        break;
    }
    if (wrong)
        vl_cel_issue_add(p->issues, offset, "%s", wrong);
    p->height = 0;
    return vl_cel_node_const(p, offset, value);
}

/* --- calls --- */

/* Arguments and the closing parenthesis, pushed on the stack. Returns their height. */
static unsigned parse_arguments(struct vl_cel_parser *p, uint64_t follow)
{
    unsigned height = 0;
    if (!sync(p, expr_start | BIT(RPAREN)))
        return 0;
    if (!is_next(p, BIT(RPAREN))) {
        do {
            struct vl_cel_node *arg = parse_expr(p, BIT(COMMA) | BIT(RPAREN));
            height = higher(height, p->height);
            if (!push(p, arg, 0, false))
                return height;
        } while (accept(p, BIT(COMMA)));
    }
    match(p, VL_CEL_TOK_RPAREN, operators | follow);
    return height;
}

/* At the "(": a call of `name`, with `target` where it is a method. */
static struct vl_cel_node *parse_call(
    struct vl_cel_parser *p, struct vl_span name, struct vl_cel_node *target, uint64_t follow)
{
    uint32_t offset = token(p, 0)->offset, n = 0;
    unsigned height = p->height;
    size_t base = p->nodes.len;
    next(p);
    unsigned args_height = parse_arguments(p, follow);
    struct vl_cel_node **args = pop_nodes(p, base, &n);
    if (target)
        raise_height(p, higher(height, args_height));
    else
        p->height = args_height;
    if (p->fatal)
        return placeholder(p, offset);
    struct vl_cel_node *macro = vl_cel_macro_expand(p, offset, name, target, args, n);
    if (macro)
        return macro;
    struct vl_cel_node *call = vl_cel_node_new(p, VL_CEL_NODE_CALL, offset);
    if (!call)
        return NULL;
    call->as.call.function = name;
    call->as.call.target = target;
    call->as.call.args = args;
    call->as.call.n = n;
    return call;
}

/* --- lists, maps, messages --- */

static bool parse_optional_mark(struct vl_cel_parser *p)
{
    uint32_t offset = token(p, 0)->offset;
    if (!accept(p, BIT(QUESTION)))
        return false;
    if (!p->options->optionals)
        vl_cel_issue_add(p->issues, offset, "unsupported syntax '?'");
    return true;
}

static struct vl_cel_node *parse_list(struct vl_cel_parser *p, uint64_t follow)
{
    uint32_t offset = token(p, 0)->offset;
    uint64_t item_start = expr_start | BIT(QUESTION);
    unsigned height = 0;
    size_t base = p->nodes.len;
    bool any_optional = false;
    next(p);
    if (sync(p, item_start | BIT(RBRACKET) | BIT(COMMA)) && is_next(p, item_start)) {
        do {
            bool optional = parse_optional_mark(p);
            struct vl_cel_node *item = parse_expr(p, BIT(COMMA) | BIT(RBRACKET));
            height = higher(height, p->height);
            any_optional |= optional;
            if (!push(p, item, 0, optional))
                break;
            sync(p, BIT(COMMA) | BIT(RBRACKET));
        } while (is_next(p, BIT(COMMA)) && (item_start >> token(p, 1)->kind & 1) && accept(p, BIT(COMMA)));
    }
    (void)accept(p, BIT(COMMA));
    match(p, VL_CEL_TOK_RBRACKET, operators | follow);
    p->height = height;
    struct vl_cel_node *list = vl_cel_node_new(p, VL_CEL_NODE_LIST, offset);
    bool *optionals = any_optional ? vl_arena_array(p->arena, p->nodes.len - base, sizeof(bool)) : NULL;
    for (size_t i = base; optionals && i < p->nodes.len; i++)
        optionals[i - base] = items(p, i)->optional;
    if (!list)
        return NULL;
    list->as.list.items = pop_nodes(p, base, &list->as.list.n);
    list->as.list.optional = optionals;
    return list;
}

static struct vl_span parse_field_name(struct vl_cel_parser *p)
{
    struct vl_span name = token_text(p, token(p, 0));
    if (is_next(p, BIT(ESC_IDENT)))
        name = vl_span_slice(name, 1, name.len - 1);
    if (!sync(p, BIT(IDENT) | BIT(ESC_IDENT)))
        return VL_SPAN_EMPTY;
    next(p);
    return name;
}

/* `key: value` or `field: value` onto the stack of entries. */
static void parse_entry(struct vl_cel_parser *p, bool is_struct, unsigned *height)
{
    struct vl_cel_entry entry = {.optional = parse_optional_mark(p)};
    if (is_struct)
        entry.field = parse_field_name(p);
    else
        entry.key = parse_expr(p, BIT(COLON));
    *height = higher(*height, is_struct ? 0 : p->height);
    entry.offset = token(p, 0)->offset;
    match(p, VL_CEL_TOK_COLON, expr_start);
    entry.id = ++p->n_ids;
    entry.value = parse_expr(p, BIT(COMMA) | BIT(RBRACE));
    *height = higher(*height, p->height);
    struct vl_err err;
    struct vl_cel_entry *slot = vl_vec_push(&p->entries, "entries of an expression", &err);
    if (slot)
        *slot = entry;
    else
        p->stopped = true;
}

/* At the "{" of a map (no name) or message. */
static struct vl_cel_node *parse_braces(
    struct vl_cel_parser *p, bool is_struct, struct vl_span name, uint64_t follow)
{
    uint32_t offset = token(p, 0)->offset;
    uint64_t start = BIT(QUESTION) | (is_struct ? BIT(IDENT) | BIT(ESC_IDENT) : expr_start);
    size_t base = p->entries.len;
    unsigned height = 0;
    next(p);
    if (sync(p, start | BIT(RBRACE) | BIT(COMMA)) && is_next(p, start)) {
        do {
            parse_entry(p, is_struct, &height);
            sync(p, BIT(COMMA) | BIT(RBRACE));
        } while (is_next(p, BIT(COMMA)) && (start >> token(p, 1)->kind & 1) && accept(p, BIT(COMMA)));
    }
    (void)accept(p, BIT(COMMA));
    match(p, VL_CEL_TOK_RBRACE, operators | follow);
    p->height = height;
    size_t n = p->entries.len - base;
    struct vl_cel_node *node = vl_cel_node_new(p, is_struct ? VL_CEL_NODE_STRUCT : VL_CEL_NODE_MAP, offset);
    struct vl_cel_entry *entries = n ? vl_arena_array(p->arena, n, sizeof(*entries)) : NULL;
    if (!node || (n && !entries)) {
        p->stopped = true;
        return NULL;
    }
    if (n)
        memcpy(entries, (const struct vl_cel_entry *)p->entries.items + base, n * sizeof(*entries));
    p->entries.len = base;
    node->as.map.entries = entries;
    node->as.map.n = (uint32_t)n;
    node->as.map.type_name = name;
    return node;
}

/* --- primary --- */

static bool is_reserved(struct vl_span name)
{
    static const char *const words[] = {"as", "break", "const", "continue", "else", "for", "function", "if",
        "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_eq_str(name, words[i]))
            return true;
    }
    return false;
}

/* Tokens of "a.b.c" before a "{", or 0. */
static uint32_t message_name_tokens(const struct vl_cel_parser *p)
{
    const struct vl_cel_token *t = &p->tokens[p->at]; /* an IDENT; the last token is the END */
    uint32_t n = 1;
    while (t[n].kind == VL_CEL_TOK_DOT && t[n + 1].kind == VL_CEL_TOK_IDENT)
        n += 2;
    return t[n].kind == VL_CEL_TOK_LBRACE ? n : 0;
}

/* "a . b" is "a.b"; with a leading dot where it is absolute. */
static struct vl_span parse_message_name(struct vl_cel_parser *p, bool absolute, uint32_t n)
{
    struct vl_span whole = vl_span_slice(p->text, token(p, 0)->start, token(p, n - 1)->end);
    char *name = vl_arena_alloc(p->arena, whole.len + 2);
    size_t len = 0;
    if (!name) {
        p->stopped = true;
        return VL_SPAN_EMPTY;
    }
    if (absolute)
        name[len++] = '.';
    for (uint32_t i = 0; i < n; i++, next(p)) {
        struct vl_span part = token_text(p, token(p, 0));
        memcpy(name + len, part.ptr, part.len);
        len += part.len;
    }
    return (struct vl_span){name, len};
}

static struct vl_cel_node *parse_name(struct vl_cel_parser *p, uint64_t follow)
{
    uint32_t start = token(p, 0)->offset, start_byte = token(p, 0)->start;
    bool absolute = accept(p, BIT(DOT));
    p->height = 0;
    if (!is_next(p, BIT(IDENT))) {
        no_alternative(p, start_byte);
        return placeholder(p, start);
    }
    uint32_t n = message_name_tokens(p);
    if (n) {
        struct vl_span message = parse_message_name(p, absolute, n);
        return parse_braces(p, true, message, follow);
    }
    uint32_t offset = token(p, 0)->offset;
    struct vl_span name = token_text(p, token(p, 0));
    next(p);
    if (is_reserved(name)) {
        vl_cel_issue_add(p->issues, start, "reserved identifier: %.*s", VL_SPAN_FMT(name));
        if (is_next(p, BIT(LPAREN)))
            (void)parse_call(p, name, NULL, follow);
        return placeholder(p, start);
    }
    if (!is_next(p, BIT(LPAREN))) {
        struct vl_cel_node *ident = vl_cel_node_ident(p, offset, name);
        if (ident)
            ident->absolute = absolute;
        return ident;
    }
    if (absolute) { /* the dot belongs to the name of a function */
        const char *dotted = vl_arena_printf(p->arena, ".%.*s", VL_SPAN_FMT(name));
        name = vl_span_str(dotted);
    }
    return parse_call(p, name, NULL, follow);
}

static struct vl_cel_node *parse_primary(struct vl_cel_parser *p, uint64_t follow)
{
    struct vl_cel_node *node;
    uint32_t offset = token(p, 0)->offset;
    p->height = 0;
    if (!sync(p, member_start))
        return placeholder(p, offset);
    switch (token(p, 0)->kind) {
    case VL_CEL_TOK_DOT:
    case VL_CEL_TOK_IDENT:
        return parse_name(p, follow);
    case VL_CEL_TOK_LPAREN:
        next(p);
        node = parse_expr(p, BIT(RPAREN));
        match(p, VL_CEL_TOK_RPAREN, operators | follow);
        return node;
    case VL_CEL_TOK_LBRACKET:
        return parse_list(p, follow);
    case VL_CEL_TOK_LBRACE:
        return parse_braces(p, false, VL_SPAN_EMPTY, follow);
    default:
        return parse_literal(p);
    }
}

/* --- member --- */

static struct vl_cel_node *parse_index(struct vl_cel_parser *p, struct vl_cel_node *operand, uint64_t follow)
{
    uint32_t offset = token(p, 0)->offset;
    unsigned height = p->height;
    next(p);
    bool optional = sync(p, expr_start | BIT(QUESTION)) && accept(p, BIT(QUESTION));
    if (optional && !p->options->optionals)
        vl_cel_issue_add(p->issues, offset, "unsupported syntax '[?'");
    struct vl_cel_node *args[] = {operand, parse_expr(p, BIT(RBRACKET))};
    match(p, VL_CEL_TOK_RBRACKET, operators | follow);
    raise_height(p, higher(height, p->height));
    return vl_cel_node_call(p, offset, optional ? VL_CEL_OP_OPT_INDEX : VL_CEL_OP_INDEX, NULL, NULL, args, 2);
}

/* a.?b: the field is a string constant. */
static struct vl_cel_node *parse_optional_select(
    struct vl_cel_parser *p, struct vl_cel_node *operand, uint32_t offset)
{
    uint32_t field_offset = token(p, 0)->offset;
    struct vl_span field = parse_field_name(p);
    if (!p->options->optionals)
        vl_cel_issue_add(p->issues, offset, "unsupported syntax '.?'");
    struct vl_cel_value value = {
        .kind = VL_CEL_STRING, .len = (uint32_t)field.len, .as.bytes = field.ptr ? field.ptr : ""};
    struct vl_cel_node *args[] = {operand, vl_cel_node_const(p, field_offset, value)};
    raise_height(p, p->height);
    return vl_cel_node_call(p, offset, VL_CEL_OP_OPT_SELECT, NULL, NULL, args, 2);
}

static struct vl_cel_node *parse_select(struct vl_cel_parser *p, struct vl_cel_node *operand, uint64_t follow)
{
    uint32_t offset = token(p, 0)->offset, start = token(p, 0)->start;
    next(p);
    if (accept(p, BIT(QUESTION)))
        return parse_optional_select(p, operand, offset);
    if (!is_next(p, BIT(IDENT) | BIT(ESC_IDENT))) {
        no_alternative(p, start);
        return operand;
    }
    bool is_call = is_next(p, BIT(IDENT)) && token(p, 1)->kind == VL_CEL_TOK_LPAREN;
    struct vl_span field = parse_field_name(p);
    if (is_call)
        return parse_call(p, field, operand, follow);
    raise_height(p, p->height);
    struct vl_cel_node *select = vl_cel_node_new(p, VL_CEL_NODE_SELECT, offset);
    if (select) {
        select->as.select.operand = operand;
        select->as.select.field = field;
    }
    return select;
}

static struct vl_cel_node *parse_member(struct vl_cel_parser *p, uint64_t follow)
{
    struct vl_cel_node *node = parse_primary(p, follow);
    while (node && is_next(p, BIT(DOT) | BIT(LBRACKET))) {
        if (is_next(p, BIT(DOT)))
            node = parse_select(p, node, follow);
        else
            node = parse_index(p, node, follow);
    }
    return node;
}

/* --- operators --- */

static struct vl_cel_node *parse_unary(struct vl_cel_parser *p, uint64_t follow)
{
    uint32_t offset = token(p, 0)->offset, n = 0;
    if (!sync(p, expr_start))
        return placeholder(p, offset);
    enum vl_cel_token_kind kind = token(p, 0)->kind;
    if (kind != VL_CEL_TOK_EXCLAM && kind != VL_CEL_TOK_MINUS)
        return parse_member(p, follow);
    uint8_t behind = token(p, 1)->kind;
    if (kind == VL_CEL_TOK_MINUS && (behind == VL_CEL_TOK_INT || behind == VL_CEL_TOK_FLOAT))
        return parse_member(p, follow); /* a negative literal */
    offset = token(p, 0)->offset;
    uint32_t start = 0;
    for (; is_next(p, UINT64_C(1) << kind); n++) {
        start = token(p, 0)->start;
        next(p);
    }
    if (kind == VL_CEL_TOK_EXCLAM)
        skip_unwanted(p, expr_start);
    else if (!is_next(p, member_start))
        no_alternative(p, start);
    struct vl_cel_node *node = parse_member(p, follow);
    if (n % 2 == 0)
        return node;
    return vl_cel_node_call(
        p, offset, kind == VL_CEL_TOK_MINUS ? VL_CEL_OP_NEG : VL_CEL_OP_NOT, NULL, NULL, &node, 1);
}

static enum vl_cel_operator binary_operator(uint8_t kind)
{
    static const uint8_t ops[VL_CEL_TOK_END + 1] = {
        [VL_CEL_TOK_EQ] = VL_CEL_OP_EQ,
        [VL_CEL_TOK_NE] = VL_CEL_OP_NE,
        [VL_CEL_TOK_IN] = VL_CEL_OP_IN,
        [VL_CEL_TOK_LT] = VL_CEL_OP_LT,
        [VL_CEL_TOK_LE] = VL_CEL_OP_LE,
        [VL_CEL_TOK_GE] = VL_CEL_OP_GE,
        [VL_CEL_TOK_GT] = VL_CEL_OP_GT,
        [VL_CEL_TOK_MINUS] = VL_CEL_OP_SUB,
        [VL_CEL_TOK_PLUS] = VL_CEL_OP_ADD,
        [VL_CEL_TOK_STAR] = VL_CEL_OP_MUL,
        [VL_CEL_TOK_SLASH] = VL_CEL_OP_DIV,
        [VL_CEL_TOK_PERCENT] = VL_CEL_OP_MOD,
    };
    return ops[kind];
}

/* The three levels of left-associative operators: relations, sums, products. */
static struct vl_cel_node *parse_binary(struct vl_cel_parser *p, unsigned level, uint64_t follow)
{
    static const uint64_t levels[] = {
        BIT(EQ) | BIT(NE) | BIT(IN) | BIT(LT) | BIT(LE) | BIT(GE) | BIT(GT),
        BIT(PLUS) | BIT(MINUS),
        BIT(STAR) | BIT(SLASH) | BIT(PERCENT),
    };
    if (level == VL_ARRAY_LEN(levels))
        return parse_unary(p, follow);
    struct vl_cel_node *node = parse_binary(p, level + 1, follow);
    while (node && is_next(p, levels[level])) {
        const struct vl_cel_token *t = token(p, 0);
        unsigned height = p->height;
        next(p);
        struct vl_cel_node *args[] = {node, parse_binary(p, level + 1, follow)};
        raise_height(p, higher(height, p->height));
        node = args[1] ? vl_cel_node_call(p, t->offset, binary_operator(t->kind), NULL, NULL, args, 2) : NULL;
    }
    return node;
}

/* Terms [from, to] of the stack as a balanced tree, so that long chains stay flat. */
static struct vl_cel_node *balance(
    struct vl_cel_parser *p, enum vl_cel_operator op, size_t base, size_t from, size_t to)
{
    if (from == to)
        return items(p, base)[from].node;
    size_t middle = from + (to - from) / 2; /* the operator behind this term is the root */
    struct vl_cel_node *args[] = {balance(p, op, base, from, middle), balance(p, op, base, middle + 1, to)};
    return vl_cel_node_call(p, items(p, base)[middle].offset, op, NULL, NULL, args, 2);
}

/* || above &&. */
static struct vl_cel_node *parse_logic(struct vl_cel_parser *p, bool is_or, uint64_t follow)
{
    size_t base = p->nodes.len;
    unsigned height = 0;
    struct vl_cel_node *node;
    for (bool more = true; more;) {
        node = is_or ? parse_logic(p, false, follow) : parse_binary(p, 0, follow);
        height = higher(height, p->height);
        uint32_t offset = token(p, 0)->offset;
        more = accept(p, is_or ? BIT(OR) : BIT(AND));
        if (!more && p->nodes.len == base)
            return node;
        if (!push(p, node, offset, false))
            break;
    }
    if (!p->stopped)
        node = balance(p, is_or ? VL_CEL_OP_OR : VL_CEL_OP_AND, base, 0, p->nodes.len - base - 1);
    p->nodes.len = base;
    p->height = height;
    return node;
}

static struct vl_cel_node *parse_conditional(struct vl_cel_parser *p, uint64_t follow)
{
    struct vl_cel_node *args[3] = {parse_logic(p, true, follow)};
    uint32_t offset = token(p, 0)->offset;
    if (!accept(p, BIT(QUESTION)))
        return args[0];
    unsigned height = p->height;
    args[1] = parse_logic(p, true, BIT(COLON));
    height = higher(height, p->height);
    match(p, VL_CEL_TOK_COLON, expr_start);
    args[2] = parse_expr(p, follow);
    raise_height(p, higher(height, p->height));
    return p->stopped ? placeholder(p, offset)
                      : vl_cel_node_call(p, offset, VL_CEL_OP_CONDITIONAL, NULL, NULL, args, 3);
}

static struct vl_cel_node *parse_expr(struct vl_cel_parser *p, uint64_t follow)
{
    if (p->nesting == VL_CEL_DEPTH_MAX && !p->stopped) {
        vl_cel_issue_add(
            p->issues, VL_CEL_NO_PLACE, "expression recursion limit exceeded: %d", VL_CEL_DEPTH_MAX);
        p->stopped = p->fatal = true;
    }
    if (p->stopped)
        return placeholder(p, 0);
    p->nesting++;
    struct vl_cel_node *node = parse_conditional(p, follow);
    p->nesting--;
    return node;
}

/* --- the whole --- */

static uint32_t count_code_points(struct vl_span text)
{
    uint32_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

static bool is_readable(struct vl_span text, struct vl_cel_issues *issues)
{
    if (!vl_utf8_valid(text)) {
        vl_cel_issue_add(issues, VL_CEL_NO_PLACE, "expression is not valid UTF-8");
        return false;
    }
    uint32_t n = count_code_points(text);
    if (n <= VL_CEL_CODE_POINTS_MAX)
        return true;
    vl_cel_issue_add(issues, VL_CEL_NO_PLACE, "expression code point size exceeds limit: size: %u, limit %d",
        n, VL_CEL_CODE_POINTS_MAX);
    return false;
}

static int parse_tokens(struct vl_cel_parser *p, struct vl_cel_parsed *ret, struct vl_err *err)
{
    struct vl_cel_node *root = parse_expr(p, BIT(END));
    match(p, VL_CEL_TOK_END, 0);
    int r = vl_arena_check(p->arena, "tree of an expression", err);
    if (r < 0)
        return r;
    if (p->issues->n)
        return vl_cel_issues_err(p->issues, err);
    if (!root || p->stopped)
        return vl_err_nomem(err);
    *ret = (struct vl_cel_parsed){.root = root, .n_ids = p->n_ids + 1};
    return 0;
}

int vl_cel_parse(struct vl_span text, const struct vl_cel_parse_options *options, struct vl_arena *arena,
    struct vl_cel_issues *issues, struct vl_cel_parsed *ret, struct vl_err *err)
{
    if (text.len > VL_CEL_EXPRESSION_MAX)
        vl_cel_issue_add(issues, VL_CEL_NO_PLACE, "expression size exceeds limit: size: %zu bytes, limit %lu",
            text.len, VL_CEL_EXPRESSION_MAX);
    else
        (void)is_readable(text, issues);
    if (issues->n)
        return vl_cel_issues_err(issues, err);
    struct vl_vec tokens VL_CLEANUP(vl_vec_done) = {0};
    vl_vec_init(&tokens, sizeof(struct vl_cel_token), VL_CEL_CODE_POINTS_MAX + 1);
    struct vl_cel_parser p = {.options = options, .text = text, .arena = arena, .issues = issues};
    vl_vec_init(&p.nodes, sizeof(struct item), VL_CEL_CODE_POINTS_MAX);
    vl_vec_init(&p.entries, sizeof(struct vl_cel_entry), VL_CEL_CODE_POINTS_MAX);
    int r = vl_cel_lex(text, issues, &tokens, err);
    if (r >= 0) {
        p.tokens = tokens.items;
        r = parse_tokens(&p, ret, err);
    }
    vl_vec_done(&p.nodes);
    vl_vec_done(&p.entries);
    return r;
}
