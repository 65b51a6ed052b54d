/* fuzzed by: fuzz_registry_form.c */
#include "inventory/label.h"

#include <stdlib.h>

#include "base/buf.h"

static bool is_letter(char c)
{
    return vl_char_is_digit(c) || vl_char_is_letter(c);
}

static bool is_word(struct vl_span text, size_t max)
{
    if (text.len == 0 || text.len > max || !is_letter(text.ptr[0]) || !is_letter(text.ptr[text.len - 1]))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!is_letter(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* RFC 1123, 2.1: lower case, labels of at most 63 bytes. */
static bool is_dns(struct vl_span text)
{
    struct vl_span rest = text, part;
    if (text.len == 0 || text.len > VL_LABEL_DNS_MAX || text.ptr[text.len - 1] == '.')
        return false;
    while (vl_span_split(&rest, '.', &part)) {
        if (!is_word(part, VL_LABEL_NAME_MAX))
            return false;
        for (size_t i = 0; i < part.len; i++)
            if ((part.ptr[i] >= 'A' && part.ptr[i] <= 'Z') || part.ptr[i] == '_')
                return false;
    }
    return true;
}

static bool is_name(struct vl_span text)
{
    size_t slash = vl_span_find_char(text, '/');
    if (slash == SIZE_MAX)
        return is_word(text, VL_LABEL_NAME_MAX);
    return is_dns(vl_span_slice(text, 0, slash)) &&
           is_word(vl_span_slice(text, slash + 1, text.len), VL_LABEL_NAME_MAX);
}

static bool is_value(struct vl_span text)
{
    return text.len == 0 || is_word(text, VL_LABEL_VALUE_MAX);
}

bool vl_label_is(struct vl_span text)
{
    size_t at = vl_span_find_char(text, '=');
    return at != SIZE_MAX && is_name(vl_span_slice(text, 0, at)) &&
           is_value(vl_span_slice(text, at + 1, text.len));
}

struct label {
    struct vl_span name, value;
};

static int by_name(const void *a, const void *b)
{
    return vl_span_cmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

int vl_labels_read(
    const struct vl_doc_node *object, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct label labels[VL_LABELS_MAX];
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    size_t n = 0;
    vl_buf_init(&out, VL_LABELS_MAX * (VL_LABEL_TEXT_MAX + 1) + 2);
    if (!vl_doc_is(object, VL_DOC_OBJECT) || vl_doc_size(object) > VL_LABELS_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/labels: must be an object of at most %d names and values", VL_LABELS_MAX);
    for (const struct vl_doc_node *m = vl_doc_first(object); m; m = vl_doc_next(m)) {
        struct vl_span name = vl_doc_key(m);
        if (!is_name(name))
            return vl_err_set(err, VL_ERR_INVALID,
                "/labels: \"%.*s\" is no name of a label (letters, digits, - _ . and one prefix/)",
                VL_SPAN_FMT(vl_span_slice(name, 0, VL_LABEL_NAME_MAX)));
        if (!vl_doc_is(m, VL_DOC_STRING) || !is_value(vl_doc_span(m)))
            return vl_err_set(err, VL_ERR_INVALID,
                "/labels/%.*s: must be a text of at most %d letters, digits, - _ .", VL_SPAN_FMT(name),
                VL_LABEL_VALUE_MAX);
        labels[n++] = (struct label){name, vl_doc_span(m)};
    }
    qsort(labels, n, sizeof(*labels), by_name);
    for (size_t i = 0; i < n; i++) {
        vl_buf_printf(&out, "%s%.*s=%.*s,", i == 0 ? "," : "", VL_SPAN_FMT(labels[i].name),
            VL_SPAN_FMT(labels[i].value));
    }
    int r = vl_buf_check(&out, "/labels", err);
    if (r < 0)
        return r;
    *ret = vl_arena_dup_span(arena, vl_buf_span(&out));
    return vl_arena_check(arena, "the request", err);
}

void vl_labels_write(struct vl_json *json, const char *key, const char *labels)
{
    struct vl_span rest = vl_span_str(labels), one;
    vl_json_key(json, key);
    vl_json_object(json);
    while (vl_span_split(&rest, ',', &one)) {
        size_t at = vl_span_find_char(one, '=');
        if (at == SIZE_MAX)
            continue; /* before the first comma, and after the last */
        vl_json_key_span(json, vl_span_slice(one, 0, at));
        vl_json_span(json, vl_span_slice(one, at + 1, one.len));
    }
    vl_json_object_end(json);
}
