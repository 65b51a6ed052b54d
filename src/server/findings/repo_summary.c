#include "findings/repo_summary.h"

#include <stdlib.h>

#include "base/time.h"
#include "base/vec.h"
#include "jobs/runner.h"
#include "model/finding.h"
#include "store/feed.h"

static const struct vl_store_sql sql_state = {
    "SELECT number, computed, took FROM summary WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_changed = {
    "SELECT CASE WHEN (SELECT min(number) FROM change) > $2 + 1 THEN 1 WHEN EXISTS (SELECT 1 FROM change "
    "WHERE number > $2 AND environment_id = $1 AND topic IN ('image', 'finding', 'exemption', 'rule', "
    "'registry', 'score')) THEN 1 ELSE 0 END",
    NULL};
static const struct vl_store_sql sql_images = {"SELECT DISTINCT image_id FROM registry_image WHERE "
                                               "environment_id = $1 AND fetched_at > 0 AND deleted_at = "
                                               "0 AND image_id > 0",
    NULL};
static const struct vl_store_sql sql_vulnerabilities = {
    "SELECT id, kev_added, epss FROM vulnerability ORDER BY id", NULL};
static const struct vl_store_sql sql_matches = {
    "SELECT id, vulnerability_id, severity, state FROM package_vulnerability ORDER BY id", NULL};
static const struct vl_store_sql sql_exempt = {
    "SELECT match_id FROM finding_exempt WHERE environment_id = $1 AND image_id = $2 ORDER BY match_id",
    NULL};
static const struct vl_store_sql sql_findings = {
    "SELECT match_id, layer, day FROM finding WHERE image_id = $1 AND status = 0", NULL};
static const struct vl_store_sql sql_base = {"SELECT layer_id, ordinal FROM image_layer WHERE image_id = $1 "
                                             "AND base = 1 ORDER BY ordinal DESC LIMIT 1",
    NULL};
static const struct vl_store_sql sql_top = {
    "SELECT layer_id, ordinal FROM image_layer WHERE image_id = $1 ORDER BY ordinal DESC LIMIT 1", NULL};
static const struct vl_store_sql sql_clear_vulnerabilities = {
    "DELETE FROM vulnerability_seen WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_clear_bases = {"DELETE FROM base_seen WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_put_vulnerability = {
    "INSERT INTO vulnerability_seen (environment_id, vulnerability_id, images, severity, fixable, day, risk) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)",
    NULL};
static const struct vl_store_sql sql_put_base = {
    "INSERT INTO base_seen (environment_id, layer_id, layers, images, findings, fixable, critical, image_id, "
    "sample_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    NULL};
static const struct vl_store_sql sql_put_state = {
    "INSERT INTO summary (environment_id, number, computed, took) VALUES ($1, $2, $3, $4) ON CONFLICT "
    "(environment_id) DO UPDATE SET number = excluded.number, computed = excluded.computed, took = "
    "excluded.took",
    NULL};

struct numbers {
    int64_t v[8];
};

struct computing {
    int64_t environment, number, started;
    struct vl_vec vulnerabilities, bases; /* struct numbers */
    int (*with)(struct vl_store_conn *conn, void *user, struct vl_err *err);
    void *user;
};

/* --- counting --- */

/* One pass over the findings of all images, in the order in which they lie; what they mean is looked up here:
 * the database would sort them all. Each vector is sorted by its first member. */
struct known {
    int64_t id;
    int64_t images, day, last_image; /* the last that was counted for it */
    int severity;
    bool fixable, kev;
    int64_t epss; /* in 1/100,000, and one; 0: none */
};

struct match {
    int64_t id;
    struct known *of;
    int severity;
    bool fixed;
};

struct counting {
    struct vl_store_conn *conn;
    int64_t environment;
    struct vl_vec known;   /* struct known */
    struct vl_vec matches; /* struct match */
    struct vl_vec images;  /* int64_t */
    struct vl_vec exempt;  /* int64_t: matches of the image that is counted */
};

static int by_first(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void *find(const struct vl_vec *sorted, int64_t id)
{
    return sorted->len ? bsearch(&id, sorted->items, sorted->len, sorted->item_size, by_first) : NULL;
}

static int load_known(struct counting *c, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(c->conn, &sql_vulnerabilities, &stmt, err);
    while (r >= 0 && (r = vl_stmt_step(stmt, err)) > 0) {
        struct known *k = vl_vec_push(&c->known, "vulnerabilities", err);
        if (!k)
            return err->err;
        k->id = vl_stmt_get_int(stmt, 0);
        k->kev = vl_stmt_get_int(stmt, 1) > 0;
        k->epss = vl_stmt_is_null(stmt, 2) ? 0 : 1 + (int64_t)(vl_stmt_get_double(stmt, 2) * 100000);
    }
    return r;
}

static int load_matches(struct counting *c, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(c->conn, &sql_matches, &stmt, err);
    while (r >= 0 && (r = vl_stmt_step(stmt, err)) > 0) {
        struct known *of = find(&c->known, vl_stmt_get_int(stmt, 1));
        struct match *m = of ? vl_vec_push(&c->matches, "matches", err) : NULL;
        if (of && !m)
            return err->err;
        if (m)
            *m = (struct match){vl_stmt_get_int(stmt, 0), of, (int)vl_stmt_get_int(stmt, 2),
                vl_stmt_get_int(stmt, 3) == VL_FIX_FIXED};
    }
    return r;
}

static int load_ids(
    struct counting *c, const struct vl_store_sql *sql, int64_t image, struct vl_vec *ids, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(c->conn, sql, &stmt, err);
    if (r < 0)
        return r;
    ids->len = 0;
    vl_stmt_int(stmt, 1, c->environment);
    if (image)
        vl_stmt_int(stmt, 2, image);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        int64_t *id = vl_vec_push(ids, "the summary", err);
        if (!id)
            return err->err;
        *id = vl_stmt_get_int(stmt, 0);
    }
    return r;
}

static void count_known(const struct match *m, int64_t image, int64_t day)
{
    struct known *k = m->of;
    if (k->last_image != image)
        k->images++;
    k->last_image = image;
    k->severity = m->severity > k->severity ? m->severity : k->severity;
    k->fixable |= m->fixed;
    if (k->day == 0 || day < k->day)
        k->day = day;
}

/* `base`: layer, layers, images, findings, fixable, critical of this image's base; ordinal -1: it has none.
 */
static int count_image(
    struct counting *c, int64_t image, int64_t ordinal, struct numbers *base, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = load_ids(c, &sql_exempt, image, &c->exempt, err);
    if (r >= 0)
        r = vl_stmt_begin(c->conn, &sql_findings, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        int64_t id = vl_stmt_get_int(stmt, 0);
        const struct match *m = find(&c->exempt, id) ? NULL : find(&c->matches, id);
        if (!m)
            continue;
        count_known(m, image, vl_stmt_get_int(stmt, 2));
        if (vl_stmt_get_int(stmt, 1) > ordinal)
            continue;
        base->v[3]++;
        base->v[4] += m->fixed;
        base->v[5] += m->severity == VL_SEVERITY_CRITICAL;
    }
    return r;
}

static int layer_of(struct counting *c, const struct vl_store_sql *sql, int64_t image, int64_t *ret_layer,
    int64_t *ret_ordinal, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(c->conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    r = vl_stmt_step(stmt, err);
    *ret_layer = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    *ret_ordinal = r > 0 ? vl_stmt_get_int(stmt, 1) : -1;
    return r < 0 ? r : 0;
}

/* Rows of one base become one. */
static void merge(struct vl_vec *bases)
{
    struct numbers *rows = bases->items;
    size_t kept = 0;
    if (bases->len)
        qsort(rows, bases->len, sizeof(*rows), by_first);
    for (size_t i = 0; i < bases->len; i++) {
        if (kept && rows[kept - 1].v[0] == rows[i].v[0]) {
            for (size_t k = 2; k < 6; k++)
                rows[kept - 1].v[k] += rows[i].v[k];
        } else {
            rows[kept++] = rows[i];
        }
    }
    bases->len = kept;
}

/* An image that ends where a base ends is the base: of several the last that came. */
static int name_bases(struct counting *c, struct vl_vec *bases, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < c->images.len && r >= 0; i++) {
        int64_t image = *(const int64_t *)vl_vec_at(&c->images, i), layer = 0, ordinal = -1;
        r = layer_of(c, &sql_top, image, &layer, &ordinal, err);
        struct numbers *base = r >= 0 && layer ? find(bases, layer) : NULL;
        if (base && base->v[1] == ordinal + 1 && image > base->v[6])
            base->v[6] = image;
    }
    return r;
}

static int count_images(struct counting *c, struct computing *out, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < c->images.len && r >= 0; i++) {
        int64_t image = *(const int64_t *)vl_vec_at(&c->images, i), layer = 0, ordinal = -1;
        struct numbers base = {{0}};
        r = layer_of(c, &sql_base, image, &layer, &ordinal, err);
        if (r >= 0)
            r = count_image(c, image, ordinal, &base, err);
        struct numbers *row = r >= 0 && layer ? vl_vec_push(&out->bases, "base images", err) : NULL;
        if (r >= 0 && layer && !row)
            return err->err;
        if (row)
            *row = (struct numbers){{layer, ordinal + 1, 1, base.v[3], base.v[4], base.v[5], 0, image}};
    }
    merge(&out->bases);
    return r < 0 ? r : name_bases(c, &out->bases, err);
}

/* In one number as scan/order.c: exploited, severity, EPSS, fixed. */
static int64_t risk_of(const struct known *k)
{
    return ((((k->kev ? 16 : 0) + k->severity) * 1048576LL) + k->epss) * 2 + k->fixable;
}

static int take_known(const struct counting *c, struct computing *out, struct vl_err *err)
{
    for (size_t i = 0; i < c->known.len; i++) {
        const struct known *k = vl_vec_at(&c->known, i);
        struct numbers *row = k->images ? vl_vec_push(&out->vulnerabilities, "vulnerabilities", err) : NULL;
        if (k->images && !row)
            return err->err;
        if (row)
            *row = (struct numbers){{k->id, k->images, k->severity, k->fixable, k->day, risk_of(k)}};
    }
    return 0;
}

static int count_all(struct vl_store_conn *conn, struct computing *out, struct vl_err *err)
{
    struct counting c = {.conn = conn, .environment = out->environment};
    vl_vec_init(&c.known, sizeof(struct known), VL_SUMMARY_ROWS_MAX);
    vl_vec_init(&c.matches, sizeof(struct match), VL_SUMMARY_MATCHES_MAX);
    vl_vec_init(&c.images, sizeof(int64_t), VL_SUMMARY_ROWS_MAX);
    vl_vec_init(&c.exempt, sizeof(int64_t), VL_SUMMARY_ROWS_MAX);
    int r = load_known(&c, err);
    if (r >= 0)
        r = load_matches(&c, err);
    if (r >= 0)
        r = load_ids(&c, &sql_images, 0, &c.images, err);
    if (r >= 0)
        r = count_images(&c, out, err);
    if (r >= 0)
        r = take_known(&c, out, err);
    vl_vec_done(&c.known);
    vl_vec_done(&c.matches);
    vl_vec_done(&c.images);
    vl_vec_done(&c.exempt);
    return r;
}

/* --- writing --- */

static int run_with(struct vl_store_conn *conn, const struct vl_store_sql *sql, const int64_t *values, int n,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    for (int i = 0; i < n; i++)
        vl_stmt_int(stmt, i + 1, values[i]);
    return vl_stmt_send(stmt, err);
}

static int put(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t environment,
    const struct vl_vec *rows, int n, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < rows->len && r >= 0; i++) {
        const struct numbers *row = vl_vec_at(rows, i);
        const int64_t values[] = {environment, row->v[0], row->v[1], row->v[2], row->v[3], row->v[4],
            row->v[5], row->v[6], row->v[7]};
        r = run_with(conn, sql, values, 1 + n, err);
    }
    return r;
}

static int compute_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct computing *c = user;
    int64_t now = vl_time_now_ms();
    const int64_t state[] = {c->environment, c->number, now, now - c->started};
    int r = run_with(conn, &sql_clear_vulnerabilities, &c->environment, 1, err);
    if (r >= 0)
        r = run_with(conn, &sql_clear_bases, &c->environment, 1, err);
    if (r >= 0)
        r = put(conn, &sql_put_vulnerability, c->environment, &c->vulnerabilities, 6, err);
    if (r >= 0)
        r = put(conn, &sql_put_base, c->environment, &c->bases, 8, err);
    if (r >= 0)
        r = run_with(conn, &sql_put_state, state, (int)VL_ARRAY_LEN(state), err);
    return r < 0 || !c->with ? r : c->with(conn, c->user, err);
}

/* Counted with a connection for reading, so that no write waits for it. */
static int compute(struct vl_store *store, struct computing *c, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = vl_feed_last(conn, &c->number, err);
    if (r >= 0)
        r = count_all(conn, c, err);
    vl_store_read_done(conn);
    conn = NULL;
    return r < 0 ? r : vl_store_write(store, compute_write, c, err);
}

int vl_repo_summary_compute(struct vl_store *store, int64_t environment,
    int (*with)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    struct computing c = {
        .environment = environment, .started = vl_time_now_ms(), .with = with, .user = user};
    vl_vec_init(&c.vulnerabilities, sizeof(struct numbers), VL_SUMMARY_ROWS_MAX);
    vl_vec_init(&c.bases, sizeof(struct numbers), VL_SUMMARY_ROWS_MAX);
    int r = compute(store, &c, err);
    vl_vec_done(&c.vulnerabilities);
    vl_vec_done(&c.bases);
    return r;
}

/* --- whether it must be --- */

enum freshness {
    FRESH,
    AT_ONCE,
    LATER,
};

static int one_number(struct vl_stmt *stmt, int64_t *ret, struct vl_err *err)
{
    int r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}

/* *ret_counted: there is something to show, however old. */
static int freshness_of(struct vl_store_conn *conn, int64_t environment, enum freshness *ret,
    bool *ret_counted, struct vl_err *err)
{
    struct vl_stmt *state VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_stmt *changed VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t is_changed = 0;
    int r = vl_stmt_begin(conn, &sql_state, &state, err);
    if (r < 0)
        return r;
    vl_stmt_int(state, 1, environment);
    r = vl_stmt_step(state, err);
    *ret_counted = r > 0;
    if (r <= 0) {
        *ret = AT_ONCE; /* an empty list would say that there is nothing */
        return r;
    }
    int64_t number = vl_stmt_get_int(state, 0), computed = vl_stmt_get_int(state, 1);
    int64_t took = vl_stmt_get_int(state, 2), rest = vl_time_now_ms() - computed;
    r = vl_stmt_begin(conn, &sql_changed, &changed, err);
    if (r < 0)
        return r;
    vl_stmt_int(changed, 1, environment);
    vl_stmt_int(changed, 2, number);
    r = one_number(changed, &is_changed, err);
    if (!is_changed || (took > VL_SUMMARY_AT_ONCE_MS && rest < took * VL_SUMMARY_PAUSE_TIMES))
        *ret = FRESH;
    else
        *ret = took <= VL_SUMMARY_AT_ONCE_MS ? AT_ONCE : LATER;
    return r;
}

static int ask_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int64_t environment = *(const int64_t *)user;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 64);
    vl_buf_printf(&text, "%lld", (long long)environment);
    return vl_job_add(conn, "summary", vl_buf_str(&text), "", VL_PRIORITY_DERIVED, 0, VL_SPAN_LIT("{}"), err);
}

int vl_repo_summary_fresh(struct vl_store *store, int64_t environment, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    enum freshness freshness = FRESH;
    bool counted = true;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = freshness_of(conn, environment, &freshness, &counted, err);
    vl_store_read_done(conn);
    conn = NULL;
    if (r < 0 || freshness == FRESH)
        return r;
    r = freshness == AT_ONCE ? vl_repo_summary_compute(store, environment, NULL, NULL, err)
                             : vl_store_write(store, ask_write, &environment, err);
    if (r < 0 && err->err == -ENOSPC && counted) { /* what was counted last is still there to be read */
        vl_err_clear(err);
        r = 0;
    }
    return r;
}
