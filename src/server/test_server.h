/* A server of its own for a test program: a new data folder, a free port of loopback, and callers of every
 * role. */
#ifndef VL_SERVER_TEST_SERVER_H
#define VL_SERVER_TEST_SERVER_H

#include <stdatomic.h>

#include "app.h"

struct vl_http_client;

struct vl_test_server {
    char folder[64];
    struct vl_arena *arena;
    struct vl_server_config config;
    struct vl_server_app app;
    char token[4][64];    /* by role: of a caller over all environments; [0] is "" */
    char environment[64]; /* GUID of the one that the first start makes */
    _Atomic(struct vl_http_client *)
        idle; /* the last caller's: it has read the authorities, and is connected */
};

/* For cmocka's group set-up and tear-down; *state becomes the server. VALLUM_TEST_DATABASE names another
 * database than SQLite in the folder. */
int vl_test_server_start(void **state);
int vl_test_server_stop(void **state);

/* One call over TLS; the status. `bearer` NULL: without a token. The body of the answer goes into the
 * server's arena. */
long vl_test_ask(struct vl_test_server *s, const char *method, const char *path, const char *bearer,
    const char *body, const char **ret_answer);

/* The same with headers of its own: "Name: value", or NULL. Members are "" where the answer has none. */
struct vl_test_answer {
    long status;
    const char *body, *type, *etag;
};
struct vl_test_answer vl_test_send(struct vl_test_server *s, const char *method, const char *path,
    const char *bearer, const char *header, const char *body);

/* The same with a reader's, admin's or owner's token (enum vl_role); fails the test unless the status is
 * `want`. */
const char *vl_test_call(
    struct vl_test_server *s, int role, const char *method, const char *path, const char *body, long want);

/* A member of a JSON answer as text, by a path "items.0.name"; "" where it is not there. */
const char *vl_test_get(struct vl_test_server *s, const char *answer, const char *path);

#endif
