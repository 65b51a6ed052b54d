/* Compilation from text, and evaluation. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "pattern/regex.h"
#include "schema.h"
#include "value_impl.h"

void vl_cel_program_free(struct vl_cel_program *program)
{
    if (!program)
        return;
    for (unsigned i = 0; i < program->n_regexes; i++)
        vl_regex_free(program->regexes[i].regex);
    vl_arena_free(program->arena);
    free(program);
}

void vl_cel_program_cleanup(struct vl_cel_program **program)
{
    vl_cel_program_free(*program);
    *program = NULL;
}

/* Parses and checks in the memory of `scratch`. */
static int read_tree(const struct vl_cel_env *env, struct vl_span text, struct vl_arena *scratch,
    struct vl_buf *report, struct vl_cel_parsed *ret, struct vl_err *err)
{
    struct vl_cel_issues *issues = vl_arena_alloc(scratch, sizeof(*issues));
    if (!issues)
        return vl_err_nomem(err);
    issues->text = text;
    issues->arena = scratch;
    const struct vl_cel_parse_options options = vl_cel_env_parse_options(env);
    int r = vl_cel_parse(text, &options, scratch, issues, ret, err);
    if (r >= 0 && issues->n == 0 && !env->options.unchecked)
        r = vl_cel_check(env, ret, scratch, issues, err);
    if (issues->n == 0)
        return r;
    r = report ? vl_cel_issues_format(issues, report, err) : 0;
    return r < 0 ? r : vl_cel_issues_err(issues, err);
}

static int put_type(struct vl_cel_program *program, const struct vl_cel_node *root, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 4096);
    int r = root->type ? vl_cel_type_format(root->type, &text, err) : 0;
    if (r < 0)
        return r;
    program->type = vl_arena_strdup(program->arena, root->type ? vl_buf_str(&text) : "dyn");
    return program->type ? 0 : vl_err_nomem(err);
}

int vl_cel_compile(
    const struct vl_cel_env *env, struct vl_span expression, struct vl_cel_program **ret, struct vl_err *err)
{
    return vl_cel_compile_report(env, expression, NULL, ret, err);
}

int vl_cel_compile_report(const struct vl_cel_env *env, struct vl_span expression, struct vl_buf *report,
    struct vl_cel_program **ret, struct vl_err *err)
{
    if (expression.len > VL_CEL_EXPRESSION_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an expression of more than %lu bytes", VL_CEL_EXPRESSION_MAX);
    struct vl_arena *scratch VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(VL_CEL_PROGRAM_MEMORY_MAX);
    if (!scratch)
        return vl_err_nomem(err);
    struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = calloc(1, sizeof(*program));
    if (!program)
        return vl_err_nomem(err);
    program->env = env;
    program->arena = vl_arena_new(VL_CEL_PROGRAM_MEMORY_MAX);
    if (!program->arena)
        /* cppcheck-suppress memleak ; freed when it leaves the scope */
        return vl_err_nomem(err); /* NOLINT(clang-analyzer-unix.Malloc): nor does that know VL_CLEANUP */
    program->strict_presence = env->options.profile == VL_CEL_PROFILE_CEL_SPEC;
    struct vl_cel_parsed tree = {0};
    int r = read_tree(env, expression, scratch, report, &tree, err);
    if (r < 0)
        /* cppcheck-suppress memleak ; freed when it leaves the scope */
        return r;
    program->estimate = vl_cel_estimate(env, tree.root);
    r = vl_cel_compile_tree(program, tree.root, err);
    if (r < 0)
        return r;
    r = put_type(program, tree.root, err);
    if (r < 0)
        return r;
    *ret = program;
    program = NULL;
    return 0;
}

const char *vl_cel_program_type(const struct vl_cel_program *program)
{
    return program->type;
}

uint64_t vl_cel_program_variables(const struct vl_cel_program *program)
{
    return program->variables;
}

const char *vl_cel_program_foreign(const struct vl_cel_program *program)
{
    return program->foreign;
}

const char *vl_cel_program_refused(const struct vl_cel_program *program, const char **ret_why)
{
    *ret_why = program->refused ? program->refused_why : program->asking_why;
    return program->refused ? program->refused : program->asking;
}

const char *vl_cel_program_unanswerable(const struct vl_cel_program *program, const char **ret_why)
{
    *ret_why = program->refused_why;
    return program->refused;
}

void vl_cel_program_estimate(const struct vl_cel_program *program, uint64_t *ret_min, uint64_t *ret_max)
{
    *ret_min = program->estimate.min;
    *ret_max = program->estimate.max;
}

/* --- evaluation --- */

/* What a nested evaluation has to put back. */
struct frame {
    uint64_t cost, limit, work;
    struct vl_cel_slot *slots;
    const struct vl_cel_constant_regex *constants;
    unsigned n_constants;
    bool strict_presence, over;
    uint32_t offset;
};

static struct frame save(const struct vl_cel_run *run)
{
    return (struct frame){.cost = run->cost,
        .limit = run->limit,
        .work = run->work,
        .slots = run->slots,
        .constants = run->constants,
        .n_constants = run->n_constants,
        .strict_presence = run->strict_presence,
        .over = run->over,
        .offset = run->offset};
}

static void restore(struct vl_cel_run *run, const struct frame *frame)
{
    run->cost = frame->cost;
    run->limit = frame->limit;
    run->work = frame->work;
    run->slots = frame->slots;
    run->constants = frame->constants;
    run->n_constants = frame->n_constants;
    run->strict_presence = frame->strict_presence;
    run->offset = frame->offset;
    run->over = run->over || frame->over; /* nothing absorbs a budget that is used up */
    uint64_t left = run->budget > run->used ? run->budget - run->used : 0;
    if (run->limit > left)
        run->limit = left;
}

static struct vl_cel_value evaluate(struct vl_cel_run *run, const struct vl_cel_program *program)
{
    if (run->depth + program->depth > VL_CEL_DEPTH_RUN_MAX)
        return vl_cel_fail(run, "variables nested too deeply");
    const struct frame outer = save(run);
    /* What the evaluation around this one has spent is not yet counted in `used`. */
    uint64_t left = run->budget > run->used + run->cost ? run->budget - run->used - run->cost : 0;
    run->limit = left < VL_CEL_COST_CALL_MAX ? left : VL_CEL_COST_CALL_MAX;
    run->cost = 0;
    run->work = VL_CEL_RUN_WORK_MAX;
    run->over = run->interrupted;
    run->slots = program->n_slots ? vl_arena_array(run->arena, program->n_slots, sizeof(*run->slots)) : NULL;
    run->constants = program->regexes;
    run->n_constants = program->n_regexes;
    run->strict_presence = program->strict_presence;
    run->offset = UINT32_MAX;
    run->depth += program->depth;
    struct vl_cel_value value = vl_cel_null();
    if (run->slots || !program->n_slots)
        value = program->root->eval(run, program->root);
    if (run->over)
        value = vl_cel_run_stopped(run);
    run->depth -= program->depth;
    run->used += run->cost;
    restore(run, &outer);
    return value;
}

struct vl_cel_value vl_cel_variable_value(struct vl_cel_run *run, unsigned index, const char *name)
{
    struct vl_cel_binding *binding = index < run->n_bindings ? &run->bindings[index] : NULL;
    switch (binding ? binding->kind : VL_CEL_UNBOUND) {
    case VL_CEL_BOUND:
        return binding->value;
    case VL_CEL_LAZY_BUSY:
        return vl_cel_fail(run, "variable '%s' needs itself", name);
    case VL_CEL_UNBOUND:
        return vl_cel_fail(run, "no such attribute(s): %s", name);
    case VL_CEL_LAZY:
        break;
    }
    binding->kind = VL_CEL_LAZY_BUSY;
    struct vl_cel_value value = evaluate(run, binding->program);
    if (value.kind == VL_CEL_ERROR && !value.as.error->is_cost && strncmp(name, "variables.", 10) == 0)
        value = vl_cel_fail(
            run, "composited variable \"%s\" fails to evaluate: %s", name + 10, value.as.error->message);
    run->bindings[index] = (struct vl_cel_binding){.kind = VL_CEL_BOUND, .value = value};
    return value;
}

/* Bound values become what the schemas of their variables make of them, once. */
static void see_through_schemas(struct vl_cel_run *run, const struct vl_cel_env *env)
{
    for (unsigned i = 0; i < env->n_variables && i < run->n_bindings; i++) {
        struct vl_cel_binding *binding = &run->bindings[i];
        const struct vl_cel_schema *schema = env->variables[i].type->schema;
        if (!schema || binding->kind != VL_CEL_BOUND || binding->seen)
            continue;
        binding->value = vl_cel_schema_view(schema, binding->value, run->arena);
        binding->seen = true;
    }
}

int vl_cel_eval(struct vl_cel_run *run, const struct vl_cel_program *program, struct vl_cel_value *ret,
    uint64_t *ret_cost, struct vl_err *err)
{
    uint64_t before = run->used;
    run->cost = 0;
    run->limit = UINT64_MAX;
    run->over = run->interrupted;
    if (program->env->has_schemas)
        see_through_schemas(run, program->env);
    struct vl_cel_value value = evaluate(run, program);
    int r = vl_arena_check(run->arena, "the evaluation of an expression", err);
    if (r < 0)
        return r;
    *ret = value;
    if (ret_cost)
        *ret_cost = run->used - before;
    return 0;
}
