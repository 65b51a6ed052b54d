/* tests: test_runner.c
 *
 * The feed of changes is kept for a day: who comes later reads everything anew, and is told so. */
#include "base/time.h"
#include "jobs/handlers.h"
#include "store/feed.h"

#define KEEP_MS (24LL * 60 * 60 * 1000)

static int trim_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const int64_t *before = user;
    return vl_feed_trim(conn, *before, err);
}

int vl_round_feed(struct vl_server_app *app, struct vl_err *err)
{
    int64_t before = vl_time_now_ms() - KEEP_MS;
    return vl_store_write(app->store, trim_write, &before, err);
}
