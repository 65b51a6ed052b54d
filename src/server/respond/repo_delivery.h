/* SQL of what waits in the outbox: taken, delivered, held back, given up; and its lists. */
#ifndef VL_SERVER_REPO_DELIVERY_H
#define VL_SERVER_REPO_DELIVERY_H

#include "respond/mail.h"
#include "respond/repo_outbox.h"

/* Mails a day and address, as Defender for Cloud has it: high 4, medium 2, low 1; ours count critical with
 * high, informational with low. Digests and tests are not counted. */
#define VL_MAIL_HIGH_A_DAY   4
#define VL_MAIL_MEDIUM_A_DAY 2
#define VL_MAIL_LOW_A_DAY    1
#define VL_OUTBOX_LEASE_MS \
    300000 /* one that was taken and not finished (a kill) is taken again after so long */

const char *vl_outbox_state_name(
    enum vl_outbox_state state); /* "waiting" "delivered" "dead" "held" "named" */
bool vl_outbox_state_parse(struct vl_span text, enum vl_outbox_state *ret);

/* A row; texts in the arena. */
struct vl_outbox {
    int64_t id, environment, channel;
    const char *channel_name; /* of lists only */
    const char *address, *topic, *subject, *body;
    enum vl_severity severity;
    enum vl_outbox_state state;
    int64_t created, attempts, next_try, delivered;
    const char *error; /* or NULL */
};

/* The next message of the channel that is due, with one more attempt; nobody else gets it for
 * VL_OUTBOX_LEASE_MS. 1, or 0 where none is due. */
VL_MUST_CHECK int vl_repo_outbox_claim(struct vl_store_conn *conn, int64_t channel, int64_t now,
    struct vl_arena *arena, struct vl_outbox *ret, struct vl_err *err);
/* How a claimed one ended; `next_try` where it waits again. */
VL_MUST_CHECK int vl_repo_outbox_finish(struct vl_store_conn *conn, const struct vl_outbox *row,
    enum vl_outbox_state state, int64_t next_try, const char *error, struct vl_err *err);
/* The peer is not there: all others that are due have failed with it. */
VL_MUST_CHECK int vl_repo_outbox_postpone(struct vl_store_conn *conn, int64_t channel, int64_t now,
    int64_t next_try, const char *error, struct vl_err *err);
/* When the next one of the channel is due: 1, or 0 where none waits. */
VL_MUST_CHECK int vl_repo_outbox_next(
    struct vl_store_conn *conn, int64_t channel, int64_t *ret_next, struct vl_err *err);
/* Channels with something that waits; at most `max`. */
VL_MUST_CHECK int vl_repo_outbox_waiting(
    struct vl_store_conn *conn, int64_t *ret_channels, size_t max, size_t *ret_n, struct vl_err *err);

/* Whether a mail of this severity may go to the address now. */
VL_MUST_CHECK int vl_repo_mail_allowed(
    struct vl_store_conn *conn, const struct vl_outbox *row, int64_t now, bool *ret, struct vl_err *err);
/* What was held back for the address: the newest VL_MAIL_HELD_MAX, and how many in all. */
VL_MUST_CHECK int vl_repo_mail_held(struct vl_store_conn *conn, const struct vl_outbox *row,
    struct vl_arena *arena, struct vl_mail_held **ret, size_t *ret_n, uint64_t *ret_total,
    struct vl_err *err);
/* They were named in the mail that `row` is. `until`: those made later were not. */
VL_MUST_CHECK int vl_repo_mail_named(
    struct vl_store_conn *conn, const struct vl_outbox *row, int64_t until, struct vl_err *err);

/* Newest first, ids below `before` (0: all); `state` 0: any. */
VL_MUST_CHECK int vl_repo_outbox_list(struct vl_store_conn *conn, int64_t environment,
    enum vl_outbox_state state, int64_t before, size_t limit, struct vl_arena *arena, struct vl_outbox **ret,
    size_t *ret_n, struct vl_err *err);
VL_MUST_CHECK int vl_repo_outbox_count(struct vl_store_conn *conn, int64_t environment,
    enum vl_outbox_state state, int64_t max, int64_t *ret, struct vl_err *err);
/* Dead or held: waits again, as new, and its job is added. 1, or 0 where it is neither, or not there. */
VL_MUST_CHECK int vl_repo_outbox_retry(
    struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_err *err);
/* Removes what is older than it is kept. */
VL_MUST_CHECK int vl_repo_outbox_trim(struct vl_store_conn *conn, int64_t now, struct vl_err *err);

/* Adds the job that delivers a channel's messages. */
VL_MUST_CHECK int vl_outbox_job(
    struct vl_store_conn *conn, int64_t channel, int64_t not_before, struct vl_err *err);

/* --- notices --- */

struct vl_notice {
    int64_t id, at, count;
    const char *topic, *title, *object;
    enum vl_severity severity;
};
/* Newest first by id. */
VL_MUST_CHECK int vl_repo_notice_list(struct vl_store_conn *conn, int64_t environment, int64_t before,
    size_t limit, struct vl_arena *arena, struct vl_notice **ret, size_t *ret_n, struct vl_err *err);
VL_MUST_CHECK int vl_repo_notice_count(
    struct vl_store_conn *conn, int64_t environment, int64_t max, int64_t *ret, struct vl_err *err);

#endif
