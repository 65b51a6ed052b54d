/* rpm databases that other projects keep as test data, with what `rpm -qa` says of each. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "test_foreign_support.h"

#define DB_MAX    (512UL * 1024 * 1024)
#define ARENA_MAX (512UL * 1024 * 1024)
#define PATH_BUF  4096

enum { NAME, EPOCH, VERSION, RELEASE, ARCH, SOURCE_RPM, MODULARITY, VENDOR, COLUMNS };

/* The row of `rpm -qa` that our package stands for. */
static char *row_of(const struct vl_package *p, struct vl_arena *arena)
{
    struct vl_span version = vl_span_str(p->version), epoch = VL_SPAN_LIT("0");
    size_t colon = vl_span_find_char(version, ':');
    if (colon != SIZE_MAX) {
        epoch = vl_span_slice(version, 0, colon);
        version = vl_span_slice(version, colon + 1, version.len);
    }
    size_t dash = vl_span_rfind_char(version, '-');
    struct vl_span source = p->source_version ? vl_span_str(p->source_version) : version;
    size_t source_colon = p->source_version ? vl_span_find_char(source, ':') : SIZE_MAX;
    if (source_colon != SIZE_MAX)
        source = vl_span_slice(source, source_colon + 1, source.len);
    return vl_arena_printf(arena, "%s\t%.*s\t%.*s\t%.*s\t%s\t%s-%.*s\t%s\t%s", p->name, VL_SPAN_FMT(epoch),
        VL_SPAN_FMT(vl_span_slice(version, 0, dash)),
        VL_SPAN_FMT(vl_span_slice(version, dash + 1, version.len)), p->arch ? p->arch : "(none)",
        p->source_name ? p->source_name : p->name, VL_SPAN_FMT(source), p->module ? p->module : "(none)",
        p->vendor ? p->vendor : "(none)");
}

/* The same of an expected row: the source package's file name without its ending, "(none)" as the package. */
static char *expected_row(struct vl_span line, struct vl_arena *arena)
{
    struct vl_span v[COLUMNS] = {VL_SPAN_EMPTY};
    for (size_t n = 0; n < COLUMNS && vl_span_split(&line, '\t', &v[n]);)
        n++;
    struct vl_span source = v[SOURCE_RPM];
    for (unsigned i = 0; i < 2; i++) {
        const char *end = i ? ".src.rpm" : ".nosrc.rpm";
        if (vl_span_ends_with(source, end))
            source = vl_span_slice(source, 0, source.len - strlen(end));
    }
    if (vl_span_eq_str(source, "(none)"))
        source = vl_span_str(vl_arena_printf(
            arena, "%.*s-%.*s-%.*s", VL_SPAN_FMT(v[NAME]), VL_SPAN_FMT(v[VERSION]), VL_SPAN_FMT(v[RELEASE])));
    struct vl_span epoch = vl_span_eq_str(v[EPOCH], "(none)") ? VL_SPAN_LIT("0") : v[EPOCH];
    return vl_arena_printf(arena, "%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s", VL_SPAN_FMT(v[NAME]),
        VL_SPAN_FMT(epoch), VL_SPAN_FMT(v[VERSION]), VL_SPAN_FMT(v[RELEASE]), VL_SPAN_FMT(v[ARCH]),
        VL_SPAN_FMT(source), VL_SPAN_FMT(v[MODULARITY]), VL_SPAN_FMT(v[VENDOR]));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_key(struct vl_span line)
{
    return vl_span_starts_with(line, "gpg-pubkey\t") || vl_span_trim(line).len == 0;
}

/* How many expected rows are met exactly; *ret_same is false also where we have packages that are not
 * expected. */
static size_t compare(
    struct vl_span expected, const struct vl_package_sink *sink, size_t *ret_total, bool *ret_same)
{
    struct vl_span line, rest = expected;
    size_t want = 0, have = sink->packages.len, met = 0;
    while (vl_span_split_line(&rest, &line))
        want += !is_key(line);
    char **a = vl_arena_array(sink->arena, want, sizeof(*a)),
         **b = vl_arena_array(sink->arena, have, sizeof(*b));
    want = 0;
    for (rest = expected; vl_span_split_line(&rest, &line);) {
        if (!is_key(line))
            a[want++] = expected_row(line, sink->arena);
    }
    for (size_t i = 0; i < have; i++)
        b[i] = row_of(vl_vec_at(&sink->packages, i), sink->arena);
    qsort(a, want, sizeof(*a), by_text);
    qsort(b, have, sizeof(*b), by_text);
    for (size_t i = 0, j = 0; i < want || j < have;) {
        int order = i == want ? 1 : j == have ? -1 : strcmp(a[i], b[j]);
        if (order < 0)
            printf("  missing    %s\n", a[i]);
        if (order > 0)
            printf("  unexpected %s\n", b[j]);
        met += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    *ret_total = want;
    *ret_same = met == want && met == have;
    return met;
}

static const char *find_database(const char *folder, char *out, size_t size)
{
    static const char *const names[] = {"Packages", "Packages.db", "rpmdb.sqlite"};
    struct stat st;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        foreign_print(out, size, "%s/%s", folder, names[i]);
        if (stat(out, &st) == 0)
            return names[i];
    }
    return NULL;
}

static bool run_database(const char *folder, size_t *met, size_t *total)
{
    char path[PATH_BUF + 64], expected_path[PATH_BUF + 64], inside[PATH_BUF];
    struct vl_err err = VL_ERR_INIT;
    bool same = false;
    VL_CLEANUP(vl_buf_done) struct vl_buf db;
    VL_CLEANUP(vl_buf_done) struct vl_buf expected;
    vl_buf_init(&db, DB_MAX);
    vl_buf_init(&expected, DB_MAX);
    const char *name = find_database(folder, path, sizeof(path));
    foreign_print(expected_path, sizeof(expected_path), "%s/expected.tsv", folder);
    if (!name || vl_file_read(path, DB_MAX, &db, &err) < 0 ||
        vl_file_read(expected_path, DB_MAX, &expected, &err) < 0) {
        printf("  %s: %s\n", folder, name ? err.msg : "no database");
        return false;
    }
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    VL_CLEANUP(vl_package_sink_done) struct vl_package_sink sink;
    vl_notes_init(&notes, arena);
    if (!arena || vl_package_sink_init(&sink, arena, &notes, &err) < 0)
        return false;
    foreign_print(inside, sizeof(inside), "var/lib/rpm/%s", name);
    struct vl_package_file file = {.path = inside, .size = db.len, .content = vl_buf_span(&db)};
    const struct vl_package_parser *parser = vl_package_parser_for(&file, VL_PACKAGE_SCOPE_INSTALLED);
    int r = parser ? parser->parse(&file, &sink, &err) : -1;
    if (r < 0 || notes.len)
        printf("  %s: %s\n", folder, r < 0 ? err.msg : notes.items[0].message);
    *met = compare(vl_buf_span(&expected), &sink, total, &same);
    return same && r >= 0 && notes.len == 0;
}

int main(void)
{
    char buf[PATH_BUF], root[PATH_BUF + 64];
    struct dirent **names = NULL;
    const char *shared = foreign_shared(buf, sizeof(buf));
    if (!shared)
        return FOREIGN_SKIPPED;
    foreign_print(root, sizeof(root), "%s/cases/rpmdb", shared);
    int n = scandir(root, &names, NULL, alphasort);
    size_t all_met = 0, all_total = 0;
    unsigned databases = 0;
    bool bad = n < 0;
    for (int i = 0; i < n; i++) {
        char folder[PATH_BUF + 512];
        if (names[i]->d_name[0] != '.') {
            size_t met = 0, total = 0;
            foreign_print(folder, sizeof(folder), "%s/%s", root, names[i]->d_name);
            bool same = run_database(folder, &met, &total);
            if (!same)
                printf("FAILED package/rpmdb/%s: %zu of %zu rows\n", names[i]->d_name, met, total);
            bad |= !same;
            all_met += met;
            all_total += total;
            databases++;
        }
        free(names[i]);
    }
    free(names);
    printf("foreign: package/rpmdb %zu/%zu\n", all_met, all_total);
    return bad || databases == 0 ? 1 : 0;
}
