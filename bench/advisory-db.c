/* Advisory database: build time, size, open time, look-ups a second, re-match of many package lists.
 *
 *   advisory-db build FEEDS OUT        builds OUT out of a folder of feeds and prints sizes
 *   advisory-db synth RECORDS OUT      the same out of synthetic records
 *   advisory-db speed DB [STATUS]      open, look-ups, re-match of 10,000 lists of 1,200 packages
 *   advisory-db match DB STATUS ID VERSION   pairs "vulnerability TAB package" of a dpkg status file
 *   advisory-db search DB TEXT
 *   advisory-db describe DB TEXT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advisory/build.h"
#include "advisory/db.h"
#include "base/file.h"
#include "base/time.h"
#include "base/vec.h"

#define LISTS    10000
#define PACKAGES 1200
#define OPENS    101

/* The bars of the design. */
#define BAR_BYTES_A_RECORD 36.0
#define BAR_OPEN_MS        1.0
#define BAR_REMATCH_S      15.0

static void print_bar(const char *what, double value, double bar)
{
    printf("bar             %s: %.3g of %.3g, %.0f %%%s\n", what, value, bar, value * 100 / bar,
        value <= bar ? "" : ": MISSED");
}

static int fail(struct vl_err *err)
{
    fprintf(stderr, "advisory-db: %s\n", err->msg);
    return 1;
}

static double seconds_since(int64_t start_us)
{
    return (double)(vl_time_monotonic_us() - start_us) / 1e6;
}

/* What this process used: on a shared machine the only number that means something. */
static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static long peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static void print_stats(const struct vl_advisory_build_stats *s, double took)
{
    uint64_t all = s->records + s->windows_rows;
    printf(
        "build           %.2f s, %.2f s of processor, peak memory %ld MB\n", took, cpu_seconds(), peak_mb());
    printf("records         %llu, and %llu rows of Windows updates\n", (unsigned long long)s->records,
        (unsigned long long)s->windows_rows);
    printf("file            %llu bytes, %llu of them texts; %.1f bytes a record without Windows rows "
           "counted, %.1f with\n",
        (unsigned long long)s->file_bytes, (unsigned long long)s->text_bytes,
        (double)s->file_bytes / (double)s->records, (double)s->file_bytes / (double)all);
    printf("advisories      %llu, vulnerabilities %llu, ids %llu, packages %llu in %llu namespaces, rows "
           "%llu, withdrawn %llu\n",
        (unsigned long long)s->advisories, (unsigned long long)s->vulnerabilities, (unsigned long long)s->ids,
        (unsigned long long)s->packages, (unsigned long long)s->namespaces, (unsigned long long)s->rows,
        (unsigned long long)s->withdrawn);
    print_bar("bytes a record", (double)s->file_bytes / (double)s->records, BAR_BYTES_A_RECORD);
}

static int run_build(const char *feeds, const char *out)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_build_stats stats;
    struct vl_notes notes;
    struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    vl_notes_init(&notes, arena);
    int64_t start = vl_time_monotonic_us();
    int r = vl_advisory_build_from_folder(feeds, out, &notes, &stats, &err);
    for (size_t i = 0; i < notes.len; i++)
        printf("note            %s: %s\n", notes.items[i].object, notes.items[i].message);
    vl_notes_done(&notes);
    vl_arena_free(arena);
    if (r < 0)
        return fail(&err);
    print_stats(&stats, seconds_since(start));
    return 0;
}

/* A tracker export of about `records` (package, vulnerability) pairs: ids, versions and texts that differ as
 * real ones do, since a file of copies would pack too well. */
static int write_synthetic(FILE *f, unsigned long records)
{
    unsigned long written = 0;
    unsigned state = 1;
    fputs("{", f);
    for (unsigned long p = 0; written < records; p++) {
        fprintf(f, "%s\"package-%lx\":{", p ? "," : "", p * 2654435761UL % 1000003UL);
        for (unsigned v = 0; v < 1 + p % 40 && written < records; v++, written++) {
            state = state * 1664525U + 1013904223U;
            fprintf(f,
                "%s\"CVE-%u-%u\":{\"description\":\"%08x in %08x allows "
                "%08x\",\"releases\":{\"bookworm\":{\"status\":\"%s\"",
                v ? "," : "", 2005 + state % 21, 1000 + (state >> 8) % 900 * 100 + v, state * 7, state * 13,
                state * 29, state % 5 ? "resolved" : "open");
            if (state % 5)
                fprintf(f, ",\"fixed_version\":\"%u.%u.%u-%u+deb12u%u\"", state % 9, (state >> 4) % 40,
                    (state >> 9) % 30, (state >> 13) % 9, (state >> 15) % 4);
            fprintf(f, ",\"urgency\":\"%s\"}}}",
                (const char *[]){"low", "medium", "high", "unimportant"}[state >> 30]);
        }
        fputs("}", f);
    }
    fputs("}\n", f);
    return ferror(f);
}

static int run_build(const char *feeds, const char *out);

static int run_synth(unsigned long records, const char *out)
{
    char dir[] = "/tmp/vallum-bench-XXXXXX";
    char debian[64];
    char file[96];
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    snprintf(debian, sizeof(debian), "%s/debian", dir);
    snprintf(file, sizeof(file), "%s/tracker.json", debian);
    FILE *f = mkdir(debian, 0755) == 0 ? fopen(file, "w") : NULL;
    int r = f ? write_synthetic(f, records) : 1;
    if (f && fclose(f) != 0)
        r = 1;
    if (r == 0)
        r = run_build(dir, out);
    else
        perror(file);
    unlink(file);
    rmdir(debian);
    rmdir(dir);
    return r;
}

/* --- package lists --- */

struct list {
    struct vl_arena *arena;
    struct vl_vec packages;
};

static struct vl_span field(struct vl_span stanza, const char *name)
{
    struct vl_span line;
    while (vl_span_split_line(&stanza, &line)) {
        if (vl_span_starts_with(line, name) && line.len > strlen(name) && line.ptr[strlen(name)] == ':')
            return vl_span_trim(vl_span_slice(line, strlen(name) + 1, line.len));
    }
    return VL_SPAN_EMPTY;
}

static int read_status(const char *path, struct list *list, struct vl_err *err)
{
    struct vl_buf text;
    vl_buf_init(&text, 256UL * 1024 * 1024);
    int r = vl_file_read(path, text.max, &text, err);
    struct vl_span rest = vl_buf_span(&text);
    while (r == 0 && rest.len) {
        size_t end = vl_span_find(rest, VL_SPAN_LIT("\n\n"));
        struct vl_span stanza = vl_span_slice(rest, 0, end);
        rest = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(rest, end + 2, rest.len);
        if (!vl_span_ends_with(field(stanza, "Status"), " installed"))
            continue;
        struct vl_package *p = vl_vec_push(&list->packages, "packages", err);
        if (!p)
            return err->err;
        p->ecosystem = VL_ECO_DEB;
        p->name = vl_arena_dup_span(list->arena, field(stanza, "Package"));
        p->version = vl_arena_dup_span(list->arena, field(stanza, "Version"));
        struct vl_span source = field(stanza, "Source");
        if (source.len) {
            size_t space = vl_span_find_char(source, ' ');
            p->source_name = vl_arena_dup_span(list->arena, vl_span_slice(source, 0, space));
            if (space != SIZE_MAX)
                p->source_version =
                    vl_arena_dup_span(list->arena, vl_span_slice(source, space + 2, source.len - 1));
        }
    }
    vl_buf_done(&text);
    return r;
}

/* Names of the database's own packages and versions around its fixes would need its insides: names of Debian
 * sources and of language packages do as well, most of them known, with a few versions each. */
static int make_universe(struct list *list, const char *status, struct vl_err *err)
{
    static const char *const names[] = {"lodash", "express", "minimist", "axios", "moment", "qs", "ejs",
        "handlebars", "jquery", "semver", "ws", "tar", "glob-parent", "ini", "marked", "request",
        "underscore", "async"};
    int r = status ? read_status(status, list, err) : 0;
    for (unsigned v = 0; r == 0 && v < 250; v++) {
        for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
            struct vl_package *p = vl_vec_push(&list->packages, "packages", err);
            if (!p)
                return err->err;
            p->ecosystem = VL_ECO_NPM;
            p->name = v < 5 ? names[i] : vl_arena_printf(list->arena, "%s-%u", names[i], v);
            p->version = vl_arena_printf(list->arena, "%u.%u.%u", v % 5, v % 7, (unsigned)i);
        }
    }
    return r;
}

static int rematch(struct vl_advisory_db *db, const struct list *universe, struct vl_err *err)
{
    struct vl_distro distro = {"debian", "", "12", "bookworm", "", "", "", VL_SUPPORT_STANDARD, 0, 0};
    struct vl_advisory_matcher *matcher;
    struct vl_arena *arena = vl_arena_new(64UL * 1024 * 1024);
    struct vl_vec matches;
    uint64_t found = 0;
    uint32_t state = 1;
    FILE *changes = tmpfile(); /* what a server would store: record, fix state and fix of each match */
    if (!changes)
        return vl_err_set(err, VL_ERR_SYSTEM, "no temporary file");
    vl_vec_init(&matches, sizeof(struct vl_advisory_match), 10000000);
    int r = vl_advisory_matcher_new(db, &distro, &matcher, err);
    int64_t start = vl_time_monotonic_us();
    double used = cpu_seconds();
    for (unsigned i = 0; i < LISTS && r == 0; i++) {
        r = vl_advisory_matcher_reset(matcher, &distro, err);
        matches.len = 0;
        vl_arena_reset(arena);
        for (unsigned k = 0; k < PACKAGES && r == 0; k++) {
            state = state * 1664525U + 1013904223U;
            const struct vl_package *p =
                vl_vec_at(&universe->packages, (state >> 8) % universe->packages.len);
            r = vl_advisory_match(matcher, p, arena, &matches, err);
        }
        found += matches.len;
        for (size_t k = 0; k < matches.len; k++) {
            const struct vl_advisory_match *m = vl_vec_at(&matches, k);
            uint32_t row[2] = {m->record, (uint32_t)m->state};
            fwrite(row, sizeof(row), 1, changes);
            fwrite(m->fixed_version ? m->fixed_version : "", 1,
                m->fixed_version ? strlen(m->fixed_version) + 1 : 1, changes);
        }
    }
    if (fflush(changes) != 0 && r == 0)
        r = vl_err_set(err, VL_ERR_SYSTEM, "the matches cannot be written");
    long written = ftell(changes);
    fclose(changes);
    double wall = seconds_since(start);
    double took = cpu_seconds() - used;
    if (r == 0)
        printf("re-match        %d lists of %d packages (%zu distinct): %.2f s, %.2f s of processor, %.2f us "
               "a package, %llu "
               "matches, %ld MB written\n",
            LISTS, PACKAGES, universe->packages.len, wall, took, took * 1e6 / LISTS / PACKAGES,
            (unsigned long long)found, written >> 20);
    if (r == 0)
        print_bar("seconds to re-match 10,000 lists", took, BAR_REMATCH_S);
    vl_advisory_matcher_free(matcher);
    vl_vec_done(&matches);
    vl_arena_free(arena);
    return r;
}

/* Every package of the universe with a fresh matcher: no cache helps. */
static int look_ups(struct vl_advisory_db *db, const struct list *universe, struct vl_err *err)
{
    struct vl_distro distro = {"debian", "", "12", "bookworm", "", "", "", VL_SUPPORT_STANDARD, 0, 0};
    struct vl_arena *arena = vl_arena_new(64UL * 1024 * 1024);
    struct vl_vec matches;
    uint64_t n = 0;
    double took = 0;
    int r = 0;
    vl_vec_init(&matches, sizeof(struct vl_advisory_match), 10000000);
    for (unsigned round = 0; round < 5 && r == 0; round++) {
        struct vl_advisory_matcher *matcher;
        r = vl_advisory_matcher_new(db, &distro, &matcher, err);
        double start = cpu_seconds();
        for (size_t i = 0; i < universe->packages.len && r == 0; i++, n++)
            r = vl_advisory_match(matcher, vl_vec_at(&universe->packages, i), arena, &matches, err);
        took += cpu_seconds() - start;
        vl_advisory_matcher_free(matcher);
        matches.len = 0;
        vl_arena_reset(arena);
    }
    if (r == 0)
        printf("uncached        %.2f M look-ups a second with all version comparisons\n",
            (double)n / took / 1e6);
    vl_vec_done(&matches);
    vl_arena_free(arena);
    return r;
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Each in processor time and by the clock; the median of many, since others use the machine as well. */
static int open_times(const char *path, struct vl_err *err)
{
    double wall[OPENS];
    double cpu[OPENS];
    for (unsigned i = 0; i < OPENS; i++) {
        struct vl_advisory_db *db;
        int64_t start = vl_time_monotonic_us();
        double used = cpu_seconds();
        int r = vl_advisory_db_open(path, &db, err);
        if (r < 0)
            return r;
        cpu[i] = (cpu_seconds() - used) * 1e3;
        wall[i] = seconds_since(start) * 1e3;
        vl_advisory_db_close(db);
    }
    printf("open            first %.3f ms", wall[0]);
    qsort(wall, OPENS, sizeof(wall[0]), compare_times);
    qsort(cpu, OPENS, sizeof(cpu[0]), compare_times);
    printf(", median %.3f ms, %.3f ms of processor\n", wall[OPENS / 2], cpu[OPENS / 2]);
    print_bar("milliseconds to open", wall[OPENS / 2], BAR_OPEN_MS);
    return 0;
}

static int run_speed(const char *path, const char *status)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_db *db;
    struct list universe = {.arena = vl_arena_new(256UL * 1024 * 1024)};
    vl_vec_init(&universe.packages, sizeof(struct vl_package), 1000000);
    int r = open_times(path, &err);
    if (r == 0)
        r = vl_advisory_db_open(path, &db, &err);
    if (r == 0)
        r = make_universe(&universe, status, &err);
    if (r == 0)
        r = look_ups(db, &universe, &err);
    if (r == 0)
        r = rematch(db, &universe, &err);
    if (r == 0) {
        int64_t start = vl_time_monotonic_us();
        r = vl_advisory_db_verify(db, &err);
        printf("verify          %.3f s, peak memory %ld MB\n", seconds_since(start), peak_mb());
    }
    if (r == 0)
        vl_advisory_db_close(db);
    vl_vec_done(&universe.packages);
    vl_arena_free(universe.arena);
    return r < 0 ? fail(&err) : 0;
}

static int run_match(const char *path, const char *status, const char *id, const char *version)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_db *db;
    struct vl_advisory_matcher *matcher;
    struct vl_distro distro = {id, "", version, "", "", "", "", VL_SUPPORT_STANDARD, 0, 0};
    struct list list = {.arena = vl_arena_new(256UL * 1024 * 1024)};
    struct vl_vec matches;
    vl_vec_init(&list.packages, sizeof(struct vl_package), 1000000);
    vl_vec_init(&matches, sizeof(struct vl_advisory_match), 10000000);
    int r = vl_advisory_db_open(path, &db, &err);
    if (r == 0)
        r = read_status(status, &list, &err);
    if (r == 0)
        r = vl_advisory_matcher_new(db, &distro, &matcher, &err);
    int64_t start = vl_time_monotonic_us();
    for (size_t i = 0; i < list.packages.len && r == 0; i++) {
        const struct vl_package *p = vl_vec_at(&list.packages, i);
        matches.len = 0;
        r = vl_advisory_match(matcher, p, list.arena, &matches, &err);
        for (size_t k = 0; k < matches.len && r == 0; k++) {
            const struct vl_advisory_match *m = vl_vec_at(&matches, k);
            struct vl_finding f = {0};
            r = vl_advisory_describe(db, m->record, &distro, list.arena, &f, &err);
            if (r == 0)
                printf("%s\t%s\t%s\t%s\t%s\t%s\n", f.id, p->name, p->version,
                    m->fixed_version ? m->fixed_version : "", vl_fix_state_name(m->state),
                    vl_severity_name(f.severity));
        }
    }
    fprintf(stderr, "%.4f s\n", seconds_since(start));
    return r < 0 ? fail(&err) : 0;
}

struct found {
    struct vl_advisory_db *db;
    bool describe;
    uint64_t n;
};

static int tell(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
    struct vl_err *err)
{
    struct found *f = user;
    f->n++;
    struct vl_finding finding = {0};
    struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    int r = vl_advisory_describe(f->db, record, NULL, arena, &finding, err);
    if (r == 0) {
        printf("%s\t%s\t%s\t%s\t%s\t%s\n", finding.id, finding.advisory, space, package, ranges,
            vl_severity_name(finding.severity));
        if (f->describe) {
            printf("  title %s\n  details %.300s\n  severity by %s, epss %.5f, kev %s, exploitation %s\n",
                finding.title ? finding.title : "-", finding.details ? finding.details : "-",
                finding.severity_source ? finding.severity_source : "-", finding.epss,
                finding.kev ? "yes" : "no", finding.exploitation ? finding.exploitation : "-");
            for (size_t i = 0; i < finding.n_aliases; i++)
                printf("  alias %s\n", finding.aliases[i]);
            for (size_t i = 0; i < finding.n_ratings; i++)
                printf("  rating %s %s\n", finding.ratings[i].source,
                    vl_severity_name(finding.ratings[i].severity));
            for (size_t i = 0; i < finding.n_cvss; i++)
                printf("  cvss %s %s %.1f\n", finding.cvss[i].source, finding.cvss[i].vector,
                    finding.cvss[i].score);
            for (size_t i = 0; i < finding.n_references; i++)
                printf("  ref %s\n", finding.references[i]);
            for (size_t i = 0; i < finding.n_cwes; i++)
                printf("  %s\n", finding.cwes[i]);
        }
    }
    vl_arena_free(arena);
    return r < 0 ? r : f->describe && f->n >= 3;
}

static int run_search(const char *path, const char *text, bool describe)
{
    struct vl_err err = VL_ERR_INIT;
    struct found f = {.describe = describe};
    int r = vl_advisory_db_open(path, &f.db, &err);
    int64_t start = vl_time_monotonic_us();
    if (r == 0)
        r = vl_advisory_search(f.db, vl_span_str(text), tell, &f, &err);
    if (r < 0)
        return fail(&err);
    fprintf(stderr, "%llu found in %.3f ms\n", (unsigned long long)f.n, seconds_since(start) * 1e3);
    vl_advisory_db_close(f.db);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "build") == 0)
        return run_build(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "synth") == 0)
        return run_synth(strtoul(argv[2], NULL, 10), argv[3]);
    if (argc >= 3 && strcmp(argv[1], "speed") == 0)
        return run_speed(argv[2], argc > 3 ? argv[3] : NULL);
    if (argc == 6 && strcmp(argv[1], "match") == 0)
        return run_match(argv[2], argv[3], argv[4], argv[5]);
    if (argc == 4 && strcmp(argv[1], "search") == 0)
        return run_search(argv[2], argv[3], false);
    if (argc == 4 && strcmp(argv[1], "describe") == 0)
        return run_search(argv[2], argv[3], true);
    fprintf(stderr,
        "usage: advisory-db build FEEDS OUT | synth RECORDS OUT | speed DB [STATUS] | match DB STATUS ID "
        "VERSION | search DB TEXT | describe DB TEXT\n");
    return 3;
}
