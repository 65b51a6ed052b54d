/* Which data judges a package, and of which date: the rows of a scan's coverage. */
#include <string.h>

#include "match.h"

static struct match_coverage *find_row(const struct vl_advisory_matcher *m, const char *name)
{
    for (struct match_coverage *c = m->coverage; c; c = c->next) {
        if (strcmp(c->row.ecosystem, name) == 0)
            return c;
    }
    return NULL;
}

/* Feeds of a namespace, the one with most records first; up to three are named. */
static void fill_source(
    const struct vl_advisory_matcher *m, const struct adb_space *space, struct vl_coverage_row *row)
{
    struct vl_buf text;
    vl_buf_init(&text, 4096);
    uint64_t below = UINT64_MAX;
    row->starter = space->n_feeds > 0;
    for (size_t named = 0; named < 3; named++) {
        const struct adb_feed_share *best = NULL;
        for (size_t i = 0; i < space->n_feeds; i++) {
            if (space->feeds[i].records < below && (!best || space->feeds[i].records > best->records))
                best = &space->feeds[i];
        }
        if (!best)
            break;
        const struct vl_advisory_feed *feed = &m->db->feeds[best->feed];
        if (named == 0)
            row->data_ms = feed->data_ms;
        vl_buf_printf(&text, "%s%s", named ? " + " : "", feed->title);
        below = best->records;
    }
    for (size_t i = 0; i < space->n_feeds; i++)
        row->starter = row->starter && m->db->feeds[space->feeds[i].feed].starter;
    row->source = vl_arena_strdup(m->coverage_arena, vl_buf_str(&text));
    vl_buf_done(&text);
}

static struct match_coverage *row_for(struct vl_advisory_matcher *m, const char *name, int space)
{
    struct match_coverage *c = find_row(m, name);
    if (c)
        return c;
    c = vl_arena_alloc(m->coverage_arena, sizeof(*c));
    if (!c)
        return NULL;
    c->row.ecosystem = vl_arena_strdup(m->coverage_arena, name);
    if (space >= 0) {
        c->row.has_data = m->db->spaces[space].records > 0;
        c->row.records = m->db->spaces[space].records;
        fill_source(m, &m->db->spaces[space], &c->row);
    }
    c->next = m->coverage;
    m->coverage = c;
    return c->row.ecosystem ? c : NULL;
}

static struct match_coverage *distro_row(struct vl_advisory_matcher *m, const struct vl_package *package)
{
    if (match_verdict_of(m, package) == MATCH_FOREIGN)
        return row_for(m,
            package->ecosystem == VL_ECO_RPM ? "third-party rpm packages" : "third-party deb packages", -1);
    if (m->n_distro_spaces)
        return row_for(m, m->distro_names[0], m->distro_spaces[0]);
    struct vl_buf name;
    vl_buf_init(&name, 512);
    vl_buf_printf(&name, "%.64s%s%.64s",
        m->distro && m->distro->id[0] ? m->distro->id : vl_ecosystem_info(package->ecosystem)->name,
        m->distro && m->distro->version_id[0] ? ":" : "", m->distro ? m->distro->version_id : "");
    struct match_coverage *row = row_for(m, vl_buf_str(&name), -1);
    vl_buf_done(&name);
    return row;
}

static int windows_row(struct vl_advisory_matcher *m, const struct vl_package *package,
    struct match_coverage **ret, struct vl_err *err)
{
    struct match_coverage *row = find_row(m, "windows");
    if (!row) {
        bool has_data;
        int r = windows_has_data(m, package, &has_data, err);
        if (r < 0)
            return r;
        row = row_for(m, "windows", -1);
        if (row) {
            row->row.has_data = has_data;
            for (size_t i = 0; has_data && i < m->db->n_feeds; i++) {
                const struct vl_advisory_feed *f = &m->db->feeds[i];
                if (strstr(f->name, "windows")) {
                    row->row.source = f->title;
                    row->row.data_ms = f->data_ms;
                    row->row.records = f->records;
                }
            }
        }
    }
    *ret = row;
    return 0;
}

int vl_advisory_coverage(struct vl_advisory_matcher *m, const struct vl_package *package,
    const struct vl_coverage_row **ret, struct vl_err *err)
{
    struct match_coverage *row;
    if (windows_is_target(m, package)) {
        int r = windows_row(m, package, &row, err);
        if (r < 0)
            return r;
    } else if (vl_ecosystem_info(package->ecosystem)->distribution) {
        row = distro_row(m, package);
    } else {
        const char *name = vl_space_of_ecosystem(package->ecosystem);
        row = row_for(m, name ? name : vl_ecosystem_info(package->ecosystem)->name,
            name ? match_eco_space(m, package->ecosystem) : -1);
    }
    if (!row)
        return vl_arena_check(m->coverage_arena, "the coverage", err) < 0 ? err->err : vl_err_nomem(err);
    row->row.packages++;
    *ret = &row->row;
    return 0;
}

/* Names a look-up would ask for, until one is found. */
static int names_package(
    struct vl_advisory_matcher *m, int space, const struct vl_package *package, bool *ret, struct vl_err *err)
{
    const struct adb_space *s = &m->db->spaces[space];
    const char *names[] = {
        s->info->by_source && package->source_name ? package->source_name : package->name, package->name};
    size_t n = package->ecosystem == VL_ECO_RPM ? 2 : 1;
    struct vl_buf name;
    int r = 0;
    vl_buf_init(&name, 4096);
    for (size_t i = 0; i < n && r == 0; i++) {
        struct adb_package found;
        vl_buf_clear(&name);
        vl_space_append_name(s->name, vl_span_str(names[i]), &name);
        r = name.failed ? 0 : adb_package_find(m->db, (uint32_t)space, vl_buf_span(&name), &found, err);
    }
    vl_buf_done(&name);
    if (r < 0)
        return r;
    *ret = r > 0;
    return 0;
}

/* A namespace that the starter set alone fills knows of nothing but the packages it names. */
static bool is_starter_only(const struct vl_advisory_matcher *m, const struct adb_space *space)
{
    for (size_t i = 0; i < space->n_feeds; i++) {
        if (!m->db->feeds[space->feeds[i].feed].starter)
            return false;
    }
    return true;
}

static int covers_space(
    struct vl_advisory_matcher *m, int space, const struct vl_package *package, bool *ret, struct vl_err *err)
{
    *ret = false;
    if (space < 0)
        return 0;
    if (!is_starter_only(m, &m->db->spaces[space])) {
        *ret = m->db->spaces[space].records > 0;
        return 0;
    }
    return names_package(m, space, package, ret, err);
}

int vl_advisory_covers(
    struct vl_advisory_matcher *m, const struct vl_package *package, bool *ret, struct vl_err *err)
{
    if (windows_is_target(m, package))
        return windows_has_data(m, package, ret, err);
    enum match_verdict verdict = match_verdict_of(m, package);
    *ret = false;
    if (verdict == MATCH_FOREIGN || verdict == MATCH_SKIP)
        return 0;
    if (!vl_ecosystem_info(package->ecosystem)->distribution)
        return covers_space(m, match_eco_space(m, package->ecosystem), package, ret, err);
    int r = 0;
    for (size_t i = 0; i < m->n_distro_spaces && r == 0 && !*ret; i++)
        r = covers_space(m, m->distro_spaces[i], package, ret, err);
    return r;
}
