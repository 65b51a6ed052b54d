/* Which ids are one vulnerability: union-find over aliases, with one rule more: two CVE ids are never one. */
#include <stdlib.h>
#include <string.h>

#include "build.h"

static int intern(struct vl_advisory_builder *b, struct vl_span text, uint32_t *ret, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    int r = vl_map_put(&b->id_index, text, &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        char *copy = vl_arena_dup_span(b->arena, text);
        if (!copy)
            return vl_err_nomem(err);
        slot->key = (struct vl_span){copy, text.len};
        slot->value.num = UINT64_MAX;
    }
    if (slot->value.num == UINT64_MAX) {
        struct build_id *id = vl_vec_push(&b->ids, "advisory ids", err);
        if (!id)
            return err->err;
        uint32_t index = (uint32_t)(b->ids.len - 1);
        *id = (struct build_id){.text = slot->key,
            .parent = index,
            .cve = adb_id_rank(text) == 0 ? index : BUILD_NONE,
            .group = BUILD_NONE,
            .advisory = BUILD_NONE};
        slot->value.num = index;
    }
    *ret = (uint32_t)slot->value.num;
    return 0;
}

static uint32_t find_root(struct vl_advisory_builder *b, uint32_t i)
{
    while (build_id_at(b, i)->parent != i) {
        struct build_id *id = build_id_at(b, i);
        id->parent = build_id_at(b, id->parent)->parent;
        i = id->parent;
    }
    return i;
}

static void merge(struct vl_advisory_builder *b, uint32_t x, uint32_t y)
{
    uint32_t rx = find_root(b, x);
    uint32_t ry = find_root(b, y);
    if (rx == ry)
        return;
    struct build_id *a = build_id_at(b, rx);
    struct build_id *c = build_id_at(b, ry);
    if (a->cve != BUILD_NONE && c->cve != BUILD_NONE)
        return;
    uint32_t cve = a->cve != BUILD_NONE ? a->cve : c->cve;
    /* by index, which follows the sorted input: the same forest every time */
    if (rx < ry) {
        c->parent = rx;
        a->cve = cve;
    } else {
        a->parent = ry;
        c->cve = cve;
    }
}

/* Vulnerabilities a record is about: what it covers; or all CVEs it calls aliases, where it names several;
 * or itself. */
static size_t subjects_of(const struct vl_record *r, struct vl_span *list, size_t max)
{
    size_t n = 0;
    if (r->n_covers) {
        for (size_t i = 0; i < r->n_covers && n < max; i++)
            list[n++] = r->covers[i];
        return n;
    }
    if (adb_id_rank(r->id) == 0)
        list[n++] = r->id;
    for (size_t i = 0; i < r->n_aliases && n < max; i++) {
        bool seen = false;
        for (size_t k = 0; k < n; k++)
            seen = seen || vl_span_eq(list[k], r->aliases[i]);
        if (!seen && adb_id_rank(r->aliases[i]) == 0)
            list[n++] = r->aliases[i];
    }
    if (n > 1)
        return n;
    list[0] = r->id;
    return 1;
}

static int add_to_lists(
    struct vl_advisory_builder *b, struct build_advisory *adv, uint32_t id, struct vl_err *err)
{
    uint32_t *list = (uint32_t *)b->group_lists.items + adv->groups_at;
    for (uint32_t i = 0; i < adv->n_groups; i++) {
        if (list[i] == id)
            return 0;
    }
    uint32_t *slot = vl_vec_push(&b->group_lists, "vulnerabilities of advisories", err);
    if (!slot)
        return err->err;
    *slot = id;
    adv->n_groups++;
    build_id_at(b, id)->vulnerability = true;
    return 0;
}

static int ids_of_record(struct vl_advisory_builder *b, struct build_advisory *adv, uint32_t index,
    const struct vl_record *record, struct vl_err *err)
{
    size_t max = record->n_covers + record->n_aliases + 1;
    struct vl_span *list = vl_arena_array(b->scratch, max, sizeof(*list));
    if (!list)
        return vl_err_nomem(err);
    size_t n = subjects_of(record, list, max);
    uint32_t own = 0;
    int r = intern(b, record->id, &own, err);
    for (size_t i = 0; i < n && r == 0; i++) {
        uint32_t id = 0;
        r = intern(b, list[i], &id, err);
        if (r == 0)
            r = add_to_lists(b, adv, id, err);
    }
    bool one = n == 1 && list[0].ptr == record->id.ptr;
    for (size_t i = 0; i < record->n_aliases && r == 0; i++) {
        uint32_t alias = 0;
        if (record->aliases[i].len > VL_RECORD_ID_MAX)
            continue;
        r = intern(b, record->aliases[i], &alias, err);
        if (r == 0 && one)
            merge(b, own, alias);
        else if (r == 0 && build_id_at(b, alias)->advisory == BUILD_NONE)
            build_id_at(b, alias)->advisory = index;
    }
    if (r == 0)
        build_id_at(b, own)->advisory = index;
    return r;
}

/* Entries are sorted: facts last, the others by feed and id. */
int build_ids(struct vl_advisory_builder *b, struct vl_err *err)
{
    size_t i = 0;
    while (i < b->entries.len && !build_entry_at(b, (uint32_t)i)->facts) {
        const struct build_entry *first = build_entry_at(b, (uint32_t)i);
        struct build_advisory *adv = vl_vec_push(&b->advisories, "advisories", err);
        if (!adv)
            return err->err;
        *adv = (struct build_advisory){.first = (uint32_t)i,
            .base = (uint32_t)b->group_lists.len,
            .groups_at = (uint32_t)b->group_lists.len};
        uint32_t index = (uint32_t)(b->advisories.len - 1);
        for (; i < b->entries.len; i++, adv->n++) {
            const struct build_entry *e = build_entry_at(b, (uint32_t)i);
            if (e->facts || e->feed != first->feed || e->id.ptr != first->id.ptr)
                break;
            struct vl_record record;
            int r = build_read(b, e, &record, err);
            if (r == 0)
                r = ids_of_record(b, adv, index, &record, err);
            if (r < 0)
                return r;
        }
    }
    b->stats.advisories = b->advisories.len;
    return 0;
}

static int compare_by_text(const void *x, const void *y, void *user)
{
    const struct vl_advisory_builder *b = user;
    return vl_span_cmp(
        build_id_at(b, *(const uint32_t *)x)->text, build_id_at(b, *(const uint32_t *)y)->text);
}

static int compare_groups(const void *x, const void *y, void *user)
{
    const struct vl_advisory_builder *b = user;
    const struct build_group *a = x;
    const struct build_group *c = y;
    return adb_id_prefer(build_id_at(b, a->best)->text, build_id_at(b, c->best)->text);
}

/* KEV entries are vulnerabilities of their own right; other facts are kept only where somebody names them. */
static int kev_ids(struct vl_advisory_builder *b, struct vl_err *err)
{
    for (size_t i = 0; i < b->entries.len; i++) {
        const struct build_entry *e = build_entry_at(b, (uint32_t)i);
        struct vl_record record = {0};
        uint32_t id = 0;
        if (!e->facts)
            continue;
        int r = build_read(b, e, &record, err);
        if (r == 0 && record.has_kev)
            r = intern(b, record.id, &id, err);
        if (r < 0)
            return r;
        if (record.has_kev)
            build_id_at(b, id)->vulnerability = true;
    }
    return 0;
}

/* Numbers ids by their place in the sorted order, and makes a group of every root with a vulnerability. */
static int number_ids(struct vl_advisory_builder *b, uint32_t *order, struct vl_err *err)
{
    size_t n = b->ids.len;
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
        if (build_id_at(b, (uint32_t)i)->vulnerability)
            build_id_at(b, find_root(b, (uint32_t)i))->vulnerability = true;
    }
    qsort_r(order, n, sizeof(*order), compare_by_text, b);
    for (size_t i = 0; i < n; i++)
        build_id_at(b, order[i])->number = (uint32_t)i;
    for (size_t i = 0; i < n; i++) {
        uint32_t root = find_root(b, order[i]);
        struct build_id *id = build_id_at(b, root);
        if (!id->vulnerability)
            continue;
        if (id->group == BUILD_NONE) {
            struct build_group *g = vl_vec_push(&b->groups, "vulnerabilities", err);
            if (!g)
                return err->err;
            *g = (struct build_group){.root = root, .best = order[i]};
            id->group = (uint32_t)(b->groups.len - 1);
        }
        struct build_group *g = build_group_at(b, id->group);
        g->n_ids++;
        if (adb_id_prefer(build_id_at(b, order[i])->text, build_id_at(b, g->best)->text) < 0)
            g->best = order[i];
    }
    if (b->groups.len)
        qsort_r(b->groups.items, b->groups.len, sizeof(struct build_group), compare_groups, b);
    uint32_t at = 0;
    for (size_t i = 0; i < b->groups.len; i++) {
        struct build_group *g = build_group_at(b, (uint32_t)i);
        build_id_at(b, g->root)->group = (uint32_t)i;
        g->ids_at = at;
        at += g->n_ids;
        g->n_ids = 0;
    }
    for (uint32_t i = 0; i < at; i++) {
        if (!vl_vec_push(&b->group_ids, "ids of vulnerabilities", err))
            return err->err;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t group = build_id_at(b, find_root(b, order[i]))->group;
        if (group == BUILD_NONE)
            continue;
        struct build_group *g = build_group_at(b, group);
        ((uint32_t *)b->group_ids.items)[g->ids_at + g->n_ids++] = order[i];
    }
    return 0;
}

/* From ids to group numbers, sorted, each once; and the other way round: the members of each group. */
static int compare_u32(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x;
    uint32_t c = *(const uint32_t *)y;
    return a < c ? -1 : a > c;
}

static int resolve_lists(struct vl_advisory_builder *b, struct vl_err *err)
{
    uint32_t *lists = b->group_lists.items;
    uint32_t to = 0;
    for (size_t i = 0; i < b->advisories.len; i++) {
        struct build_advisory *adv = build_advisory_at(b, (uint32_t)i);
        uint32_t *list = lists + adv->groups_at;
        for (uint32_t k = 0; k < adv->n_groups; k++)
            list[k] = build_id_at(b, find_root(b, list[k]))->group;
        qsort(list, adv->n_groups, sizeof(*list), compare_u32);
        uint32_t n = 0;
        for (uint32_t k = 0; k < adv->n_groups; k++) {
            if (n == 0 || lists[to + n - 1] != list[k])
                lists[to + n++] = list[k];
        }
        adv->groups_at = adv->base = to;
        adv->n_groups = n;
        to += n;
    }
    b->group_lists.len = to;
    for (size_t i = 0; i < to; i++) {
        build_group_at(b, lists[i])->n_members++;
        if (!vl_vec_push(&b->members, "members of vulnerabilities", err))
            return err->err;
    }
    uint32_t at = 0;
    for (size_t i = 0; i < b->groups.len; i++) {
        struct build_group *g = build_group_at(b, (uint32_t)i);
        g->members_at = at;
        at += g->n_members;
        g->n_members = 0;
    }
    for (size_t i = 0; i < b->advisories.len; i++) {
        const struct build_advisory *adv = build_advisory_at(b, (uint32_t)i);
        for (uint32_t k = 0; k < adv->n_groups; k++) {
            struct build_group *g = build_group_at(b, lists[adv->groups_at + k]);
            ((uint32_t *)b->members.items)[g->members_at + g->n_members++] = (uint32_t)i;
        }
    }
    return 0;
}

static void merge_cvss(struct build_fact *f, const struct vl_record *r, struct vl_arena *arena)
{
    for (size_t i = 0; i < r->n_cvss; i++) {
        bool seen = f->n_cvss == VL_ARRAY_LEN(f->cvss);
        for (size_t k = 0; k < f->n_cvss; k++)
            seen = seen || (vl_span_eq(f->cvss[k].value, r->cvss[i].value) &&
                               vl_span_eq(f->cvss[k].source, r->cvss[i].source));
        if (seen)
            continue;
        f->cvss[f->n_cvss++] =
            (struct vl_record_pair){{vl_arena_dup_span(arena, r->cvss[i].source), r->cvss[i].source.len},
                {vl_arena_dup_span(arena, r->cvss[i].value), r->cvss[i].value.len}};
    }
}

static void merge_facts(struct build_fact *f, const struct vl_record *r, struct vl_arena *arena)
{
    static const char *const ssvc[] = {"none", "poc", "active"};
    if (r->has_kev) {
        f->has_kev = true;
        f->kev = r->kev;
    }
    if (r->has_epss) {
        f->has_epss = true;
        f->epss = (uint32_t)(r->epss * 1e5 + 0.5);
        f->percentile = (uint32_t)(r->epss_percentile * 1e5 + 0.5);
    }
    for (unsigned i = 0; i < VL_ARRAY_LEN(ssvc); i++) {
        if (vl_span_eq_str(r->exploitation, ssvc[i]))
            f->ssvc = i + 1;
    }
    if (r->published_ms)
        f->published_ms = r->published_ms;
    if (r->title.len && f->title.len == 0)
        f->title = (struct vl_span){vl_arena_dup_span(arena, r->title), r->title.len};
    for (size_t i = 0; i < r->n_cwes && f->n_cwes < VL_ARRAY_LEN(f->cwes); i++) {
        bool seen = r->cwes[i] == 0;
        for (size_t k = 0; k < f->n_cwes; k++)
            seen = seen || f->cwes[k] == r->cwes[i];
        if (!seen)
            f->cwes[f->n_cwes++] = r->cwes[i];
    }
    merge_cvss(f, r, arena);
}

static int collect_facts(struct vl_advisory_builder *b, struct vl_err *err)
{
    for (size_t i = 0; i < b->entries.len; i++) {
        const struct build_entry *e = build_entry_at(b, (uint32_t)i);
        if (!e->facts)
            continue;
        const struct vl_map_slot *id = vl_map_get(&b->id_index, e->id);
        if (!id || id->value.num == UINT64_MAX)
            continue;
        uint32_t group = build_id_at(b, find_root(b, (uint32_t)id->value.num))->group;
        if (group == BUILD_NONE)
            continue;
        struct build_group *g = build_group_at(b, group);
        struct build_fact *f = (struct build_fact *)(uintptr_t)g->facts;
        if (!f) {
            f = vl_arena_alloc(b->arena, sizeof(*f));
            if (!f)
                return vl_err_nomem(err);
            g->facts = f;
        }
        struct vl_record record;
        int r = build_read(b, e, &record, err);
        if (r < 0)
            return r;
        merge_facts(f, &record, b->arena);
        b->stats.records++;
    }
    return 0;
}

int build_groups(struct vl_advisory_builder *b, struct vl_err *err)
{
    int r = kev_ids(b, err);
    if (r < 0)
        return r;
    uint32_t *order = vl_arena_array(b->arena, b->ids.len, sizeof(*order));
    if (!order)
        return vl_err_nomem(err);
    r = number_ids(b, order, err);
    if (r == 0)
        r = resolve_lists(b, err);
    if (r == 0)
        r = collect_facts(b, err);
    b->stats.vulnerabilities = b->groups.len;
    b->stats.ids = b->ids.len;
    return r;
}

static void close_block(struct vl_buf *chunk, struct vl_buf *index, size_t i)
{
    if (i % ADB_BLOCK == 0)
        vl_buf_append_u32le(index, (uint32_t)chunk->len);
}

/* Each id: bytes shared with the one before in its block, the rest, and what it names: twice the number of
 * the vulnerability, or twice the number of the advisory plus one. */
int build_write_ids(struct vl_advisory_builder *b, struct vl_err *err)
{
    struct vl_buf *out = &b->chunks[ADB_IDS];
    uint32_t *order = vl_arena_array(b->arena, b->ids.len, sizeof(*order));
    if (!order)
        return vl_err_nomem(err);
    for (size_t i = 0; i < b->ids.len; i++)
        order[build_id_at(b, (uint32_t)i)->number] = (uint32_t)i;
    struct vl_span before = VL_SPAN_EMPTY;
    for (size_t i = 0; i < b->ids.len; i++) {
        const struct build_id *id = build_id_at(b, order[i]);
        close_block(out, &b->chunks[ADB_ID_BLOCKS], i);
        size_t shared = 0;
        if (i % ADB_BLOCK) {
            while (shared < before.len && shared < id->text.len && before.ptr[shared] == id->text.ptr[shared])
                shared++;
        }
        vl_buf_append_varint(out, shared);
        vl_buf_append_lstr(out, vl_span_slice(id->text, shared, id->text.len));
        uint32_t group = build_id_at(b, find_root(b, order[i]))->group;
        vl_buf_append_varint(out, group != BUILD_NONE          ? (uint64_t)group * 2
                                  : id->advisory != BUILD_NONE ? (uint64_t)id->advisory * 2 + 1
                                                               : 1);
        before = id->text;
    }
    return 0;
}

static void put_group_facts(struct vl_advisory_builder *b, const struct build_fact *f, struct vl_buf *out)
{
    unsigned flags = (f->has_kev ? ADB_GROUP_KEV : 0) | (f->kev.ransomware ? ADB_GROUP_RANSOMWARE : 0) |
                     (f->has_epss ? ADB_GROUP_EPSS : 0) | (f->ssvc ? ADB_GROUP_SSVC : 0) |
                     (f->n_cvss ? ADB_GROUP_CVSS : 0) | (f->published_ms ? ADB_GROUP_PUBLISHED : 0) |
                     (f->n_cwes ? ADB_GROUP_CWES : 0) | (f->title.len ? ADB_GROUP_TITLE : 0);
    vl_buf_append_u8(out, (uint8_t)flags);
    if (f->has_kev) {
        vl_buf_append_varint(out, adb_zigzag(adb_day(f->kev.added_ms)));
        vl_buf_append_varint(
            out, f->kev.due_ms ? adb_zigzag(adb_day(f->kev.due_ms) - adb_day(f->kev.added_ms)) + 1 : 0);
    }
    if (f->has_epss) {
        vl_buf_append_varint(out, f->epss);
        vl_buf_append_varint(out, f->percentile);
    }
    if (f->ssvc)
        vl_buf_append_u8(out, (uint8_t)f->ssvc);
    if (f->n_cvss) {
        vl_buf_append_varint(out, f->n_cvss);
        for (size_t i = 0; i < f->n_cvss; i++) {
            vl_buf_append_varint(out, build_string_offset(b, f->cvss[i].source));
            vl_buf_append_varint(out, build_string_offset(b, f->cvss[i].value));
        }
    }
    if (f->published_ms)
        vl_buf_append_varint(out, adb_zigzag(adb_day(f->published_ms)));
    if (f->n_cwes) {
        vl_buf_append_varint(out, f->n_cwes);
        for (size_t i = 0; i < f->n_cwes; i++)
            vl_buf_append_varint(out, f->cwes[i]);
    }
    if (f->title.len)
        vl_buf_append_varint(out, build_string_offset(b, f->title));
}

/* Each vulnerability: length of what follows; ids, the shown one first, then the others as distances;
 * advisories about it as distances; facts. */
int build_write_groups(struct vl_advisory_builder *b, struct vl_err *err)
{
    static const struct build_fact no_facts;
    VL_CLEANUP(vl_buf_done) struct vl_buf one;
    vl_buf_init(&one, BUILD_CHUNK_MAX);
    for (size_t i = 0; i < b->groups.len; i++) {
        const struct build_group *g = build_group_at(b, (uint32_t)i);
        const uint32_t *ids = (const uint32_t *)b->group_ids.items + g->ids_at;
        const uint32_t *members = (const uint32_t *)b->members.items + g->members_at;
        vl_buf_clear(&one);
        uint32_t n_ids = g->n_ids > ADB_GROUP_IDS_MAX ? ADB_GROUP_IDS_MAX : g->n_ids;
        vl_buf_append_varint(&one, n_ids);
        vl_buf_append_varint(&one, build_id_at(b, g->best)->number);
        uint32_t before = 0;
        for (uint32_t k = 0, written = 1; k < g->n_ids && written < n_ids; k++) {
            if (ids[k] == g->best)
                continue;
            uint32_t number = build_id_at(b, ids[k])->number;
            vl_buf_append_varint(&one, number - before);
            before = number;
            written++;
        }
        vl_buf_append_varint(&one, g->n_members);
        before = 0;
        for (uint32_t k = 0; k < g->n_members; k++) {
            vl_buf_append_varint(&one, members[k] - before);
            before = members[k];
        }
        put_group_facts(b, g->facts ? g->facts : &no_facts, &one);
        close_block(&b->chunks[ADB_GROUPS], &b->chunks[ADB_GROUP_BLOCKS], i);
        vl_buf_append_lstr(&b->chunks[ADB_GROUPS], vl_buf_span(&one));
    }
    b->stats.records += b->groups.len;
    return vl_buf_check(&one, "a vulnerability", err);
}
