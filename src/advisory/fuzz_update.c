/* What an update reads besides feeds. The first byte: 'c' the list of an OSV export's changes, 'k' changes
 * kept beside it, 'm' what is known of a fetched feed, 'r' an index of an rpm repository, 'l' a list of
 * mirrors, 'n' the name of the newest archive, 'd' a date of HTTP, 'b' a bundle: its description up to a NUL,
 * its signature up to the next, and the packed database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "update.h"

#define ARENA    (1UL << 20)
#define ROOM_MAX 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

static void must_say_why(int r, struct vl_err *err)
{
    if (r < 0 && err->msg[0] == '\0')
        abort();
    vl_err_clear(err);
}

static bool put(const char *name, struct vl_span content, char path[ROOM_MAX])
{
    (void)snprintf(path, ROOM_MAX, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(content.len ? content.ptr : "", 1, content.len, f) == content.len;
    if (f)
        good &= fclose(f) == 0;
    return good;
}

static void list_of_changes(struct vl_span content)
{
    char path[ROOM_MAX], url[ROOM_MAX + 8];
    int64_t newest;
    uint64_t bytes;
    struct vl_err err = VL_ERR_INIT;
    if (!put("A-1.json", VL_SPAN_LIT("{\"id\": \"A-1\"}"), path) || !put("modified_id.csv", content, path))
        return;
    (void)snprintf(url, sizeof(url), "file://%s/all.zip", folder);
    (void)snprintf(path, sizeof(path), "%s/all.zip", folder);
    must_say_why(update_changes_fetch(NULL, url, path, 1700000000000, &newest, &bytes, &err), &err);
    must_say_why(update_changes_forget(path, &err), &err);
}

static void kept_changes(struct vl_span content)
{
    char path[ROOM_MAX];
    struct update_changes changes = {0};
    struct vl_err err = VL_ERR_INIT;
    size_t pos = 0;
    if (!put("kept.changes", content, path))
        return;
    path[strlen(path) - strlen(".changes")] = '\0';
    int r = update_changes_load(path, &changes, &err);
    for (const struct vl_map_slot *s; r >= 0 && (s = vl_map_next(&changes.documents, &pos));) {
        struct vl_span document = update_changes_at(&changes, s);
        VL_CLEANUP(vl_buf_done) struct vl_buf copy; /* each byte must be there */
        vl_buf_init(&copy, UPDATE_CHANGES_BYTES_MAX);
        vl_buf_append_span(&copy, document);
    }
    update_changes_done(&changes);
    must_say_why(r, &err);
}

static void known_feed(struct vl_span content)
{
    char path[ROOM_MAX];
    struct update_meta meta, again;
    struct vl_err err = VL_ERR_INIT;
    if (!put("feed.meta", content, path))
        return;
    path[strlen(path) - strlen(".meta")] = '\0';
    update_meta_read(path, &meta);
    if (memchr(meta.url, '\0', sizeof(meta.url)) == NULL ||
        memchr(meta.etag, '\0', sizeof(meta.etag)) == NULL)
        abort();
    if (update_meta_write(path, &meta, &err) < 0)
        return;
    update_meta_read(path, &again);
    if (meta.fetched_ms >= 0 && meta.changes_ms >= 0 &&
        (strcmp(meta.etag, again.etag) != 0 || meta.fetched_ms != again.fetched_ms))
        abort();
}

/* Nothing but files: no host is asked. */
static void resolve(const char *name, struct vl_span content)
{
    char path[ROOM_MAX], url[ROOM_MAX + 8];
    struct vl_err err = VL_ERR_INIT;
    const char *found = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA);
    if (!arena || vl_span_find(content, VL_SPAN_LIT("http")) != SIZE_MAX || !put(name, content, path))
        return;
    (void)snprintf(url, sizeof(url), "file://%s", path);
    int r = update_resolve(NULL, url, arena, &found, &err);
    if (r >= 0 && (strstr(found, "..") || strncmp(found, "file://", 7) != 0))
        abort();
    must_say_why(r, &err);
}

static void bundle(struct vl_span rest)
{
    static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                              "-----END PUBLIC KEY-----\n";
    char path[ROOM_MAX];
    struct vl_err err = VL_ERR_INIT;
    struct vl_span meta = VL_SPAN_EMPTY, signature = VL_SPAN_EMPTY;
    bool changed;
    (void)vl_span_split(&rest, '\0', &meta);
    (void)vl_span_split(&rest, '\0', &signature);
    (void)snprintf(path, sizeof(path), "%s/bundle.vadb", folder);
    struct vl_advisory_install_options options = {.db_path = path, .allow_unsigned = true};
    must_say_why(vl_advisory_install_bytes(&options, meta, signature, rest, &changed, &err), &err);
    options.public_pem = vl_span_str(key);
    if (vl_advisory_install_bytes(&options, meta, signature, rest, &changed, &err) >= 0)
        abort(); /* nobody has this key */
    must_say_why(-1, &err);
    unlink(path);
}

static void clear_folder(void)
{
    static const char *const names[] = {"A-1.json", "modified_id.csv", "all.zip.changes", "kept.changes",
        "feed.meta", "repomd.xml", "mirror.list", "archive_latest.txt", "bundle.vadb", "bundle.vadb.lock",
        "bundle.vadb.new"};
    char path[ROOM_MAX];
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct vl_span rest = {(const char *)data + 1, size - 1};
    char text[64];
    (void)snprintf(folder, sizeof(folder), "/dev/shm/vallum-fuzz-update-%ld", (long)getpid());
    if (mkdir(folder, 0700) < 0 && access(folder, W_OK) < 0)
        return 0;
    switch (data[0]) {
    case 'c':
        list_of_changes(rest);
        break;
    case 'k':
        kept_changes(rest);
        break;
    case 'm':
        known_feed(rest);
        break;
    case 'r':
        resolve("repomd.xml", rest);
        break;
    case 'l':
        resolve("mirror.list", rest);
        break;
    case 'n':
        resolve("archive_latest.txt", rest);
        break;
    case 'd':
        (void)snprintf(text, sizeof(text), "%.*s", VL_SPAN_FMT(rest));
        (void)update_http_date(text);
        break;
    default:
        bundle(rest);
    }
    clear_folder();
    return 0;
}
