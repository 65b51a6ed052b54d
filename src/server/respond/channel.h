/* How a channel is configured: what may be said of each kind, what of it is a secret, and what is shown.
 *
 *   mail     {"to":["a@example.org"]}; of a contact: {"contact":"default"}
 *   webhook  {"url","caPem"?}, key: of the signature ("whsec_…"; made where none is given)
 *   slack    {"url"}   the URL is the secret: what is shown ends after the host
 *   teams    {"url"}   the same
 *   syslog   {"host","port","transport":"tls"|"tcp"|"udp","caPem"?}
 *
 * URLs are https; http only to this machine. */
#ifndef VL_SERVER_CHANNEL_H
#define VL_SERVER_CHANNEL_H

#include "base/arena.h"
#include "codec/doc.h"
#include "model/severity.h"
#include "net/crypt.h"

#define VL_CHANNEL_NAME_MAX   64
#define VL_CHANNEL_URL_MAX    2000
#define VL_CHANNEL_KEY_MIN    16
#define VL_CHANNEL_KEY_MAX    256
#define VL_CHANNEL_CA_MAX     (64UL * 1024)
#define VL_CHANNEL_CONFIG_MAX (128UL * 1024)
#define VL_CHANNEL_CONTEXT    "channel.secret" /* of the seal */

/* A row; texts in the arena. */
struct vl_channel {
    int64_t id, environment;
    const char *name, *kind;
    const char *config;    /* JSON, as shown */
    const char *topics;    /* JSON array */
    const char *scope;     /* JSON or NULL */
    struct vl_span secret; /* sealed; empty: none */
    enum vl_severity min_severity;
    bool enabled;
    int64_t created, last_ok;
    const char *last_error; /* or NULL */
    int64_t shed;
};

/* What is sealed. */
struct vl_channel_secret {
    const char *url; /* or NULL */
    const char *key; /* or NULL */
};

/* What a change makes of a channel. */
struct vl_channel_config {
    const char *shown; /* JSON */
    struct vl_channel_secret secret;
    bool made_key; /* it was made here: to be told once */
};

bool vl_channel_kind_is(const char *kind);

/* A host, with a port or without ("[::1]:514", or an IPv6 address alone), that messages may go to: names and
 * addresses, but none that are link-local, unspecified or multicast, in whatever way they are written. */
VL_MUST_CHECK int vl_channel_host_check(struct vl_span host, const char *field, struct vl_err *err);

/* Reads `config` of the body, and its `secret` (or NULL), for a channel of this kind. `before`: the secret it
 * had; what is not named anew stays. VL_ERR_INVALID names the field; VL_ERR_UNSUPPORTED: nothing does that.
 */
VL_MUST_CHECK int vl_channel_config_read(const char *kind, const struct vl_doc_node *config,
    const char *secret, const struct vl_channel_secret *before, struct vl_arena *arena,
    struct vl_channel_config *ret, struct vl_err *err);

/* Sealed form, appended to `out`; nothing where there is no secret. And back: texts in the arena. */
VL_MUST_CHECK int vl_channel_seal(const uint8_t key[VL_CRYPT_KEY_BYTES],
    const struct vl_channel_secret *secret, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_channel_open(const uint8_t key[VL_CRYPT_KEY_BYTES], struct vl_span sealed,
    struct vl_arena *arena, struct vl_channel_secret *ret, struct vl_err *err);

#endif
