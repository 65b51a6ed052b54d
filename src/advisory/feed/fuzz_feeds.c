/* All parsers of feeds: the first byte chooses one, the rest is its document; a capital letter: a file that
 * holds documents of it. */
#include <stdlib.h>

#include "feed.h"

#define ARENA (64UL * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(const struct vl_record *record, void *user, struct vl_err *err)
{
    struct vl_buf *out = user;
    (void)err;
    vl_buf_clear(out);
    vl_record_encode(record, out);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"osv", "debian-tracker", "debian-list", "alpine-secdb", "rubysec",
        "friendsofphp", "nodejs-security-wg", "retirejs", "kev", "epss", "vulnrichment-tsv", "cve5", "wesng",
        "csaf", "updateinfo", "oval", "photon", "starter"};
    if (size < 1)
        return 0;
    bool is_file = data[0] >= 'A' && data[0] <= 'Z';
    unsigned which = is_file          ? (unsigned)(data[0] - 'A') % VL_ARRAY_LEN(kinds)
                     : data[0] >= 'a' ? (unsigned)(data[0] - 'a') % VL_ARRAY_LEN(kinds)
                                      : 0;
    const struct vl_feed_kind *kind = vl_feed_kind_find(vl_span_str(kinds[which]));
    struct vl_arena *arena = vl_arena_new(ARENA);
    if (!kind || !arena)
        abort();
    struct vl_buf out;
    vl_buf_init(&out, ARENA);
    struct vl_record_sink sink = {.record = take, .user = &out};
    struct vl_feed_context context = {.feed = "fuzz", .ecosystem = "npm", .arena = arena};
    struct vl_err err = VL_ERR_INIT;
    struct vl_span document = {(const char *)data + 1, size - 1};
    int r = is_file ? vl_feed_read_bytes(document, "fuzz.file", kind, "fuzz", "npm", &sink, &err)
                    : kind->parse(document, "fuzz.document", &context, &sink, &err);
    if (r < 0 && err.msg[0] == 0)
        abort(); /* an error without a word */
    vl_buf_done(&out);
    vl_arena_free(arena);
    return 0;
}
