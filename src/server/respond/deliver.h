/* One message on its way to one peer. Touches no database but to read the mail server's setting. */
#ifndef VL_SERVER_DELIVER_H
#define VL_SERVER_DELIVER_H

#include "app.h"
#include "respond/channel.h"
#include "respond/event.h"
#include "respond/mail.h"

struct vl_delivery {
    struct vl_server_app *app;
    const struct vl_channel *channel;
    const struct vl_notify_event *event; /* with id, environment and base_url */
    const char *address;                 /* of a mail */
    const struct vl_mail_held *held;
    size_t n_held;
    uint64_t total_held;
};

/* *ret_answer: what the peer said, in the arena. -EAGAIN as errno of an error: the peer was there and would
 * not take this message now; the next one may do. */
VL_MUST_CHECK int vl_deliver(
    const struct vl_delivery *delivery, struct vl_arena *arena, const char **ret_answer, struct vl_err *err);

/* The portal's own address, "https://HOST:PORT/ui", for links: of the configuration, in the arena. */
const char *vl_deliver_base_url(const struct vl_server_app *app, struct vl_arena *arena);

#endif
