/* Where a byte of a text was written, and which name was meant. */
#include <string.h>

#include "ruleset_impl.h"

#define NEAR_NAME_MAX 64    /* longer names are not compared */
#define COLUMN_MAX    65536 /* columns counted in code points */

struct rs_place rs_place_of(const struct rs_source *source, const struct vl_doc_node *node)
{
    return (struct rs_place){source, vl_doc_line(node), vl_doc_column(node)};
}

/* --- lines of a file --- */

static bool index_lines(struct vl_ruleset *set, struct rs_source *source)
{
    uint32_t n = 1;
    if (source->lines)
        return true;
    for (size_t i = 0; i < source->text.len; i++)
        n += source->text.ptr[i] == '\n';
    source->lines = vl_arena_array(set->arena, n, sizeof(*source->lines));
    if (!source->lines)
        return false;
    source->n_lines = n;
    n = 1;
    for (size_t i = 0; i < source->text.len; i++)
        if (source->text.ptr[i] == '\n')
            source->lines[n++] = (uint32_t)i + 1;
    return true;
}

static size_t skip_columns(struct vl_span text, size_t at, uint32_t columns)
{
    for (; columns && at < text.len && text.ptr[at] != '\n'; columns--) {
        at++;
        while (at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

/* The line that holds byte `at`, by halving. */
static struct rs_place place_at(const struct rs_source *source, size_t at)
{
    uint32_t low = 0, high = source->n_lines, column = 1;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    if (at - source->lines[low] > COLUMN_MAX) /* of a huge line bytes are near enough */
        return (struct rs_place){source, low + 1, (uint32_t)(at - source->lines[low]) + 1};
    for (size_t i = source->lines[low]; i < at; i++)
        column += ((unsigned char)source->text.ptr[i] & 0xC0) != 0x80;
    return (struct rs_place){source, low + 1, column};
}

static size_t skip_blanks(struct vl_span text, size_t at)
{
    while (at < text.len && vl_char_is_blank(text.ptr[at]))
        at++;
    return at;
}

static size_t skip_line(struct vl_span text, size_t at)
{
    while (at < text.len && text.ptr[at] != '\n')
        at++;
    return at;
}

/* From a key to the first byte of its value: behind the colon, blanks, comments, a tag or an anchor, the sign
 * of a block or a quote. SIZE_MAX where it looks otherwise. */
static size_t value_start(struct vl_span text, size_t at)
{
    while (at < text.len && text.ptr[at] != ':' && text.ptr[at] != '\n')
        at++;
    if (at >= text.len || text.ptr[at] != ':')
        return SIZE_MAX;
    for (at = skip_blanks(text, at + 1); at < text.len; at = skip_blanks(text, at)) {
        char c = text.ptr[at];
        if (c == '|' || c == '>')
            return skip_blanks(text, skip_line(text, at));
        if (c == '#')
            at = skip_line(text, at);
        else if (c == '!' || c == '&')
            while (at < text.len && !vl_char_is_blank(text.ptr[at]))
                at++;
        else if (c == '*')
            return SIZE_MAX;
        else
            return c == '"' || c == '\'' ? at + 1 : at;
    }
    return SIZE_MAX;
}

/* The bytes of a scalar stand in the file in their order, with other blanks between and with escapes. */
static size_t follow(struct vl_span raw, size_t at, struct vl_span value, size_t offset)
{
    for (size_t i = 0; i < offset && i < value.len;) {
        if (vl_char_is_blank(value.ptr[i])) {
            while (i < value.len && vl_char_is_blank(value.ptr[i]))
                i++;
            at = skip_blanks(raw, at);
            if (i > offset)
                break;
            continue;
        }
        while (at < raw.len && raw.ptr[at] != value.ptr[i])
            at++;
        if (at >= raw.len)
            return SIZE_MAX;
        at++;
        i++;
    }
    if (offset < value.len && !vl_char_is_blank(value.ptr[offset])) {
        at = skip_blanks(raw, at);
        while (at < raw.len && raw.ptr[at] != value.ptr[offset] && raw.ptr[at] != '\n')
            at++;
    }
    return at < raw.len ? at : SIZE_MAX;
}

struct rs_place rs_scalar_place(struct vl_ruleset *set, const struct rs_scalar *scalar, size_t offset)
{
    struct rs_place key = scalar->key;
    struct rs_source *source = (struct rs_source *)(uintptr_t)key.source;
    if (set->problems.len >= VL_RULE_PROBLEMS_MAX ||
        key.column > COLUMN_MAX) /* not kept, or too far to be counted */
        return key;
    if (!source || !key.line || !scalar->value.len || !index_lines(set, source) || key.line > source->n_lines)
        return key;
    size_t at = skip_columns(source->text, source->lines[key.line - 1], key.column ? key.column - 1 : 0);
    at = value_start(source->text, at);
    if (at == SIZE_MAX)
        return key;
    at = follow(source->text, at, scalar->value, offset);
    return at == SIZE_MAX ? key : place_at(source, at);
}

struct rs_place rs_text_place(struct vl_ruleset *set, const struct rs_text *text, uint32_t offset)
{
    uint32_t low = 0, high = text->n_pieces;
    if (!text->n_pieces)
        return (struct rs_place){0};
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (text->pieces[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    const struct rs_piece *p = &text->pieces[low];
    return rs_scalar_place(set, p->scalar, p->from + (p->fixed ? 0 : offset - p->start));
}

/* --- texts that remember --- */

void rs_builder_init(struct rs_builder *b)
{
    vl_buf_init(&b->buf, VL_CONDITION_BYTES_MAX);
    vl_vec_init(&b->pieces, sizeof(struct rs_piece), RS_PIECES_MAX);
}

void rs_builder_done(struct rs_builder *b)
{
    vl_buf_done(&b->buf);
    vl_vec_done(&b->pieces);
}

static void add(
    struct rs_builder *b, const struct rs_scalar *scalar, uint32_t from, struct vl_span bytes, bool fixed)
{
    struct vl_err err = VL_ERR_INIT;
    struct rs_piece *last = b->pieces.len ? vl_vec_at(&b->pieces, b->pieces.len - 1) : NULL;
    uint32_t start = (uint32_t)b->buf.len;
    if (!bytes.len)
        return;
    vl_buf_append_span(&b->buf, bytes);
    if (last && fixed && last->fixed && last->scalar == scalar && last->from == from)
        return;
    if (last && !fixed && !last->fixed && last->scalar == scalar &&
        last->from + (start - last->start) == from)
        return;
    struct rs_piece *piece = vl_vec_push(&b->pieces, "pieces of a condition", &err);
    if (!piece) {
        b->buf.failed = b->buf.failed ? b->buf.failed : -E2BIG;
        return;
    }
    *piece = (struct rs_piece){start, from, scalar, fixed};
}

void rs_builder_copy(
    struct rs_builder *b, const struct rs_scalar *scalar, uint32_t from, struct vl_span bytes)
{
    add(b, scalar, from, bytes, false);
}

void rs_builder_put(struct rs_builder *b, const struct rs_scalar *scalar, uint32_t from, struct vl_span bytes)
{
    add(b, scalar, from, bytes, true);
}

int rs_builder_text(
    struct rs_builder *b, struct vl_arena *arena, const char *what, struct rs_text *ret, struct vl_err *err)
{
    int r = vl_buf_check(&b->buf, what, err);
    if (r < 0)
        return r;
    char *text = vl_arena_dup_span(arena, vl_buf_span(&b->buf));
    struct rs_piece *pieces = vl_arena_array(arena, b->pieces.len + 1, sizeof(*pieces));
    if (!text || !pieces)
        return vl_err_nomem(err);
    if (b->pieces.len)
        memcpy(pieces, b->pieces.items, b->pieces.len * sizeof(*pieces));
    *ret = (struct rs_text){NULL, {text, b->buf.len}, pieces, (uint32_t)b->pieces.len};
    return 0;
}

void rs_use_add(struct vl_arena *arena, struct rs_use **uses, const char *name)
{
    struct rs_use *use = vl_arena_alloc(arena, sizeof(*use));
    if (!use)
        return;
    *use = (struct rs_use){name, *uses};
    *uses = use;
}

/* --- names that were meant --- */

void rs_near_init(struct rs_near *near, struct vl_ruleset *set, struct vl_span name)
{
    *near = (struct rs_near){set, name, NULL, (unsigned)(name.len / 3) + 1};
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to insert, drop or change. */
static unsigned distance(struct vl_span a, struct vl_span b)
{
    unsigned row[NEAR_NAME_MAX + 1];
    for (unsigned j = 0; j <= b.len; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned change = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.len];
}

void rs_near_try(struct rs_near *near, const char *candidate)
{
    struct vl_span other = vl_span_str(candidate);
    if (near->name.len > NEAR_NAME_MAX || other.len > NEAR_NAME_MAX || !near->name.len ||
        vl_span_eq(near->name, other) || near->set->near_done >= RS_NEAR_MAX)
        return;
    near->set->near_done++;
    size_t longer = near->name.len > other.len ? near->name.len : other.len;
    size_t shorter = near->name.len < other.len ? near->name.len : other.len;
    if (longer - shorter > near->distance)
        return;
    unsigned d = distance(near->name, other);
    if (d < near->distance || (d == near->distance && !near->best)) {
        near->distance = d;
        near->best = candidate;
    }
}
