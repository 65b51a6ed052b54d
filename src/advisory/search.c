/* Search by id and by purl. */
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define RANGES_TEXT_MAX 8192U
#define SEARCH_ARENA    (16UL * 1024 * 1024)

struct search {
    struct vl_advisory_db *db;
    struct vl_arena *arena;
    int (*each)(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
        struct vl_err *err);
    void *user;
};

static int append_string(
    struct search *s, struct vl_buf *out, const char *before, uint32_t offset, struct vl_err *err)
{
    struct vl_span text;
    if (offset == 0)
        return 0;
    int r = adb_string(s->db, offset, &text, err);
    if (r < 0)
        return r;
    if (out->len && before[0] != '=' && out->ptr[out->len - 1] != ' ')
        vl_buf_append_char(out, ' ');
    vl_buf_append_str(out, before);
    vl_buf_append_span(out, text);
    return 0;
}

/* ">=1.0 <1.2.3 || =2.0 (will_not_fix)" */
static int write_ranges(struct search *s, const struct adb_row *row, struct vl_buf *out, struct vl_err *err)
{
    struct adb_row_facts facts;
    struct adb_range range;
    adb_row_open(row, &facts);
    bool first = true;
    while (adb_row_range(&facts, &range)) {
        if (out->len > RANGES_TEXT_MAX / 2) {
            vl_buf_append_str(out, " || …");
            break;
        }
        if (!first)
            vl_buf_append_str(out, " || ");
        first = false;
        if (!range.introduced && !range.fixed && !range.last)
            vl_buf_append_str(out, "*");
        int r = append_string(s, out, range.exact ? "=" : range.after ? ">" : ">=", range.introduced, err);
        if (r == 0)
            r = append_string(s, out, "<", range.fixed, err);
        if (r == 0)
            r = append_string(s, out, "<=", range.last, err);
        if (r < 0)
            return r;
    }
    if (facts.state != VL_FIX_FIXED && facts.state != VL_FIX_UNKNOWN)
        vl_buf_printf(out, " (%s)", vl_fix_state_name(facts.state));
    return 0;
}

static int tell_row(struct search *s, const struct adb_package *package, const struct adb_row *row,
    uint32_t record, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf ranges;
    vl_buf_init(&ranges, RANGES_TEXT_MAX * 4);
    int r = write_ranges(s, row, &ranges, err);
    if (r < 0)
        return r;
    vl_arena_reset(s->arena);
    const char *space = vl_arena_dup_span(s->arena, s->db->spaces[package->space].name);
    const char *name = vl_arena_dup_span(s->arena, package->name);
    r = vl_arena_check(s->arena, "a search", err);
    return r < 0 ? r : s->each(record, space, name, vl_buf_str(&ranges), s->user, err);
}

/* All rows of one advisory in one package; `record` is the number told for them. */
static int tell_package(struct search *s, uint64_t offset, const struct adb_advisory *advisory,
    uint32_t record, struct vl_err *err)
{
    struct adb_package package;
    struct adb_rows rows;
    struct adb_row row;
    int r = adb_package_at(s->db, offset, &package, err);
    if (r < 0)
        return r;
    adb_rows_start(&package, &rows);
    while (adb_rows_next(&rows, &row)) {
        if (row.record != advisory->base)
            continue;
        r = tell_row(s, &package, &row, record, err);
        if (r != 0)
            return r;
    }
    return vl_reader_ok(&rows.in) ? 0 : adb_corrupt(s->db, "rows of a package", err);
}

static int tell_advisory(
    struct search *s, const struct adb_advisory *advisory, uint32_t record, struct vl_err *err)
{
    struct vl_reader in = advisory->packages;
    uint64_t offset = 0;
    if (advisory->n_packages == 0)
        return s->each(record, "", "", "", s->user, err);
    for (uint32_t i = 0; i < advisory->n_packages; i++) {
        offset += adb_varint(&in);
        if (!vl_reader_ok(&in))
            return adb_corrupt(s->db, "an advisory", err);
        int r = tell_package(s, offset, advisory, record, err);
        if (r != 0)
            return r;
    }
    return 0;
}

static int tell_group(struct search *s, uint32_t number, struct vl_err *err)
{
    struct adb_group group;
    int r = adb_group_get(s->db, number, &group, err);
    if (r < 0)
        return r;
    struct vl_reader in = group.members;
    uint64_t member = 0;
    for (uint32_t i = 0; i < group.n_members; i++) {
        struct adb_advisory advisory;
        member += adb_varint(&in);
        r = adb_advisory_get(s->db, (uint32_t)member, &advisory, err);
        uint32_t record = advisory.base;
        uint32_t which = 0;
        for (uint32_t k = 0; k < advisory.n_groups && r == 0; k++) {
            r = adb_advisory_group(s->db, &advisory, advisory.base + k, &which, err);
            if (r == 0 && which == number)
                record = advisory.base + k;
        }
        if (r == 0)
            r = tell_advisory(s, &advisory, record, err);
        if (r != 0)
            return r;
    }
    return 0;
}

static int search_id(struct search *s, struct vl_span id, struct vl_err *err)
{
    uint64_t target;
    int r = adb_id_find(s->db, id, &target, err);
    if (r <= 0)
        return r;
    if (target & 1) {
        struct adb_advisory advisory;
        r = adb_advisory_get(s->db, (uint32_t)(target >> 1), &advisory, err);
        if (r == 0)
            r = tell_advisory(s, &advisory, advisory.base, err);
    } else {
        r = tell_group(s, (uint32_t)(target >> 1), err);
    }
    return r < 0 ? r : 1;
}

/* Ids are stored as written upstream: CVE and most others in upper case, GHSA with a lower-case tail. */
static int search_any_case(struct search *s, struct vl_span text, struct vl_err *err)
{
    char id[128];
    int r = search_id(s, text, err);
    if (r != 0 || text.len >= sizeof(id))
        return r < 0 ? r : 0;
    for (size_t i = 0; i < text.len; i++)
        id[i] = text.ptr[i] >= 'a' && text.ptr[i] <= 'z' ? (char)(text.ptr[i] - 32) : text.ptr[i];
    struct vl_span upper = {id, text.len};
    r = search_id(s, upper, err);
    if (r != 0 || !vl_span_starts_with(upper, "GHSA-"))
        return r < 0 ? r : 0;
    for (size_t i = 5; i < text.len; i++)
        id[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] + 32) : id[i];
    r = search_id(s, upper, err);
    return r < 0 ? r : 0;
}

/* Each vulnerability of each row. */
static int tell_all_rows(struct search *s, const struct adb_package *package, struct vl_err *err)
{
    struct adb_rows rows;
    struct adb_row row;
    adb_rows_start(package, &rows);
    while (adb_rows_next(&rows, &row)) {
        struct adb_advisory advisory;
        int r = adb_advisory_of(s->db, row.record, &advisory, err);
        for (uint32_t i = 0; r == 0 && i < advisory.n_groups; i++)
            r = tell_row(s, package, &row, advisory.base + i, err);
        if (r != 0)
            return r;
    }
    return vl_reader_ok(&rows.in) ? 0 : adb_corrupt(s->db, "rows of a package", err);
}

/* purl types of distributions and the families they stand for. */
static const struct {
    const char *type;
    const char *vendor;
    const char *family;
} purl_families[] = {
    {"deb", "debian", "debian"},
    {"deb", "ubuntu", "ubuntu"},
    {"deb", "ubuntu", "ubuntu-pro"},
    {"apk", "alpine", "alpine"},
    {"apk", "wolfi", "wolfi"},
    {"apk", "chainguard", "chainguard"},
    {"rpm", "almalinux", "almalinux"},
    {"rpm", "rocky", "rocky"},
    {"rpm", "redhat", "rhel"},
    {"rpm", "redhat", "rhel-eus"},
    {"rpm", "centos", "rhel"},
    {"rpm", "oracle", "oracle"},
    {"rpm", "oracle", "oracle-fips"},
    {"rpm", "oracle", "oracle-ksplice"},
    {"rpm", "amazon", "amazon"},
    {"rpm", "suse", "sles"},
    {"rpm", "opensuse", "opensuse-leap"},
    {"rpm", "photon", "photon"},
    {"rpm", "azurelinux", "azurelinux"},
};

struct purl {
    struct vl_span type, vendor, name;
};

static void decode_percent(struct vl_span text, struct vl_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = 0;
        bool hex = text.ptr[i] == '%' && i + 2 < text.len;
        for (size_t k = 1; hex && k < 3; k++) {
            char c = text.ptr[i + k];
            unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                             : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                             : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                    : 16;
            hex = digit < 16;
            value = value * 16 + digit;
        }
        vl_buf_append_char(out, hex ? (char)value : text.ptr[i]);
        i += hex ? 2 : 0;
    }
}

/* Takes type, namespace and name; version, qualifiers and subpath say nothing about where to look. */
static bool split_purl(struct vl_span text, struct vl_buf *decoded, struct purl *ret)
{
    text = vl_span_slice(text, 4, text.len);
    while (text.len && text.ptr[0] == '/')
        text = vl_span_slice(text, 1, text.len);
    text = vl_span_slice(text, 0, vl_span_find_char(text, '#'));
    text = vl_span_slice(text, 0, vl_span_find_char(text, '?'));
    size_t at = vl_span_rfind_char(text, '@');
    size_t slash = vl_span_rfind_char(text, '/');
    if (at != SIZE_MAX && slash != SIZE_MAX && at > slash + 1)
        text = vl_span_slice(text, 0, at);
    size_t type = vl_span_find_char(text, '/');
    if (type == SIZE_MAX || type == 0)
        return false;
    decode_percent(text, decoded);
    if (decoded->failed)
        return false;
    struct vl_span all = vl_buf_span(decoded);
    ret->type = vl_span_slice(all, 0, type);
    struct vl_span rest = vl_span_slice(all, type + 1, all.len);
    size_t first = vl_span_find_char(rest, '/');
    ret->vendor = first == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(rest, 0, first);
    ret->name = rest;
    return ret->name.len > 0;
}

static int search_space(struct search *s, uint32_t space, struct vl_span name, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf normal;
    struct adb_package package;
    vl_buf_init(&normal, 4096);
    vl_space_append_name(s->db->spaces[space].name, name, &normal);
    int r = adb_package_find(s->db, space, vl_buf_span(&normal), &package, err);
    return r <= 0 ? r : tell_all_rows(s, &package, err);
}

static int search_distros(struct search *s, const struct purl *p, struct vl_err *err)
{
    struct vl_span name = p->vendor.len ? vl_span_slice(p->name, p->vendor.len + 1, p->name.len) : p->name;
    for (uint32_t i = 0; i < s->db->n_spaces; i++) {
        const struct adb_space *space = &s->db->spaces[i];
        bool wanted = false;
        for (size_t k = 0; k < VL_ARRAY_LEN(purl_families) && !wanted; k++)
            wanted = vl_span_eq_str(p->type, purl_families[k].type) && space->info->family &&
                     strcmp(space->info->family, purl_families[k].family) == 0 &&
                     (p->vendor.len == 0 || vl_span_eq_str(p->vendor, purl_families[k].vendor));
        int r = wanted ? search_space(s, i, name, err) : 0;
        if (r != 0)
            return r;
    }
    return 0;
}

static int search_purl(struct search *s, struct vl_span text, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf decoded;
    struct purl p;
    vl_buf_init(&decoded, 4096);
    if (!split_purl(text, &decoded, &p))
        return vl_err_set(err, VL_ERR_USAGE,
            "%.*s is no package URL: write pkg:TYPE/NAME, such as pkg:npm/lodash", VL_SPAN_FMT(text));
    enum vl_ecosystem eco = vl_ecosystem_from_purl_type(p.type);
    const char *name = vl_space_of_ecosystem(eco);
    if (!name)
        return search_distros(s, &p, err);
    int space = adb_space_find(s->db, vl_span_str(name));
    if (space < 0)
        return 0;
    /* Maven writes group:artifact where a purl has a slash. */
    size_t slash = vl_span_rfind_char(p.name, '/');
    if (eco != VL_ECO_MAVEN || slash == SIZE_MAX)
        return search_space(s, (uint32_t)space, p.name, err);
    char *copy = vl_arena_dup_span(s->arena, p.name);
    if (!copy)
        return vl_err_nomem(err);
    copy[slash] = ':';
    return search_space(s, (uint32_t)space, vl_span_str(copy), err);
}

int vl_advisory_search(struct vl_advisory_db *db, struct vl_span text,
    int (*each)(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
        struct vl_err *err),
    void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(SEARCH_ARENA);
    if (!arena)
        return vl_err_nomem(err);
    struct search s = {db, arena, each, user};
    text = vl_span_trim(text);
    return vl_span_starts_with(text, "pkg:") ? search_purl(&s, text, err) : search_any_case(&s, text, err);
}
