#include "base/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#define CONTEXT 3

/* A run of lines that are equal, or removed and added. */
struct run {
    bool same;
    size_t a, b; /* first line in the old and the new text */
    size_t n_a, n_b;
};

struct diff {
    struct vl_vec a, b; /* struct vl_span, each with its line end */
    struct vl_vec runs;
    struct vl_buf *out;
};

static void diff_done(struct diff *d)
{
    vl_vec_done(&d->a);
    vl_vec_done(&d->b);
    vl_vec_done(&d->runs);
}

static int split(struct vl_span text, struct vl_vec *lines, struct vl_err *err)
{
    vl_vec_init(lines, sizeof(struct vl_span), VL_DIFF_LINES_MAX);
    while (text.len) {
        size_t end = vl_span_find_char(text, '\n');
        size_t len = end == SIZE_MAX ? text.len : end + 1;
        struct vl_span *line = vl_vec_push(lines, "lines of a text to compare", err);
        if (!line)
            return err->err;
        *line = vl_span_slice(text, 0, len);
        text = vl_span_slice(text, len, text.len);
    }
    return 0;
}

static struct vl_span line_at(const struct vl_vec *lines, size_t i)
{
    return *(const struct vl_span *)vl_vec_at(lines, i);
}

static bool same_line(const struct diff *d, size_t a, size_t b)
{
    return vl_span_eq(line_at(&d->a, a), line_at(&d->b, b));
}

/* Adds to the last run, or begins one. Removed and added lines beside each other are one run. */
static int add_run(struct diff *d, bool same, size_t a, size_t b, size_t n_a, size_t n_b, struct vl_err *err)
{
    if (n_a == 0 && n_b == 0)
        return 0;
    struct run *last = d->runs.len ? vl_vec_at(&d->runs, d->runs.len - 1) : NULL;
    if (last && last->same == same) {
        last->n_a += n_a;
        last->n_b += n_b;
        return 0;
    }
    struct run *r = vl_vec_push(&d->runs, "runs of a difference", err);
    if (!r)
        return err->err;
    *r = (struct run){same, a, b, n_a, n_b};
    return 0;
}

/* The middle that differs: old lines [a, a + n), new lines [b, b + m). */
struct middle {
    size_t a, n, b, m;
};

/* Furthest x on diagonal k after `edits` edits: reached[k + VL_DIFF_EDITS_MAX + 1], one row an edit count. */
#define ROW (2 * (size_t)VL_DIFF_EDITS_MAX + 3)

static size_t forward(const struct diff *d, const struct middle *mid, const int32_t *row, long k, long edits)
{
    const long mid_row = VL_DIFF_EDITS_MAX + 1;
    long x;
    if (edits == 0)
        x = 0;
    else if (k == -edits || (k != edits && row[mid_row + k - 1] < row[mid_row + k + 1]))
        x = row[mid_row + k + 1];
    else
        x = row[mid_row + k - 1] + 1;
    long y = x - k;
    while (x >= 0 && y >= 0 && (size_t)x < mid->n && (size_t)y < mid->m &&
           same_line(d, mid->a + (size_t)x, mid->b + (size_t)y)) {
        x++;
        y++;
    }
    return (size_t)x;
}

/* Number of edits, or -1 where it is over the limit. `rows` keeps what each number of edits reached. */
static long search(const struct diff *d, const struct middle *mid, int32_t **rows)
{
    const long centre = VL_DIFF_EDITS_MAX + 1;
    static const int32_t nothing[ROW];
    for (long edits = 0; edits <= VL_DIFF_EDITS_MAX; edits++) {
        int32_t *row = calloc(ROW, sizeof(*row));
        if (!row)
            return -1;
        rows[edits] = row;
        const int32_t *before = edits ? rows[edits - 1] : nothing;
        for (long k = -edits; k <= edits; k += 2) {
            size_t x = forward(d, mid, before, k, edits);
            row[centre + k] = (int32_t)x;
            if (x >= mid->n && (long)x - k >= (long)mid->m)
                return edits;
        }
    }
    return -1;
}

/* One step of the way, told backwards. */
struct step {
    char kind; /* '=' '-' '+' */
};

static int walk_back(
    struct diff *d, const struct middle *mid, int32_t *const *rows, long edits, struct vl_err *err)
{
    const long centre = VL_DIFF_EDITS_MAX + 1;
    struct vl_vec steps VL_CLEANUP(vl_vec_done);
    vl_vec_init(&steps, sizeof(struct step), 2UL * VL_DIFF_LINES_MAX);
    long x = (long)mid->n, y = (long)mid->m;
    while (x > 0 || y > 0) {
        char kind = '=';
        if (edits > 0) {
            const int32_t *row = rows[edits - 1];
            long k = x - y;
            bool down = k == -edits || (k != edits && row[centre + k - 1] < row[centre + k + 1]);
            long from = down ? row[centre + k + 1] : row[centre + k - 1] + 1;
            if (x == from) { /* no equal lines are left behind the edit */
                kind = down ? '+' : '-';
                edits--;
            }
        }
        struct step *s = vl_vec_push(&steps, "steps of a difference", err);
        if (!s)
            return err->err;
        s->kind = kind;
        x -= kind != '+';
        y -= kind != '-';
    }
    size_t a = mid->a, b = mid->b;
    for (size_t i = steps.len; i > 0; i--) {
        char kind = ((const struct step *)vl_vec_at(&steps, i - 1))->kind;
        size_t n_a = kind != '+', n_b = kind != '-';
        int r = add_run(d, kind == '=', a, b, n_a, n_b, err);
        if (r < 0)
            return r;
        a += n_a;
        b += n_b;
    }
    return 0;
}

static int compare_middle(struct diff *d, const struct middle *mid, struct vl_err *err)
{
    if (mid->n == 0 || mid->m == 0)
        return add_run(d, false, mid->a, mid->b, mid->n, mid->m, err);
    int32_t **rows = calloc(VL_DIFF_EDITS_MAX + 1, sizeof(*rows));
    if (!rows)
        return vl_err_nomem(err);
    long edits = search(d, mid, rows);
    int r = edits < 0 ? add_run(d, false, mid->a, mid->b, mid->n, mid->m, err)
                      : walk_back(d, mid, rows, edits, err);
    for (long i = 0; i <= VL_DIFF_EDITS_MAX && rows[i]; i++)
        free(rows[i]);
    free(rows);
    return r;
}

static int compare(struct diff *d, struct vl_err *err)
{
    size_t head = 0, tail = 0, n = d->a.len, m = d->b.len;
    while (head < n && head < m && same_line(d, head, head))
        head++;
    while (tail < n - head && tail < m - head && same_line(d, n - tail - 1, m - tail - 1))
        tail++;
    struct middle mid = {head, n - head - tail, head, m - head - tail};
    int r = add_run(d, true, 0, 0, head, head, err);
    if (r >= 0)
        r = compare_middle(d, &mid, err);
    if (r >= 0)
        r = add_run(d, true, n - tail, m - tail, tail, tail, err);
    return r;
}

/* --- printing --- */

static void put_lines(struct diff *d, char mark, const struct vl_vec *lines, size_t from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct vl_span line = line_at(lines, from + i);
        vl_buf_append_char(d->out, mark);
        vl_buf_append_span(d->out, line);
        if (!vl_span_ends_with(line, "\n"))
            vl_buf_append_str(d->out, "\n\\ No newline at end of file\n");
    }
}

static void put_range(struct diff *d, char mark, size_t from, size_t n)
{
    /* An empty range names the line before it. */
    vl_buf_printf(d->out, " %c%zu", mark, n ? from + 1 : from);
    if (n != 1)
        vl_buf_printf(d->out, ",%zu", n);
}

/* Runs [first, last] make one hunk; equal ones at its ends give context. */
static void put_hunk(struct diff *d, size_t first, size_t last)
{
    const struct run *runs = d->runs.items;
    size_t before = 0, after = 0;
    if (first > 0)
        before = runs[first - 1].n_a < CONTEXT ? runs[first - 1].n_a : CONTEXT;
    if (last + 1 < d->runs.len)
        after = runs[last + 1].n_a < CONTEXT ? runs[last + 1].n_a : CONTEXT;
    size_t a = runs[first].a - before, b = runs[first].b - before;
    size_t n_a = runs[last].a + runs[last].n_a + after - a, n_b = runs[last].b + runs[last].n_b + after - b;
    vl_buf_append_str(d->out, "@@");
    put_range(d, '-', a, n_a);
    put_range(d, '+', b, n_b);
    vl_buf_append_str(d->out, " @@\n");
    put_lines(d, ' ', &d->a, a, before);
    for (size_t i = first; i <= last; i++) {
        if (runs[i].same) {
            put_lines(d, ' ', &d->a, runs[i].a, runs[i].n_a);
        } else {
            put_lines(d, '-', &d->a, runs[i].a, runs[i].n_a);
            put_lines(d, '+', &d->b, runs[i].b, runs[i].n_b);
        }
    }
    put_lines(d, ' ', &d->a, runs[last].a + runs[last].n_a, after);
}

static void put_all(struct diff *d)
{
    const struct run *runs = d->runs.items;
    for (size_t i = 0; i < d->runs.len; i++) {
        if (runs[i].same)
            continue;
        size_t last = i;
        while (last + 2 < d->runs.len && runs[last + 1].n_a <= 2UL * CONTEXT)
            last += 2;
        put_hunk(d, i, last);
        i = last;
    }
}

int vl_diff_unified(struct vl_span old_text, struct vl_span new_text, const char *old_name,
    const char *new_name, struct vl_buf *out, struct vl_err *err)
{
    if (vl_span_eq(old_text, new_text))
        return 0;
    struct diff d = {.out = out};
    vl_vec_init(&d.runs, sizeof(struct run), 2UL * VL_DIFF_LINES_MAX);
    int r = split(old_text, &d.a, err);
    if (r >= 0)
        r = split(new_text, &d.b, err);
    if (r >= 0)
        r = compare(&d, err);
    if (r >= 0) {
        vl_buf_printf(out, "--- %s\n+++ %s\n", old_name, new_name);
        put_all(&d);
        r = vl_buf_check(out, "the difference", err);
    }
    diff_done(&d);
    return r;
}
