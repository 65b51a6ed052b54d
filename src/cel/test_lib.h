/* Calls functions of a library as the evaluator does, without one. */
#ifndef VL_CEL_TEST_LIB_H
#define VL_CEL_TEST_LIB_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cel/cel.h"
#include "library.h"

#define S(text) vl_cel_string(vl_span_str(text))

struct vl_cel_run *lib_run(void);

/* The first overload that fits the kinds of the arguments; the error "no overload" where none does. */
struct vl_cel_value lib_call(struct vl_cel_run *run, const struct vl_cel_library *library, const char *name,
    unsigned n, const struct vl_cel_value *args);

/* Its cost where one overload, or several, were possible. */
uint64_t lib_cost(const struct vl_cel_library *library, const char *name, unsigned n,
    const struct vl_cel_value *args, struct vl_cel_value result);

/* Plain JSON of a value, or "error: MESSAGE"; valid until the next call. */
const char *lib_text(struct vl_cel_value value);

#define CALL(library, name, ...)                                                            \
    lib_call(run, &(library), (name), VL_ARRAY_LEN(((struct vl_cel_value[]){__VA_ARGS__})), \
        (struct vl_cel_value[]){__VA_ARGS__})

#endif
