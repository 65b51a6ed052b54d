/* Talking to vallumd: which server, what it is trusted by, who we are; calls of /api/v1 and their answers. */
#ifndef VL_CLI_CLIENT_H
#define VL_CLI_CLIENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/doc.h"

#define VL_CLI_ANSWER_MAX (64UL * 1024 * 1024)  /* bytes of one answer */
#define VL_CLI_ITEMS_MAX  (256UL * 1024 * 1024) /* bytes of all pages of a list */

/* What the command line and VALLUM_* say. VALLUM_TOKEN is read by vl_cli_client_open() alone: a token on a
 * command line could be seen by everybody on the machine. */
struct vl_cli_server {
    const char *server;      /* VALLUM_SERVER; NULL: the context's */
    const char *context;     /* VALLUM_CONTEXT; NULL: the current one */
    const char *environment; /* GUID or name; NULL: the context's, else what the server makes of none */
    const char *token_file;  /* a file with the token; or NULL */
    const char *ca_file;     /* PEM; NULL: VALLUM_CA_FILE, else the context's */
};

/* Options of every command that talks to the server, for its struct argp_option[], and what they set. */
enum {
    VL_CLI_KEY_SERVER = 8000,
    VL_CLI_KEY_CONTEXT,
    VL_CLI_KEY_ENVIRONMENT,
    VL_CLI_KEY_TOKEN_FILE,
    VL_CLI_KEY_SERVER_CA,
};
#define VL_CLI_SERVER_GROUP 8
#define VL_CLI_SERVER_OPTIONS                                                                            \
    {"server", VL_CLI_KEY_SERVER, "URL", 0, "The server (default: the context's)", VL_CLI_SERVER_GROUP}, \
        {"context", VL_CLI_KEY_CONTEXT, "NAME", 0, "Of 'vallum login' (default: the current one)",       \
            VL_CLI_SERVER_GROUP},                                                                        \
        {"token-file", VL_CLI_KEY_TOKEN_FILE, "FILE", 0,                                                 \
            "The token (default: VALLUM_TOKEN, else the context's)", VL_CLI_SERVER_GROUP},               \
    {                                                                                                    \
        "server-ca", VL_CLI_KEY_SERVER_CA, "FILE", 0,                                                    \
            "Whom to trust, PEM (default: VALLUM_CA_FILE, else the context's)", VL_CLI_SERVER_GROUP      \
    }
#define VL_CLI_ENVIRONMENT_OPTIONS                                                           \
    {"environment", VL_CLI_KEY_ENVIRONMENT, "GUID|NAME", 0,                                  \
        "The environment (default: the context's, else the only one)", VL_CLI_SERVER_GROUP}, \
    {                                                                                        \
        "subscription", VL_CLI_KEY_ENVIRONMENT, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL,    \
            VL_CLI_SERVER_GROUP                                                              \
    }

bool vl_cli_server_option(struct vl_cli_server *server, int key, const char *arg); /* false: another's key */

struct vl_cli_client;

/* Nothing is sent yet. VL_ERR_AUTH where no token is known, VL_ERR_USAGE where no server is. */
VL_MUST_CHECK int vl_cli_client_open(
    const struct vl_cli_server *server, struct vl_cli_client **ret, struct vl_err *err);

/* One for `vallum login`: without a token where `token` is NULL. `ca_pem` NULL: the system's trust;
 * `insecure`: none at all. */
VL_MUST_CHECK int vl_cli_client_new(const char *server, const char *ca_pem, bool insecure, const char *token,
    struct vl_cli_client **ret, struct vl_err *err);
void vl_cli_client_cleanup(struct vl_cli_client **client);

const char *vl_cli_client_server(const struct vl_cli_client *client);
const char *vl_cli_client_environment(const struct vl_cli_client *client); /* or NULL */

/* `path` is what stands behind /api/v1, with a query or none. `body` empty: none. The answer is appended to
 * `out` as it comes (VL_CLI_ANSWER_MAX). An error of the server is told in its own words: 401 and 403 are
 * VL_ERR_AUTH. */
VL_MUST_CHECK int vl_cli_client_raw(struct vl_cli_client *client, const char *method, const char *path,
    struct vl_span body, struct vl_buf *out, struct vl_err *err);

/* Follows a stream below /api/v1, in the client's environment: `piece` gets it as it comes, and ends it with
 * a negative answer. `last`: the id that was told last, or "". It ends after `most_ms`. It has a connection
 * of its own: calls may be made meanwhile. */
VL_MUST_CHECK int vl_cli_client_stream(struct vl_cli_client *client, const char *path, const char *last,
    long most_ms, int (*piece)(struct vl_span piece, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* vl_cli_client_raw() with JSON both ways; *ret_doc is NULL where the answer is empty. */
VL_MUST_CHECK int vl_cli_client_call(struct vl_cli_client *client, const char *method, const char *path,
    struct vl_span body, struct vl_doc **ret_doc, struct vl_err *err);

/* All pages of a list, `max` items at most (0: all), as one array. */
VL_MUST_CHECK int vl_cli_client_list(struct vl_cli_client *client, const char *path, uint64_t max,
    struct vl_doc **ret_array, struct vl_err *err);

/* Appends `text` percent-encoded for a path or a query (RFC 3986, unreserved characters stay). */
void vl_cli_url_escape(struct vl_buf *out, struct vl_span text);
/* Appends "?name=value" or "&name=value". NULL value: nothing. */
void vl_cli_url_param(struct vl_buf *url, const char *name, const char *value);

/* "https://host:port": what people write, made whole in the arena. VL_ERR_USAGE where it is none. */
VL_MUST_CHECK int vl_cli_server_url(
    const char *text, struct vl_arena *arena, const char **ret, struct vl_err *err);

/* "sha256:…" of the first certificate of a PEM text, in 72 bytes, as vallumd prints it. */
VL_MUST_CHECK int vl_cli_fingerprint(struct vl_span pem, char ret[72], struct vl_err *err);

/* The first line of a file ("-": standard input), a password or token, into the arena. */
VL_MUST_CHECK int vl_cli_read_secret(
    const char *path, struct vl_arena *arena, const char **ret, struct vl_err *err);

/* A file with a certificate, into the arena. */
VL_MUST_CHECK int vl_cli_read_pem(
    const char *path, struct vl_arena *arena, const char **ret, struct vl_err *err);

#endif
