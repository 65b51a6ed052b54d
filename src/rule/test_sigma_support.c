/* tests: sigma_test.h, a second evaluator for trees */
#include "sigma_test.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "pattern/regex.h"

#define RECORD_TEXT_MAX (1024UL * 1024)

static void collect(const struct vl_doc_node *node, struct vl_buf *out, int depth)
{
    if (depth > 8)
        return;
    if (vl_doc_is(node, VL_DOC_OBJECT) || vl_doc_is(node, VL_DOC_ARRAY)) {
        for (const struct vl_doc_node *n = vl_doc_first(node); n != NULL; n = vl_doc_next(n))
            collect(n, out, depth + 1);
        return;
    }
    vl_buf_append_span(out, vl_doc_text(node));
    vl_buf_append_char(out, '\n');
}

static const struct vl_doc_node *member(const struct vl_doc_node *record, struct vl_span name)
{
    const struct vl_doc_node *whole = vl_doc_get_span(record, name);
    struct vl_span part;
    if (whole != NULL)
        return whole;
    while (vl_span_split(&name, '.', &part))
        record = vl_doc_get_span(record, part);
    return record;
}

/* False where there is none. */
static bool field_text(const struct vl_operand *operand, const struct vl_doc_node *record, struct vl_buf *out)
{
    if (operand->transformer == VL_TRANSFORM_VAL)
        return field_text(operand->inner, record, out);
    if (vl_span_eq_str(operand->field, "*")) {
        collect(record, out, 0);
        return true;
    }
    char name[300];
    size_t n = 0;
    for (size_t i = 0; i < operand->field.len && n < 200; i++)
        name[n++] = operand->field.ptr[i];
    if (operand->has_arg) {
        name[n++] = '[';
        for (size_t i = 0; i < operand->arg.len && n < 298; i++)
            name[n++] = operand->arg.ptr[i];
        name[n++] = ']';
    }
    const struct vl_doc_node *node = member(record, (struct vl_span){name, n});
    if (node == NULL || vl_doc_type(node) == VL_DOC_NULL)
        return false;
    vl_buf_append_span(out, vl_doc_text(node));
    return true;
}

static bool in_net(const char *text, const char *net)
{
    char host[INET6_ADDRSTRLEN + 1] = "";
    size_t n = strcspn(net, "/");
    if (n >= sizeof(host))
        return false;
    memcpy(host, net, n);
    int family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    unsigned char a[16] = {0}, b[16] = {0};
    if (inet_pton(family, host, a) != 1 || inet_pton(family, text, b) != 1)
        return false;
    int bits = net[n] == '/' ? (int)strtol(net + n + 1, NULL, 10) : family == AF_INET ? 32 : 128;
    for (int i = 0; i < bits; i++)
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
            return false;
    return true;
}

static bool regex_finds(struct vl_span expression, struct vl_span text)
{
    struct vl_regex *regex = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_regex_new(expression, true, &regex, &err) < 0)
        abort();
    bool yes = vl_regex_find(regex, text, NULL, 0);
    vl_regex_free(regex);
    return yes;
}

static bool compare(enum vl_condition_op op, const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    const char *tail = na >= nb ? a + na - nb : "";
    switch (op) {
    case VL_OP_EXISTS:
        return true;
    case VL_OP_EQ:
        return strcmp(a, b) == 0;
    case VL_OP_IEQ:
        return strcasecmp(a, b) == 0;
    case VL_OP_CONTAINS:
        return strstr(a, b) != NULL;
    case VL_OP_ICONTAINS:
        return strcasestr(a, b) != NULL;
    case VL_OP_STARTSWITH:
        return strncmp(a, b, nb) == 0;
    case VL_OP_ISTARTSWITH:
        return strncasecmp(a, b, nb) == 0;
    case VL_OP_ENDSWITH:
        return na >= nb && strcmp(tail, b) == 0;
    case VL_OP_IENDSWITH:
        return na >= nb && strcasecmp(tail, b) == 0;
    case VL_OP_GLOB:
        return fnmatch(b, a, 0) == 0;
    case VL_OP_IGLOB:
        return fnmatch(b, a, FNM_CASEFOLD) == 0;
    case VL_OP_IREGEX:
        return regex_finds(vl_span_str(b), vl_span_str(a));
    case VL_OP_CIDR:
        return in_net(a, b);
    case VL_OP_LT:
        return strtod(a, NULL) < strtod(b, NULL);
    case VL_OP_LE:
        return strtod(a, NULL) <= strtod(b, NULL);
    case VL_OP_GT:
        return strtod(a, NULL) > strtod(b, NULL);
    case VL_OP_GE:
        return strtod(a, NULL) >= strtod(b, NULL);
    default:
        abort();
    }
}

static bool in_list(const struct vl_condition *check, const char *text)
{
    for (uint32_t i = 0; i < check->as.check.n_values; i++)
        if (vl_span_eq_str(check->as.check.values[i], text))
            return true;
    return false;
}

static bool check_holds(const struct vl_condition *check, const struct vl_doc_node *record)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf left, right;
    vl_buf_init(&left, RECORD_TEXT_MAX);
    vl_buf_init(&right, RECORD_TEXT_MAX);
    if (!field_text(check->as.check.left, record, &left))
        return false;
    if (check->op == VL_OP_IN)
        return in_list(check, vl_buf_str(&left));
    if (check->right_is_field && !field_text(check->as.check.right_field, record, &right))
        return false;
    if (!check->right_is_field && check->as.check.n_values > 0)
        vl_buf_append_span(&right, check->as.check.values[0]);
    return compare((enum vl_condition_op)check->op, vl_buf_str(&left), vl_buf_str(&right));
}

bool test_tree_holds(const struct vl_condition *tree, const struct vl_doc_node *record)
{
    if (tree->kind == VL_COND_CHECK)
        return check_holds(tree, record);
    if (tree->kind == VL_COND_NOT)
        return !test_tree_holds(tree->as.children.items[0], record);
    bool is_and = tree->kind == VL_COND_AND;
    for (uint32_t i = 0; i < tree->as.children.n; i++)
        if (test_tree_holds(tree->as.children.items[i], record) != is_and)
            return !is_and;
    return is_and;
}
