/* Telling people, from any subject: a notice in the portal, and a message by every channel that wants it. */
#ifndef VL_SERVER_NOTIFY_H
#define VL_SERVER_NOTIFY_H

#include "respond/event.h"
#include "store/store.h"

/* Inside of the write that makes the change: the notice and the messages are there if and only if it commits.
 * Rows of the outbox for each channel (mail: each address) of the environment that wants the topic, the
 * severity and the place; a "notify" job delivers them. The same title about the same object within a day
 * counts on in one notice. Topics digest and test make no notice. */
VL_MUST_CHECK int vl_notify(struct vl_store_conn *conn, int64_t environment_id,
    const struct vl_notify_event *event, struct vl_err *err);

#endif
