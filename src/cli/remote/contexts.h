/* The servers that this user has logged in to: ~/.config/vallum/contexts.yaml, 0600, since it holds tokens.
 * VALLUM_CONTEXTS names another file. */
#ifndef VL_CLI_CONTEXTS_H
#define VL_CLI_CONTEXTS_H

#include "base/arena.h"
#include "base/err.h"

#define VL_CLI_CONTEXTS_MAX 100

struct vl_cli_context {
    const char *name;
    const char *server;      /* "https://host:port", without a slash at the end */
    const char *fingerprint; /* of the pinned certificate, "sha256:…"; NULL where the system's trust holds */
    const char *ca;          /* that certificate, PEM; or NULL */
    const char *user;        /* NULL: a token that was made elsewhere */
    const char *token;       /* NULL after a logout */
    const char *expires;     /* RFC 3339, or NULL */
    const char *environment; /* GUID or name that commands mean where they name none; or NULL */
};

struct vl_cli_contexts {
    struct vl_arena *arena; /* lent: owns all texts */
    char path[4096];
    const char *current; /* or NULL */
    struct vl_cli_context items[VL_CLI_CONTEXTS_MAX];
    size_t n;
};

/* An absent file gives none. VL_ERR_USAGE where others than its owner can read it, or it is none of ours. */
VL_MUST_CHECK int vl_cli_contexts_load(
    struct vl_arena *arena, struct vl_cli_contexts *ret, struct vl_err *err);

/* NULL: no such context. `name` NULL: the current one. */
struct vl_cli_context *vl_cli_context_find(struct vl_cli_contexts *contexts, const char *name);

/* The context of that name, made where there is none. */
VL_MUST_CHECK int vl_cli_context_put(
    struct vl_cli_contexts *contexts, const char *name, struct vl_cli_context **ret, struct vl_err *err);

void vl_cli_contexts_forget(struct vl_cli_contexts *contexts, struct vl_cli_context *context);

VL_MUST_CHECK int vl_cli_contexts_save(const struct vl_cli_contexts *contexts, struct vl_err *err);

#endif
