/* What tests of feed parsers share: a parser run over a literal, its records as lines of text. */
#ifndef VL_ADVISORY_FEED_TEST_SUPPORT_H
#define VL_ADVISORY_FEED_TEST_SUPPORT_H

#include "feed/parse.h"

struct feed_run {
    struct vl_arena *arena;
    struct vl_buf
        text; /* a line each: "id =alias +covered ~rating @cvss | space package [from,fixed) {state}" */
    struct vl_record_sink sink;
    struct vl_err err;
    int result;
};

/* Runs the parser; `text` holds what it gave. */
void feed_run(struct feed_run *run, vl_feed_parse_fn *parse, const char *ecosystem, const char *document);
void feed_run_done(struct feed_run *run);

/* Asserts that the lines are exactly these; prints both where they are not. */
void assert_feed(vl_feed_parse_fn *parse, const char *ecosystem, const char *document, const char *expected);

#endif
