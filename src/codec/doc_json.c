/* JSON by yyjson. It reads a copy of the input in place, so that strings and raw numbers tell their offset;
 * the offsets of containers and literals, which yyjson does not keep, are found again in the untouched input.
 */
#include "doc_build.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/text.h"

/* Keys are values to yyjson. */
#define VALUES_MAX (2UL * VL_DOC_NODES_MAX + 64)

struct walk {
    struct doc_builder b;
    struct vl_span source;
    char *text;
    size_t cursor;                   /* no token that is still to come begins before it */
    bool at_string;                  /* the cursor stands on the first byte inside a string */
    uint32_t left[VL_DOC_DEPTH_MAX]; /* values still to come at each level */
    bool in_object[VL_DOC_DEPTH_MAX];
};

static void *limited_malloc(void *ctx, size_t size)
{
    (void)ctx;
    void *ptr = malloc(size);
    if (ptr)
        doc_prefer_huge(ptr, size);
    return ptr;
}

/* yyjson grows its value array by realloc; values that count are bounded by VL_DOC_NODES_MAX. */
static void *limited_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
    (void)old_size;
    if (size > VALUES_MAX * sizeof(yyjson_val)) {
        *(bool *)ctx = true;
        return NULL;
    }
    return realloc(ptr, size);
}

static void limited_free(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static void free_yyjson(yyjson_doc **doc)
{
    yyjson_doc_free(*doc);
}

bool doc_json_number(const char *text, double *ret)
{
    yyjson_val v;
    if (!yyjson_read_number(text, &v, YYJSON_READ_ALLOW_INF_AND_NAN, NULL, NULL))
        return false;
    *ret = yyjson_get_num(&v);
    return true;
}

/* Where a comment that begins at `at` ends; `at` itself where there is none. */
static size_t skip_comment(struct vl_span s, size_t at)
{
    if (at + 1 >= s.len || s.ptr[at] != '/')
        return at;
    bool line = s.ptr[at + 1] == '/';
    if (!line && s.ptr[at + 1] != '*')
        return at;
    struct vl_span rest = vl_span_slice(s, at + 2, s.len);
    size_t n = line ? vl_span_find_char(rest, '\n') : vl_span_find(rest, VL_SPAN_LIT("*/"));
    return n == SIZE_MAX ? s.len : at + 2 + n + (line ? 1 : 2);
}

/* The offset after the closing quote of the string whose first inner byte is at `at`. */
static size_t skip_string(struct vl_span s, size_t at)
{
    while (at < s.len && s.ptr[at] != '"')
        at += s.ptr[at] == '\\' ? 2 : 1;
    return at < s.len ? at + 1 : s.len;
}

/* Between two tokens stand only separators, white space, comments and closing brackets. */
static size_t find_token(struct walk *w)
{
    struct vl_span s = w->source;
    size_t at = w->at_string ? skip_string(s, w->cursor) : w->cursor;
    while (at < s.len) {
        char c = s.ptr[at];
        if (c == '/')
            at = skip_comment(s, at);
        else if (c == ' ' || c == ',' || c == ':' || c == '\n' || c == '\r' || c == '\t' || c == ']' ||
                 c == '}')
            at++;
        else
            break;
    }
    w->at_string = false;
    return at < s.len ? at : s.len;
}

static uint32_t literal_token(struct walk *w, size_t len)
{
    size_t at = find_token(w);
    w->cursor = at + len;
    return (uint32_t)at;
}

static enum vl_doc_type number_type(struct vl_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' || c == 'e' || c == 'E')
            return VL_DOC_FLOAT;
    }
    return text.len < 19 ? VL_DOC_INT : doc_integer_type(text);
}

static int add_literal(struct walk *w, enum vl_doc_type type, size_t len, struct vl_err *err)
{
    uint32_t at = literal_token(w, len);
    w->text[at + len] = '\0'; /* a separator or padding, which nobody needs any more */
    return doc_scalar(&w->b, type, at, len, (struct doc_place){.pos = at}, err);
}

static int add_value(struct walk *w, yyjson_val *v, struct vl_err *err)
{
    uint32_t at;
    size_t len = yyjson_get_len(v);
    switch (yyjson_get_type(v)) {
    case YYJSON_TYPE_STR:
        at = (uint32_t)(unsafe_yyjson_get_str(v) - w->text);
        w->cursor = at;
        w->at_string = true;
        return doc_scalar(&w->b, VL_DOC_STRING, at, len, (struct doc_place){.pos = at - 1}, err);
    case YYJSON_TYPE_RAW:
        at = (uint32_t)(unsafe_yyjson_get_raw(v) - w->text);
        w->cursor = at + len;
        w->at_string = false;
        w->text[at + len] = '\0';
        return doc_scalar(&w->b, number_type((struct vl_span){w->text + at, len}), at, len,
            (struct doc_place){.pos = at}, err);
    case YYJSON_TYPE_BOOL:
        return add_literal(w, VL_DOC_BOOL, unsafe_yyjson_is_true(v) ? 4 : 5, err);
    case YYJSON_TYPE_NULL:
        return add_literal(w, VL_DOC_NULL, 4, err);
    default:
        break;
    }
    bool object = yyjson_is_obj(v);
    at = literal_token(w, 1);
    int r = doc_open(&w->b, object ? VL_DOC_OBJECT : VL_DOC_ARRAY, (struct doc_place){.pos = at}, err);
    if (r < 0)
        return r;
    w->left[w->b.depth - 1] = (uint32_t)len;
    w->in_object[w->b.depth - 1] = object;
    return 0;
}

static int add_key(struct walk *w, yyjson_val *key, struct vl_err *err)
{
    uint32_t at = (uint32_t)(unsafe_yyjson_get_str(key) - w->text);
    w->cursor = at;
    w->at_string = true;
    return doc_key(&w->b, at, unsafe_yyjson_get_len(key), (struct doc_place){.pos = at - 1}, err);
}

/* yyjson's values stand in document order, a key before its value. */
static int convert(struct walk *w, yyjson_val *v, struct vl_err *err)
{
    for (;;) {
        int r = 0;
        unsigned depth = w->b.depth;
        if (depth) {
            w->left[depth - 1]--;
            if (w->in_object[depth - 1])
                r = add_key(w, v++, err);
        }
        if (r >= 0)
            r = add_value(w, v++, err);
        if (r < 0)
            return r;
        while (w->b.depth && w->left[w->b.depth - 1] == 0) {
            r = doc_close(&w->b, err);
            if (r < 0)
                return r;
        }
        if (w->b.depth == 0)
            return 0;
    }
}

static int fail_read(const struct vl_doc *doc, const char *name, struct vl_span source,
    const yyjson_read_err *e, struct vl_err *err)
{
    uint32_t line, column;
    doc_lines_locate(doc, (uint32_t)(e->pos < source.len ? e->pos : source.len), &line, &column);
    return doc_fail(err, VL_ERR_INVALID, name, line, column, "%s", e->msg ? e->msg : "no JSON");
}

/* A copy with the padding that yyjson wants. */
static char *copy_source(struct vl_span source)
{
    char *text = malloc(source.len + YYJSON_PADDING_SIZE);
    if (!text)
        return NULL;
    doc_prefer_huge(text, source.len);
    if (source.len)
        memcpy(text, source.ptr, source.len);
    memset(text + source.len, 0, YYJSON_PADDING_SIZE);
    return text;
}

static int read_values(struct walk *w, char *text, yyjson_read_flag flags, yyjson_doc **ret, size_t *ret_read,
    struct vl_err *err)
{
    bool over = false;
    const yyjson_alc alc = {limited_malloc, limited_realloc, limited_free, &over};
    yyjson_read_err e;
    if (w->source.len == 0)
        return doc_fail(err, VL_ERR_INVALID, w->b.name, w->b.doc->first_line, w->b.doc->first_column,
            "an empty JSON document");
    yyjson_doc *values = yyjson_read_opts(
        text, w->source.len, flags | YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW, &alc, &e);
    if (values) {
        *ret = values;
        return 0;
    }
    if (over)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d nodes", w->b.name, VL_DOC_NODES_MAX);
    if (e.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return vl_err_nomem(err);
    *ret_read = e.pos < w->source.len ? e.pos : w->source.len;
    return fail_read(w->b.doc, w->b.name, w->source, &e, err);
}

/* *ret_read, set in any case: how far the text is JSON. */
static int parse_one(struct vl_span source, yyjson_read_flag flags, struct doc_origin origin,
    const char *name, struct vl_doc **ret_doc, size_t *ret_read, struct vl_err *err)
{
    struct walk w;
    VL_CLEANUP(free_yyjson) yyjson_doc *values = NULL;
    w.source = source;
    w.cursor = 0;
    w.at_string = false;
    *ret_read = source.len;
    int r = doc_builder_init(&w.b, name, err);
    if (r < 0)
        return r;
    struct vl_doc *doc = w.b.doc;
    w.b.loose = origin.loose;
    doc->first_line = origin.line;
    doc->first_column = origin.column;
    doc->text = copy_source(source);
    w.text = doc->text;
    r = doc->text ? doc_lines_build(doc, source, err) : vl_err_nomem(err);
    if (r >= 0)
        r = read_values(&w, doc->text, flags, &values, ret_read, err);
    if (r >= 0)
        r = doc_reserve(&w.b, yyjson_doc_get_val_count(values), err);
    if (r >= 0)
        r = convert(&w, yyjson_doc_get_root(values), err);
    if (r < 0) {
        doc_builder_done(&w.b);
        return r;
    }
    *ret_doc = doc_builder_take(&w.b);
    return 0;
}

static yyjson_read_flag read_flags(enum vl_doc_format format)
{
    return format == VL_DOC_JSONC ? YYJSON_READ_ALLOW_COMMENTS | YYJSON_READ_ALLOW_TRAILING_COMMAS : 0;
}

/* yyjson does not look into comments. */
static int check_comments(
    struct vl_span input, enum vl_doc_format format, const char *name, struct vl_err *err)
{
    if (format == VL_DOC_JSONC && !vl_utf8_valid(input))
        return vl_err_set(err, VL_ERR_INVALID, "%s: not UTF-8", name);
    return 0;
}

static struct vl_span without_bom(struct vl_span input)
{
    return vl_span_slice(input, vl_span_starts_with(input, "\xef\xbb\xbf") ? 3 : 0, input.len);
}

int doc_json_parse(struct vl_span input, enum vl_doc_format format, const char *name, uint32_t first_line,
    struct vl_doc **ret_doc, struct vl_err *err)
{
    size_t read;
    int r = check_comments(input, format, name, err);
    if (r < 0)
        return r;
    const struct doc_origin origin = {first_line, 1, format == VL_DOC_JSON_LOOSE};
    return parse_one(without_bom(input), read_flags(format), origin, name, ret_doc, &read, err);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t skip_blank(struct vl_span s, size_t at, bool comments)
{
    while (at < s.len) {
        size_t next = is_space(s.ptr[at]) ? at + 1 : comments ? skip_comment(s, at) : at;
        if (next == at)
            break;
        at = next;
    }
    return at;
}

/* Where the value that begins at `at` ends, as far as brackets, quotes and white space tell; whether it is
 * one is the parser's business. */
static size_t value_end(struct vl_span s, size_t at, bool comments)
{
    size_t begin = at, depth = 0;
    while (at < s.len) {
        char c = s.ptr[at];
        bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        if (depth == 0 && at > begin && (is_space(c) || opens || c == '"'))
            return at;
        size_t next = c == '"' ? skip_string(s, at + 1) : c == '/' && comments ? skip_comment(s, at) : at + 1;
        at = next > at ? next : at + 1;
        depth += opens;
        if (closes && depth)
            depth--;
        if (depth == 0 && (closes || c == '"'))
            return at;
    }
    return at < s.len ? at : s.len;
}

static void advance(struct doc_origin *origin, struct vl_span passed)
{
    size_t n = vl_span_find_char(passed, '\n');
    while (n != SIZE_MAX) {
        origin->line++;
        origin->column = 1;
        passed = vl_span_slice(passed, n + 1, passed.len);
        n = vl_span_find_char(passed, '\n');
    }
    origin->column += (uint32_t)passed.len;
}

/* The next line behind `at` that begins as a document does. */
static size_t next_bracket(struct vl_span s, size_t at)
{
    do {
        size_t end = vl_span_find_char(vl_span_slice(s, at, s.len), '\n');
        at = end == SIZE_MAX ? s.len : at + end + 1;
    } while (at < s.len && s.ptr[at] != '{' && s.ptr[at] != '[');
    return at;
}

int doc_json_stream(struct vl_span input, enum vl_doc_format format, const struct vl_doc_json_reader *reader,
    struct vl_err *err)
{
    bool comments = format == VL_DOC_JSONC;
    struct vl_span s = without_bom(input);
    struct doc_origin origin = {.line = reader->first_line, .column = 1};
    uint64_t again = (uint64_t)s.len * VL_DOC_DAMAGE_MAX; /* bytes that may be read once more */
    int r = check_comments(input, format, reader->name, err);
    for (size_t at = 0; r >= 0;) {
        size_t begin = skip_blank(s, at, comments), read;
        if (begin >= s.len)
            return 0;
        size_t end = value_end(s, begin, comments);
        struct vl_doc *doc;
        advance(&origin, vl_span_slice(s, at, begin));
        r = parse_one(
            vl_span_slice(s, begin, end), read_flags(format), origin, reader->name, &doc, &read, err);
        if (r >= 0) {
            r = reader->each(doc, reader->user, err);
        } else if (err->code == VL_ERR_INVALID && reader->damaged) {
            reader->damaged(err, reader->user);
            vl_err_clear(err);
            r = 0;
            if (begin + read < end) { /* where it ends is a guess */
                if (again < end - begin)
                    return doc_fail(err, VL_ERR_LIMIT, reader->name, origin.line, origin.column,
                        "damaged in too many places: what follows is not read");
                again -= end - begin;
                end = next_bracket(s, begin + read);
            }
        }
        advance(&origin, vl_span_slice(s, begin, end));
        at = end;
    }
    return r;
}
