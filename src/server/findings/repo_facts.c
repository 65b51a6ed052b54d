/* Facts into the tables. */
#include "findings/repo_facts.h"

#include <stdlib.h>
#include <string.h>

#include "findings/repo_facts_image.h"
#include "findings/repo_list_sets.h"

#define DAY_MS 86400000LL

static const struct vl_store_sql sql_package_add = {
    "INSERT INTO package (purl, ecosystem, name, version, distro) VALUES ($1, $2, $3, $4, $5) ON "
    "CONFLICT (purl) DO UPDATE SET purl = excluded.purl RETURNING id",
    NULL};

static const struct vl_store_sql sql_vulnerability_add = {
    "INSERT INTO vulnerability (name, title, cvss, cvss_vector, epss, epss_percentile, kev_added, "
    "kev_due, kev_ransomware, exploitation, published, modified, aliases, cwes, links, details, "
    "hash, severity) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
    "$17, $18) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
    NULL};

static const struct vl_store_sql sql_vulnerability_change = {
    "UPDATE vulnerability SET title = $2, cvss = $3, cvss_vector = $4, epss = $5, epss_percentile = "
    "$6, kev_added = $7, kev_due = $8, kev_ransomware = $9, exploitation = $10, published = $11, "
    "modified = $12, aliases = $13, cwes = $14, links = $15, details = $16, hash = $17 WHERE name = "
    "$1",
    NULL};

static const struct vl_store_sql sql_match_add = {
    "INSERT INTO package_vulnerability (package_id, vulnerability_id, severity, severity_source, "
    "state, fixed_version, source, advisory, malicious, remedy, remedy_command, hash) VALUES ($1, "
    "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (package_id, vulnerability_id) DO "
    "UPDATE SET severity = excluded.severity, severity_source = excluded.severity_source, state = "
    "excluded.state, fixed_version = excluded.fixed_version, source = excluded.source, advisory = "
    "excluded.advisory, malicious = excluded.malicious, remedy = excluded.remedy, remedy_command = "
    "excluded.remedy_command, hash = excluded.hash RETURNING id",
    NULL};

static const struct vl_store_sql sql_worst = {
    "UPDATE vulnerability SET severity = (SELECT max(p.severity) FROM package_vulnerability p WHERE "
    "p.vulnerability_id = vulnerability.id) WHERE id = $1",
    NULL};

static const struct vl_store_sql sql_list_find = {"SELECT id FROM package_list WHERE hash = $1", NULL};

static const struct vl_store_sql sql_list_add = {"INSERT INTO package_list (hash, bytes, packages, "
                                                 "indexer_version, base_id) VALUES ($1, $2, $3, $4, $5) ON "
                                                 "CONFLICT (hash) DO NOTHING RETURNING id",
    NULL};

static const struct vl_store_sql sql_finding_list = {
    "SELECT match_id, status, layer FROM finding WHERE image_id = $1 ORDER BY match_id", NULL};

static const struct vl_store_sql sql_finding_add_many = {
    "INSERT INTO finding (image_id, match_id, status, day, layer) SELECT $1, m.value, s.value, $2, l.value "
    "FROM json_each($3) m JOIN json_each($4) s ON s.key = m.key JOIN json_each($5) l ON l.key = m.key ON "
    "CONFLICT DO NOTHING",
    "INSERT INTO finding (image_id, match_id, status, day, layer) SELECT $1, m, s, $2, l FROM "
    "unnest(CAST($3 AS INTEGER[]), CAST($4 AS SMALLINT[]), CAST($5 AS SMALLINT[])) AS many (m, s, l) ON "
    "CONFLICT DO NOTHING"};

static const struct vl_store_sql sql_finding_add_one = {
    "INSERT INTO finding (image_id, match_id, status, day, layer) VALUES ($1, $2, $3, $4, $5) ON "
    "CONFLICT DO NOTHING",
    NULL};

static const struct vl_store_sql sql_finding_change = {
    "UPDATE finding SET status = $3, layer = $4 WHERE image_id = $1 AND match_id = $2", NULL};

static const struct vl_store_sql sql_finding_remove = {
    "DELETE FROM finding WHERE image_id = $1 AND match_id = $2", NULL};

struct storing {
    struct vl_store_conn *conn;
    struct vl_facts *facts;
    const struct vl_facts_store *store;
    struct vl_facts_change change;
    int64_t list;
    struct vl_err *err;
};

static int64_t id_of(int64_t id, int64_t made)
{
    return id ? id : made;
}

/* A statement that gives one number. */
static int one_number(struct vl_stmt *stmt, int64_t *ret, struct vl_err *err)
{
    int r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    *ret = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_step(stmt, err); /* to its end, so that it can be used again */
    return r < 0 ? r : 1;
}

/* --- interned rows --- */

static int add_package(struct storing *s, struct vl_facts_package *p)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(s->conn, &sql_package_add, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, p->purl);
    vl_stmt_int(stmt, 2, p->ecosystem);
    vl_stmt_str(stmt, 3, p->name);
    vl_stmt_str(stmt, 4, p->version);
    vl_stmt_str(stmt, 5, p->distro);
    s->change.changed++;
    s->facts->fresh = true;
    return one_number(stmt, &p->made, s->err);
}

static int add_packages(struct storing *s)
{
    struct vl_facts *f = s->facts;
    int r = 0;
    for (size_t i = 0; i < f->n_packages && r >= 0 && s->store->list_hash; i++)
        if (!f->packages[i].id)
            r = add_package(s, &f->packages[i]);
    for (size_t i = 0; i < f->n_matches && r >= 0; i++) {
        struct vl_facts_package *p = &f->packages[f->matches[i].package];
        if (!p->id && !p->made)
            r = add_package(s, p);
    }
    return r;
}

static int put_vulnerability(struct storing *s, struct vl_facts_vulnerability *v)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(s->conn, v->id ? &sql_vulnerability_change : &sql_vulnerability_add, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, v->name);
    vl_stmt_str(stmt, 2, v->title);
    if (v->has_cvss)
        vl_stmt_double(stmt, 3, v->cvss);
    else
        vl_stmt_null(stmt, 3);
    vl_stmt_str(stmt, 4, v->cvss_vector);
    if (v->has_epss) {
        vl_stmt_double(stmt, 5, v->epss);
        vl_stmt_double(stmt, 6, v->epss_percentile);
    } else {
        vl_stmt_null(stmt, 5);
        vl_stmt_null(stmt, 6);
    }
    vl_stmt_int(stmt, 7, v->kev_added);
    vl_stmt_int(stmt, 8, v->kev_due);
    vl_stmt_int(stmt, 9, v->kev_ransomware);
    vl_stmt_str(stmt, 10, v->exploitation);
    vl_stmt_int(stmt, 11, v->published);
    vl_stmt_int(stmt, 12, v->modified);
    vl_stmt_str(stmt, 13, v->aliases);
    vl_stmt_str(stmt, 14, v->cwes);
    vl_stmt_str(stmt, 15, v->links);
    vl_stmt_str(stmt, 16, v->details);
    vl_stmt_int(stmt, 17, v->hash);
    if (!v->id)
        vl_stmt_int(stmt, 18, v->severity);
    s->change.changed++;
    s->facts->fresh = true;
    return v->id ? vl_stmt_run(stmt, NULL, s->err) : one_number(stmt, &v->made, s->err);
}

static int put_match(struct storing *s, struct vl_facts_match *m)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_facts_package *p = &s->facts->packages[m->package];
    const struct vl_remedy *remedy = &m->finding->remedy;
    int r = vl_stmt_begin(s->conn, &sql_match_add, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id_of(p->id, p->made));
    vl_stmt_int(stmt, 2, id_of(m->vulnerability->id, m->vulnerability->made));
    vl_stmt_int(stmt, 3, m->severity);
    vl_stmt_str(stmt, 4, m->severity_source);
    vl_stmt_int(stmt, 5, m->state);
    vl_stmt_str(stmt, 6, m->fixed_version);
    vl_stmt_str(stmt, 7, m->source);
    vl_stmt_str(stmt, 8, m->advisory);
    vl_stmt_int(stmt, 9, m->malicious);
    vl_stmt_str(stmt, 10, vl_facts_text(remedy->text, s->facts->arena));
    vl_stmt_str(stmt, 11, vl_facts_text(remedy->command, s->facts->arena));
    vl_stmt_int(stmt, 12, m->hash);
    s->change.changed++;
    s->facts->fresh = true;
    m->vulnerability->touched = true;
    return one_number(stmt, &m->made, s->err);
}

static int set_worst(struct storing *s, struct vl_facts_vulnerability *v)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(s->conn, &sql_worst, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id_of(v->id, v->made));
    v->touched = false;
    return vl_stmt_send(stmt, s->err);
}

static int put_matches(struct storing *s)
{
    struct vl_facts *f = s->facts;
    int r = 0;
    for (size_t i = 0; i < f->n_matches && r >= 0; i++) {
        struct vl_facts_vulnerability *v = f->matches[i].vulnerability;
        if ((!v->id && !v->made) || (v->changed && !v->made)) {
            r = put_vulnerability(s, v);
            if (v->changed)
                v->made = v->id; /* once a write */
        }
    }
    for (size_t i = 0; i < f->n_matches && r >= 0; i++)
        if (!f->matches[i].id || f->matches[i].changed)
            r = put_match(s, &f->matches[i]);
    for (size_t i = 0; i < f->n_matches && r >= 0; i++)
        if (f->matches[i].vulnerability->touched)
            r = set_worst(s, f->matches[i].vulnerability);
    return r;
}

/* --- the package list --- */

static int find_list(struct storing *s)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(s->conn, &sql_list_find, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, s->store->list_hash);
    return one_number(stmt, &s->list, s->err);
}

static int add_list(struct storing *s)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(s->conn, &sql_list_add, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, s->store->list_hash);
    vl_stmt_blob(stmt, 2, s->store->list);
    vl_stmt_int(stmt, 3, (int64_t)s->facts->result->inventory->packages.len);
    vl_stmt_int(stmt, 4, VL_INDEXER_VERSION);
    if (s->store->list_base)
        vl_stmt_int(stmt, 5, s->store->list_base);
    else
        vl_stmt_null(stmt, 5);
    return one_number(stmt, &s->list, s->err);
}

static int put_list(struct storing *s)
{
    struct vl_facts *f = s->facts;
    int64_t rows = 0;
    int r = find_list(s);
    if (r != 0)
        return r;
    r = add_list(s);
    if (r == 0) /* another server was faster */
        return find_list(s);
    int64_t *ids = r > 0 ? vl_arena_array(f->arena, f->n_packages + 1, sizeof(*ids)) : NULL;
    if (!ids)
        return r < 0 ? r : vl_arena_check(f->arena, "a package list", s->err);
    for (size_t i = 0; i < f->n_packages; i++)
        ids[i] = id_of(f->packages[i].id, f->packages[i].made);
    r = vl_repo_list_sets_put(s->conn, s->list, ids, f->n_packages, f->arena, &rows, s->err);
    s->change.changed += rows;
    return r;
}

/* --- findings --- */

static int add_finding(struct storing *s, const struct vl_facts_match *m)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(s->conn, &sql_finding_add_one, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s->change.image);
    vl_stmt_int(stmt, 2, id_of(m->id, m->made));
    vl_stmt_int(stmt, 3, m->status);
    vl_stmt_int(stmt, 4, s->store->now / DAY_MS);
    vl_stmt_int(stmt, 5, m->layer);
    return vl_stmt_send(stmt, s->err);
}

static int add_findings(struct storing *s, const struct vl_facts_match *const *fresh, size_t n)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t *lists = vl_arena_array(s->facts->arena, n, 3 * sizeof(*lists));
    int r = lists ? vl_stmt_begin(s->conn, &sql_finding_add_many, &stmt, s->err)
                  : vl_arena_failed(s->facts->arena, "findings", s->err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        lists[i] = id_of(fresh[i]->id, fresh[i]->made);
        lists[n + i] = fresh[i]->status;
        lists[2 * n + i] = fresh[i]->layer;
    }
    vl_stmt_int(stmt, 1, s->change.image);
    vl_stmt_int(stmt, 2, s->store->now / DAY_MS);
    for (int i = 0; i < 3; i++)
        vl_stmt_ints(stmt, 3 + i, lists + (size_t)i * n, n);
    return vl_stmt_send(stmt, s->err);
}

static int by_id(const void *a, const void *b)
{
    const struct vl_facts_match *x = *(const struct vl_facts_match *const *)a,
                                *y = *(const struct vl_facts_match *const *)b;
    int64_t left = id_of(x->id, x->made), right = id_of(y->id, y->made);
    return (left > right) - (left < right);
}

/* In the order of the primary key, which is then filled from its end. All in one statement where
 * s->store->many says so. */
static int insert(struct storing *s, const struct vl_facts_match **fresh, size_t n)
{
    int r = 0;
    if (n > 1)
        qsort(fresh, n, sizeof(*fresh), by_id);
    s->change.changed += (int64_t)n;
    if (s->store->many && n > 1)
        return add_findings(s, fresh, n);
    for (size_t i = 0; i < n && r >= 0; i++)
        r = add_finding(s, fresh[i]);
    return r;
}

static int change_finding(struct storing *s, const struct vl_facts_match *m, bool remove, int64_t id)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(s->conn, remove ? &sql_finding_remove : &sql_finding_change, &stmt, s->err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, s->change.image);
    vl_stmt_int(stmt, 2, id);
    if (!remove) {
        vl_stmt_int(stmt, 3, m->status);
        vl_stmt_int(stmt, 4, m->layer);
    }
    s->change.changed++;
    return vl_stmt_send(stmt, s->err);
}

static void count_fresh(struct storing *s, const struct vl_facts_match *m)
{
    if (m->status != VL_FINDING_OPEN)
        return;
    s->change.added++;
    if (m->severity != VL_SEVERITY_CRITICAL)
        return;
    if (s->change.critical_added < VL_FACTS_NAMED)
        s->change.critical[s->change.critical_added] = m->vulnerability->name;
    s->change.critical_added++;
}

struct stored {
    int64_t match, status, layer;
};

static int read_findings(struct vl_store_conn *conn, int64_t image, struct vl_vec *all, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_finding_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, image);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct stored *row = vl_vec_push(all, "findings of an image", err);
        if (!row)
            return err->err;
        *row = (struct stored){vl_stmt_get_int(stmt, 0), vl_stmt_get_int(stmt, 1), vl_stmt_get_int(stmt, 2)};
    }
    return r;
}

/* Of what is stored: what is gone, what has another status. Leaves in `now` what is not stored yet. */
static int compare(struct storing *s, const struct vl_vec *all, struct vl_map *now)
{
    const struct stored *rows = all->items;
    int r = 0;
    for (size_t i = 0; i < all->len && r >= 0; i++) {
        struct vl_map_slot *slot =
            vl_map_get(now, (struct vl_span){(const char *)&rows[i].match, sizeof(rows[i].match)});
        struct vl_facts_match *m = slot ? slot->value.ptr : NULL;
        bool was_open = rows[i].status == VL_FINDING_OPEN;
        if (!m) {
            s->change.gone += was_open;
            r = change_finding(s, NULL, true, rows[i].match);
            continue;
        }
        slot->value.ptr = NULL;
        if (m->status == rows[i].status && m->layer == rows[i].layer)
            continue;
        s->change.gone += was_open && m->status != VL_FINDING_OPEN;
        if (!was_open)
            count_fresh(s, m);
        r = change_finding(s, m, false, rows[i].match);
    }
    return r;
}

static int put_findings(struct storing *s)
{
    struct vl_facts *f = s->facts;
    struct vl_vec all VL_CLEANUP(vl_vec_done);
    struct vl_map now VL_CLEANUP(vl_map_done);
    const struct vl_facts_match **fresh = vl_arena_array(f->arena, f->n_matches + 1, sizeof(const void *));
    int64_t *ids = vl_arena_array(f->arena, f->n_matches + 1, sizeof(*ids));
    size_t n = 0;
    vl_vec_init(&all, sizeof(struct stored), VL_FACTS_KNOWN_MAX);
    vl_map_init(&now, VL_FACTS_KNOWN_MAX);
    int r = fresh && ids ? read_findings(s->conn, s->change.image, &all, s->err)
                         : vl_arena_failed(f->arena, "findings", s->err);
    for (size_t i = 0; i < f->n_matches && r >= 0; i++) {
        struct vl_map_slot *slot;
        ids[i] = id_of(f->matches[i].id, f->matches[i].made);
        r = vl_map_put(&now, (struct vl_span){(const char *)&ids[i], sizeof(ids[i])}, &slot, NULL, s->err);
        if (r >= 0)
            slot->value.ptr = &f->matches[i];
    }
    if (r >= 0)
        r = compare(s, &all, &now);
    for (size_t i = 0; i < f->n_matches && r >= 0; i++) {
        struct vl_map_slot *slot = vl_map_get(&now, (struct vl_span){(const char *)&ids[i], sizeof(ids[i])});
        if (!slot || !slot->value.ptr)
            continue;
        count_fresh(s, slot->value.ptr);
        fresh[n++] = slot->value.ptr;
    }
    return r < 0 ? r : insert(s, fresh, n);
}

static int compare_rows(const void *a, const void *b)
{
    const struct stored *x = a, *y = b;
    return x->match < y->match ? -1 : x->match > y->match;
}

int vl_repo_facts_same(
    struct vl_store_conn *conn, const struct vl_facts *facts, int64_t image, bool *ret, struct vl_err *err)
{
    struct vl_vec all VL_CLEANUP(vl_vec_done);
    bool same = true;
    vl_vec_init(&all, sizeof(struct stored), VL_FACTS_KNOWN_MAX);
    for (size_t i = 0; i < facts->n_matches && same; i++) {
        const struct vl_facts_match *m = &facts->matches[i];
        same = m->id && !m->changed && !m->vulnerability->changed;
    }
    int r = same ? read_findings(conn, image, &all, err) : 0;
    same = same && all.len == facts->n_matches;
    for (size_t i = 0; i < facts->n_matches && r >= 0 && same; i++) {
        const struct vl_facts_match *m = &facts->matches[i];
        const struct stored key = {.match = m->id};
        const struct stored *row = bsearch(&key, all.items, all.len, sizeof(key), compare_rows);
        same = row && row->status == m->status && row->layer == m->layer;
    }
    *ret = same;
    return r;
}

/* --- all of it --- */

/* What an earlier run of this write made was taken back with it. */
static void forget_made(struct vl_facts *f)
{
    for (size_t i = 0; i < f->n_packages; i++)
        f->packages[i].made = 0;
    for (size_t i = 0; i < f->n_matches; i++) {
        f->matches[i].made = 0;
        f->matches[i].vulnerability->made = 0;
        f->matches[i].vulnerability->touched = false;
    }
}

int vl_repo_facts_store(struct vl_store_conn *conn, struct vl_facts *facts,
    const struct vl_facts_store *store, struct vl_facts_change *ret, struct vl_err *err)
{
    struct storing s = {.conn = conn, .facts = facts, .store = store, .err = err};
    bool scanned = store->list_hash != NULL;
    forget_made(facts);
    int r = add_packages(&s);
    if (r >= 0)
        r = put_matches(&s);
    if (r >= 0 && scanned)
        r = put_list(&s);
    if (r >= 0)
        r = scanned ? vl_repo_facts_image_put(conn, facts, store, s.list, &s.change.image, err)
                    : vl_repo_facts_image_rematched(conn, facts, store, &s.change.image, err);
    if (r >= 0 && scanned)
        r = vl_repo_facts_image_rest(conn, facts, s.change.image, err);
    if (r >= 0)
        r = put_findings(&s);
    if (r >= 0 && (scanned || s.change.added || s.change.gone))
        r = vl_repo_facts_image_history(conn, store, &s.change, err);
    if (r >= 0)
        *ret = s.change;
    return r;
}
