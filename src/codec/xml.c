/* XML by expat. What a DTD could do (entities, attribute defaults) is refused or ignored, so that the size of
 * the tree is bounded by the size of the input. */
#include "codec/xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/lazy.h"
#include "load_impl.h"

#define XML_MEMORY_MAX (1024UL * 1024 * 1024)

#define FUNCTIONS(F)                  \
    F(XML_ErrorString)                \
    F(XML_GetCurrentColumnNumber)     \
    F(XML_GetCurrentLineNumber)       \
    F(XML_GetErrorCode)               \
    F(XML_GetSpecifiedAttributeCount) \
    F(XML_Parse)                      \
    F(XML_ParserCreate)               \
    F(XML_ParserFree)                 \
    F(XML_SetCharacterDataHandler)    \
    F(XML_SetElementHandler)          \
    F(XML_SetEntityDeclHandler)       \
    F(XML_SetParamEntityParsing)      \
    F(XML_SetSkippedEntityHandler)    \
    F(XML_SetUserData)                \
    F(XML_StopParser)
VL_LAZY_LIBRARY(expat, FUNCTIONS, "libexpat.so.1", "XML")

int codec_load_expat(struct vl_err *err)
{
    return expat_load(err);
}

struct attr {
    struct vl_span name, value;
};

struct vl_xml_node {
    struct vl_span name, text;
    const struct attr *attrs; /* those without a prefix first: they win a look-up */
    struct vl_xml_node *first, *next;
    uint32_t n_attrs, line;
};

struct vl_xml {
    struct vl_arena *arena;
    struct vl_xml_node *root;
};

struct level {
    struct vl_xml_node *node, *last;
    struct vl_buf text;
};

struct reader {
    XML_Parser parser;
    struct vl_xml *xml;
    const char *name;
    struct vl_err *err;
    int result; /* of our own checks, which stop expat */
    unsigned depth;
    uint32_t n_nodes;
    struct level levels[VL_XML_DEPTH_MAX];
};

static uint32_t line_of(const struct reader *r)
{
    return (uint32_t)expat.XML_GetCurrentLineNumber(r->parser);
}

static void stop(struct reader *r, enum vl_err_code code, const char *what)
{
    if (r->result < 0)
        return;
    r->result = vl_err_set(r->err, code, "%s:%u:%lu: %s", r->name, line_of(r),
        (unsigned long)expat.XML_GetCurrentColumnNumber(r->parser) + 1, what);
    (void)expat.XML_StopParser(r->parser, XML_FALSE);
}

static void stop_memory(struct reader *r)
{
    if (r->result < 0)
        return;
    r->result = vl_arena_check(r->xml->arena, r->name, r->err);
    if (r->result >= 0)
        r->result = vl_err_nomem(r->err);
    (void)expat.XML_StopParser(r->parser, XML_FALSE);
}

static struct vl_span keep(struct reader *r, struct vl_span s)
{
    return (struct vl_span){vl_arena_dup_span(r->xml->arena, s), s.len};
}

static const char *without_prefix(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon && colon[1] ? colon + 1 : name;
}

/* Those written in the document, not the defaults of a DTD; namespace declarations are none. */
static void add_attrs(struct reader *r, struct vl_xml_node *node, const XML_Char **attrs)
{
    size_t n = (size_t)expat.XML_GetSpecifiedAttributeCount(r->parser);
    struct attr *list = n ? vl_arena_array(r->xml->arena, n / 2, sizeof(*list)) : NULL;
    if (n && !list)
        return;
    for (int prefixed = 0; prefixed < 2; prefixed++) {
        for (size_t i = 0; i + 1 < n; i += 2) {
            if ((strchr(attrs[i], ':') != NULL) != prefixed || strncmp(attrs[i], "xmlns:", 6) == 0)
                continue;
            struct attr *attr = &list[node->n_attrs++];
            attr->name = keep(r, vl_span_str(without_prefix(attrs[i])));
            attr->value = keep(r, vl_span_str(attrs[i + 1]));
        }
    }
    node->attrs = list;
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attrs)
{
    struct reader *r = user;
    if (r->result < 0)
        return;
    if (r->depth >= VL_XML_DEPTH_MAX) {
        stop(r, VL_ERR_LIMIT, "elements nested too deep");
        return;
    }
    if (++r->n_nodes > VL_XML_NODES_MAX) {
        stop(r, VL_ERR_LIMIT, "too many elements");
        return;
    }
    struct vl_xml_node *node = vl_arena_alloc(r->xml->arena, sizeof(*node));
    if (!node) {
        stop_memory(r);
        return;
    }
    struct level *parent = r->depth ? &r->levels[r->depth - 1] : NULL;
    if (!parent)
        r->xml->root = node;
    else if (parent->last)
        parent->last->next = node;
    else
        parent->node->first = node;
    if (parent)
        parent->last = node;
    node->line = line_of(r);
    node->name = keep(r, vl_span_str(without_prefix(name)));
    add_attrs(r, node, attrs);
    if (vl_arena_check(r->xml->arena, r->name, r->err) < 0) {
        stop_memory(r);
        return;
    }
    struct level *own = &r->levels[r->depth++];
    own->node = node;
    own->last = NULL;
    vl_buf_clear(&own->text);
}

static void on_end(void *user, const XML_Char *name)
{
    (void)name;
    struct reader *r = user;
    if (r->result < 0 || r->depth == 0)
        return;
    struct level *own = &r->levels[--r->depth];
    own->node->text = keep(r, vl_span_trim(vl_buf_span(&own->text)));
    if (own->text.failed || vl_arena_check(r->xml->arena, r->name, r->err) < 0)
        stop_memory(r);
    /* A long text must not stay in the buffer of its level. */
    vl_buf_done(&own->text);
}

static void on_text(void *user, const XML_Char *text, int len)
{
    struct reader *r = user;
    if (r->result >= 0 && r->depth)
        vl_buf_append(&r->levels[r->depth - 1].text, text, (size_t)len);
}

static void on_entity(void *user, const XML_Char *name, int is_parameter, const XML_Char *value, int len,
    const XML_Char *base, const XML_Char *system, const XML_Char *public, const XML_Char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)len, (void)base, (void)system, (void)public,
        (void)notation;
    stop(user, VL_ERR_UNSUPPORTED, "entity declarations are not read");
}

static void on_skipped(void *user, const XML_Char *name, int is_parameter)
{
    (void)name, (void)is_parameter;
    stop(user, VL_ERR_INVALID, "undefined entity");
}

static int fail_expat(const struct reader *r)
{
    enum XML_Error code = expat.XML_GetErrorCode(r->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return vl_err_nomem(r->err);
    return vl_err_set(r->err, code == XML_ERROR_UNKNOWN_ENCODING ? VL_ERR_UNSUPPORTED : VL_ERR_INVALID,
        "%s:%u:%lu: %s", r->name, line_of(r), (unsigned long)expat.XML_GetCurrentColumnNumber(r->parser) + 1,
        expat.XML_ErrorString(code));
}

/* In one call: expat 2.5 reads a long token again for every further piece. */
static int run(struct reader *r, struct vl_span input)
{
    expat.XML_SetUserData(r->parser, r);
    expat.XML_SetElementHandler(r->parser, on_start, on_end);
    expat.XML_SetCharacterDataHandler(r->parser, on_text);
    expat.XML_SetEntityDeclHandler(r->parser, on_entity);
    expat.XML_SetSkippedEntityHandler(r->parser, on_skipped);
    (void)expat.XML_SetParamEntityParsing(r->parser, XML_PARAM_ENTITY_PARSING_NEVER);
    enum XML_Status status = expat.XML_Parse(r->parser, input.len ? input.ptr : "", (int)input.len, 1);
    if (r->result < 0)
        return r->result;
    return status == XML_STATUS_OK ? 0 : fail_expat(r);
}

static int read_xml(struct vl_xml *xml, struct vl_span input, const char *name, struct vl_err *err)
{
    int result = expat_load(err);
    if (result < 0)
        return result;
    struct reader *r = calloc(1, sizeof(*r));
    if (!r)
        return vl_err_nomem(err);
    r->xml = xml;
    r->name = name;
    r->err = err;
    r->parser = expat.XML_ParserCreate(NULL);
    for (size_t i = 0; i < VL_XML_DEPTH_MAX; i++)
        vl_buf_init(&r->levels[i].text, XML_MEMORY_MAX);
    result = r->parser ? run(r, input) : vl_err_nomem(err);
    for (size_t i = 0; i < VL_XML_DEPTH_MAX; i++)
        vl_buf_done(&r->levels[i].text);
    if (r->parser)
        expat.XML_ParserFree(r->parser);
    free(r);
    return result;
}

int vl_xml_parse(struct vl_span input, const char *name, struct vl_xml **ret_xml, struct vl_err *err)
{
    if (input.len > VL_XML_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: XML of more than %lu bytes", name, VL_XML_BYTES_MAX);
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = calloc(1, sizeof(*xml));
    if (!xml)
        return vl_err_nomem(err);
    xml->arena = vl_arena_new(XML_MEMORY_MAX);
    int r = xml->arena ? read_xml(xml, input, name, err) : vl_err_nomem(err);
    if (r < 0)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
        return r;
    *ret_xml = xml;
    xml = NULL;
    return 0;
}

void vl_xml_free(struct vl_xml *xml)
{
    if (!xml)
        return;
    vl_arena_free(xml->arena);
    free(xml);
}

void vl_xml_cleanup(struct vl_xml **xml)
{
    vl_xml_free(*xml);
    *xml = NULL;
}

const struct vl_xml_node *vl_xml_root(const struct vl_xml *xml)
{
    return xml ? xml->root : NULL;
}

struct vl_span vl_xml_name(const struct vl_xml_node *node)
{
    return node ? node->name : VL_SPAN_EMPTY;
}

struct vl_span vl_xml_text(const struct vl_xml_node *node)
{
    return node ? node->text : VL_SPAN_EMPTY;
}

struct vl_span vl_xml_attr(const struct vl_xml_node *node, const char *name)
{
    for (uint32_t i = 0; node && i < node->n_attrs; i++) {
        if (vl_span_eq_str(node->attrs[i].name, name))
            return node->attrs[i].value;
    }
    return VL_SPAN_EMPTY;
}

uint32_t vl_xml_line(const struct vl_xml_node *node)
{
    return node ? node->line : 0;
}

const struct vl_xml_node *vl_xml_first(const struct vl_xml_node *node)
{
    return node ? node->first : NULL;
}

const struct vl_xml_node *vl_xml_next(const struct vl_xml_node *node)
{
    return node ? node->next : NULL;
}

const struct vl_xml_node *vl_xml_child(const struct vl_xml_node *node, const char *name)
{
    const struct vl_xml_node *child = vl_xml_first(node);
    while (child && !vl_span_eq_str(child->name, name))
        child = child->next;
    return child;
}
