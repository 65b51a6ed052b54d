/* Documents: JSON, YAML and TOML as one read-only tree with source positions.
 *
 * yyjson, libyaml and toml++ do the lexing; this header is the only thing the rest of the tree sees of them.
 * Duplicate keys are refused in every format but VL_DOC_JSON_LOOSE, since two parsers that pick different
 * ones are a way around a policy. */
#ifndef VL_CODEC_DOC_H
#define VL_CODEC_DOC_H

#include "base/err.h"
#include "base/span.h"

#define VL_DOC_DEPTH_MAX 128 /* nesting of arrays and objects */
#define VL_DOC_BYTES_MAX \
    (1024UL * 1024 * 1024)        /* default limit of the input where the caller has no smaller one */
#define VL_DOC_NODES_MAX 50000000 /* nodes of one document */
#define VL_DOC_ALIAS_MAX 100000   /* nodes that YAML aliases may add in total ("billion laughs") */

enum vl_doc_format {
    VL_DOC_JSON,
    VL_DOC_JSON_LOOSE, /* of members with one key the last counts, as JavaScript, Go and Python have it: for
                          files that other programs take as they are (package.json) */
    VL_DOC_JSONC,      /* JSON with comments and trailing commas (bun.lock, tsconfig) */
    VL_DOC_YAML,       /* YAML 1.1 as libyaml reads it, scalars by the core schema of YAML 1.2 */
    VL_DOC_YAML_KUBERNETES, /* the same with scalars as kubectl reads them (sigs.k8s.io/yaml, YAML 1.1): yes,
                               on and y are true, 0644 is octal; their text is then "true" and "420" */
    VL_DOC_TOML,
};

enum vl_doc_type {
    VL_DOC_NULL,
    VL_DOC_BOOL,
    VL_DOC_INT,  /* fits int64_t */
    VL_DOC_UINT, /* over INT64_MAX */
    VL_DOC_FLOAT,
    VL_DOC_STRING, /* valid UTF-8; TOML dates are strings */
    VL_DOC_ARRAY,
    VL_DOC_OBJECT,
};

struct vl_doc;      /* owns all nodes and strings */
struct vl_doc_node; /* lent by its document */

/* Parses one document. `name` is for messages. Strings of the tree are lent by the document; `input` may be
 * freed afterwards. YAML: the first document of a stream (an empty stream is a null node). Errors name line
 * and column. */
VL_MUST_CHECK int vl_doc_parse(struct vl_span input, enum vl_doc_format format, const char *name,
    struct vl_doc **ret_doc, struct vl_err *err);

/* Parses a stream of documents: YAML's "---", JSON lines or concatenated JSON. Calls `each` for every one,
 * which takes ownership of the document; a negative return ends the walk and is returned. */
VL_MUST_CHECK int vl_doc_parse_stream(struct vl_span input, enum vl_doc_format format, const char *name,
    int (*each)(struct vl_doc *doc, void *user, struct vl_err *err), void *user, struct vl_err *err);

/* vl_doc_parse() of JSON that begins on line `first_line` of what `name` is: places of nodes and errors count
 * from there. */
VL_MUST_CHECK int vl_doc_parse_json_line(
    struct vl_span input, const char *name, uint32_t first_line, struct vl_doc **ret_doc, struct vl_err *err);

/* JSON documents one after the other, of which some may be damaged. */
struct vl_doc_json_reader {
    const char *name;
    uint32_t first_line;
    int (*each)(struct vl_doc *doc, void *user, struct vl_err *err); /* as of vl_doc_parse_stream() */
    /* Is told what is wrong with a document (VL_ERR_INVALID, with its place). Reading goes on behind it;
     * where it has no end, with the next line that begins with a bracket. NULL: the first error ends the
     * walk. */
    void (*damaged)(const struct vl_err *why, void *user);
    void *user;
};
#define VL_DOC_DAMAGE_MAX 64U /* so often the input is read again behind damage; more is VL_ERR_LIMIT */
VL_MUST_CHECK int vl_doc_parse_json_documents(
    struct vl_span input, const struct vl_doc_json_reader *reader, struct vl_err *err);

void vl_doc_free(struct vl_doc *doc); /* accepts NULL */
void vl_doc_cleanup(struct vl_doc **doc);

const struct vl_doc_node *vl_doc_root(const struct vl_doc *doc);

/* All accessors below accept a NULL node, which behaves as absent: lookups chain without checks in between.
 */
enum vl_doc_type vl_doc_type(const struct vl_doc_node *node); /* VL_DOC_NULL for NULL */
const char *vl_doc_type_name(enum vl_doc_type type);
bool vl_doc_is(const struct vl_doc_node *node, enum vl_doc_type type); /* false for a NULL pointer */

/* Position of the value (of its key for a member), 1-based; 0 where the format's library does not tell.
 * Columns count bytes in JSON, code points in YAML and TOML. */
uint32_t vl_doc_line(const struct vl_doc_node *node);
uint32_t vl_doc_column(const struct vl_doc_node *node);

/* Members. vl_doc_get() is a linear search for small objects and a hash look-up for large ones. */
const struct vl_doc_node *vl_doc_get(const struct vl_doc_node *object, const char *key);
const struct vl_doc_node *vl_doc_get_span(const struct vl_doc_node *object, struct vl_span key);
const struct vl_doc_node *vl_doc_at(const struct vl_doc_node *array, size_t index); /* linear */
size_t vl_doc_size(const struct vl_doc_node *container);                            /* 0 for anything else */

/* Walks an array or object: `for (n = vl_doc_first(c); n; n = vl_doc_next(n))`. */
const struct vl_doc_node *vl_doc_first(const struct vl_doc_node *container);
const struct vl_doc_node *vl_doc_next(const struct vl_doc_node *node);
struct vl_span vl_doc_key(const struct vl_doc_node *member); /* empty for array items */

/* Values; another type gives the empty span, 0, false. A NUL follows every text and key. */
struct vl_span vl_doc_span(const struct vl_doc_node *node); /* strings */
bool vl_doc_bool(const struct vl_doc_node *node);
bool vl_doc_int(const struct vl_doc_node *node, int64_t *ret);   /* INT only */
bool vl_doc_number(const struct vl_doc_node *node, double *ret); /* INT, UINT or FLOAT */
/* A FLOAT that is a whole number (42.0, 1e3) below 2^53, where a double has all digits. */
bool vl_doc_whole(const struct vl_doc_node *node, int64_t *ret);

/* A scalar as text as it was written (YAML "version: 1.10" gives "1.10" although it is a FLOAT; JSON numbers
 * too). */
struct vl_span vl_doc_text(const struct vl_doc_node *node);

/* Short cut: string member, empty span where absent or no string. */
struct vl_span vl_doc_get_str(const struct vl_doc_node *object, const char *key);

#endif
