#include "env.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

#define ENV_ARENA_MAX (64UL * 1024 * 1024)
#define FUNCTIONS_MAX 2000

bool vl_cel_env_since(const struct vl_cel_env *env, unsigned minor)
{
    return env->options.kubernetes_minor >= minor;
}

static bool has_overload(const struct vl_cel_env *env, const struct vl_cel_overload *overload)
{
    unsigned minor = env->options.kubernetes_minor;
    return minor >= overload->since && (!overload->until || minor < overload->until);
}

/* Environments are many, one a policy, and most functions have few overloads: no room is taken for the most.
 */
static int grow(
    struct vl_cel_env *env, struct vl_cel_env_function *function, unsigned more, struct vl_err *err)
{
    unsigned cap = function->n + more;
    const struct vl_cel_overload **overloads = vl_arena_array(env->arena, cap, sizeof(*overloads));
    const struct vl_cel_library **libraries = vl_arena_array(env->arena, cap, sizeof(*libraries));
    if (!overloads || !libraries)
        return vl_err_nomem(err);
    for (unsigned i = 0; i < function->n; i++) {
        overloads[i] = function->overloads[i];
        libraries[i] = function->libraries[i];
    }
    function->overloads = overloads;
    function->libraries = libraries;
    function->cap = cap;
    return 0;
}

static int add_function(struct vl_cel_env *env, const struct vl_cel_library *library,
    const struct vl_cel_function *function, struct vl_err *err)
{
    struct vl_cel_env_function *known = NULL;
    for (unsigned i = 0; i < function->n; i++) {
        if (!has_overload(env, &function->overloads[i]))
            continue;
        if (!known) {
            struct vl_map_slot *slot = NULL;
            int r = vl_map_put(&env->functions, vl_span_str(function->name), &slot, NULL, err);
            if (r < 0)
                return r;
            if (!slot->value.ptr)
                slot->value.ptr = vl_arena_alloc(env->arena, sizeof(*known));
            known = slot->value.ptr;
            if (!known)
                return vl_err_nomem(err);
            known->name = function->name;
        }
        if (known->n == VL_CEL_OVERLOADS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "function %s has more than %d overloads", function->name,
                VL_CEL_OVERLOADS_MAX);
        int r = known->n < known->cap ? 0 : grow(env, known, function->n - i, err);
        if (r < 0)
            return r;
        known->overloads[known->n] = &function->overloads[i];
        known->libraries[known->n++] = library;
    }
    return 0;
}

static int add_libraries(struct vl_cel_env *env, struct vl_err *err)
{
    for (size_t i = 0; vl_cel_libraries[i]; i++) {
        const struct vl_cel_library *library = vl_cel_libraries[i];
        bool spec = env->options.profile == VL_CEL_PROFILE_CEL_SPEC;
        if (spec ? library->kubernetes_only
                 : library->spec_only && !(library->kyverno && env->options.kyverno))
            continue;
        if (library->kyverno && !library->spec_only && !env->options.kyverno)
            continue;
        for (unsigned j = 0; j < library->n; j++) {
            int r = add_function(env, library, &library->functions[j], err);
            if (r < 0)
                return r;
        }
    }
    for (unsigned op = VL_CEL_OP_NONE + 1; op < VL_CEL_OPERATORS; op++)
        env->operators[op] = vl_cel_env_find_function(env, vl_span_str(vl_cel_operator_name(op)));
    return 0;
}

static int add_authorizer(struct vl_cel_env *env, struct vl_err *err)
{
    if (!env->options.authorizer || !vl_cel_env_since(env, 27))
        return 0;
    int r = vl_cel_env_variable(env, "authorizer", vl_cel_t_authorizer.name, err);
    return r < 0 ? r
                 : vl_cel_env_variable(env, "authorizer.requestResource", vl_cel_t_resource_check.name, err);
}

static int check_options(const struct vl_cel_env_options *options, struct vl_err *err)
{
    if (options->kubernetes_minor && options->kubernetes_minor < VL_CEL_KUBERNETES_OLDEST)
        return vl_err_set(err, VL_ERR_USAGE, "Kubernetes 1.%u has no CEL: it came with 1.%d",
            options->kubernetes_minor, VL_CEL_KUBERNETES_OLDEST);
    if (options->container && strlen(options->container) >= VL_CEL_CANDIDATE_MAX / 2)
        return vl_err_set(err, VL_ERR_LIMIT, "container name of over %d bytes", VL_CEL_CANDIDATE_MAX / 2);
    return 0;
}

int vl_cel_env_new(const struct vl_cel_env_options *options, struct vl_cel_env **ret, struct vl_err *err)
{
    int r = check_options(options, err);
    if (r < 0)
        return r;
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = calloc(1, sizeof(*env));
    if (!env)
        return vl_err_nomem(err);
    env->options = *options;
    if (!env->options.kubernetes_minor)
        env->options.kubernetes_minor = VL_CEL_KUBERNETES_DEFAULT;
    vl_map_init(&env->variable_index, VL_CEL_VARIABLES_MAX);
    vl_map_init(&env->functions, FUNCTIONS_MAX);
    env->arena = vl_arena_new(ENV_ARENA_MAX);
    if (!env->arena)
        return vl_err_nomem(err);
    env->options.container = options->container ? vl_arena_strdup(env->arena, options->container) : NULL;
    r = vl_arena_check(env->arena, "CEL environment", err);
    if (r >= 0)
        r = add_libraries(env, err);
    if (r >= 0)
        r = add_authorizer(env, err);
    if (r < 0)
        return r;
    *ret = env;
    env = NULL;
    return 0;
}

void vl_cel_env_free(struct vl_cel_env *env)
{
    if (!env)
        return;
    vl_map_done(&env->variable_index);
    vl_map_done(&env->functions);
    vl_arena_free(env->arena);
    free(env);
}

void vl_cel_env_cleanup(struct vl_cel_env **env)
{
    vl_cel_env_free(*env);
    *env = NULL;
}

int vl_cel_env_declare(
    struct vl_cel_env *env, const char *name, const struct vl_cel_type *type, struct vl_err *err)
{
    struct vl_map_slot *slot = NULL;
    bool added = false;
    if (!name[0] || strlen(name) >= VL_CEL_CANDIDATE_MAX / 2)
        return vl_err_set(
            err, VL_ERR_USAGE, "name of a variable is empty or over %d bytes", VL_CEL_CANDIDATE_MAX / 2);
    char *copy = vl_arena_strdup(env->arena, name);
    int r = vl_arena_check(env->arena, "CEL environment", err);
    if (r >= 0)
        r = vl_map_put(&env->variable_index, vl_span_str(copy), &slot, &added, err);
    if (r < 0)
        return vl_err_wrap(err, "CEL variable %s", name);
    if (!added)
        return vl_err_set(err, VL_ERR_CONFLICT, "CEL variable %s is declared twice", name);
    if (env->n_variables == env->cap_variables) {
        unsigned cap = env->cap_variables ? env->cap_variables * 2 : 8;
        struct vl_cel_variable *grown = vl_arena_array(env->arena, cap, sizeof(*grown));
        if (!grown)
            return vl_err_nomem(err);
        if (env->n_variables)
            memcpy(grown, env->variables, env->n_variables * sizeof(*grown));
        env->variables = grown;
        env->cap_variables = cap;
    }
    slot->value.num = env->n_variables;
    env->qualified |= strchr(name, '.') != NULL;
    env->variables[env->n_variables++] = (struct vl_cel_variable){.name = copy, .type = type};
    return 0;
}

int vl_cel_env_variable(struct vl_cel_env *env, const char *name, const char *type, struct vl_err *err)
{
    const struct vl_cel_type *parsed = NULL;
    int r = vl_cel_type_parse(env->arena, type, &parsed, err);
    return r < 0 ? vl_err_wrap(err, "CEL variable %s", name) : vl_cel_env_declare(env, name, parsed, err);
}

const struct vl_cel_variable *vl_cel_env_find_variable(
    const struct vl_cel_env *env, struct vl_span name, unsigned *ret_index)
{
    const struct vl_map_slot *slot = vl_map_get(&env->variable_index, name);
    if (!slot)
        return NULL;
    if (ret_index)
        *ret_index = (unsigned)slot->value.num;
    return &env->variables[slot->value.num];
}

int vl_cel_env_index(const struct vl_cel_env *env, const char *name)
{
    unsigned index = 0;
    return vl_cel_env_find_variable(env, vl_span_str(name), &index) ? (int)index : -1;
}

const struct vl_cel_env_function *vl_cel_env_find_function(const struct vl_cel_env *env, struct vl_span name)
{
    const struct vl_map_slot *slot = vl_map_get(&env->functions, name);
    return slot ? slot->value.ptr : NULL;
}

/* What cel-go's registry and Kubernetes' libraries register; other types exist without a name to write. */
const struct vl_cel_type *vl_cel_env_find_type(const struct vl_cel_env *env, struct vl_span name)
{
    static const struct {
        const struct vl_cel_type *type;
        uint8_t since;
    } registered[] = {
        {&vl_cel_t_bool, 0},
        {&vl_cel_t_int, 0},
        {&vl_cel_t_uint, 0},
        {&vl_cel_t_double, 0},
        {&vl_cel_t_string, 0},
        {&vl_cel_t_bytes, 0},
        {&vl_cel_t_null, 0},
        {&vl_cel_t_type, 0},
        {&vl_cel_t_list_dyn, 0},
        {&vl_cel_t_map_dyn, 0},
        {&vl_cel_t_timestamp, 0},
        {&vl_cel_t_duration, 0},
        {&vl_cel_t_optional_dyn, 28},
        {&vl_cel_t_ip, 30},
        {&vl_cel_t_cidr, 30},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(registered); i++) {
        if (vl_span_eq_str(name, registered[i].type->name) && vl_cel_env_since(env, registered[i].since))
            return registered[i].type;
    }
    return vl_cel_message_type(name);
}

struct vl_cel_parse_options vl_cel_env_parse_options(const struct vl_cel_env *env)
{
    bool spec = env->options.profile == VL_CEL_PROFILE_CEL_SPEC;
    return (struct vl_cel_parse_options){.optionals = spec || vl_cel_env_since(env, 28),
        .two_variables = spec || vl_cel_env_since(env, 32),
        .sort_by = spec || vl_cel_env_since(env, 34),
        .bindings = spec || env->options.kyverno};
}

/* --- names in a container --- */

void vl_cel_candidates_start(struct vl_cel_candidates *c, const struct vl_cel_env *env, struct vl_span name)
{
    bool absolute = vl_span_starts_with(name, ".");
    c->name = absolute ? vl_span_slice(name, 1, name.len) : name;
    c->container = absolute ? VL_SPAN_EMPTY : vl_span_str(env->options.container);
    c->done = false;
}

bool vl_cel_candidates_next(struct vl_cel_candidates *c, struct vl_span *ret_name)
{
    if (c->done)
        return false;
    if (!c->container.len) {
        c->done = true;
        *ret_name = c->name;
        return true;
    }
    size_t len = c->container.len;
    if (len + 1 + c->name.len > sizeof(c->text)) { /* nothing that long is declared */
        c->container = VL_SPAN_EMPTY;
        return vl_cel_candidates_next(c, ret_name);
    }
    memcpy(c->text, c->container.ptr, len);
    c->text[len++] = '.';
    memcpy(c->text + len, c->name.ptr, c->name.len);
    *ret_name = (struct vl_span){c->text, len + c->name.len};
    size_t dot = vl_span_rfind_char(c->container, '.');
    c->container = dot == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(c->container, 0, dot);
    return true;
}
