/* The built-in functions: https://jmespath.org/specification.html#built-in-functions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jmespath_impl.h"

#define ANY      0xFFU
#define NUMBER   (1U << JP_T_NUMBER)
#define STRING   (1U << JP_T_STRING)
#define ARRAY    (1U << JP_T_ARRAY)
#define OBJECT   (1U << JP_T_OBJECT)
#define EXPREF   (1U << JP_T_EXPREF)
#define VALUE    (ANY & ~EXPREF)
#define TEXT_MAX (64UL * 1024 * 1024) /* bytes of a text that a function makes */

struct call {
    struct jp_run *run;
    const struct jp_value *args;
    size_t n;
    const char *name;
};

struct function {
    const char *name;
    uint8_t min, max; /* arguments; max 0: any number */
    uint8_t types[2]; /* the last one is that of all that follow too */
    int (*call)(const struct call *c, struct jp_value *ret);
};

static const char *type_name(enum jp_type type)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object", "expref"};
    return names[type];
}

static int wrong(const struct call *c, const char *what)
{
    return vl_err_set(c->run->err, VL_ERR_INVALID, "JMESPath: %s(): %s", c->name, what);
}

static void *make(const struct call *c, size_t n, size_t size)
{
    return vl_arena_array(c->run->arena, n + 1, size);
}

/* All items of an array are numbers, or all are texts. */
static int check_kind(
    const struct call *c, const struct jp_value *items, size_t n, bool texts, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        bool number = items[i].type == JP_T_NUMBER;
        if ((!number && !(texts && items[i].type == JP_T_STRING)) || items[i].type != items[0].type)
            return wrong(c, what);
    }
    return 0;
}

static int numbers(const struct call *c, const struct jp_value **ret)
{
    int r = jp_items(c->run, &c->args[0], ret);
    return r < 0 ? r : check_kind(c, *ret, c->args[0].n, false, "takes an array of numbers");
}

/* --- numbers --- */

static int call_abs(const struct call *c, struct jp_value *ret)
{
    *ret = jp_number(fabs(c->args[0].u.number));
    return 0;
}

static int call_ceil(const struct call *c, struct jp_value *ret)
{
    *ret = jp_number(ceil(c->args[0].u.number));
    return 0;
}

static int call_floor(const struct call *c, struct jp_value *ret)
{
    *ret = jp_number(floor(c->args[0].u.number));
    return 0;
}

static int call_sum(const struct call *c, struct jp_value *ret)
{
    const struct jp_value *items = NULL;
    double sum = 0;
    int r = numbers(c, &items);
    for (uint32_t i = 0; r >= 0 && i < c->args[0].n; i++)
        sum += items[i].u.number;
    *ret = jp_number(sum);
    return r;
}

static int call_avg(const struct call *c, struct jp_value *ret)
{
    int r = call_sum(c, ret);
    if (r >= 0)
        *ret = c->args[0].n ? jp_number(ret->u.number / c->args[0].n) : jp_null();
    return r;
}

/* --- order --- */

struct entry {
    struct jp_value key, value;
    size_t place;
};

static int compare_values(const struct jp_value *a, const struct jp_value *b)
{
    if (a->type == JP_T_NUMBER)
        return (a->u.number > b->u.number) - (a->u.number < b->u.number);
    return vl_span_cmp(a->u.text, b->u.text); /* UTF-8 sorts as its code points do */
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int order = compare_values(&x->key, &y->key);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* The items with what they are ordered by; `by` NULL: themselves. */
static int entries(const struct call *c, const struct jp_node *by, struct entry **ret)
{
    static const char same[] = "takes what are all numbers or all strings";
    const struct jp_value *items = NULL;
    size_t n = c->args[0].n;
    int r = jp_items(c->run, &c->args[0], &items);
    struct entry *list = r < 0 ? NULL : make(c, n, sizeof(*list));
    if (!list)
        return r < 0 ? r : vl_arena_failed(c->run->arena, "JMESPath", c->run->err);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        list[i].value = list[i].key = items[i];
        list[i].place = i;
        if (by)
            r = jp_eval(c->run, by, &items[i], &list[i].key);
        bool fits = list[i].key.type == JP_T_NUMBER || list[i].key.type == JP_T_STRING;
        if (r >= 0 && (!fits || list[i].key.type != list[0].key.type))
            r = wrong(c, same);
    }
    *ret = list;
    return r < 0 ? r : jp_work(c->run, n);
}

static int sort_by(const struct call *c, const struct jp_node *by, struct jp_value *ret)
{
    struct entry *list = NULL;
    size_t n = c->args[0].n;
    int r = entries(c, by, &list);
    struct jp_value *out = r < 0 ? NULL : make(c, n, sizeof(*out));
    if (!out)
        return r < 0 ? r : vl_arena_failed(c->run->arena, "JMESPath", c->run->err);
    qsort(list, n, sizeof(*list), compare_entries);
    for (size_t i = 0; i < n; i++)
        out[i] = list[i].value;
    *ret = jp_array(out, n);
    return jp_work(c->run, n * 16);
}

static int extreme(const struct call *c, const struct jp_node *by, int sign, struct jp_value *ret)
{
    struct entry *list = NULL;
    size_t best = 0;
    int r = entries(c, by, &list);
    *ret = jp_null();
    for (size_t i = 1; r >= 0 && i < c->args[0].n; i++)
        if (compare_values(&list[i].key, &list[best].key) * sign > 0)
            best = i;
    if (r >= 0 && c->args[0].n)
        *ret = list[best].value;
    return r;
}

static int call_sort(const struct call *c, struct jp_value *ret)
{
    return sort_by(c, NULL, ret);
}

static int call_sort_by(const struct call *c, struct jp_value *ret)
{
    return sort_by(c, c->args[1].u.expression, ret);
}

static int call_max(const struct call *c, struct jp_value *ret)
{
    return extreme(c, NULL, 1, ret);
}

static int call_max_by(const struct call *c, struct jp_value *ret)
{
    return extreme(c, c->args[1].u.expression, 1, ret);
}

static int call_min(const struct call *c, struct jp_value *ret)
{
    return extreme(c, NULL, -1, ret);
}

static int call_min_by(const struct call *c, struct jp_value *ret)
{
    return extreme(c, c->args[1].u.expression, -1, ret);
}

/* --- arrays and objects --- */

static int call_contains(const struct call *c, struct jp_value *ret)
{
    const struct jp_value *items = NULL;
    bool found = false;
    if (c->args[0].type == JP_T_STRING) {
        found =
            c->args[1].type == JP_T_STRING && vl_span_find(c->args[0].u.text, c->args[1].u.text) != SIZE_MAX;
        *ret = jp_bool(found);
        return 0;
    }
    int r = jp_items(c->run, &c->args[0], &items);
    for (uint32_t i = 0; r >= 0 && !found && i < c->args[0].n; i++)
        r = jp_equal(c->run, &items[i], &c->args[1], &found);
    *ret = jp_bool(found);
    return r;
}

static int call_map(const struct call *c, struct jp_value *ret)
{
    const struct jp_value *items = NULL;
    size_t n = c->args[1].n;
    int r = jp_items(c->run, &c->args[1], &items);
    struct jp_value *out = r < 0 ? NULL : make(c, n, sizeof(*out));
    if (!out)
        return r < 0 ? r : vl_arena_failed(c->run->arena, "JMESPath", c->run->err);
    for (size_t i = 0; r >= 0 && i < n; i++)
        r = jp_eval(c->run, c->args[0].u.expression, &items[i], &out[i]);
    *ret = jp_array(out, n);
    return r;
}

static int keys_or_values(const struct call *c, bool keys, struct jp_value *ret)
{
    const struct jp_member *members;
    size_t n = c->args[0].n;
    int r = jp_members(c->run, &c->args[0], &members);
    struct jp_value *out = r < 0 ? NULL : make(c, n, sizeof(*out));
    if (!out)
        return r < 0 ? r : vl_arena_failed(c->run->arena, "JMESPath", c->run->err);
    for (size_t i = 0; i < n; i++)
        out[i] = keys ? jp_text(members[i].key) : members[i].value;
    *ret = jp_array(out, n);
    return 0;
}

static int call_keys(const struct call *c, struct jp_value *ret)
{
    return keys_or_values(c, true, ret);
}

static int call_values(const struct call *c, struct jp_value *ret)
{
    return keys_or_values(c, false, ret);
}

static int call_merge(const struct call *c, struct jp_value *ret)
{
    size_t total = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        total += c->args[i].n;
    /* Each name is looked for among those before it. */
    int r = jp_work(c->run, total > 1000 ? total * total / 2 : total);
    struct jp_member *out = r < 0 ? NULL : make(c, total, sizeof(*out));
    if (!out)
        return r < 0 ? r : vl_arena_failed(c->run->arena, "JMESPath", c->run->err);
    for (size_t i = 0; r >= 0 && i < c->n; i++) {
        const struct jp_member *members;
        r = jp_members(c->run, &c->args[i], &members);
        for (uint32_t k = 0; r >= 0 && k < c->args[i].n; k++) {
            size_t at = 0;
            while (at < n && !vl_span_eq(out[at].key, members[k].key))
                at++;
            out[at] = members[k];
            n = at == n ? n + 1 : n;
        }
    }
    *ret = (struct jp_value){.type = JP_T_OBJECT, .n = (uint32_t)n, .u.members = out};
    return r;
}

static int call_not_null(const struct call *c, struct jp_value *ret)
{
    *ret = jp_null();
    for (size_t i = 0; i < c->n && ret->type == JP_T_NULL; i++)
        *ret = c->args[i];
    return 0;
}

static int call_to_array(const struct call *c, struct jp_value *ret)
{
    struct jp_value *out = c->args[0].type == JP_T_ARRAY ? NULL : make(c, 1, sizeof(*out));
    *ret = c->args[0];
    if (!out)
        return c->args[0].type == JP_T_ARRAY ? 0 : vl_arena_failed(c->run->arena, "JMESPath", c->run->err);
    out[0] = c->args[0];
    *ret = jp_array(out, 1);
    return 0;
}

static int call_type(const struct call *c, struct jp_value *ret)
{
    *ret = jp_text(vl_span_str(type_name(c->args[0].type)));
    return 0;
}

/* --- texts --- */

static size_t characters(struct vl_span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static int call_length(const struct call *c, struct jp_value *ret)
{
    const struct jp_value *v = &c->args[0];
    *ret = jp_number((double)(v->type == JP_T_STRING ? characters(v->u.text) : v->n));
    return 0;
}

static int call_starts_with(const struct call *c, struct jp_value *ret)
{
    struct vl_span s = c->args[0].u.text;
    struct vl_span with = c->args[1].u.text;
    *ret = jp_bool(s.len >= with.len && vl_span_eq(vl_span_slice(s, 0, with.len), with));
    return 0;
}

static int call_ends_with(const struct call *c, struct jp_value *ret)
{
    struct vl_span s = c->args[0].u.text;
    struct vl_span with = c->args[1].u.text;
    *ret = jp_bool(s.len >= with.len && vl_span_eq(vl_span_slice(s, s.len - with.len, s.len), with));
    return 0;
}

/* A text of the buffer, kept as long as the search. */
static int keep(const struct call *c, const struct vl_buf *text, struct jp_value *ret)
{
    int r = vl_buf_check(text, "JMESPath", c->run->err);
    const char *copy = r < 0 ? NULL : vl_arena_dup_span(c->run->arena, vl_buf_span(text));
    if (r >= 0 && !copy)
        r = vl_arena_check(c->run->arena, "JMESPath", c->run->err);
    if (r >= 0)
        *ret = jp_text((struct vl_span){copy, text->len});
    return r;
}

static int call_join(const struct call *c, struct jp_value *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    const struct jp_value *items = NULL;
    vl_buf_init(&text, TEXT_MAX);
    int r = jp_items(c->run, &c->args[1], &items);
    for (uint32_t i = 0; r >= 0 && i < c->args[1].n; i++) {
        if (items[i].type != JP_T_STRING)
            return wrong(c, "takes an array of strings");
        if (i)
            vl_buf_append_span(&text, c->args[0].u.text);
        vl_buf_append_span(&text, items[i].u.text);
    }
    return r < 0 ? r : keep(c, &text, ret);
}

static int reverse_text(const struct call *c, struct jp_value *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_span s = c->args[0].u.text;
    vl_buf_init(&text, TEXT_MAX);
    for (size_t end = s.len; end > 0;) {
        size_t at = end - 1;
        while (at > 0 && ((unsigned char)s.ptr[at] & 0xC0) == 0x80)
            at--;
        vl_buf_append(&text, s.ptr + at, end - at);
        end = at;
    }
    return keep(c, &text, ret);
}

static int call_reverse(const struct call *c, struct jp_value *ret)
{
    const struct jp_value *items = NULL;
    size_t n = c->args[0].n;
    if (c->args[0].type == JP_T_STRING)
        return reverse_text(c, ret);
    int r = jp_items(c->run, &c->args[0], &items);
    struct jp_value *out = r < 0 ? NULL : make(c, n, sizeof(*out));
    if (!out)
        return r < 0 ? r : vl_arena_failed(c->run->arena, "JMESPath", c->run->err);
    for (size_t i = 0; i < n; i++)
        out[i] = items[n - 1 - i];
    *ret = jp_array(out, n);
    return jp_work(c->run, n);
}

static int call_to_string(const struct call *c, struct jp_value *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    vl_buf_init(&text, TEXT_MAX);
    *ret = c->args[0];
    if (c->args[0].type == JP_T_STRING)
        return 0;
    vl_json_init(&json, &text, false);
    int r = jp_write(c->run, &c->args[0], &json);
    if (r >= 0)
        r = vl_json_check(&json, "JMESPath", c->run->err);
    return r < 0 ? r : keep(c, &text, ret);
}

static int call_to_number(const struct call *c, struct jp_value *ret)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err own = VL_ERR_INIT;
    double v;
    *ret = c->args[0].type == JP_T_NUMBER ? c->args[0] : jp_null();
    if (c->args[0].type != JP_T_STRING ||
        vl_doc_parse(c->args[0].u.text, VL_DOC_JSON, "number", &doc, &own) < 0)
        return 0;
    if (vl_doc_number(vl_doc_root(doc), &v))
        *ret = jp_number(v);
    return 0;
}

static const struct function functions[] = {
    {"abs", 1, 1, {NUMBER, ANY}, call_abs},
    {"avg", 1, 1, {ARRAY, ANY}, call_avg},
    {"ceil", 1, 1, {NUMBER, ANY}, call_ceil},
    {"contains", 2, 2, {ARRAY | STRING, VALUE}, call_contains},
    {"ends_with", 2, 2, {STRING, STRING}, call_ends_with},
    {"floor", 1, 1, {NUMBER, ANY}, call_floor},
    {"join", 2, 2, {STRING, ARRAY}, call_join},
    {"keys", 1, 1, {OBJECT, ANY}, call_keys},
    {"length", 1, 1, {STRING | ARRAY | OBJECT, ANY}, call_length},
    {"map", 2, 2, {EXPREF, ARRAY}, call_map},
    {"max", 1, 1, {ARRAY, ANY}, call_max},
    {"max_by", 2, 2, {ARRAY, EXPREF}, call_max_by},
    {"merge", 1, 0, {OBJECT, OBJECT}, call_merge},
    {"min", 1, 1, {ARRAY, ANY}, call_min},
    {"min_by", 2, 2, {ARRAY, EXPREF}, call_min_by},
    {"not_null", 1, 0, {VALUE, VALUE}, call_not_null},
    {"reverse", 1, 1, {ARRAY | STRING, ANY}, call_reverse},
    {"sort", 1, 1, {ARRAY, ANY}, call_sort},
    {"sort_by", 2, 2, {ARRAY, EXPREF}, call_sort_by},
    {"starts_with", 2, 2, {STRING, STRING}, call_starts_with},
    {"sum", 1, 1, {ARRAY, ANY}, call_sum},
    {"to_array", 1, 1, {VALUE, ANY}, call_to_array},
    {"to_number", 1, 1, {VALUE, ANY}, call_to_number},
    {"to_string", 1, 1, {VALUE, ANY}, call_to_string},
    {"type", 1, 1, {VALUE, ANY}, call_type},
    {"values", 1, 1, {OBJECT, ANY}, call_values},
};

int jp_function_find(struct vl_span name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(functions); i++)
        if (vl_span_eq_str(name, functions[i].name))
            return (int)i;
    return -1;
}

int jp_function_arity(int function, size_t n, struct vl_err *err)
{
    const struct function *f = &functions[function];
    if (n >= f->min && (!f->max || n <= f->max))
        return 0;
    return vl_err_set(err, VL_ERR_USAGE, "JMESPath: %s() takes %s%u argument%s, not %zu", f->name,
        f->max ? "" : "at least ", f->min, f->min == 1 ? "" : "s", n);
}

int jp_function_call(
    struct jp_run *run, int function, const struct jp_value *args, size_t n, struct jp_value *ret)
{
    const struct function *f = &functions[function];
    const struct call c = {.run = run, .args = args, .n = n, .name = f->name};
    for (size_t i = 0; i < n; i++) {
        if (!(f->types[i ? 1 : 0] >> args[i].type & 1))
            return vl_err_set(run->err, VL_ERR_INVALID, "JMESPath: %s() does not take %s %s as argument %zu",
                f->name, args[i].type == JP_T_ARRAY || args[i].type == JP_T_OBJECT ? "an" : "a",
                type_name(args[i].type), i + 1);
    }
    return f->call(&c, ret);
}
