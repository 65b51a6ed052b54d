#include "remote/yaml_out.h"

#include "codec/json.h"

#define INDENT_MAX VL_DOC_DEPTH_MAX

/* Words that YAML 1.1 or 1.2 takes for something else than text. */
static bool is_word(struct vl_span s)
{
    static const char *const words[] = {
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++)
        if (vl_span_eq_nocase(s, vl_span_str(words[i])))
            return true;
    return false;
}

/* A narrow class on purpose: everything else is quoted. */
static bool is_plain(struct vl_span s)
{
    if (!s.len || !(vl_char_is_letter(s.ptr[0]) || s.ptr[0] == '/' || s.ptr[0] == '_') || is_word(s) ||
        vl_span_ends_with(s, ":"))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!vl_char_is_letter(c) && !vl_char_is_digit(c) &&
            !(c && vl_span_find_char(VL_SPAN_LIT("_/.:@+-"), c) != SIZE_MAX))
            return false;
    }
    return true;
}

/* Several printable lines can stand as they are. */
static bool is_block(struct vl_span s)
{
    if (vl_span_find_char(s, '\n') == SIZE_MAX || s.ptr[0] == ' ' || s.ptr[0] == '\n' || s.ptr[0] == '\t' ||
        vl_span_ends_with(s, "\n\n"))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\n')
            return false;
    /* U+0085, U+2028, U+2029 and the byte order mark are line ends or worse to YAML. */
    return vl_span_find(s, VL_SPAN_LIT("\xc2\x85")) == SIZE_MAX &&
           vl_span_find(s, VL_SPAN_LIT("\xe2\x80\xa8")) == SIZE_MAX &&
           vl_span_find(s, VL_SPAN_LIT("\xe2\x80\xa9")) == SIZE_MAX &&
           vl_span_find(s, VL_SPAN_LIT("\xef\xbb\xbf")) == SIZE_MAX;
}

static void indent_by(struct vl_buf *out, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++)
        vl_buf_append_str(out, "  ");
}

static void write_block(struct vl_buf *out, struct vl_span s, unsigned indent)
{
    struct vl_span line;
    vl_buf_append_str(out, vl_span_ends_with(s, "\n") ? "|\n" : "|-\n");
    while (vl_span_split(&s, '\n', &line)) {
        if (line.len)
            indent_by(out, indent);
        vl_buf_append_span(out, line);
        vl_buf_append_char(out, '\n');
    }
}

static void write_text(struct vl_buf *out, struct vl_span s)
{
    struct vl_json json;
    if (is_plain(s)) {
        vl_buf_append_span(out, s);
        return;
    }
    vl_json_init(&json, out, false); /* a JSON text is a double-quoted one of YAML */
    vl_json_span(&json, s);
}

/* Writes a scalar or an empty container, up to the line's end. */
static void write_leaf(const struct vl_doc_node *node, struct vl_buf *out, unsigned indent)
{
    switch (vl_doc_type(node)) {
    case VL_DOC_STRING:
        if (is_block(vl_doc_span(node))) {
            write_block(out, vl_doc_span(node), indent);
            return;
        }
        write_text(out, vl_doc_span(node));
        break;
    case VL_DOC_ARRAY:
        vl_buf_append_str(out, "[]");
        break;
    case VL_DOC_OBJECT:
        vl_buf_append_str(out, "{}");
        break;
    case VL_DOC_NULL:
        vl_buf_append_str(out, "null");
        break;
    case VL_DOC_BOOL:
    case VL_DOC_INT:
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
    default:
        vl_buf_append_span(out, vl_doc_text(node));
        break;
    }
    vl_buf_append_char(out, '\n');
}

/* `inside`: the line of the first entry is begun already ("- "). */
static void write_node(const struct vl_doc_node *node, struct vl_buf *out, unsigned indent, bool inside)
{
    bool object = vl_doc_is(node, VL_DOC_OBJECT);
    if (!vl_doc_size(node) || indent > INDENT_MAX) {
        write_leaf(node, out, indent);
        return;
    }
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        bool deep = vl_doc_size(n) > 0;
        if (!inside)
            indent_by(out, indent);
        inside = false;
        if (!object) {
            vl_buf_append_str(out, "- ");
            write_node(n, out, indent + 1, true);
            continue;
        }
        write_text(out, vl_doc_key(n));
        vl_buf_append_str(out, deep ? ":\n" : ": ");
        write_node(n, out, indent + 1, false);
    }
}

void vl_cli_yaml(const struct vl_doc_node *node, struct vl_buf *out)
{
    write_node(node, out, 0, false);
}
