/* Strings, namespaces, packages and their rows: what matching reads. */
#include <stdlib.h>
#include <string.h>

#include "build.h"

static int count_affected(
    struct vl_advisory_builder *b, const struct vl_record_affected *a, struct vl_err *err)
{
    int r = build_count_string(b, a->package, err);
    if (r == 0)
        r = build_count_string(b, a->module, err);
    for (size_t i = 0; i < a->n_ranges && r == 0; i++) {
        r = build_count_string(b, a->ranges[i].introduced, err);
        if (r == 0)
            r = build_count_string(b, a->ranges[i].fixed, err);
        if (r == 0)
            r = build_count_string(b, a->ranges[i].last, err);
    }
    for (size_t i = 0; i < a->n_versions && r == 0; i++)
        r = build_count_string(b, a->versions[i], err);
    return r;
}

static int count_pairs(struct vl_advisory_builder *b, const struct vl_record_pair *pairs, size_t n,
    bool values, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        r = build_count_string(b, pairs[i].source, err);
        if (r == 0 && values)
            r = build_count_string(b, pairs[i].value, err);
    }
    return r;
}

static int count_record(
    struct vl_advisory_builder *b, const struct vl_record *record, bool facts, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < record->n_updates && r == 0; i++) {
        r = build_count_string(b, record->updates[i].product, err);
        if (r == 0)
            r = build_count_string(b, record->updates[i].fixed_build, err);
    }
    if (facts)
        return r; /* what of these is kept is counted with its vulnerability */
    for (size_t i = 0; i < record->n_affected && r == 0; i++)
        r = count_affected(b, &record->affected[i], err);
    if (r == 0)
        r = count_pairs(b, record->ratings, record->n_ratings, false, err);
    return r == 0 ? count_pairs(b, record->cvss, record->n_cvss, true, err) : r;
}

/* Often used strings first: their offsets are short. */
static int compare_strings(const void *x, const void *y, void *user)
{
    const struct build_string *all = user;
    const struct build_string *a = &all[*(const uint32_t *)x];
    const struct build_string *c = &all[*(const uint32_t *)y];
    if (a->uses != c->uses)
        return a->uses > c->uses ? -1 : 1;
    return vl_span_cmp(a->text, c->text);
}

static int lay_out_strings(struct vl_advisory_builder *b, struct vl_err *err)
{
    struct vl_buf *pool = &b->chunks[ADB_STRINGS];
    uint32_t *order = vl_arena_array(b->arena, b->strings.len + 1, sizeof(*order));
    if (!order)
        return vl_err_nomem(err);
    for (size_t i = 0; i < b->strings.len; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, b->strings.len, sizeof(*order), compare_strings, b->strings.items);
    vl_buf_append_varint(pool, 0);
    for (size_t i = 0; i < b->strings.len; i++) {
        struct build_string *s = (struct build_string *)b->strings.items + order[i];
        s->offset = (uint32_t)pool->len;
        vl_buf_append_lstr(pool, s->text);
    }
    return vl_buf_check(pool, "the string pool", err);
}

int build_strings(struct vl_advisory_builder *b, struct vl_err *err)
{
    for (size_t i = 0; i < b->entries.len; i++) {
        const struct build_entry *e = build_entry_at(b, (uint32_t)i);
        struct vl_record record;
        int r = build_read(b, e, &record, err);
        if (r == 0)
            r = count_record(b, &record, e->facts, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < b->groups.len; i++) {
        const struct build_fact *f = build_group_at(b, (uint32_t)i)->facts;
        int r = f ? count_pairs(b, f->cvss, f->n_cvss, true, err) : 0;
        if (r == 0 && f)
            r = build_count_string(b, f->title, err);
        if (r < 0)
            return r;
    }
    return lay_out_strings(b, err);
}

static int space_index(struct vl_advisory_builder *b, struct vl_span name, uint32_t *ret, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    int r = vl_map_put(&b->space_index, name, &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        struct build_space *s = vl_vec_push(&b->spaces, "namespaces", err);
        char *copy = vl_arena_dup_span(b->arena, name);
        if (!s || !copy)
            return vl_err_nomem(err);
        s->name = slot->key = (struct vl_span){copy, name.len};
        s->last_advisory = BUILD_NONE;
        slot->value.num = b->spaces.len - 1;
    }
    *ret = (uint32_t)slot->value.num;
    return 0;
}

static int package_index(
    struct vl_advisory_builder *b, uint32_t space, struct vl_span name, uint32_t *ret, struct vl_err *err)
{
    char key[VL_RECORD_NAME_MAX + 4];
    struct vl_map_slot *slot;
    bool added;
    memcpy(key, &space, 4);
    memcpy(key + 4, name.ptr, name.len);
    struct vl_span k = {key, name.len + 4};
    int r = vl_map_put(&b->package_index, k, &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        struct build_package *p = vl_vec_push(&b->packages, "packages", err);
        char *copy = vl_arena_dup_span(b->arena, k);
        if (!p || !copy)
            return vl_err_nomem(err);
        slot->key = (struct vl_span){copy, k.len};
        *p = (struct build_package){.space = space, .name = {copy + 4, name.len}};
        slot->value.num = b->packages.len - 1;
    }
    *ret = (uint32_t)slot->value.num;
    return 0;
}

int build_names(struct vl_advisory_builder *b, const struct vl_record *record, struct vl_err *err)
{
    for (size_t i = 0; i < record->n_affected; i++) {
        const struct vl_record_affected *a = &record->affected[i];
        uint32_t space = 0;
        uint32_t package;
        int r = build_count_string(b, a->package, err);
        if (r == 0)
            r = space_index(b, a->space, &space, err);
        if (r == 0)
            r = package_index(b, space, a->package, &package, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static void put_string(struct vl_advisory_builder *b, struct vl_buf *out, struct vl_span s)
{
    vl_buf_append_varint(out, build_string_offset(b, s));
}

static void put_general(struct vl_advisory_builder *b, const struct vl_record_affected *a,
    enum vl_fix_state state, struct vl_buf *out)
{
    vl_buf_append_u8(out, (uint8_t)((unsigned)state | (a->module.len ? ADB_GENERAL_MODULE : 0) |
                                    (a->severity ? ADB_GENERAL_SEVERITY : 0)));
    if (a->module.len)
        put_string(b, out, a->module);
    if (a->severity)
        vl_buf_append_u8(out, (uint8_t)a->severity);
    vl_buf_append_varint(out, a->n_ranges);
    for (size_t i = 0; i < a->n_ranges; i++) {
        const struct vl_record_range *r = &a->ranges[i];
        vl_buf_append_u8(
            out, (uint8_t)((r->introduced.len ? ADB_RANGE_INTRODUCED : 0) | (r->after ? ADB_RANGE_AFTER : 0) |
                           (r->fixed.len ? ADB_RANGE_FIXED : 0) | (r->last.len ? ADB_RANGE_LAST : 0)));
        if (r->introduced.len)
            put_string(b, out, r->introduced);
        if (r->fixed.len)
            put_string(b, out, r->fixed);
        if (r->last.len)
            put_string(b, out, r->last);
    }
    vl_buf_append_varint(out, a->n_versions);
    for (size_t i = 0; i < a->n_versions; i++)
        put_string(b, out, a->versions[i]);
}

static enum vl_fix_state state_of(const struct vl_record_affected *a)
{
    if (a->state != VL_FIX_UNKNOWN)
        return a->state;
    for (size_t i = 0; i < a->n_ranges; i++) {
        if (a->ranges[i].fixed.len)
            return VL_FIX_FIXED;
    }
    return VL_FIX_NONE;
}

static enum adb_shape put_body(
    struct vl_advisory_builder *b, const struct vl_record_affected *a, struct vl_buf *out)
{
    enum vl_fix_state state = state_of(a);
    bool plain = a->n_ranges == 1 && a->n_versions == 0 && a->module.len == 0 && a->severity == 0;
    if (plain && !a->ranges[0].after) {
        const struct vl_record_range *r = &a->ranges[0];
        if (state == VL_FIX_FIXED && r->fixed.len && !r->last.len) {
            if (r->introduced.len)
                put_string(b, out, r->introduced);
            put_string(b, out, r->fixed);
            return r->introduced.len ? ADB_ROW_BETWEEN : ADB_ROW_BELOW;
        }
        if (!r->introduced.len && !r->fixed.len && !r->last.len) {
            vl_buf_append_u8(out, (uint8_t)state);
            return ADB_ROW_OPEN;
        }
        if (state == VL_FIX_NONE && !r->introduced.len && r->last.len) {
            put_string(b, out, r->last);
            return ADB_ROW_UP_TO;
        }
    }
    put_general(b, a, state, out);
    return ADB_ROW_GENERAL;
}

static int add_row(struct vl_advisory_builder *b, uint32_t advisory, const struct build_entry *entry,
    const struct vl_record_affected *a, struct vl_err *err)
{
    const struct build_advisory *adv = build_advisory_at(b, advisory);
    uint32_t space = 0;
    uint32_t package = 0;
    int r = space_index(b, a->space, &space, err);
    if (r == 0)
        r = package_index(b, space, a->package, &package, err);
    if (r < 0)
        return r;
    struct build_space *s = (struct build_space *)b->spaces.items + space;
    if (s->last_advisory != advisory) {
        s->last_advisory = advisory;
        s->records += adv->n_groups;
        size_t f =
            entry->feed < VL_ARRAY_LEN(s->feed_records) ? entry->feed : VL_ARRAY_LEN(s->feed_records) - 1;
        s->feed_records[f]++;
    }
    struct build_row *row = vl_vec_push(&b->rows, "rows", err);
    if (!row)
        return err->err;
    size_t at = b->row_bodies.len;
    enum adb_shape shape = put_body(b, a, &b->row_bodies);
    r = vl_buf_check(&b->row_bodies, "rows", err);
    if (r < 0)
        return r;
    if (b->row_bodies.len - at > UINT16_MAX || at > UINT32_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "record %.*s has too many versions of %.*s",
            VL_SPAN_FMT(entry->id), VL_SPAN_FMT(a->package));
    *row = (struct build_row){.package = package,
        .record = adv->base,
        .body_at = (uint32_t)at,
        .body_len = (uint16_t)(b->row_bodies.len - at),
        .shape = (uint8_t)shape};
    ((struct build_package *)b->packages.items)[package].n_rows++;
    b->stats.records += adv->n_groups;
    return 0;
}

static int compare_rows(const void *x, const void *y, void *user)
{
    const char *bodies = user;
    const struct build_row *a = x;
    const struct build_row *c = y;
    if (a->package != c->package)
        return a->package < c->package ? -1 : 1;
    if (a->record != c->record)
        return a->record < c->record ? -1 : 1;
    return vl_span_cmp((struct vl_span){bodies + a->body_at, a->body_len},
        (struct vl_span){bodies + c->body_at, c->body_len});
}

struct package_order {
    const struct build_package *packages;
    const struct build_space *spaces;
};

static int compare_packages(const void *x, const void *y, void *user)
{
    const struct package_order *o = user;
    const struct build_package *a = &o->packages[*(const uint32_t *)x];
    const struct build_package *c = &o->packages[*(const uint32_t *)y];
    if (a->space != c->space)
        return vl_span_cmp(o->spaces[a->space].name, o->spaces[c->space].name);
    return vl_span_cmp(a->name, c->name);
}

/* Record distance and shape, then the body unless it is that of the row before. */
static uint32_t put_rows(struct vl_advisory_builder *b, const struct build_package *p, struct vl_buf *out)
{
    const struct build_row *rows = (const struct build_row *)b->rows.items + p->first_row;
    struct vl_span before = VL_SPAN_EMPTY;
    uint8_t shape_before = UINT8_MAX;
    uint32_t record = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_rows; i++) {
        struct vl_span body = {b->row_bodies.ptr + rows[i].body_at, rows[i].body_len};
        bool same = rows[i].shape == shape_before && vl_span_eq(body, before);
        if (same && i && rows[i].record == record)
            continue; /* one advisory says the same twice: an architecture each */
        uint64_t distance = rows[i].record - record;
        vl_buf_append_varint(out, distance << ADB_SHAPE_BITS | (same ? ADB_ROW_SAME : rows[i].shape));
        if (!same)
            vl_buf_append_span(out, body);
        record = rows[i].record;
        before = body;
        shape_before = rows[i].shape;
        n++;
    }
    return n;
}

static int write_packages(struct vl_advisory_builder *b, const uint32_t *order, struct vl_err *err)
{
    struct vl_buf *out = &b->chunks[ADB_PACKAGES];
    struct build_package *packages = b->packages.items;
    const struct build_space *spaces = b->spaces.items;
    VL_CLEANUP(vl_buf_done) struct vl_buf rows;
    vl_buf_init(&rows, BUILD_CHUNK_MAX);
    for (size_t i = 0; i < b->packages.len; i++) {
        struct build_package *p = &packages[order[i]];
        vl_buf_clear(&rows);
        uint32_t n = put_rows(b, p, &rows);
        p->offset = (uint32_t)out->len;
        b->stats.rows += n;
        vl_buf_append_varint(out, spaces[p->space].last_advisory); /* by now its place in the sorted order */
        vl_buf_append_varint(out, build_string_offset(b, p->name));
        vl_buf_append_varint(out, n);
        vl_buf_append_lstr(out, vl_buf_span(&rows));
    }
    int r = vl_buf_check(&rows, "rows of a package", err);
    return r < 0 ? r : vl_buf_check(out, "the rows", err);
}

static int write_slots(struct vl_advisory_builder *b, const uint32_t *order, struct vl_err *err)
{
    uint64_t n = adb_slot_count(b->packages.len);
    uint32_t *slots = vl_arena_array(b->arena, (size_t)n, sizeof(*slots));
    if (!slots)
        return vl_err_nomem(err);
    for (size_t i = 0; i < b->packages.len; i++) {
        const struct build_package *p = (const struct build_package *)b->packages.items + order[i];
        uint32_t space = ((const struct build_space *)b->spaces.items)[p->space].last_advisory;
        uint64_t at = adb_slot_first(adb_hash(space, p->name), n);
        while (slots[at])
            at = at + 1 == n ? 0 : at + 1;
        slots[at] = p->offset + 1;
    }
    for (uint64_t i = 0; i < n; i++)
        vl_buf_append_u32le(&b->chunks[ADB_SLOTS], slots[i]);
    return 0;
}

static int compare_spaces(const void *x, const void *y, void *user)
{
    const struct build_space *spaces = user;
    return vl_span_cmp(spaces[*(const uint32_t *)x].name, spaces[*(const uint32_t *)y].name);
}

static int write_spaces(struct vl_advisory_builder *b, struct vl_err *err)
{
    struct vl_buf *out = &b->chunks[ADB_SPACES];
    struct build_space *spaces = b->spaces.items;
    uint32_t *order = vl_arena_array(b->arena, b->spaces.len + 1, sizeof(*order));
    if (!order)
        return vl_err_nomem(err);
    for (size_t i = 0; i < b->spaces.len; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, b->spaces.len, sizeof(*order), compare_spaces, spaces);
    for (size_t i = 0; i < b->spaces.len; i++) {
        struct build_space *s = &spaces[order[i]];
        s->last_advisory = (uint32_t)i;
        uint32_t feeds = 0;
        for (size_t f = 0; f < VL_ARRAY_LEN(s->feed_records); f++)
            feeds += s->feed_records[f] != 0;
        vl_buf_append_lstr(out, s->name);
        vl_buf_append_varint(out, s->records);
        vl_buf_append_varint(out, feeds);
        for (size_t f = 0; f < VL_ARRAY_LEN(s->feed_records); f++) {
            if (!s->feed_records[f])
                continue;
            vl_buf_append_varint(out, f);
            vl_buf_append_varint(out, s->feed_records[f]);
        }
    }
    b->stats.namespaces = b->spaces.len;
    return vl_buf_check(out, "the namespaces", err);
}

static int collect_rows(struct vl_advisory_builder *b, struct vl_err *err)
{
    for (size_t i = 0; i < b->advisories.len; i++) {
        const struct build_advisory *adv = build_advisory_at(b, (uint32_t)i);
        for (uint32_t k = 0; k < adv->n; k++) {
            const struct build_entry *e = build_entry_at(b, adv->first + k);
            struct vl_record record;
            int r = build_read(b, e, &record, err);
            for (size_t a = 0; a < record.n_affected && r == 0; a++)
                r = add_row(b, (uint32_t)i, e, &record.affected[a], err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

int build_rows(struct vl_advisory_builder *b, struct vl_err *err)
{
    int r = collect_rows(b, err);
    if (r < 0)
        return r;
    if (b->rows.len)
        qsort_r(b->rows.items, b->rows.len, sizeof(struct build_row), compare_rows, b->row_bodies.ptr);
    struct build_package *packages = b->packages.items;
    for (size_t i = 0; i < b->rows.len; i++) {
        const struct build_row *row = (const struct build_row *)b->rows.items + i;
        if (i == 0 || row[-1].package != row->package)
            packages[row->package].first_row = (uint32_t)i;
    }
    r = write_spaces(b, err);
    if (r < 0)
        return r;
    uint32_t *order = vl_arena_array(b->arena, b->packages.len + 1, sizeof(*order));
    if (!order)
        return vl_err_nomem(err);
    for (size_t i = 0; i < b->packages.len; i++)
        order[i] = (uint32_t)i;
    struct package_order by = {packages, b->spaces.items};
    qsort_r(order, b->packages.len, sizeof(*order), compare_packages, &by);
    r = write_packages(b, order, err);
    if (r == 0)
        r = write_slots(b, order, err);
    b->stats.packages = b->packages.len;
    return r;
}
