/* One file through its parser, and what came out as text: for the tests of artifact/ and of project files. */
#ifndef VL_PACKAGE_TEST_LISTING_H
#define VL_PACKAGE_TEST_LISTING_H

#include "package/parser.h"

struct listing {
    struct vl_arena *arena;
    struct vl_notes notes;
    struct vl_package_sink sink;
    struct vl_err err;
    int status; /* what the parser returned */
};

/* Fails the test where another parser than `parser` wants the file. A binary needs its mode. */
void listing_read(
    struct listing *l, const char *parser, const char *path, uint32_t mode, struct vl_span content);
void listing_done(struct listing *l);

/* Lines "ecosystem name version FLAGS", in order of the sink, the last without "\n"; flags as letters: D dev,
 * O optional, I indirect, B bundled, M main, R range. */
const char *listing_text(struct listing *l);

/* Reads a text, compares the listing, and forgets it. A status below 0 is expected where `text` begins with
 * "error". */
void assert_listing(const char *parser, const char *path, const char *content, const char *expected);

#endif
