/* vallum login, vallum logout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "codec/json.h"
#include "command.h"
#include "remote/client.h"
#include "remote/commands.h"
#include "remote/contexts.h"

#define ARENA_MAX (4UL * 1024 * 1024)
#define TYPED_MAX 1024
#define PEM_MAX   (256UL * 1024)

enum { KEY_USER = 8100, KEY_PASSWORD_FILE, KEY_FINGERPRINT };

struct settings {
    struct vl_cli_common common;
    struct vl_cli_server server;
    const char *url;
    const char *user;
    const char *password_file;
    const char *fingerprint;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    if (vl_cli_server_option(&s->server, key, arg))
        return 0;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'u':
        s->user = arg;
        return 0;
    case KEY_PASSWORD_FILE:
        s->password_file = arg;
        return 0;
    case KEY_FINGERPRINT:
        s->fingerprint = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (s->url)
            argp_error(state, "one address, not several");
        s->url = arg;
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && s->password_file && s->server.token_file)
            argp_error(state, "--password-file or --token-file, not both");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_interactive(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* One line from the terminal, without an echo where it is a secret. */
static int ask(const char *question, bool secret, char line[TYPED_MAX], struct vl_err *err)
{
    struct termios before;
    bool hidden = secret && tcgetattr(STDIN_FILENO, &before) == 0;
    /* Before the question: what is typed after it must neither show nor be flushed away. */
    if (hidden) {
        struct termios quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    (void)fprintf(stderr, "%s", question);
    char *got = fgets(line, TYPED_MAX, stdin);
    if (hidden) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)fputc('\n', stderr);
    }
    if (!got)
        return vl_err_set(err, VL_ERR_USAGE, "no answer");
    line[strcspn(line, "\r\n")] = '\0';
    return 0;
}

/* The certificate that the server wants to be known by, over a connection that nobody has verified yet. */
static int fetch_authority(
    const char *server, struct vl_arena *arena, const char **ret_pem, struct vl_err *err)
{
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf pem;
    vl_buf_init(&pem, PEM_MAX);
    int r = vl_cli_client_new(server, NULL, true, NULL, &client, err);
    if (r >= 0)
        r = vl_cli_client_raw(client, "GET", "/authority.pem", VL_SPAN_EMPTY, &pem, err);
    if (r < 0)
        return r;
    *ret_pem = vl_arena_dup_span(arena, vl_buf_span(&pem));
    return *ret_pem ? 0 : vl_err_nomem(err);
}

/* Whether the system's certificates vouch for the server. */
static int trusted_by_system(const char *server, bool *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf pem;
    vl_buf_init(&pem, PEM_MAX);
    int r = vl_cli_client_new(server, NULL, false, NULL, &client, err);
    if (r >= 0)
        r = vl_cli_client_raw(client, "GET", "/authority.pem", VL_SPAN_EMPTY, &pem, err);
    *ret = r >= 0;
    if (r >= 0 || err->err != -EPROTO)
        return r < 0 ? r : 0;
    vl_err_clear(err);
    return 0;
}

static int confirm(const char *server, const char *fingerprint, struct vl_err *err)
{
    char line[TYPED_MAX];
    if (!is_interactive())
        return vl_err_set(err, VL_ERR_USAGE,
            "%s is not known yet: --fingerprint with what vallumd printed at its start, or --server-ca with "
            "its ca.pem",
            server);
    (void)fprintf(stderr, "%s is not known yet. It says that its authority is\n  %s\n", server, fingerprint);
    int r = ask("Is that what vallumd printed? Type yes to trust it: ", false, line, err);
    if (r >= 0 && strcmp(line, "yes") != 0)
        r = vl_err_set(err, VL_ERR_AUTH, "%s is not trusted", server);
    return r;
}

/* What the connection is trusted by from now on: `context` gets certificate and fingerprint, or neither. */
static int settle_trust(
    const struct settings *s, struct vl_arena *arena, struct vl_cli_context *context, struct vl_err *err)
{
    char fingerprint[72];
    const char *ca_file = s->server.ca_file ? s->server.ca_file : getenv("VALLUM_CA_FILE");
    const char *pem = NULL;
    bool trusted = false;
    int r = 0;
    if (ca_file && *ca_file) {
        r = vl_cli_read_pem(ca_file, arena, &pem, err);
    } else if (context->ca && !s->fingerprint) {
        return 0; /* known since an earlier login */
    } else {
        if (!s->fingerprint)
            r = trusted_by_system(context->server, &trusted, err);
        context->ca = context->fingerprint = NULL;
        if (r < 0 || trusted)
            return r;
        r = fetch_authority(context->server, arena, &pem, err);
    }
    if (r >= 0)
        r = vl_cli_fingerprint(vl_span_str(pem), fingerprint, err);
    if (r < 0)
        return r;
    if (s->fingerprint && !vl_span_eq_nocase(vl_span_str(s->fingerprint), vl_span_str(fingerprint)))
        return vl_err_set(err, VL_ERR_AUTH,
            "%s: its authority is %s, not %s: this is not the server that you mean", context->server,
            fingerprint, s->fingerprint);
    if (!s->fingerprint && !(ca_file && *ca_file))
        r = confirm(context->server, fingerprint, err);
    context->ca = pem;
    context->fingerprint = vl_arena_strdup(arena, fingerprint);
    return r < 0 ? r : vl_arena_check(arena, "the context", err);
}

static int find_password(
    const struct settings *s, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    char line[TYPED_MAX];
    if (s->password_file)
        return vl_cli_read_secret(s->password_file, arena, ret, err);
    if (!is_interactive())
        return vl_err_set(
            err, VL_ERR_USAGE, "--password-file FILE (- for standard input), or --token-file FILE");
    int r = ask("Password: ", true, line, err);
    if (r >= 0)
        *ret = vl_arena_strdup(arena, line);
    explicit_bzero(line, sizeof(line));
    return r < 0 ? r : vl_arena_check(arena, "the password", err);
}

static int log_in(
    const struct settings *s, struct vl_arena *arena, struct vl_cli_context *context, struct vl_err *err)
{
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf body;
    struct vl_json json;
    const char *password = NULL;
    vl_buf_init(&body, 4UL * TYPED_MAX);
    context->user = s->user ? s->user : "admin";
    int r = find_password(s, arena, &password, err);
    if (r < 0)
        return r;
    vl_json_init(&json, &body, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "name", context->user);
    vl_json_member_str(&json, "password", password);
    vl_json_object_end(&json);
    r = vl_json_check(&json, "the login", err);
    if (r >= 0)
        r = vl_cli_client_new(context->server, context->ca, false, NULL, &client, err);
    if (r >= 0)
        r = vl_cli_client_call(client, "POST", "/login", vl_buf_span(&body), &doc, err);
    if (body.ptr)
        explicit_bzero(body.ptr, body.len);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    context->token = vl_arena_dup_span(arena, vl_doc_get_str(root, "token"));
    context->expires = vl_arena_dup_span(arena, vl_doc_get_str(root, "expires"));
    if (!context->token || !*context->token)
        return vl_err_set(err, VL_ERR_INVALID, "%s: answers a login without a token", context->server);
    return 0;
}

/* Who we are now; a token that is not good fails here. */
static int introduce(
    const struct settings *s, struct vl_arena *arena, struct vl_cli_context *context, struct vl_err *err)
{
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_cli_client_new(context->server, context->ca, false, context->token, &client, err);
    if (r >= 0)
        r = vl_cli_client_call(client, "GET", "/me", VL_SPAN_EMPTY, &doc, err);
    if (r < 0)
        return r;
    struct vl_span name = vl_doc_get_str(vl_doc_root(doc), "name");
    struct vl_span role = vl_doc_get_str(vl_doc_root(doc), "role");
    context->user = vl_arena_dup_span(arena, name);
    if (!s->common.quiet)
        (void)fprintf(stderr, "logged in to %s as %.*s (%.*s)%s%s; context '%s'\n", context->server,
            VL_SPAN_FMT(name), VL_SPAN_FMT(role), context->expires ? " until " : "",
            context->expires ? context->expires : "", context->name);
    return vl_arena_check(arena, "the context", err);
}

static const char *context_name(
    const struct settings *s, const struct vl_cli_contexts *contexts, const char *server)
{
    if (s->server.context)
        return s->server.context;
    for (size_t i = 0; i < contexts->n; i++)
        if (strcmp(contexts->items[i].server, server) == 0)
            return contexts->items[i].name;
    return server + strlen("https://");
}

static int login(const struct settings *s, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_cli_contexts *contexts = vl_arena_alloc(arena, sizeof(*contexts));
    struct vl_cli_context *kept = NULL;
    const char *url = s->url ? s->url : s->server.server;
    const char *server = NULL;
    int r = contexts ? 0 : vl_err_nomem(err);
    if (r >= 0 && !url)
        r = vl_err_set(
            err, VL_ERR_USAGE, "the address of the server is needed: vallum login https://HOST:8443");
    if (r >= 0)
        r = vl_cli_server_url(url, arena, &server, err);
    if (r >= 0)
        r = vl_cli_contexts_load(arena, contexts, err);
    if (r >= 0)
        r = vl_cli_context_put(contexts, context_name(s, contexts, server), &kept, err);
    if (r < 0)
        return r;
    /* What an earlier login learned of another server is not true of this one. */
    if (kept->server && strcmp(kept->server, server) != 0)
        *kept = (struct vl_cli_context){.name = kept->name};
    kept->server = server;
    kept->token = kept->expires = NULL;
    for (size_t i = 0; i < contexts->n && !kept->ca;
        i++) { /* somebody else's login there pinned it already */
        if (contexts->items[i].server && strcmp(contexts->items[i].server, server) == 0) {
            kept->ca = contexts->items[i].ca;
            kept->fingerprint = contexts->items[i].fingerprint;
        }
    }
    r = settle_trust(s, arena, kept, err);
    if (r >= 0)
        r = s->server.token_file ? vl_cli_read_secret(s->server.token_file, arena, &kept->token, err)
                                 : log_in(s, arena, kept, err);
    if (r >= 0)
        r = introduce(s, arena, kept, err);
    if (r < 0)
        return r;
    contexts->current = kept->name;
    return vl_cli_contexts_save(contexts, err);
}

static int run_login(void *settings, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    return arena ? login(settings, arena, err) : vl_err_nomem(err);
}

/* The token is given up here also where the server no longer knows it. */
static int run_logout(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_cli_client_cleanup) struct vl_cli_client *client = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_cli_contexts *contexts = arena ? vl_arena_alloc(arena, sizeof(*contexts)) : NULL;
    int r = contexts ? vl_cli_contexts_load(arena, contexts, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    struct vl_cli_context *context = vl_cli_context_find(contexts, s->url ? s->url : s->server.context);
    if (!context)
        return vl_err_set(err, VL_ERR_USAGE, "there is no such context; 'vallum context list' tells which");
    if (context->token) {
        r = vl_cli_client_new(context->server, context->ca, false, context->token, &client, err);
        if (r >= 0)
            r = vl_cli_client_call(client, "POST", "/logout", VL_SPAN_EMPTY, &doc, err);
    }
    context->token = context->expires = NULL;
    struct vl_err own = VL_ERR_INIT;
    int saved = vl_cli_contexts_save(contexts, &own);
    if (saved < 0) {
        *err = own;
        return saved;
    }
    if (r < 0 && err->code != VL_ERR_AUTH)
        return vl_err_wrap(err, "the token is forgotten here, but may be good until it ends");
    return VL_EXIT_OK;
}

static const struct argp_option login_options[] = {
    {"user", 'u', "NAME", 0, "Who (default: admin)", 1},
    {"password-file", KEY_PASSWORD_FILE, "FILE", 0, "The password is its first line; - for standard input",
        1},
    {"fingerprint", KEY_FINGERPRINT, "sha256:…", 0, "Of the server's authority, as vallumd printed it", 1},
    VL_CLI_SERVER_OPTIONS,
    {0},
};

const struct vl_command vl_cli_login = {
    .words = "login",
    .summary = "to a server; its certificate is pinned",
    .argp = {.options = login_options,
        .parser = parse,
        .args_doc = "URL",
        .doc =
            "Logs in to vallumd and keeps a context: address, the authority's certificate, a token. They lie "
            "in ~/.config/vallum/contexts.yaml, readable for you alone."
            "\v"
            "Where neither the system's certificates nor an earlier login vouch for the server, its "
            "fingerprint "
            "is asked for, or taken from --fingerprint; vallumd prints it at its start. In pipelines no "
            "login "
            "is needed: VALLUM_SERVER, VALLUM_TOKEN, VALLUM_CA_FILE.\n"
            "Exit status: 0 logged in, 1 error, 3 usage, 4 wrong password, token or fingerprint, or "
            "unreachable.\n\n"
            "Examples:\n"
            "  vallum login https://localhost:8443\n"
            "  vallum login https://vallum.example:8443 --fingerprint sha256:… --user ci --password-file -",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_login,
    .remote = true,
};

static const struct argp_option logout_options[] = {
    {"context", VL_CLI_KEY_CONTEXT, "NAME", 0, "Which (default: the current one)", 1},
    {0},
};

const struct vl_command vl_cli_logout = {
    .words = "logout",
    .summary = "ends the token of a context",
    .argp = {.options = logout_options,
        .parser = parse,
        .args_doc = "[CONTEXT]",
        .doc =
            "Ends the token at the server and forgets it. What is known of the server stays: 'vallum context "
            "remove' forgets that too.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_logout,
    .remote = true,
};
