/* A database whose pages have right checksums and whose content lies: the chunks come from the input ("id u8,
 * length u32, bytes" each), the container around them is made here. Everything that reads is asked. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "advisory/db.h"
#include "base/reader.h"
#include "codec/chunk_file.h"
#include "format.h"

#define ARENA       (64UL * 1024 * 1024)
#define RECORDS_MAX 64U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_say_why(int r, const struct vl_err *err)
{
    if (r < 0 && err->msg[0] == 0)
        abort();
}

static bool write_file(struct vl_span input, const char *path)
{
    VL_CLEANUP(vl_chunk_writer_cleanup)
    struct vl_chunk_writer *writer = vl_chunk_writer_new(ADB_MAGIC, ADB_VERSION);
    struct vl_reader in = vl_reader_new(input);
    struct vl_err err = VL_ERR_INIT;
    int r = writer ? 0 : -1;
    while (r == 0 && vl_reader_left(&in)) {
        uint32_t id = vl_reader_u8(&in);
        uint32_t len = vl_reader_u32le(&in);
        struct vl_span content = vl_reader_take(&in, len);
        r = vl_reader_ok(&in) && content.len ? vl_chunk_writer_add(writer, id, content, &err) : -1;
    }
    return r == 0 && vl_chunk_writer_finish(writer, path, &err) == 0;
}

static int on_row(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
    struct vl_err *err)
{
    (void)record, (void)space, (void)package, (void)ranges, (void)user, (void)err;
    return 0;
}

static void match(struct vl_advisory_db *db, const struct vl_distro *distro, struct vl_arena *arena)
{
    static const struct vl_package packages[] = {
        {.ecosystem = VL_ECO_NPM, .name = "lodash", .version = "4.17.11"},
        {.ecosystem = VL_ECO_DEB,
            .name = "zlib1g",
            .version = "1:1.2.11",
            .source_name = "zlib",
            .source_version = "1:1.2.11"},
        {.ecosystem = VL_ECO_WINDOWS, .name = "Windows Server 2022", .version = "10.0.20348.1547"},
    };
    static const char *const updates[] = {"KB5008223", "5009001", "x"};
    struct vl_advisory_matcher *matcher = NULL;
    struct vl_err err = VL_ERR_INIT;
    int r = vl_advisory_matcher_new(db, distro, &matcher, &err);
    must_say_why(r, &err);
    if (r == 0)
        vl_advisory_matcher_set_updates(matcher, updates, VL_ARRAY_LEN(updates));
    for (size_t i = 0; r == 0 && i < VL_ARRAY_LEN(packages); i++) {
        const struct vl_coverage_row *row;
        struct vl_vec matches;
        bool covered;
        vl_vec_init(&matches, sizeof(struct vl_advisory_match), 10000);
        must_say_why(vl_advisory_match(matcher, &packages[i], arena, &matches, &err), &err);
        vl_vec_done(&matches);
        vl_err_clear(&err);
        must_say_why(vl_advisory_coverage(matcher, &packages[i], &row, &err), &err);
        vl_err_clear(&err);
        must_say_why(vl_advisory_covers(matcher, &packages[i], &covered, &err), &err);
        vl_err_clear(&err);
    }
    vl_advisory_matcher_free(matcher);
}

static void read_all(struct vl_advisory_db *db, struct vl_arena *arena)
{
    static const struct vl_distro debian = {
        .id = "debian", .pretty_name = "", .version_id = "12", .codename = "bookworm"};
    static const char *const wanted[] = {"CVE-2019-10744", "pkg:npm/lodash", "pkg:deb/debian/zlib"};
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_counts counts;
    vl_advisory_db_counts(db, &counts);
    for (size_t i = 0; i < vl_advisory_db_feed_count(db) && i < RECORDS_MAX; i++) {
        struct vl_advisory_feed feed;
        must_say_why(vl_advisory_db_feed(db, i, arena, &feed, &err), &err);
        vl_err_clear(&err);
    }
    for (uint32_t i = 0; i < RECORDS_MAX; i++) {
        struct vl_finding finding = {0};
        must_say_why(vl_advisory_describe(db, i, &debian, arena, &finding, &err), &err);
        vl_err_clear(&err);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(wanted); i++) {
        must_say_why(vl_advisory_search(db, vl_span_str(wanted[i]), on_row, NULL, &err), &err);
        vl_err_clear(&err);
    }
    match(db, &debian, arena);
    must_say_why(vl_advisory_db_verify(db, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_db *db = NULL;
    (void)snprintf(path, sizeof(path), "/dev/shm/vallum-fuzz-%ld.vadb", (long)getpid());
    struct vl_arena *arena = vl_arena_new(ARENA);
    if (!arena)
        abort();
    if (write_file((struct vl_span){(const char *)data, size}, path)) {
        int r = vl_advisory_db_open(path, &db, &err);
        must_say_why(r, &err);
        if (r == 0)
            read_all(db, arena);
        vl_advisory_db_close(db);
    }
    unlink(path);
    vl_arena_free(arena);
    return 0;
}
