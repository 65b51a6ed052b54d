/* vallumd: reads its configuration, starts, waits for signals; and the administrative commands. */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "app.h"
#include "base/time.h"
#include "jobs/fetch.h"
#include "jobs/job_advisories.h"
#include "log.h"
#include "scan/scan.h"
#include "server/server.h"

#define ARENA_MAX  (16UL * 1024 * 1024)
#define GRACE_MS   10000
#define ETC_CONFIG "/etc/vallum/vallumd.yaml"

enum {
    KEY_DATA = 0x100,
    KEY_LISTEN,
    KEY_DATABASE,
    KEY_CONFIG,
    KEY_CERTIFICATE,
    KEY_KEY,
    KEY_NAMES,
    KEY_ADVISORIES,
    KEY_ROLE,
    KEY_NAME,
    KEY_DAYS,
    KEY_WITHOUT_KEYS,
};

struct server_flags {
    const char *values[16]; /* by key */
    const char *words[2];   /* "admin" "create-token" */
    unsigned n_words;
};

static const struct argp_option options[] = {
    {"data", KEY_DATA, "DIR", 0,
        "Where everything is kept (default: /var/lib/vallum, or ~/.local/state/vallum)", 1},
    {"listen", KEY_LISTEN, "ADDRESS:PORT", 0, "Default: localhost:8443", 1},
    {"database", KEY_DATABASE, "URL", 0, "sqlite:PATH or postgresql://… (default: DIR/vallum.db)", 1},
    {"config", KEY_CONFIG, "FILE", 0, "Settings; default: " ETC_CONFIG " where it is there", 1},
    {"certificate", KEY_CERTIFICATE, "FILE", 0, "PEM, with --key, instead of one of our own authority", 1},
    {"key", KEY_KEY, "FILE", 0, "PEM", 1},
    {"names", KEY_NAMES, "NAMES", 0, "Host names for our own certificate, with commas", 1},
    {"advisories", KEY_ADVISORIES, "FILE", 0, "The advisory database (default: DIR/advisories.vadb)", 1},
    {0, 0, 0, 0, "For admin create-token and create-client:", 2},
    {"role", KEY_ROLE, "ROLE", 0, "reader, admin or owner", 2},
    {"name", KEY_NAME, "NAME", 0, "Of the token (default: admin-token), or of the client, for people", 2},
    {"days", KEY_DAYS, "N", 0, "It ends after so many days (default 90)", 2},
    {0, 0, 0, 0, "For backup:", 3},
    {"without-keys", KEY_WITHOUT_KEYS, 0, 0, "Leave out what unseals the secrets", 3},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct server_flags *f = state->input;
    if (key >= KEY_DATA && key <= KEY_WITHOUT_KEYS) {
        f->values[key - KEY_DATA] = arg ? arg : "";
        return 0;
    }
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (f->n_words == VL_ARRAY_LEN(f->words))
        argp_error(state, "what is '%s'?", arg);
    else
        f->words[f->n_words++] = arg;
    return 0;
}

static int configure(
    struct vl_server_config *config, const struct server_flags *f, struct vl_arena *arena, struct vl_err *err)
{
    static const struct {
        int key;
        const char *name;
    } rows[] = {{KEY_DATA, "data"}, {KEY_LISTEN, "listen"}, {KEY_DATABASE, "database"},
        {KEY_CERTIFICATE, "certificate"}, {KEY_KEY, "key"}, {KEY_NAMES, "names"},
        {KEY_ADVISORIES, "advisories"}};
    const char *file = f->values[KEY_CONFIG - KEY_DATA];
    int r = vl_server_config_init(config, arena, err);
    if (r >= 0 && (file || access(ETC_CONFIG, R_OK) == 0))
        r = vl_server_config_file(config, file ? file : ETC_CONFIG, arena, err);
    if (r >= 0)
        r = vl_server_config_environment(config, arena, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(rows) && r >= 0; i++) {
        const char *value = f->values[rows[i].key - KEY_DATA];
        if (value)
            r = vl_server_config_set(config, rows[i].name, value, arena, err);
    }
    return r;
}

/* Before any thread starts: libcurl and the processes that fetch read it from the environment. */
static int set_proxy(const struct vl_server_config *config, struct vl_err *err)
{
    static const char *const variables[] = {"http_proxy", "https_proxy"};
    for (size_t i = 0; i < VL_ARRAY_LEN(variables) && config->proxy; i++) {
        if (setenv(variables[i], config->proxy, 1) < 0)
            return vl_err_sys(err, errno, "the proxy");
    }
    if (config->no_proxy && setenv("no_proxy", config->no_proxy, 1) < 0)
        return vl_err_sys(err, errno, "the proxy");
    return 0;
}

/* --- serving --- */

static int reload(struct vl_server_app *app)
{
    struct vl_err err = VL_ERR_INIT;
    int r = vl_server_data_reload(&app->data, app->config, &err);
    if (r >= 0)
        r = vl_http_server_swap_certificate(app->http, vl_buf_span(&app->data.server.certificate_pem),
            vl_buf_span(&app->data.server.key_pem), &err);
    if (r < 0)
        vl_log(VL_LOG_ERROR, NULL, "the certificate stays as it was: %s", err.msg);
    else
        vl_log(VL_LOG_INFO, NULL, "the certificate was read again");
    return r;
}

static int serve(const struct vl_server_config *config, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_server_app app;
    bool first = false;
    sigset_t wanted;
    int caught = 0;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    /* Blocked before any thread starts, so that this one alone takes them. */
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    int r = vl_server_app_open(&app, config, arena, &first, err);
    if (r >= 0)
        r = vl_server_app_listen(&app, err);
    if (r >= 0)
        r = vl_server_app_work(&app, err);
    if (r >= 0) {
        vl_log(VL_LOG_INFO, NULL, "vallumd %s listens on https://%s:%u, ready after %lld ms", VL_VERSION,
            config->address, vl_http_server_port(app.http), (long long)(vl_time_now_ms() - app.started_ms));
        vl_log(VL_LOG_INFO, NULL, "%s: %s", config->certificate ? "certificate" : "certificate authority",
            app.data.fingerprint);
        if (first)
            vl_log(VL_LOG_INFO, NULL, "the password of \"admin\" lies in %s/%s until the first login",
                app.data.folder, VL_SERVER_PASSWORD_FILE);
        while (sigwait(&wanted, &caught) == 0 && caught == SIGHUP)
            (void)reload(&app);
        vl_log(VL_LOG_INFO, NULL, "stopping");
    }
    vl_server_app_close(&app, GRACE_MS);
    return r;
}

/* --- other commands --- */

static const struct {
    const char *words[2]; /* the second NULL: the command takes an argument instead */
    int (*run)(const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err);
} commands[] = {
    {{"admin", "create-token"}, vl_admin_create_token},
    {{"admin", "create-client"}, vl_admin_create_client},
    {{"backup", NULL}, vl_admin_backup},
    {{"restore", NULL}, vl_admin_restore},
};

static int run_command(const struct server_flags *f, const struct vl_server_config *config,
    struct vl_arena *arena, struct vl_err *err)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(commands); i++) {
        const char *second = commands[i].words[1];
        if (strcmp(f->words[0], commands[i].words[0]) != 0 ||
            (second && (f->n_words < 2 || strcmp(f->words[1], second) != 0)))
            continue;
        struct vl_admin_call call = {.config = config,
            .argument = !second && f->n_words > 1 ? f->words[1] : NULL,
            .role = f->values[KEY_ROLE - KEY_DATA],
            .name = f->values[KEY_NAME - KEY_DATA],
            .days = f->values[KEY_DAYS - KEY_DATA],
            .without_keys = f->values[KEY_WITHOUT_KEYS - KEY_DATA] != NULL};
        return commands[i].run(&call, arena, err);
    }
    return vl_err_set(err, VL_ERR_USAGE, "there is no command \"%s%s%s\"; try vallumd --help", f->words[0],
        f->n_words > 1 ? " " : "", f->n_words > 1 ? f->words[1] : "");
}

static int run(const struct server_flags *f, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_server_config config;
    int r = arena ? configure(&config, f, arena, err) : vl_err_nomem(err);
    if (r >= 0)
        r = set_proxy(&config, err);
    if (r < 0)
        return r;
    vl_log_set(config.log_format == 1, (enum vl_log_level)config.log_level);
    if (f->n_words == 0)
        return serve(&config, arena, err);
    return run_command(f, &config, arena, err);
}

int vl_server_main(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
        .parser = parse,
        .args_doc = "\nadmin create-token --role ROLE\nadmin create-client --role ROLE\nbackup "
                    "FOLDER\nrestore FOLDER",
        .doc = "The control plane of Vallum. Without a command it serves until SIGTERM; SIGHUP reads the "
               "certificate again.\v"
               "Exit status: 0 stopped, 1 error, 3 usage."};
    struct server_flags f = {0};
    struct vl_err err = VL_ERR_INIT;
    /* Processes of our own that meet strangers' bytes: before anything is read that is the server's. */
    if (argc > 1 && strcmp(argv[1], "indexer") == 0)
        return vl_scan_indexer_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "fetch") == 0)
        return vl_fetch_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], "update-advisories") == 0)
        return vl_advisories_main(argc, argv);
    argp_program_version = "vallumd " VL_VERSION;
    argp_err_exit_status = 3;
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    umask(077);
    if (argp_parse(&argp, argc, argv, 0, NULL, &f) != 0)
        return 3;
    if (run(&f, &err) >= 0)
        return 0;
    (void)fprintf(stderr, "error: %s\n", err.msg);
    return err.code == VL_ERR_USAGE ? 3 : 1;
}
