/* Matching as a scan does it: one inventory to findings with remedies, and 10,000 stored inventories again
 * after the advisory data changed.
 *
 *   scan-match DB STATUS    STATUS: a dpkg status file, judged as Debian 12 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "scan/scan.h"

#define LISTS    10000
#define PACKAGES 1200
#define RUNS     20

struct universe {
    struct vl_arena *arena;
    struct vl_vec packages; /* struct vl_package */
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

static int add(struct universe *u, enum vl_ecosystem eco, const char *name, const char *version,
    struct vl_package **ret, struct vl_err *err)
{
    struct vl_package *p = vl_vec_push(&u->packages, "packages", err);
    if (!p)
        return err->err;
    *p = (struct vl_package){.ecosystem = eco,
        .name = name,
        .version = version,
        .path = eco == VL_ECO_DEB ? "var/lib/dpkg/status" : "app/package-lock.json",
        .layer = VL_LAYER_NONE,
        .owner = VL_PACKAGE_NONE};
    if (ret)
        *ret = p;
    return 0;
}

static int read_status(struct universe *u, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 256UL * 1024 * 1024);
    int r = vl_file_read(path, text.max, &text, err);
    struct vl_span rest = vl_buf_span(&text);
    while (r == 0 && rest.len) {
        size_t end = vl_span_find(rest, VL_SPAN_LIT("\n\n"));
        struct vl_span stanza = vl_span_slice(rest, 0, end);
        rest = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(rest, end + 2, rest.len);
        struct vl_package *p;
        r = add(u, VL_ECO_DEB, vl_arena_dup_span(u->arena, field(stanza, "Package")),
            vl_arena_dup_span(u->arena, field(stanza, "Version")), &p, err);
        struct vl_span source = field(stanza, "Source");
        if (r == 0 && source.len)
            p->source_name =
                vl_arena_dup_span(u->arena, vl_span_slice(source, 0, vl_span_find_char(source, ' ')));
    }
    return r;
}

static int add_npm(struct universe *u, struct vl_err *err)
{
    static const char *const names[] = {"lodash", "express", "minimist", "axios", "moment", "qs", "ejs",
        "handlebars", "jquery", "semver", "ws", "tar", "glob-parent", "ini", "marked", "request",
        "underscore", "async"};
    int r = 0;
    for (unsigned v = 0; r == 0 && v < 60; v++) {
        for (size_t i = 0; i < VL_ARRAY_LEN(names) && r == 0; i++)
            r = add(u, VL_ECO_NPM, v < 5 ? names[i] : vl_arena_printf(u->arena, "%s-%u", names[i], v),
                vl_arena_printf(u->arena, "%u.%u.%u", v % 5, v % 7, (unsigned)i), NULL, err);
    }
    return r;
}

/* A third npm, the rest of Debian, as the image of the bars has it. */
static struct vl_inventory *make(const struct universe *u, uint32_t *state, size_t n_deb, struct vl_err *err)
{
    struct vl_inventory *inv = vl_inventory_new();
    if (!inv)
        return NULL;
    inv->target = (struct vl_target){.kind = VL_TARGET_IMAGE, .name = "bench"};
    inv->distro = (struct vl_distro){
        "debian", "", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", "", "", VL_SUPPORT_STANDARD, 0, 0};
    for (size_t i = 0; i < PACKAGES; i++) {
        size_t at;
        if (i < n_deb && i < PACKAGES * 2 / 3) {
            at = i;
        } else {
            *state = *state * 1664525U + 1013904223U;
            at = n_deb + (*state >> 8) % (u->packages.len - n_deb);
        }
        struct vl_package *p = vl_vec_push(&inv->packages, "packages", err);
        if (!p) {
            vl_inventory_free(inv);
            return NULL;
        }
        *p = *(const struct vl_package *)vl_vec_at(&u->packages, at);
    }
    return inv;
}

/* Processor time: other work on the machine does not count. */
static int64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static int once(const struct universe *u, struct vl_advisory_db *db, size_t n_deb, struct vl_err *err)
{
    int64_t best = INT64_MAX;
    size_t found = 0;
    uint32_t state = 1;
    for (unsigned i = 0; i < RUNS; i++) {
        struct vl_scan_result *result;
        struct vl_inventory *inv = make(u, &state, n_deb, err);
        if (!inv)
            return err->err;
        int64_t start = cpu_us();
        int r = vl_scan_match(inv, db, NULL, &result, err);
        if (r < 0)
            return r;
        int64_t took = cpu_us() - start;
        best = took < best ? took : best;
        found = result->findings.len;
        vl_scan_result_free(result);
    }
    printf(
        "one inventory   %d packages, %zu findings with facts and remedies: best %.2f ms of processor time\n",
        PACKAGES, found, (double)best / 1e3);
    return 0;
}

static int again(const struct universe *u, struct vl_advisory_db *db, size_t n_deb, struct vl_err *err)
{
    struct vl_scan_matcher *matcher;
    uint32_t state = 1;
    uint64_t found = 0;
    int64_t took = 0;
    int r = vl_scan_matcher_new(db, &matcher, err);
    for (unsigned i = 0; i < LISTS && r == 0; i++) {
        struct vl_scan_result *result;
        struct vl_inventory *inv = make(u, &state, n_deb, err);
        if (!inv)
            return err->err;
        int64_t start = cpu_us();
        r = vl_scan_matcher_match(matcher, inv, NULL, &result, err);
        took += cpu_us() - start;
        if (r == 0) {
            found += result->findings.len;
            vl_scan_result_free(result);
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (r == 0)
        printf("re-match        %d lists of %d packages: %.2f s of processor time, %.2f us a package, %llu "
               "findings, peak memory "
               "%ld MB\n",
            LISTS, PACKAGES, (double)took / 1e6, (double)took / LISTS / PACKAGES, (unsigned long long)found,
            usage.ru_maxrss / 1024);
    vl_scan_matcher_free(matcher);
    return r;
}

int main(int argc, char **argv)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_db *db = NULL;
    struct universe u = {.arena = vl_arena_new(256UL * 1024 * 1024)};
    if (argc != 3) {
        fprintf(stderr, "usage: scan-match DB STATUS\n");
        return 3;
    }
    vl_vec_init(&u.packages, sizeof(struct vl_package), 1000000);
    int r = vl_advisory_db_open(argv[1], &db, &err);
    if (r == 0)
        r = read_status(&u, argv[2], &err);
    size_t n_deb = u.packages.len;
    if (r == 0)
        r = add_npm(&u, &err);
    if (r == 0)
        r = once(&u, db, n_deb, &err);
    if (r == 0)
        r = again(&u, db, n_deb, &err);
    if (r < 0)
        fprintf(stderr, "scan-match: %s\n", err.msg);
    vl_advisory_db_close(db);
    vl_vec_done(&u.packages);
    vl_arena_free(u.arena);
    return r < 0;
}
