/* The version cases of other projects: VALLUM_SHARED/cases/version-compare and version-constraint. Rows
 * listed in wrong-cases.tsv may fail; all others must pass. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "version/version.h"

struct run {
    const char *set; /* name of the folder */
    const struct vl_version_scheme *scheme;
    struct vl_span wrong; /* of wrong-cases.tsv: "set/file TAB row TAB why TAB source" */
    size_t total, passed, excused;
};

static const char *shared_dir(char path[PATH_MAX])
{
    const char *shared = getenv("VALLUM_SHARED"), *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(path, PATH_MAX, "%s%s",
        shared   ? shared
        : source ? source
                 : ".",
        shared ? "" : "/../shared");
    return path;
}

static bool excused(const struct run *run, const char *file, struct vl_span row)
{
    struct vl_span rest = run->wrong, line;
    char key[2048];
    int n = snprintf(key, sizeof(key), "%s/%s\t%.*s\t", run->set, file, VL_SPAN_FMT(row));
    if (n < 0 || (size_t)n >= sizeof(key))
        return false;
    while (vl_span_split_line(&rest, &line)) {
        if (vl_span_starts_with(line, key))
            return true;
    }
    return false;
}

static bool row_passes(const struct run *run, struct vl_span row, struct vl_span *ret_key)
{
    struct vl_span field[3] = {{0}}, rest = row;
    for (size_t i = 0; i < 3; i++)
        (void)vl_span_split(&rest, '\t', &field[i]);
    *ret_key = (struct vl_span){row.ptr, (size_t)(field[2].ptr + field[2].len - row.ptr)};
    struct vl_err err = VL_ERR_INIT;
    char got[64] = "error";
    if (strcmp(run->set, "version-compare") == 0) {
        int r = 0;
        if (vl_version_compare(run->scheme, field[0], field[1], &r, &err) >= 0)
            (void)snprintf(got, sizeof(got), "%d", r);
    } else {
        bool r = false;
        if (vl_version_satisfies(run->scheme, field[0], field[1], &r, &err) >= 0)
            (void)snprintf(got, sizeof(got), "%s", r ? "true" : "false");
    }
    return vl_span_eq_str(field[2], got);
}

static void run_file(struct run *run, const char *dir, const char *file)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    struct vl_err err = VL_ERR_INIT;
    char path[2 * PATH_MAX];
    size_t total = 0, passed = 0;
    vl_buf_init(&buf, 64UL << 20);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, file);
    assert_int_equal(vl_file_read(path, buf.max, &buf, &err), 0);
    run->scheme = vl_version_scheme((struct vl_span){file, strlen(file) - 4});
    assert_non_null(run->scheme);
    struct vl_span rest = vl_buf_span(&buf), row, key;
    (void)vl_span_split_line(&rest, &row); /* names of the columns */
    while (vl_span_split_line(&rest, &row)) {
        total++;
        bool ok = row_passes(run, row, &key);
        passed += ok;
        if (!ok && excused(run, file, key))
            run->excused++;
        else if (!ok)
            print_message("FAILED %s/%s\t%.*s\n", run->set, file, VL_SPAN_FMT(key));
    }
    print_message("foreign: version/%s/%.*s %zu/%zu\n", run->set, (int)strlen(file) - 4, file, passed, total);
    run->total += total;
    run->passed += passed;
}

static void run_set(const char *set)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf wrong;
    struct vl_err err = VL_ERR_INIT;
    struct run run = {.set = set};
    char shared[PATH_MAX], dir[PATH_MAX + 64], list[PATH_MAX];
    struct dirent **entries = NULL;
    vl_buf_init(&wrong, 1UL << 20);
    (void)snprintf(list, sizeof(list), "%s/src/version/wrong-cases.tsv", getenv("VALLUM_CHECKOUT"));
    assert_int_equal(vl_file_read(list, wrong.max, &wrong, &err), 0);
    run.wrong = vl_buf_span(&wrong);
    (void)snprintf(dir, sizeof(dir), "%s/cases/%s", shared_dir(shared), set);
    int n = scandir(dir, &entries, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        if (vl_span_ends_with(vl_span_str(entries[i]->d_name), ".tsv"))
            run_file(&run, dir, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(run.passed + run.excused, run.total);
}

static void test_compare(void **state)
{
    (void)state;
    run_set("version-compare");
}

static void test_constraint(void **state)
{
    (void)state;
    run_set("version-constraint");
}

int main(void)
{
    char shared[PATH_MAX], dir[PATH_MAX + 64];
    (void)snprintf(dir, sizeof(dir), "%s/cases/version-compare", shared_dir(shared));
    DIR *d = opendir(dir);
    if (!d) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", dir);
        return 77;
    }
    (void)closedir(d);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compare), cmocka_unit_test(test_constraint)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
