/* What changes on the server, as it changes: its stream of events (/api/v1/events, server-sent events). */
#ifndef VL_CLI_FOLLOW_H
#define VL_CLI_FOLLOW_H

#include "remote/client.h"

#define VL_CLI_FOLLOW_PAUSE_MS 500 /* between two looks, at least */
#define VL_CLI_FOLLOW_MS       60000 /* a stream lasts so long at most; a peer that is gone is noticed by then */

/* The lines of a stream (WHATWG HTML, "Server-sent events"), in pieces of any size. */
struct vl_cli_events {
    char line[64]; /* the beginning of the line that is not whole yet */
    size_t len;
    bool named;    /* the block has an event, data or an id */
    char last[24]; /* the id that was told last; "": none yet */
};
/* How many events end in the piece. */
size_t vl_cli_events_feed(struct vl_cli_events *events, struct vl_span piece);

/* A look at what is followed: 1 ends it, 0 goes on. */
typedef int vl_cli_look(void *user, struct vl_err *err);

/* Looks once the stream is open, after every change (those that come together, once), and whenever the stream
 * is opened anew. *ret_followed: there was a stream. 1: a look ended it; 0: there is no stream (any more):
 * the caller asks again after a while; a negative error is that of a look. */
VL_MUST_CHECK int vl_cli_follow(
    struct vl_cli_client *client, vl_cli_look *look, void *user, bool *ret_followed, struct vl_err *err);

#endif
