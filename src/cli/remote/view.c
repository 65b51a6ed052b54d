#include "remote/view.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "codec/doc_write.h"
#include "codec/jmespath.h"
#include "command.h"
#include "remote/yaml_out.h"

#define OUTPUT_MAX (512UL * 1024 * 1024)
#define ARENA_MAX  (512UL * 1024 * 1024)
#define CELL_MAX   (64UL * 1024)
#define CELL_DEPTH 4
#define CELL_WIDE  100 /* characters; a longer one is cut in a table */

bool vl_cli_view_option(struct vl_cli_view *view, int key, char *arg, const struct argp_state *state)
{
    static const struct {
        const char *name;
        enum vl_cli_format format;
    } names[] = {{"table", VL_CLI_TABLE}, {"json", VL_CLI_JSON}, {"jsonc", VL_CLI_JSON}, {"tsv", VL_CLI_TSV},
        {"yaml", VL_CLI_YAML}};
    if (key == VL_CLI_KEY_QUERY) {
        view->query = arg;
        return true;
    }
    if (key != 'o')
        return false;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (strcmp(arg, names[i].name) == 0) {
            view->format = names[i].format;
            return true;
        }
    }
    argp_error(state, "--output takes table, json, tsv or yaml, not '%s'", arg);
    return true;
}

/* A table being made: cells as texts, row by row. */
struct table {
    struct vl_arena *arena;
    enum vl_cli_format format;
    size_t n; /* columns */
    const char *titles[VL_CLI_VIEW_COLUMNS_MAX];
    struct vl_span paths[VL_CLI_VIEW_COLUMNS_MAX];
    bool by_path; /* else by name alone, dots are part of it */
};

static void append_json(const struct vl_doc_node *node, struct vl_buf *out)
{
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_doc_write(node, &json);
}

/* "critical 2, high 5": what an object of figures has above zero. */
static bool append_figures(const struct vl_doc_node *node, struct vl_buf *out)
{
    int64_t v;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n))
        if (!vl_doc_int(n, &v))
            return false;
    size_t before = out->len;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        if (vl_doc_int(n, &v) && v)
            vl_buf_printf(
                out, "%s%.*s %lld", out->len > before ? ", " : "", VL_SPAN_FMT(vl_doc_key(n)), (long long)v);
    }
    if (out->len == before)
        vl_buf_append_str(out, "none");
    return true;
}

static void append_cell(
    const struct table *t, const struct vl_doc_node *node, struct vl_buf *out, unsigned depth)
{
    bool table = t->format == VL_CLI_TABLE;
    switch (vl_doc_type(node)) {
    case VL_DOC_NULL:
        vl_buf_append_str(out, table ? "-" : "");
        return;
    case VL_DOC_BOOL:
        vl_buf_append_str(out, vl_doc_bool(node) ? (table ? "yes" : "true") : (table ? "no" : "false"));
        return;
    case VL_DOC_ARRAY:
        if (depth >= CELL_DEPTH || !table)
            break;
        if (!vl_doc_size(node))
            vl_buf_append_char(out, '-');
        for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
            append_cell(t, n, out, depth + 1);
            vl_buf_append_str(out, vl_doc_next(n) ? ", " : "");
        }
        return;
    case VL_DOC_OBJECT:
        if (table && vl_doc_size(node) && append_figures(node, out))
            return;
        if (table && vl_doc_is(vl_doc_get(node, "name"), VL_DOC_STRING)) {
            vl_text_append_printable(out, vl_doc_get_str(node, "name"));
            return;
        }
        break;
    case VL_DOC_INT:
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
    case VL_DOC_STRING:
    default:
        vl_text_append_printable(out, vl_doc_text(node));
        return;
    }
    append_json(node, out);
}

static const struct vl_doc_node *walk(const struct vl_doc_node *row, struct vl_span path)
{
    struct vl_span part;
    uint64_t index;
    while (row && vl_span_split(&path, '.', &part))
        row = vl_doc_is(row, VL_DOC_ARRAY) && vl_span_to_u64(part, &index) ? vl_doc_at(row, (size_t)index)
                                                                           : vl_doc_get_span(row, part);
    return row;
}

static const struct vl_doc_node *find(const struct table *t, const struct vl_doc_node *row, size_t column)
{
    struct vl_span choices = t->paths[column];
    struct vl_span path;
    const struct vl_doc_node *found = NULL;
    if (vl_doc_is(row, VL_DOC_ARRAY))
        return vl_doc_at(row, column);
    if (!vl_doc_is(row, VL_DOC_OBJECT))
        return column ? NULL : row;
    if (!t->by_path)
        return vl_doc_get_span(row, choices);
    while ((!found || vl_doc_is(found, VL_DOC_NULL)) && vl_span_split(&choices, '|', &path))
        found = walk(row, path);
    return found;
}

static size_t width_of(struct vl_span text)
{
    size_t n = 0;
    uint32_t rune;
    for (size_t at = 0; at < text.len; n++) {
        size_t step = vl_utf8_decode(vl_span_slice(text, at, text.len), &rune);
        at += step ? step : 1;
    }
    return n;
}

/* Up to `max` characters of it. */
static struct vl_span cut(struct vl_span text, size_t max)
{
    size_t at = 0;
    uint32_t rune;
    for (size_t n = 0; at < text.len && n < max; n++) {
        size_t step = vl_utf8_decode(vl_span_slice(text, at, text.len), &rune);
        at += step ? step : 1;
    }
    return vl_span_slice(text, 0, at);
}

static int cell_text(
    const struct table *t, const struct vl_doc_node *node, const char **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, CELL_MAX);
    append_cell(t, node, &text, 0);
    struct vl_span s = vl_buf_span(&text);
    if (t->format == VL_CLI_TABLE && width_of(s) > CELL_WIDE)
        *ret = vl_arena_printf(t->arena, "%.*s…", VL_SPAN_FMT(cut(s, CELL_WIDE - 1)));
    else
        *ret = vl_arena_dup_span(t->arena, s);
    return vl_arena_check(t->arena, "the table", err);
}

static void choose_columns(
    struct table *t, const struct vl_doc_node *row, const struct vl_cli_column *columns)
{
    for (size_t i = 0; columns && columns[i].title && t->n < VL_CLI_VIEW_COLUMNS_MAX; i++, t->n++) {
        t->titles[t->n] = columns[i].title;
        t->paths[t->n] = vl_span_str(columns[i].path);
        t->by_path = true;
    }
    if (t->n)
        return;
    if (!vl_doc_is(row, VL_DOC_OBJECT) && !vl_doc_is(row, VL_DOC_ARRAY)) {
        t->titles[t->n++] = "Result";
        return;
    }
    for (const struct vl_doc_node *n = vl_doc_first(row); n && t->n < VL_CLI_VIEW_COLUMNS_MAX;
        n = vl_doc_next(n)) {
        t->paths[t->n] = vl_doc_key(n);
        t->titles[t->n] = vl_doc_key(n).len ? vl_arena_dup_span(t->arena, vl_doc_key(n))
                                            : vl_arena_printf(t->arena, "Column%zu", t->n + 1);
        t->n++;
    }
}

static void pad(struct vl_buf *out, const char *text, size_t width, char with)
{
    vl_buf_append_str(out, text);
    for (size_t i = width_of(vl_span_str(text)); i < width; i++)
        vl_buf_append_char(out, with);
}

static void append_row(struct table *t, const char *const *cells, const size_t *widths, struct vl_buf *out)
{
    for (size_t c = 0; c < t->n; c++) {
        if (t->format == VL_CLI_TSV)
            vl_buf_printf(out, "%s%s", c ? "\t" : "", cells[c]);
        else if (c + 1 == t->n)
            vl_buf_append_str(out, cells[c]);
        else
            pad(out, cells[c], widths[c] + 2, ' ');
    }
    vl_buf_append_char(out, '\n');
}

/* An array, a row an item. An empty one prints nothing in tsv, and a sentence in a table. */
static int write_rows(struct table *t, const struct vl_doc_node *list, const struct vl_cli_column *columns,
    struct vl_buf *out, struct vl_err *err)
{
    size_t widths[VL_CLI_VIEW_COLUMNS_MAX] = {0};
    size_t rows = vl_doc_size(list);
    if (!rows) {
        vl_buf_append_str(out, t->format == VL_CLI_TABLE ? "none\n" : "");
        return 0;
    }
    choose_columns(t, vl_doc_first(list), columns);
    const char **cells = vl_arena_array(t->arena, rows * t->n + 1, sizeof(*cells));
    if (!cells)
        return vl_arena_check(t->arena, "the table", err);
    size_t at = 0;
    for (const struct vl_doc_node *row = vl_doc_first(list); row; row = vl_doc_next(row)) {
        for (size_t c = 0; c < t->n; c++, at++) {
            int r = cell_text(t, find(t, row, c), &cells[at], err);
            if (r < 0)
                return r;
            size_t wide = width_of(vl_span_str(cells[at]));
            widths[c] = wide > widths[c] ? wide : widths[c];
        }
    }
    for (size_t c = 0; c < t->n; c++) {
        size_t wide = width_of(vl_span_str(t->titles[c]));
        widths[c] = wide > widths[c] ? wide : widths[c];
    }
    if (t->format == VL_CLI_TABLE)
        append_row(t, t->titles, widths, out);
    for (size_t i = 0; i < rows; i++)
        append_row(t, cells + i * t->n, widths, out);
    return vl_buf_check(out, "the table", err);
}

/* One object: a line a member. */
static int write_members(struct table *t, const struct vl_doc_node *object,
    const struct vl_cli_column *columns, struct vl_buf *out, struct vl_err *err)
{
    size_t wide = 0;
    choose_columns(t, object, columns);
    for (size_t c = 0; c < t->n; c++)
        wide = width_of(vl_span_str(t->titles[c])) > wide ? width_of(vl_span_str(t->titles[c])) : wide;
    for (size_t c = 0; c < t->n; c++) {
        const char *text = NULL;
        int r = cell_text(t, find(t, object, c), &text, err);
        if (r < 0)
            return r;
        if (t->format == VL_CLI_TSV) {
            vl_buf_printf(out, "%s%s", c ? "\t" : "", text);
            continue;
        }
        pad(out, t->titles[c], wide + 2, ' ');
        vl_buf_append_str(out, text);
        vl_buf_append_char(out, '\n');
    }
    if (t->format == VL_CLI_TSV)
        vl_buf_append_char(out, '\n');
    return vl_buf_check(out, "the table", err);
}

static int write_table(enum vl_cli_format format, const struct vl_doc_node *node,
    const struct vl_cli_column *columns, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct table t = {.arena = arena, .format = format};
    const char *text = NULL;
    if (!arena)
        return vl_err_nomem(err);
    if (vl_doc_is(node, VL_DOC_ARRAY))
        return write_rows(&t, node, columns, out, err);
    if (vl_doc_is(node, VL_DOC_OBJECT))
        return write_members(&t, node, columns, out, err);
    int r = cell_text(&t, node, &text, err);
    if (r >= 0)
        vl_buf_printf(out, "%s\n", text);
    return r < 0 ? r : vl_buf_check(out, "the output", err);
}

static int write_node(enum vl_cli_format format, const struct vl_doc_node *node,
    const struct vl_cli_column *columns, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json json;
    switch (format) {
    case VL_CLI_JSON:
        vl_json_init(&json, out, true);
        vl_doc_write(node, &json);
        vl_buf_append_char(out, '\n');
        return vl_json_check(&json, "the output", err);
    case VL_CLI_YAML:
        vl_cli_yaml(node, out);
        return vl_buf_check(out, "the output", err);
    case VL_CLI_FORMAT_USUAL:
    case VL_CLI_TABLE:
    case VL_CLI_TSV:
    default:
        return write_table(format == VL_CLI_TSV ? format : VL_CLI_TABLE, node, columns, out, err);
    }
}

static int search(const struct vl_jmespath *expression, const struct vl_doc_node *node, struct vl_doc **ret,
    struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    vl_buf_init(&text, OUTPUT_MAX);
    vl_json_init(&json, &text, false);
    int r = vl_jmespath_search(expression, node, &json, err);
    if (r >= 0)
        r = vl_json_check(&json, "what --query gives", err);
    return r < 0 ? r : vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "what --query gives", ret, err);
}

/* {"value": […]}, as Azure's lists are. */
static int wrap(const struct vl_doc_node *node, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_json json;
    vl_buf_init(&text, OUTPUT_MAX);
    vl_json_init(&json, &text, false);
    vl_json_object(&json);
    vl_json_key(&json, "value");
    vl_doc_write(node, &json);
    vl_json_object_end(&json);
    int r = vl_json_check(&json, "the list", err);
    return r < 0 ? r : vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "the list", ret, err);
}

/* Our lists are arrays; queries written for az say "value[]". What gives nothing of the one is asked of the
 * other.
 */
static int take(const char *query, const struct vl_doc_node *node, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_jmespath_cleanup) struct vl_jmespath *expression = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *wrapped = NULL;
    int r = vl_jmespath_compile(vl_span_str(query), &expression, err);
    if (r >= 0)
        r = search(expression, node, ret, err);
    if (r < 0 || !vl_doc_is(node, VL_DOC_ARRAY) || !vl_doc_is(vl_doc_root(*ret), VL_DOC_NULL))
        return r;
    vl_doc_cleanup(ret);
    r = wrap(node, &wrapped, err);
    return r < 0 ? r : search(expression, vl_doc_root(wrapped), ret, err);
}

int vl_cli_view_write(const struct vl_cli_view *view, const struct vl_doc_node *node,
    const struct vl_cli_column *columns, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *taken = NULL;
    if (!view->query)
        return write_node(view->format, node, columns, out, err);
    int r = take(view->query, node, &taken, err);
    return r < 0 ? r
                 : write_node(view->format == VL_CLI_FORMAT_USUAL ? VL_CLI_JSON : view->format,
                       vl_doc_root(taken), NULL, out, err);
}

int vl_cli_view_print(const struct vl_cli_view *view, const struct vl_doc_node *node,
    const struct vl_cli_column *columns, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, OUTPUT_MAX);
    int r = vl_cli_view_write(view, node, columns, &out, err);
    return r < 0 ? r : vl_cli_print(&out, err);
}
