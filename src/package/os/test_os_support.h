/* A sink and its surroundings for the tests of this folder. */
#ifndef VL_PACKAGE_OS_TEST_OS_SUPPORT_H
#define VL_PACKAGE_OS_TEST_OS_SUPPORT_H

#include "base/buf.h"
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

/* A seed of corpus/ (at most 1 MiB), and it without the byte that chooses the path. Done by the caller. */
void os_test_load(const char *name, struct vl_buf *out);
struct vl_span os_test_body(const struct vl_buf *buf);

/* NULL where absent. */
const struct vl_package *os_test_find(const struct os_test *t, const char *name);
const struct vl_package_owned *os_test_owned(const struct os_test *t, const char *package);

#endif
