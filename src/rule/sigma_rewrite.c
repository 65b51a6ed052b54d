#include <string.h>

#include "base/buf.h"
#include "sigma_convert.h"

#define DEPTH_MAX     512
#define PATTERN_BYTES (256UL * 1024)

/* ident(.ident)+: what Falco's syntax takes for a field. */
static bool can_name(struct vl_span field)
{
    bool dot = false;
    for (size_t i = 0; i < field.len; i++) {
        char c = field.ptr[i];
        bool letter = vl_char_is_letter(c) || c == '_';
        bool digit = c >= '0' && c <= '9';
        bool first = i == 0 || field.ptr[i - 1] == '.';
        if (c == '.' ? first : !(letter || (digit && !first)))
            return false;
        dot = dot || c == '.';
    }
    return dot && field.ptr[field.len - 1] != '.';
}

static int check_field(const struct vl_operand *operand, struct vl_err *err)
{
    if (operand->transformer != VL_TRANSFORM_NONE)
        return operand->inner != NULL ? check_field(operand->inner, err) : 0;
    if (vl_span_eq_str(operand->field, "*"))
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "keywords look at all of a log record, for which a condition has no field");
    if (!can_name(operand->field))
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "a condition cannot name the field %.*s: fields have a dot", VL_SPAN_FMT(operand->field));
    return 0;
}

static int set_value(
    struct vl_condition *check, struct vl_arena *arena, const struct vl_buf *text, struct vl_err *err)
{
    struct vl_span *value = vl_arena_alloc(arena, sizeof(*value));
    char *bytes = vl_arena_dup_span(arena, vl_buf_span(text));
    int r = vl_buf_check(text, "a value", err);
    if (r < 0)
        return r;
    if (value == NULL || bytes == NULL)
        return vl_err_nomem(err);
    *value = (struct vl_span){bytes, text->len};
    check->as.check.values = value;
    check->as.check.n_values = 1;
    return 0;
}

/* Numbers, addresses: equal is equal, whatever the case. */
static bool has_letters(struct vl_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (vl_char_is_letter(c) || c >= 0x80)
            return true;
    }
    return false;
}

static bool is_address_field(struct vl_span field)
{
    static const char *const names[] = {"fd.sip", "fd.cip", "fd.lip", "fd.rip", "fd.ip"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        if (vl_span_eq_str(field, names[i]))
            return true;
    return false;
}

static bool is_boolean(struct vl_span text)
{
    return vl_span_eq_nocase(text, VL_SPAN_LIT("true")) || vl_span_eq_nocase(text, VL_SPAN_LIT("false"));
}

/* `iglob` takes a pattern: the text with its special characters escaped, and stars where more may stand. */
static int to_glob(
    struct vl_condition *check, bool before, bool after, struct vl_arena *arena, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, PATTERN_BYTES);
    struct vl_span value = check->as.check.values[0];
    if (before)
        vl_buf_append_char(&text, '*');
    for (size_t i = 0; i < value.len; i++) {
        if (strchr("*?[]\\", value.ptr[i]) != NULL && value.ptr[i] != '\0')
            vl_buf_append_char(&text, '\\');
        vl_buf_append_char(&text, value.ptr[i]);
    }
    if (after)
        vl_buf_append_char(&text, '*');
    check->op = VL_OP_IGLOB;
    return set_value(check, arena, &text, err);
}

static int to_regex(struct vl_condition *check, struct vl_arena *arena, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, PATTERN_BYTES);
    /* Falco's is anchored and minds case. */
    vl_buf_printf(&text, "(?s:.*)(?i:%.*s)(?s:.*)", VL_SPAN_FMT(check->as.check.values[0]));
    check->op = VL_OP_REGEX;
    return set_value(check, arena, &text, err);
}

static int rewrite_field_compare(struct vl_condition *check, struct vl_err *err)
{
    static const struct {
        uint8_t from, to;
    } ops[] = {
        {VL_OP_IEQ, VL_OP_EQ}, {VL_OP_ISTARTSWITH, VL_OP_STARTSWITH}, {VL_OP_IENDSWITH, VL_OP_ENDSWITH}};
    for (size_t i = 0; i < VL_ARRAY_LEN(ops); i++)
        if (check->op == ops[i].from)
            return vl_err_set(err, VL_ERR_UNSUPPORTED,
                "fields are compared without their case, for which there is no operator");
    return 0;
}

static int rewrite_check(struct vl_condition *check, struct vl_arena *arena, struct vl_err *err)
{
    int r = check_field(check->as.check.left, err);
    if (r == 0 && check->right_is_field) {
        r = check_field(check->as.check.right_field, err);
        return r < 0 ? r : rewrite_field_compare(check, err);
    }
    if (r < 0 || check->as.check.n_values == 0)
        return r;
    struct vl_span value = check->as.check.values[0];
    bool whole = check->op == VL_OP_IEQ || check->op == VL_OP_EQ || check->op == VL_OP_CIDR;
    if (!whole && is_address_field(check->as.check.left->field))
        return vl_err_set(
            err, VL_ERR_UNSUPPORTED, "a part of an address is compared; a condition has networks for it");
    switch (check->op) {
    case VL_OP_IEQ:
        if (!has_letters(value) || is_boolean(value) || is_address_field(check->as.check.left->field)) {
            check->op = VL_OP_EQ;
            return 0;
        }
        return to_glob(check, false, false, arena, err);
    case VL_OP_ISTARTSWITH:
        return to_glob(check, false, true, arena, err);
    case VL_OP_IENDSWITH:
        return to_glob(check, true, false, arena, err);
    case VL_OP_IREGEX:
        return to_regex(check, arena, err);
    case VL_OP_CIDR: {
        struct vl_operand *left = check->as.check.left;
        bool server = vl_span_eq_str(left->field, "fd.sip");
        if (!server && !vl_span_eq_str(left->field, "fd.cip"))
            return vl_err_set(err, VL_ERR_UNSUPPORTED,
                "%.*s is compared with a network, which only addresses can be", VL_SPAN_FMT(left->field));
        left->field = server ? VL_SPAN_LIT("fd.snet") : VL_SPAN_LIT("fd.cnet");
        check->op = VL_OP_IN;
        check->right_is_list = true;
        return 0;
    }
    default:
        return 0;
    }
}

static int rewrite(const struct vl_condition *tree, unsigned depth, struct vl_arena *arena,
    struct vl_condition **ret, struct vl_err *err)
{
    if (depth > DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "nested deeper than %d", DEPTH_MAX);
    struct vl_condition *copy = vl_arena_alloc(arena, sizeof(*copy));
    if (copy == NULL)
        return vl_err_nomem(err);
    *copy = *tree;
    *ret = copy;
    if (tree->kind == VL_COND_CHECK) {
        struct vl_operand *left = vl_arena_alloc(arena, sizeof(*left));
        if (left == NULL)
            return vl_err_nomem(err);
        *left = *tree->as.check.left;
        copy->as.check.left = left;
        return rewrite_check(copy, arena, err);
    }
    if (tree->kind == VL_COND_MACRO)
        return 0;
    copy->as.children.items = vl_arena_array(arena, tree->as.children.n, sizeof(struct vl_condition *));
    if (copy->as.children.items == NULL)
        return vl_err_nomem(err);
    for (uint32_t i = 0; i < tree->as.children.n; i++) {
        int r = rewrite(tree->as.children.items[i], depth + 1, arena, &copy->as.children.items[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

int sc_rewrite(
    const struct vl_condition *tree, struct vl_arena *arena, struct vl_condition **ret, struct vl_err *err)
{
    return rewrite(tree, 0, arena, ret, err);
}
