/* Configuration: file, then VALLUM_* variables, then flags; later ones win. */
#ifndef VL_SERVER_CONFIG_H
#define VL_SERVER_CONFIG_H

#include "base/arena.h"
#include "base/err.h"

#define VL_SERVER_CONFIG_MAX   (1024UL * 1024) /* bytes of the file */
#define VL_SERVER_DEFAULT_PORT 8443
#define VL_SERVER_WORKERS_MAX  64

struct vl_server_config {
    const char *data;              /* folder */
    const char *address;           /* to listen on */
    uint16_t port;                 /* 0: any */
    const char *database;          /* URL */
    const char *certificate, *key; /* PEM files; NULL: made by our own authority */
    const char *const *names;      /* host names of the certificate, besides the address */
    unsigned n_names;
    const char *proxy;      /* URL of the way out; NULL: as the environment says (https_proxy …) */
    const char *no_proxy;   /* hosts that are reached without it, with commas */
    const char *advisories; /* the advisory database; NULL: advisories.vadb in the data folder */
    const char
        *advisory_sources; /* NAME=URL with commas: these feeds alone, from there; NULL: all, from upstream */
    unsigned advisory_updates; /* 0 on: refreshed daily, 1 off */
    unsigned workers;          /* jobs at once; 0: two more than processors */
    /* Login by an identity provider (OpenID Connect); issuer NULL: none. All: identity/oidc.h. */
    const char *oidc_issuer, *oidc_client_id, *oidc_client_secret_file, *oidc_redirect, *oidc_ca_file;
    const char *oidc_groups_claim; /* NULL: "groups" */
    const char *oidc_roles;        /* GROUP=role[@environment[/PART]] with commas */
    const char *oidc_name;         /* on the button; NULL: the issuer's host */
    unsigned log_format;           /* 0 text, 1 JSON */
    unsigned log_level;            /* enum vl_log_level */
};

/* The default of every member. */
VL_MUST_CHECK int vl_server_config_init(
    struct vl_server_config *config, struct vl_arena *arena, struct vl_err *err);

/* A YAML mapping: data, listen, database, certificate, key, names, proxy, no_proxy, log_format (text, json),
 * log_level (error, warning, info, debug), advisories, advisory_updates (on,
 * off), advisory_sources, oidc_issuer and its like. An unknown key is an error
 * with its line. */
VL_MUST_CHECK int vl_server_config_file(
    struct vl_server_config *config, const char *path, struct vl_arena *arena, struct vl_err *err);

/* One setting by its name in the file. VL_ERR_USAGE tells what is wrong with the value. */
VL_MUST_CHECK int vl_server_config_set(struct vl_server_config *config, const char *name, const char *value,
    struct vl_arena *arena, struct vl_err *err);

/* VALLUM_DATA, VALLUM_LISTEN, VALLUM_DATABASE … */
VL_MUST_CHECK int vl_server_config_environment(
    struct vl_server_config *config, struct vl_arena *arena, struct vl_err *err);

#endif
