#include "posture/repo_exempt.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/vec.h"
#include "codec/doc.h"
#include "inventory/repo_image.h"
#include "jobs/runner.h"
#include "posture/catalogue.h"
#include "posture/repo_resource.h"

#define SCRATCH_MAX  (4UL * 1024 * 1024)
#define SET_MAX      (64UL * 1024 * 1024)
#define PLACES_MAX   10000 /* of one digest in one environment */
#define FINDINGS_MAX 1000000
#define SOME         20   /* rows of sql_add_some */
#define LIST_MAX     1000 /* vulnerabilities or digests of one rule */

static const struct vl_store_sql sql_environment = {"SELECT guid FROM environment WHERE id = $1", NULL};
static const struct vl_store_sql sql_scopes = {"SELECT id, category, assessment_key, vulnerability, package, "
                                               "digest, registry_id, repository, resource_id "
                                               "FROM exemption WHERE environment_id = $1 AND state = 2 AND "
                                               "(expires = 0 OR expires > $2) ORDER BY id LIMIT $3",
    NULL};
static const struct vl_store_sql sql_rules = {
    "SELECT id, assessment_key, vulnerabilities, digests, min_severity, without_fix FROM disable_rule "
    "WHERE environment_id = $1 AND enabled = 1 AND (expires = 0 OR expires > $2) ORDER BY id LIMIT $3",
    NULL};
static const struct vl_store_sql sql_places = {
    "SELECT ri.registry_id, r.name, r.kind, ri.repository, ri.digest FROM registry_image ri JOIN registry r "
    "ON r.id = ri.registry_id WHERE ri.image_id = $1 AND +ri.environment_id = $2 AND ri.fetched_at > 0 AND "
    "+ri.deleted_at = 0 ORDER BY ri.id LIMIT $3",
    NULL};
static const struct vl_store_sql sql_clear = {
    "DELETE FROM finding_exempt WHERE environment_id = $1 AND image_id = $2", NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO finding_exempt (environment_id, image_id, match_id, exemption_id, rule_id) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    NULL};
static const struct vl_store_sql sql_add_some = {
    "INSERT INTO finding_exempt (environment_id, image_id, match_id, exemption_id, rule_id) VALUES "
    "($1, $2, $3, $4, $5), ($1, $2, $6, $7, $8), ($1, $2, $9, $10, $11), ($1, $2, $12, $13, $14), "
    "($1, $2, $15, $16, $17), ($1, $2, $18, $19, $20), ($1, $2, $21, $22, $23), ($1, $2, $24, $25, $26), "
    "($1, $2, $27, $28, $29), ($1, $2, $30, $31, $32), ($1, $2, $33, $34, $35), ($1, $2, $36, $37, $38), "
    "($1, $2, $39, $40, $41), ($1, $2, $42, $43, $44), ($1, $2, $45, $46, $47), ($1, $2, $48, $49, $50), "
    "($1, $2, $51, $52, $53), ($1, $2, $54, $55, $56), ($1, $2, $57, $58, $59), ($1, $2, $60, $61, $62) "
    "ON CONFLICT DO NOTHING",
    NULL};
static const struct vl_store_sql sql_findings = {
    "SELECT f.match_id, v.name, p.purl, p.ecosystem, pv.severity, pv.state FROM finding f "
    "JOIN package_vulnerability pv ON pv.id = f.match_id JOIN vulnerability v ON v.id = pv.vulnerability_id "
    "JOIN package p ON p.id = pv.package_id WHERE f.image_id = $1 AND f.status = 0",
    NULL};
static const struct vl_store_sql sql_findings_of = {
    "SELECT f.match_id, v.name, p.purl, p.ecosystem, pv.severity, pv.state FROM vulnerability v "
    "JOIN package_vulnerability pv ON pv.vulnerability_id = v.id JOIN finding f ON f.image_id = $1 "
    "AND f.match_id = pv.id AND f.status = 0 JOIN package p ON p.id = pv.package_id WHERE v.name = $2",
    NULL};
/* Where an order is forced: SQLite, without statistics, walked all findings of all environments, and for each
 * the environment's images. CROSS JOIN keeps its order of tables, a + before a column keeps it from being
 * looked up by; PostgreSQL reads both as nothing special. */
#define SEEN_HERE                                                                                         \
    "EXISTS (SELECT 1 FROM registry_image ri WHERE ri.image_id = f.image_id AND +ri.environment_id = $1 " \
    "AND +ri.deleted_at = 0) "
static const struct vl_store_sql sql_reach_vulnerability = {
    "SELECT DISTINCT f.image_id FROM vulnerability v CROSS JOIN package_vulnerability pv CROSS JOIN finding "
    "f "
    "WHERE v.name = $2 AND pv.vulnerability_id = v.id AND f.match_id = pv.id AND f.status = 0 AND " SEEN_HERE
    "ORDER BY f.image_id LIMIT $3",
    NULL};
static const struct vl_store_sql sql_reach_package = {
    "SELECT DISTINCT f.image_id FROM package p CROSS JOIN package_vulnerability pv CROSS JOIN finding f "
    "WHERE instr(p.purl, $2) > 0 AND pv.package_id = p.id AND f.match_id = pv.id AND f.status = 0 "
    "AND " SEEN_HERE "ORDER BY f.image_id LIMIT $3",
    "SELECT DISTINCT f.image_id FROM package p CROSS JOIN package_vulnerability pv CROSS JOIN finding f "
    "WHERE strpos(p.purl, $2) > 0 AND pv.package_id = p.id AND f.match_id = pv.id AND f.status = 0 "
    "AND " SEEN_HERE "ORDER BY f.image_id LIMIT $3"};
static const struct vl_store_sql sql_reach_digest = {
    "SELECT DISTINCT ri.image_id FROM image i JOIN registry_image ri ON ri.image_id = i.id WHERE i.digest = "
    "$2 AND +ri.environment_id = $1 AND +ri.deleted_at = 0 ORDER BY ri.image_id LIMIT $3",
    NULL};
static const struct vl_store_sql sql_reach_all = {
    "SELECT DISTINCT image_id FROM registry_image WHERE environment_id = $1 AND image_id > $2 "
    "AND fetched_at > 0 AND deleted_at = 0 ORDER BY image_id LIMIT $3",
    NULL};
static const struct vl_store_sql sql_ended = {"SELECT DISTINCT image_id FROM finding_exempt WHERE "
                                              "environment_id = $1 AND (exemption_id = $2 OR $2 = 0) "
                                              "AND (rule_id = $3 OR $3 = 0) ORDER BY image_id LIMIT $4",
    NULL};
static const struct vl_store_sql sql_ended_exemption = {
    "DELETE FROM finding_exempt WHERE exemption_id = $1", NULL};
static const struct vl_store_sql sql_ended_rule = {"DELETE FROM finding_exempt WHERE rule_id = $1", NULL};

/* --- what is active --- */

static int guid_of(struct vl_store_conn *conn, struct vl_exempt_set *set, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_environment, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, set->environment);
    r = vl_stmt_step(stmt, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "the environment has gone");
    if (r > 0)
        set->guid = vl_stmt_copy(stmt, 0, set->arena);
    return r < 0 ? r : vl_arena_check(set->arena, "the environment", err);
}

static int read_scope(const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_exempt_scope *ret)
{
    struct vl_err ignored = VL_ERR_INIT;
    const char *package = vl_stmt_copy(stmt, 4, arena);
    *ret = (struct vl_exempt_scope){.id = vl_stmt_get_int(stmt, 0),
        .category = (int)vl_stmt_get_int(stmt, 1),
        .assessment_key = vl_stmt_copy(stmt, 2, arena),
        .vulnerability = vl_stmt_copy(stmt, 3, arena),
        .digest = vl_stmt_copy(stmt, 5, arena),
        .registry = vl_stmt_get_int(stmt, 6),
        .repository = vl_stmt_copy(stmt, 7, arena),
        .resource = vl_stmt_get_int(stmt, 8)};
    if (!package)
        return 1;
    struct vl_purl *purl = vl_arena_alloc(arena, sizeof(*purl));
    /* It was checked when it came in; one that is not read takes nothing out. */
    if (!purl || vl_purl_parse(vl_span_str(package), arena, purl, &ignored) < 0)
        return 0;
    ret->package = purl;
    return 1;
}

static int load_scopes(
    struct vl_store_conn *conn, int64_t now_ms, struct vl_exempt_set *set, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    vl_vec_init(&list, sizeof(struct vl_exempt_scope), VL_EXEMPTIONS_MAX);
    int r = vl_stmt_begin(conn, &sql_scopes, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, set->environment);
    vl_stmt_int(stmt, 2, now_ms);
    vl_stmt_int(stmt, 3, VL_EXEMPTIONS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_exempt_scope scope, *item;
        if (!read_scope(stmt, set->arena, &scope))
            continue;
        item = vl_vec_push(&list, "the exemptions", err);
        if (!item)
            return err->err;
        *item = scope;
    }
    set->n_scopes = list.len;
    set->scopes = vl_arena_array(set->arena, list.len + 1, sizeof(*set->scopes));
    if (set->scopes && list.len)
        memcpy(set->scopes, list.items, list.len * sizeof(*set->scopes));
    return r < 0 ? r : vl_arena_check(set->arena, "the exemptions", err);
}

static int read_list(
    struct vl_span json, struct vl_arena *arena, const char *const **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    if (json.len == 0)
        return 0;
    int r = vl_doc_parse(json, VL_DOC_JSON, "a disable rule", &doc, err);
    if (r < 0)
        return r;
    size_t n = vl_doc_size(vl_doc_root(doc)), i = 0;
    if (n > LIST_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a disable rule has at most %d entries", LIST_MAX);
    const char **list = vl_arena_array(arena, n + 1, sizeof(*list));
    for (const struct vl_doc_node *e = vl_doc_first(vl_doc_root(doc)); e && list; e = vl_doc_next(e))
        list[i++] = vl_arena_dup_span(arena, vl_doc_span(e));
    *ret = list;
    *ret_n = n;
    return vl_arena_check(arena, "a disable rule", err);
}

static int load_rules(
    struct vl_store_conn *conn, int64_t now_ms, struct vl_exempt_set *set, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    set->rules = vl_arena_array(set->arena, VL_DISABLE_RULES_MAX, sizeof(*set->rules));
    int r = set->rules ? vl_stmt_begin(conn, &sql_rules, &stmt, err)
                       : vl_arena_failed(set->arena, "the disable rules", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, set->environment);
    vl_stmt_int(stmt, 2, now_ms);
    vl_stmt_int(stmt, 3, VL_DISABLE_RULES_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && set->n_rules < VL_DISABLE_RULES_MAX) {
        struct vl_disable_scope *rule = &set->rules[set->n_rules++];
        rule->id = vl_stmt_get_int(stmt, 0);
        rule->assessment_key = vl_stmt_copy(stmt, 1, set->arena);
        rule->min_severity = (enum vl_severity)vl_stmt_get_int(stmt, 4);
        rule->without_fix = vl_stmt_get_int(stmt, 5) != 0;
        r = read_list(
            vl_stmt_get_text(stmt, 2), set->arena, &rule->vulnerabilities, &rule->n_vulnerabilities, err);
        if (r >= 0)
            r = read_list(vl_stmt_get_text(stmt, 3), set->arena, &rule->digests, &rule->n_digests, err);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : vl_arena_check(set->arena, "the disable rules", err);
}

int vl_exempt_load(struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_arena *arena,
    struct vl_exempt_set *ret, struct vl_err *err)
{
    *ret = (struct vl_exempt_set){.environment = environment, .arena = arena};
    int r = guid_of(conn, ret, err);
    if (r >= 0)
        r = load_scopes(conn, now_ms, ret, err);
    return r < 0 ? r : load_rules(conn, now_ms, ret, err);
}

/* --- places --- */

int vl_exempt_spot_fill(struct vl_store_conn *conn, const struct vl_exempt_set *set,
    const char *registry_kind, struct vl_exempt_spot *spot, struct vl_err *err)
{
    struct vl_exempt_place *place = &spot->place;
    struct vl_resource_id id;
    char name[1024];
    spot->what = vl_posture_assessment_of_registry(registry_kind);
    place->key = spot->what->key;
    vl_resource_environment(set->guid, &id);
    int r = vl_repo_resource_put(conn, set->environment, &id, set->guid, &place->resources[2], err);
    vl_resource_registry(set->guid, spot->registry_name, &id);
    if (r >= 0)
        r = vl_repo_resource_put(conn, set->environment, &id, spot->registry_name, &place->resources[1], err);
    (void)snprintf(name, sizeof(name), "%s@%s", place->repository, place->digest);
    vl_resource_image(set->guid, spot->registry_name, place->repository, place->digest, &id);
    if (r >= 0)
        r = vl_repo_resource_put(conn, set->environment, &id, name, &place->resources[0], err);
    return r;
}

/* What is left of a set for one image. */
struct fitting {
    const struct vl_exempt_scope **scopes;
    size_t n_scopes;
    const struct vl_disable_scope **rules;
    size_t n_rules;
    const char *key, *digest;
    bool narrow; /* all that is left asks for one vulnerability */
};

static void begin(const struct vl_exempt_set *set, struct vl_arena *scratch, struct fitting *fit)
{
    *fit = (struct fitting){.narrow = true};
    fit->scopes = vl_arena_array(scratch, set->n_scopes + 1, sizeof(struct vl_exempt_scope *));
    fit->rules = vl_arena_array(scratch, set->n_rules + 1, sizeof(struct vl_disable_scope *));
    for (size_t i = 0; i < set->n_scopes && fit->scopes; i++) {
        if (vl_exempt_of_findings(&set->scopes[i]))
            fit->scopes[fit->n_scopes++] = &set->scopes[i];
    }
    for (size_t i = 0; i < set->n_rules && fit->rules; i++)
        fit->rules[fit->n_rules++] = &set->rules[i];
}

static void at_place(const struct vl_exempt_place *place, struct fitting *fit)
{
    size_t n = 0;
    for (size_t i = 0; i < fit->n_scopes; i++) {
        if (vl_exempt_in_place(fit->scopes[i], place))
            fit->scopes[n++] = fit->scopes[i];
    }
    fit->n_scopes = n;
    n = 0;
    for (size_t i = 0; i < fit->n_rules; i++) {
        if (!fit->rules[i]->assessment_key || strcmp(fit->rules[i]->assessment_key, place->key) == 0)
            fit->rules[n++] = fit->rules[i];
    }
    fit->n_rules = n;
}

/* Whatever does not fit one of the image's places falls away. */
static int at_places(struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t image,
    struct vl_arena *scratch, struct fitting *fit, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    bool any = false;
    int r = vl_stmt_begin(conn, &sql_places, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, set->environment);
    vl_stmt_int(stmt, 3, PLACES_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_exempt_spot spot = {.place = {.registry = vl_stmt_get_int(stmt, 0)}};
        const char *kind = vl_stmt_copy(stmt, 2, scratch);
        spot.registry_name = vl_stmt_copy(stmt, 1, scratch);
        spot.place.repository = vl_stmt_copy(stmt, 3, scratch);
        spot.place.digest = vl_stmt_copy(stmt, 4, scratch);
        r = vl_arena_check(scratch, "an image's places", err);
        if (r >= 0)
            r = vl_exempt_spot_fill(conn, set, kind, &spot, err);
        if (r < 0)
            return r;
        at_place(&spot.place, fit);
        fit->key = spot.what->key;
        fit->digest = spot.place.digest;
        any = true;
    }
    if (!any)
        fit->n_scopes = fit->n_rules = 0;
    for (size_t i = 0; i < fit->n_scopes; i++)
        fit->narrow = fit->narrow && fit->scopes[i]->vulnerability;
    fit->narrow = fit->narrow && fit->n_rules == 0;
    return r < 0 ? r : 0;
}

/* --- findings --- */

struct taken {
    int64_t match, exemption, rule;
};

static bool judge(const struct fitting *fit, const struct vl_exempt_finding *finding,
    struct vl_arena *scratch, struct taken *ret)
{
    for (size_t i = 0; i < fit->n_scopes; i++) {
        if (vl_exempt_finding_matches(fit->scopes[i], finding, scratch)) {
            ret->exemption = fit->scopes[i]->id;
            return true;
        }
    }
    for (size_t i = 0; i < fit->n_rules; i++) {
        if (vl_disable_matches(fit->rules[i], fit->key, fit->digest, finding)) {
            ret->rule = fit->rules[i]->id;
            return true;
        }
    }
    return false;
}

static int read_findings(struct vl_store_conn *conn, int64_t image, const char *vulnerability,
    const struct fitting *fit, struct vl_vec *list, int64_t *ret_rows, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_arena *scratch VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SCRATCH_MAX);
    int r = scratch ? vl_stmt_begin(conn, vulnerability ? &sql_findings_of : &sql_findings, &stmt, err)
                    : vl_err_nomem(err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    if (vulnerability)
        vl_stmt_str(stmt, 2, vulnerability);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        vl_arena_reset(scratch);
        const struct vl_exempt_finding finding = {.vulnerability = vl_stmt_copy(stmt, 1, scratch),
            .purl = vl_stmt_copy(stmt, 2, scratch),
            .ecosystem = (int)vl_stmt_get_int(stmt, 3),
            .severity = (enum vl_severity)vl_stmt_get_int(stmt, 4),
            .state = (enum vl_fix_state)vl_stmt_get_int(stmt, 5)};
        struct taken taken = {.match = vl_stmt_get_int(stmt, 0)};
        (*ret_rows)++;
        bool out = judge(fit, &finding, scratch, &taken);
        r = vl_arena_check(scratch, "a finding", err);
        if (r < 0)
            return r;
        struct taken *item = out ? vl_vec_push(list, "the findings of an image", err) : NULL;
        if (out && !item)
            return err->err;
        if (item)
            *item = taken;
    }
    return r;
}

/* One row, or SOME of them: with PostgreSQL each statement is a way there and back. */
static int insert(struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t image,
    const struct vl_vec *list, size_t from, size_t n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, n == 1 ? &sql_add : &sql_add_some, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, set->environment);
    vl_stmt_int(stmt, 2, image);
    for (size_t i = 0; i < n; i++) {
        const struct taken *taken = vl_vec_at(list, from + i);
        int at = 3 + (int)i * 3;
        vl_stmt_int(stmt, at, taken->match);
        vl_stmt_int(stmt, at + 1, taken->exemption);
        vl_stmt_int(stmt, at + 2, taken->rule);
    }
    return vl_stmt_send(stmt, err);
}

static int store(struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t image,
    const struct vl_vec *list, struct vl_err *err)
{
    struct vl_stmt *clear VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_clear, &clear, err);
    if (r < 0)
        return r;
    vl_stmt_int(clear, 1, set->environment);
    vl_stmt_int(clear, 2, image);
    r = vl_stmt_send(clear, err);
    size_t i = 0;
    for (; i + SOME <= list->len && r >= 0; i += SOME)
        r = insert(conn, set, image, list, i, SOME, err);
    for (; i < list->len && r >= 0; i++)
        r = insert(conn, set, image, list, i, 1, err);
    return r < 0 ? r : vl_repo_image_rank_in(conn, set->environment, image, err);
}

int vl_exempt_image(struct vl_store_conn *conn, const struct vl_exempt_set *set, int64_t image,
    int64_t *ret_rows, struct vl_err *err)
{
    struct vl_arena *scratch VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SCRATCH_MAX);
    struct vl_vec list VL_CLEANUP(vl_vec_done);
    struct fitting fit;
    vl_vec_init(&list, sizeof(struct taken), FINDINGS_MAX);
    if (!scratch)
        return vl_err_nomem(err);
    begin(set, scratch, &fit);
    int r = vl_arena_check(scratch, "the exemptions", err);
    if (r >= 0 && fit.n_scopes + fit.n_rules > 0)
        r = at_places(conn, set, image, scratch, &fit, err);
    if (r < 0)
        return r;
    *ret_rows += 1;
    if (fit.n_scopes + fit.n_rules == 0)
        return store(conn, set, image, &list, err);
    for (size_t i = 0; i < fit.n_scopes && fit.narrow && r >= 0; i++)
        r = read_findings(conn, image, fit.scopes[i]->vulnerability, &fit, &list, ret_rows, err);
    if (r >= 0 && !fit.narrow)
        r = read_findings(conn, image, NULL, &fit, &list, ret_rows, err);
    return r < 0 ? r : store(conn, set, image, &list, err);
}

/* --- what a change touches --- */

int vl_exempt_later(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    char key[32], payload[64];
    (void)snprintf(key, sizeof(key), "%lld", (long long)environment);
    (void)snprintf(payload, sizeof(payload), "{\"environment\":%lld}", (long long)environment);
    return vl_job_add(conn, "exempt", key, "", VL_PRIORITY_ASKED, 0, vl_span_str(payload), err);
}

static int take_images(struct vl_stmt *stmt, struct vl_vec *list, struct vl_err *err)
{
    int r;
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        int64_t *item = vl_vec_push(list, "the images", err);
        if (!item)
            return err->err;
        *item = vl_stmt_get_int(stmt, 0);
    }
    return r;
}

/* "/openssl@" as it stands in package URLs; NULL where other names than the package's own are meant too. */
static int reach_name(
    const struct vl_purl *package, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    const struct vl_purl bare = {.type = package->type, .name = package->name};
    const char *arch = vl_purl_qualifier(package, "arch");
    vl_buf_init(&text, VL_PURL_MAX);
    if (arch && (strcmp(arch, "source") == 0 || strcmp(arch, "src") == 0)) {
        *ret = NULL;
        return 0;
    }
    int r = vl_purl_format(&bare, &text, err);
    size_t slash = r < 0 ? SIZE_MAX : vl_span_rfind_char(vl_buf_span(&text), '/');
    if (slash == SIZE_MAX) { /* the type wants more than a name */
        vl_err_clear(err);
        *ret = NULL;
        return 0;
    }
    struct vl_span name = vl_span_slice(vl_buf_span(&text), slash, text.len);
    *ret = vl_arena_printf(arena, "%.*s@", VL_SPAN_FMT(name)); /* what has no version has no findings */
    return vl_arena_check(arena, "a package", err);
}

static int reach_images(struct vl_store_conn *conn, int64_t environment, const struct vl_exempt_reach *reach,
    struct vl_arena *arena, struct vl_vec *list, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_store_sql *sql = &sql_reach_all;
    const char *text = NULL;
    if (reach->vulnerability) {
        sql = &sql_reach_vulnerability;
        text = reach->vulnerability;
    } else if (reach->digest) {
        sql = &sql_reach_digest;
        text = reach->digest;
    } else if (reach->package) { /* the name alone: the rest is compared one by one */
        int r = reach_name(reach->package, arena, &text, err);
        if (r < 0)
            return r;
        sql = text ? &sql_reach_package : &sql_reach_all;
    }
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    if (sql == &sql_reach_all)
        vl_stmt_int(stmt, 2, 0);
    else
        vl_stmt_str(stmt, 2, text);
    vl_stmt_int(stmt, 3, VL_EXEMPT_IMAGES_MAX + 1);
    return take_images(stmt, list, err);
}

static int all_anew(struct vl_store_conn *conn, int64_t environment, const struct vl_vec *images,
    struct vl_arena *arena, bool *ret_pending, struct vl_err *err)
{
    struct vl_exempt_set set;
    int64_t rows = 0;
    size_t i = 0;
    int r = images->len ? vl_exempt_load(conn, environment, vl_time_now_ms(), arena, &set, err) : 0;
    for (; i < images->len && i < VL_EXEMPT_IMAGES_MAX && rows < VL_EXEMPT_ROWS_MAX && r >= 0; i++)
        r = vl_exempt_image(conn, &set, *(const int64_t *)vl_vec_at(images, i), &rows, err);
    if (r < 0)
        return r;
    *ret_pending = i < images->len;
    return *ret_pending ? vl_exempt_later(conn, environment, err) : 0;
}

int vl_exempt_reached(struct vl_store_conn *conn, int64_t environment, const struct vl_exempt_reach *reach,
    bool *ret_pending, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SET_MAX);
    struct vl_vec images VL_CLEANUP(vl_vec_done);
    vl_vec_init(&images, sizeof(int64_t), VL_EXEMPT_IMAGES_MAX + 1);
    if (!arena)
        return vl_err_nomem(err);
    int r = reach_images(conn, environment, reach, arena, &images, err);
    return r < 0 ? r : all_anew(conn, environment, &images, arena, ret_pending, err);
}

int vl_exempt_ended(struct vl_store_conn *conn, int64_t environment, int64_t exemption, int64_t rule,
    bool *ret_pending, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SET_MAX);
    struct vl_vec images VL_CLEANUP(vl_vec_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL, *gone VL_CLEANUP(vl_stmt_cleanup) = NULL;
    vl_vec_init(&images, sizeof(int64_t), VL_EXEMPT_IMAGES_MAX + 1);
    int r = arena ? vl_stmt_begin(conn, &sql_ended, &stmt, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, exemption);
    vl_stmt_int(stmt, 3, rule);
    vl_stmt_int(stmt, 4, VL_EXEMPT_IMAGES_MAX + 1);
    r = take_images(stmt, &images, err);
    if (r >= 0) /* at once for all of them, even where the rest has to wait */
        r = vl_stmt_begin(conn, exemption ? &sql_ended_exemption : &sql_ended_rule, &gone, err);
    if (r < 0)
        return r;
    vl_stmt_int(gone, 1, exemption ? exemption : rule);
    r = vl_stmt_run(gone, NULL, err);
    return r < 0 ? r : all_anew(conn, environment, &images, arena, ret_pending, err);
}

int vl_exempt_batch(
    struct vl_store_conn *conn, int64_t environment, int64_t after, int64_t *ret_last, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SET_MAX);
    struct vl_vec images VL_CLEANUP(vl_vec_done);
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_exempt_set set;
    int64_t rows = 0, last = 0;
    vl_vec_init(&images, sizeof(int64_t), VL_EXEMPT_IMAGES_MAX);
    int r = arena ? vl_exempt_load(conn, environment, vl_time_now_ms(), arena, &set, err) : vl_err_nomem(err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_reach_all, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, after);
    vl_stmt_int(stmt, 3, VL_EXEMPT_IMAGES_MAX);
    r = take_images(stmt, &images, err);
    for (size_t i = 0; i < images.len && rows < VL_EXEMPT_ROWS_MAX && r >= 0; i++) {
        last = *(const int64_t *)vl_vec_at(&images, i);
        r = vl_exempt_image(conn, &set, last, &rows, err);
    }
    if (r < 0)
        return r;
    *ret_last = last;
    return 0;
}
