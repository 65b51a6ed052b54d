/* The starter set of content/advisories: TSV, one line an affected range.
 * id, aliases (space-separated), namespace, package, introduced, fixed, last, state, severity, CVSS vector,
 * published, CWEs, title ("-" for none each). Lines of one id are one record each: the builder joins them.
 * A line with "-" for id names a package that the set was made for and that has no advisory; "@date" and a
 * day say up to when the set is complete: what it knows of later days is no promise. */
#include <string.h>

#include "base/time.h"
#include "namespace.h"
#include "parse.h"

enum {
    COL_ID,
    COL_ALIASES,
    COL_SPACE,
    COL_PACKAGE,
    COL_INTRODUCED,
    COL_FIXED,
    COL_LAST,
    COL_STATE,
    COL_SEVERITY,
    COL_CVSS,
    COL_PUBLISHED,
    COL_CWES,
    COL_TITLE,
    COLS
};

static enum vl_fix_state state_of(struct vl_span word)
{
    for (unsigned i = 0; i < VL_FIX_COUNT; i++) {
        if (vl_span_eq_str(word, vl_fix_state_name((enum vl_fix_state)i)))
            return (enum vl_fix_state)i;
    }
    return VL_FIX_UNKNOWN;
}

static int emit_line(struct vl_span line, const struct vl_feed_context *context, struct vl_record_sink *sink,
    struct vl_err *err)
{
    struct vl_span cell[COLS] = {0};
    struct vl_span word;
    for (size_t i = 0; i < COLS && vl_span_split(&line, '\t', &cell[i]); i++) {
        if (vl_span_eq_str(cell[i], "-"))
            cell[i] = VL_SPAN_EMPTY;
    }
    if (vl_span_eq_str(cell[COL_ID], "@date")) {
        if (!vl_time_parse(cell[COL_ALIASES], &sink->complete_ms))
            return vl_err_set(err, VL_ERR_INVALID, "the date of the starter set cannot be read");
        return 0;
    }
    if (cell[COL_SPACE].len == 0 || cell[COL_PACKAGE].len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "a line of the starter set names no package");
    struct vl_feed_list aliases = {0};
    while (vl_span_split(&cell[COL_ALIASES], ' ', &word))
        vl_feed_list_add(&aliases, context->arena, word);
    uint32_t cwes[8];
    size_t n_cwes = 0;
    while (n_cwes < 8 && vl_span_split(&cell[COL_CWES], ' ', &word))
        cwes[n_cwes++] = vl_feed_cwe(word);
    struct vl_record_range range = {
        .introduced = cell[COL_INTRODUCED], .fixed = cell[COL_FIXED], .last = cell[COL_LAST]};
    struct vl_record_affected affected = {.space = cell[COL_SPACE],
        .package = vl_feed_name(cell[COL_SPACE], cell[COL_PACKAGE], context->arena),
        .state = state_of(cell[COL_STATE]),
        .ranges = &range,
        .n_ranges = 1};
    const char *rating = vl_space_info(cell[COL_SPACE])->rating;
    struct vl_record_pair severity = {vl_span_str(rating ? rating : "ghsa"), cell[COL_SEVERITY]};
    struct vl_record_pair cvss = {rating ? VL_SPAN_LIT("nvd") : VL_SPAN_LIT("ghsa"), cell[COL_CVSS]};
    struct vl_record record = {.id = cell[COL_ID],
        .names_only = cell[COL_ID].len == 0,
        .aliases = aliases.items,
        .n_aliases = aliases.n,
        .title = cell[COL_TITLE],
        .ratings = &severity,
        .n_ratings = severity.value.len > 0,
        .cvss = &cvss,
        .n_cvss = cvss.value.len > 0,
        .cwes = cwes,
        .n_cwes = n_cwes,
        .affected = &affected,
        .n_affected = 1};
    if (!vl_time_parse(cell[COL_PUBLISHED], &record.published_ms))
        record.published_ms = 0;
    int r = vl_arena_check(context->arena, "the starter set", err);
    r = r < 0 ? r : vl_record_emit(sink, &record, err);
    vl_arena_reset(context->arena);
    return r;
}

int vl_feed_parse_starter(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    struct vl_span line;
    while (vl_span_split_line(&bytes, &line)) {
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        int r = emit_line(line, context, sink, err);
        if (r < 0)
            return vl_err_wrap(err, "%s", object);
    }
    return 0;
}
