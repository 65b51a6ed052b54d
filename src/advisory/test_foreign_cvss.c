/* Vectors and scores of Red Hat's CVSS library: every row must agree. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisory/cvss.h"

#define CELLS 5

static bool cell_agrees(const char *cell, double score)
{
    char *end;
    if (!cell || !*cell)
        return true;
    double want = strtod(cell, &end);
    return end != cell && fabs(want - score) < 0.05;
}

static bool row_agrees(char *line)
{
    const char *cells[CELLS] = {0};
    struct vl_cvss_score s;
    struct vl_err err = VL_ERR_INIT;
    line[strcspn(line, "\r\n")] = '\0';
    for (size_t i = 0; i < CELLS && line; i++)
        cells[i] = strsep(&line, "\t");
    bool agrees = vl_cvss_parse(vl_span_str(cells[0]), &s, &err) == 0 && cell_agrees(cells[2], s.base) &&
                  cell_agrees(cells[3], s.temporal) && cell_agrees(cells[4], s.environmental);
    if (!agrees)
        printf("disagrees: %s\n", cells[0]);
    return agrees;
}

static void run_file(const char *path, const char *name, unsigned long *failed)
{
    char line[4096];
    unsigned long total = 0, passed = 0;
    FILE *f = fopen(path, "r");
    if (!f || !fgets(line, sizeof(line), f)) {
        printf("%s: cannot be read\n", path);
        ++*failed;
    }
    while (f && fgets(line, sizeof(line), f)) {
        total++;
        passed += row_agrees(line);
    }
    if (f)
        fclose(f);
    if (total)
        printf("foreign: advisory/cvss-%.*s %lu/%lu\n", (int)strcspn(name, "."), name, passed, total);
    *failed += total - passed;
}

int main(void)
{
    char folder[4096], path[8192];
    const char *shared = getenv("VALLUM_SHARED");
    const char *source = getenv("VALLUM_CHECKOUT");
    struct dirent **names;
    unsigned long failed = 0, files = 0;
    snprintf(folder, sizeof(folder), "%s%s/cases/cvss",
        shared   ? shared
        : source ? source
                 : ".",
        shared ? "" : "/../shared");
    int n = scandir(folder, &names, NULL, alphasort);
    if (n < 0) {
        printf("the foreign cases are not here: no folder %s\n", folder);
        return 77;
    }
    for (int i = 0; i < n; i++) {
        const char *dot = strrchr(names[i]->d_name, '.');
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        if (dot && strcmp(dot, ".tsv") == 0) {
            run_file(path, names[i]->d_name, &failed);
            files++;
        }
        free(names[i]);
    }
    free(names);
    return failed || !files ? 1 : 0; /* foreign_ rows decide */
}
