/* Runs inventory cases of another project (scalibr's test tables) through our parsers. Shared by the
 * test_foreign_*.c of the room, each of which holds the table for its family. Tests only. */
#ifndef VL_PACKAGE_TEST_FOREIGN_SUPPORT_H
#define VL_PACKAGE_TEST_FOREIGN_SUPPORT_H

#include "package/parser.h"

#define FOREIGN_SKIPPED 77 /* exit status of a test that cannot run here */

/* Which parser of ours reads the cases of a kind. Rows are tried in order; the first whose kind is equal and
 * whose `match` occurs in the case's file is taken. */
struct foreign_kind {
    const char *kind;   /* folder below cases/inventory/scalibr: "os/dpkg" */
    const char *match;  /* part of the case's file ("testdata/opkg/"); NULL takes any */
    const char *parser; /* name for vl_package_parser_by_name() */
    const char *path; /* where such a file lies in a target, which wants() must take; one "%s" stands for the
                         base name of the case's file */
    unsigned skip_flags; /* packages of ours with one of these flags are not compared (VL_PACKAGE_MAIN) */
    /* NULL: the file goes through the parser. Otherwise called instead, for kinds that need more than one
     * file: `file` is the case's content under its mapped path, `real_path` where it lies on disk. */
    int (*run)(const struct vl_package_parser *parser, const struct vl_package_file *file,
        const char *real_path, struct vl_package_sink *sink, struct vl_err *err);
};

/* The folder with the cases of others, or NULL after saying why. Keep the string no longer than needed: it is
 * the environment's or lies in `buf`. */
const char *foreign_shared(char *buf, size_t size);

/* snprintf() that does not cut. */
VL_PRINTF(3, 4) void foreign_print(char *out, size_t size, const char *fmt, ...);

/* Runs every case of every kind in the table. Compared as sets: name and version; whether the file is refused
 * must be as expected. Rows without a type and without a version are names of sub-tests that the extraction
 * took for packages: they are neither asked for nor refused. Prints "foreign: package/KIND passed/total" for
 * each kind and one line a failed case. Returns the exit status: 0, 1 when a case fails that is not in
 * wrong-cases.tsv ("KIND/FILE", why, second source), FOREIGN_SKIPPED without the cases. */
int foreign_run(const struct foreign_kind *kinds, size_t n_kinds);

#endif
