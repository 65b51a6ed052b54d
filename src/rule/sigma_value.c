#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/vec.h"
#include "pattern/regex.h"
#include "check.h"
#include "sigma.h"
#include "sigma_build.h"
#include "sigma_text.h"
#include "sigma_vars.h"

/* One entry while it becomes a tree. */
struct entry {
    struct vl_sigma_build *build;
    struct vl_sigma_modifiers m;
    struct vl_sigma_target targets[VL_SIGMA_TARGETS_MAX];
    uint32_t n_targets;
    bool keyword;
};

static int one_check(const struct entry *entry, enum vl_condition_op op, const struct vl_span *value,
    struct vl_condition **ret, struct vl_err *err)
{
    return vl_sigma_tree_check(entry->build, entry->targets, entry->n_targets, op, value, ret, err);
}

static int exists_check(
    const struct entry *entry, bool is_there, struct vl_condition **ret, struct vl_err *err)
{
    int r = one_check(entry, VL_OP_EXISTS, NULL, ret, err);
    return r < 0 || is_there ? r : vl_sigma_tree_not(entry->build, *ret, ret, err);
}

static enum vl_condition_op op_of(enum vl_sigma_shape shape, bool cased)
{
    switch (shape) {
    case VL_SIGMA_STARTS:
        return cased ? VL_OP_STARTSWITH : VL_OP_ISTARTSWITH;
    case VL_SIGMA_ENDS:
        return cased ? VL_OP_ENDSWITH : VL_OP_IENDSWITH;
    case VL_SIGMA_CONTAINS:
        return cased ? VL_OP_CONTAINS : VL_OP_ICONTAINS;
    case VL_SIGMA_PATTERN:
        return cased ? VL_OP_GLOB : VL_OP_IGLOB;
    case VL_SIGMA_EQUAL:
    case VL_SIGMA_ANY:
        break;
    }
    return cased ? VL_OP_EQ : VL_OP_IEQ;
}

/* --- texts --- */

/* `texts` and what one encoding makes of them. */
static int encode(
    const struct entry *entry, enum vl_sigma_encoding encoding, struct vl_vec *texts, struct vl_err *err)
{
    struct vl_arena *arena = entry->build->arena;
    size_t before = texts->len;
    for (size_t i = 0; i < before; i++) {
        struct vl_sigma_text in = *(struct vl_sigma_text *)vl_vec_at(texts, i), one[3], *many = one;
        size_t n = 1;
        int r;
        if (encoding == VL_SIGMA_WINDASH)
            r = vl_sigma_text_windash(&in, arena, &many, &n, err);
        else if (encoding == VL_SIGMA_BASE64)
            r = vl_sigma_text_base64(&in, arena, one, err);
        else if (encoding == VL_SIGMA_BASE64_OFFSET)
            r = vl_sigma_text_base64_offset(&in, arena, one, err), n = 3;
        else
            r = vl_sigma_text_utf16(&in,
                encoding == VL_SIGMA_WIDE      ? VL_SIGMA_UTF16_LE
                : encoding == VL_SIGMA_WIDE_BE ? VL_SIGMA_UTF16_BE
                                               : VL_SIGMA_UTF16_BOM,
                arena, one, err);
        if (r < 0)
            return r;
        *(struct vl_sigma_text *)vl_vec_at(texts, i) = many[0];
        for (size_t k = 1; k < n; k++) {
            struct vl_sigma_text *more = vl_vec_push(texts, "values of one field", err);
            if (more == NULL)
                return err->err;
            *more = many[k];
        }
    }
    return 0;
}

static int text_check(const struct entry *entry, const struct vl_sigma_text *text, struct vl_condition **ret,
    struct vl_err *err)
{
    const struct vl_sigma_modifiers *m = &entry->m;
    struct vl_sigma_text wide;
    bool before = m->contains || m->endswith || entry->keyword;
    bool after = m->contains || m->startswith || entry->keyword;
    int r = vl_sigma_text_widen(text, before, after, entry->build->arena, &wide, err);
    if (r < 0)
        return r;
    if (vl_sigma_text_needs_expression(&wide, m->cased)) {
        VL_CLEANUP(vl_buf_done) struct vl_buf expression;
        vl_buf_init(&expression, VL_REGEX_PATTERN_MAX);
        vl_sigma_text_expression(&wide, m->cased, &expression);
        r = vl_buf_check(&expression, "a value", err);
        struct vl_span text_value = vl_buf_span(&expression);
        return r < 0 ? r : one_check(entry, VL_OP_IREGEX, &text_value, ret, err);
    }
    enum vl_sigma_shape shape;
    struct vl_span value;
    r = vl_sigma_text_shape(&wide, entry->build->arena, &shape, &value, err);
    if (r < 0)
        return r;
    if (shape == VL_SIGMA_ANY)
        return exists_check(entry, true, ret, err);
    return one_check(entry, op_of(shape, m->cased), &value, ret, err);
}

static int one_text(
    const struct entry *entry, struct vl_span written, struct vl_condition **ret, struct vl_err *err)
{
    const struct vl_sigma_modifiers *m = &entry->m;
    VL_CLEANUP(vl_vec_done) struct vl_vec texts;
    vl_vec_init(&texts, sizeof(struct vl_sigma_text), VL_SIGMA_VALUES_MAX);
    struct vl_sigma_text *first = vl_vec_push(&texts, "values of one field", err);
    if (first == NULL)
        return err->err;
    int r = vl_sigma_text_parse(written, entry->build->arena, first, err);
    for (uint32_t i = 0; r == 0 && i < m->n_encodings; i++)
        r = encode(entry, m->encodings[i], &texts, err);
    if (r < 0)
        return r;
    VL_CLEANUP(vl_vec_done) struct vl_vec nodes;
    vl_vec_init(&nodes, sizeof(struct vl_condition *), VL_SIGMA_VALUES_MAX);
    for (size_t i = 0; i < texts.len; i++) {
        struct vl_condition **node = vl_vec_push(&nodes, "values of one field", err);
        if (node == NULL)
            return err->err;
        r = text_check(entry, vl_vec_at(&texts, i), node, err);
        if (r < 0)
            return r;
    }
    return vl_sigma_tree_group(entry->build, VL_COND_OR, nodes.items, (uint32_t)nodes.len, ret, err);
}

/* The texts of a value with placeholders while they become trees. */
struct expansion {
    const struct entry *entry;
    int (*one)(
        const struct entry *entry, struct vl_span written, struct vl_condition **ret, struct vl_err *err);
    struct vl_vec nodes; /* of struct vl_condition * */
};

static int expand_one(struct vl_span text, void *user, struct vl_err *err)
{
    struct expansion *e = user;
    struct vl_condition **node = vl_vec_push(&e->nodes, "values of one field", err);
    return node == NULL ? err->err : e->one(e->entry, text, node, err);
}

/* A value that may have placeholders: any of what they stand for. */
static int expanded(const struct entry *entry, struct vl_span written,
    int (*one)(
        const struct entry *entry, struct vl_span written, struct vl_condition **ret, struct vl_err *err),
    struct vl_condition **ret, struct vl_err *err)
{
    struct expansion e = {.entry = entry, .one = one};
    int r = 0;
    vl_vec_init(&e.nodes, sizeof(struct vl_condition *), VL_SIGMA_VALUES_MAX);
    if (entry->m.expand)
        r = vl_sigma_vars_expand(entry->build->vars, written, entry->build->arena, expand_one, &e, err);
    if (r == 0)
        r = one(entry, written, ret, err);
    else if (r > 0)
        r = vl_sigma_tree_group(entry->build, VL_COND_OR, e.nodes.items, (uint32_t)e.nodes.len, ret, err);
    vl_vec_done(&e.nodes);
    return r;
}

/* --- other kinds of values --- */

/* What other libraries know and RE2 does not, since it would take a time that grows without bounds. */
static const char *foreign_syntax(struct vl_span written)
{
    static const char *const around[] = {"(?=", "(?!", "(?<=", "(?<!", "(?>"};
    for (size_t i = 0; i < VL_ARRAY_LEN(around); i++)
        if (vl_span_find(written, vl_span_str(around[i])) != SIZE_MAX)
            return " (RE2 has no look-ahead, look-behind or atomic groups: write a second selection and not)";
    for (size_t i = 0; i + 1 < written.len; i++)
        if (written.ptr[i] == '\\' && written.ptr[++i] >= '1' && written.ptr[i] <= '9')
            return " (RE2 has no back references)";
    return "";
}

static int regex_value(
    const struct entry *entry, struct vl_span written, struct vl_condition **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_REGEX_PATTERN_MAX);
    const struct vl_sigma_modifiers *m = &entry->m;
    /* The operator is blind to case; the group says what the rule wants. */
    vl_buf_printf(&text, "(?%s%s%s%s:", m->re_i ? "i" : "", m->re_m ? "m" : "", m->re_s ? "s" : "",
        m->re_i ? "" : "-i");
    vl_buf_append_span(&text, written);
    vl_buf_append_char(&text, ')');
    int r = vl_buf_check(&text, "a regular expression", err);
    if (r < 0)
        return r;
    VL_CLEANUP(vl_regex_cleanup) struct vl_regex *regex = NULL;
    r = vl_regex_new(vl_buf_span(&text), true, &regex, err);
    if (r < 0)
        return vl_err_wrap(
            err, "the regular expression %.*s%s", VL_SPAN_FMT(written), foreign_syntax(written));
    struct vl_span value = vl_buf_span(&text);
    return one_check(entry, VL_OP_IREGEX, &value, ret, err);
}

static int cidr_value(
    const struct entry *entry, struct vl_span written, struct vl_condition **ret, struct vl_err *err)
{
    struct check_net net; /* an address alone is a network of one */
    if (!check_net_parse(written, &net))
        return vl_err_set(err, VL_ERR_INVALID, "no network: %.*s", VL_SPAN_FMT(written));
    return one_check(entry, VL_OP_CIDR, &written, ret, err);
}

static int number_of(const struct vl_doc_node *value, double *ret, struct vl_err *err)
{
    if (vl_doc_number(value, ret))
        return 0;
    struct vl_span text = vl_doc_text(value);
    char buffer[64], *end = NULL;
    if (text.len > 0 && text.len < sizeof(buffer)) {
        for (size_t i = 0; i < text.len; i++)
            buffer[i] = text.ptr[i];
        buffer[text.len] = '\0';
        *ret = strtod(buffer, &end);
        if (end == buffer + text.len)
            return 0;
    }
    return vl_err_set(err, VL_ERR_INVALID, "no number: %.*s", VL_SPAN_FMT(text));
}

static bool holds(double n, enum vl_condition_op op, double bound)
{
    switch (op) {
    case VL_OP_LT:
        return n < bound;
    case VL_OP_LE:
        return n <= bound;
    case VL_OP_GT:
        return n > bound;
    case VL_OP_GE:
        return n >= bound;
    default:
        return !(n < bound) && !(n > bound);
    }
}

static int week_value(const struct entry *entry, const struct vl_doc_node *value, double bound,
    struct vl_condition **ret, struct vl_err *err)
{
    enum vl_condition_op op = entry->m.compares ? (enum vl_condition_op)entry->m.compare : VL_OP_EQ;
    bool weeks[54] = {false}, any = false;
    for (int i = 1; i <= 53; i++) {
        weeks[i] = holds(i, op, bound);
        any |= weeks[i];
    }
    if (!any)
        return vl_err_set(
            err, VL_ERR_INVALID, "no year has such a week: %.*s", VL_SPAN_FMT(vl_doc_text(value)));
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_REGEX_PATTERN_MAX);
    vl_sigma_week_expression(weeks, &text);
    int r = vl_buf_check(&text, "the weeks of a time", err);
    struct vl_span expression = vl_buf_span(&text);
    return r < 0 ? r : one_check(entry, VL_OP_IREGEX, &expression, ret, err);
}

/* A part of a time is a part of its text (RFC 3339): the numbers that are meant, as an expression. */
static int time_value(
    const struct entry *entry, const struct vl_doc_node *value, struct vl_condition **ret, struct vl_err *err)
{
    static const struct {
        const char *before;
        int from, to, digits;
    } parts[] = {
        [VL_SIGMA_MINUTE] = {"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:", 0, 59, 2},
        [VL_SIGMA_HOUR] = {"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", 0, 23, 2},
        [VL_SIGMA_DAY] = {"^[0-9]{4}-[0-9]{2}-", 1, 31, 2},
        [VL_SIGMA_MONTH] = {"^[0-9]{4}-", 1, 12, 2},
        [VL_SIGMA_YEAR] = {"^", 1970, 2200, 4},
    };
    double bound = 0;
    int r = number_of(value, &bound, err);
    if (r < 0)
        return r;
    if (entry->m.time == VL_SIGMA_WEEK)
        return week_value(entry, value, bound, ret, err);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_REGEX_PATTERN_MAX);
    vl_buf_append_str(&text, parts[entry->m.time].before);
    enum vl_condition_op op = entry->m.compares ? (enum vl_condition_op)entry->m.compare : VL_OP_EQ;
    unsigned n = 0;
    for (int i = parts[entry->m.time].from; i <= parts[entry->m.time].to; i++)
        if (holds(i, op, bound))
            vl_buf_printf(&text, "%s%0*d", n++ == 0 ? "(?:" : "|", parts[entry->m.time].digits, i);
    vl_buf_append_str(&text, ")(?:[^0-9]|$)");
    r = vl_buf_check(&text, "a part of a time", err);
    if (r < 0)
        return r;
    if (n == 0)
        return vl_err_set(
            err, VL_ERR_INVALID, "no time has such a part: %.*s", VL_SPAN_FMT(vl_doc_text(value)));
    struct vl_span expression = vl_buf_span(&text);
    return one_check(entry, VL_OP_IREGEX, &expression, ret, err);
}

static int compare_value(
    const struct entry *entry, const struct vl_doc_node *value, struct vl_condition **ret, struct vl_err *err)
{
    double number = 0;
    int r = number_of(value, &number, err);
    if (r < 0)
        return r;
    struct vl_span text = vl_doc_text(value);
    return one_check(entry, (enum vl_condition_op)entry->m.compare, &text, ret, err);
}

static int fieldref_value(
    const struct entry *entry, struct vl_span name, struct vl_condition **ret, struct vl_err *err)
{
    struct vl_sigma_target right[VL_SIGMA_TARGETS_MAX];
    uint32_t n = 0;
    if (vl_span_find_char(name, '*') != SIZE_MAX || vl_span_find_char(name, '?') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "fieldref names one field, not %.*s", VL_SPAN_FMT(name));
    int r = vl_sigma_source_targets(entry->build->source, name, entry->build->arena, right, &n, err);
    if (r < 0)
        return r;
    if (n == 0)
        return vl_err_set(err, VL_ERR_INVALID, "no field %.*s in this log source", VL_SPAN_FMT(name));
    const struct vl_sigma_modifiers *m = &entry->m;
    enum vl_sigma_shape shape = m->contains     ? VL_SIGMA_CONTAINS
                                : m->startswith ? VL_SIGMA_STARTS
                                : m->endswith   ? VL_SIGMA_ENDS
                                                : VL_SIGMA_EQUAL;
    enum vl_condition_op op = m->compares ? (enum vl_condition_op)m->compare : op_of(shape, m->cased);
    return vl_sigma_tree_check_field(entry->build, entry->targets, entry->n_targets, op, right, n, ret, err);
}

static int exists_value(
    const struct entry *entry, const struct vl_doc_node *value, struct vl_condition **ret, struct vl_err *err)
{
    struct vl_span text = vl_doc_text(value);
    bool yes = vl_span_eq_nocase(text, VL_SPAN_LIT("true")) || vl_span_eq_nocase(text, VL_SPAN_LIT("yes"));
    if (!yes && !vl_span_eq_nocase(text, VL_SPAN_LIT("false")) && !vl_span_eq_nocase(text, VL_SPAN_LIT("no")))
        return vl_err_set(err, VL_ERR_INVALID, "exists wants true or false, not %.*s", VL_SPAN_FMT(text));
    return exists_check(entry, yes, ret, err);
}

static int value_tree(
    const struct entry *entry, const struct vl_doc_node *value, struct vl_condition **ret, struct vl_err *err)
{
    const struct vl_sigma_modifiers *m = &entry->m;
    entry->build->where = value;
    enum vl_doc_type type = vl_doc_type(value);
    if (type == VL_DOC_ARRAY || type == VL_DOC_OBJECT)
        return vl_err_set(err, VL_ERR_INVALID, "a value is a text, a number, true, false or null, not %s",
            vl_doc_type_name(type));
    if (m->exists)
        return exists_value(entry, value, ret, err);
    if (type == VL_DOC_NULL) {
        if (entry->keyword)
            return vl_err_set(err, VL_ERR_INVALID, "null is no keyword");
        return exists_check(entry, false, ret, err);
    }
    if (m->time != VL_SIGMA_NO_TIME)
        return time_value(entry, value, ret, err);
    struct vl_span text = vl_doc_text(value);
    int64_t number;
    if (vl_doc_whole(value, &number)) { /* 42.0 is 42, as in records */
        const char *whole = vl_arena_printf(entry->build->arena, "%" PRId64, number);
        if (whole == NULL)
            return vl_err_nomem(err);
        text = vl_span_str(whole);
    }
    if (m->fieldref)
        return fieldref_value(entry, text, ret, err);
    if (m->compares)
        return compare_value(entry, value, ret, err);
    if (m->re)
        return regex_value(entry, text, ret, err);
    if (m->cidr)
        return expanded(entry, text, cidr_value, ret, err);
    return expanded(entry, text, one_text, ret, err);
}

static int value_list(
    const struct entry *entry, const struct vl_doc_node *list, struct vl_condition **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec nodes;
    vl_vec_init(&nodes, sizeof(struct vl_condition *), VL_SIGMA_VALUES_MAX);
    for (const struct vl_doc_node *v = vl_doc_first(list); v != NULL; v = vl_doc_next(v)) {
        struct vl_condition **node = vl_vec_push(&nodes, "values of one field", err);
        if (node == NULL)
            return err->err;
        int r = value_tree(entry, v, node, err);
        if (r < 0)
            return r;
    }
    entry->build->where = list;
    if (nodes.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "a field without any value");
    return vl_sigma_tree_group(
        entry->build, entry->m.all ? VL_COND_AND : VL_COND_OR, nodes.items, (uint32_t)nodes.len, ret, err);
}

int vl_sigma_value_entry(struct vl_sigma_build *build, struct vl_span key, const struct vl_doc_node *value,
    struct vl_condition **ret, struct vl_err *err)
{
    struct entry entry = {.build = build};
    build->where = value;
    struct vl_span name;
    int r = vl_sigma_modifiers_parse(key, &name, &entry.m, err);
    if (r < 0)
        return vl_err_wrap(err, "%.*s", VL_SPAN_FMT(key));
    entry.keyword = name.len == 0;
    if (entry.keyword) {
        name = VL_SPAN_LIT(VL_SIGMA_KEYWORDS);
        if (entry.m.exists || entry.m.fieldref || entry.m.compares || entry.m.time != VL_SIGMA_NO_TIME)
            return vl_err_set(err, VL_ERR_INVALID, "%.*s: this modifier needs a field", VL_SPAN_FMT(key));
    }
    r = vl_sigma_source_targets(build->source, name, build->arena, entry.targets, &entry.n_targets, err);
    if (r < 0)
        return r;
    if (entry.n_targets == 0) {
        /* The tree is built all the same, so that the rest of the rule is checked. */
        if (build->unknown_field == NULL)
            build->unknown_field = vl_arena_dup_span(build->arena, name);
        entry.targets[0] = (struct vl_sigma_target){.field = name};
        const char *kept = vl_arena_dup_span(build->arena, name);
        if (kept == NULL)
            return vl_err_nomem(err);
        entry.targets[0].field = vl_span_str(kept);
        entry.n_targets = 1;
    }
    if (entry.m.all && !(vl_doc_is(value, VL_DOC_ARRAY) && vl_doc_size(value) > 1) && build->lone_all == NULL)
        build->lone_all = value;
    r = vl_doc_is(value, VL_DOC_ARRAY) ? value_list(&entry, value, ret, err)
                                       : value_tree(&entry, value, ret, err);
    if (r < 0)
        return vl_err_wrap(err, "%.*s", VL_SPAN_FMT(key));
    return entry.m.neq ? vl_sigma_tree_not(build, *ret, ret, err) : 0;
}
