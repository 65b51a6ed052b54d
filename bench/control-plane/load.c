/* Fills a control plane's database as scans would: the same code that the job "scan" stores with, fed with
 * inventories that are made here instead of pulled. 500 repositories of 20 versions each on 40 bases.
 *
 *   load DATA ADVISORIES STATUS IMAGES [DATABASE]    STATUS: a dpkg status file, judged as Debian 12 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "base/file.h"
#include "base/time.h"
#include "codec/digest.h"
#include "inventory/image_state.h"
#include "inventory/repo_environment.h"
#include "jobs/assess.h"
#include "posture/posture.h"

#define BASES         40
#define VERSIONS      20  /* of a repository */
#define BASE_PACKAGES 230 /* with those of the application, five hundred findings an image by this data */
#define APP_PACKAGES  155
#define BASE_LAYERS   4
#define APP_LAYERS    3
#define BATCH         32 /* images a commit */
#define DAY_MS        86400000LL

struct load {
    struct vl_server_app app;
    struct vl_advisories_hold hold;
    struct vl_facts_memo memo;
    struct vl_arena *arena; /* of a batch */
    struct vl_vec debs;     /* struct vl_package */
    int64_t environment, registry;
    struct vl_assessment batch[BATCH];
    uint32_t numbers[BATCH];
    uint32_t n;
    uint64_t findings;
    int64_t now;
};

static void die(const struct vl_err *err)
{
    (void)fprintf(stderr, "load: %s\n", err->msg);
    exit(1);
}

static const char *digest_of(struct vl_arena *arena, const char *kind, uint32_t a, uint32_t b)
{
    char text[64], formatted[VL_DIGEST_TEXT_MAX];
    struct vl_digest digest;
    int n = snprintf(text, sizeof(text), "%s %u %u", kind, a, b);
    vl_digest_compute(VL_DIGEST_SHA256, (struct vl_span){text, (size_t)n}, &digest);
    return vl_arena_strdup(arena, vl_digest_format(&digest, formatted));
}

/* --- packages --- */

static struct vl_span field(struct vl_span stanza, const char *name)
{
    struct vl_span line;
    while (vl_span_split_line(&stanza, &line)) {
        if (vl_span_starts_with(line, name) && line.len > strlen(name) && line.ptr[strlen(name)] == ':')
            return vl_span_trim(vl_span_slice(line, strlen(name) + 1, line.len));
    }
    return VL_SPAN_EMPTY;
}

static int read_status(struct load *l, struct vl_arena *arena, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 256UL * 1024 * 1024);
    int r = vl_file_read(path, text.max, &text, err);
    struct vl_span rest = vl_buf_span(&text);
    while (r >= 0 && rest.len) {
        size_t end = vl_span_find(rest, VL_SPAN_LIT("\n\n"));
        struct vl_span stanza = vl_span_slice(rest, 0, end);
        rest = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(rest, end + 2, rest.len);
        struct vl_span source = field(stanza, "Source");
        struct vl_package *p = vl_vec_push(&l->debs, "packages", err);
        if (!p)
            return err->err;
        *p = (struct vl_package){.ecosystem = VL_ECO_DEB,
            .name = vl_arena_dup_span(arena, field(stanza, "Package")),
            .version = vl_arena_dup_span(arena, field(stanza, "Version")),
            .arch = "amd64",
            .path = "var/lib/dpkg/status",
            .owner = VL_PACKAGE_NONE};
        if (source.len)
            p->source_name =
                vl_arena_dup_span(arena, vl_span_slice(source, 0, vl_span_find_char(source, ' ')));
        p->purl =
            vl_arena_printf(arena, "pkg:deb/debian/%s@%s?arch=amd64&distro=debian-12", p->name, p->version);
    }
    return r < 0 ? r : vl_arena_check(arena, "packages", err);
}

static int add(struct vl_inventory *inv, const struct vl_package *package, uint32_t layer, struct vl_err *err)
{
    struct vl_package *p = vl_vec_push(&inv->packages, "packages", err);
    if (!p)
        return err->err;
    *p = *package;
    p->layer = layer;
    return 0;
}

/* Modules of the application: half are its own names, and one in twenty changes from version to version. */
static int add_modules(struct vl_inventory *inv, uint32_t repository, uint32_t version, struct vl_err *err)
{
    static const char *const names[] = {"lodash", "express", "minimist", "axios", "moment", "qs", "ejs",
        "handlebars", "jquery", "semver", "ws", "tar", "glob-parent", "ini", "marked", "request",
        "underscore", "async"};
    int r = 0;
    for (uint32_t i = 0; i < APP_PACKAGES && r >= 0; i++) {
        uint32_t which = (repository * 7 + i * 13) % 977, changes = i % 20 == version % 20;
        const char *name =
            i < VL_ARRAY_LEN(names) ? names[i] : vl_arena_printf(inv->arena, "module-%u", which);
        const char *number =
            vl_arena_printf(inv->arena, "%u.%u.%u", which % 5, (which + i) % 9, changes ? version : i % 7);
        struct vl_package p = {.ecosystem = VL_ECO_NPM,
            .name = name,
            .version = number,
            .purl = vl_arena_printf(inv->arena, "pkg:npm/%s@%s", name, number),
            .path = vl_arena_printf(inv->arena, "app/node_modules/%s/package.json", name),
            .owner = VL_PACKAGE_NONE};
        r = add(inv, &p, BASE_LAYERS + i % APP_LAYERS, err);
    }
    return r < 0 ? r : vl_arena_check(inv->arena, "packages", err);
}

static int add_layers(struct vl_inventory *inv, uint32_t base, uint32_t number, struct vl_err *err)
{
    for (uint32_t i = 0; i < BASE_LAYERS + APP_LAYERS; i++) {
        struct vl_layer *layer = vl_vec_push(&inv->layers, "layers", err);
        if (!layer)
            return err->err;
        bool of_base = i < BASE_LAYERS;
        const char *id = digest_of(inv->arena, of_base ? "base" : "app", of_base ? base : number, i);
        *layer = (struct vl_layer){.diff_id = id,
            .digest = id,
            .created_by = of_base ? "ADD rootfs.tar /" : "COPY . /app",
            .size = of_base ? 12000000 : 3000000,
            .base = of_base};
    }
    return 0;
}

static struct vl_inventory *make(const struct load *l, uint32_t number, struct vl_err *err)
{
    struct vl_inventory *inv = vl_inventory_new();
    uint32_t repository = number / VERSIONS, version = number % VERSIONS, base = repository % BASES;
    if (!inv)
        return NULL;
    inv->target = (struct vl_target){.kind = VL_TARGET_IMAGE,
        .name = "bench",
        .digest = digest_of(inv->arena, "manifest", number, 0),
        .image_id = digest_of(inv->arena, "config", number, 0),
        .os = "linux",
        .arch = "amd64",
        .created_ms = l->now - (int64_t)(VERSIONS - version) * 7 * DAY_MS};
    inv->distro = (struct vl_distro){
        "debian", "", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", "", "", VL_SUPPORT_STANDARD, 0, 0};
    int r = add_layers(inv, base, number, err);
    for (uint32_t i = 0; i < BASE_PACKAGES && r >= 0; i++)
        r = add(inv, vl_vec_at(&l->debs, (base * 17 + i) % l->debs.len), i % BASE_LAYERS, err);
    if (r >= 0)
        r = add_modules(inv, repository, version, err);
    if (r >= 0)
        return inv;
    vl_inventory_free(inv);
    return NULL;
}

/* --- rows --- */

static const struct vl_store_sql sql_registry = {
    "INSERT INTO registry (environment_id, name, host, kind, created, discovered_at) VALUES ($1, 'bench', "
    "'registry.example', 'generic', $2, $2) RETURNING id",
    NULL};
static const struct vl_store_sql sql_repository = {
    "INSERT INTO repository (registry_id, name, first_seen, last_seen) VALUES ($1, $2, $3, $3) ON CONFLICT "
    "DO NOTHING",
    NULL};
static const struct vl_store_sql sql_place = {
    "INSERT INTO registry_image (environment_id, registry_id, repository, digest, image_id, platform, state, "
    "pushed_at, first_seen, "
    "last_seen, fetched_at, completed_at) VALUES ($1, $2, $3, $4, $5, 'linux/amd64', $6, $7, $7, $8, $8, $8)",
    NULL};
static const struct vl_store_sql sql_tag = {
    "INSERT INTO tag (registry_id, repository, name, digest, changed) VALUES ($1, $2, $3, $4, $5)", NULL};

static int place(struct vl_store_conn *conn, struct load *l, uint32_t number, const char *digest,
    int64_t image, struct vl_err *err)
{
    struct vl_stmt *repository VL_CLEANUP(vl_stmt_cleanup) = NULL, *row VL_CLEANUP(vl_stmt_cleanup) = NULL,
                               *tag VL_CLEANUP(vl_stmt_cleanup) = NULL;
    char name[32], version[16];
    int64_t pushed = l->now - (int64_t)(VERSIONS - number % VERSIONS) * 7 * DAY_MS;
    (void)snprintf(name, sizeof(name), "team-%u/service-%u", number / VERSIONS % 25, number / VERSIONS);
    (void)snprintf(version, sizeof(version), "1.%u", number % VERSIONS);
    int r = vl_stmt_begin(conn, &sql_repository, &repository, err);
    if (r < 0)
        return r;
    vl_stmt_int(repository, 1, l->registry);
    vl_stmt_str(repository, 2, name);
    vl_stmt_int(repository, 3, pushed);
    r = vl_stmt_run(repository, NULL, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_place, &row, err);
    if (r < 0)
        return r;
    vl_stmt_int(row, 1, l->environment);
    vl_stmt_int(row, 2, l->registry);
    vl_stmt_str(row, 3, name);
    vl_stmt_str(row, 4, digest);
    vl_stmt_int(row, 5, image);
    vl_stmt_int(row, 6, VL_IMAGE_COMPLETED);
    vl_stmt_int(row, 7, pushed);
    vl_stmt_int(row, 8, l->now);
    r = vl_stmt_run(row, NULL, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_tag, &tag, err);
    if (r < 0)
        return r;
    vl_stmt_int(tag, 1, l->registry);
    vl_stmt_str(tag, 2, name);
    vl_stmt_str(tag, 3, version);
    vl_stmt_str(tag, 4, digest);
    vl_stmt_int(tag, 5, pushed);
    return vl_stmt_run(tag, NULL, err);
}

static int begin_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct load *l = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_environment *list;
    size_t n = 0;
    int r = vl_repo_environment_list(conn, l->arena, &list, &n, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_registry, &stmt, err);
    if (r < 0)
        return r;
    l->environment = list[0].id;
    vl_stmt_int(stmt, 1, l->environment);
    vl_stmt_int(stmt, 2, l->now);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        l->registry = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

static int batch_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct load *l = user;
    int r = 0;
    for (uint32_t i = 0; i < l->n && r >= 0; i++) {
        struct vl_facts_change change;
        r = vl_repo_facts_store(conn, &l->batch[i].facts, &l->batch[i].store, &change, err);
        if (r >= 0)
            r = place(conn, l, l->numbers[i], l->batch[i].store.digest, change.image, err);
        l->findings += r >= 0 ? (uint64_t)change.added : 0;
    }
    return r;
}

static int touch_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct load *l = user;
    return vl_posture_touch(conn, l->environment, NULL, err);
}

static void flush(struct load *l)
{
    struct vl_err err = VL_ERR_INIT;
    if (l->n > 0 && vl_store_write(l->app.store, batch_write, l, &err) < 0)
        die(&err);
    for (uint32_t i = 0; i < l->n; i++) {
        vl_facts_learn(l->app.facts, &l->batch[i].facts);
        vl_assessment_done(&l->batch[i]);
    }
    l->n = 0;
    vl_arena_reset(l->arena);
}

static void load_one(struct load *l, uint32_t number)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_assessment *a = &l->batch[l->n];
    struct vl_inventory *inventory = make(l, number, &err);
    if (!inventory)
        die(&err);
    vl_assessment_init(a);
    a->store = (struct vl_facts_store){.digest = vl_arena_strdup(l->arena, inventory->target.digest),
        .media_type = "application/vnd.oci.image.manifest.v1+json",
        .why = "scan",
        .now = l->now};
    if (vl_assess(&l->app, &l->hold, &l->memo, l->arena, inventory, true, a, &err) < 0)
        die(&err);
    l->numbers[l->n++] = number;
    /* Ids of rows that a batch makes are known to the next: a repository's first version stands alone. */
    if (l->n == BATCH || number % VERSIONS == 0)
        flush(l);
}

int main(int argc, char **argv)
{
    static struct load l;
    struct vl_err err = VL_ERR_INIT;
    struct vl_arena *arena = vl_arena_new(256UL * 1024 * 1024);
    struct vl_server_config config;
    bool first;
    if (argc < 5) {
        (void)fprintf(stderr, "usage: load DATA ADVISORIES STATUS IMAGES [DATABASE]\n");
        return 3;
    }
    l.now = vl_time_now_ms();
    l.arena = vl_arena_new(1024UL * 1024 * 1024);
    vl_vec_init(&l.debs, sizeof(struct vl_package), 100000);
    if (vl_server_config_init(&config, arena, &err) < 0 ||
        vl_server_config_set(&config, "data", argv[1], arena, &err) < 0 ||
        vl_server_config_set(&config, "advisories", argv[2], arena, &err) < 0 ||
        (argc > 5 && vl_server_config_set(&config, "database", argv[5], arena, &err) < 0) ||
        vl_server_app_open(&l.app, &config, arena, &first, &err) < 0 ||
        read_status(&l, arena, argv[3], &err) < 0 ||
        vl_advisories_hold(l.app.advisories, &l.hold, &err) < 0 || vl_facts_memo_init(&l.memo, &err) < 0 ||
        vl_store_write(l.app.store, begin_write, &l, &err) < 0)
        die(&err);
    if (!l.hold.db) {
        (void)fprintf(stderr, "load: %s\n", l.hold.why);
        return 1;
    }
    uint32_t images = (uint32_t)strtoul(argv[4], NULL, 10);
    int64_t start = vl_time_monotonic_us();
    for (uint32_t i = 0; i < images; i++)
        load_one(&l, i);
    flush(&l);
    if (vl_store_write(l.app.store, touch_write, &l, &err) < 0)
        die(&err);
    double seconds = (double)(vl_time_monotonic_us() - start) / 1e6;
    printf("{\"images\": %u, \"findings\": %llu, \"seconds\": %.1f}\n", images,
        (unsigned long long)l.findings, seconds);
    vl_facts_memo_done(&l.memo);
    vl_advisories_release(l.app.advisories, &l.hold);
    vl_server_app_close(&l.app, 0);
    vl_vec_done(&l.debs);
    vl_arena_free(l.arena);
    vl_arena_free(arena);
    return 0;
}
