/* What the db commands share. */
#include "db_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

int vl_cli_db_path(const char *given, char ret[4096], struct vl_err *err)
{
    if (!given)
        return vl_cli_cache_path("advisories.vadb", ret, err);
    int n = snprintf(ret, 4096, "%s", given);
    return n < 0 || n >= 4096 ? vl_err_set(err, VL_ERR_USAGE, "--db: the path is too long") : 0;
}

int vl_cli_db_open(const char *given, struct vl_advisory_db **ret, struct vl_err *err)
{
    char path[4096];
    int r = vl_cli_db_path(given, path, err);
    if (r == 0)
        r = vl_advisory_db_open(path, ret, err);
    if (r == -ENOENT)
        return vl_err_set(err, VL_ERR_NOT_FOUND,
            "there is no advisory database at %s: 'vallum db update' fetches one, --db FILE names another",
            path);
    return r;
}

int vl_cli_make_parent(const char *path, struct vl_err *err)
{
    char folder[4096];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash || slash == folder)
        return 0;
    *slash = '\0';
    return vl_file_make_dirs(folder, 0755, err);
}

int vl_cli_read_key(const char *path, struct vl_buf *ret, struct vl_err *err)
{
    vl_buf_init(ret, VL_CLI_KEY_MAX);
    if (!path)
        return 0;
    int r = vl_file_read(path, VL_CLI_KEY_MAX, ret, err);
    if (r < 0)
        return vl_err_wrap(err, "the key");
    return ret->len ? 0 : vl_err_set(err, VL_ERR_INVALID, "the key %s is empty", path);
}
