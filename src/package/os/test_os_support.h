/* A sink and its surroundings for the tests of this folder. */
#ifndef VL_PACKAGE_OS_TEST_OS_SUPPORT_H
#define VL_PACKAGE_OS_TEST_OS_SUPPORT_H

#include "package/parser.h"

struct os_test {
    struct vl_arena *arena;
    struct vl_notes notes;
    struct vl_package_sink sink;
    struct vl_err err;
};

void os_test_init(struct os_test *t);
void os_test_done(struct os_test *t);

/* Parses with the parser that wants the path; fails the test where none or another than `parser` does. */
int os_test_parse(struct os_test *t, const char *parser, const char *path, struct vl_span content);
int os_test_parse_str(struct os_test *t, const char *parser, const char *path, const char *content);

/* NULL where absent. */
const struct vl_package *os_test_find(const struct os_test *t, const char *name);
const struct vl_package_owned *os_test_owned(const struct os_test *t, const char *package);

#endif
