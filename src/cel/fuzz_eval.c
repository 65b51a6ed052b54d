/* An expression, a NUL, and a JSON document that is bound to `object` and `self`: whatever they are, the
 * evaluation ends within its budget, and its value can be printed. The first byte chooses checked or
 * unchecked, profile, version and Kyverno's functions. */
#include <stdint.h>
#include <stdlib.h>

#include "cel/cel.h"

#define BUDGET 20000 /* small, so that the fuzzer does many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vl_cel_env *make_env(uint8_t mode)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_env *env = NULL;
    const struct vl_cel_env_options options = {.unchecked = mode & 1,
        .profile = mode & 2 ? VL_CEL_PROFILE_CEL_SPEC : VL_CEL_PROFILE_KUBERNETES,
        .kubernetes_minor = mode & 4 ? 27 : 0,
        .kyverno = mode & 8};
    if (vl_cel_env_new(&options, &env, &err) < 0 || vl_cel_env_variable(env, "object", "dyn", &err) < 0 ||
        vl_cel_env_variable(env, "self", "map(string, dyn)", &err) < 0) {
        vl_cel_env_free(env);
        return NULL;
    }
    return env;
}

static void evaluate(const struct vl_cel_env *env, struct vl_span expression, struct vl_cel_value object)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_program *program VL_CLEANUP(vl_cel_program_cleanup) = NULL;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = NULL;
    struct vl_cel_value value;
    if (vl_cel_compile(env, expression, &program, &err) < 0 || vl_cel_run_new(&run, &err) < 0)
        return;
    vl_cel_run_reset(run, BUDGET);
    vl_cel_bind(run, 0, object);
    vl_cel_bind(run, 1, object);
    if (vl_cel_eval(run, program, &value, NULL, &err) < 0)
        return;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    int printed = vl_cel_value_json(value, true, &out, &err);
    vl_buf_clear(&out);
    printed |= vl_cel_value_json(value, false, &out, &err);
    if (printed == 0 && out.len == 0)
        abort();
    /* Nothing but an error may take more than the budget and one operation. */
    if (value.kind != VL_CEL_ERROR && vl_cel_run_cost(run) > BUDGET)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 65536)
        return 0;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span input = {(const char *)data + 1, size - 1};
    size_t end = vl_span_find_char(input, '\0');
    struct vl_span expression = vl_span_slice(input, 0, end);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    if (end != SIZE_MAX &&
        vl_doc_parse(vl_span_slice(input, end + 1, input.len), VL_DOC_JSON, "fuzz", &doc, &err) < 0)
        doc = NULL; /* the expression alone, then */
    struct vl_cel_env *env VL_CLEANUP(vl_cel_env_cleanup) = make_env(data[0]);
    if (env)
        evaluate(env, expression, vl_cel_from_doc(vl_doc_root(doc)));
    return 0;
}
