/* Microsoft's updates as wesng collects them from MSRC: one CSV line a CVE, update (KB) and product. */
#include <string.h>

#include "base/time.h"
#include "parse.h"

enum {
    COL_DATE,
    COL_CVE,
    COL_KB,
    COL_TITLE,
    COL_PRODUCT,
    COL_COMPONENT,
    COL_SEVERITY,
    COL_IMPACT,
    COL_SUPERSEDES,
    COL_EXPLOITS,
    COLS
};

static const char *const columns[COLS] = {"DatePosted", "CVE", "BulletinKB", "Title", "AffectedProduct",
    "AffectedComponent", "Severity", "Impact", "Supersedes", "Exploits"};

/* Length of the field in front, quotes included; its text in *ret_field. */
static size_t take_field(struct vl_span in, struct vl_span *ret_field)
{
    size_t end = 0;
    if (in.len && in.ptr[0] == '"') {
        end = 1;
        while (end < in.len && (in.ptr[end] != '"' || (end + 1 < in.len && in.ptr[end + 1] == '"')))
            end += in.ptr[end] == '"' ? 2 : 1;
        end = end > in.len ? in.len : end;
        *ret_field = vl_span_slice(in, 1, end);
        return end < in.len ? end + 1 : end;
    }
    while (end < in.len && in.ptr[end] != ',' && in.ptr[end] != '\n' && in.ptr[end] != '\r')
        end++;
    *ret_field = vl_span_slice(in, 0, end);
    return end;
}

/* RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes, which stay doubled here.
 * Returns false at the end. */
static bool next_row(struct vl_span *rest, struct vl_span cell[COLS])
{
    size_t n = 0;
    struct vl_span in = *rest;
    if (in.len == 0)
        return false;
    memset(cell, 0, sizeof(cell[0]) * COLS);
    for (;;) {
        struct vl_span field;
        size_t end = take_field(in, &field);
        if (n < COLS)
            cell[n++] = field;
        in = vl_span_slice(in, end, in.len);
        if (in.len == 0 || in.ptr[0] != ',')
            break;
        in = vl_span_slice(in, 1, in.len);
    }
    while (in.len && (in.ptr[0] == '\r' || in.ptr[0] == '\n'))
        in = vl_span_slice(in, 1, in.len);
    *rest = in;
    return true;
}

/* Consecutive lines of one CVE. */
struct run {
    struct vl_arena *arena;
    struct vl_span cve;
    struct vl_span title;
    struct vl_span severity;
    struct vl_span exploits;
    int64_t date_ms;
    struct vl_record_update *updates;
    size_t n, cap;
};

static int flush_run(struct run *run, struct vl_record_sink *sink, struct vl_err *err)
{
    int r = 0;
    if (run->n) {
        struct vl_feed_list refs = {0};
        struct vl_span url;
        while (vl_span_split(&run->exploits, ',', &url))
            vl_feed_list_add(&refs, run->arena, vl_span_trim(url));
        struct vl_record_pair rating = {VL_SPAN_LIT("microsoft"), run->severity};
        struct vl_record record = {.id = run->cve,
            .title = run->title,
            .ratings = &rating,
            .n_ratings = run->severity.len > 0,
            .refs = refs.items,
            .n_refs = refs.n,
            .published_ms = run->date_ms,
            .updates = run->updates,
            .n_updates = run->n};
        /* an update without a CVE matters all the same: it replaces others */
        if (run->cve.len == 0) {
            record = (struct vl_record){.id = VL_SPAN_LIT("windows-updates"),
                .facts = true,
                .updates = run->updates,
                .n_updates = run->n};
        }
        r = vl_arena_check(run->arena, "lines of one CVE", err);
        if (r == 0)
            r = vl_record_emit(sink, &record, err);
    }
    vl_arena_reset(run->arena);
    *run = (struct run){.arena = run->arena};
    return r;
}

static struct vl_span keep(struct run *run, struct vl_span text)
{
    char *copy = text.len ? vl_arena_dup_span(run->arena, text) : NULL;
    size_t len = 0;
    for (size_t i = 0; copy && i < text.len; i++) {
        copy[len++] = text.ptr[i];
        i += text.ptr[i] == '"' && i + 1 < text.len && text.ptr[i + 1] == '"';
    }
    return (struct vl_span){copy, len};
}

static int64_t parse_date(struct vl_span text)
{
    struct vl_buf iso;
    int64_t ms;
    if (text.len != 8)
        return 0;
    vl_buf_init(&iso, 32);
    vl_buf_printf(&iso, "%.4s-%.2s-%.2s", text.ptr, text.ptr + 4, text.ptr + 6);
    bool ok = vl_time_parse(vl_buf_span(&iso), &ms);
    vl_buf_done(&iso);
    return ok ? ms : 0;
}

static void add_update(struct run *run, struct vl_span cell[COLS])
{
    uint64_t kb;
    if (!vl_span_to_u64(cell[COL_KB], &kb) || kb == 0 || kb > UINT32_MAX || cell[COL_PRODUCT].len == 0 ||
        cell[COL_PRODUCT].len > VL_RECORD_NAME_MAX)
        return; /* "Release Notes": not an update that can be installed apart */
    uint32_t *old = NULL;
    size_t n = 0;
    size_t cap = 0;
    struct vl_span list = cell[COL_SUPERSEDES];
    struct vl_span part;
    while (vl_span_split(&list, ';', &part)) {
        uint64_t number;
        void *items = old;
        if (!vl_span_to_u64(vl_span_trim(part), &number) || number == 0 || number > UINT32_MAX)
            continue;
        uint32_t *slot = vl_feed_push(&items, &n, &cap, sizeof(*slot), run->arena);
        old = items;
        if (slot)
            *slot = (uint32_t)number;
    }
    void *items = run->updates;
    struct vl_record_update *slot = vl_feed_push(&items, &run->n, &run->cap, sizeof(*slot), run->arena);
    run->updates = items;
    if (slot)
        *slot = (struct vl_record_update){.product = keep(run, cell[COL_PRODUCT]),
            .kb = (uint32_t)kb,
            .supersedes = old,
            .n_supersedes = n};
}

#define RUN_MAX 4096U /* lines kept before they are passed on */

int vl_feed_parse_wesng(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    struct vl_span cell[COLS];
    struct run run = {.arena = context->arena};
    bool header = false;
    while (next_row(&bytes, cell)) {
        if (!header) {
            for (size_t i = 0; i < COLS; i++) {
                if (!vl_span_eq_str(cell[i], columns[i]))
                    return vl_err_set(
                        err, VL_ERR_INVALID, "%s: column %zu is not \"%s\"", object, i + 1, columns[i]);
            }
            header = true;
            continue;
        }
        struct vl_span cve = vl_feed_is_cve(cell[COL_CVE]) ? cell[COL_CVE] : VL_SPAN_EMPTY;
        if (run.n && (!vl_span_eq(run.cve, cve) || run.n >= RUN_MAX)) {
            int r = flush_run(&run, sink, err);
            if (r < 0)
                return r;
        }
        if (run.n == 0) {
            run.cve = keep(&run, cve);
            run.title = keep(&run, cell[COL_TITLE]);
            run.severity = keep(&run, cell[COL_SEVERITY]);
            run.exploits = keep(&run, cell[COL_EXPLOITS]);
            run.date_ms = parse_date(cell[COL_DATE]);
        }
        int64_t date = parse_date(cell[COL_DATE]);
        if (date > sink->newest_ms)
            sink->newest_ms = date;
        add_update(&run, cell);
    }
    return flush_run(&run, sink, err);
}
