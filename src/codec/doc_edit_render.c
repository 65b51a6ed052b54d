/* Values as YAML text: block style for what stands on lines of its own, flow style within brackets. */
#include "doc_edit_impl.h"

#include "base/text.h"
#include "codec/json.h"

/* Words that some YAML reader takes for something else than a string. */
static bool is_reserved(struct vl_span s)
{
    static const char *const words[] = {
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "infinity"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_eq_nocase(s, vl_span_str(words[i])))
            return true;
    }
    return false;
}

/* Only texts that no reader can misunderstand stand without quotes; so "1.10", "no" and "a: b" get them. */
static bool is_plain_safe(struct vl_span s)
{
    if (s.len == 0 || s.len > 200 || is_reserved(s))
        return false;
    bool letter = vl_char_is_letter(s.ptr[0]);
    if (!letter && s.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool ok = vl_char_is_letter(c) || vl_char_is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/';
        if (!ok)
            return false;
    }
    return true;
}

static void render_string(struct edit_style *style, struct vl_span s)
{
    if (!style->quote_all && is_plain_safe(s)) {
        vl_buf_append_span(style->out, s);
        return;
    }
    struct vl_json json;
    vl_json_init(&json, style->out, false);
    vl_json_span(&json, s);
}

static void render_key(struct edit_style *style, struct vl_span key)
{
    render_string(style, key);
    vl_buf_append_char(style->out, ':');
}

static void render_scalar(struct edit_style *style, const struct vl_doc_node *value)
{
    if (vl_doc_is(value, VL_DOC_STRING))
        render_string(style, vl_doc_span(value));
    else if (vl_doc_is(value, VL_DOC_NULL))
        vl_buf_append_str(style->out, "null");
    else
        vl_buf_append_span(style->out, vl_doc_text(value));
}

static bool is_container(const struct vl_doc_node *value)
{
    return vl_doc_is(value, VL_DOC_OBJECT) || vl_doc_is(value, VL_DOC_ARRAY);
}

static void render_flow_value(struct edit_style *style, const struct vl_doc_node *value)
{
    if (!is_container(value)) {
        render_scalar(style, value);
        return;
    }
    bool object = vl_doc_is(value, VL_DOC_OBJECT);
    vl_buf_append_char(style->out, object ? '{' : '[');
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n)) {
        if (n != vl_doc_first(value))
            vl_buf_append_str(style->out, ", ");
        if (object) {
            render_key(style, vl_doc_key(n));
            vl_buf_append_char(style->out, ' ');
        }
        render_flow_value(style, n); /* as deep as documents are: VL_DOC_DEPTH_MAX */
    }
    vl_buf_append_char(style->out, object ? '}' : ']');
}

static void render_line(struct edit_style *style, unsigned indent)
{
    vl_buf_append_str(style->out, style->line_end);
    for (unsigned i = 0; i < indent; i++)
        vl_buf_append_char(style->out, ' ');
}

static void render_block_value(struct edit_style *style, const struct vl_doc_node *value, unsigned indent);

void doc_edit_member(
    struct edit_style *style, struct vl_span key, const struct vl_doc_node *value, unsigned indent)
{
    render_key(style, key);
    if (!is_container(value) || vl_doc_size(value) == 0) {
        vl_buf_append_char(style->out, ' ');
        render_flow_value(style, value);
        return;
    }
    unsigned inner = vl_doc_is(value, VL_DOC_OBJECT) ? indent + 2 : indent;
    render_line(style, inner);
    render_block_value(style, value, inner);
}

void doc_edit_item(struct edit_style *style, const struct vl_doc_node *value, unsigned indent)
{
    vl_buf_append_str(style->out, "- ");
    render_block_value(style, value, indent + 2);
}

static void render_block_value(struct edit_style *style, const struct vl_doc_node *value, unsigned indent)
{
    if (!is_container(value) || vl_doc_size(value) == 0) {
        render_flow_value(style, value);
        return;
    }
    for (const struct vl_doc_node *n = vl_doc_first(value); n; n = vl_doc_next(n)) {
        if (n != vl_doc_first(value))
            render_line(style, indent);
        if (vl_doc_is(value, VL_DOC_OBJECT))
            doc_edit_member(style, vl_doc_key(n), n, indent);
        else
            doc_edit_item(style, n, indent);
    }
}

bool doc_edit_is_block(const struct edit_content *content)
{
    if (content->wrap == EDIT_MEMBER || content->wrap == EDIT_ITEM)
        return true;
    return content->wrap == EDIT_VALUE && is_container(content->value) && vl_doc_size(content->value) > 0;
}

bool doc_edit_is_sequence(const struct edit_content *content)
{
    return content->wrap == EDIT_ITEM ||
           (content->wrap == EDIT_VALUE && vl_doc_is(content->value, VL_DOC_ARRAY));
}

void doc_edit_block(struct edit_style *style, const struct edit_content *content, unsigned indent)
{
    if (content->wrap == EDIT_MEMBER)
        doc_edit_member(style, content->key, content->value, indent);
    else if (content->wrap == EDIT_ITEM)
        doc_edit_item(style, content->value, indent);
    else if (content->wrap == EDIT_VALUE)
        render_block_value(style, content->value, indent);
    else
        vl_buf_append_str(style->out, content->wrap == EDIT_NO_MEMBERS ? "{}" : "[]");
}

void doc_edit_flow_member(struct edit_style *style, struct vl_span key, const struct vl_doc_node *value)
{
    render_key(style, key);
    vl_buf_append_char(style->out, ' ');
    render_flow_value(style, value);
}

void doc_edit_flow(struct edit_style *style, const struct edit_content *content)
{
    switch (content->wrap) {
    case EDIT_VALUE:
        render_flow_value(style, content->value);
        break;
    case EDIT_MEMBER:
        vl_buf_append_char(style->out, '{');
        doc_edit_flow_member(style, content->key, content->value);
        vl_buf_append_char(style->out, '}');
        break;
    case EDIT_ITEM:
        vl_buf_append_char(style->out, '[');
        render_flow_value(style, content->value);
        vl_buf_append_char(style->out, ']');
        break;
    case EDIT_NO_MEMBERS:
        vl_buf_append_str(style->out, "{}");
        break;
    case EDIT_NO_ITEMS:
        vl_buf_append_str(style->out, "[]");
        break;
    }
}
