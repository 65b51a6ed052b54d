#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number_text.h"
#include "pattern/regex.h"
#include "regex_go.h"
#include "run_impl.h"
#include "value_impl.h"

#define REGEX_WORK 50   /* single comparisons that an instruction of a compiled pattern stands for */
#define ERROR_MAX  1024 /* bytes of a message incl. NUL; the rest is cut */

static const struct vl_cel_error cost_error = {
    .message = "operation cancelled: actual cost limit exceeded", .offset = UINT32_MAX, .is_cost = true};
static const struct vl_cel_error interrupt_error = {
    .message = "operation interrupted", .offset = UINT32_MAX, .is_cost = true};
static const struct vl_cel_error memory_error = {
    .message = "memory limit of the evaluation exceeded", .offset = UINT32_MAX, .is_cost = true};

int vl_cel_run_new(struct vl_cel_run **ret, struct vl_err *err)
{
    struct vl_cel_run *run = calloc(1, sizeof(*run));
    if (!run)
        return vl_err_nomem(err);
    run->arena = vl_arena_new(VL_CEL_MEMORY_MAX);
    if (!run->arena) {
        free(run);
        return vl_err_nomem(err);
    }
    vl_map_init(&run->indexed, VL_CEL_INDEXED_MAX);
    vl_cel_run_reset(run, VL_CEL_COST_POLICY_MAX);
    *ret = run;
    return 0;
}

void vl_cel_run_free(struct vl_cel_run *run)
{
    if (!run)
        return;
    for (unsigned i = 0; i < VL_CEL_REGEX_CACHE_MAX; i++) {
        vl_regex_free(run->regexes[i].regex);
        free(run->regexes[i].pattern);
    }
    vl_map_done(&run->indexed);
    vl_arena_free(run->arena);
    free(run->bindings);
    free(run);
}

void vl_cel_run_cleanup(struct vl_cel_run **run)
{
    vl_cel_run_free(*run);
    *run = NULL;
}

void vl_cel_run_reset(struct vl_cel_run *run, uint64_t cost_budget)
{
    if (run->indexed.len) {
        vl_map_done(&run->indexed);
        vl_map_init(&run->indexed, VL_CEL_INDEXED_MAX);
    }
    vl_arena_reset(run->arena);
    for (unsigned i = 0; i < run->n_bindings; i++)
        run->bindings[i].kind = VL_CEL_UNBOUND;
    run->n_bindings = 0;
    run->used = 0;
    run->budget = cost_budget;
    run->cost = 0;
    run->limit = cost_budget < VL_CEL_COST_CALL_MAX ? cost_budget : VL_CEL_COST_CALL_MAX;
    run->over = false;
    run->interrupted = false;
    run->depth = 0;
    run->zones = NULL;
    run->slots = NULL;
    run->constants = NULL;
    run->n_constants = 0;
    run->offset = UINT32_MAX;
    run->work = VL_CEL_RUN_WORK_MAX;
    atomic_store_explicit(&run->interrupt, false, memory_order_relaxed);
}

void vl_cel_run_interrupt(struct vl_cel_run *run)
{
    atomic_store_explicit(&run->interrupt, true, memory_order_relaxed);
}

struct vl_arena *vl_cel_run_arena(struct vl_cel_run *run)
{
    return run->arena;
}

uint64_t vl_cel_run_cost(const struct vl_cel_run *run)
{
    return run->used;
}

void vl_cel_run_clock(struct vl_cel_run *run, int64_t now_ms)
{
    run->now_ms = now_ms;
}

void vl_cel_run_outside(struct vl_cel_run *run, const struct vl_cel_outside *lent)
{
    run->outside = lent ? *lent : (struct vl_cel_outside){.answer = NULL};
}

void vl_cel_run_authorizer(struct vl_cel_run *run, const struct vl_cel_authorizer *lent)
{
    run->has_authorizer = lent != NULL;
    if (lent)
        run->authorizer = *lent;
}

/* NULL without memory; the arena then remembers a failure, so that the next evaluation tells. */
static struct vl_cel_binding *binding_of(struct vl_cel_run *run, unsigned index)
{
    if (index >= VL_CEL_VARIABLES_MAX)
        return NULL;
    if (index >= run->cap_bindings) {
        unsigned cap = index + 16;
        struct vl_cel_binding *grown = realloc(run->bindings, cap * sizeof(*grown));
        if (!grown) {
            (void)vl_arena_alloc(run->arena, SIZE_MAX / 2);
            return NULL;
        }
        memset(grown + run->cap_bindings, 0, (cap - run->cap_bindings) * sizeof(*grown));
        run->bindings = grown;
        run->cap_bindings = cap;
    }
    if (index >= run->n_bindings)
        run->n_bindings = index + 1;
    return &run->bindings[index];
}

void vl_cel_bind(struct vl_cel_run *run, unsigned index, struct vl_cel_value value)
{
    struct vl_cel_binding *binding = binding_of(run, index);
    if (binding)
        *binding = (struct vl_cel_binding){.kind = VL_CEL_BOUND, .value = value};
}

void vl_cel_bind_as_is(struct vl_cel_run *run, unsigned index, struct vl_cel_value value)
{
    struct vl_cel_binding *binding = binding_of(run, index);
    if (binding)
        *binding = (struct vl_cel_binding){.kind = VL_CEL_BOUND, .seen = true, .value = value};
}

void vl_cel_bind_error(struct vl_cel_run *run, unsigned index, const char *message)
{
    vl_cel_bind_as_is(run, index, vl_cel_fail(run, "%s", message));
}

void vl_cel_bind_lazy(struct vl_cel_run *run, unsigned index, const struct vl_cel_program *program)
{
    struct vl_cel_binding *binding = binding_of(run, index);
    if (binding)
        *binding = (struct vl_cel_binding){.kind = VL_CEL_LAZY, .program = program};
}

struct vl_cel_value vl_cel_error_static(const struct vl_cel_error *error)
{
    return (struct vl_cel_value){.kind = VL_CEL_ERROR, .as.error = error};
}

struct vl_cel_value vl_cel_error_cost(void)
{
    return vl_cel_error_static(&cost_error);
}

struct vl_cel_value vl_cel_run_stopped(const struct vl_cel_run *run)
{
    return vl_cel_error_static(run->interrupted ? &interrupt_error : &cost_error);
}

struct vl_cel_value vl_cel_fail(struct vl_cel_run *run, const char *fmt, ...)
{
    char line[ERROR_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    struct vl_cel_error *error = vl_arena_alloc(run->arena, sizeof(*error));
    char *message = vl_arena_strdup(run->arena, line);
    if (!error || !message)
        return vl_cel_error_static(&memory_error);
    error->message = message;
    error->offset = run->offset;
    return vl_cel_error_static(error);
}

struct vl_cel_value vl_cel_no_overload(struct vl_cel_run *run)
{
    return vl_cel_fail(run, "no such overload");
}

struct vl_cel_value vl_cel_value_text(struct vl_cel_run *run, struct vl_cel_value value)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    switch (value.kind) {
    case VL_CEL_STRING:
        return value;
    case VL_CEL_DOUBLE:
        vl_cel_double_general(value.as.d, 6, text);
        return vl_cel_string(vl_span_str(vl_arena_strdup(run->arena, text)));
    case VL_CEL_DURATION:
        vl_cel_duration_go(value.as.i, text);
        return vl_cel_string(vl_span_str(vl_arena_strdup(run->arena, text)));
    default:
        break;
    }
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf json VL_CLEANUP(vl_buf_done);
    vl_buf_init(&json, ERROR_MAX);
    if (vl_cel_value_json(value, false, &json, &err) < 0)
        return vl_cel_string(vl_span_str(vl_cel_type_name(value)));
    struct vl_span span = vl_buf_span(&json);
    if (value.kind == VL_CEL_TIMESTAMP || value.kind == VL_CEL_BYTES || value.kind == VL_CEL_TYPE)
        span = vl_span_slice(span, 1, span.len - 1);
    return vl_cel_string(vl_span_str(vl_arena_dup_span(run->arena, span)));
}

bool vl_cel_charge(struct vl_cel_run *run, uint64_t cost)
{
    if (cost > run->limit || run->cost > run->limit - cost)
        run->over = true;
    run->cost = run->cost > UINT64_MAX - cost ? UINT64_MAX : run->cost + cost;
    return !run->over;
}

struct vl_cel_value vl_cel_run_item(struct vl_cel_run *run, struct vl_cel_value list, size_t index)
{
    size_t size = vl_cel_list_size(list);
    if (list.repr != VL_CEL_REPR_DOC || size < VL_CEL_INDEXED_FROM)
        return vl_cel_list_at(list, index);
    struct vl_err err = VL_ERR_INIT;
    struct vl_map_slot *slot = NULL;
    struct vl_span key = {(const char *)&list.as.node, sizeof(list.as.node)};
    const struct vl_map_slot *known = vl_map_get(&run->indexed, key);
    if (known)
        return vl_cel_list_at((struct vl_cel_value){.kind = VL_CEL_LIST, .as.list = known->value.ptr}, index);
    char *kept = vl_arena_dup_span(run->arena, key);
    struct vl_cel_value copy = vl_cel_list_grow(run->arena), item;
    struct vl_cel_iter iter = vl_cel_iterate(list);
    while (vl_cel_iter_next(&iter, NULL, &item))
        if (!vl_cel_list_push(run->arena, copy, item))
            return vl_cel_fail(run, "memory limit of the evaluation exceeded");
    if (kept && vl_map_put(&run->indexed, (struct vl_span){kept, key.len}, &slot, NULL, &err) >= 0) {
        const void *items = copy.as.list;
        memcpy(&slot->value.ptr, &items, sizeof(items));
    }
    return vl_cel_list_at(copy, index);
}

bool vl_cel_run_equal(struct vl_cel_run *run, struct vl_cel_value a, struct vl_cel_value b)
{
    bool same = vl_cel_equal_within(a, b, &run->work);
    if (run->work == 0)
        run->over = true;
    return same;
}

/* Compiling patterns that an expression makes up as it goes is work beside its cost. */
static void charge_regex(struct vl_cel_run *run, const struct vl_regex *regex, const struct vl_err *err)
{
    uint64_t size = regex ? vl_regex_size(regex) : err->code == VL_ERR_LIMIT ? VL_REGEX_SIZE_MAX : 0;
    uint64_t work = (VL_CEL_REGEX_WORK_ONE + size) * REGEX_WORK;
    run->work -= work < run->work ? work : run->work;
    if (run->work == 0)
        run->over = true;
}

const struct vl_regex *vl_cel_regex(
    struct vl_cel_run *run, struct vl_span pattern, struct vl_cel_value *ret_error)
{
    for (unsigned i = 0; i < run->n_constants; i++)
        if (vl_span_eq(run->constants[i].pattern, pattern))
            return run->constants[i].regex;
    for (unsigned i = 0; i < VL_CEL_REGEX_CACHE_MAX; i++) {
        const struct vl_cel_kept_regex *kept = &run->regexes[i];
        if (kept->regex && kept->len == pattern.len && memcmp(kept->pattern, pattern.ptr, pattern.len) == 0)
            return kept->regex;
    }
    struct vl_err err = VL_ERR_INIT;
    struct vl_regex *regex = NULL;
    int r = vl_cel_regex_new(pattern, &regex, &err);
    charge_regex(run, regex, &err);
    if (r < 0) {
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, ERROR_MAX);
        vl_cel_regex_message(pattern, &err, &text);
        *ret_error = vl_cel_fail(run, "%s", vl_buf_str(&text));
        return NULL;
    }
    char *copy = malloc(pattern.len + 1);
    if (!copy) {
        vl_regex_free(regex);
        *ret_error = vl_cel_error_static(&memory_error);
        return NULL;
    }
    if (pattern.len)
        memcpy(copy, pattern.ptr, pattern.len);
    struct vl_cel_kept_regex *kept = &run->regexes[run->next_regex];
    run->next_regex = (run->next_regex + 1) % VL_CEL_REGEX_CACHE_MAX;
    vl_regex_free(kept->regex);
    free(kept->pattern);
    *kept = (struct vl_cel_kept_regex){.regex = regex, .pattern = copy, .len = pattern.len};
    return regex;
}
