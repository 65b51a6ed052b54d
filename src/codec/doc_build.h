/* Private: the node layout of documents, and the builder that every format feeds in document order.
 *
 * Nodes stand in preorder in one run of 4 KiB pages (aligned to their size). Each page begins with a pointer
 * to the document, so that a node of 28 bytes needs none; everything in a node is an offset. */
#ifndef VL_CODEC_DOC_BUILD_H
#define VL_CODEC_DOC_BUILD_H

#include "base/buf.h"
#include "codec/doc.h"

#define DOC_PAGE_SIZE  4096U
#define DOC_PAGE_UNITS (DOC_PAGE_SIZE / sizeof(uint32_t))
#define DOC_PAGE_HEAD  (sizeof(struct vl_doc *) / sizeof(uint32_t))
#define DOC_NODE_UNITS (sizeof(struct vl_doc_node) / sizeof(uint32_t))
#define DOC_KEY_MAX    ((1U << 24) - 1) /* bytes of one key */
#define DOC_INDEX_MIN  16               /* members from which an object has a hash index */
#define DOC_TEXT_MAX   (UINT32_MAX - 1UL)

struct vl_doc_node {
    uint32_t next;   /* to the next sibling, in units of 4 bytes; 0 for the last */
    uint32_t text;   /* scalar: offset in doc->text; indexed object: offset in doc->index */
    uint32_t len;    /* scalar: bytes; container: items that are not hidden */
    uint32_t key;    /* offset in doc->text */
    uint32_t pos;    /* JSON: byte offset in the source; others: line */
    uint32_t column; /* others than JSON */
    uint32_t key_len : 24;
    uint32_t type : 4;
    uint32_t has_key : 1;
    uint32_t hidden : 1; /* a YAML merge entry: stands in the chain, is not shown */
    uint32_t indexed : 1;
};

struct vl_doc {
    uint32_t *pages;
    size_t page_bytes;
    bool pages_mapped; /* by mmap, else by aligned_alloc */
    bool by_offset;    /* nodes carry source offsets, `lines` translates them */
    char *text;
    uint32_t *index;
    size_t index_len, index_cap;
    uint64_t seed[2];
    uint32_t *lines; /* offsets at which the second and following lines begin */
    size_t n_lines;
    uint32_t first_line, first_column; /* of offset 0 */
};

struct doc_place {
    uint32_t pos, column;
};

struct doc_frame {
    uint32_t node; /* unit in pages */
    uint32_t last; /* last child so far, 0 for none */
};

struct doc_builder {
    struct vl_doc *doc;
    const char *name;
    uint32_t next_unit;
    uint32_t n_nodes;
    unsigned depth;
    size_t text_len, text_cap; /* of doc->text where doc_text_add() fills it */
    struct doc_frame stack[VL_DOC_DEPTH_MAX];
    /* the key of the next value */
    struct doc_place key_place;
    uint32_t key, key_len;
    bool has_key;
    bool loose; /* of members with one key the last counts */
};

/* Where a document begins in its stream. */
struct doc_origin {
    uint32_t line, column;
    bool loose; /* see VL_DOC_JSON_LOOSE */
};

VL_MUST_CHECK int doc_builder_init(struct doc_builder *b, const char *name, struct vl_err *err);
void doc_builder_done(struct doc_builder *b); /* frees what is not taken; for VL_CLEANUP */
struct vl_doc *doc_builder_take(struct doc_builder *b);

/* Room for `nodes` without a further move. */
VL_MUST_CHECK int doc_reserve(struct doc_builder *b, size_t nodes, struct vl_err *err);

VL_MUST_CHECK int doc_key(
    struct doc_builder *b, uint32_t key, size_t len, struct doc_place place, struct vl_err *err);
VL_MUST_CHECK int doc_scalar(struct doc_builder *b, enum vl_doc_type type, uint32_t text, size_t len,
    struct doc_place place, struct vl_err *err);
VL_MUST_CHECK int doc_open(
    struct doc_builder *b, enum vl_doc_type type, struct doc_place place, struct vl_err *err);
/* Appends a copy and a NUL to the document's text. */
VL_MUST_CHECK int doc_text_add(
    struct doc_builder *b, const void *bytes, size_t len, uint32_t *ret_text, struct vl_err *err);

/* Hides the value added or opened last; `parent` is the depth of its container. */
void doc_hide_last(struct doc_builder *b, unsigned parent);

/* Refuses duplicate keys. */
VL_MUST_CHECK int doc_close(struct doc_builder *b, struct vl_err *err);

/* The member of an object that has an index; NULL where absent. */
const struct vl_doc_node *doc_index_find(
    const struct vl_doc *doc, const struct vl_doc_node *object, struct vl_span key);

/* Of the time for a large document a third were page faults. For memory that is ours alone: a large malloc().
 */
void doc_prefer_huge(void *ptr, size_t bytes);

/* "name:line:column: message"; without the numbers where line is 0. Always negative. */
VL_MUST_CHECK VL_PRINTF(6, 7) int doc_fail(struct vl_err *err, enum vl_err_code code, const char *name,
    uint32_t line, uint32_t column, const char *fmt, ...);

static inline struct vl_doc_node *doc_node_at(const struct vl_doc *doc, uint32_t unit)
{
    return (struct vl_doc_node *)(doc->pages + unit);
}

/* 0 for NULL, which no node has. */
static inline uint32_t doc_unit_of(const struct vl_doc *doc, const struct vl_doc_node *node)
{
    return node ? (uint32_t)((const uint32_t *)node - doc->pages) : 0;
}

/* The first child, hidden or not, of a container that has one. */
static inline const struct vl_doc_node *doc_first_raw(const struct vl_doc_node *container)
{
    const uint32_t *p = (const uint32_t *)(container + 1);
    return (const struct vl_doc_node *)((uintptr_t)p % DOC_PAGE_SIZE ? p : p + DOC_PAGE_HEAD);
}

/* The line table, in doc.c. */
VL_MUST_CHECK int doc_lines_build(struct vl_doc *doc, struct vl_span source, struct vl_err *err);
void doc_lines_locate(const struct vl_doc *doc, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column);

/* Numbers, in doc_number.c. Underscores between digits and the prefixes 0x 0o 0b are understood. */
enum vl_doc_type doc_integer_type(struct vl_span text); /* INT, UINT or, where it fits neither, FLOAT */
bool doc_integer_parse(struct vl_span text, bool *ret_negative, uint64_t *ret);
bool doc_number_parse(struct vl_span text, double *ret);

/* JSON's decimal number, independent of the locale; `text` ends with a NUL. */
bool doc_json_number(const char *text, double *ret);

VL_MUST_CHECK int doc_json_parse(struct vl_span input, enum vl_doc_format format, const char *name,
    uint32_t first_line, struct vl_doc **ret_doc, struct vl_err *err);
VL_MUST_CHECK int doc_json_stream(struct vl_span input, enum vl_doc_format format,
    const struct vl_doc_json_reader *reader, struct vl_err *err);
VL_MUST_CHECK int doc_yaml_parse(struct vl_span input, enum vl_doc_format format, const char *name,
    struct vl_doc **ret_doc, struct vl_err *err);
VL_MUST_CHECK int doc_yaml_stream(struct vl_span input, enum vl_doc_format format, const char *name,
    int (*each)(struct vl_doc *doc, void *user, struct vl_err *err), void *user, struct vl_err *err);
VL_MUST_CHECK int doc_toml_parse(
    struct vl_span input, const char *name, struct vl_doc **ret_doc, struct vl_err *err);

#endif
