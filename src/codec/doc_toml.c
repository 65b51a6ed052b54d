/* TOML 1.0 by toml++, which recurses and keeps some 100 bytes a value: depth, size and number of values are
 * bounded by a look at the source before it runs. */
#include "doc_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "doc_toml_shim.h"

#define TOML_BYTES_MAX  (64UL * 1024 * 1024)
#define TOML_VALUES_MAX 4000000U
#define RUNE_STRIDE     256U /* bytes between two entries of the rune table */

/* What the source nests, seen from outside: brackets, and the dots of keys, which make a table each. */
struct scan {
    struct vl_span s;
    size_t at;
    const char *name;
    unsigned header;                     /* levels of the current [table] */
    unsigned level;                      /* open brackets of a value */
    unsigned keys[VL_DOC_DEPTH_MAX + 1]; /* dots of the key whose value is open, by level */
    unsigned total;                      /* all keys[] */
    unsigned run;                        /* dots since the last separator */
    bool line_start, in_header;
    uint32_t line;
    size_t values;
};

struct walk {
    struct doc_builder b;
    struct vl_span source;
    uint32_t *runes; /* code points before every RUNE_STRIDE bytes; NULL where all is ASCII */
};

static void skip_quoted(struct scan *c)
{
    char quote = c->s.ptr[c->at];
    struct vl_span rest = vl_span_slice(c->s, c->at, c->s.len);
    bool multi = vl_span_starts_with(rest, quote == '"' ? "\"\"\"" : "'''");
    size_t at = multi ? 3 : 1;
    for (; at < rest.len; at++) {
        char ch = rest.ptr[at];
        if (ch == '\n' && !multi)
            break;
        if (ch == '\n')
            c->line++;
        if (ch == '\\' && quote == '"') {
            at++;
            continue;
        }
        if (ch == quote &&
            (!multi || (at + 2 < rest.len && rest.ptr[at + 1] == quote && rest.ptr[at + 2] == quote))) {
            at += multi ? 3 : 1;
            break;
        }
    }
    c->at += at < rest.len ? at : rest.len;
}

static void end_member(struct scan *c)
{
    c->total -= c->keys[c->level];
    c->keys[c->level] = 0;
    c->run = 0;
}

static void scan_newline(struct scan *c)
{
    c->line++;
    c->run = 0;
    if (c->level == 0) {
        end_member(c);
        c->line_start = true;
        c->in_header = false;
    }
}

static void scan_bracket(struct scan *c, char ch)
{
    if (ch == '[' && c->level == 0 && (c->line_start || c->in_header)) {
        c->header = c->line_start ? 1 : 2;
        c->in_header = true;
    } else if (ch == '[' || ch == '{') {
        c->level++;
        c->run = 0;
    } else if (c->in_header) {
        c->header += c->run;
        c->in_header = false;
        c->run = 0;
    } else if (c->level) {
        end_member(c);
        c->level--;
    }
}

static void scan_char(struct scan *c, char ch)
{
    switch (ch) {
    case '\n':
        scan_newline(c);
        return;
    case '[':
    case ']':
    case '{':
    case '}':
        scan_bracket(c, ch);
        break;
    case '.':
        c->run++;
        break;
    case '=':
        c->keys[c->level] += c->run;
        c->total += c->run;
        c->run = 0;
        c->values++;
        break;
    case ',':
        end_member(c);
        c->values++;
        break;
    default:
        break;
    }
    c->line_start = c->line_start && (ch == ' ' || ch == '\t');
}

static int check_limits(struct vl_span source, const char *name, struct vl_err *err)
{
    struct scan c = {.s = source, .name = name, .line_start = true, .line = 1};
    while (c.at < source.len) {
        char ch = source.ptr[c.at];
        if (ch == '#') {
            size_t n = vl_span_find_char(vl_span_slice(source, c.at, source.len), '\n');
            c.at = n == SIZE_MAX ? source.len : c.at + n;
            continue;
        }
        if (ch == '"' || ch == '\'') {
            skip_quoted(&c);
            c.line_start = false;
            continue;
        }
        c.at++;
        scan_char(&c, ch);
        if (c.header + c.level + c.total + c.run > VL_DOC_DEPTH_MAX)
            return doc_fail(
                err, VL_ERR_LIMIT, name, c.line, 1, "nested deeper than %d levels", VL_DOC_DEPTH_MAX);
        if (c.values > TOML_VALUES_MAX)
            return doc_fail(err, VL_ERR_LIMIT, name, c.line, 1, "more than %u values", TOML_VALUES_MAX);
    }
    return 0;
}

static bool begins_rune(char c)
{
    return ((uint8_t)c & 0xc0) != 0x80;
}

/* toml++ counts columns in code points; a look-up must not walk a long line from its beginning each time. */
static int count_runes(struct walk *w, struct vl_err *err)
{
    struct vl_span s = w->source;
    size_t i = 0;
    while (i < s.len && (uint8_t)s.ptr[i] < 0x80)
        i++;
    if (i == s.len)
        return 0;
    w->runes = malloc((s.len / RUNE_STRIDE + 1) * sizeof(*w->runes));
    if (!w->runes)
        return vl_err_nomem(err);
    uint32_t n = 0;
    for (i = 0; i < s.len; i++) {
        if (i % RUNE_STRIDE == 0)
            w->runes[i / RUNE_STRIDE] = n;
        n += begins_rune(s.ptr[i]);
    }
    return 0;
}

static uint32_t runes_before(const struct walk *w, size_t offset)
{
    size_t block = offset / RUNE_STRIDE;
    uint32_t n = w->runes[block];
    for (size_t i = block * RUNE_STRIDE; i < offset; i++)
        n += begins_rune(w->source.ptr[i]);
    return n;
}

/* The offset of the code point number `rune`. */
static size_t rune_offset(const struct walk *w, uint64_t rune)
{
    struct vl_span s = w->source;
    size_t lo = 0, hi = (s.len - 1) / RUNE_STRIDE + 1; /* blocks that begin at or before it */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (w->runes[mid] <= rune)
            lo = mid + 1;
        else
            hi = mid;
    }
    size_t at = lo ? (lo - 1) * RUNE_STRIDE : 0;
    uint64_t n = w->runes[at / RUNE_STRIDE];
    for (; at < s.len; at++) {
        if (begins_rune(s.ptr[at]) && n++ == rune)
            break;
    }
    return at;
}

static size_t offset_of(const struct walk *w, struct doc_toml_place p)
{
    const struct vl_doc *doc = w->b.doc;
    if (p.line == 0 || p.line - 1 > doc->n_lines || p.column == 0)
        return SIZE_MAX;
    size_t line = p.line == 1 ? 0 : doc->lines[p.line - 2];
    if (!w->runes)
        return line + p.column - 1;
    return rune_offset(w, (uint64_t)runes_before(w, line) + p.column - 1);
}

/* The value as the source has it; the empty span where the positions do not hold what was read. */
static struct vl_span written(const struct walk *w, const struct doc_toml_scalar *v)
{
    size_t from = offset_of(w, v->begin), to = offset_of(w, v->end);
    if (from >= to || to > w->source.len)
        return VL_SPAN_EMPTY;
    struct vl_span s = vl_span_trim(vl_span_slice(w->source, from, to));
    bool negative;
    uint64_t u;
    double d;
    switch (v->kind) {
    case DOC_TOML_INTEGER:
        return doc_integer_parse(s, &negative, &u) && (int64_t)(negative ? 0 - u : u) == v->integer
                   ? s
                   : VL_SPAN_EMPTY;
    case DOC_TOML_FLOAT:
        return doc_number_parse(s, &d) ? s : VL_SPAN_EMPTY;
    case DOC_TOML_DATE:
        return s.len && s.ptr[0] >= '0' && s.ptr[0] <= '9' ? s : VL_SPAN_EMPTY;
    default:
        return VL_SPAN_EMPTY;
    }
}

static struct doc_place place_of(struct doc_toml_place p)
{
    return (struct doc_place){p.line, p.column};
}

struct events {
    struct walk w;
    struct vl_err *err;
};

static int on_open(void *user, bool table, struct doc_toml_place place)
{
    struct events *e = user;
    return doc_open(&e->w.b, table ? VL_DOC_OBJECT : VL_DOC_ARRAY, place_of(place), e->err);
}

static int on_close(void *user)
{
    struct events *e = user;
    return doc_close(&e->w.b, e->err);
}

static int on_key(void *user, const char *text, size_t len, struct doc_toml_place place)
{
    struct events *e = user;
    uint32_t at;
    int r = doc_text_add(&e->w.b, text, len, &at, e->err);
    return r < 0 ? r : doc_key(&e->w.b, at, len, place_of(place), e->err);
}

static int on_scalar(void *user, const struct doc_toml_scalar *v)
{
    static const enum vl_doc_type types[] = {
        [DOC_TOML_STRING] = VL_DOC_STRING,
        [DOC_TOML_INTEGER] = VL_DOC_INT,
        [DOC_TOML_FLOAT] = VL_DOC_FLOAT,
        [DOC_TOML_BOOLEAN] = VL_DOC_BOOL,
        [DOC_TOML_DATE] = VL_DOC_STRING,
    };
    struct events *e = user;
    struct vl_span text = written(&e->w, v);
    uint32_t at;
    if (text.len == 0)
        text = (struct vl_span){v->text, v->len};
    int r = doc_text_add(&e->w.b, text.ptr, text.len, &at, e->err);
    return r < 0 ? r : doc_scalar(&e->w.b, types[v->kind], at, text.len, place_of(v->begin), e->err);
}

static int read_source(struct events *e)
{
    const struct doc_toml_sink sink = {e, on_open, on_close, on_key, on_scalar};
    struct doc_toml_problem problem;
    struct vl_span s = e->w.source;
    int r = doc_toml_read(s.len ? s.ptr : "", s.len, &sink, &problem);
    if (r == DOC_TOML_SYNTAX)
        return doc_fail(e->err, VL_ERR_INVALID, e->w.b.name, problem.place.line, problem.place.column, "%s",
            problem.text);
    return r == DOC_TOML_NOMEM ? vl_err_nomem(e->err) : r;
}

int doc_toml_parse(struct vl_span input, const char *name, struct vl_doc **ret_doc, struct vl_err *err)
{
    struct events e = {.err = err};
    if (input.len > TOML_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: TOML of more than %lu bytes", name, TOML_BYTES_MAX);
    if (!vl_utf8_valid(input))
        return vl_err_set(err, VL_ERR_INVALID, "%s: not UTF-8", name);
    e.w.source = vl_span_slice(input, vl_span_starts_with(input, "\xef\xbb\xbf") ? 3 : 0, input.len);
    int r = check_limits(e.w.source, name, err);
    if (r >= 0)
        r = doc_builder_init(&e.w.b, name, err);
    if (r >= 0)
        r = count_runes(&e.w, err);
    if (r >= 0)
        r = doc_lines_build(e.w.b.doc, e.w.source, err);
    if (r >= 0) {
        e.w.b.doc->by_offset = false; /* toml++ tells lines and columns itself */
        r = read_source(&e);
    }
    if (r >= 0)
        *ret_doc = doc_builder_take(&e.w.b);
    free(e.w.runes);
    doc_builder_done(&e.w.b);
    return r < 0 ? r : 0;
}
