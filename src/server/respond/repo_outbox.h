/* SQL of what is still to be told: messages that wait, those that came through, and those that never will;
 * and the notices of the portal. */
#ifndef VL_SERVER_REPO_OUTBOX_H
#define VL_SERVER_REPO_OUTBOX_H

#include "respond/notify.h"

#define VL_OUTBOX_WAITING_MAX 10000 /* a channel; more are counted (channel.shed), not kept */
#define VL_OUTBOX_TRIES       10    /* then it is dead, until somebody asks for another try */
#define VL_OUTBOX_PAUSE_MS    30000 /* after the first failure; doubles */
#define VL_OUTBOX_KEEP_MS     (30LL * 24 * 3600 * 1000) /* delivered ones; dead and held ones three times it */
#define VL_CHANNELS_MAX       100                       /* of an environment */

enum vl_outbox_state {
    VL_OUTBOX_ANY = 0, /* of filters */
    VL_OUTBOX_WAITING = 1,
    VL_OUTBOX_DELIVERED = 2,
    VL_OUTBOX_DEAD = 3,
    VL_OUTBOX_HELD = 4,  /* by a limit of mails; the next mail names it */
    VL_OUTBOX_NAMED = 5, /* was held, and a later mail named it */
};

#endif
