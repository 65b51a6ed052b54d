/* Which interned rows are there. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "findings/repo_facts.h"

#define BATCH       60      /* parameters of one question */
#define CACHE_MAX   1000000 /* entries of each kind; then it begins anew */
#define CACHE_BYTES (512UL * 1024 * 1024)

static const struct vl_store_sql sql_packages = {
    "SELECT purl, id FROM package WHERE purl IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
    "$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, "
    "$32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, "
    "$51, $52, $53, $54, $55, $56, $57, $58, $59, $60)",
    NULL};

static const struct vl_store_sql sql_vulnerabilities = {
    "SELECT name, id, hash FROM vulnerability WHERE name IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
    "$10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, "
    "$29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, "
    "$48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60)",
    NULL};

static const struct vl_store_sql sql_matches = {
    "SELECT package_id, vulnerability_id, id, hash FROM package_vulnerability WHERE package_id IN "
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
    "$21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, "
    "$40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, "
    "$59, $60)",
    NULL};

/* A row that others name by its id; the hash tells whether it changed. */
struct known {
    int64_t id, hash;
};

struct vl_facts_cache {
    pthread_mutex_t lock;
    struct vl_arena *arena; /* keys and entries */
    struct vl_map packages, vulnerabilities, matches;
};

struct pair {
    int64_t package, vulnerability;
};

static void init_maps(struct vl_facts_cache *c)
{
    vl_map_init(&c->packages, CACHE_MAX);
    vl_map_init(&c->vulnerabilities, CACHE_MAX);
    vl_map_init(&c->matches, CACHE_MAX);
}

static void done_maps(struct vl_facts_cache *c)
{
    vl_map_done(&c->packages);
    vl_map_done(&c->vulnerabilities);
    vl_map_done(&c->matches);
}

int vl_facts_cache_new(struct vl_facts_cache **ret, struct vl_err *err)
{
    struct vl_facts_cache *c = calloc(1, sizeof(*c));
    struct vl_arena *arena = vl_arena_new(CACHE_BYTES);
    if (!c || !arena || pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        vl_arena_free(arena);
        return vl_err_nomem(err);
    }
    c->arena = arena;
    init_maps(c);
    *ret = c;
    return 0;
}

void vl_facts_cache_free(struct vl_facts_cache *c)
{
    if (!c)
        return;
    done_maps(c);
    vl_arena_free(c->arena);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Under the lock. A full cache, or one without memory, begins anew: it is only a cache. */
static void remember(
    struct vl_facts_cache *c, struct vl_map *map, struct vl_span key, int64_t id, int64_t hash)
{
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_map_slot *slot = vl_map_get(map, key);
    struct known *k = slot ? slot->value.ptr : NULL;
    if (!k) {
        char *kept = vl_arena_dup_span(c->arena, key);
        k = vl_arena_alloc(c->arena, sizeof(*k));
        if (!kept || !k || vl_map_put(map, (struct vl_span){kept, key.len}, &slot, NULL, &ignored) < 0) {
            done_maps(c);
            init_maps(c);
            vl_arena_reset(c->arena);
            return;
        }
        slot->value.ptr = k;
    }
    *k = (struct known){id, hash};
}

static bool recall(const struct vl_map *map, struct vl_span key, struct known *ret)
{
    const struct vl_map_slot *slot = vl_map_get(map, key);
    if (slot)
        *ret = *(const struct known *)slot->value.ptr;
    return slot != NULL;
}

static struct vl_span pair_key(const struct pair *p)
{
    return (struct vl_span){(const char *)p, sizeof(*p)};
}

/* --- questions --- */

struct resolving {
    struct vl_store_conn *conn;
    struct vl_facts *facts;
    struct vl_map wanted; /* what is asked for -> the item */
    struct vl_err *err;
};

static void take_vulnerability(struct vl_facts_vulnerability *v, const struct known *k)
{
    v->id = k->id;
    v->changed = k->hash != v->hash;
}

static void take_match(struct vl_facts_match *m, const struct known *k)
{
    m->id = k->id;
    m->changed = k->hash != m->hash;
}

static void take_package_row(struct resolving *r, const struct vl_stmt *stmt)
{
    struct vl_map_slot *slot = vl_map_get(&r->wanted, vl_stmt_get_text(stmt, 0));
    if (slot)
        ((struct vl_facts_package *)slot->value.ptr)->id = vl_stmt_get_int(stmt, 1);
}

static void take_vulnerability_row(struct resolving *r, const struct vl_stmt *stmt)
{
    struct vl_map_slot *slot = vl_map_get(&r->wanted, vl_stmt_get_text(stmt, 0));
    struct known k = {vl_stmt_get_int(stmt, 1), vl_stmt_get_int(stmt, 2)};
    if (slot)
        take_vulnerability(slot->value.ptr, &k);
}

static void take_match_row(struct resolving *r, const struct vl_stmt *stmt)
{
    struct pair pair = {vl_stmt_get_int(stmt, 0), vl_stmt_get_int(stmt, 1)};
    struct known k = {vl_stmt_get_int(stmt, 2), vl_stmt_get_int(stmt, 3)};
    struct vl_map_slot *slot = vl_map_get(&r->wanted, pair_key(&pair));
    if (slot)
        take_match(slot->value.ptr, &k);
}

/* Sixty at a time: texts, or where there are none, numbers. What is not used stays empty, which names
 * nothing. */
struct question {
    const struct vl_store_sql *sql;
    void (*row)(struct resolving *r, const struct vl_stmt *stmt);
    const char *const *texts;
    const int64_t *numbers;
    size_t n;
};

static int ask(struct resolving *r, const struct question *q)
{
    r->facts->fresh = r->facts->fresh || q->n > 0;
    for (size_t at = 0; at < q->n; at += BATCH) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        int res = vl_stmt_begin(r->conn, q->sql, &stmt, r->err);
        if (res < 0)
            return res;
        for (size_t i = 0; i < BATCH; i++) {
            bool used = at + i < q->n;
            if (q->texts)
                vl_stmt_str(stmt, (int)i + 1, used ? q->texts[at + i] : "");
            else
                vl_stmt_int(stmt, (int)i + 1, used ? q->numbers[at + i] : 0);
        }
        while ((res = vl_stmt_step(stmt, r->err)) > 0)
            q->row(r, stmt);
        if (res < 0)
            return res;
    }
    return 0;
}

static int want(struct resolving *r, struct vl_span key, void *item, bool *ret_new)
{
    struct vl_map_slot *slot;
    int res = vl_map_put(&r->wanted, key, &slot, ret_new, r->err);
    if (res >= 0 && *ret_new)
        slot->value.ptr = item;
    return res;
}

static int resolve_packages(struct resolving *r, const struct vl_facts_cache *c, bool list)
{
    struct vl_facts *f = r->facts;
    const char **texts = vl_arena_array(f->arena, f->n_packages + 1, sizeof(*texts));
    bool *needed = vl_arena_array(f->arena, f->n_packages + 1, sizeof(*needed));
    struct question q = {.sql = &sql_packages, .row = take_package_row, .texts = texts};
    int res = 0;
    if (!texts || !needed)
        return vl_arena_check(f->arena, "facts", r->err);
    for (size_t i = 0; i < f->n_matches; i++)
        needed[f->matches[i].package] = true;
    for (size_t i = 0; i < f->n_packages && res >= 0; i++) {
        struct vl_facts_package *p = &f->packages[i];
        struct known k;
        bool added = false;
        if (p->id || (!list && !needed[i]))
            continue;
        if (recall(&c->packages, vl_span_str(p->purl), &k)) {
            p->id = k.id;
            continue;
        }
        res = want(r, vl_span_str(p->purl), p, &added);
        texts[q.n] = p->purl;
        q.n += added;
    }
    return res < 0 ? res : ask(r, &q);
}

static int resolve_vulnerabilities(struct resolving *r, const struct vl_facts_cache *c)
{
    struct vl_facts *f = r->facts;
    const char **texts = vl_arena_array(f->arena, f->n_matches + 1, sizeof(*texts));
    struct question q = {.sql = &sql_vulnerabilities, .row = take_vulnerability_row, .texts = texts};
    int res = 0;
    if (!texts)
        return vl_arena_check(f->arena, "facts", r->err);
    for (size_t i = 0; i < f->n_matches && res >= 0; i++) {
        struct vl_facts_vulnerability *v = f->matches[i].vulnerability;
        struct known k;
        bool added = false;
        if (v->id)
            continue;
        if (recall(&c->vulnerabilities, vl_span_str(v->name), &k)) {
            take_vulnerability(v, &k);
            continue;
        }
        res = want(r, vl_span_str(v->name), v, &added);
        texts[q.n] = v->name;
        q.n += added;
    }
    return res < 0 ? res : ask(r, &q);
}

/* Of all packages that have one which is not known. */
static int resolve_matches(struct resolving *r, const struct vl_facts_cache *c)
{
    struct vl_facts *f = r->facts;
    int64_t *numbers = vl_arena_array(f->arena, f->n_matches + 1, sizeof(*numbers));
    struct pair *pairs = vl_arena_array(f->arena, f->n_matches + 1, sizeof(*pairs));
    struct question q = {.sql = &sql_matches, .row = take_match_row, .numbers = numbers};
    size_t last = SIZE_MAX;
    int res = 0;
    if (!numbers || !pairs)
        return vl_arena_check(f->arena, "facts", r->err);
    for (size_t i = 0; i < f->n_matches && res >= 0; i++) {
        struct vl_facts_match *m = &f->matches[i];
        struct known k;
        bool added;
        pairs[i] = (struct pair){f->packages[m->package].id, m->vulnerability->id};
        if (!pairs[i].package || !pairs[i].vulnerability)
            continue; /* then the pair is not there */
        if (recall(&c->matches, pair_key(&pairs[i]), &k)) {
            take_match(m, &k);
            continue;
        }
        res = want(r, pair_key(&pairs[i]), m, &added);
        if (m->package != last)
            numbers[q.n++] = pairs[i].package;
        last = m->package;
    }
    return res < 0 ? res : ask(r, &q);
}

int vl_repo_facts_resolve(struct vl_store_conn *conn, struct vl_facts_cache *cache, struct vl_facts *facts,
    bool list, struct vl_err *err)
{
    int (*const steps[])(struct resolving *, const struct vl_facts_cache *) = {
        resolve_vulnerabilities, resolve_matches};
    struct resolving r = {.conn = conn, .facts = facts, .err = err};
    /* Reading goes on under the lock: others wait for a few milliseconds at most. */
    pthread_mutex_lock(&cache->lock);
    vl_map_init(&r.wanted, VL_FACTS_KNOWN_MAX);
    int res = resolve_packages(&r, cache, list);
    vl_map_done(&r.wanted);
    for (size_t i = 0; i < VL_ARRAY_LEN(steps) && res >= 0; i++) {
        vl_map_init(&r.wanted, VL_FACTS_KNOWN_MAX);
        res = steps[i](&r, cache);
        vl_map_done(&r.wanted);
    }
    pthread_mutex_unlock(&cache->lock);
    return res;
}

bool vl_facts_want_remedies(const struct vl_facts *facts)
{
    for (size_t i = 0; i < facts->n_matches; i++)
        if (!facts->matches[i].id || facts->matches[i].changed)
            return true;
    return false;
}

/* Ids of this write are good from now on. */
static int64_t keep(int64_t *id, int64_t made)
{
    if (!*id)
        *id = made;
    return *id;
}

void vl_facts_learn(struct vl_facts_cache *cache, struct vl_facts *facts)
{
    if (!facts->fresh)
        return;
    facts->fresh = false;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < facts->n_packages; i++) {
        struct vl_facts_package *p = &facts->packages[i];
        if (keep(&p->id, p->made))
            remember(cache, &cache->packages, vl_span_str(p->purl), p->id, 0);
    }
    for (size_t i = 0; i < facts->n_matches; i++) {
        struct vl_facts_match *m = &facts->matches[i];
        struct vl_facts_vulnerability *v = m->vulnerability;
        struct pair pair = {facts->packages[m->package].id, keep(&v->id, v->made)};
        v->changed = m->changed = false;
        remember(cache, &cache->vulnerabilities, vl_span_str(v->name), v->id, v->hash);
        if (keep(&m->id, m->made))
            remember(cache, &cache->matches, pair_key(&pair), m->id, m->hash);
    }
    pthread_mutex_unlock(&cache->lock);
}
