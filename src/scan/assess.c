/* How far the answer of a scan reaches: no data is "not assessed", never "no findings". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"

#define WHY_MAX   2048U
#define NAMED_MAX 3U /* ecosystems or notes that a sentence names; the rest is counted */

struct reach {
    uint64_t covered;   /* packages that data spoke of */
    uint64_t uncovered; /* packages that no data speaks of */
    uint64_t unknown;   /* of them: not in the starter set */
    uint64_t starter;   /* packages judged by the starter set */
    uint64_t unpinned;  /* requirements in ecosystems where nothing else was found */
    uint64_t left;      /* left to the distribution's verdict */
    size_t without;     /* rows without data */
};

/* --- sums --- */

static void add_row(struct reach *reach, const struct vl_scan_tally *t)
{
    reach->left += t->left;
    if (t->judged + t->project == 0) {
        reach->unpinned += t->ranges;
        return;
    }
    if (!t->row->has_data) {
        reach->uncovered += t->judged;
        reach->without += t->judged > 0;
        return;
    }
    reach->covered += t->judged - t->unknown + t->project;
    reach->uncovered += t->unknown;
    reach->unknown += t->unknown;
    if (t->row->starter)
        reach->starter += t->judged;
}

/* The package list of a distribution that is there is missing: its packages cannot be judged. */
static bool lacks_package_list(const struct vl_scan_run *run)
{
    const struct vl_inventory *inventory = run->result->inventory;
    bool system = inventory->target.kind == VL_TARGET_IMAGE || inventory->target.kind == VL_TARGET_ROOTFS;
    return system && inventory->distro.id[0] && strcmp(inventory->distro.id, "windows") != 0 &&
           run->distribution == 0;
}

static enum vl_assessed assessed_of(const struct vl_scan_run *run, const struct reach *reach)
{
    const struct vl_inventory *inventory = run->result->inventory;
    if (!run->db)
        return VL_ASSESSED_NOT;
    if (reach->covered == 0) {
        /* what was found was left out on purpose, or another's data speaks for it */
        bool nothing_else = reach->uncovered == 0 && reach->unpinned == 0 && inventory->unidentified.len == 0;
        if (!nothing_else || run->dev == 0)
            return VL_ASSESSED_NOT;
    }
    return reach->uncovered || reach->unpinned || inventory->notes.partial || lacks_package_list(run)
               ? VL_ASSESSED_PARTIAL
               : VL_ASSESSED_FULL;
}

/* --- the sentence --- */

static void say(struct vl_buf *why)
{
    if (why->len)
        vl_buf_append_str(why, "; ");
}

static const char *distro_title(const struct vl_distro *distro)
{
    return distro->pretty_name[0] ? distro->pretty_name : distro->id;
}

static void say_without_data(const struct vl_scan_run *run, const struct reach *reach, struct vl_buf *why)
{
    const struct vl_scan_tally *tallies = run->tallies.items;
    size_t named = 0;
    if (reach->without == 0)
        return;
    say(why);
    vl_buf_append_str(why, "no advisory data for ");
    for (size_t i = 0; i < run->tallies.len && named < NAMED_MAX; i++) {
        if (tallies[i].row->has_data || tallies[i].judged == 0)
            continue;
        vl_buf_printf(why, "%s%s (%" PRIu64 " %s)", named ? ", " : "", tallies[i].row->ecosystem,
            tallies[i].judged, tallies[i].judged == 1 ? "package" : "packages");
        named++;
    }
    if (reach->without > named)
        vl_buf_printf(why, " and %zu more", reach->without - named);
    if (run->distribution && run->result->inventory->distro.support == VL_SUPPORT_ENDED)
        vl_buf_printf(
            why, "; %s has reached its end of support", distro_title(&run->result->inventory->distro));
}

static void say_nothing_found(const struct vl_scan_run *run, struct vl_buf *why)
{
    size_t binaries = run->result->inventory->unidentified.len;
    say(why);
    if (binaries)
        vl_buf_printf(why, "no package was found, only %zu %s of unknown origin", binaries,
            binaries == 1 ? "binary" : "binaries");
    else
        vl_buf_append_str(why, "no package was found: there is nothing that advisories could speak of");
}

static void say_notes(const struct vl_notes *notes, struct vl_buf *why)
{
    const struct vl_note *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < notes->len; i++) {
        if (notes->items[i].kind != VL_NOTE_PARTIAL)
            continue;
        first = first ? first : &notes->items[i];
        n++;
    }
    if (!notes->partial)
        return;
    say(why);
    if (!first) {
        vl_buf_append_str(why, "a part of the target could not be read");
        return;
    }
    /* many messages name their object themselves */
    size_t named = strlen(first->object);
    bool again = strncmp(first->message, first->object, named) == 0 && first->message[named] == ':';
    const char *message =
        again ? first->message + named + 1 + (first->message[named + 1] == ' ') : first->message;
    vl_buf_printf(why, "%.300s could not be read whole: %.600s", first->object, message);
    if (n + notes->dropped > 1)
        vl_buf_printf(why, " (and %" PRIu64 " more)", n - 1 + notes->dropped);
}

static void write_why(const struct vl_scan_run *run, const struct reach *reach, struct vl_buf *why)
{
    const struct vl_coverage *coverage = &run->result->coverage;
    if (!run->db) {
        vl_buf_append_str(why, "there is no advisory database");
        return;
    }
    if (coverage->packages == 0 && run->dev == 0)
        say_nothing_found(run, why);
    if (lacks_package_list(run)) {
        say(why);
        vl_buf_printf(
            why, "the package list of %s was not found", distro_title(&run->result->inventory->distro));
    }
    if (reach->unknown) {
        say(why);
        vl_buf_printf(why, "starter set: %" PRIu64 " of %" PRIu64 " packages are covered",
            reach->starter - reach->unknown, reach->starter);
    }
    say_without_data(run, reach, why);
    if (reach->unpinned) {
        say(why);
        vl_buf_printf(why, "%" PRIu64 " %s no single version and could not be matched", reach->unpinned,
            reach->unpinned == 1 ? "requirement names" : "requirements name");
    }
    if (reach->covered + reach->uncovered + reach->unpinned == 0 && reach->left) {
        say(why);
        vl_buf_printf(why,
            "%" PRIu64 " packages are left to the distribution, whose own packages are not here",
            reach->left);
    }
    say_notes(&run->result->inventory->notes, why);
}

/* --- the rows --- */

static int compare_rows(const void *a, const void *b)
{
    const struct vl_coverage_row *left = a;
    const struct vl_coverage_row *right = b;
    if (left->packages != right->packages)
        return left->packages > right->packages ? -1 : 1;
    return strcmp(left->ecosystem, right->ecosystem);
}

/* Where all packages of a row belong to the distribution, its data is what judges them. */
static void judge_by_distribution(
    const struct vl_scan_run *run, const struct vl_scan_tally *tally, struct vl_coverage_row *row)
{
    const struct vl_scan_tally *tallies = run->tallies.items;
    if (tally->left == 0 || tally->judged + tally->ranges + tally->project)
        return;
    for (size_t i = 0; i < run->tallies.len; i++) {
        if (!tallies[i].distribution || !tallies[i].row->has_data)
            continue;
        row->has_data = true;
        row->source = tallies[i].row->source;
        row->data_ms = tallies[i].row->data_ms;
        row->starter = tallies[i].row->starter;
        return;
    }
}

/* Rows are lent by the matcher: copied once their counts are whole. */
static int copy_rows(struct vl_scan_run *run, struct vl_err *err)
{
    struct vl_arena *arena = run->result->arena;
    struct vl_coverage *coverage = &run->result->coverage;
    const struct vl_scan_tally *tallies = run->tallies.items;
    struct vl_coverage_row *rows = vl_arena_array(arena, run->tallies.len, sizeof(*rows));
    for (size_t i = 0; rows && i < run->tallies.len; i++) {
        rows[i] = *tallies[i].row;
        judge_by_distribution(run, &tallies[i], &rows[i]);
        rows[i].ecosystem = vl_arena_strdup(arena, rows[i].ecosystem);
        rows[i].source = rows[i].source ? vl_arena_strdup(arena, rows[i].source) : NULL;
        if (rows[i].has_data && rows[i].data_ms &&
            (!coverage->database_ms || rows[i].data_ms < coverage->database_ms))
            coverage->database_ms = rows[i].data_ms;
    }
    int r = vl_arena_check(arena, "the coverage", err);
    if (r < 0)
        return r;
    if (rows)
        qsort(rows, run->tallies.len, sizeof(*rows), compare_rows);
    coverage->rows = rows;
    coverage->n_rows = run->tallies.len;
    return 0;
}

int vl_scan_assess(struct vl_scan_run *run, struct vl_err *err)
{
    struct vl_coverage *coverage = &run->result->coverage;
    const struct vl_scan_tally *tallies = run->tallies.items;
    struct vl_arena *arena = run->result->arena;
    struct reach reach = {0};
    coverage->unidentified = run->result->inventory->unidentified.len;
    if (run->db) {
        coverage->database = vl_arena_strdup(arena, vl_advisory_db_path(run->db));
        coverage->database_digest = vl_arena_strdup(arena, vl_advisory_db_digest(run->db));
    }
    for (size_t i = 0; i < run->tallies.len; i++)
        add_row(&reach, &tallies[i]);
    coverage->assessed = assessed_of(run, &reach);
    if (coverage->assessed != VL_ASSESSED_FULL) {
        VL_CLEANUP(vl_buf_done) struct vl_buf why;
        vl_buf_init(&why, WHY_MAX);
        write_why(run, &reach, &why);
        coverage->why_not =
            vl_arena_strdup(arena, why.len ? vl_buf_str(&why) : "nothing in it could be assessed");
    }
    return copy_rows(run, err);
}
