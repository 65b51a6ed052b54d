/* Ready databases: published as a folder, exported as one file, installed after signature, digest and age are
 * checked. On its way the database is one zstd frame; signed is the digest of what is in it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "codec/chunk_file.h"
#include "codec/digest.h"
#include "pack.h"
#include "update.h"

#define DB_BYTES_MAX   (4UL * 1024 * 1024 * 1024)
#define META_BYTES_MAX 4096U
#define SIG_BYTES_MAX  1024U
#define BUNDLE_MAGIC   "VADX"
#define BUNDLE_VERSION 1U
#define PACK_LEVEL     19 /* three seconds a database, once for all who fetch it */

enum bundle_chunk { BUNDLE_META = 1, BUNDLE_SIG, BUNDLE_DB };

struct parsed_meta {
    struct vl_digest digest;
    uint64_t size;
    int64_t data_ms;
};

static int newest_data(const char *db_path, int64_t *ret_ms, uint64_t *ret_records, struct vl_err *err)
{
    struct vl_advisory_db *db;
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_advisory_db_open(db_path, &db, err);
    if (r == 0) {
        struct vl_advisory_counts counts;
        vl_advisory_db_counts(db, &counts);
        *ret_records = counts.records;
        *ret_ms = 0;
        for (size_t i = 0; i < vl_advisory_db_feed_count(db) && r == 0; i++) {
            struct vl_advisory_feed feed;
            r = vl_advisory_db_feed(db, i, arena, &feed, err);
            if (r == 0 && feed.data_ms > *ret_ms)
                *ret_ms = feed.data_ms;
        }
        vl_advisory_db_close(db);
    }
    vl_arena_free(arena);
    return r;
}

static int make_meta(const char *db_path, struct vl_span bytes, struct vl_buf *out, struct vl_err *err)
{
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    int64_t data_ms = 0;
    uint64_t records = 0;
    int r = newest_data(db_path, &data_ms, &records, err);
    if (r < 0)
        return r;
    vl_digest_compute(VL_DIGEST_SHA256, bytes, &digest);
    vl_buf_printf(out, "vallum-advisory-database 1\ndigest %s\nsize %zu\ndata %lld\nrecords %llu\n",
        vl_digest_format(&digest, text), bytes.len, (long long)data_ms, (unsigned long long)records);
    return vl_buf_check(out, "the description of the database", err);
}

int vl_advisory_meta(const char *db_path, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, DB_BYTES_MAX);
    int r = vl_file_read(db_path, DB_BYTES_MAX, &bytes, err);
    return r < 0 ? r : make_meta(db_path, vl_buf_span(&bytes), out, err);
}

static int parse_meta(struct vl_span text, struct parsed_meta *ret, struct vl_err *err)
{
    struct vl_span line;
    unsigned have = 0;
    bool known = vl_span_split_line(&text, &line) && vl_span_eq_str(line, "vallum-advisory-database 1");
    while (known && vl_span_split_line(&text, &line)) {
        size_t space = vl_span_find_char(line, ' ');
        struct vl_span key = vl_span_slice(line, 0, space);
        struct vl_span value = space == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(line, space + 1, line.len);
        uint64_t number;
        if (vl_span_eq_str(key, "digest") && vl_digest_parse(value, &ret->digest))
            have |= 1;
        else if (vl_span_eq_str(key, "size") && vl_span_to_u64(value, &ret->size))
            have |= 2;
        else if (vl_span_eq_str(key, "data") && vl_span_to_u64(value, &number) && number < INT64_MAX) {
            ret->data_ms = (int64_t)number;
            have |= 4;
        }
    }
    return have == 7
               ? 0
               : vl_err_set(err, VL_ERR_INVALID,
                     "%s is no description of an advisory database of this version", VL_ADVISORY_FILE_META);
}

static int sign_meta(struct vl_span key, struct vl_span meta, struct vl_buf *out, struct vl_err *err)
{
    uint8_t signature[VL_ED25519_SIGNATURE_BYTES];
    int r = vl_ed25519_sign(key, meta, signature, err);
    if (r < 0)
        return r;
    vl_base64_encode((struct vl_span){(const char *)signature, sizeof(signature)}, out);
    vl_buf_append_char(out, '\n');
    return vl_buf_check(out, "a signature", err);
}

static int check_signature(
    const struct vl_advisory_install_options *o, struct vl_span meta, struct vl_span text, struct vl_err *err)
{
    if (o->public_pem.len == 0)
        return o->allow_unsigned
                   ? 0
                   : vl_err_set(err, VL_ERR_AUTH,
                         "no public key is given to check the database's signature with: name it with "
                         "--key, or take it unsigned with --allow-unsigned");
    VL_CLEANUP(vl_buf_done) struct vl_buf signature;
    vl_buf_init(&signature, SIG_BYTES_MAX);
    text = vl_span_trim(text);
    if (text.len == 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "the database is not signed");
    if (!vl_base64_decode(text, &signature) || signature.len != VL_ED25519_SIGNATURE_BYTES)
        return vl_err_set(err, VL_ERR_CORRUPT, "the signature of the database is damaged");
    int r = vl_ed25519_verify(o->public_pem, meta, (const uint8_t *)signature.ptr, err);
    return r < 0 ? vl_err_wrap(err, "the signature of the database does not belong to this key") : 0;
}

/* Signature, then age: all that can be told before the database itself is fetched. 1: go on, 0: the same is
 * here. */
static int check_meta(const struct vl_advisory_install_options *o, struct vl_span meta,
    struct vl_span signature, struct parsed_meta *ret, struct vl_err *err)
{
    struct vl_err none = VL_ERR_INIT;
    int64_t have_ms;
    uint64_t records;
    int r = check_signature(o, meta, signature, err);
    if (r == 0)
        r = parse_meta(meta, ret, err);
    if (r < 0)
        return r;
    if (ret->size > DB_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "the database is over %lu bytes", DB_BYTES_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, DB_BYTES_MAX);
    if (vl_file_read(o->db_path, DB_BYTES_MAX, &bytes, &none) < 0 ||
        newest_data(o->db_path, &have_ms, &records, &none) < 0)
        return 1; /* none in place, or a damaged one */
    struct vl_digest digest;
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&bytes), &digest);
    if (vl_digest_eq(&digest, &ret->digest))
        return 0;
    if (ret->data_ms < have_ms && !o->allow_older)
        return vl_err_set(err, VL_ERR_CONFLICT,
            "the offered database has older data than %s: refused, unless --allow-older is given",
            o->db_path);
    return 1;
}

static int pack_db(struct vl_span plain, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(adb_packer_cleanup) struct adb_packer *packer = NULL;
    int r = adb_packer_new(VL_SPAN_EMPTY, PACK_LEVEL, &packer, err);
    return r < 0 ? r : adb_packer_add(packer, plain, out, err);
}

/* No more room than the signed description speaks of. */
static int unpack_db(struct vl_span packed, uint64_t size, struct vl_buf *out, struct vl_err *err)
{
    struct adb_unpacker *unpacker;
    vl_buf_init(out, (size_t)size + 1);
    int r = adb_unpacker_new(VL_SPAN_EMPTY, &unpacker, err);
    if (r < 0)
        return r;
    r = adb_unpack(unpacker, packed, out, err);
    adb_unpacker_free(unpacker);
    return r < 0 && err->code == VL_ERR_CORRUPT
               ? vl_err_set(err, VL_ERR_CORRUPT, "%s is damaged", VL_ADVISORY_FILE_DB)
               : r;
}

static int install_checked(const struct vl_advisory_install_options *o, const struct parsed_meta *meta,
    struct vl_span packed, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf fresh;
    VL_CLEANUP(vl_buf_done) struct vl_buf plain;
    VL_CLEANUP(vl_file_close) int lock = -1;
    struct vl_digest digest;
    vl_buf_init(&fresh, 4096);
    int r = unpack_db(packed, meta->size, &plain, err);
    if (r < 0)
        return r;
    struct vl_span db = vl_buf_span(&plain);
    vl_digest_compute(VL_DIGEST_SHA256, db, &digest);
    if (db.len != meta->size || !vl_digest_eq(&digest, &meta->digest))
        return vl_err_set(err, VL_ERR_CORRUPT,
            "the database is not the one its description names: it is damaged or "
            "was replaced while it was read");
    vl_buf_printf(&fresh, "%s.new", o->db_path);
    r = vl_buf_check(&fresh, "the path of the database", err);
    if (r == 0)
        r = update_lock(o->db_path, o->lock_wait_ms, &lock, err);
    if (r == 0)
        r = vl_file_replace(vl_buf_str(&fresh), 0644, db, err);
    return r < 0 ? r : update_replace(vl_buf_str(&fresh), o->db_path, err);
}

int vl_advisory_install_bytes(const struct vl_advisory_install_options *options, struct vl_span meta,
    struct vl_span signature, struct vl_span db, bool *ret_changed, struct vl_err *err)
{
    struct parsed_meta parsed = {0};
    int r = check_meta(options, meta, signature, &parsed, err);
    bool changed = r > 0;
    if (r > 0)
        r = install_checked(options, &parsed, db, err);
    if (r >= 0)
        *ret_changed = changed;
    return r < 0 ? r : 0;
}

/* --- from a folder or an address --- */

static int get_part(struct vl_http_client *client, const char *base, const char *name, size_t max,
    struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    vl_buf_init(&url, 8192);
    size_t len = strlen(base);
    vl_buf_printf(&url, "%s%s%s", base, len && base[len - 1] == '/' ? "" : "/", name);
    int r = vl_buf_check(&url, "an address", err);
    if (r < 0)
        return r;
    return client ? vl_http_get(client, vl_buf_str(&url), out, err)
                  : vl_file_read(vl_buf_str(&url), max, out, err);
}

static int install_parts(const struct vl_advisory_install_options *o, struct vl_http_client *client,
    const char *base, bool *ret_changed, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf meta;
    VL_CLEANUP(vl_buf_done) struct vl_buf sig;
    VL_CLEANUP(vl_buf_done) struct vl_buf db;
    struct parsed_meta parsed = {0};
    vl_buf_init(&meta, META_BYTES_MAX);
    vl_buf_init(&sig, SIG_BYTES_MAX);
    vl_buf_init(&db, DB_BYTES_MAX);
    int r = get_part(client, base, VL_ADVISORY_FILE_META, META_BYTES_MAX, &meta, err);
    if (r == 0 && o->public_pem.len)
        r = get_part(client, base, VL_ADVISORY_FILE_SIG, SIG_BYTES_MAX, &sig, err);
    if (r == 0)
        r = check_meta(o, vl_buf_span(&meta), vl_buf_span(&sig), &parsed, err);
    if (r <= 0) {
        *ret_changed = false;
        return r;
    }
    r = get_part(client, base, VL_ADVISORY_FILE_DB, DB_BYTES_MAX, &db, err);
    if (r == 0)
        r = install_checked(o, &parsed, vl_buf_span(&db), err);
    *ret_changed = r == 0;
    return r;
}

static int install_bundle(
    const struct vl_advisory_install_options *o, const char *path, bool *ret_changed, struct vl_err *err)
{
    VL_CLEANUP(vl_chunk_file_cleanup) struct vl_chunk_file *file = NULL;
    struct vl_span meta = VL_SPAN_EMPTY;
    struct vl_span sig = VL_SPAN_EMPTY;
    struct vl_span db = VL_SPAN_EMPTY;
    int r = vl_chunk_file_open(path, BUNDLE_MAGIC, BUNDLE_VERSION, &file, err);
    if (r == 0)
        r = vl_chunk_file_read(file, BUNDLE_META, 0, vl_chunk_file_size(file, BUNDLE_META), &meta, err);
    if (r == 0 && vl_chunk_file_size(file, BUNDLE_SIG))
        r = vl_chunk_file_read(file, BUNDLE_SIG, 0, vl_chunk_file_size(file, BUNDLE_SIG), &sig, err);
    if (r == 0)
        r = vl_chunk_file_read(file, BUNDLE_DB, 0, vl_chunk_file_size(file, BUNDLE_DB), &db, err);
    return r < 0 ? r : vl_advisory_install_bytes(o, meta, sig, db, ret_changed, err);
}

int vl_advisory_install(const struct vl_advisory_install_options *options, const char *from,
    bool *ret_changed, struct vl_err *err)
{
    struct stat st;
    if (strncmp(from, "https://", 8) == 0 || strncmp(from, "http://", 7) == 0) {
        VL_CLEANUP(vl_http_client_cleanup) struct vl_http_client *client = NULL;
        int r =
            vl_http_client_new(options->http ? options->http : &(struct vl_http_options){0}, &client, err);
        return r < 0 ? r : install_parts(options, client, from, ret_changed, err);
    }
    if (strncmp(from, "file://", 7) == 0)
        from += 7;
    if (stat(from, &st) < 0)
        return vl_err_sys(err, errno, "cannot read %s", from);
    int r = S_ISDIR(st.st_mode) ? install_parts(options, NULL, from, ret_changed, err)
                                : install_bundle(options, from, ret_changed, err);
    return r < 0 ? vl_err_wrap(err, "%s", from) : 0;
}

/* --- the other way --- */

struct prepared {
    struct vl_buf packed, meta, sig;
};

static void prepared_done(struct prepared *p)
{
    vl_buf_done(&p->packed);
    vl_buf_done(&p->meta);
    vl_buf_done(&p->sig);
}

static int prepare(const char *db_path, struct vl_span key, struct prepared *p, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf plain;
    vl_buf_init(&plain, DB_BYTES_MAX);
    vl_buf_init(&p->packed, DB_BYTES_MAX);
    vl_buf_init(&p->meta, META_BYTES_MAX);
    vl_buf_init(&p->sig, SIG_BYTES_MAX);
    int r = vl_file_read(db_path, DB_BYTES_MAX, &plain, err);
    if (r == 0)
        r = make_meta(db_path, vl_buf_span(&plain), &p->meta, err);
    if (r == 0)
        r = pack_db(vl_buf_span(&plain), &p->packed, err);
    return r == 0 && key.len ? sign_meta(key, vl_buf_span(&p->meta), &p->sig, err) : r;
}

static int put_part(const char *folder, const char *name, struct vl_span bytes, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf path;
    vl_buf_init(&path, 4096);
    vl_buf_printf(&path, "%s/%s", folder, name);
    int r = vl_buf_check(&path, "a path", err);
    return r < 0 ? r : vl_file_replace(vl_buf_str(&path), 0644, bytes, err);
}

/* The database first, its description last: who reads in between sees a description of another database and
 * tries again. */
int vl_advisory_publish_folder(
    const char *db_path, struct vl_span private_pem, const char *folder, struct vl_err *err)
{
    VL_CLEANUP(prepared_done) struct prepared p = {0};
    int r = prepare(db_path, private_pem, &p, err);
    if (r == 0)
        r = vl_file_make_dirs(folder, 0755, err);
    if (r == 0)
        r = put_part(folder, VL_ADVISORY_FILE_DB, vl_buf_span(&p.packed), err);
    if (r == 0 && p.sig.len)
        r = put_part(folder, VL_ADVISORY_FILE_SIG, vl_buf_span(&p.sig), err);
    return r < 0 ? r : put_part(folder, VL_ADVISORY_FILE_META, vl_buf_span(&p.meta), err);
}

int vl_advisory_read_ready(const char *db_path, struct vl_span private_pem, struct vl_buf *ret_meta,
    struct vl_buf *ret_signature, struct vl_buf *ret_db, struct vl_err *err)
{
    VL_CLEANUP(prepared_done) struct prepared p = {0};
    int r = prepare(db_path, private_pem, &p, err);
    if (r < 0)
        return r;
    vl_buf_append_span(ret_meta, vl_buf_span(&p.meta));
    vl_buf_append_span(ret_signature, vl_buf_span(&p.sig));
    vl_buf_append_span(ret_db, vl_buf_span(&p.packed));
    r = vl_buf_check(ret_meta, VL_ADVISORY_FILE_META, err);
    if (r == 0)
        r = vl_buf_check(ret_signature, VL_ADVISORY_FILE_SIG, err);
    return r < 0 ? r : vl_buf_check(ret_db, VL_ADVISORY_FILE_DB, err);
}

int vl_advisory_export(
    const char *db_path, struct vl_span private_pem, const char *bundle_path, struct vl_err *err)
{
    VL_CLEANUP(prepared_done) struct prepared p = {0};
    int r = prepare(db_path, private_pem, &p, err);
    if (r < 0)
        return r;
    VL_CLEANUP(vl_chunk_writer_cleanup)
    struct vl_chunk_writer *writer = vl_chunk_writer_new(BUNDLE_MAGIC, BUNDLE_VERSION);
    if (!writer)
        return vl_err_nomem(err);
    r = vl_chunk_writer_add(writer, BUNDLE_META, vl_buf_span(&p.meta), err);
    if (r == 0 && p.sig.len)
        r = vl_chunk_writer_add(writer, BUNDLE_SIG, vl_buf_span(&p.sig), err);
    if (r == 0)
        r = vl_chunk_writer_add(writer, BUNDLE_DB, vl_buf_span(&p.packed), err);
    return r < 0 ? r : vl_chunk_writer_finish(writer, bundle_path, err);
}
