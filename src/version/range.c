/* The common form of ranges: clauses joined by comma or space (all of them), groups by || (one of them). It
 * is what advisory feeds and scanners write for every ecosystem. */
#include "scheme.h"

static const struct {
    const char *text;
    enum vl_version_op op;
} operators[] = {
    /* longer ones first */
    {"===", VL_VERSION_OP_ARBITRARY},
    {"==", VL_VERSION_OP_EQ},
    {"!=", VL_VERSION_OP_NE},
    {">=", VL_VERSION_OP_GE},
    {"=>", VL_VERSION_OP_GE},
    {"<=", VL_VERSION_OP_LE},
    {"=<", VL_VERSION_OP_LE},
    {"<<", VL_VERSION_OP_LT}, /* dpkg's words */
    {">>", VL_VERSION_OP_GT},
    {"~>", VL_VERSION_OP_PESSIMISTIC},
    {"~=", VL_VERSION_OP_COMPATIBLE},
    {"=", VL_VERSION_OP_EQ},
    {"<", VL_VERSION_OP_LT},
    {">", VL_VERSION_OP_GT},
    {"~", VL_VERSION_OP_TILDE},
    {"^", VL_VERSION_OP_CARET},
    {"!", VL_VERSION_OP_NE},
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == ',';
}

bool vl_version_next_group(struct vl_version_groups *groups, struct vl_span *ret_group)
{
    if (groups->done)
        return false;
    size_t at = vl_span_find(groups->rest, VL_SPAN_LIT("||"));
    *ret_group = vl_span_slice(groups->rest, 0, at);
    groups->done = at == SIZE_MAX;
    if (!groups->done)
        groups->rest = vl_span_slice(groups->rest, at + 2, groups->rest.len);
    return true;
}

static struct vl_span take_quoted(struct vl_span *s)
{
    struct vl_span inner = vl_span_slice(*s, 1, s->len);
    size_t end = vl_span_find_char(inner, s->ptr[0]);
    *s = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(inner, end + 1, inner.len);
    return vl_span_slice(inner, 0, end);
}

static struct vl_span take_word(struct vl_span *s)
{
    size_t n = 0;
    if (s->len && (s->ptr[0] == '\'' || s->ptr[0] == '"'))
        return take_quoted(s);
    while (n < s->len && !is_blank(s->ptr[n]) && (s->ptr[n] != '<' && s->ptr[n] != '>'))
        n++;
    struct vl_span word = vl_span_slice(*s, 0, n);
    *s = vl_span_slice(*s, n, s->len);
    return word;
}

static void skip_blanks(struct vl_span *s)
{
    while (s->len && is_blank(s->ptr[0]))
        *s = vl_span_slice(*s, 1, s->len);
}

int vl_version_next_clause(struct vl_span *group, struct vl_version_clause *ret, struct vl_err *err)
{
    skip_blanks(group);
    if (group->len == 0)
        return 0;
    *ret = (struct vl_version_clause){.op = VL_VERSION_OP_EQ, .bare = true};
    for (size_t i = 0; i < VL_ARRAY_LEN(operators); i++) {
        if (!vl_span_starts_with(*group, operators[i].text))
            continue;
        ret->op = operators[i].op;
        ret->bare = false;
        struct vl_span op = vl_span_str(operators[i].text);
        *group = vl_span_slice(*group, op.len, group->len);
        break;
    }
    skip_blanks(group);
    ret->version = take_word(group);
    if (ret->version.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "an operator of the range has no version behind it");
    return 1;
}

bool vl_version_op_holds(enum vl_version_op op, int order)
{
    switch (op) {
    case VL_VERSION_OP_NE:
        return order != 0;
    case VL_VERSION_OP_LT:
        return order < 0;
    case VL_VERSION_OP_LE:
        return order <= 0;
    case VL_VERSION_OP_GT:
        return order > 0;
    case VL_VERSION_OP_GE:
    case VL_VERSION_OP_PESSIMISTIC:
    case VL_VERSION_OP_COMPATIBLE:
    case VL_VERSION_OP_TILDE:
    case VL_VERSION_OP_CARET:
        return order >= 0;
    case VL_VERSION_OP_EQ:
    case VL_VERSION_OP_ARBITRARY:
    default:
        return order == 0;
    }
}

static bool clause_holds(
    const struct vl_version_scheme *scheme, struct vl_span version, const struct vl_version_clause *clause)
{
    if (scheme->clause)
        return scheme->clause(version, clause);
    if (vl_span_eq_str(clause->version, "*"))
        return clause->op != VL_VERSION_OP_NE;
    if (clause->op > VL_VERSION_OP_GE)
        return vl_version_generic_clause(version, clause);
    int r =
        scheme->compare ? scheme->compare(version, clause->version) : scheme->order(version, clause->version);
    return vl_version_op_holds(clause->op, r);
}

int vl_version_range_satisfies(const struct vl_version_scheme *scheme, struct vl_span version,
    struct vl_span range, bool *ret, struct vl_err *err)
{
    struct vl_version_groups groups = {.rest = range};
    struct vl_span group;
    bool any = false;
    while (vl_version_next_group(&groups, &group)) {
        struct vl_version_clause clause;
        bool all = true;
        int r;
        while ((r = vl_version_next_clause(&group, &clause, err)) > 0)
            all = clause_holds(scheme, version, &clause) && all;
        if (r < 0)
            return vl_err_wrap(err, "range \"%.*s\"", VL_SPAN_FMT(range));
        any = any || all;
    }
    *ret = any;
    return 0;
}
