#include "codec/jmespath.h"

#include <stdlib.h>
#include <string.h>

#include "codec/doc_write.h"
#include "jmespath_impl.h"

#define TREE_MAX     (32UL * 1024 * 1024) /* bytes of an expression's tree */
#define LITERALS_MAX 4096
#define WHOLE_MAX    9007199254740992.0 /* 2^53: up to here a double is a whole number exactly */

int vl_jmespath_compile(struct vl_span text, struct vl_jmespath **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_jmespath_cleanup) struct vl_jmespath *e = calloc(1, sizeof(*e));
    if (!e)
        return vl_err_nomem(err);
    vl_vec_init(&e->docs, sizeof(struct vl_doc *), LITERALS_MAX);
    e->arena = vl_arena_new(TREE_MAX);
    if (!e->arena)
        return vl_err_nomem(err);
    int r = jp_parse(e, text, err);
    if (r < 0)
        return r;
    *ret = e;
    e = NULL;
    return 0;
}

void vl_jmespath_free(struct vl_jmespath *expression)
{
    if (!expression)
        return;
    for (size_t i = 0; i < expression->docs.len; i++)
        vl_doc_free(*(struct vl_doc **)vl_vec_at(&expression->docs, i));
    vl_vec_done(&expression->docs);
    vl_arena_free(expression->arena);
    free(expression);
}

void vl_jmespath_cleanup(struct vl_jmespath **expression)
{
    vl_jmespath_free(*expression);
    *expression = NULL;
}

/* --- values --- */

struct jp_value jp_of_node(const struct vl_doc_node *node)
{
    struct jp_value v = {.node = node};
    switch (vl_doc_type(node)) {
    case VL_DOC_BOOL:
        v.type = JP_T_BOOL;
        v.u.truth = vl_doc_bool(node);
        break;
    case VL_DOC_INT:
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
        v.type = JP_T_NUMBER;
        (void)vl_doc_number(node, &v.u.number);
        break;
    case VL_DOC_STRING:
        v.type = JP_T_STRING;
        v.u.text = vl_doc_span(node);
        break;
    case VL_DOC_ARRAY:
        v.type = JP_T_ARRAY;
        v.n = (uint32_t)vl_doc_size(node);
        break;
    case VL_DOC_OBJECT:
        v.type = JP_T_OBJECT;
        v.n = (uint32_t)vl_doc_size(node);
        break;
    case VL_DOC_NULL:
    default:
        v.type = JP_T_NULL;
        break;
    }
    return v;
}

int jp_work(struct jp_run *run, size_t n)
{
    run->work += n + 1;
    if (run->work > VL_JMESPATH_WORK_MAX)
        return vl_err_set(
            run->err, VL_ERR_LIMIT, "JMESPath: more than %u values to look at", VL_JMESPATH_WORK_MAX);
    return 0;
}

static void *make_array(struct jp_run *run, size_t n, size_t size)
{
    return vl_arena_array(run->arena, n + 1, size);
}

int jp_items(struct jp_run *run, const struct jp_value *array, const struct jp_value **ret)
{
    if (!array->node) {
        *ret = array->u.items;
        return 0;
    }
    struct jp_value *items = make_array(run, array->n, sizeof(*items));
    size_t i = 0;
    if (!items)
        return vl_arena_failed(run->arena, "JMESPath", run->err);
    for (const struct vl_doc_node *n = vl_doc_first(array->node); n && i < array->n; n = vl_doc_next(n))
        items[i++] = jp_of_node(n);
    *ret = items;
    return jp_work(run, array->n);
}

int jp_members(struct jp_run *run, const struct jp_value *object, const struct jp_member **ret)
{
    if (!object->node) {
        *ret = object->u.members;
        return 0;
    }
    struct jp_member *members = make_array(run, object->n, sizeof(*members));
    size_t i = 0;
    if (!members)
        return vl_arena_failed(run->arena, "JMESPath", run->err);
    for (const struct vl_doc_node *n = vl_doc_first(object->node); n && i < object->n;
        n = vl_doc_next(n), i++)
        members[i] = (struct jp_member){vl_doc_key(n), jp_of_node(n)};
    *ret = members;
    return jp_work(run, object->n);
}

static int same_items(struct jp_run *run, const struct jp_value *a, const struct jp_value *b, bool *ret)
{
    const struct jp_value *x, *y;
    int r = jp_items(run, a, &x);
    if (r >= 0)
        r = jp_items(run, b, &y);
    *ret = a->n == b->n;
    for (uint32_t i = 0; r >= 0 && *ret && i < a->n; i++)
        r = jp_equal(run, &x[i], &y[i], ret);
    return r;
}

static int get_member(struct jp_run *run, const struct jp_value *object, struct vl_span key,
    struct jp_value *ret, bool *ret_found)
{
    *ret_found = false;
    *ret = jp_null();
    if (object->node) {
        const struct vl_doc_node *n = vl_doc_get_span(object->node, key);
        *ret_found = n != NULL;
        *ret = jp_of_node(n);
        return jp_work(run, 1);
    }
    for (uint32_t i = 0; i < object->n; i++) {
        if (vl_span_eq(object->u.members[i].key, key)) {
            *ret = object->u.members[i].value;
            *ret_found = true;
            break;
        }
    }
    return jp_work(run, object->n);
}

static int same_members(struct jp_run *run, const struct jp_value *a, const struct jp_value *b, bool *ret)
{
    const struct jp_member *x;
    struct jp_value other;
    int r = jp_members(run, a, &x);
    *ret = a->n == b->n;
    for (uint32_t i = 0; r >= 0 && *ret && i < a->n; i++) {
        r = get_member(run, b, x[i].key, &other, ret);
        if (r >= 0 && *ret)
            r = jp_equal(run, &x[i].value, &other, ret);
    }
    return r;
}

/* As deep as the values are: an expression's depth and a document's. */
int jp_equal(struct jp_run *run, const struct jp_value *a, const struct jp_value *b, bool *ret)
{
    int r = jp_work(run, 1);
    *ret = false;
    if (r < 0 || a->type != b->type)
        return r;
    switch (a->type) {
    case JP_T_BOOL:
        *ret = a->u.truth == b->u.truth;
        return 0;
    case JP_T_NUMBER:
        *ret = !(a->u.number < b->u.number) && !(a->u.number > b->u.number);
        return 0;
    case JP_T_STRING:
        *ret = vl_span_eq(a->u.text, b->u.text);
        return 0;
    case JP_T_ARRAY:
        return same_items(run, a, b, ret);
    case JP_T_OBJECT:
        return same_members(run, a, b, ret);
    case JP_T_NULL:
        *ret = true;
        return 0;
    case JP_T_EXPREF:
    default:
        return 0;
    }
}

static bool is_true(const struct jp_value *v)
{
    switch (v->type) {
    case JP_T_BOOL:
        return v->u.truth;
    case JP_T_STRING:
        return v->u.text.len > 0;
    case JP_T_ARRAY:
    case JP_T_OBJECT:
        return v->n > 0;
    case JP_T_NULL:
        return false;
    case JP_T_NUMBER:
    case JP_T_EXPREF:
    default:
        return true;
    }
}

/* --- evaluation --- */

static int eval_index(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *array, struct jp_value *ret)
{
    const struct jp_value *items;
    int64_t i = node->number;
    *ret = jp_null();
    if (array->type != JP_T_ARRAY)
        return 0;
    i = i < 0 ? i + array->n : i;
    if (i < 0 || i >= array->n)
        return 0;
    if (array->node) {
        *ret = jp_of_node(vl_doc_at(array->node, (size_t)i));
        return jp_work(run, (size_t)i);
    }
    int r = jp_items(run, array, &items);
    if (r >= 0)
        *ret = items[i];
    return r;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* As Python's slices: specification, "Slices". */
static int eval_slice(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *array, struct jp_value *ret)
{
    int64_t step = node->has[2] ? node->slice[2] : 1;
    int64_t len = array->n;
    const struct jp_value *items;
    size_t n = 0;
    *ret = jp_null();
    if (step == 0)
        return vl_err_set(run->err, VL_ERR_INVALID, "JMESPath: the step of a slice is not 0");
    if (array->type != JP_T_ARRAY)
        return 0;
    int64_t low = step < 0 ? -1 : 0;
    int64_t high = step < 0 ? len - 1 : len;
    int64_t start = node->slice[0] < 0 ? node->slice[0] + len : node->slice[0];
    int64_t stop = node->slice[1] < 0 ? node->slice[1] + len : node->slice[1];
    start = node->has[0] ? clamp(start, low, high) : step < 0 ? high : low;
    stop = node->has[1] ? clamp(stop, low, high) : step < 0 ? low : high;
    int r = jp_items(run, array, &items);
    struct jp_value *out = r < 0 ? NULL : make_array(run, array->n, sizeof(*out));
    if (!out)
        return r < 0 ? r : vl_arena_failed(run->arena, "JMESPath", run->err);
    for (int64_t i = start; step < 0 ? i > stop : i < stop; i += step)
        out[n++] = items[i];
    *ret = jp_array(out, n);
    return jp_work(run, n);
}

/* The right side of each item; null results are left out. `condition`: only of items for which it holds. */
static int project(struct jp_run *run, const struct jp_node *node, const struct jp_value *items, size_t n,
    struct jp_value *ret)
{
    struct jp_value *out = make_array(run, n, sizeof(*out));
    struct jp_value v;
    size_t kept = 0;
    int r = out ? jp_work(run, n) : vl_arena_failed(run->arena, "JMESPath", run->err);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        if (node->kind == JP_FILTER) {
            r = jp_eval(run, node->third, &items[i], &v);
            if (r < 0 || !is_true(&v))
                continue;
        }
        r = jp_eval(run, node->right, &items[i], &v);
        if (r >= 0 && v.type != JP_T_NULL)
            out[kept++] = v;
    }
    if (r >= 0)
        *ret = jp_array(out, kept);
    return r;
}

static int eval_values(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *object, struct jp_value *ret)
{
    const struct jp_member *members;
    *ret = jp_null();
    if (object->type != JP_T_OBJECT)
        return 0;
    int r = jp_members(run, object, &members);
    struct jp_value *items = r < 0 ? NULL : make_array(run, object->n, sizeof(*items));
    if (!items)
        return r < 0 ? r : vl_arena_failed(run->arena, "JMESPath", run->err);
    for (uint32_t i = 0; i < object->n; i++)
        items[i] = members[i].value;
    return project(run, node, items, object->n, ret);
}

static int eval_projection(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *array, struct jp_value *ret)
{
    const struct jp_value *items;
    *ret = jp_null();
    if (array->type != JP_T_ARRAY)
        return 0;
    int r = jp_items(run, array, &items);
    return r < 0 ? r : project(run, node, items, array->n, ret);
}

static int eval_flatten(struct jp_run *run, const struct jp_value *array, struct jp_value *ret)
{
    const struct jp_value *items, *inner;
    size_t total = 0, n = 0;
    *ret = jp_null();
    if (array->type != JP_T_ARRAY)
        return 0;
    int r = jp_items(run, array, &items);
    for (uint32_t i = 0; r >= 0 && i < array->n; i++)
        total += items[i].type == JP_T_ARRAY ? items[i].n : 1;
    if (r >= 0)
        r = jp_work(run, total);
    struct jp_value *out = r < 0 ? NULL : make_array(run, total, sizeof(*out));
    if (!out)
        return r < 0 ? r : vl_arena_failed(run->arena, "JMESPath", run->err);
    for (uint32_t i = 0; r >= 0 && i < array->n; i++) {
        if (items[i].type != JP_T_ARRAY) {
            out[n++] = items[i];
            continue;
        }
        r = jp_items(run, &items[i], &inner);
        for (uint32_t k = 0; r >= 0 && k < items[i].n; k++)
            out[n++] = inner[k];
    }
    *ret = jp_array(out, n);
    return r;
}

static int eval_compare(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *input, struct jp_value *ret)
{
    struct jp_value a, b;
    bool same = false;
    int r = jp_eval(run, node->left, input, &a);
    if (r >= 0)
        r = jp_eval(run, node->right, input, &b);
    if (r < 0)
        return r;
    if (node->number == JP_EQ || node->number == JP_NE) {
        r = jp_equal(run, &a, &b, &same);
        *ret = jp_bool(same == (node->number == JP_EQ));
        return r;
    }
    *ret = jp_null(); /* an order is one of numbers alone */
    if (a.type != JP_T_NUMBER || b.type != JP_T_NUMBER)
        return 0;
    double x = a.u.number;
    double y = b.u.number;
    *ret = jp_bool(node->number == JP_LT   ? x < y
                   : node->number == JP_LE ? x <= y
                   : node->number == JP_GT ? x > y
                                           : x >= y);
    return 0;
}

static int eval_multi(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *input, struct jp_value *ret)
{
    bool hash = node->kind == JP_MULTI_HASH;
    int r = jp_work(run, node->n);
    *ret = jp_null();
    if (r < 0 || input->type == JP_T_NULL)
        return r;
    struct jp_value *items = hash ? NULL : make_array(run, node->n, sizeof(*items));
    struct jp_member *members = hash ? make_array(run, node->n, sizeof(*members)) : NULL;
    if (!items && !members)
        return vl_arena_failed(run->arena, "JMESPath", run->err);
    size_t n = 0;
    for (size_t i = 0; r >= 0 && i < node->n; i++) {
        struct jp_value v;
        r = jp_eval(run, hash ? node->items[i]->left : node->items[i], input, &v);
        if (r < 0)
            return r;
        if (!hash) {
            items[n++] = v;
            continue;
        }
        size_t at = 0; /* of several with one name the last counts */
        while (at < n && !vl_span_eq(members[at].key, node->items[i]->text))
            at++;
        members[at] = (struct jp_member){node->items[i]->text, v};
        n = at == n ? n + 1 : n;
    }
    *ret = hash ? (struct jp_value){.type = JP_T_OBJECT, .n = (uint32_t)n, .u.members = members}
                : jp_array(items, n);
    return r;
}

static int eval_function(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *input, struct jp_value *ret)
{
    struct jp_value *args = make_array(run, node->n, sizeof(*args));
    int r = args ? jp_work(run, node->n) : vl_arena_failed(run->arena, "JMESPath", run->err);
    for (size_t i = 0; r >= 0 && i < node->n; i++)
        r = jp_eval(run, node->items[i], input, &args[i]);
    return r < 0 ? r : jp_function_call(run, (int)node->number, args, node->n, ret);
}

/* Those that first evaluate their left side. */
static int eval_of_left(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *input, struct jp_value *ret)
{
    struct jp_value left;
    int r = jp_eval(run, node->left, input, &left);
    if (r < 0)
        return r;
    switch (node->kind) {
    case JP_SUB:
        return jp_eval(run, node->right, &left, ret);
    case JP_INDEX:
        return eval_index(run, node, &left, ret);
    case JP_SLICE:
        return eval_slice(run, node, &left, ret);
    case JP_VALUES:
        return eval_values(run, node, &left, ret);
    case JP_LIST:
    case JP_FILTER:
        return eval_projection(run, node, &left, ret);
    case JP_FLATTEN:
        return eval_flatten(run, &left, ret);
    case JP_NOT:
        *ret = jp_bool(!is_true(&left));
        return 0;
    case JP_OR:
    case JP_AND:
    default:
        if (is_true(&left) == (node->kind == JP_OR)) {
            *ret = left;
            return 0;
        }
        return jp_eval(run, node->right, input, ret);
    }
}

/* As deep as the tree, which VL_JMESPATH_DEPTH_MAX limits. */
int jp_eval(
    struct jp_run *run, const struct jp_node *node, const struct jp_value *input, struct jp_value *ret)
{
    bool found;
    int r = jp_work(run, 0);
    if (r < 0)
        return r;
    switch (node->kind) {
    case JP_CURRENT:
        *ret = *input;
        return 0;
    case JP_FIELD:
        *ret = jp_null();
        return input->type == JP_T_OBJECT ? get_member(run, input, node->text, ret, &found) : 0;
    case JP_LITERAL:
        *ret = node->value;
        return 0;
    case JP_COMPARE:
        return eval_compare(run, node, input, ret);
    case JP_MULTI_LIST:
    case JP_MULTI_HASH:
        return eval_multi(run, node, input, ret);
    case JP_FUNCTION:
        return eval_function(run, node, input, ret);
    case JP_EXPREF:
        *ret = (struct jp_value){.type = JP_T_EXPREF, .u.expression = node->left};
        return 0;
    default:
        return eval_of_left(run, node, input, ret);
    }
}

/* --- the result --- */

static void write_number(double v, struct vl_json *json)
{
    bool whole = v >= -WHOLE_MAX && v <= WHOLE_MAX && !(v < (double)(int64_t)v) && !(v > (double)(int64_t)v);
    if (whole)
        vl_json_int(json, (int64_t)v);
    else
        vl_json_double(json, v);
}

int jp_write(struct jp_run *run, const struct jp_value *value, struct vl_json *json)
{
    int r = jp_work(run, 1);
    if (r < 0)
        return r;
    if (value->node) {
        vl_doc_write(value->node, json);
        return 0;
    }
    switch (value->type) {
    case JP_T_BOOL:
        vl_json_bool(json, value->u.truth);
        break;
    case JP_T_NUMBER:
        write_number(value->u.number, json);
        break;
    case JP_T_STRING:
        vl_json_span(json, value->u.text);
        break;
    case JP_T_ARRAY:
        vl_json_array(json);
        for (uint32_t i = 0; r >= 0 && i < value->n; i++)
            r = jp_write(run, &value->u.items[i], json);
        vl_json_array_end(json);
        break;
    case JP_T_OBJECT:
        vl_json_object(json);
        for (uint32_t i = 0; r >= 0 && i < value->n; i++) {
            vl_json_key_span(json, value->u.members[i].key);
            r = jp_write(run, &value->u.members[i].value, json);
        }
        vl_json_object_end(json);
        break;
    case JP_T_EXPREF:
        return vl_err_set(run->err, VL_ERR_INVALID, "JMESPath: an expression (&) is for functions alone");
    case JP_T_NULL:
    default:
        vl_json_null(json);
        break;
    }
    return r;
}

int vl_jmespath_search(const struct vl_jmespath *expression, const struct vl_doc_node *input,
    struct vl_json *out, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(VL_JMESPATH_BYTES_MAX);
    struct jp_run run = {.arena = arena, .err = err};
    struct jp_value value;
    if (!arena)
        return vl_err_nomem(err);
    const struct jp_value of = jp_of_node(input);
    int r = jp_eval(&run, expression->root, &of, &value);
    if (r >= 0)
        r = jp_write(&run, &value, out);
    return r < 0 ? r : 0;
}
