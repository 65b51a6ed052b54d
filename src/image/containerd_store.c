/* containerd on this machine: its content store holds blobs by digest, its database says which image has
 * which name (containerd metadata/buckets.go: v1/NAMESPACE/images/NAME/target/digest). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "bolt.h"
#include "codec/digest.h"
#include "files.h"
#include "image/reference.h"
#include "source.h"

#define ROOT           "/var/lib/containerd"
#define CONTENT        "io.containerd.content.v1.content"
#define DATABASE       "io.containerd.metadata.v1.bolt/meta.db"
#define DATABASE_BYTES (128UL * 1024 * 1024) /* of its pages that are read */
#define TRIES          5                     /* while the daemon writes */
#define NAMES_SHOWN    10

struct search {
    const char *wanted;
    const char *normal;       /* the same with registry and tag; or NULL */
    struct vl_span digest;    /* found; empty: none yet */
    struct vl_span namespace; /* being looked at */
    bool ambiguous;
    size_t n_images;
    struct vl_buf names; /* the first, for the message */
};

static int into(struct vl_bolt *bolt, const struct vl_bolt_item *item, const char *key,
    int (*each)(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err),
    void *user, struct vl_err *err)
{
    return item->bucket && (!key || vl_span_eq_str(item->key, key))
               ? vl_bolt_each(bolt, item, each, user, err)
               : 0;
}

static int in_target(
    struct vl_bolt *bolt VL_UNUSED, const struct vl_bolt_item *item, void *user, struct vl_err *err VL_UNUSED)
{
    struct search *s = user;
    if (item->bucket || !vl_span_eq_str(item->key, "digest"))
        return 0;
    s->ambiguous = s->ambiguous || (s->digest.len && !vl_span_eq(s->digest, item->value));
    s->digest = item->value;
    return 0;
}

static int in_image(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err)
{
    return into(bolt, item, "target", in_target, user, err);
}

static int in_images(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err)
{
    struct search *s = user;
    if (!item->bucket)
        return 0;
    if (vl_span_eq_str(item->key, s->wanted) || (s->normal && vl_span_eq_str(item->key, s->normal)))
        return vl_bolt_each(bolt, item, in_image, s, err);
    if (s->n_images++ < NAMES_SHOWN)
        vl_buf_printf(
            &s->names, "%s%.*s", s->names.len ? ", " : "", VL_SPAN_FMT(vl_span_slice(item->key, 0, 200)));
    return 0;
}

static int in_namespace(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err)
{
    return into(bolt, item, "images", in_images, user, err);
}

static int in_version(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err)
{
    return into(bolt, item, NULL, in_namespace, user, err);
}

static int in_root(struct vl_bolt *bolt, const struct vl_bolt_item *item, void *user, struct vl_err *err)
{
    return into(bolt, item, "v1", in_version, user, err);
}

/* One look; *ret_again where the daemon wrote meanwhile. */
static int look(
    int fd, const char *path, struct search *s, struct vl_arena *arena, bool *ret_again, struct vl_err *err)
{
    struct vl_bolt *bolt = NULL;
    struct vl_err changed = VL_ERR_INIT;
    s->digest = VL_SPAN_EMPTY;
    s->ambiguous = false;
    s->n_images = 0;
    vl_buf_clear(&s->names);
    int r = vl_bolt_open(fd, path, arena, &bolt, err);
    if (r < 0)
        return r;
    r = vl_bolt_each(bolt, NULL, in_root, s, err);
    *ret_again = false;
    int c = vl_bolt_changed(bolt, ret_again, &changed);
    if (r >= 0 && c < 0)
        *err = changed;
    return r < 0 ? r : c;
}

static int found(const struct search *s, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_digest digest;
    if (s->ambiguous)
        return vl_err_set(err, VL_ERR_USAGE,
            "containerd: several namespaces hold different images '%.200s'; name one by its digest, which "
            "`ctr -n NAMESPACE images ls` shows",
            s->wanted);
    if (!s->digest.len)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "containerd: has no image '%.200s'; there is %s%s",
            s->wanted, s->names.len ? vl_buf_str(&s->names) : "none",
            s->n_images > NAMES_SHOWN ? " and more" : "");
    if (!vl_digest_parse(s->digest, &digest))
        return vl_err_set(err, VL_ERR_INVALID, "containerd: image '%.200s' has no digest", s->wanted);
    *ret = vl_arena_dup_span(arena, s->digest);
    return *ret ? 0 : vl_err_nomem(err);
}

/* The digest of the image of this name, whatever namespace it is in. */
static int find_name(
    const char *root, const char *name, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct search s = {.wanted = name};
    struct vl_image_reference ref;
    struct vl_err ignored = VL_ERR_INIT;
    bool again = true;
    int r = 0;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *pages = vl_arena_new(DATABASE_BYTES);
    const char *path = vl_arena_printf(arena, "%s/" DATABASE, root);
    if (!pages || !path)
        return vl_err_nomem(err);
    VL_CLEANUP(vl_file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return vl_err_sys(err, errno, "containerd: %s, where the names of images are", path);
    if (vl_image_reference_parse(vl_span_str(name), arena, &ref, &ignored) == 0)
        s.normal = vl_image_reference_format(&ref, arena);
    vl_buf_init(&s.names, 8192);
    for (unsigned tries = 0; again && tries < TRIES; tries++) {
        vl_arena_reset(pages);
        vl_err_clear(err);
        r = look(fd, path, &s, pages, &again, err);
    }
    if (r >= 0 && again)
        r = vl_err_set(err, VL_ERR_CONFLICT, "containerd: %s is being written to; try again", path);
    if (r >= 0)
        r = found(&s, arena, ret, err);
    vl_buf_done(&s.names);
    return r;
}

int vl_source_open_containerd(
    struct vl_image *image, const char *rest, const struct vl_image_options *options, struct vl_err *err)
{
    struct vl_digest digest;
    struct vl_files *files = NULL;
    const char *root = options->containerd_root ? options->containerd_root : ROOT;
    const char *content = vl_arena_printf(image->arena, "%s/" CONTENT, root);
    const char *at = strrchr(rest, '@');
    const char *wanted = at ? at + 1 : rest;
    if (!content)
        return vl_err_nomem(err);
    if (access(content, R_OK | X_OK) < 0)
        return vl_err_set(
            err, VL_ERR_NOT_FOUND, "containerd: no content store at %s, or not readable", content);
    int r = 0;
    if (!vl_digest_parse(vl_span_str(wanted), &digest))
        r = find_name(root, rest, image->arena, &wanted, err);
    if (r == 0)
        r = vl_files_open_folder(content, &files, err);
    if (r < 0)
        return r;
    r = vl_source_use_blobs(image, files, wanted, err);
    return r == 0 && wanted != rest && !at ? vl_image_add_tag(image, rest, err) : r;
}
