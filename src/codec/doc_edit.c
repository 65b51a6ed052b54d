/* The pieces of the text that a change touches are cut and filled; then the whole is parsed again
 * (doc_edit_verify.c). Changes are applied one after another, so that each sees the text the last one left.
 */
#include "codec/doc_edit.h"

#include "doc_edit_impl.h"
#include "doc_layout.h"

struct edit {
    struct vl_span text; /* of the one document */
    struct doc_layout *layout;
    struct edit_style style;
    const char *name, *pointer;
};

/* Where a pointer leads. */
struct edit_place {
    uint32_t container;
    uint32_t key;       /* of a mapping: node of the key; 0 where it has none */
    uint32_t value;     /* 0 where there is none yet */
    uint32_t previous;  /* the value or item before `key` or `value`, 0 for the first */
    uint32_t following; /* the key or item after it, 0 for the last */
};

static struct doc_layout_node *at(const struct edit *e, uint32_t index)
{
    return doc_layout_at(e->layout, index);
}

static int not_found(const struct edit *e, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: there is nothing at %s", e->name, e->pointer);
}

static int unsupported(const struct edit *e, const char *what, struct vl_err *err)
{
    return vl_err_set(
        err, VL_ERR_UNSUPPORTED, "%s: %s at %s cannot be changed in place", e->name, what, e->pointer);
}

/* --- lines --- */

static uint32_t line_start(const struct edit *e, uint32_t pos)
{
    while (pos && e->text.ptr[pos - 1] != '\n')
        pos--;
    return pos;
}

/* Where the line's text ends: before "\r\n" or "\n". */
static uint32_t line_end(const struct edit *e, uint32_t pos)
{
    while (pos < e->text.len && e->text.ptr[pos] != '\n')
        pos++;
    return pos && pos < e->text.len && e->text.ptr[pos - 1] == '\r' ? pos - 1 : pos;
}

static uint32_t next_line(const struct edit *e, uint32_t pos)
{
    while (pos < e->text.len && e->text.ptr[pos] != '\n')
        pos++;
    return pos < e->text.len ? pos + 1 : pos;
}

static unsigned column_of(const struct edit *e, uint32_t pos)
{
    unsigned column = 0;
    for (uint32_t i = line_start(e, pos); i < pos; i++)
        column += ((unsigned char)e->text.ptr[i] & 0xc0) != 0x80;
    return column;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool first_on_line(const struct edit *e, uint32_t pos)
{
    while (pos && (e->text.ptr[pos - 1] == ' ' || e->text.ptr[pos - 1] == '\t'))
        pos--;
    return pos == 0 || e->text.ptr[pos - 1] == '\n';
}

/* Where a node's own text ends: libyaml counts the line ends after a block scalar to it. */
static uint32_t content_end(const struct edit *e, uint32_t index)
{
    const struct doc_layout_node *node = at(e, index);
    while (
        !node->flow && (node->kind == DOC_LAYOUT_MAPPING || node->kind == DOC_LAYOUT_SEQUENCE) && node->last)
        node = at(e, node->last);
    uint32_t end = node->end;
    while (node->block_scalar && end > node->start && is_space(e->text.ptr[end - 1]))
        end--;
    return end;
}

/* --- cutting --- */

static void cut(struct edit *e, uint32_t from)
{
    vl_buf_append_span(e->style.out, vl_span_slice(e->text, 0, from));
}

static void rest(struct edit *e, uint32_t to)
{
    vl_buf_append_span(e->style.out, vl_span_slice(e->text, to, e->text.len));
}

static void new_line(struct edit *e, unsigned indent)
{
    vl_buf_append_str(e->style.out, e->style.line_end);
    for (unsigned i = 0; i < indent; i++)
        vl_buf_append_char(e->style.out, ' ');
}

/* The ":" of a member in block style. */
static int find_colon(const struct edit *e, uint32_t key, uint32_t *ret, struct vl_err *err)
{
    uint32_t pos = at(e, key)->end;
    while (pos < e->text.len && (e->text.ptr[pos] == ' ' || e->text.ptr[pos] == '\t'))
        pos++;
    if (pos >= e->text.len || e->text.ptr[pos] != ':')
        return unsupported(e, "a member with an explicit key (\"?\")", err);
    *ret = pos;
    return 0;
}

/* The "-" of an item in block style: on the same line, or alone on a line before. */
static int find_dash(const struct edit *e, uint32_t item, uint32_t *ret, struct vl_err *err)
{
    uint32_t pos = at(e, item)->start;
    for (;;) {
        while (pos && is_space(e->text.ptr[pos - 1]))
            pos--;
        if (pos && e->text.ptr[pos - 1] == '-') {
            *ret = pos - 1;
            return 0;
        }
        /* a comment between the dash and its item */
        uint32_t start = line_start(e, pos), hash = pos;
        while (hash > start && e->text.ptr[hash - 1] != '#')
            hash--;
        if (hash == start)
            return unsupported(e, "an item of this form", err);
        pos = hash - 1;
    }
}

/* Column of the members or dashes of a block collection, whose own start may be an anchor or a tag. */
static int indent_of(const struct edit *e, uint32_t collection, unsigned *ret, struct vl_err *err)
{
    uint32_t pos = at(e, at(e, collection)->first)->start;
    if (at(e, collection)->kind == DOC_LAYOUT_SEQUENCE) {
        int r = find_dash(e, at(e, collection)->first, &pos, err);
        if (r < 0)
            return r;
    }
    *ret = column_of(e, pos);
    return 0;
}

/* --- replacing a value --- */

static bool is_block_collection(const struct doc_layout_node *node)
{
    return !node->flow && (node->kind == DOC_LAYOUT_MAPPING || node->kind == DOC_LAYOUT_SEQUENCE);
}

static bool in_flow(const struct edit *e, uint32_t value)
{
    const struct doc_layout_node *node = at(e, value);
    return node->parent == UINT32_MAX ? node->flow : at(e, node->parent)->flow;
}

/* `key` is 0 for an item and for the root. */
static int put_line(
    struct edit *e, uint32_t key, uint32_t value, const struct edit_content *content, struct vl_err *err)
{
    const struct doc_layout_node *node = at(e, value);
    uint32_t from = node->start;
    if (key && is_block_collection(node)) {
        int r = find_colon(e, key, &from, err);
        if (r < 0)
            return r;
        from++;
    }
    cut(e, from);
    if (from && !is_space(e->text.ptr[from - 1]))
        vl_buf_append_char(e->style.out, ' ');
    doc_edit_flow(&e->style, content);
    rest(e, content_end(e, value));
    return 0;
}

/* A value that stood on the line of its key goes onto lines of its own; a comment on that line stays there.
 */
static int put_below_key(
    struct edit *e, uint32_t key, uint32_t value, const struct edit_content *content, struct vl_err *err)
{
    /* gcc -O3 does not see that a failed search ends here */
    uint32_t colon = 0, container = at(e, value)->parent;
    unsigned indent = 0;
    int r = find_colon(e, key, &colon, err);
    if (r >= 0)
        r = indent_of(e, container, &indent, err);
    if (r < 0)
        return r;
    if (!doc_edit_is_sequence(content))
        indent += 2;
    uint32_t end = content_end(e, value), stop = line_end(e, end);
    cut(e, colon + 1);
    struct vl_span comment = vl_span_trim(vl_span_slice(e->text, end, stop));
    if (comment.len) {
        vl_buf_append_char(e->style.out, ' ');
        vl_buf_append_span(e->style.out, comment);
    }
    new_line(e, indent);
    doc_edit_block(&e->style, content, indent);
    rest(e, stop);
    return 0;
}

static int put(
    struct edit *e, uint32_t key, uint32_t value, const struct edit_content *content, struct vl_err *err)
{
    const struct doc_layout_node *node = at(e, value);
    if (node->kind == DOC_LAYOUT_ALIAS)
        return unsupported(e, "an alias", err);
    if (in_flow(e, value)) {
        cut(e, node->start);
        doc_edit_flow(&e->style, content);
        rest(e, node->end);
        return 0;
    }
    if (!doc_edit_is_block(content))
        return put_line(e, key, value, content, err);
    if (key && !is_block_collection(node))
        return put_below_key(e, key, value, content, err);
    unsigned indent = column_of(e, node->start);
    if (is_block_collection(node)) {
        int r = indent_of(e, value, &indent, err);
        if (r < 0)
            return r;
    }
    cut(e, node->start);
    if (node->start && !is_space(e->text.ptr[node->start - 1])) {
        vl_buf_append_char(e->style.out, ' '); /* an item that was empty: "-" */
        indent++;
    }
    doc_edit_block(&e->style, content, indent);
    rest(e, content_end(e, value));
    return 0;
}

/* --- adding --- */

/* After the last entry of brackets: behind a trailing comma if there is one, on a new line if they are
 * written so. */
static int add_last_in_flow(struct edit *e, uint32_t container, const struct edit_content *content)
{
    const struct doc_layout_node *node = at(e, container);
    uint32_t entry = node->last;
    if (node->kind == DOC_LAYOUT_MAPPING) {
        for (uint32_t k = node->first; k; k = at(e, at(e, k)->next)->next)
            entry = k;
    }
    uint32_t end = at(e, node->last)->end, comma = end;
    while (comma < e->text.len && is_space(e->text.ptr[comma]))
        comma++;
    bool has_comma = comma < e->text.len && e->text.ptr[comma] == ',';
    bool own_line = first_on_line(e, at(e, entry)->start);
    unsigned indent = column_of(e, at(e, entry)->start);
    cut(e, has_comma ? comma + 1 : end);
    if (!has_comma)
        vl_buf_append_char(e->style.out, ',');
    if (own_line)
        new_line(e, indent);
    else
        vl_buf_append_char(e->style.out, ' ');
    if (content->wrap == EDIT_MEMBER) {
        doc_edit_flow_member(&e->style, content->key, content->value);
    } else {
        struct edit_content value = {.wrap = EDIT_VALUE, .value = content->value};
        doc_edit_flow(&e->style, &value);
    }
    rest(e, has_comma ? comma + 1 : end);
    return 0;
}

static uint32_t key_of(const struct edit *e, uint32_t value)
{
    uint32_t parent = at(e, value)->parent;
    if (parent == UINT32_MAX || at(e, parent)->kind != DOC_LAYOUT_MAPPING)
        return 0;
    for (uint32_t k = at(e, parent)->first; k; k = at(e, at(e, k)->next)->next) {
        if (at(e, k)->next == value)
            return k;
    }
    return 0;
}

/* "member" or "item" is what the content wraps. */
static int add_last(
    struct edit *e, uint32_t container, const struct edit_content *content, struct vl_err *err)
{
    const struct doc_layout_node *node = at(e, container);
    if (node->n == 0)
        return put(e, key_of(e, container), container, content, err);
    if (node->flow)
        return add_last_in_flow(e, container, content);
    unsigned indent;
    int r = indent_of(e, container, &indent, err);
    if (r < 0)
        return r;
    uint32_t stop = line_end(e, content_end(e, container));
    cut(e, stop);
    new_line(e, indent);
    doc_edit_block(&e->style, content, indent);
    rest(e, stop);
    return 0;
}

static int add_before(
    struct edit *e, uint32_t container, uint32_t item, const struct vl_doc_node *value, struct vl_err *err)
{
    struct edit_content content = {.wrap = EDIT_VALUE, .value = value};
    if (at(e, container)->flow) {
        cut(e, at(e, item)->start);
        doc_edit_flow(&e->style, &content);
        vl_buf_append_str(e->style.out, ", ");
        rest(e, at(e, item)->start);
        return 0;
    }
    uint32_t dash;
    int r = find_dash(e, item, &dash, err);
    if (r < 0)
        return r;
    unsigned indent = column_of(e, dash);
    cut(e, dash);
    doc_edit_item(&e->style, value, indent);
    new_line(e, indent);
    rest(e, dash);
    return 0;
}

/* --- removing --- */

static int remove_entry(struct edit *e, const struct edit_place *p, struct vl_err *err)
{
    const struct doc_layout_node *container = at(e, p->container);
    bool mapping = container->kind == DOC_LAYOUT_MAPPING;
    uint32_t start = at(e, p->key ? p->key : p->value)->start, end = content_end(e, p->value);
    if (container->n == (mapping ? 2U : 1U)) {
        struct edit_content none = {.wrap = mapping ? EDIT_NO_MEMBERS : EDIT_NO_ITEMS};
        return put(e, key_of(e, p->container), p->container, &none, err);
    }
    uint32_t next = p->following ? at(e, p->following)->start : 0;
    if (container->flow) {
        cut(e, p->following ? start : at(e, p->previous)->end);
        rest(e, p->following ? next : end);
        return 0;
    }
    int r = mapping ? 0 : find_dash(e, p->value, &start, err);
    if (r >= 0 && p->following && !mapping)
        r = find_dash(e, p->following, &next, err);
    if (r < 0)
        return r;
    if (first_on_line(e, start)) {
        cut(e, line_start(e, start));
        rest(e, next_line(e, end));
    } else { /* "- a: 1": the next member moves up */
        cut(e, start);
        rest(e, next);
    }
    return 0;
}

/* --- one change --- */

static int find_member(const struct edit *e, struct vl_span token, struct edit_place *p, struct vl_err *err)
{
    bool merged = false;
    uint32_t previous = 0;
    for (uint32_t k = at(e, p->container)->first; k; k = at(e, at(e, k)->next)->next) {
        const struct doc_layout_node *key = at(e, k);
        if (!key->next)
            return unsupported(e, "a mapping of this form", err);
        struct vl_span text = doc_layout_text(e->layout, key);
        if (key->kind == DOC_LAYOUT_SCALAR && vl_span_eq(text, token)) {
            p->key = k;
            p->value = key->next;
            p->previous = previous;
            p->following = at(e, key->next)->next;
            return 0;
        }
        merged |= key->plain && vl_span_eq_str(text, "<<");
        previous = key->next;
    }
    return merged ? unsupported(e, "a merged mapping (\"<<\")", err) : 0;
}

static int find_item(const struct edit *e, struct vl_span token, struct edit_place *p, struct vl_err *err)
{
    size_t index;
    const struct doc_layout_node *container = at(e, p->container);
    if (vl_span_eq_str(token, "-"))
        return 0;
    if (!doc_edit_index(token, &index) || index > container->n)
        return not_found(e, err);
    uint32_t item = container->first, previous = 0;
    for (; index && item; index--) {
        previous = item;
        item = at(e, item)->next;
    }
    p->value = item;
    p->previous = previous;
    p->following = item ? at(e, item)->next : 0;
    return 0;
}

/* The place of the last token; the ones before it must exist. */
static int find_place(const struct edit *e, char bytes[VL_DOC_EDIT_POINTER + 1], struct edit_place *ret,
    struct vl_span *ret_token, struct vl_err *err)
{
    struct vl_span left = vl_span_str(e->pointer);
    if (left.len > VL_DOC_EDIT_POINTER)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: a pointer longer than %d bytes", e->name, VL_DOC_EDIT_POINTER);
    uint32_t container = 0;
    while (doc_edit_next_token(&left, bytes, ret_token)) {
        *ret = (struct edit_place){.container = container};
        int kind = at(e, container)->kind, r;
        if (kind == DOC_LAYOUT_ALIAS)
            return unsupported(e, "an alias", err);
        if (kind == DOC_LAYOUT_MAPPING)
            r = find_member(e, *ret_token, ret, err);
        else if (kind == DOC_LAYOUT_SEQUENCE)
            r = find_item(e, *ret_token, ret, err);
        else
            r = not_found(e, err);
        if (r < 0 || left.len == 0)
            return r;
        if (!ret->value)
            return not_found(e, err);
        container = ret->value;
    }
    return not_found(e, err);
}

static int apply(struct edit *e, const struct vl_doc_change *change, struct vl_err *err)
{
    char bytes[VL_DOC_EDIT_POINTER + 1];
    struct edit_place p = {0};
    struct vl_span token = {0};
    e->pointer = change->pointer;
    int r = find_place(e, bytes, &p, &token, err);
    if (r < 0)
        return r;
    bool mapping = at(e, p.container)->kind == DOC_LAYOUT_MAPPING;
    struct edit_content content = {.wrap = EDIT_VALUE, .key = token, .value = change->value};
    if (change->op != VL_DOC_CHANGE_ADD) {
        if (!p.value)
            return not_found(e, err);
        return change->op == VL_DOC_CHANGE_REMOVE ? remove_entry(e, &p, err)
                                                  : put(e, p.key, p.value, &content, err);
    }
    if (mapping && p.value)
        return put(e, p.key, p.value, &content, err);
    if (p.value)
        return add_before(e, p.container, p.value, change->value, err);
    content.wrap = mapping ? EDIT_MEMBER : EDIT_ITEM;
    return add_last(e, p.container, &content, err);
}

static int take_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)err;
    struct vl_doc **ret = user;
    if (*ret)
        vl_doc_free(doc);
    else
        *ret = doc;
    return 0;
}

static int parse_one(struct vl_span text, const char *name, struct vl_doc **ret, struct vl_err *err)
{
    *ret = NULL;
    int r = vl_doc_parse_stream(text, VL_DOC_YAML, name, take_document, ret, err);
    if (r >= 0 && !*ret)
        return vl_err_set(err, VL_ERR_INVALID, "%s: no document", name);
    if (r < 0) {
        vl_doc_free(*ret);
        *ret = NULL;
    }
    return r;
}

static int verify(const struct vl_doc *before, struct vl_span text, const struct vl_doc_change *change,
    const char *name, struct vl_doc **ret_after, struct vl_err *err)
{
    int r = parse_one(text, name, ret_after, err);
    if (r < 0)
        return vl_err_wrap(err, "after the change at %s", change->pointer);
    if (doc_edit_verify(vl_doc_root(before), vl_doc_root(*ret_after), change))
        return 0;
    vl_doc_free(*ret_after);
    *ret_after = NULL;
    return vl_err_set(err, VL_ERR_UNSUPPORTED,
        "%s: the change at %s cannot be made without changing something else in this text", name,
        change->pointer);
}

static const char *line_end_of(struct vl_span text)
{
    size_t first = vl_span_find_char(text, '\n');
    return first != SIZE_MAX && first && text.ptr[first - 1] == '\r' ? "\r\n" : "\n";
}

/* `current` holds the document's text before and after; `spare` is for the work. */
static int apply_all(struct vl_buf *current, struct vl_buf *spare, const struct vl_doc_change *changes,
    size_t n, const char *name, struct vl_err *err)
{
    struct doc_layout layout VL_CLEANUP(doc_layout_done);
    struct vl_doc *before VL_CLEANUP(vl_doc_cleanup) = NULL;
    doc_layout_init(&layout);
    int r = parse_one(vl_buf_span(current), name, &before, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        struct edit e = {.text = vl_buf_span(current), .layout = &layout, .name = name, .pointer = ""};
        vl_buf_clear(spare);
        r = doc_layout_read(&layout, e.text, 0, name, err);
        if (r < 0)
            break;
        e.style = (struct edit_style){
            .out = spare, .line_end = line_end_of(e.text), .quote_all = doc_layout_at(&layout, 0)->flow};
        r = apply(&e, &changes[i], err);
        if (r >= 0)
            r = vl_buf_check(spare, name, err);
        struct vl_doc *after = NULL;
        if (r >= 0)
            r = verify(before, vl_buf_span(spare), &changes[i], name, &after, err);
        if (r < 0)
            break;
        vl_doc_free(before);
        before = after;
        struct vl_buf done = *current;
        *current = *spare;
        *spare = done;
    }
    return r;
}

int vl_doc_edit(struct vl_span text, size_t document, const struct vl_doc_change *changes, size_t n_changes,
    const char *name, struct vl_buf *out, struct vl_err *err)
{
    if (text.len > VL_DOC_EDIT_TEXT || n_changes > VL_DOC_EDIT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: over %d changes or %lu MiB of text", name, VL_DOC_EDIT_MAX,
            VL_DOC_EDIT_TEXT >> 20);
    uint32_t from, to;
    int r = doc_layout_document(text, document, name, &from, &to, err);
    if (r < 0)
        return r;
    struct vl_buf current VL_CLEANUP(vl_buf_done), spare VL_CLEANUP(vl_buf_done);
    vl_buf_init(&current, VL_DOC_EDIT_TEXT);
    vl_buf_init(&spare, VL_DOC_EDIT_TEXT);
    vl_buf_append_span(&current, vl_span_slice(text, from, to));
    r = apply_all(&current, &spare, changes, n_changes, name, err);
    if (r < 0)
        return r;
    vl_buf_append_span(out, vl_span_slice(text, 0, from));
    vl_buf_append_span(out, vl_buf_span(&current));
    vl_buf_append_span(out, vl_span_slice(text, to, text.len));
    return vl_buf_check(out, name, err);
}
