#include "jobs/assess.h"

#include <stdio.h>
#include <string.h>

#include "findings/repo_list.h"
#include "inventory/repo_image.h"
#include "posture/posture.h"
#include "respond/notify.h"
#include "scan/inventory_codec.h"
#include "scan/remedy.h"
#include "store/feed.h"

#define ENVIRONMENTS_MAX 1000
#define SHORT_DIGEST     19 /* "sha256:" and twelve digits, as people write them */

/* One place an environment: the oldest. */
static const struct vl_store_sql sql_places = {
    "SELECT ri.environment_id, ri.repository, ri.registry_id, r.name, (SELECT min(t.name) FROM tag t WHERE "
    "t.registry_id = ri.registry_id AND t.repository = ri.repository AND t.digest = ri.digest) FROM "
    "registry_image ri JOIN registry r ON r.id = ri.registry_id WHERE ri.id IN (SELECT min(x.id) FROM "
    "registry_image x WHERE x.image_id = $1 AND x.fetched_at > 0 AND x.deleted_at = 0 GROUP BY "
    "x.environment_id) LIMIT $2",
    NULL};

void vl_assessment_init(struct vl_assessment *a)
{
    *a = (struct vl_assessment){0};
    vl_buf_init(&a->list, VL_STORE_VALUE_MAX);
}

void vl_assessment_done(struct vl_assessment *a)
{
    vl_scan_result_free(a->result);
    vl_buf_done(&a->list);
}

static int pack_list(struct vl_server_app *app, const struct vl_inventory *inventory, struct vl_arena *arena,
    struct vl_assessment *a, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_buf encoded VL_CLEANUP(vl_buf_done);
    vl_buf_init(&encoded, VL_INVENTORY_ENCODED_MAX);
    int r = vl_facts_list(inventory, arena, &a->store.list_hash, &encoded, err);
    if (r >= 0)
        r = vl_store_read(app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_list_pack(conn, inventory, vl_buf_span(&encoded), &a->list, &a->store.list_base, err);
    a->store.list = vl_buf_span(&a->list);
    return r;
}

static int resolve(struct vl_server_app *app, struct vl_facts *facts, bool list, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(app->store, &conn, err);
    return r < 0 ? r : vl_repo_facts_resolve(conn, app->facts, facts, list, err);
}

int vl_assess(struct vl_server_app *app, const struct vl_advisories_hold *hold, struct vl_facts_memo *memo,
    struct vl_arena *arena, struct vl_inventory *inventory, bool list, struct vl_assessment *a,
    struct vl_err *err)
{
    int r = list ? pack_list(app, inventory, arena, a, err) : 0;
    if (r < 0) {
        vl_inventory_free(inventory);
        return r;
    }
    r = hold->matcher ? vl_scan_matcher_match(hold->matcher, inventory, NULL, &a->result, err)
                      : vl_scan_match(inventory, NULL, NULL, &a->result, err);
    if (r >= 0 && !hold->db)
        a->result->coverage.why_not = vl_arena_strdup(a->result->arena, hold->why);
    a->store.database_digest = hold->digest;
    a->store.many = vl_store_kind(app->store) == VL_STORE_POSTGRESQL;
    if (r >= 0)
        r = vl_facts_make(a->result, memo, list, arena, &a->facts, err);
    if (r >= 0)
        r = resolve(app, &a->facts, list, err);
    if (r >= 0 && vl_facts_want_remedies(&a->facts))
        r = vl_scan_remedies(a->result, err);
    return r;
}

/* --- who hears of it --- */

struct place {
    int64_t environment, registry;
    const char *repository, *name, *tag;
};

static int places_of(struct vl_store_conn *conn, int64_t image, struct vl_arena *arena, struct place **ret,
    size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct place *list = vl_arena_array(arena, ENVIRONMENTS_MAX, sizeof(*list));
    size_t n = 0;
    int r = list ? vl_stmt_begin(conn, &sql_places, &stmt, err) : vl_arena_failed(arena, "places", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, ENVIRONMENTS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < ENVIRONMENTS_MAX)
        list[n++] = (struct place){.environment = vl_stmt_get_int(stmt, 0),
            .registry = vl_stmt_get_int(stmt, 2),
            .repository = vl_stmt_copy(stmt, 1, arena),
            .name = vl_stmt_copy(stmt, 3, arena),
            .tag = vl_stmt_copy(stmt, 4, arena)};
    if (r >= 0)
        r = vl_arena_check(arena, "places", err);
    *ret = list;
    *ret_n = n;
    return r;
}

static int tell_people(struct vl_store_conn *conn, const struct place *p, const char *digest,
    const struct vl_facts_change *change, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 4096);
    for (size_t i = 0; i < VL_FACTS_NAMED && change->critical[i]; i++)
        vl_buf_printf(&text, "%s%s", i ? ", " : "", change->critical[i]);
    if (change->critical_added > VL_FACTS_NAMED)
        vl_buf_printf(&text, " and %lld more", (long long)(change->critical_added - VL_FACTS_NAMED));
    const char *image = p->tag ? vl_arena_printf(arena, "%s:%s", p->repository, p->tag)
                               : vl_arena_printf(arena, "%s@%.*s", p->repository, SHORT_DIGEST, digest);
    const struct vl_notify_fact facts[] = {
        {"Image", image ? image : ""}, {"Digest", digest}, {"Findings", vl_buf_str(&text)}};
    const struct vl_notify_event event = {.topic = VL_NOTIFY_FINDING,
        .severity = VL_SEVERITY_CRITICAL,
        .title = vl_arena_printf(arena, "%lld new critical finding%s in %s",
            (long long)change->critical_added, change->critical_added == 1 ? "" : "s", image ? image : ""),
        .object = vl_arena_printf(arena, "/images/%s", digest),
        .registry_id = p->registry,
        .registry = p->name,
        .repository = p->repository,
        .facts = facts,
        .n_facts = VL_ARRAY_LEN(facts)};
    int r = vl_arena_check(arena, "a notice", err);
    return r < 0 ? r : vl_notify(conn, p->environment, &event, err);
}

int vl_assess_tell(struct vl_store_conn *conn, const char *digest, const struct vl_facts_change *change,
    bool people, struct vl_arena *arena, struct vl_err *err)
{
    struct place *places = NULL;
    size_t n = 0;
    int r = vl_repo_image_rank(conn, change->image, err);
    if (r >= 0)
        r = places_of(conn, change->image, arena, &places, &n, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        r = vl_feed_add(conn, places[i].environment, "image", digest, err);
        if (r >= 0)
            r = vl_posture_touch(conn, places[i].environment, digest, err);
        if (r >= 0 && people && change->critical_added)
            r = tell_people(conn, &places[i], digest, change, arena, err);
    }
    return r;
}
