/* vallum context list, use, remove. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "command.h"
#include "remote/client.h"
#include "remote/commands.h"
#include "remote/contexts.h"
#include "remote/view.h"

#define ARENA_MAX (4UL * 1024 * 1024)
#define LIST_MAX  (1024UL * 1024)

struct settings {
    struct vl_cli_common common;
    struct vl_cli_view view;
    struct vl_cli_server server;
    const char *name;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    if (vl_cli_view_option(&s->view, key, arg, state) || vl_cli_server_option(&s->server, key, arg))
        return 0;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case ARGP_KEY_ARG:
        if (s->name)
            argp_error(state, "one name, not several");
        s->name = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int load(struct vl_arena *arena, struct vl_cli_contexts **ret, struct vl_err *err)
{
    *ret = arena ? vl_arena_alloc(arena, sizeof(**ret)) : NULL;
    return *ret ? vl_cli_contexts_load(arena, *ret, err) : vl_err_nomem(err);
}

/* Tokens are not shown. */
static int run_list(void *settings, struct vl_err *err)
{
    static const struct vl_cli_column columns[] = {{"Current", "current"}, {"Name", "name"},
        {"Server", "server"}, {"User", "user"}, {"Expires", "expires"}, {"Environment", "environment"}, {0}};
    const struct settings *s = settings;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_cli_contexts *contexts;
    struct vl_json json;
    vl_buf_init(&text, LIST_MAX);
    int r = load(arena, &contexts, err);
    if (r < 0)
        return r;
    vl_json_init(&json, &text, false);
    vl_json_array(&json);
    for (size_t i = 0; i < contexts->n; i++) {
        const struct vl_cli_context *c = &contexts->items[i];
        vl_json_object(&json);
        vl_json_member_bool(&json, "current", contexts->current && strcmp(contexts->current, c->name) == 0);
        vl_json_member_str(&json, "name", c->name);
        vl_json_member_str(&json, "server", c->server);
        vl_json_member_str(&json, "user", c->user);
        vl_json_member_bool(&json, "loggedIn", c->token != NULL);
        vl_json_key(&json, "expires");
        vl_json_str(&json, c->expires);
        vl_json_key(&json, "environment");
        vl_json_str(&json, c->environment);
        vl_json_key(&json, "fingerprint");
        vl_json_str(&json, c->fingerprint);
        vl_json_object_end(&json);
    }
    vl_json_array_end(&json);
    r = vl_json_check(&json, "contexts", err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "contexts", &doc, err);
    if (r >= 0)
        r = vl_cli_view_print(&s->view, vl_doc_root(doc), columns, err);
    return r < 0 ? r : VL_EXIT_OK;
}

/* For a command that needs the name of a context. */
static int load_for(
    const struct settings *s, struct vl_arena *arena, struct vl_cli_contexts **ret, struct vl_err *err)
{
    if (s->name)
        return load(arena, ret, err);
    int r = vl_err_set(err, VL_ERR_USAGE, "the name of a context is needed");
    return r < 0 ? r : -EINVAL;
}

static int no_such(const char *name, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_USAGE, "there is no context '%s'; 'vallum context list' tells which", name);
}

static int run_use(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_cli_contexts *contexts;
    int r = load_for(s, arena, &contexts, err);
    if (r < 0)
        return r;
    struct vl_cli_context *context = vl_cli_context_find(contexts, s->name);
    if (!context)
        return no_such(s->name, err);
    contexts->current = context->name;
    if (s->server.environment)
        context->environment = *s->server.environment ? s->server.environment : NULL;
    r = vl_cli_contexts_save(contexts, err);
    return r < 0 ? r : VL_EXIT_OK;
}

static int run_remove(void *settings, struct vl_err *err)
{
    const struct settings *s = settings;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_cli_contexts *contexts;
    int r = load_for(s, arena, &contexts, err);
    if (r < 0)
        return r;
    struct vl_cli_context *context = vl_cli_context_find(contexts, s->name);
    if (!context)
        return no_such(s->name, err);
    bool live = context->token != NULL;
    vl_cli_contexts_forget(contexts, context);
    r = vl_cli_contexts_save(contexts, err);
    if (r >= 0 && live)
        vl_cli_warn("its token is good until it ends: 'vallum logout' first would have ended it");
    return r < 0 ? r : VL_EXIT_OK;
}

static const struct argp_option list_options[] = {VL_CLI_VIEW_OPTIONS, {0}};
static const struct argp_option use_options[] = {
    {"environment", VL_CLI_KEY_ENVIRONMENT, "GUID|NAME", 0,
        "What commands mean that name none; an empty one: what the server makes of it", 1},
    {0},
};

const struct vl_command vl_cli_context_list = {
    .words = "context list",
    .summary = "servers that you logged in to",
    .argp = {.options = list_options,
        .parser = parse,
        .doc = "Lists the contexts that 'vallum login' made.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_list,
    .remote = true,
};

const struct vl_command vl_cli_context_use = {
    .words = "context use",
    .summary = "which server commands talk to",
    .argp = {.options = use_options,
        .parser = parse,
        .args_doc = "NAME",
        .doc = "Makes a context the current one, and with --environment what its commands are about.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_use,
    .remote = true,
};

const struct vl_command vl_cli_context_remove = {
    .words = "context remove",
    .summary = "forgets a server",
    .argp = {.parser = parse,
        .args_doc = "NAME",
        .doc = "Forgets address, certificate and token.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_remove,
    .remote = true,
};
