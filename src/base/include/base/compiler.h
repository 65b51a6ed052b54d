/* What gcc 12 and clang 19 both offer and the rest of the tree uses by one name. */
#ifndef VL_BASE_COMPILER_H
#define VL_BASE_COMPILER_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#define VL_MUST_CHECK        __attribute__((warn_unused_result))
#define VL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define VL_UNUSED            __attribute__((unused))
#define VL_NORETURN          __attribute__((noreturn))

/* Runs `fn(&variable)` when the variable goes out of scope. */
#define VL_CLEANUP(fn) __attribute__((cleanup(fn)))

#define VL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
