/* Sigma's own rules (VALLUM_SHARED/cases/sigma/rules, DRL 1.1): all must become trees.
 * tests: sigma.c sigma_detection.c sigma_value.c */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "test_sigma_sink.h"

#define FILE_MAX  (4UL * 1024 * 1024)
#define DEPTH_MAX 8

struct count {
    unsigned files, whole, mapped, skipped;
};

static void foreign_file(const char *path, struct count *count)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, FILE_MAX);
    struct vl_err err = VL_ERR_INIT;
    if (vl_file_read(path, FILE_MAX, &text, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return;
    }
    struct test_set set;
    test_set_read(&set, vl_buf_str(&text));
    bool whole = set.n_rules > 0;
    for (uint32_t i = 0; i < set.n_problems; i++) {
        (void)printf("%s:%u: %s\n", path, set.problems[i].line, set.problems[i].message);
        whole = whole && !set.problems[i].is_error;
    }
    for (uint32_t i = 0; i < set.n_rules; i++)
        whole = whole && set.rules[i]->condition != NULL;
    count->files++;
    count->whole += whole;
    count->mapped += set.n_rules == 2;
    count->skipped += set.n_rules > 0 && set.rules[0]->skipped;
    test_set_done(&set);
}

static void folder(const char *path, unsigned depth, struct count *count)
{
    DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
    if (dir == NULL)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char below[4096];
        if (entry->d_name[0] == '.')
            continue;
        int n = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof(below))
            continue;
        if (vl_span_ends_with(vl_span_str(below), ".yml"))
            foreign_file(below, count);
        else
            folder(below, depth + 1, count);
    }
    (void)closedir(dir);
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/cases/sigma/rules", shared != NULL ? shared : "../shared");
    struct count count = {0};
    if (n > 0 && (size_t)n < sizeof(path))
        folder(path, 0, &count);
    if (count.files == 0) {
        (void)printf("no rules in %s: set VALLUM_SHARED\n", path);
        return 77;
    }
    (void)printf(
        "foreign Sigma rules: %u of %u become trees; %u also for system calls or the Kubernetes audit log, "
        "%u of them lack a field there\n",
        count.whole, count.files, count.mapped, count.skipped);
    (void)printf("foreign: rule/sigma-rules %u/%u\n", count.whole, count.files);
    bool passed = count.whole == count.files;
    return passed ? 0 : 1;
}
