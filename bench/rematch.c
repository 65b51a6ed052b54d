/* Stored package lists matched anew, by the server's own jobs, incl. writing what changed.
 *
 *   bench-rematch DB STATUS FOLDER [IMAGES]    STATUS: a dpkg status file, judged as Debian 12; FOLDER: a new
 *                                              one for the database, kept (VALLUM_TEST_DATABASE: another one)
 *
 * Every image has a list of its own of 1,200 packages. Then: (1) the data has changed and no finding did; (2)
 * one finding of every image is new. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "app.h"
#include "base/file.h"
#include "base/time.h"
#include "findings/advisories.h"
#include "jobs/assess.h"
#include "jobs/handlers.h"
#include "jobs/job_rematch.h"
#include "model/purl.h"

#define IMAGES   10000
#define PACKAGES 1200

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
    const char *source, struct vl_err *err)
{
    struct vl_package *p = vl_vec_push(&u->packages, "packages", err);
    if (!p)
        return err->err;
    *p = (struct vl_package){.ecosystem = eco,
        .name = name,
        .version = version,
        .source_name = source,
        .purl = eco == VL_ECO_DEB ? vl_arena_printf(u->arena,
                                        "pkg:deb/debian/%s@%s?arch=amd64&distro=debian-12", name, version)
                                  : vl_arena_printf(u->arena, "pkg:npm/%s@%s", name, version),
        .path = eco == VL_ECO_DEB ? "var/lib/dpkg/status" : "app/package-lock.json",
        .layer = VL_LAYER_NONE,
        .owner = VL_PACKAGE_NONE};
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
        struct vl_span source = field(stanza, "Source");
        r = add(u, VL_ECO_DEB, vl_arena_dup_span(u->arena, field(stanza, "Package")),
            vl_arena_dup_span(u->arena, field(stanza, "Version")),
            source.len ? vl_arena_dup_span(u->arena, vl_span_slice(source, 0, vl_span_find_char(source, ' ')))
                       : NULL,
            err);
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
    inv->target =
        (struct vl_target){.kind = VL_TARGET_IMAGE, .name = "bench", .os = "linux", .arch = "amd64"};
    inv->distro = (struct vl_distro){
        "debian", "", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", "", "", VL_SUPPORT_STANDARD, 0, 0};
    for (size_t i = 0; i < PACKAGES; i++) {
        *state = *state * 1664525U + 1013904223U;
        size_t at = i < PACKAGES * 2 / 3 ? (i + (*state >> 8) % 3) % n_deb
                                         : n_deb + (*state >> 8) % (u->packages.len - n_deb);
        struct vl_package *p = vl_vec_push(&inv->packages, "packages", err);
        if (!p) {
            vl_inventory_free(inv);
            return NULL;
        }
        *p = *(const struct vl_package *)vl_vec_at(&u->packages, at);
    }
    return inv;
}

static int64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

/* --- loading --- */

#define BATCH 50

struct batch {
    struct vl_assessment assessed[BATCH];
    size_t n;
};

static int batch_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct batch *b = user;
    struct vl_facts_change change;
    int r = 0;
    for (size_t i = 0; i < b->n && r >= 0; i++)
        r = vl_repo_facts_store(conn, &b->assessed[i].facts, &b->assessed[i].store, &change, err);
    return r;
}

static int load(
    struct vl_server_app *app, const struct universe *u, size_t n_deb, unsigned images, struct vl_err *err)
{
    struct vl_advisories_hold hold;
    struct vl_facts_memo memo;
    struct vl_arena *arena = vl_arena_new(1024UL * 1024 * 1024);
    static struct batch b;
    uint32_t state = 1;
    uint64_t findings = 0;
    int r = vl_advisories_hold(app->advisories, &hold, err);
    if (r >= 0)
        r = vl_facts_memo_init(&memo, err);
    int64_t wall = vl_time_monotonic_us(), cpu = cpu_us();
    for (unsigned i = 0; i < images && r >= 0; i++) {
        struct vl_inventory *inv = make(u, &state, n_deb, err);
        struct vl_assessment *a = &b.assessed[b.n];
        if (!inv)
            return err->err;
        vl_assessment_init(a);
        a->store = (struct vl_facts_store){.digest = vl_arena_printf(arena, "sha256:%064u", i),
            .media_type = "m",
            .why = "scan",
            .now = vl_time_now_ms()};
        r = vl_assess(app, &hold, &memo, arena, inv, true, a, err);
        findings += a->facts.n_matches;
        b.n++;
        if (r < 0 || (b.n < BATCH && i + 1 < images))
            continue;
        r = vl_store_write(app->store, batch_write, &b, err);
        for (size_t k = 0; k < b.n; k++) {
            vl_facts_learn(app->facts, &b.assessed[k].facts);
            vl_assessment_done(&b.assessed[k]);
        }
        b.n = 0;
        vl_arena_reset(arena);
    }
    printf("loaded          %u images, %llu findings: %.1f s, %.1f s of processor\n", images,
        (unsigned long long)findings, (double)(vl_time_monotonic_us() - wall) / 1e6,
        (double)(cpu_us() - cpu) / 1e6);
    vl_facts_memo_done(&memo);
    vl_advisories_release(app->advisories, &hold);
    vl_arena_free(arena);
    return r;
}

/* --- matching anew --- */

static const struct vl_store_sql sql_old = {"UPDATE image SET database_digest = 'old'", NULL};
static const struct vl_store_sql sql_take = {"DELETE FROM finding WHERE match_id = (SELECT match_id FROM "
                                             "finding GROUP BY match_id ORDER BY count(*) DESC LIMIT 1)",
    NULL};
static const struct vl_store_sql sql_left = {
    "SELECT count(*) FROM image WHERE database_digest = 'old'", NULL};
static const struct vl_store_sql sql_findings = {"SELECT count(*) FROM finding", NULL};

static int run_sql(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, user, &stmt, err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static int64_t number(struct vl_server_app *app, const struct vl_store_sql *sql)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_read(app->store, &conn, &err) < 0 || vl_stmt_begin(conn, sql, &stmt, &err) < 0 ||
        vl_stmt_step(stmt, &err) <= 0)
        return -1;
    return vl_stmt_get_int(stmt, 0);
}

static int again(struct vl_server_app *app, const char *what, struct vl_err *err)
{
    static const struct vl_job_round no_rounds[] = {{0}};
    static const struct vl_runner_options options = {.workers = 1, .rounds = no_rounds};
    static const struct timespec pause = {.tv_nsec = 20000000};
    struct vl_runner *runner = NULL;
    int64_t wall = vl_time_monotonic_us(), cpu = cpu_us();
    int r = vl_round_rematch(app, err);
    if (r >= 0)
        r = vl_runner_start(app, &options, &runner, err);
    while (r >= 0 && number(app, &sql_left) > 0)
        nanosleep(&pause, NULL);
    vl_runner_stop(runner);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-15s %.2f s, %.2f s of processor; %lld findings; peak memory %ld MB\n", what,
        (double)(vl_time_monotonic_us() - wall) / 1e6, (double)(cpu_us() - cpu) / 1e6,
        (long long)number(app, &sql_findings), usage.ru_maxrss / 1024);
    return r;
}

int main(int argc, char **argv)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_app app;
    struct universe u = {.arena = vl_arena_new(256UL * 1024 * 1024)};
    struct vl_arena *arena = vl_arena_new(64UL * 1024 * 1024);
    bool first;
    if (argc < 4) {
        fprintf(stderr, "usage: bench-rematch DB STATUS FOLDER [IMAGES]\n");
        return 3;
    }
    unsigned images = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : IMAGES;
    struct vl_server_config config = {.data = argv[3],
        .address = "127.0.0.1",
        .database = getenv("VALLUM_TEST_DATABASE"),
        .advisories = argv[1],
        .advisory_updates = 1};
    vl_vec_init(&u.packages, sizeof(struct vl_package), 1000000);
    int r = vl_server_app_open(&app, &config, arena, &first, &err);
    if (r >= 0)
        r = read_status(&u, argv[2], &err);
    size_t n_deb = u.packages.len;
    if (r >= 0)
        r = add_npm(&u, &err);
    if (r >= 0)
        r = load(&app, &u, n_deb, images, &err);
    if (r >= 0)
        r = vl_store_write(app.store, run_sql, (void *)(uintptr_t)&sql_old, &err);
    if (r >= 0)
        r = again(&app, "nothing new", &err);
    if (r >= 0)
        r = vl_store_write(app.store, run_sql, (void *)(uintptr_t)&sql_take, &err);
    if (r >= 0)
        r = vl_store_write(app.store, run_sql, (void *)(uintptr_t)&sql_old, &err);
    if (r >= 0)
        r = again(&app, "one new each", &err);
    if (r < 0)
        fprintf(stderr, "bench-rematch: %s\n", err.msg);
    vl_server_app_close(&app, 0);
    vl_vec_done(&u.packages);
    vl_arena_free(u.arena);
    vl_arena_free(arena);
    return r < 0;
}
