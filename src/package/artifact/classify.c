/* Programs that tell their version in a known text (content/classifiers.tsv). */
#include "artifact/classify.h"

#include "artifact/binary.h"
#include "text_util.h"

#define VERSION_MAX 64
#define NEEDLE_MAX  128

static bool is_version_char(char c, bool letters)
{
    if ((c >= '0' && c <= '9') || c == '.')
        return true;
    return letters && (vl_char_is_letter(c) || c == '-' || c == '+' || c == '_' || c == '~');
}

/* What the star stands for; false where the name is another. */
static bool matches_name(const struct art_classifier *c, struct vl_span base, struct vl_span *ret_star)
{
    size_t head = strlen(c->head), tail = strlen(c->tail);
    if (!c->star) {
        *ret_star = VL_SPAN_EMPTY;
        return vl_span_eq_str(base, c->head);
    }
    if (base.len < head + tail || !vl_span_starts_with(base, c->head) || !vl_span_ends_with(base, c->tail))
        return false;
    *ret_star = vl_span_slice(base, head, base.len - tail);
    return true;
}

/* What stands before the version and how that begins; its length, SIZE_MAX where it is too long. */
static size_t fill_needle(const struct art_classifier *c, struct vl_span star, char out[NEEDLE_MAX])
{
    size_t len = c->before.len;
    while (star.len && (star.ptr[star.len - 1] < '0' || star.ptr[star.len - 1] > '9'))
        star.len--; /* "3.7m": what stands behind the number says how it was built */
    if (len > NEEDLE_MAX)
        return SIZE_MAX;
    if (len)
        memcpy(out, c->before.ptr, len);
    for (size_t i = 0; i < c->start.len; i++) {
        struct vl_span part = c->start.ptr[i] == '*' ? star : vl_span_slice(c->start, i, i + 1);
        if (len + part.len > NEEDLE_MAX)
            return SIZE_MAX;
        if (part.len)
            memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    return len;
}

/* "1.2" or more: digits and a dot between them, none at the end. */
static bool is_version(struct vl_span v)
{
    bool dot = false;
    for (size_t i = 0; i + 1 < v.len; i++)
        dot |= v.ptr[i] == '.';
    return v.len && v.len <= VERSION_MAX && v.ptr[0] >= '0' && v.ptr[0] <= '9' && (dot || v.len <= 3);
}

static struct vl_span trim_dots(struct vl_span v)
{
    while (v.len && (v.ptr[v.len - 1] == '.' || v.ptr[v.len - 1] == '-'))
        v.len--;
    return v;
}

static bool begins(struct vl_span s, struct vl_span with)
{
    return s.len >= with.len && (with.len == 0 || memcmp(s.ptr, with.ptr, with.len) == 0);
}

static struct vl_span find_before(
    const struct art_classifier *c, struct vl_span needle, struct vl_span content)
{
    size_t hit;
    while ((hit = vl_span_find(content, needle)) != SIZE_MAX) {
        content = vl_span_slice(content, hit + c->before.len, content.len);
        size_t len = 0;
        while (len < content.len && len <= VERSION_MAX && is_version_char(content.ptr[len], c->letters))
            len++;
        struct vl_span v = vl_span_slice(content, 0, len), trimmed = trim_dots(v);
        size_t end = len;
        while (c->added && end < content.len && end <= VERSION_MAX && is_version_char(content.ptr[end], true))
            end++;
        /* "no longer since HAProxy version 2.5." is a sentence about another version */
        bool told = c->letters || trimmed.len == v.len;
        if (told && begins(vl_span_slice(content, end, content.len), c->after) && is_version(trimmed))
            return trimmed;
    }
    return VL_SPAN_EMPTY;
}

static struct vl_span find_after(const struct art_classifier *c, struct vl_span content)
{
    size_t at = 0, hit;
    while ((hit = vl_span_find(vl_span_slice(content, at, content.len), c->after)) != SIZE_MAX) {
        size_t end = at + hit, from = end;
        while (from > 0 && end - from <= VERSION_MAX && is_version_char(content.ptr[from - 1], c->letters))
            from--;
        struct vl_span v = vl_span_slice(content, from, end);
        if (is_version(v))
            return v;
        at = end + c->after.len;
    }
    return VL_SPAN_EMPTY;
}

struct vl_span art_classifier_find(
    const struct art_classifier *classifier, struct vl_span base, struct vl_span content)
{
    struct vl_span star;
    char needle[NEEDLE_MAX];
    if (!matches_name(classifier, base, &star))
        return VL_SPAN_EMPTY;
    if (classifier->before.len == 0)
        return find_after(classifier, content);
    size_t len = fill_needle(classifier, star, needle);
    return len == SIZE_MAX ? VL_SPAN_EMPTY : find_before(classifier, (struct vl_span){needle, len}, content);
}

/* Where compilers put constant texts. */
static struct vl_span texts_of(const struct vl_object_file *object, struct vl_span content)
{
    static const char *const names[] = {".rodata", "__cstring", ".rdata"};
    struct vl_span section;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (vl_object_section(object, names[i], &section, NULL))
            return section;
    }
    return content;
}

/* 1 where a classifier found its program's version in the texts, 0 where none did. */
static int classify_texts(const struct vl_package_file *file, struct vl_span base, struct vl_span texts,
    struct vl_package_sink *sink, struct vl_err *err)
{
    for (size_t i = 0; i < art_n_classifiers; i++) {
        struct vl_span version = art_classifier_find(&art_classifiers[i], base, texts);
        if (version.len == 0)
            continue;
        struct vl_package *p =
            pkg_add(sink, VL_ECO_GENERIC, vl_span_str(art_classifiers[i].package), version, 0, 0, file, err);
        return p ? 1 : err->err;
    }
    return 0;
}

int art_classify(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span base = pkg_base(file), star, data;
    bool known = false;
    if (PKG_ENDS(base, ".exe"))
        base = vl_span_slice(base, 0, base.len - 4);
    for (size_t i = 0; i < art_n_classifiers && !known; i++)
        known = matches_name(&art_classifiers[i], base, &star);
    if (!known)
        return 0;
    int r = classify_texts(file, base, texts_of(object, file->content), sink, err);
    /* HAProxy's is a text that could be changed */
    if (r == 0 && vl_object_section(object, ".data", &data, NULL))
        r = classify_texts(file, base, data, sink, err);
    return r;
}
