#include "posture/repo_exemption.h"

#include <string.h>

#include "base/buf.h"
#include "base/time.h"
#include "model/purl.h"
#include "posture/catalogue.h"
#include "posture/repo_assess.h"
#include "posture/repo_exempt.h"
#include "store/feed.h"

#define COLUMNS                                                                                          \
    "SELECT e.id, e.guid, e.category, e.state, e.assessment_key, e.vulnerability, e.package, e.digest, " \
    "e.repository, e.registry_id, e.resource_id, g.name, r.arm_id, e.justification, e.requested_by, "    \
    "e.decided_by, e.created, e.decided, e.expires, e.ended, "                                           \
    "(SELECT count(*) FROM finding_exempt x WHERE x.exemption_id = e.id) + CAST(coalesce((SELECT "       \
    "sum(a.findings) FROM assessment a WHERE a.exemption_id = e.id), 0) AS BIGINT) FROM exemption e "    \
    "LEFT JOIN registry g ON g.id = e.registry_id LEFT JOIN resource r ON r.id = e.resource_id "

static const struct vl_store_sql sql_list = {COLUMNS
    "WHERE e.environment_id = $1 AND (e.state = $2 OR $2 = 0) AND (e.id < $3 OR $3 = 0) ORDER BY e.id DESC "
    "LIMIT $4",
    NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM exemption WHERE environment_id = $1 AND (state = $2 OR $2 = 0)", NULL};
static const struct vl_store_sql sql_get = {COLUMNS "WHERE e.environment_id = $1 AND e.guid = $2", NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO exemption (environment_id, guid, category, state, assessment_key, vulnerability, package, "
    "digest, registry_id, repository, resource_id, justification, requested_by, decided_by, created, "
    "decided, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
    "ON CONFLICT DO NOTHING RETURNING id",
    NULL};
static const struct vl_store_sql sql_change = {
    "UPDATE exemption SET state = $2, justification = $3, decided_by = $4, decided = $5, expires = $6, "
    "ended = 0 WHERE id = $1",
    NULL};
static const struct vl_store_sql sql_remove = {"DELETE FROM exemption WHERE id = $1", NULL};
static const struct vl_store_sql sql_registry = {
    "SELECT 1 FROM registry WHERE id = $1 AND environment_id = $2", NULL};

static const struct vl_store_sql sql_registry_named = {
    "SELECT id FROM registry WHERE environment_id = $1 AND name = $2", NULL};

const char *vl_exemption_state_name(int state)
{
    static const char *const names[] = {"requested", "approved", "rejected", "revoked"};
    return names[state >= VL_EXEMPTION_REQUESTED && state <= VL_EXEMPTION_REVOKED ? state - 1 : 0];
}

bool vl_exemption_state_parse(struct vl_span text, enum vl_exemption_state *ret)
{
    for (int i = VL_EXEMPTION_REQUESTED; i <= VL_EXEMPTION_REVOKED; i++) {
        if (vl_span_eq_nocase(text, vl_span_str(vl_exemption_state_name(i)))) {
            *ret = (enum vl_exemption_state)i;
            return true;
        }
    }
    return false;
}

/* --- checks --- */

static int check_package(struct vl_exemption *e, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_purl purl;
    struct vl_err why = VL_ERR_INIT;
    vl_buf_init(&text, VL_PURL_MAX);
    if (!e->package)
        return 0;
    if (vl_purl_parse(vl_span_str(e->package), arena, &purl, &why) < 0 ||
        vl_purl_format(&purl, &text, &why) < 0)
        return vl_err_set(err, VL_ERR_INVALID, "/package: %s", why.msg);
    e->package = vl_arena_dup_span(arena, vl_buf_span(&text));
    return vl_arena_check(arena, "the exemption", err);
}

/* CVE ids are written in capitals by everybody. */
static int check_vulnerability(struct vl_exemption *e, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_span text = vl_span_str(e->vulnerability);
    if (!e->vulnerability)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return vl_err_set(err, VL_ERR_INVALID, "/vulnerability: is no id of a vulnerability");
    }
    if (vl_span_eq_nocase(vl_span_slice(text, 0, 4), VL_SPAN_LIT("CVE-")))
        e->vulnerability = vl_arena_printf(arena, "CVE-%s", text.ptr + 4);
    return vl_arena_check(arena, "the exemption", err);
}

static bool is_digest(struct vl_span text)
{
    size_t colon = vl_span_find_char(text, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == text.len || text.len > VL_EXEMPTION_NAME_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool digit = vl_char_is_digit((unsigned char)c);
        bool letter = i < colon ? c >= 'a' && c <= 'z' : c >= 'a' && c <= 'f';
        if (i != colon && !digit && !letter)
            return false;
    }
    return true;
}

static int check_registry(
    struct vl_store_conn *conn, int64_t environment, int64_t registry, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = registry ? vl_stmt_begin(conn, &sql_registry, &stmt, err) : 0;
    if (r < 0 || !registry)
        return r;
    vl_stmt_int(stmt, 1, registry);
    vl_stmt_int(stmt, 2, environment);
    r = vl_stmt_step(stmt, err);
    return r == 0 ? vl_err_set(err, VL_ERR_INVALID, "/registry: there is no such registry") : r;
}

static int check_key(struct vl_exemption *e, struct vl_err *err)
{
    const struct vl_posture_assessment *what =
        e->assessment_key ? vl_posture_assessment_find(vl_span_str(e->assessment_key)) : NULL;
    if (!e->assessment_key)
        return 0;
    if (!what)
        return vl_err_set(err, VL_ERR_INVALID, "/assessmentKey: there is no such assessment");
    if (what->detector == VL_DETECTOR_NONE)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "/assessmentKey: nothing in this release evaluates it");
    e->assessment_key = what->key;
    return 0;
}

static bool names_something(const struct vl_exemption *e)
{
    return e->assessment_key || e->vulnerability || e->package || e->digest || e->registry || e->repository ||
           e->resource;
}

int vl_exemption_check(struct vl_store_conn *conn, int64_t environment, struct vl_exemption *e,
    struct vl_arena *arena, struct vl_err *err)
{
    if (e->category != VL_EXEMPT_WAIVER && e->category != VL_EXEMPT_MITIGATED)
        return vl_err_set(err, VL_ERR_INVALID, "/category: is neither waiver nor mitigated");
    if (!names_something(e))
        return vl_err_set(err, VL_ERR_INVALID,
            "/vulnerability: an exemption must name something: a vulnerability, package, digest, registry, "
            "repository, resourceId or assessmentKey");
    if (e->digest && !is_digest(vl_span_str(e->digest)))
        return vl_err_set(err, VL_ERR_INVALID, "/digest: is no digest (sha256:…)");
    if (e->expires && e->expires <= vl_time_now_ms())
        return vl_err_set(err, VL_ERR_INVALID, "/expires: is over already");
    int r = check_key(e, err);
    if (r >= 0)
        r = check_vulnerability(e, arena, err);
    if (r >= 0)
        r = check_package(e, arena, err);
    return r < 0 ? r : check_registry(conn, environment, e->registry, err);
}

/* --- reading --- */

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_exemption *ret, struct vl_err *err)
{
    *ret = (struct vl_exemption){.id = vl_stmt_get_int(stmt, 0),
        .guid = vl_stmt_copy(stmt, 1, arena),
        .category = (enum vl_exempt)vl_stmt_get_int(stmt, 2),
        .state = (enum vl_exemption_state)vl_stmt_get_int(stmt, 3),
        .assessment_key = vl_stmt_copy(stmt, 4, arena),
        .vulnerability = vl_stmt_copy(stmt, 5, arena),
        .package = vl_stmt_copy(stmt, 6, arena),
        .digest = vl_stmt_copy(stmt, 7, arena),
        .repository = vl_stmt_copy(stmt, 8, arena),
        .registry = vl_stmt_get_int(stmt, 9),
        .resource = vl_stmt_get_int(stmt, 10),
        .registry_name = vl_stmt_copy(stmt, 11, arena),
        .resource_id = vl_stmt_copy(stmt, 12, arena),
        .justification = vl_stmt_copy(stmt, 13, arena),
        .requested_by = vl_stmt_copy(stmt, 14, arena),
        .decided_by = vl_stmt_copy(stmt, 15, arena),
        .created = vl_stmt_get_int(stmt, 16),
        .decided = vl_stmt_get_int(stmt, 17),
        .expires = vl_stmt_get_int(stmt, 18),
        .ended = vl_stmt_get_int(stmt, 19),
        .findings = vl_stmt_get_int(stmt, 20)};
    return vl_arena_check(arena, "the exemptions", err);
}

int vl_repo_exemption_list(struct vl_store_conn *conn, int64_t environment, int64_t state, int64_t after,
    int64_t limit, struct vl_arena *arena, struct vl_exemption **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    size_t n = 0, max = limit > 0 && limit < VL_EXEMPTIONS_MAX ? (size_t)limit : VL_EXEMPTIONS_MAX;
    struct vl_exemption *list = vl_arena_array(arena, max, sizeof(*list));
    int r = list ? vl_stmt_begin(conn, &sql_list, &stmt, err) : vl_arena_failed(arena, "the exemptions", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, state);
    vl_stmt_int(stmt, 3, after);
    vl_stmt_int(stmt, 4, (int64_t)max);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < max) {
        r = take(stmt, arena, &list[n++], err);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_exemption_count(
    struct vl_store_conn *conn, int64_t environment, int64_t state, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, state);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_exemption_get(struct vl_store_conn *conn, int64_t environment, const char *guid,
    struct vl_arena *arena, struct vl_exemption *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, guid);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

/* --- writing --- */

/* What it takes out, worked out: now, or by a job where it is much. */
static int begins(struct vl_store_conn *conn, int64_t environment, const struct vl_exemption *e,
    bool *ret_pending, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(VL_PURL_MAX * 16UL);
    struct vl_purl purl;
    struct vl_exempt_reach reach = {.vulnerability = e->vulnerability, .digest = e->digest};
    int r = arena ? 0 : vl_err_nomem(err);
    if (r >= 0 && e->package) {
        r = vl_purl_parse(vl_span_str(e->package), arena, &purl, err);
        reach.package = &purl;
    }
    if (r >= 0 && (e->vulnerability || e->package))
        r = vl_exempt_reached(conn, environment, &reach, ret_pending, err);
    return r < 0 ? r : vl_assess_soon(conn, environment, vl_time_now_ms(), err);
}

static int ends(
    struct vl_store_conn *conn, int64_t environment, int64_t id, bool *ret_pending, struct vl_err *err)
{
    int r = vl_exempt_ended(conn, environment, id, 0, ret_pending, err);
    return r < 0 ? r : vl_assess_soon(conn, environment, vl_time_now_ms(), err);
}

static int insert(struct vl_store_conn *conn, int64_t environment, struct vl_exemption *e, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, e->guid);
    vl_stmt_int(stmt, 3, e->category);
    vl_stmt_int(stmt, 4, e->state);
    vl_stmt_str(stmt, 5, e->assessment_key);
    vl_stmt_str(stmt, 6, e->vulnerability);
    vl_stmt_str(stmt, 7, e->package);
    vl_stmt_str(stmt, 8, e->digest);
    vl_stmt_int(stmt, 9, e->registry);
    vl_stmt_str(stmt, 10, e->repository);
    vl_stmt_int(stmt, 11, e->resource);
    vl_stmt_str(stmt, 12, e->justification);
    vl_stmt_str(stmt, 13, e->requested_by);
    vl_stmt_str(stmt, 14, e->decided_by);
    vl_stmt_int(stmt, 15, e->created);
    vl_stmt_int(stmt, 16, e->decided);
    vl_stmt_int(stmt, 17, e->expires);
    r = vl_stmt_step(stmt, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "there is an exemption %s already", e->guid);
    if (r > 0)
        e->id = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_exemption_store(struct vl_store_conn *conn, int64_t environment, struct vl_exemption *e,
    struct vl_arena *arena, struct vl_err *err)
{
    char guid[VL_GUID_TEXT];
    int64_t count = 0;
    int r = vl_repo_exemption_count(conn, environment, 0, &count, err);
    if (r >= 0 && count >= VL_EXEMPTIONS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an environment has at most %d exemptions", VL_EXEMPTIONS_MAX);
    if (r >= 0 && !e->guid) {
        r = vl_guid_new(guid, err);
        e->guid = r < 0 ? NULL : vl_arena_strdup(arena, guid);
    }
    if (r >= 0)
        r = vl_arena_check(arena, "the exemption", err);
    if (r >= 0)
        r = insert(conn, environment, e, err);
    return r < 0 ? r : vl_feed_add(conn, environment, "exemption", e->guid, err);
}

int vl_repo_exemption_add(struct vl_store_conn *conn, int64_t environment, struct vl_exemption *e,
    struct vl_arena *arena, bool *ret_pending, struct vl_err *err)
{
    *ret_pending = false;
    int r = vl_repo_exemption_store(conn, environment, e, arena, err);
    return r >= 0 && vl_exemption_active(e, vl_time_now_ms()) ? begins(conn, environment, e, ret_pending, err)
                                                              : r;
}

int vl_repo_exemption_added(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    return vl_exempt_later(conn, environment, err);
}

int vl_repo_exemption_registry(
    struct vl_store_conn *conn, int64_t environment, const char *name, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_registry_named, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r;
}

int vl_repo_exemption_change(struct vl_store_conn *conn, int64_t environment, const struct vl_exemption *was,
    const struct vl_exemption *e, bool *ret_pending, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    bool before = was->ended == 0 && was->state == VL_EXEMPTION_APPROVED;
    bool after = vl_exemption_active(e, vl_time_now_ms());
    *ret_pending = false;
    int r = vl_stmt_begin(conn, &sql_change, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, e->id);
    vl_stmt_int(stmt, 2, e->state);
    vl_stmt_str(stmt, 3, e->justification);
    vl_stmt_str(stmt, 4, e->decided_by);
    vl_stmt_int(stmt, 5, e->decided);
    vl_stmt_int(stmt, 6, e->expires);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0 && after && !before)
        r = begins(conn, environment, e, ret_pending, err);
    if (r >= 0 && before && !after)
        r = ends(conn, environment, e->id, ret_pending, err);
    return r < 0 ? r : vl_feed_add(conn, environment, "exemption", e->guid, err);
}

int vl_repo_exemption_remove(struct vl_store_conn *conn, int64_t environment, const struct vl_exemption *e,
    bool *ret_pending, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    *ret_pending = false;
    int r = vl_stmt_begin(conn, &sql_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, e->id);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = ends(conn, environment, e->id, ret_pending, err);
    return r < 0 ? r : vl_feed_add(conn, environment, "exemption", e->guid, err);
}
