/* vallum db export|import|publish: the database from place to place, signed. */
#include <stdio.h>
#include <string.h>

#include "advisory/feed.h"
#include "db_options.h"
#include "db_remote.h"

enum { KEY_SIGN = 2000, KEY_VERIFY, KEY_TO };

struct settings {
    struct vl_cli_common common;
    const char *db;
    const char *file;
    const char *to;
    const char *sign;
    struct vl_cli_remote remote;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'd':
        s->db = arg;
        return 0;
    case KEY_SIGN:
        s->sign = arg;
        return 0;
    case KEY_VERIFY:
        s->remote.key = arg;
        return 0;
    case KEY_TO:
        s->to = arg;
        return 0;
    default:
        return vl_cli_remote_parse(key, arg, &s->remote) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_file(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    if (key == ARGP_KEY_ARG && !s->file) {
        s->file = arg;
        return 0;
    }
    if (key == ARGP_KEY_END && !s->common.from_settings && !s->file)
        argp_error(state, "a FILE is needed");
    return parse(key, arg, state);
}

static error_t parse_publish(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    if (key == ARGP_KEY_END && !s->common.from_settings && !s->to)
        argp_error(state, "--to is needed: oci://HOST/REPOSITORY:TAG or a folder");
    return parse(key, arg, state);
}

/* The database that is there, opened once: nothing broken is passed on. */
static int checked_path(const char *given, char path[4096], struct vl_err *err)
{
    VL_CLEANUP(vl_advisory_db_cleanup) struct vl_advisory_db *db = NULL;
    int r = vl_cli_db_path(given, path, err);
    if (r == 0)
        r = vl_cli_db_open(given, &db, err);
    return r < 0 ? r : vl_advisory_db_verify(db, err);
}

static int run_export(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    char path[4096];
    int r = vl_cli_read_key(s->sign, &key, err);
    if (r == 0)
        r = checked_path(s->db, path, err);
    if (r == 0)
        r = vl_advisory_export(path, vl_buf_span(&key), s->file, err);
    if (r < 0)
        return r;
    if (!s->common.quiet)
        (void)fprintf(stderr, "%s: written, %s\n", s->file, s->sign ? "signed" : "not signed");
    return VL_EXIT_OK;
}

static int run_import(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    char path[4096];
    int r = vl_cli_db_path(s->db, path, err);
    if (r == 0)
        r = vl_cli_make_parent(path, err);
    return r < 0 ? r : vl_cli_install(&s->common, &s->remote, path, s->file, err);
}

static int run_publish(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    char path[4096];
    int r = checked_path(s->db, path, err);
    if (r == 0)
        r = vl_cli_publish(&s->remote, path, s->sign, s->to, err);
    if (r < 0)
        return r;
    if (!s->common.quiet)
        (void)fprintf(stderr, "%s: published, %s\n", s->to, s->sign ? "signed" : "not signed");
    return VL_EXIT_OK;
}

#define OPTION_DB   {"db", 'd', "FILE", 0, "The advisory database (default ~/.cache/vallum/advisories.vadb)", 0}
#define OPTION_SIGN {"sign", KEY_SIGN, "FILE", 0, "Private key (Ed25519, PEM) to sign with", 0}

static const struct argp_option export_options[] = {OPTION_DB, OPTION_SIGN, {0}};

static const struct argp_option import_options[] = {
    OPTION_DB,
    {"verify", KEY_VERIFY, "FILE", 0, "Public key (Ed25519, PEM) that must have signed it", 0},
    {"allow-unsigned", VL_CLI_REMOTE_UNSIGNED, NULL, 0, "Take one without a signature", 0},
    {"allow-older", VL_CLI_REMOTE_OLDER, NULL, 0, "Take one that is older than the database in place", 0},
    {0},
};

static const struct argp_option publish_options[] = {
    OPTION_DB,
    OPTION_SIGN,
    {"to", KEY_TO, "WHERE", 0, "oci://HOST/REPOSITORY:TAG, or a folder that a web server serves", 0},
    {"auth-file", VL_CLI_REMOTE_AUTH, "FILE", 0, "Registry credentials (default ~/.docker/config.json)", 1},
    {"ca-file", VL_CLI_REMOTE_CA, "FILE", 0, "Trust the certificates in this file too (PEM)", 1},
    {"insecure", VL_CLI_REMOTE_INSECURE, NULL, 0, "Plain http, and no check of certificates", 1},
    {0},
};

const struct vl_command vl_cli_db_export = {
    .words = "db export",
    .summary = "the database as one signed file, for sites without network",
    .argp = {.options = export_options,
        .parser = parse_file,
        .args_doc = "FILE",
        .doc = "Writes the advisory database into one file that 'vallum db import' reads."
               "\v"
               "Example: openssl genpkey -algorithm ed25519 -out key.pem\n  vallum db export --sign key.pem "
               "advisories.vadx",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_export,
};

const struct vl_command vl_cli_db_import = {
    .words = "db import",
    .summary = "take a database from such a file",
    .argp = {.options = import_options,
        .parser = parse_file,
        .args_doc = "FILE",
        .doc = "Checks signature, digest and age of an exported database and puts it in place in one step."
               "\v"
               "Example: vallum db import --verify key.pub advisories.vadx",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_import,
};

const struct vl_command vl_cli_db_publish = {
    .words = "db publish",
    .summary = "the database to a registry or web server, for pipelines",
    .argp = {.options = publish_options,
        .parser = parse_publish,
        .doc =
            "Publishes the advisory database, so that pipelines take it with 'vallum db update --from' "
            "instead of "
            "building their own."
            "\v"
            "Example: vallum db publish --sign key.pem --to oci://registry.example/vallum/advisories:latest",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_publish,
};
