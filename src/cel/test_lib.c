#include "test_lib.h"

#include <stdio.h>
#include <string.h>

#include "type.h"

struct vl_cel_run *lib_run(void)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_run *run = NULL;
    assert_int_equal(vl_cel_run_new(&run, &err), 0);
    return run;
}

static bool fits(const struct vl_cel_type *type, struct vl_cel_value value)
{
    switch (type->kind) {
    case VL_CEL_T_DYN:
    case VL_CEL_T_PARAM:
        return true;
    case VL_CEL_T_LIST: {
        if (value.kind != VL_CEL_LIST)
            return false;
        return vl_cel_list_size(value) == 0 || fits(type->params[0], vl_cel_list_at(value, 0));
    }
    default:
        return value.kind == VL_CEL_OPTIONAL ? strcmp(type->name, "optional_type") == 0
                                             : strcmp(vl_cel_type_name(value), type->name) == 0;
    }
}

static const struct vl_cel_overload *find(
    const struct vl_cel_library *library, const char *name, unsigned n, const struct vl_cel_value *args)
{
    for (unsigned i = 0; i < library->n; i++) {
        const struct vl_cel_function *function = &library->functions[i];
        for (unsigned k = 0; strcmp(function->name, name) == 0 && k < function->n; k++) {
            const struct vl_cel_overload *overload = &function->overloads[k];
            bool ok = overload->n_args == n && overload->call;
            for (unsigned a = 0; ok && a < n; a++)
                ok = fits(overload->args[a], args[a]);
            if (ok)
                return overload;
        }
    }
    return NULL;
}

struct vl_cel_value lib_call(struct vl_cel_run *run, const struct vl_cel_library *library, const char *name,
    unsigned n, const struct vl_cel_value *args)
{
    const struct vl_cel_overload *overload = find(library, name, n, args);
    return overload ? overload->call(run, args, n) : vl_cel_fail(run, "no overload");
}

uint64_t lib_cost(const struct vl_cel_library *library, const char *name, unsigned n,
    const struct vl_cel_value *args, struct vl_cel_value result)
{
    const struct vl_cel_overload *overload = find(library, name, n, args);
    assert_non_null(overload);
    return overload->price.actual ? overload->price.actual(args, n, result) : 1;
}

const char *lib_text(struct vl_cel_value value)
{
    static char text[4096];
    if (value.kind == VL_CEL_ERROR) {
        snprintf(text, sizeof(text), "error: %s", value.as.error->message);
        return text;
    }
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf buf VL_CLEANUP(vl_buf_done);
    vl_buf_init(&buf, 1 << 20);
    assert_int_equal(vl_cel_value_json(value, false, &buf, &err), 0);
    snprintf(text, sizeof(text), "%s", vl_buf_str(&buf));
    return text;
}
