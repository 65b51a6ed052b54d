/* Constant format strings. Source: cel-go ext/strings.go, "Format" (version 2, which Kubernetes has). */
#include "check_impl.h"

#define KIND(k) (1U << (VL_CEL_T_##k))

struct format {
    struct vl_cel_checker *c;
    const struct vl_cel_node *call;
    const struct vl_cel_node *list;
    struct vl_span text;
};

static const struct {
    char letter;
    unsigned kinds;
    const char *message;
} clauses[] = {
    {'d', KIND(INT) | KIND(UINT), "decimal clause can only be used on integers, was given "},
    {'f', KIND(DOUBLE) | KIND(STRING), "fixed-point clause can only be used on doubles, was given "},
    {'e', KIND(DOUBLE) | KIND(STRING), "scientific clause can only be used on doubles, was given "},
    {'b', KIND(INT) | KIND(UINT) | KIND(BOOL),
        "only integers and bools can be formatted as binary, was given "},
    {'x', KIND(INT) | KIND(UINT) | KIND(STRING) | KIND(BYTES),
        "only integers, byte buffers, and strings can be formatted as hex, was given "},
    {'X', KIND(INT) | KIND(UINT) | KIND(STRING) | KIND(BYTES),
        "only integers, byte buffers, and strings can be formatted as hex, was given "},
    {'o', KIND(INT) | KIND(UINT), "octal clause can only be used on integers, was given "},
    {'s',
        KIND(LIST) | KIND(MAP) | KIND(INT) | KIND(UINT) | KIND(DOUBLE) | KIND(BOOL) | KIND(STRING) |
            KIND(TIMESTAMP) | KIND(BYTES) | KIND(DURATION) | KIND(TYPE) | KIND(NULL),
        "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
        "durations, and timestamps, was given "},
};

static bool is_of(const struct vl_cel_node *node, unsigned kinds)
{
    return vl_cel_type_is_dyn(node->type) || (kinds >> vl_cel_type_kind(node->type) & 1);
}

/* The argument, or with %s a part of its literal, that is not of these kinds; NULL where all is well. */
static const struct vl_cel_node *find_wrong(const struct vl_cel_node *node, unsigned kinds)
{
    const struct vl_cel_node *child, *wrong = NULL;
    if (!is_of(node, kinds))
        return node;
    if (!(kinds & KIND(LIST)) || (node->kind != VL_CEL_NODE_LIST && node->kind != VL_CEL_NODE_MAP))
        return NULL;
    for (uint32_t i = 0; !wrong && (child = vl_cel_node_child(node, i)) != NULL; i++)
        wrong = find_wrong(child, kinds);
    return wrong;
}

static bool refuse(const struct format *f, const char *message)
{
    vl_cel_issue_add(f->c->issues, f->call->offset, "%s", message);
    return false;
}

/* ".12" at *at; false after an issue. */
static bool skip_precision(const struct format *f, size_t *at)
{
    struct vl_span digits = {0};
    if (*at >= f->text.len || f->text.ptr[*at] != '.')
        return true;
    size_t start = ++*at;
    while (*at < f->text.len && f->text.ptr[*at] >= '0' && f->text.ptr[*at] <= '9')
        ++*at;
    if (*at >= f->text.len)
        return refuse(f,
            "could not parse formatting clause: error while parsing precision: could not find end of "
            "precision specifier");
    digits = vl_span_slice(f->text, start, *at);
    uint64_t value = 0;
    if (vl_span_to_u64(digits, &value) && value <= INT64_MAX)
        return true;
    vl_cel_issue_add(f->c->issues, f->call->offset,
        "could not parse formatting clause: error while parsing precision: error while converting precision "
        "to integer: strconv.Atoi: parsing \"%.*s\": %s",
        VL_SPAN_FMT(digits), digits.len ? "value out of range" : "invalid syntax");
    return false;
}

/* The clause whose "%" is before *at, with argument `arg`. */
static bool check_clause(const struct format *f, size_t *at, uint32_t arg)
{
    if (*at >= f->text.len)
        return refuse(f, "unexpected end of string");
    if (arg >= f->list->as.list.n) {
        vl_cel_issue_add(f->c->issues, f->call->offset, "index %u out of range", arg);
        return false;
    }
    if (!skip_precision(f, at))
        return false;
    char letter = f->text.ptr[(*at)++];
    for (size_t i = 0; i < VL_ARRAY_LEN(clauses); i++) {
        if (clauses[i].letter != letter)
            continue;
        const struct vl_cel_node *wrong = find_wrong(f->list->as.list.items[arg], clauses[i].kinds);
        if (!wrong)
            return true;
        const char *name =
            wrong->type->kind == VL_CEL_T_WRAPPER ? wrong->type->params[0]->name : wrong->type->name;
        vl_cel_issue_add(
            f->c->issues, wrong->offset, "error during formatting: %s%s", clauses[i].message, name);
        return false;
    }
    /* Go reads the byte as a code point. */
    unsigned char c = (unsigned char)letter;
    char rune[3] = {letter};
    if (c >= 0x80) {
        rune[0] = (char)(0xc0 | c >> 6);
        rune[1] = (char)(0x80 | (c & 0x3f));
    }
    vl_cel_issue_add(f->c->issues, f->call->offset,
        "could not parse formatting clause: unrecognized formatting clause \"%s\"", rune);
    return false;
}

static void check_text(const struct format *f)
{
    uint32_t args = 0;
    for (size_t at = 0; at < f->text.len;) {
        if (f->text.ptr[at++] != '%')
            continue;
        if (at < f->text.len && f->text.ptr[at] == '%')
            at++;
        else if (!check_clause(f, &at, args++))
            return;
    }
    if (f->list->as.list.n > args)
        vl_cel_issue_add(f->c->issues, f->call->offset,
            "too many arguments supplied to string.format (expected %u, got %u)", args, f->list->as.list.n);
}

void vl_cel_check_format(struct vl_cel_checker *c, const struct vl_cel_node *call)
{
    const struct vl_cel_node *target = call->as.call.target;
    if (!vl_span_eq_str(call->as.call.function, "format") || !target || call->as.call.n != 1 ||
        target->kind != VL_CEL_NODE_CONST || target->as.constant.kind != VL_CEL_STRING ||
        call->as.call.args[0]->kind != VL_CEL_NODE_LIST)
        return;
    struct format f = {.c = c,
        .call = call,
        .list = call->as.call.args[0],
        .text = {target->as.constant.as.bytes, target->as.constant.len}};
    check_text(&f);
}
