/* YAML by libyaml's events. Plain scalars are resolved by the core schema of YAML 1.2 (chapter 10.3.2),
 * aliases are copied within VL_DOC_ALIAS_MAX, and "<<" merges as https://yaml.org/type/merge.html says. */
#include "doc_build.h"
#include "doc_layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/lazy.h"
#include "base/map.h"
#include "base/text.h"
#include "load_impl.h"

#define NUMBER_TEXT_MAX  80 /* of an integer with its prefix; longer ones are none */
#define ANCHOR_NAMES_MAX (64UL * 1024 * 1024)
#define TAG_PREFIX       "tag:yaml.org,2002:"

#define FUNCTIONS(F)            \
    F(yaml_event_delete)        \
    F(yaml_parser_delete)       \
    F(yaml_parser_initialize)   \
    F(yaml_parser_parse)        \
    F(yaml_parser_set_encoding) \
    F(yaml_parser_set_input_string)
VL_LAZY_LIBRARY(libyaml, FUNCTIONS, "libyaml-0.so.2", "YAML")

int codec_load_yaml(struct vl_err *err)
{
    return libyaml_load(err);
}

/* What an alias stands for: a container in the tree, or a scalar, which a key can be too. */
struct anchor {
    uint32_t node; /* 0 for a scalar */
    enum vl_doc_type type;
    uint32_t text, len;
};

struct walk {
    struct doc_builder b;
    yaml_parser_t *parser;
    struct vl_map anchors;  /* name -> struct anchor */
    struct vl_arena *names; /* of the anchors and their values */
    uint32_t copied;        /* nodes that aliases and merges added */
    bool want_key[VL_DOC_DEPTH_MAX + 1];
    bool merges[VL_DOC_DEPTH_MAX + 1]; /* the mapping has a "<<" */
    bool is_merge;                     /* the next value is that of a "<<" */
    bool kubernetes;                   /* plain scalars as kubectl reads them */
};

static struct doc_place place_of(const yaml_event_t *event)
{
    return (struct doc_place){(uint32_t)event->start_mark.line + 1, (uint32_t)event->start_mark.column + 1};
}

static int fail_event(const struct walk *w, const yaml_event_t *event, enum vl_err_code code,
    const char *what, struct vl_err *err)
{
    struct doc_place p = place_of(event);
    return doc_fail(err, code, w->b.name, p.pos, p.column, "%s", what);
}

static bool is_one_of(struct vl_span s, const char *const *words, size_t n)
{
    char first = s.len ? s.ptr[0] : '\0';
    for (size_t i = 0; i < n; i++) {
        if (words[i][0] == first && vl_span_eq_str(s, words[i]))
            return true;
    }
    return false;
}

static size_t count_digits(struct vl_span s, size_t at, const char *digits)
{
    size_t n = 0;
    while (at + n < s.len && s.ptr[at + n] && strchr(digits, s.ptr[at + n]))
        n++;
    return n;
}

static bool is_float(struct vl_span s)
{
    static const char digits[] = "0123456789";
    size_t at = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;
    size_t whole = count_digits(s, at, digits), fraction = 0;
    at += whole;
    if (at < s.len && s.ptr[at] == '.') {
        fraction = count_digits(s, at + 1, digits);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < s.len && (s.ptr[at] | 0x20) == 'e') {
        at++;
        at += at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+') ? 1 : 0;
        size_t exponent = count_digits(s, at, digits);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == s.len;
}

static bool is_integer(struct vl_span s)
{
    if (vl_span_starts_with(s, "0x"))
        return s.len > 2 && 2 + count_digits(s, 2, "0123456789abcdefABCDEF") == s.len;
    if (vl_span_starts_with(s, "0o"))
        return s.len > 2 && 2 + count_digits(s, 2, "01234567") == s.len;
    size_t sign = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;
    return s.len > sign && sign + count_digits(s, sign, "0123456789") == s.len;
}

static enum vl_doc_type resolve_plain(struct vl_span s)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    static const char *const specials[] = {
        ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN"};
    if (is_one_of(s, nulls, VL_ARRAY_LEN(nulls)))
        return VL_DOC_NULL;
    if (is_integer(s))
        return doc_integer_type(s);
    if (is_float(s) || is_one_of(s, specials, VL_ARRAY_LEN(specials)))
        return VL_DOC_FLOAT;
    return is_one_of(s, bools, VL_ARRAY_LEN(bools)) ? VL_DOC_BOOL : VL_DOC_STRING;
}

static bool is_number(enum vl_doc_type type)
{
    return type == VL_DOC_INT || type == VL_DOC_UINT || type == VL_DOC_FLOAT;
}

/* "!!int 0x10" and the like; tags that the core schema does not know leave a string. */
static bool resolve_tagged(struct vl_span tag, struct vl_span s, enum vl_doc_type *ret)
{
    enum vl_doc_type plain = resolve_plain(s);
    *ret = VL_DOC_STRING;
    if (vl_span_eq_str(tag, YAML_FLOAT_TAG)) {
        *ret = VL_DOC_FLOAT;
        return is_number(plain);
    }
    if (vl_span_eq_str(tag, YAML_INT_TAG)) {
        *ret = plain;
        return is_number(plain) && is_integer(s);
    }
    if (vl_span_eq_str(tag, YAML_BOOL_TAG) || vl_span_eq_str(tag, YAML_NULL_TAG)) {
        *ret = vl_span_eq_str(tag, YAML_BOOL_TAG) ? VL_DOC_BOOL : VL_DOC_NULL;
        return plain == *ret;
    }
    return true;
}

static int scalar_type(
    const struct walk *w, const yaml_event_t *event, enum vl_doc_type *ret, struct vl_err *err)
{
    struct vl_span s = {(const char *)event->data.scalar.value, event->data.scalar.length};
    const char *tag = (const char *)event->data.scalar.tag;
    if (!tag) {
        bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        *ret = plain ? resolve_plain(s) : VL_DOC_STRING;
        return 0;
    }
    if (!resolve_tagged(vl_span_str(tag), s, ret))
        return fail_event(w, event, VL_ERR_INVALID, "the value does not fit its tag", err);
    return 0;
}

static int keep_anchor(struct walk *w, const yaml_char_t *name, struct anchor anchor, struct vl_err *err)
{
    if (!name)
        return 0;
    struct vl_map_slot *slot;
    char *key = vl_arena_strdup(w->names, (const char *)name);
    struct anchor *kept = vl_arena_alloc(w->names, sizeof(*kept));
    if (!key || !kept)
        return vl_arena_check(w->names, w->b.name, err);
    *kept = anchor;
    int r = vl_map_put(&w->anchors, vl_span_str(key), &slot, NULL, err);
    if (r >= 0)
        slot->value.ptr = kept;
    return r;
}

static bool in_mapping(const struct walk *w)
{
    return w->b.depth && doc_node_at(w->b.doc, w->b.stack[w->b.depth - 1].node)->type == VL_DOC_OBJECT;
}

static bool at_key(const struct walk *w)
{
    return in_mapping(w) && w->want_key[w->b.depth];
}

/* A value begins in the container of depth `parent`: it is the one of a "<<" or the last of its kind. */
static void value_added(struct walk *w, unsigned parent)
{
    if (w->is_merge)
        doc_hide_last(&w->b, parent);
    w->is_merge = false;
    w->want_key[parent] = true;
}

static int add_key(struct walk *w, const yaml_event_t *event, struct anchor text, struct vl_err *err)
{
    w->want_key[w->b.depth] = false;
    return doc_key(&w->b, text.text, text.len, place_of(event), err);
}

/* An unquoted "<<" without a tag, or with that of its own. */
static bool is_merge_key(const yaml_event_t *event)
{
    const char *tag = (const char *)event->data.scalar.tag;
    struct vl_span s = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (tag)
        return strcmp(tag, TAG_PREFIX "merge") == 0;
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && vl_span_eq_str(s, "<<");
}

/* Base of "0b11", "0X1F", "0o7" (*ret_prefix 2) and "0644"; 10 of all else. */
static int go_base(const char *digits, size_t *ret_prefix)
{
    *ret_prefix = digits[0] == '0' && digits[1] && strchr("bBoOxX", digits[1]) ? 2 : 0;
    if (*ret_prefix)
        return strchr("bB", digits[1]) ? 2 : strchr("xX", digits[1]) ? 16 : 8;
    return digits[0] == '0' && digits[1] ? 8 : 10;
}

/* A number that Go reads in base 0 and the core schema does not: 0644, 0b11, 0X1F, 1_000. */
static bool go_integer(struct vl_span s, char text[NUMBER_TEXT_MAX])
{
    char plain[NUMBER_TEXT_MAX];
    size_t n = 0, prefix = 0;
    for (size_t i = 0; i < s.len && n < sizeof(plain); i++) {
        if (s.ptr[i] != '_')
            plain[n++] = s.ptr[i];
    }
    if (n == sizeof(plain))
        return false;
    plain[n] = '\0';
    bool negative = plain[0] == '-';
    const char *digits = plain + (negative || plain[0] == '+');
    int base = go_base(digits, &prefix);
    digits += prefix;
    if (!*digits || strspn(digits, "0123456789abcdefABCDEF") != strlen(digits))
        return false;
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, base);
    if (errno || *end != '\0' || (negative && value > (unsigned long long)INT64_MAX + 1))
        return false;
    (void)snprintf(text, NUMBER_TEXT_MAX, "%s%llu", negative ? "-" : "", value);
    return true;
}

/* What kubectl reads: sigs.k8s.io/yaml, that is go.yaml.in/yaml/v2, resolve.go. */
static struct vl_span as_kubernetes(struct vl_span s, char text[NUMBER_TEXT_MAX])
{
    static const char *const yes[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
    static const char *const no[] = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"};
    bool number = s.len && ((s.ptr[0] >= '0' && s.ptr[0] <= '9') || s.ptr[0] == '-' || s.ptr[0] == '+');
    if (is_one_of(s, yes, VL_ARRAY_LEN(yes)))
        return VL_SPAN_LIT("true");
    if (is_one_of(s, no, VL_ARRAY_LEN(no)))
        return VL_SPAN_LIT("false");
    return number && go_integer(s, text) ? vl_span_str(text) : s;
}

static int on_scalar(struct walk *w, const yaml_event_t *event, struct vl_err *err)
{
    char number[NUMBER_TEXT_MAX];
    struct vl_span s = {(const char *)event->data.scalar.value, event->data.scalar.length};
    bool plain = !event->data.scalar.tag && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (w->kubernetes && plain)
        s = as_kubernetes(s, number);
    struct anchor a = {.len = (uint32_t)s.len};
    int r = plain ? 0 : scalar_type(w, event, &a.type, err);
    if (plain)
        a.type = resolve_plain(s);
    if (r >= 0)
        r = doc_text_add(&w->b, s.len ? s.ptr : "", s.len, &a.text, err);
    if (r >= 0)
        r = keep_anchor(w, event->data.scalar.anchor, a, err);
    if (r < 0)
        return r;
    if (at_key(w)) {
        if (is_merge_key(event)) {
            if (w->merges[w->b.depth])
                return fail_event(w, event, VL_ERR_INVALID, "duplicate key \"<<\"", err);
            w->merges[w->b.depth] = w->is_merge = true;
        }
        return add_key(w, event, a, err);
    }
    r = doc_scalar(&w->b, a.type, a.text, a.len, place_of(event), err);
    if (r >= 0)
        value_added(w, w->b.depth);
    return r;
}

static int on_open(struct walk *w, const yaml_event_t *event, enum vl_doc_type type, const yaml_char_t *name,
    struct vl_err *err)
{
    if (at_key(w))
        return fail_event(w, event, VL_ERR_UNSUPPORTED, "a key that is no scalar", err);
    unsigned parent = w->b.depth;
    int r = doc_open(&w->b, type, place_of(event), err);
    if (r < 0)
        return r;
    value_added(w, parent);
    w->want_key[w->b.depth] = true;
    w->merges[w->b.depth] = false;
    return keep_anchor(w, name, (struct anchor){.node = w->b.stack[w->b.depth - 1].node, .type = type}, err);
}

static int copy_node(struct walk *w, uint32_t unit, const struct doc_place *place, struct vl_err *err)
{
    const struct vl_doc_node node = *doc_node_at(w->b.doc, unit);
    struct doc_place p = place ? *place : (struct doc_place){node.pos, node.column};
    if (++w->copied > VL_DOC_ALIAS_MAX)
        return doc_fail(err, VL_ERR_LIMIT, w->b.name, p.pos, p.column, "aliases add more than %d nodes",
            VL_DOC_ALIAS_MAX);
    if (node.type == VL_DOC_ARRAY || node.type == VL_DOC_OBJECT)
        return doc_open(&w->b, (enum vl_doc_type)node.type, p, err);
    return doc_scalar(&w->b, (enum vl_doc_type)node.type, node.text, node.len, p, err);
}

/* Copies the value at `unit` to the end; the pages may move under it, so that only units are kept. */
static int copy_tree(struct walk *w, uint32_t unit, const struct doc_place *place, struct vl_err *err)
{
    struct vl_doc *doc = w->b.doc;
    uint32_t todo[VL_DOC_DEPTH_MAX];
    unsigned level = 0, depth = w->b.depth;
    int r = copy_node(w, unit, place, err);
    if (r >= 0 && w->b.depth > depth)
        todo[level++] = doc_unit_of(doc, vl_doc_first(doc_node_at(doc, unit)));
    while (r >= 0 && level) {
        uint32_t from = todo[level - 1];
        if (from == 0) {
            level--;
            r = doc_close(&w->b, err);
            continue;
        }
        const struct vl_doc_node *node = doc_node_at(doc, from);
        todo[level - 1] = doc_unit_of(doc, vl_doc_next(node));
        if (node->has_key)
            r = doc_key(&w->b, node->key, node->key_len, (struct doc_place){node->pos, node->column}, err);
        depth = w->b.depth;
        if (r >= 0)
            r = copy_node(w, from, NULL, err);
        if (r >= 0 && w->b.depth > depth)
            todo[level++] = doc_unit_of(doc, vl_doc_first(doc_node_at(doc, from)));
    }
    return r;
}

static int on_alias(struct walk *w, const yaml_event_t *event, struct vl_err *err)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct vl_map_slot *slot = vl_map_get(&w->anchors, vl_span_str(name));
    if (!slot)
        return fail_event(w, event, VL_ERR_INVALID, "an alias without its anchor", err);
    struct anchor a = *(const struct anchor *)slot->value.ptr;
    for (unsigned i = 0; a.node && i < w->b.depth; i++) {
        if (w->b.stack[i].node == a.node)
            return fail_event(w, event, VL_ERR_INVALID, "an alias inside of what it stands for", err);
    }
    if (at_key(w)) {
        if (a.node)
            return fail_event(w, event, VL_ERR_UNSUPPORTED, "a key that is no scalar", err);
        return add_key(w, event, a, err);
    }
    struct doc_place place = place_of(event);
    int r;
    if (a.node)
        r = copy_tree(w, a.node, &place, err);
    else if (++w->copied > VL_DOC_ALIAS_MAX)
        r = fail_event(w, event, VL_ERR_LIMIT, "too many aliases", err);
    else
        r = doc_scalar(&w->b, a.type, a.text, a.len, place, err);
    if (r >= 0)
        value_added(w, w->b.depth);
    return r;
}

/* Adds the members of `source` that the open mapping does not have yet. */
static int merge_members(struct walk *w, struct vl_map *keys, uint32_t source, struct vl_err *err)
{
    struct vl_doc *doc = w->b.doc;
    const struct vl_doc_node *from = doc_node_at(doc, source);
    if (from->type != VL_DOC_OBJECT)
        return doc_fail(err, VL_ERR_INVALID, w->b.name, from->pos, from->column,
            "\"<<\" wants a mapping or a list of mappings");
    int r = 0;
    for (uint32_t unit = doc_unit_of(doc, vl_doc_first(from)); unit && r >= 0;) {
        const struct vl_doc_node *m = doc_node_at(doc, unit);
        struct vl_map_slot *slot;
        bool added;
        uint32_t next = doc_unit_of(doc, vl_doc_next(m));
        r = vl_map_put(keys, vl_doc_key(m), &slot, &added, err);
        if (r >= 0 && added) {
            r = doc_key(&w->b, m->key, m->key_len, (struct doc_place){m->pos, m->column}, err);
            if (r >= 0)
                r = copy_tree(w, unit, NULL, err);
        }
        unit = next;
    }
    return r;
}

static int merge_all(struct walk *w, struct vl_map *keys, struct vl_err *err)
{
    struct vl_doc *doc = w->b.doc;
    const struct vl_doc_node *object = doc_node_at(doc, w->b.stack[w->b.depth - 1].node);
    for (const struct vl_doc_node *m = vl_doc_first(object); m; m = vl_doc_next(m)) {
        struct vl_map_slot *slot;
        int r = vl_map_put(keys, vl_doc_key(m), &slot, NULL, err);
        if (r < 0)
            return r;
    }
    const struct vl_doc_node *merge = doc_first_raw(object);
    while (!merge->hidden)
        merge = (const struct vl_doc_node *)((const uint32_t *)merge + merge->next);
    if (merge->type != VL_DOC_ARRAY)
        return merge_members(w, keys, doc_unit_of(doc, merge), err);
    int r = 0;
    for (uint32_t unit = doc_unit_of(doc, vl_doc_first(merge)); unit && r >= 0;) {
        uint32_t next = doc_unit_of(doc, vl_doc_next(doc_node_at(doc, unit)));
        r = merge_members(w, keys, unit, err);
        unit = next;
    }
    return r;
}

static int on_close(struct walk *w, struct vl_err *err)
{
    int r = 0;
    if (in_mapping(w) && w->merges[w->b.depth]) {
        struct vl_map keys;
        vl_map_init(&keys, VL_DOC_NODES_MAX);
        r = merge_all(w, &keys, err);
        vl_map_done(&keys);
    }
    return r < 0 ? r : doc_close(&w->b, err);
}

static int on_event(struct walk *w, const yaml_event_t *event, struct vl_err *err)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(w, event, err);
    case YAML_ALIAS_EVENT:
        return on_alias(w, event, err);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(w, event, VL_DOC_ARRAY, event->data.sequence_start.anchor, err);
    case YAML_MAPPING_START_EVENT:
        return on_open(w, event, VL_DOC_OBJECT, event->data.mapping_start.anchor, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(w, err);
    default:
        return 0;
    }
}

static int fail_parser(const struct walk *w, struct vl_err *err)
{
    const yaml_parser_t *p = w->parser;
    const char *problem = p->problem ? p->problem : "not readable";
    if (p->error == YAML_MEMORY_ERROR)
        return vl_err_nomem(err);
    /* The reader runs ahead of the tokens; its offset is of the last byte it could read. */
    const yaml_mark_t *mark = p->error == YAML_READER_ERROR ? &p->mark : &p->problem_mark;
    /* A quote that is not closed is found at the end of the text: where it begins is what helps. */
    if (p->context && p->error != YAML_READER_ERROR && p->context_mark.line != mark->line)
        return doc_fail(err, VL_ERR_INVALID, w->b.name, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1,
            "%s (from %zu:%zu on), %s", p->context, p->context_mark.line + 1, p->context_mark.column + 1,
            problem);
    return doc_fail(err, VL_ERR_INVALID, w->b.name, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1,
        "%s%s%s", p->context ? p->context : "", p->context ? ", " : "", problem);
}

static int next_event(struct walk *w, yaml_event_t *event, struct vl_err *err)
{
    return libyaml.yaml_parser_parse(w->parser, event) ? 0 : fail_parser(w, err);
}

/* Reads up to the end of the document whose start event has been seen. */
static int read_document(struct walk *w, struct vl_err *err)
{
    for (;;) {
        yaml_event_t event;
        int r = next_event(w, &event, err);
        if (r < 0)
            return r;
        bool end = event.type == YAML_DOCUMENT_END_EVENT;
        r = on_event(w, &event, err);
        libyaml.yaml_event_delete(&event);
        if (r < 0 || end)
            return r;
    }
}

static int walk_begin(struct walk *w, const char *name, struct vl_err *err)
{
    vl_map_init(&w->anchors, VL_DOC_NODES_MAX);
    w->copied = 0;
    w->is_merge = false;
    memset(w->want_key, 0, sizeof(w->want_key));
    memset(w->merges, 0, sizeof(w->merges));
    w->names = vl_arena_new(ANCHOR_NAMES_MAX);
    w->b.doc = NULL;
    return w->names ? doc_builder_init(&w->b, name, err) : vl_err_nomem(err);
}

static void walk_end(struct walk *w)
{
    vl_map_done(&w->anchors);
    vl_arena_free(w->names);
    doc_builder_done(&w->b);
}

/* The next document of the stream; *ret_doc is NULL at the end. */
static int next_document(yaml_parser_t *parser, enum vl_doc_format format, const char *name,
    struct vl_doc **ret_doc, struct vl_err *err)
{
    struct walk w;
    w.parser = parser;
    w.kubernetes = format == VL_DOC_YAML_KUBERNETES;
    *ret_doc = NULL;
    int r = walk_begin(&w, name, err);
    bool begun = false, ended = false;
    while (r >= 0 && !begun && !ended) {
        yaml_event_t event;
        r = next_event(&w, &event, err);
        if (r >= 0) {
            begun = event.type == YAML_DOCUMENT_START_EVENT;
            ended = event.type == YAML_STREAM_END_EVENT || event.type == YAML_NO_EVENT;
            libyaml.yaml_event_delete(&event);
        }
    }
    if (begun)
        r = read_document(&w, err);
    if (r >= 0 && begun)
        *ret_doc = doc_builder_take(&w.b);
    walk_end(&w);
    return r;
}

static int start_parser(yaml_parser_t *parser, struct vl_span input, const char *name, struct vl_err *err)
{
    if (!vl_utf8_valid(input))
        return vl_err_set(err, VL_ERR_INVALID, "%s: not UTF-8", name);
    int r = libyaml_load(err);
    if (r < 0)
        return r;
    if (!libyaml.yaml_parser_initialize(parser))
        return vl_err_nomem(err);
    size_t bom = vl_span_starts_with(input, "\xef\xbb\xbf") ? 3 : 0;
    libyaml.yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    libyaml.yaml_parser_set_input_string(
        parser, (const unsigned char *)(input.len ? input.ptr : "") + bom, input.len - bom);
    return 0;
}

static int null_document(const char *name, struct vl_doc **ret_doc, struct vl_err *err)
{
    struct doc_builder b;
    uint32_t text = 0;
    int r = doc_builder_init(&b, name, err);
    if (r >= 0)
        r = doc_text_add(&b, "", 0, &text, err);
    if (r >= 0)
        r = doc_scalar(&b, VL_DOC_NULL, text, 0, (struct doc_place){0}, err);
    if (r >= 0)
        *ret_doc = doc_builder_take(&b);
    doc_builder_done(&b);
    return r;
}

int doc_yaml_parse(struct vl_span input, enum vl_doc_format format, const char *name, struct vl_doc **ret_doc,
    struct vl_err *err)
{
    yaml_parser_t parser;
    struct vl_doc *doc;
    int r = start_parser(&parser, input, name, err);
    if (r < 0)
        return r;
    r = next_document(&parser, format, name, &doc, err);
    libyaml.yaml_parser_delete(&parser);
    if (r < 0)
        return r;
    if (!doc)
        return null_document(name, ret_doc, err);
    *ret_doc = doc;
    return 0;
}

int doc_yaml_stream(struct vl_span input, enum vl_doc_format format, const char *name,
    int (*each)(struct vl_doc *doc, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    yaml_parser_t parser;
    int r = start_parser(&parser, input, name, err);
    if (r < 0)
        return r;
    for (;;) {
        struct vl_doc *doc;
        r = next_document(&parser, format, name, &doc, err);
        if (r < 0 || !doc)
            break;
        r = each(doc, user, err);
        if (r < 0)
            break;
    }
    libyaml.yaml_parser_delete(&parser);
    return r;
}

/* False for events that tell nothing of the layout. */
static bool layout_event(const yaml_event_t *from, struct doc_yaml_event *ret)
{
    *ret = (struct doc_yaml_event){.start = from->start_mark.index, .end = from->end_mark.index};
    switch (from->type) {
    case YAML_DOCUMENT_START_EVENT:
        ret->type = DOC_YAML_DOCUMENT;
        return true;
    case YAML_DOCUMENT_END_EVENT:
        ret->type = DOC_YAML_DOCUMENT_END;
        return true;
    case YAML_ALIAS_EVENT:
        ret->type = DOC_YAML_LEAF;
        ret->kind = DOC_LAYOUT_ALIAS;
        return true;
    case YAML_SCALAR_EVENT:
        ret->type = DOC_YAML_LEAF;
        ret->kind = DOC_LAYOUT_SCALAR;
        ret->block_scalar = from->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
                            from->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
        ret->double_quoted = from->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
        ret->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        ret->text = (struct vl_span){(const char *)from->data.scalar.value, from->data.scalar.length};
        return true;
    case YAML_SEQUENCE_START_EVENT:
        ret->type = DOC_YAML_OPEN;
        ret->kind = DOC_LAYOUT_SEQUENCE;
        ret->flow = from->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
        return true;
    case YAML_MAPPING_START_EVENT:
        ret->type = DOC_YAML_OPEN;
        ret->kind = DOC_LAYOUT_MAPPING;
        ret->flow = from->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
        return true;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        ret->type = DOC_YAML_CLOSE;
        return true;
    default:
        return false;
    }
}

int doc_yaml_events(struct vl_span input, const char *name,
    int (*each)(const struct doc_yaml_event *event, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    yaml_parser_t parser;
    struct walk w = {.parser = &parser, .b.name = name};
    int r = start_parser(&parser, input, name, err);
    if (r < 0)
        return r;
    for (bool ended = false; r >= 0 && !ended;) {
        yaml_event_t event;
        struct doc_yaml_event told;
        r = next_event(&w, &event, err);
        if (r < 0)
            break;
        ended = event.type == YAML_STREAM_END_EVENT || event.type == YAML_NO_EVENT;
        if (layout_event(&event, &told))
            r = each(&told, user, err);
        libyaml.yaml_event_delete(&event);
    }
    libyaml.yaml_parser_delete(&parser);
    return r;
}
