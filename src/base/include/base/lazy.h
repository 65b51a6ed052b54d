/* Shared libraries that are loaded when they are first needed, and not whenever the program starts: opening,
 * mapping and relocating one takes from 0.1 to 1.5 ms, and a scan of an image whose layers are known has 20.
 *
 * For the one source that wraps the library:
 *
 *   #define FUNCTIONS(F) F(sqlite3_step) F(sqlite3_close)
 *   VL_LAZY_LIBRARY(sqlite, FUNCTIONS, "libsqlite3.so.0", "rpm databases")
 *
 * gives `sqlite`, which has a pointer to each function under its own name, and sqlite_load(), which must have
 * succeeded once before one of them is called. Any thread may load. Nothing is ever unloaded.
 *
 * Who is about to give up the right to open files (docs/design/0002) loads before. */
#ifndef VL_BASE_LAZY_H
#define VL_BASE_LAZY_H

#include <pthread.h>

#include "base/err.h"

/* What is loaded belongs to the process, whoever asks for it. */
struct vl_lazy {
    const char *library; /* its soname */
    const char *use;     /* what cannot be done without it, for the error */
    const char *const *names;
    size_t count;
    void *functions; /* `count` pointers to functions, set together */
    pthread_mutex_t lock;
    bool loaded; /* guarded by lock */
};

/* Sets the functions where that was not done yet; VL_ERR_UNSUPPORTED, naming the library, where it or one of
 * them is not there. */
VL_MUST_CHECK int vl_lazy_load(struct vl_lazy *lazy, struct vl_err *err);

#define VL_LAZY_POINTER(function) __typeof__(function) *function;
#define VL_LAZY_NAME(function)    #function,

#define VL_LAZY_LIBRARY(name, FUNCTIONS, soname, what)                                            \
    static struct {                                                                               \
        FUNCTIONS(VL_LAZY_POINTER)                                                                \
    } name;                                                                                       \
    VL_MUST_CHECK static int name##_load(struct vl_err *err)                                      \
    {                                                                                             \
        static const char *const names[] = {FUNCTIONS(VL_LAZY_NAME)};                             \
        static struct vl_lazy lazy = {.library = (soname),                                        \
            .use = (what),                                                                        \
            .names = names,                                                                       \
            .count = VL_ARRAY_LEN(names),                                                         \
            .functions = &(name),                                                                 \
            .lock = PTHREAD_MUTEX_INITIALIZER};                                                   \
        _Static_assert(sizeof(name) == VL_ARRAY_LEN(names) * sizeof(void *), "a pointer a name"); \
        return vl_lazy_load(&lazy, err);                                                          \
    }

#endif
