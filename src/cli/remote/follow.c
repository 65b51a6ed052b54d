#include "remote/follow.h"

#include <string.h>
#include <time.h>

#include "base/time.h"

size_t vl_cli_events_feed(struct vl_cli_events *e, struct vl_span piece)
{
    size_t whole = 0;
    for (size_t i = 0; i < piece.len; i++) {
        char c = piece.ptr[i];
        if (c == '\r')
            continue;
        if (c != '\n') {
            if (e->len + 1 < sizeof(e->line))
                e->line[e->len++] = c;
            continue;
        }
        struct vl_span line = {e->line, e->len};
        if (line.len == 0) {
            whole += e->named;
            e->named = false;
        } else if (vl_span_starts_with(line, "id:")) {
            struct vl_span id = vl_span_trim(vl_span_slice(line, 3, line.len));
            size_t n = id.len < sizeof(e->last) ? id.len : 0; /* ours are numbers */
            memcpy(e->last, id.ptr, n);
            e->last[n] = '\0';
        } else if (vl_span_starts_with(line, "event:") || vl_span_starts_with(line, "data:")) {
            e->named = true;
        }
        e->len = 0;
    }
    return whole;
}

#define SHORT_US 2000000

struct following {
    struct vl_cli_events events;
    vl_cli_look *look;
    void *user;
    struct vl_err *err;
    int result; /* of the look */
    bool opened, ended;
    int64_t looked_us;
};

static int look(struct following *f)
{
    f->result = f->look(f->user, f->err);
    f->looked_us = vl_time_monotonic_us();
    f->ended = f->result != 0;
    return f->ended ? -ECANCELED : 0;
}

/* While it looks, what comes meanwhile waits in the connection: a storm of changes is one look. */
static int heard(struct vl_span piece, void *user, struct vl_err *err)
{
    struct following *f = user;
    bool first = !f->opened;
    size_t n = vl_cli_events_feed(&f->events, piece);
    f->opened = true;
    if (!first && n == 0)
        return 0;
    int64_t left = VL_CLI_FOLLOW_PAUSE_MS * 1000LL - (vl_time_monotonic_us() - f->looked_us);
    if (f->looked_us && left > 0)
        (void)nanosleep(&(struct timespec){0, (long)left * 1000L}, NULL);
    int r = look(f);
    return r < 0 ? vl_err_set(err, VL_ERR_CONFLICT, "seen enough") : 0;
}

int vl_cli_follow(
    struct vl_cli_client *client, vl_cli_look *each, void *user, bool *ret_followed, struct vl_err *err)
{
    struct following f = {.look = each, .user = user, .err = err};
    struct vl_err why = VL_ERR_INIT;
    *ret_followed = false;
    int64_t began;
    do {
        began = vl_time_monotonic_us();
        f.opened = false;
        f.events.len = 0;
        f.events.named = false;
        vl_err_clear(&why);
        /* A stream ends in time, or with its server; one that was open is opened again. */
        if (vl_cli_client_stream(client, "/events", f.events.last, VL_CLI_FOLLOW_MS, heard, &f, &why) < 0)
            vl_err_clear(&why);
        *ret_followed |= f.opened;
        /* One that is cut at once would be opened over and over. */
    } while (f.opened && !f.ended && vl_time_monotonic_us() - began > SHORT_US);
    return f.ended ? f.result : 0;
}
