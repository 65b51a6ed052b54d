/* The content store of containerd on this machine: blobs by digest. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/digest.h"
#include "files.h"
#include "source.h"

#define ROOT    "/var/lib/containerd"
#define CONTENT "io.containerd.content.v1.content"

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
    if (!vl_digest_parse(vl_span_str(wanted), &digest))
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "containerd: '%.200s' names no digest", rest);
    int r = vl_files_open_folder(content, &files, err);
    return r < 0 ? r : vl_source_use_blobs(image, files, wanted, err);
}
