#include "test_rows.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/time.h"
#include "findings/repo_list_sets.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "inventory/image_state.h"
#include "inventory/repo_environment.h"
#include "inventory/repo_image.h"
#include "store/feed.h"

#define HOUR_MS  3600000
#define DAY_MS   (24 * (int64_t)HOUR_MS)
#define ARGS_MAX 24

struct value {
    char type;
    int64_t number;
    double real;
    const char *text;
};

struct job {
    const struct vl_store_sql *sql;
    struct value values[ARGS_MAX];
    int n;
    int64_t result;
};

static int run(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct job *job = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, job->sql, &stmt, err);
    if (r < 0)
        return r;
    for (int i = 0; i < job->n; i++) {
        if (job->values[i].type == 'i')
            vl_stmt_int(stmt, i + 1, job->values[i].number);
        else if (job->values[i].type == 'd')
            vl_stmt_double(stmt, i + 1, job->values[i].real);
        else
            vl_stmt_str(stmt, i + 1, job->values[i].text);
    }
    if (!strstr(job->sql->text, "RETURNING") && strncmp(job->sql->text, "SELECT", 6) != 0) {
        r = vl_stmt_run(stmt, &changed, err);
        job->result = (int64_t)changed;
        return r;
    }
    r = vl_stmt_step(stmt, err);
    job->result = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    while (r > 0)
        r = vl_stmt_step(stmt, err);
    return r;
}

int64_t vl_rows_sql(struct vl_test_server *s, const struct vl_store_sql *sql, const char *types, ...)
{
    struct job job = {.sql = sql};
    struct vl_err err = VL_ERR_INIT;
    va_list args;
    va_start(args, types);
    for (; types[job.n] && job.n < ARGS_MAX; job.n++) {
        struct value *v = &job.values[job.n];
        v->type = types[job.n];
        if (v->type == 'i')
            v->number = va_arg(args, int64_t);
        else if (v->type == 'd')
            v->real = va_arg(args, double);
        else
            v->text = va_arg(args, const char *);
    }
    va_end(args);
    if (vl_store_write(s->app.store, run, &job, &err) < 0)
        fail_msg("%s: %s", sql->text, err.msg);
    return job.result;
}

struct make {
    struct vl_test_server *s;
    const char *name;
    int64_t expires, id;
    struct vl_role_scope scope;
    int role;
    char text[VL_TOKEN_TEXT];
};

static int make_environment(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct make *m = user;
    return vl_repo_environment_add(conn, NULL, m->name, &m->id, err);
}

int64_t vl_rows_environment(struct vl_test_server *s, const char *name, const char **ret_guid)
{
    struct make m = {.name = name};
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, make_environment, &m, &err) < 0)
        fail_msg("%s", err.msg);
    if (ret_guid) {
        struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
        struct vl_environment found;
        assert_true(vl_store_read(s->app.store, &conn, &err) >= 0);
        assert_int_equal(vl_repo_environment_get(conn, m.id, s->arena, &found, &err), 1);
        *ret_guid = found.guid;
    }
    return m.id;
}

int64_t vl_rows_first_environment(struct vl_test_server *s)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment found;
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_store_read(s->app.store, &conn, &err) >= 0);
    assert_int_equal(vl_repo_environment_find(conn, vl_span_str(s->environment), s->arena, &found, &err), 1);
    return found.id;
}

static int make_caller(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct make *m = user;
    struct vl_token token = {.name = "test", .role = (enum vl_role)m->role, .expires = m->expires};
    int64_t token_id;
    int r = vl_repo_principal_add(conn, VL_PRINCIPAL_CLIENT, m->name, NULL, &m->id, err);
    if (r >= 0 && m->role > VL_ROLE_NONE)
        r = vl_repo_role_bind(conn, m->id, &m->scope, (enum vl_role)m->role, err);
    return r < 0 ? r : vl_repo_token_add(conn, m->id, &token, m->text, &token_id, err);
}

const char *vl_rows_caller(
    struct vl_test_server *s, const char *name, int64_t environment, int role, int64_t expires)
{
    struct make m = {.name = name,
        .scope = {.environment = environment},
        .role = role,
        .expires = expires ? expires : vl_time_now_ms() + HOUR_MS};
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, make_caller, &m, &err) < 0)
        fail_msg("%s", err.msg);
    return vl_arena_strdup(s->arena, m.text);
}

const char *vl_rows_part_caller(
    struct vl_test_server *s, const char *name, int64_t environment, int64_t registry, int role)
{
    const struct vl_role_scope scope = {
        .environment = environment, .kind = VL_ROLE_REGISTRY, .registry = registry};
    return vl_rows_scope_caller(s, name, &scope, role);
}

const char *vl_rows_scope_caller(
    struct vl_test_server *s, const char *name, const struct vl_role_scope *scope, int role)
{
    struct make m = {.name = name, .scope = *scope, .role = role, .expires = vl_time_now_ms() + HOUR_MS};
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, make_caller, &m, &err) < 0)
        fail_msg("%s", err.msg);
    return vl_arena_strdup(s->arena, m.text);
}

int64_t vl_rows_registry(struct vl_test_server *s, int64_t environment, const char *name)
{
    static const struct vl_store_sql add = {
        "INSERT INTO registry (environment_id, name, host, kind, created, discovered_at) "
        "VALUES ($1, $2, $3, 'generic', $4, $4) RETURNING id",
        NULL};
    return vl_rows_sql(s, &add, "issi", environment, name, vl_arena_printf(s->arena, "%s.example:5000", name),
        vl_time_now_ms());
}

static void add_layers(struct vl_test_server *s, int64_t id, const char *const *layers)
{
    static const struct vl_store_sql add = {"INSERT INTO layer (diff_id, size) VALUES ($1, 1000) "
                                            "ON CONFLICT (diff_id) DO UPDATE SET size = 1000 RETURNING id",
        NULL};
    static const struct vl_store_sql place = {
        "INSERT INTO image_layer (image_id, ordinal, layer_id, created_by, base) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING",
        NULL};
    for (int64_t i = 0; i < VL_ROWS_LAYERS_MAX && layers[i]; i++) {
        bool base = layers[i][0] == '+';
        int64_t layer = vl_rows_sql(s, &add, "s", layers[i] + base);
        vl_rows_sql(s, &place, "iiisi", id, i, layer, base ? "FROM" : "RUN build", (int64_t)base);
    }
}

static int64_t add_facts(struct vl_test_server *s, const struct vl_rows_image *image)
{
    static const struct vl_store_sql add = {
        "INSERT INTO image (digest, media_type, os, arch, distro, size, created, indexer_version, "
        "indexed_at, assessed, why_not, coverage, database_digest, database_ms, matched_at) VALUES ($1, "
        "'application/vnd.oci.image.manifest.v1+json', 'linux', 'amd64', $2, 1000000, $3, $4, $5, $6, $7, "
        "$8, 'sha256:db', $3, $5) ON CONFLICT (digest) DO UPDATE SET os = 'linux' RETURNING id",
        NULL};
    int64_t now = vl_time_now_ms();
    return vl_rows_sql(s, &add, "ssiiiiss", image->digest, image->distro ? image->distro : "debian:12",
        now - DAY_MS, (int64_t)VL_INDEXER_VERSION, now,
        (int64_t)(image->not_assessed ? VL_ASSESSED_NOT : VL_ASSESSED_FULL),
        image->not_assessed ? "no advisory data for debian:12" : NULL,
        image->not_assessed
            ? "[{\"ecosystem\":\"debian:12\",\"packages\":3,\"hasData\":false}]"
            : "[{\"ecosystem\":\"debian:12\",\"packages\":3,\"hasData\":true,\"source\":\"debian\","
              "\"dataDate\":\"2025-11-28T00:00:00.000Z\",\"records\":7,\"starter\":false}]");
}

static const struct vl_store_sql sql_seen_by = {
    "SELECT DISTINCT environment_id FROM registry_image WHERE image_id = $1 AND fetched_at > 0", NULL};

/* What a scan does last: places in lists, and the feed. */
static int rank_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t image = *(const int64_t *)user;
    int r = vl_repo_image_rank(conn, image, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_seen_by, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        r = vl_feed_add(conn, vl_stmt_get_int(stmt, 0), "image", "test", err);
        if (r < 0)
            return r;
    }
    return r;
}

static void count(struct vl_test_server *s, int64_t image)
{
#define COUNT(condition)                                                                                    \
    "(SELECT count(*) FROM finding f JOIN package_vulnerability m ON m.id = f.match_id JOIN vulnerability " \
    "v "                                                                                                    \
    "ON v.id = m.vulnerability_id WHERE f.image_id = image.id AND f.status = 0 AND " condition ")"
    /* clang-format off */
    static const struct vl_store_sql sql = {
        "UPDATE image SET critical = " COUNT("m.severity = 5") ", high = " COUNT("m.severity = 4")
        ", medium = " COUNT("m.severity = 3") ", low = " COUNT("m.severity IN (1, 2)")
        ", unknown = " COUNT("m.severity = 0") ", fixable = " COUNT("m.state = 1")
        ", kev = " COUNT("v.kev_added > 0") " WHERE id = $1",
        NULL};
    /* clang-format on */
    struct vl_err err = VL_ERR_INIT;
    vl_rows_sql(s, &sql, "i", image);
    if (vl_store_write(s->app.store, rank_write, &image, &err) < 0)
        fail_msg("%s", err.msg);
}

int64_t vl_rows_image(
    struct vl_test_server *s, int64_t environment, int64_t registry, const struct vl_rows_image *image)
{
    static const struct vl_store_sql add = {
        "INSERT INTO registry_image (environment_id, registry_id, repository, digest, image_id, parent, "
        "platform, state, pushed_at, first_seen, last_seen, fetched_at, completed_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $11) RETURNING id",
        NULL};
    static const struct vl_store_sql tag = {
        "INSERT INTO tag (registry_id, repository, name, digest, changed) VALUES ($1, $2, $3, $4, $5)", NULL};
    int64_t now = vl_time_now_ms(), id = image->unfetched ? 0 : add_facts(s, image);
    if (id)
        add_layers(s, id, image->layers);
    vl_rows_sql(s, &add, "iississiiii", environment, registry, image->repository, image->digest, id,
        image->parent, image->platform ? image->platform : "linux/amd64",
        (int64_t)(id ? VL_IMAGE_COMPLETED : VL_IMAGE_UNSCANNED), image->pushed_at ? image->pushed_at : now,
        now, id ? now : (int64_t)0);
    if (image->tag)
        vl_rows_sql(s, &tag, "isssi", registry, image->repository, image->tag,
            image->parent ? image->parent : image->digest, now);
    if (id)
        count(s, id);
    return id;
}

int64_t vl_rows_finding(struct vl_test_server *s, int64_t image, const struct vl_rows_finding *f)
{
    static const struct vl_store_sql add_package = {
        "INSERT INTO package (purl, ecosystem, name, version, distro) VALUES ($1, 1, $2, $3, 'debian:12') "
        "ON CONFLICT (purl) DO UPDATE SET name = excluded.name RETURNING id",
        NULL};
    static const struct vl_store_sql add_vulnerability = {
        "INSERT INTO vulnerability (name, title, severity, cvss, epss, epss_percentile, kev_added, kev_due, "
        "published, links, cwes, details) VALUES ($1, $2, $3, 9.8, $4, $4, $5, $5, 1735689600000, "
        "'[\"https://example.com/a\"]', '[\"CWE-79\"]', 'All of it.') "
        "ON CONFLICT (name) DO UPDATE SET title = excluded.title RETURNING id",
        NULL};
    static const struct vl_store_sql add_match = {
        "INSERT INTO package_vulnerability (package_id, vulnerability_id, severity, severity_source, state, "
        "fixed_version, source, advisory, remedy, remedy_command) VALUES ($1, $2, $3, 'debian', $4, $5, "
        "'debian', 'DSA-1-1', 'Update the package.', 'apt-get install') ON CONFLICT (package_id, "
        "vulnerability_id) DO UPDATE SET severity = excluded.severity RETURNING id",
        NULL};
    static const struct vl_store_sql add = {
        "INSERT INTO finding (image_id, match_id, status, day, layer) VALUES ($1, $2, 0, $3, $4) "
        "ON CONFLICT DO NOTHING",
        NULL};
    static const struct vl_store_sql unset = {
        "UPDATE vulnerability SET epss = NULL, epss_percentile = NULL WHERE id = $1", NULL};
    int64_t now = vl_time_now_ms();
    int64_t package = vl_rows_sql(s, &add_package, "sss", f->purl, f->name, f->version);
    int64_t vulnerability = vl_rows_sql(s, &add_vulnerability, "ssidi", f->vulnerability,
        vl_arena_printf(s->arena, "Trouble in %s", f->name), (int64_t)f->severity, f->epss,
        f->kev ? now - DAY_MS : (int64_t)0);
    if (f->epss <= 0)
        vl_rows_sql(s, &unset, "i", vulnerability);
    int64_t match = vl_rows_sql(s, &add_match, "iiiis", package, vulnerability, (int64_t)f->severity,
        (int64_t)(f->fixed ? VL_FIX_FIXED : VL_FIX_NONE), f->fixed);
    vl_rows_sql(s, &add, "iiii", image, match, now / DAY_MS, f->layer);
    count(s, image);
    return match;
}

struct listing {
    int64_t list;
    const char *purl;
};

static int list_packages(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql sql = {"SELECT id FROM package WHERE $1 = '' OR purl = $1", NULL};
    const struct listing *l = user;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1024UL * 1024);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t ids[100], rows = 0;
    size_t n = 0;
    int r = arena ? vl_stmt_begin(conn, &sql, &stmt, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, l->purl ? l->purl : "");
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < VL_ARRAY_LEN(ids))
        ids[n++] = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : vl_repo_list_sets_put(conn, l->list, ids, n, arena, &rows, err);
}

void vl_rows_list_packages(struct vl_test_server *s, int64_t list, const char *purl)
{
    struct listing l = {list, purl};
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, list_packages, &l, &err) < 0)
        fail_msg("packages of a list: %s", err.msg);
}

void vl_rows_exempt(struct vl_test_server *s, int64_t environment, int64_t image, int64_t match)
{
    static const struct vl_store_sql add = {"INSERT INTO finding_exempt (environment_id, image_id, match_id, "
                                            "exemption_id) VALUES ($1, $2, $3, 0)",
        NULL};
    vl_rows_sql(s, &add, "iii", environment, image, match);
    count(s, image);
}
