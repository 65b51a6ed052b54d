/* Addresses that lead to a feed by way of others: the mirrors of an rpm repository, the newest of dated
 * archives. */
#include <string.h>

#include "base/file.h"
#include "codec/xml.h"
#include "update.h"

#define STEPS_MAX 4U
#define INDEX_MAX (4UL * 1024 * 1024) /* a list of mirrors, repomd.xml */

static int get(struct vl_http_client *client, const char *url, struct vl_buf *out, struct vl_err *err)
{
    vl_buf_clear(out);
    return strncmp(url, "file://", 7) == 0 ? vl_file_read(url + 7, INDEX_MAX, out, err)
                                           : vl_http_get(client, url, out, err);
}

/* All before the last slash, with it. */
static struct vl_span folder_of(struct vl_span url)
{
    size_t slash = vl_span_rfind_char(url, '/');
    return slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(url, 0, slash + 1);
}

/* A relative path that stays below its folder, in characters that need no escape. */
static bool is_plain_path(struct vl_span path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (!(vl_char_is_letter(c) || vl_char_is_digit(c) || strchr("._-/", c)))
            return false;
    }
    return path.len > 0 && path.len < 500 && path.ptr[0] != '/' &&
           vl_span_find(path, VL_SPAN_LIT("..")) == SIZE_MAX;
}

/* First mirror of a list: "https://cdn.amazonlinux.com/2/core/2.0/x86_64/GUID". */
static const char *from_mirrors(struct vl_span text, struct vl_arena *arena)
{
    struct vl_span line;
    while (vl_span_split_line(&text, &line)) {
        line = vl_span_trim(line);
        while (line.len && line.ptr[line.len - 1] == '/')
            line.len--;
        if (vl_span_starts_with(line, "https://") || vl_span_starts_with(line, "http://") ||
            vl_span_starts_with(line, "file://"))
            return vl_arena_printf(arena, "%.*s/repodata/repomd.xml", VL_SPAN_FMT(line));
    }
    return NULL;
}

static const char *from_repomd(
    struct vl_span text, const char *url, struct vl_arena *arena, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    if (vl_xml_parse(text, url, &xml, err) < 0)
        return NULL;
    for (const struct vl_xml_node *n = vl_xml_first(vl_xml_root(xml)); n; n = vl_xml_next(n)) {
        struct vl_span href = vl_xml_attr(vl_xml_child(n, "location"), "href");
        if (!vl_span_eq_str(vl_xml_attr(n, "type"), "updateinfo") || !is_plain_path(href))
            continue;
        struct vl_span base = folder_of(vl_span_str(url)); /* …/repodata/ */
        base = folder_of(vl_span_slice(base, 0, base.len ? base.len - 1 : 0));
        return vl_arena_printf(arena, "%.*s%.*s", VL_SPAN_FMT(base), VL_SPAN_FMT(href));
    }
    return NULL;
}

static const char *from_name(struct vl_span text, const char *url, struct vl_arena *arena)
{
    struct vl_span name = vl_span_trim(text);
    return is_plain_path(name) ? vl_arena_printf(arena, "%.*s%.*s", VL_SPAN_FMT(folder_of(vl_span_str(url))),
                                     VL_SPAN_FMT(name))
                               : NULL;
}

int update_resolve(struct vl_http_client *client, const char *url, struct vl_arena *arena,
    const char **ret_url, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, INDEX_MAX);
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        struct vl_span u = vl_span_str(url);
        bool mirrors = vl_span_ends_with(u, "/mirror.list");
        bool repomd = vl_span_ends_with(u, "/repomd.xml");
        if (!mirrors && !repomd && !vl_span_ends_with(u, "/archive_latest.txt")) {
            *ret_url = url;
            return 0;
        }
        int r = get(client, url, &text, err);
        if (r < 0)
            return r;
        const char *next = mirrors  ? from_mirrors(vl_buf_span(&text), arena)
                           : repomd ? from_repomd(vl_buf_span(&text), url, arena, err)
                                    : from_name(vl_buf_span(&text), url, arena);
        if (!next)
            return err->code ? err->err : vl_err_set(err, VL_ERR_INVALID, "%s names no file to fetch", url);
        url = next;
    }
    return vl_err_set(err, VL_ERR_LIMIT, "%s leads on and on", url);
}
