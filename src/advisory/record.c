#include "record.h"

#include <errno.h>
#include <string.h>

#include "base/reader.h"

struct vl_span vl_record_cut(struct vl_span text, size_t max)
{
    text = vl_span_trim(text);
    if (text.len <= max)
        return text;
    size_t end = max;
    while (end > 0 && ((uint8_t)text.ptr[end] & 0xc0) == 0x80)
        end--;
    /* A sentence that ends in the last third, else a word. */
    for (size_t i = end; i > max - max / 3; i--) {
        if (text.ptr[i - 1] == '.' && (text.ptr[i] == ' ' || text.ptr[i] == '\n'))
            return vl_span_slice(text, 0, i);
    }
    for (size_t i = end; i > end - end / 3; i--) {
        if (text.ptr[i - 1] == ' ' || text.ptr[i - 1] == '\n')
            return vl_span_trim(vl_span_slice(text, 0, i));
    }
    return vl_span_slice(text, 0, end);
}

static int check_lists(const struct vl_record *r, struct vl_err *err)
{
    if ((r->id.len == 0 && !r->names_only) || r->id.len > VL_RECORD_ID_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "a record has an id of %zu bytes", r->id.len);
    if (r->n_aliases > VL_RECORD_LIST_MAX || r->n_covers > VL_RECORD_LIST_MAX ||
        r->n_affected > VL_RECORD_AFFECTED_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "record %.*s names more than %d ids or %d packages",
            VL_SPAN_FMT(r->id), VL_RECORD_LIST_MAX, VL_RECORD_AFFECTED_MAX);
    for (size_t i = 0; i < r->n_affected; i++) {
        const struct vl_record_affected *a = &r->affected[i];
        if (a->package.len == 0 || a->package.len > VL_RECORD_NAME_MAX || a->space.len == 0 ||
            a->space.len > VL_RECORD_NAME_MAX)
            return vl_err_set(
                err, VL_ERR_INVALID, "record %.*s has a package without a usable name", VL_SPAN_FMT(r->id));
        if (a->n_ranges > VL_RECORD_LIST_MAX || a->n_versions > VL_RECORD_LIST_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "record %.*s has more than %d versions of one package",
                VL_SPAN_FMT(r->id), VL_RECORD_LIST_MAX);
    }
    return 0;
}

int vl_record_emit(struct vl_record_sink *sink, const struct vl_record *record, struct vl_err *err)
{
    int r = check_lists(record, err);
    if (r < 0)
        return r;
    struct vl_record out = *record;
    struct vl_span refs[VL_RECORD_REFS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < record->n_refs && n < VL_RECORD_REFS_MAX; i++) {
        if (record->refs[i].len && record->refs[i].len <= VL_RECORD_URL_MAX)
            refs[n++] = record->refs[i];
    }
    out.refs = refs;
    out.n_refs = n;
    out.title = vl_record_cut(record->title, VL_RECORD_TITLE_MAX);
    out.details = vl_record_cut(record->details, VL_RECORD_DETAILS_MAX);
    if (out.modified_ms > sink->newest_ms)
        sink->newest_ms = out.modified_ms;
    if (out.published_ms > sink->newest_ms)
        sink->newest_ms = out.published_ms;
    sink->records++;
    r = sink->record(&out, sink->user, err);
    sink->failed = r < 0;
    return r;
}

void vl_record_damage(struct vl_record_sink *sink, const char *object, struct vl_err *err)
{
    if (sink->damaged++ == 0) {
        struct vl_buf text;
        vl_buf_init(&text, sizeof(sink->first_damage) - 1);
        const char *msg = err->msg;
        size_t len = strlen(msg);
        size_t room = sizeof(sink->first_damage) - 4 - (strlen(object) < 120 ? strlen(object) : 120);
        vl_buf_printf(
            &text, "%.120s: %.*s", object, (int)(len < room ? len : room), msg); /* fits by construction */
        memcpy(sink->first_damage, vl_buf_str(&text), text.len + 1);
        vl_buf_done(&text);
    }
    vl_err_clear(err);
}

static void put_list(struct vl_buf *out, const struct vl_span *list, size_t n)
{
    vl_buf_append_varint(out, n);
    for (size_t i = 0; i < n; i++)
        vl_buf_append_lstr(out, list[i]);
}

static void put_pairs(struct vl_buf *out, const struct vl_record_pair *pairs, size_t n)
{
    vl_buf_append_varint(out, n);
    for (size_t i = 0; i < n; i++) {
        vl_buf_append_lstr(out, pairs[i].source);
        vl_buf_append_lstr(out, pairs[i].value);
    }
}

static void put_affected(struct vl_buf *out, const struct vl_record_affected *a)
{
    vl_buf_append_lstr(out, a->space);
    vl_buf_append_lstr(out, a->package);
    vl_buf_append_lstr(out, a->module);
    vl_buf_append_u8(out, (uint8_t)a->state);
    vl_buf_append_u8(out, (uint8_t)a->severity);
    vl_buf_append_varint(out, a->n_ranges);
    for (size_t i = 0; i < a->n_ranges; i++) {
        vl_buf_append_u8(out, a->ranges[i].after);
        vl_buf_append_lstr(out, a->ranges[i].introduced);
        vl_buf_append_lstr(out, a->ranges[i].fixed);
        vl_buf_append_lstr(out, a->ranges[i].last);
    }
    put_list(out, a->versions, a->n_versions);
}

enum {
    FLAG_MALICIOUS = 1,
    FLAG_FACTS = 2,
    FLAG_KEV = 4,
    FLAG_EPSS = 8,
    FLAG_RANSOMWARE = 16,
};

static void put_facts(struct vl_buf *out, const struct vl_record *r)
{
    vl_buf_append_u8(out, (uint8_t)((r->malicious ? FLAG_MALICIOUS : 0) | (r->facts ? FLAG_FACTS : 0) |
                                    (r->has_kev ? FLAG_KEV : 0) | (r->has_epss ? FLAG_EPSS : 0) |
                                    (r->kev.ransomware ? FLAG_RANSOMWARE : 0)));
    vl_buf_append_u64le(out, (uint64_t)r->kev.added_ms);
    vl_buf_append_u64le(out, (uint64_t)r->kev.due_ms);
    vl_buf_append_u32le(out, (uint32_t)(r->epss * 1e5 + 0.5));
    vl_buf_append_u32le(out, (uint32_t)(r->epss_percentile * 1e5 + 0.5));
    vl_buf_append_lstr(out, r->exploitation);
}

void vl_record_encode(const struct vl_record *r, struct vl_buf *out)
{
    vl_buf_append_lstr(out, r->id);
    put_list(out, r->aliases, r->n_aliases);
    put_list(out, r->covers, r->n_covers);
    vl_buf_append_lstr(out, r->title);
    vl_buf_append_lstr(out, r->details);
    vl_buf_append_u64le(out, (uint64_t)r->published_ms);
    vl_buf_append_u64le(out, (uint64_t)r->modified_ms);
    put_pairs(out, r->ratings, r->n_ratings);
    put_pairs(out, r->cvss, r->n_cvss);
    vl_buf_append_varint(out, r->n_cwes);
    for (size_t i = 0; i < r->n_cwes; i++)
        vl_buf_append_varint(out, r->cwes[i]);
    put_list(out, r->refs, r->n_refs);
    vl_buf_append_varint(out, r->n_affected);
    for (size_t i = 0; i < r->n_affected; i++)
        put_affected(out, &r->affected[i]);
    vl_buf_append_varint(out, r->n_updates);
    for (size_t i = 0; i < r->n_updates; i++) {
        const struct vl_record_update *u = &r->updates[i];
        vl_buf_append_lstr(out, u->product);
        vl_buf_append_varint(out, u->kb);
        vl_buf_append_varint(out, u->n_supersedes);
        for (size_t k = 0; k < u->n_supersedes; k++)
            vl_buf_append_varint(out, u->supersedes[k]);
        vl_buf_append_lstr(out, u->fixed_build);
    }
    put_facts(out, r);
}

/* Room for n items, each of which takes at least `least` bytes of what is left: a lying count cannot ask for
 * more memory than the input is long. */
static void *take_array(
    struct vl_reader *in, struct vl_arena *arena, size_t *ret_n, size_t item, size_t least)
{
    uint64_t n = vl_reader_varint(in);
    if (n > vl_reader_left(in) / least) {
        in->failed = true;
        n = 0;
    }
    *ret_n = 0;
    if (n == 0)
        return NULL;
    void *items = vl_arena_array(arena, (size_t)n, item);
    if (items)
        *ret_n = (size_t)n;
    return items;
}

static struct vl_span *take_list(struct vl_reader *in, struct vl_arena *arena, size_t *ret_n)
{
    struct vl_span *list = take_array(in, arena, ret_n, sizeof(*list), 1);
    for (size_t i = 0; i < *ret_n; i++)
        list[i] = vl_reader_lstr(in);
    return list;
}

static struct vl_record_pair *take_pairs(struct vl_reader *in, struct vl_arena *arena, size_t *ret_n)
{
    struct vl_record_pair *pairs = take_array(in, arena, ret_n, sizeof(*pairs), 2);
    for (size_t i = 0; i < *ret_n; i++) {
        pairs[i].source = vl_reader_lstr(in);
        pairs[i].value = vl_reader_lstr(in);
    }
    return pairs;
}

static uint32_t *take_numbers(struct vl_reader *in, struct vl_arena *arena, size_t *ret_n)
{
    uint32_t *list = take_array(in, arena, ret_n, sizeof(*list), 1);
    for (size_t i = 0; i < *ret_n; i++)
        list[i] = (uint32_t)vl_reader_varint(in);
    return list;
}

static void take_affected(struct vl_reader *in, struct vl_arena *arena, struct vl_record_affected *a)
{
    a->space = vl_reader_lstr(in);
    a->package = vl_reader_lstr(in);
    a->module = vl_reader_lstr(in);
    a->state = (enum vl_fix_state)vl_reader_u8(in);
    a->severity = (enum vl_severity)vl_reader_u8(in);
    if ((unsigned)a->state >= VL_FIX_COUNT || (unsigned)a->severity >= VL_SEVERITY_COUNT)
        in->failed = true;
    struct vl_record_range *ranges = take_array(in, arena, &a->n_ranges, sizeof(*ranges), 4);
    for (size_t i = 0; i < a->n_ranges; i++) {
        ranges[i].after = vl_reader_u8(in) != 0;
        ranges[i].introduced = vl_reader_lstr(in);
        ranges[i].fixed = vl_reader_lstr(in);
        ranges[i].last = vl_reader_lstr(in);
    }
    a->ranges = ranges;
    a->versions = take_list(in, arena, &a->n_versions);
}

static void take_updates(struct vl_reader *in, struct vl_arena *arena, struct vl_record *r)
{
    struct vl_record_update *updates = take_array(in, arena, &r->n_updates, sizeof(*updates), 4);
    for (size_t i = 0; i < r->n_updates; i++) {
        updates[i].product = vl_reader_lstr(in);
        updates[i].kb = (uint32_t)vl_reader_varint(in);
        updates[i].supersedes = take_numbers(in, arena, &updates[i].n_supersedes);
        updates[i].fixed_build = vl_reader_lstr(in);
    }
    r->updates = updates;
}

static void take_facts(struct vl_reader *in, struct vl_record *r)
{
    unsigned flags = vl_reader_u8(in);
    r->malicious = flags & FLAG_MALICIOUS;
    r->facts = flags & FLAG_FACTS;
    r->has_kev = flags & FLAG_KEV;
    r->has_epss = flags & FLAG_EPSS;
    r->kev.ransomware = flags & FLAG_RANSOMWARE;
    r->kev.added_ms = (int64_t)vl_reader_u64le(in);
    r->kev.due_ms = (int64_t)vl_reader_u64le(in);
    r->epss = vl_reader_u32le(in) / 1e5;
    r->epss_percentile = vl_reader_u32le(in) / 1e5;
    r->exploitation = vl_reader_lstr(in);
}

int vl_record_decode(struct vl_span bytes, struct vl_arena *arena, struct vl_record *ret, struct vl_err *err)
{
    struct vl_reader in = vl_reader_new(bytes);
    struct vl_record r = {.id = vl_reader_lstr(&in)};
    r.aliases = take_list(&in, arena, &r.n_aliases);
    r.covers = take_list(&in, arena, &r.n_covers);
    r.title = vl_reader_lstr(&in);
    r.details = vl_reader_lstr(&in);
    r.published_ms = (int64_t)vl_reader_u64le(&in);
    r.modified_ms = (int64_t)vl_reader_u64le(&in);
    r.ratings = take_pairs(&in, arena, &r.n_ratings);
    r.cvss = take_pairs(&in, arena, &r.n_cvss);
    r.cwes = take_numbers(&in, arena, &r.n_cwes);
    r.refs = take_list(&in, arena, &r.n_refs);
    struct vl_record_affected *affected = take_array(&in, arena, &r.n_affected, sizeof(*affected), 7);
    for (size_t i = 0; i < r.n_affected; i++)
        take_affected(&in, arena, &affected[i]);
    r.affected = affected;
    take_updates(&in, arena, &r);
    take_facts(&in, &r);
    int e = vl_arena_check(arena, "a stored advisory record", err);
    if (e < 0)
        return e;
    if (!vl_reader_ok(&in) || vl_reader_left(&in) != 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "a stored advisory record is damaged");
    e = check_lists(&r, err);
    if (e < 0)
        return e;
    *ret = r;
    return 0;
}
