/* Windows registry hives, read in place. Source: "Windows registry file format specification" (M. Suhanov);
 * checked against hives written by libhivex.
 *
 * An own reader and not libhivex, since hives are parsed where no file may be opened: libhivex wants a file
 * name, and its look-up of names loads conversion modules of the C library from disk. */
#ifndef VL_PACKAGE_OS_HIVE_H
#define VL_PACKAGE_OS_HIVE_H

#include "base/arena.h"

#define OS_HIVE_NAME_MAX   1024    /* bytes of a key's name as UTF-8 (255 UTF-16 units) */
#define OS_HIVE_STRING_MAX 16344   /* bytes of a value; longer ones lie in several cells and are not read */
#define OS_HIVE_CELLS_MAX  5000000 /* cells looked at in one hive: lists may point to the same ones again */

struct os_hive {
    struct vl_span data; /* lent */
    uint32_t root;
    uint32_t cells_left;
};

/* Keys are offsets of their cells. */
VL_MUST_CHECK int os_hive_open(struct vl_span data, struct os_hive *ret_hive, struct vl_err *err);

/* `path` below the root with '\\' between names, compared without case (ASCII). 1 where it is, 0 where not,
 * an error where the way to it is damaged. */
VL_MUST_CHECK int os_hive_find(struct os_hive *hive, const char *path, uint32_t *ret_key, struct vl_err *err);

/* REG_SZ or REG_EXPAND_SZ as UTF-8 in the arena; NULL where absent, of another type, or without memory. */
const char *os_hive_string(struct os_hive *hive, uint32_t key, const char *name, struct vl_arena *arena);

/* REG_DWORD */
bool os_hive_number(struct os_hive *hive, uint32_t key, const char *name, uint32_t *ret);

/* Calls `each` for every child; its negative return ends the walk. A damaged list or one beyond the limit is
 * an error. `name` is good for the call. */
VL_MUST_CHECK int os_hive_each(struct os_hive *hive, uint32_t key,
    int (*each)(struct os_hive *hive, uint32_t child, struct vl_span name, void *user, struct vl_err *err),
    void *user, struct vl_err *err);

#endif
