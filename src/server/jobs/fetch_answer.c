/* What the fetcher says: a stranger's word. */
#include <stdio.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/digest.h"
#include "codec/doc.h"
#include "jobs/fetch_wire.h"

#define NAME_MAX_LEN 255
#define TYPE_MAX_LEN 255

/* --- hearing --- */

static int tell_progress(struct vl_fetch_talk *t, struct vl_span text, struct vl_err *err)
{
    char stage[VL_FETCH_PROGRESS_MAX + 1];
    if (!t->options || !t->options->progress)
        return 0;
    struct vl_buf clean VL_CLEANUP(vl_buf_done);
    vl_buf_init(&clean, sizeof(stage));
    vl_text_append_printable(&clean, vl_span_slice(text, 0, VL_FETCH_PROGRESS_MAX / 4));
    (void)snprintf(stage, sizeof(stage), "%s", vl_buf_str(&clean));
    return t->options->progress(stage, t->options->user) < 0
               ? vl_err_set(err, VL_ERR_CONFLICT, "the scan was stopped")
               : 0;
}

int vl_fetch_heard(struct vl_buf *out, void *user, struct vl_err *err)
{
    struct vl_fetch_talk *t = user;
    int r = 0;
    if (t->stop && *t->stop)
        return vl_err_set(err, VL_ERR_CONFLICT, "it was stopped");
    while (r >= 0 && out->len - t->at >= VL_FETCH_FRAME_HEAD) {
        struct vl_reader head = vl_reader_new(vl_span_slice(vl_buf_span(out), t->at, out->len));
        char kind = (char)vl_reader_u8(&head);
        uint32_t len = vl_reader_u32le(&head);
        if (t->kind)
            return vl_err_set(err, VL_ERR_CORRUPT, "the fetcher says more than its answer");
        if (len > VL_FETCH_ANSWER_MAX || (kind == VL_FETCH_PROGRESS && len > VL_FETCH_PROGRESS_MAX))
            return vl_err_set(err, VL_ERR_LIMIT, "the fetcher announces %u bytes", len);
        if (vl_reader_left(&head) < len)
            break;
        struct vl_span bytes = vl_reader_take(&head, len);
        if (kind == VL_FETCH_PROGRESS) {
            r = tell_progress(t, bytes, err);
        } else {
            t->kind = kind;
            t->from = t->at + VL_FETCH_FRAME_HEAD;
            t->len = len;
        }
        t->at += VL_FETCH_FRAME_HEAD + len;
    }
    /* Nothing new may still mean that it is to stop. */
    return r < 0 ? r : tell_progress(t, VL_SPAN_EMPTY, err);
}

int vl_fetch_said_error(struct vl_span bytes, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    unsigned code = bytes.len ? (uint8_t)bytes.ptr[0] : 0;
    vl_buf_init(&text, VL_ERR_MSG_MAX * 8UL);
    vl_text_append_printable(&text, vl_span_slice(bytes, 1, VL_ERR_MSG_MAX));
    if (code == VL_ERR_NONE || code > VL_ERR_MEMORY)
        code = VL_ERR_INVALID;
    return vl_err_set(err, (enum vl_err_code)code, "%s", text.len ? vl_buf_str(&text) : "no reason given");
}

/* --- answers --- */

static bool is_plain(struct vl_span text, size_t max)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || (unsigned char)text.ptr[i] > '~')
            return false;
    return text.len > 0 && text.len <= max;
}

static int wrong(const char *what, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_CORRUPT, "the fetcher's answer: %s", what);
}

int vl_fetch_names_read(struct vl_span json, size_t max, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r = vl_doc_parse(json, VL_DOC_JSON, "the fetcher's answer", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *list = vl_doc_get(vl_doc_root(doc), "names");
    size_t n = 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY) || vl_doc_size(list) > max)
        return wrong("no list of names", err);
    const char **all = vl_arena_array(arena, vl_doc_size(list) + 1, sizeof(*all));
    for (const struct vl_doc_node *i = vl_doc_first(list); i && all; i = vl_doc_next(i)) {
        if (!is_plain(vl_doc_span(i), NAME_MAX_LEN))
            return wrong("a name that is none", err);
        all[n++] = vl_arena_dup_span(arena, vl_doc_span(i));
    }
    r = vl_arena_check(arena, "names of a registry", err);
    if (r < 0)
        return r;
    *ret_names = all;
    *ret_n = n;
    return 0;
}

static bool take_digest(struct vl_span text, struct vl_arena *arena, const char **ret)
{
    struct vl_digest digest;
    if (!vl_digest_parse(text, &digest))
        return false;
    *ret = vl_arena_dup_span(arena, text);
    return true;
}

static int take_platforms(
    const struct vl_doc_node *list, struct vl_arena *arena, struct vl_fetch_manifest *m, struct vl_err *err)
{
    size_t size = vl_doc_size(list);
    if (size > VL_FETCH_PLATFORMS_MAX)
        return wrong("too many platforms", err);
    m->platforms = vl_arena_array(arena, size + 1, sizeof(*m->platforms));
    for (const struct vl_doc_node *i = vl_doc_first(list); i && m->platforms; i = vl_doc_next(i)) {
        struct vl_fetch_platform *p = &m->platforms[m->n_platforms++];
        struct vl_span platform = vl_doc_get_str(i, "platform");
        if (!take_digest(vl_doc_get_str(i, "digest"), arena, &p->digest) ||
            (platform.len && !is_plain(platform, TYPE_MAX_LEN)))
            return wrong("a platform that is none", err);
        p->platform = vl_arena_dup_span(arena, platform);
    }
    return 0;
}

static int take_manifest(
    const struct vl_doc_node *node, struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err)
{
    struct vl_fetch_manifest m = {0};
    if (vl_doc_is(node, VL_DOC_NULL)) { /* gone */
        *ret = m;
        return 0;
    }
    struct vl_span type = vl_doc_get_str(node, "mediaType");
    if (!take_digest(vl_doc_get_str(node, "digest"), arena, &m.digest) ||
        (type.len && !is_plain(type, TYPE_MAX_LEN)))
        return wrong("a manifest that is none", err);
    m.media_type = vl_arena_dup_span(arena, type);
    m.is_index = vl_doc_bool(vl_doc_get(node, "isIndex"));
    m.is_image = vl_doc_bool(vl_doc_get(node, "isImage"));
    int r = take_platforms(vl_doc_get(node, "platforms"), arena, &m, err);
    if (r >= 0)
        r = vl_arena_check(arena, "a manifest", err);
    if (r >= 0)
        *ret = m;
    return r;
}

int vl_fetch_manifests_read(
    struct vl_span json, size_t n, struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r = vl_doc_parse(json, VL_DOC_JSON, "the fetcher's answer", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *list = vl_doc_get(vl_doc_root(doc), "manifests");
    const struct vl_doc_node *node = vl_doc_first(list);
    if (!vl_doc_is(list, VL_DOC_ARRAY) || vl_doc_size(list) != n)
        return wrong("not as many manifests as were asked for", err);
    for (size_t i = 0; i < n && r >= 0; i++, node = vl_doc_next(node))
        r = take_manifest(node, arena, &ret[i], err);
    return r;
}
