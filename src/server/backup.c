#include "backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "codec/digest.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "schema.h"
#include "store/store.h"

#define COPY_BYTES 65536
#define KEYS       "keys"

/* What of the data folder is the server's identity; those of our own authority may be missing. */
static const char *const key_files[] = {
    "seal.key", "ca.pem", "ca.key", "server.pem", "server.key", "server.names"};

static const char *database_url(const struct vl_server_config *config, struct vl_arena *arena)
{
    return config->database ? config->database : vl_arena_printf(arena, "sqlite:%s/vallum.db", config->data);
}

static const char *database_file(const char *url)
{
    return vl_span_starts_with(vl_span_str(url), "sqlite:") ? "vallum.db" : "vallum.pgdump";
}

/* 1 there is nothing of that name, or an empty folder; 0 there is something. */
static int is_free(const char *folder, struct vl_err *err)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? 1 : vl_err_sys(err, errno, "%s", folder);
    const struct dirent *entry;
    bool empty = true;
    while (empty && (entry = readdir(dir)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return empty;
}

static int need_free(const char *folder, const char *why, struct vl_err *err)
{
    int r = is_free(folder, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "%s: is not empty; %s", folder, why);
    return r;
}

/* --- files --- */

static int copy_bytes(
    int from, int to, const char *name, struct vl_digest *digest, uint64_t *ret_size, struct vl_err *err)
{
    struct vl_digester *d VL_CLEANUP(vl_digester_cleanup) = vl_digester_new(VL_DIGEST_SHA256);
    char bytes[COPY_BYTES];
    ssize_t n;
    *ret_size = 0;
    if (!d)
        return vl_err_nomem(err);
    while ((n = read(from, bytes, sizeof(bytes))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vl_err_sys(err, errno, "%s", name);
        struct vl_span piece = {bytes, (size_t)n};
        vl_digester_update(d, piece);
        *ret_size += piece.len;
        int r = to < 0 ? 0 : vl_file_write_fd(to, name, piece, err);
        if (r < 0)
            return r;
    }
    vl_digester_finish(d, digest);
    if (to >= 0 && fsync(to) < 0)
        return vl_err_sys(err, errno, "%s", name);
    return 0;
}

/* Copies a file, or with `to` NULL only reads it: its size and digest. 1 done, 0 it is not there. */
static int copy_file(
    const char *from, const char *to, struct vl_digest *digest, uint64_t *ret_size, struct vl_err *err)
{
    int in VL_CLEANUP(vl_file_close) = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int out VL_CLEANUP(vl_file_close) = -1;
    if (in < 0)
        return errno == ENOENT ? 0 : vl_err_sys(err, errno, "%s", from);
    if (to) {
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (out < 0)
            return vl_err_sys(err, errno, "%s", to);
    }
    int r = copy_bytes(in, out, to ? to : from, digest, ret_size, err);
    return r < 0 ? r : 1;
}

static int sync_folder(const char *path, struct vl_err *err)
{
    int fd VL_CLEANUP(vl_file_close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? vl_err_sys(err, errno, "%s", path) : 0;
}

/* --- making one --- */

static void list_file(struct vl_json *json, const char *name, const struct vl_digest *digest, uint64_t size)
{
    char text[VL_DIGEST_TEXT_MAX];
    vl_json_object(json);
    vl_json_member_str(json, "name", name);
    vl_json_member_int(json, "size", (int64_t)size);
    vl_json_member_str(json, "digest", vl_digest_format(digest, text));
    vl_json_object_end(json);
}

static int add_database(const char *url, const char *folder, struct vl_arena *arena, struct vl_json *json,
    uint64_t *bytes, struct vl_err *err)
{
    struct vl_store *store VL_CLEANUP(vl_store_cleanup) = NULL;
    struct vl_store_options options = {.url = url, .read_only = true, .no_migration = true};
    struct vl_digest digest;
    uint64_t size = 0;
    const char *path = vl_arena_printf(arena, "%s/%s", folder, database_file(url));
    int r = vl_arena_check(arena, "the backup", err);
    if (r >= 0)
        r = vl_store_open(&options, &vl_server_schema, &store, err);
    if (r >= 0)
        r = vl_store_backup(store, path, err);
    if (r >= 0)
        r = copy_file(path, NULL, &digest, &size, err);
    if (r < 0)
        return r;
    list_file(json, database_file(url), &digest, size);
    *bytes += size;
    return 0;
}

static int add_keys(const char *data, const char *folder, struct vl_arena *arena, struct vl_json *json,
    uint64_t *bytes, struct vl_err *err)
{
    const char *keys = vl_arena_printf(arena, "%s/" KEYS, folder);
    int r = vl_arena_check(arena, "the backup", err);
    if (r >= 0)
        r = vl_file_make_dirs(keys, 0700, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(key_files) && r >= 0; i++) {
        struct vl_digest digest;
        uint64_t size = 0;
        const char *from = vl_arena_printf(arena, "%s/%s", data, key_files[i]);
        const char *to = vl_arena_printf(arena, "%s/%s", keys, key_files[i]);
        r = vl_arena_check(arena, "the backup", err);
        if (r >= 0)
            r = copy_file(from, to, &digest, &size, err);
        if (r > 0)
            list_file(json, vl_arena_printf(arena, KEYS "/%s", key_files[i]), &digest, size);
        *bytes += size;
    }
    return r < 0 ? r : sync_folder(keys, err);
}

int vl_server_backup(const struct vl_server_config *config, const char *folder, bool keys,
    struct vl_arena *arena, uint64_t *ret_bytes, struct vl_err *err)
{
    struct vl_buf list VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    uint64_t bytes = 0;
    const char *url = database_url(config, arena);
    int r = need_free(folder, "a backup goes into a folder of its own", err);
    if (r >= 0)
        r = vl_file_make_dirs(folder, 0700, err);
    vl_buf_init(&list, VL_BACKUP_LIST_MAX);
    vl_json_init(&json, &list, true);
    vl_json_object(&json);
    vl_json_member_str(&json, "program", "vallumd " VL_VERSION);
    vl_json_member_time(&json, "made", vl_time_now_ms());
    vl_json_member_str(&json, "database", database_file(url));
    vl_json_member_bool(&json, "keys", keys);
    vl_json_key(&json, "files");
    vl_json_array(&json);
    if (r >= 0)
        r = add_database(url, folder, arena, &json, &bytes, err);
    if (r >= 0 && keys)
        r = add_keys(config->data, folder, arena, &json, &bytes, err);
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    if (r >= 0)
        r = vl_json_check(&json, "the list of the backup", err);
    /* Last: a backup without its list is none, and a restore says so. */
    if (r >= 0)
        r = vl_file_replace(
            vl_arena_printf(arena, "%s/" VL_BACKUP_LIST, folder), 0600, vl_buf_span(&list), err);
    if (r >= 0)
        *ret_bytes = bytes;
    return r;
}

/* --- taking it back --- */

/* One of the names that a backup writes: a list cannot lead elsewhere. */
static bool is_known(const char *name)
{
    if (strcmp(name, "vallum.db") == 0 || strcmp(name, "vallum.pgdump") == 0)
        return true;
    for (size_t i = 0; i < VL_ARRAY_LEN(key_files); i++) {
        if (strncmp(name, KEYS "/", strlen(KEYS "/")) == 0 &&
            strcmp(name + strlen(KEYS "/"), key_files[i]) == 0)
            return true;
    }
    return false;
}

static int check_file(
    const struct vl_doc_node *file, const char *folder, struct vl_arena *arena, struct vl_err *err)
{
    const char *name = vl_arena_dup_span(arena, vl_doc_get_str(file, "name"));
    const char *path = vl_arena_printf(arena, "%s/%s", folder, name);
    struct vl_digest wanted, digest;
    uint64_t size = 0;
    int r = vl_arena_check(arena, "the list of the backup", err);
    if (r < 0)
        return r;
    if (!is_known(name) || !vl_digest_parse(vl_doc_get_str(file, "digest"), &wanted))
        return vl_err_set(
            err, VL_ERR_CORRUPT, "%s/" VL_BACKUP_LIST ": names \"%s\", which no backup has", folder, name);
    r = copy_file(path, NULL, &digest, &size, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "%s: is missing in the backup", path);
    if (r > 0 && !vl_digest_eq(&wanted, &digest))
        return vl_err_set(
            err, VL_ERR_CORRUPT, "%s: is not what was backed up (its SHA-256 is another)", path);
    return r;
}

static int check_list(const struct vl_doc_node *root, const char *folder, const char *database,
    struct vl_arena *arena, struct vl_err *err)
{
    const struct vl_doc_node *files = vl_doc_get(root, "files");
    bool has_database = false;
    int r = 0;
    if (vl_doc_size(files) > VL_BACKUP_FILES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s/" VL_BACKUP_LIST ": names more than %d files", folder,
            VL_BACKUP_FILES_MAX);
    for (const struct vl_doc_node *file = vl_doc_first(files); file && r >= 0; file = vl_doc_next(file)) {
        has_database |= vl_span_eq_str(vl_doc_get_str(file, "name"), database);
        r = check_file(file, folder, arena, err);
    }
    if (r >= 0 && !has_database)
        return vl_err_set(err, VL_ERR_CONFLICT,
            "%s: holds no %s: it was made from the other kind of database", folder, database);
    return r;
}

static int restore_keys(
    const char *data, const char *folder, struct vl_arena *arena, bool *ret_any, struct vl_err *err)
{
    int r = 0;
    *ret_any = false;
    for (size_t i = 0; i < VL_ARRAY_LEN(key_files) && r >= 0; i++) {
        struct vl_digest digest;
        uint64_t size;
        const char *from = vl_arena_printf(arena, "%s/" KEYS "/%s", folder, key_files[i]);
        const char *to = vl_arena_printf(arena, "%s/%s", data, key_files[i]);
        r = vl_arena_check(arena, "the restore", err);
        if (r >= 0)
            r = copy_file(from, to, &digest, &size, err);
        *ret_any |= r > 0;
    }
    return r < 0 ? r : sync_folder(data, err);
}

int vl_server_restore(const struct vl_server_config *config, const char *folder, struct vl_arena *arena,
    bool *ret_keys, struct vl_err *err)
{
    struct vl_buf list VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    const char *path = vl_arena_printf(arena, "%s/" VL_BACKUP_LIST, folder);
    const char *url = database_url(config, arena);
    bool keys = false;
    vl_buf_init(&list, VL_BACKUP_LIST_MAX);
    int r = vl_arena_check(arena, "the restore", err);
    if (r >= 0)
        r = need_free(config->data, "a restore makes a new data folder", err);
    if (r >= 0)
        r = vl_file_read(path, VL_BACKUP_LIST_MAX, &list, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&list), VL_DOC_JSON, path, &doc, err);
    if (r >= 0)
        r = check_list(vl_doc_root(doc), folder, database_file(url), arena, err);
    if (r >= 0)
        r = vl_file_make_dirs(config->data, 0700, err);
    if (r >= 0)
        r = vl_store_restore(url, vl_arena_printf(arena, "%s/%s", folder, database_file(url)), err);
    if (r >= 0 && vl_doc_bool(vl_doc_get(vl_doc_root(doc), "keys")))
        r = restore_keys(config->data, folder, arena, &keys, err);
    if (r >= 0)
        *ret_keys = keys;
    return r < 0 ? r : 0;
}
