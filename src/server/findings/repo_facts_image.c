#include "findings/repo_facts_image.h"

#include <string.h>

#define MATCHED_COLUMNS                                                                                     \
    "assessed = $2, why_not = $3, coverage = $4, database_digest = $5, database_ms = $6, matched_at = $7, " \
    "critical = $8, high = $9, medium = $10, low = $11, unknown = $12, fixable = $13, kev = $14"

static const struct vl_store_sql sql_put = {
    "INSERT INTO image (digest, media_type, config_digest, os, arch, variant, os_version, distro, size, "
    "created, base_name, base_digest, list_id, indexer_version, indexed_at) VALUES ($1, $2, $3, $4, $5, $6, "
    "$7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (digest) DO UPDATE SET media_type = "
    "excluded.media_type, config_digest = excluded.config_digest, os = excluded.os, arch = excluded.arch, "
    "variant = excluded.variant, os_version = excluded.os_version, distro = excluded.distro, size = "
    "excluded.size, created = excluded.created, base_name = excluded.base_name, base_digest = "
    "excluded.base_digest, list_id = excluded.list_id, indexer_version = excluded.indexer_version, "
    "indexed_at = excluded.indexed_at RETURNING id",
    NULL};
static const struct vl_store_sql sql_matched = {
    "UPDATE image SET " MATCHED_COLUMNS " WHERE digest = $1 RETURNING id", NULL};
static const struct vl_store_sql sql_layer = {"INSERT INTO layer (diff_id, digest, size) VALUES ($1, $2, $3) "
                                              "ON CONFLICT (diff_id) DO UPDATE SET digest "
                                              "= coalesce(excluded.digest, layer.digest) RETURNING id",
    NULL};
static const struct vl_store_sql sql_layers_remove = {"DELETE FROM image_layer WHERE image_id = $1", NULL};
static const struct vl_store_sql sql_layer_put = {
    "INSERT INTO image_layer (image_id, ordinal, layer_id, created_by, base) VALUES ($1, $2, $3, $4, $5)",
    NULL};
static const struct vl_store_sql sql_notes_remove = {"DELETE FROM image_note WHERE image_id = $1", NULL};
static const struct vl_store_sql sql_note_put = {
    "INSERT INTO image_note (image_id, ordinal, text) VALUES ($1, $2, $3)", NULL};
static const struct vl_store_sql sql_secrets_remove = {"DELETE FROM image_secret WHERE image_id = $1", NULL};
static const struct vl_store_sql sql_secret_put = {"INSERT INTO image_secret (image_id, ordinal, rule, "
                                                   "severity, path, line, layer, deleted) VALUES ($1, $2, "
                                                   "$3, $4, $5, $6, $7, $8)",
    NULL};
static const struct vl_store_sql sql_history = {
    "INSERT INTO image_match_change (image_id, at, added, gone, critical_added, why) VALUES ($1, $2, $3, $4, "
    "$5, $6)",
    NULL};

static int take_id(struct vl_stmt *stmt, int64_t *ret, struct vl_err *err)
{
    int r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    *ret = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_step(stmt, err);
    return r < 0 ? r : 1;
}

void vl_facts_verdict_of(
    const struct vl_facts *facts, const struct vl_facts_store *store, struct vl_facts_verdict *ret)
{
    const struct vl_coverage *coverage = &facts->result->coverage;
    *ret = (struct vl_facts_verdict){.digest = store->digest,
        .assessed = (int)coverage->assessed,
        .why_not = vl_facts_text(coverage->why_not, facts->arena),
        .coverage = facts->coverage,
        .database_ms = coverage->database_ms,
        .counts = facts->counts};
}

int vl_repo_facts_verdict(struct vl_store_conn *conn, const struct vl_facts_verdict *verdict,
    const char *database_digest, int64_t now, int64_t *ret_image, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t ignored = 0;
    int r = vl_stmt_begin(conn, &sql_matched, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, verdict->digest);
    vl_stmt_int(stmt, 2, verdict->assessed);
    vl_stmt_str(stmt, 3, verdict->why_not);
    vl_stmt_str(stmt, 4, verdict->coverage);
    vl_stmt_str(stmt, 5, database_digest[0] ? database_digest : NULL);
    vl_stmt_int(stmt, 6, verdict->database_ms);
    vl_stmt_int(stmt, 7, now);
    vl_stmt_int(stmt, 8, verdict->counts.critical);
    vl_stmt_int(stmt, 9, verdict->counts.high);
    vl_stmt_int(stmt, 10, verdict->counts.medium);
    vl_stmt_int(stmt, 11, verdict->counts.low);
    vl_stmt_int(stmt, 12, verdict->counts.unknown);
    vl_stmt_int(stmt, 13, verdict->counts.fixable);
    vl_stmt_int(stmt, 14, verdict->counts.kev);
    return take_id(stmt, ret_image ? ret_image : &ignored, err);
}

static int set_matched(struct vl_store_conn *conn, const struct vl_facts *f,
    const struct vl_facts_store *store, int64_t *ret_id, struct vl_err *err)
{
    struct vl_facts_verdict verdict;
    vl_facts_verdict_of(f, store, &verdict);
    return vl_repo_facts_verdict(conn, &verdict, store->database_digest, store->now, ret_id, err);
}

int vl_repo_facts_image_put(struct vl_store_conn *conn, const struct vl_facts *facts,
    const struct vl_facts_store *store, int64_t list, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_target *t = &facts->result->inventory->target;
    int r = vl_stmt_begin(conn, &sql_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, store->digest);
    vl_stmt_str(stmt, 2, vl_facts_text(store->media_type, facts->arena));
    vl_stmt_str(stmt, 3, vl_facts_text(t->image_id, facts->arena));
    vl_stmt_str(stmt, 4, vl_facts_text(t->os, facts->arena));
    vl_stmt_str(stmt, 5, vl_facts_text(t->arch, facts->arena));
    vl_stmt_str(stmt, 6, vl_facts_text(t->variant, facts->arena));
    vl_stmt_str(stmt, 7, vl_facts_text(t->os_version, facts->arena));
    vl_stmt_str(stmt, 8, facts->distro);
    vl_stmt_int(stmt, 9, facts->size);
    vl_stmt_int(stmt, 10, t->created_ms);
    vl_stmt_str(stmt, 11, vl_facts_text(t->base_name, facts->arena));
    vl_stmt_str(stmt, 12, vl_facts_text(t->base_digest, facts->arena));
    vl_stmt_int(stmt, 13, list);
    vl_stmt_int(stmt, 14, VL_INDEXER_VERSION);
    vl_stmt_int(stmt, 15, store->now);
    r = take_id(stmt, ret_id, err);
    return r < 0 ? r : set_matched(conn, facts, store, ret_id, err);
}

int vl_repo_facts_image_rematched(struct vl_store_conn *conn, const struct vl_facts *facts,
    const struct vl_facts_store *store, int64_t *ret_id, struct vl_err *err)
{
    int r = set_matched(conn, facts, store, ret_id, err);
    return r == 0 ? vl_err_set(err, VL_ERR_NOT_FOUND, "image %.100s is not there any more", store->digest)
                  : r;
}

/* --- layers, notes, secrets --- */

static int remove_rows(
    struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t image, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    return vl_stmt_send(stmt, err);
}

static int layer_id(struct vl_store_conn *conn, const struct vl_facts *f, const struct vl_layer *layer,
    int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_layer, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, vl_facts_text(layer->diff_id, f->arena));
    vl_stmt_str(stmt, 2, vl_facts_text(layer->digest, f->arena));
    vl_stmt_int(stmt, 3, layer->size > INT64_MAX ? 0 : (int64_t)layer->size);
    return take_id(stmt, ret, err);
}

static int put_layer(
    struct vl_store_conn *conn, const struct vl_facts *f, int64_t image, size_t ordinal, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_layer *layer = vl_vec_at(&f->result->inventory->layers, ordinal);
    int64_t id = 0;
    int r = layer_id(conn, f, layer, &id, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_layer_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, (int64_t)ordinal);
    vl_stmt_int(stmt, 3, id);
    vl_stmt_str(stmt, 4, vl_facts_text(layer->created_by, f->arena));
    vl_stmt_int(stmt, 5, layer->base);
    return vl_stmt_send(stmt, err);
}

static int put_note(
    struct vl_store_conn *conn, const struct vl_facts *f, int64_t image, size_t ordinal, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_notes *notes = &f->result->inventory->notes;
    const char *text = ordinal == notes->len
                           ? vl_arena_printf(f->arena, "%llu more notes", (unsigned long long)notes->dropped)
                           : vl_arena_printf(f->arena, "%s%s%s", notes->items[ordinal].object,
                                 notes->items[ordinal].object[0] ? ": " : "", notes->items[ordinal].message);
    if (!text)
        return vl_arena_check(f->arena, "notes", err);
    int r = vl_stmt_begin(conn, &sql_note_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, (int64_t)ordinal);
    vl_stmt_str(stmt, 3, vl_facts_text(text, f->arena));
    return vl_stmt_send(stmt, err);
}

static int put_secret(
    struct vl_store_conn *conn, const struct vl_facts *f, int64_t image, size_t ordinal, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_secret *secret = vl_vec_at(&f->result->inventory->secrets, ordinal);
    int r = vl_stmt_begin(conn, &sql_secret_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    vl_stmt_int(stmt, 2, (int64_t)ordinal);
    vl_stmt_str(stmt, 3, vl_facts_text(secret->rule, f->arena));
    vl_stmt_int(stmt, 4, secret->severity);
    vl_stmt_str(stmt, 5, vl_facts_text(secret->path, f->arena));
    vl_stmt_int(stmt, 6, secret->line);
    vl_stmt_int(stmt, 7, secret->layer == VL_LAYER_NONE ? -1 : (int64_t)secret->layer);
    vl_stmt_int(stmt, 8, secret->deleted);
    return vl_stmt_send(stmt, err);
}

int vl_repo_facts_image_rest(
    struct vl_store_conn *conn, const struct vl_facts *facts, int64_t image, struct vl_err *err)
{
    const struct vl_inventory *in = facts->result->inventory;
    const struct {
        const struct vl_store_sql *remove;
        int (*put)(struct vl_store_conn *, const struct vl_facts *, int64_t, size_t, struct vl_err *);
        size_t n;
    } lists[] = {{&sql_layers_remove, put_layer, in->layers.len},
        {&sql_notes_remove, put_note, in->notes.len + (in->notes.dropped > 0)},
        {&sql_secrets_remove, put_secret, in->secrets.len}};
    int r = 0;
    for (size_t list = 0; list < VL_ARRAY_LEN(lists) && r >= 0; list++) {
        r = remove_rows(conn, lists[list].remove, image, err);
        for (size_t i = 0; i < lists[list].n && r >= 0; i++)
            r = lists[list].put(conn, facts, image, i, err);
    }
    return r;
}

int vl_repo_facts_image_history(struct vl_store_conn *conn, const struct vl_facts_store *store,
    const struct vl_facts_change *change, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_history, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, change->image);
    vl_stmt_int(stmt, 2, store->now);
    vl_stmt_int(stmt, 3, change->added);
    vl_stmt_int(stmt, 4, change->gone);
    vl_stmt_int(stmt, 5, change->critical_added);
    vl_stmt_str(stmt, 6, store->why);
    return vl_stmt_send(stmt, err);
}
