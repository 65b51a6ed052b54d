/* Server-sent events: one thread follows the feed of changes and writes them to all streams that are open. A
 * stream gets the changes of one environment, by a caller whose right to see it is looked at again and again.
 *
 * Form of an event: WHATWG HTML, "Server-sent events". */
#ifndef VL_SERVER_STREAM_H
#define VL_SERVER_STREAM_H

#include "net/http_server.h"
#include "store/store.h"

#define VL_WATCH_STREAMS_MAX    1000
#define VL_WATCH_PER_CALLER_MAX 20
#define VL_WATCH_HEARTBEAT_MS   15000
#define VL_WATCH_BATCH_MAX      1000 /* changes read at once */

struct vl_watch;

VL_MUST_CHECK int vl_watch_new(struct vl_store *store, struct vl_watch **ret, struct vl_err *err);
void vl_watch_free(struct vl_watch *watch); /* ends all streams; accepts NULL */

struct vl_watch_caller {
    int64_t principal, token;
    int64_t environment;
    const char *guid; /* of it; copied */
    bool narrow;      /* hears of the parts that he has a role in, and of nothing else */
    int64_t after;    /* number of the last event that was seen; 0: from now on */
};
/* Opens one; the HTTP server's end of it is *ret. VL_ERR_LIMIT where there are too many. */
VL_MUST_CHECK int vl_watch_open(struct vl_watch *watch, const struct vl_watch_caller *caller,
    struct vl_http_stream **ret, struct vl_err *err);

#endif
