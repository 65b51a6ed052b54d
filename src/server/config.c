#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/doc.h"
#include "log.h"

#define NAMES_MAX 64

/* In the order of their numbers. */
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const on_off[] = {"on", "off", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

static int set_listen(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err);
static int set_names(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err);

static int set_sources(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err);
static int set_workers(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err);

/* Of each: a text of its own, one of some words, or a function. */
static const struct setting {
    const char *name;
    size_t at; /* in the configuration: of the text, or of the number of the word */
    const char *const *words;
    int (*set)(
        struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err);
} settings[] = {
    {.name = "data", .at = offsetof(struct vl_server_config, data)},
    {.name = "listen", .set = set_listen},
    {.name = "database", .at = offsetof(struct vl_server_config, database)},
    {.name = "certificate", .at = offsetof(struct vl_server_config, certificate)},
    {.name = "key", .at = offsetof(struct vl_server_config, key)},
    {.name = "names", .set = set_names},
    {.name = "proxy", .at = offsetof(struct vl_server_config, proxy)},
    {.name = "no_proxy", .at = offsetof(struct vl_server_config, no_proxy)},
    {.name = "advisories", .at = offsetof(struct vl_server_config, advisories)},
    {.name = "advisory_sources", .set = set_sources},
    {.name = "advisory_updates", .at = offsetof(struct vl_server_config, advisory_updates), .words = on_off},
    {.name = "workers", .set = set_workers},
    {.name = "oidc_issuer", .at = offsetof(struct vl_server_config, oidc_issuer)},
    {.name = "oidc_client_id", .at = offsetof(struct vl_server_config, oidc_client_id)},
    {.name = "oidc_client_secret_file", .at = offsetof(struct vl_server_config, oidc_client_secret_file)},
    {.name = "oidc_redirect", .at = offsetof(struct vl_server_config, oidc_redirect)},
    {.name = "oidc_ca_file", .at = offsetof(struct vl_server_config, oidc_ca_file)},
    {.name = "oidc_groups_claim", .at = offsetof(struct vl_server_config, oidc_groups_claim)},
    {.name = "oidc_roles", .at = offsetof(struct vl_server_config, oidc_roles)},
    {.name = "oidc_name", .at = offsetof(struct vl_server_config, oidc_name)},
    {.name = "log_format", .at = offsetof(struct vl_server_config, log_format), .words = log_formats},
    {.name = "log_level", .at = offsetof(struct vl_server_config, log_level), .words = log_levels},
};

int vl_server_config_init(struct vl_server_config *config, struct vl_arena *arena, struct vl_err *err)
{
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    *config = (struct vl_server_config){
        .address = "localhost", .port = VL_SERVER_DEFAULT_PORT, .log_level = VL_LOG_INFO};
    if (geteuid() == 0)
        config->data = "/var/lib/vallum";
    else if (state && state[0] == '/')
        config->data = vl_arena_printf(arena, "%s/vallum", state);
    else
        config->data = vl_arena_printf(arena, "%s/.local/state/vallum", home ? home : "");
    return vl_arena_check(arena, "the configuration", err);
}

/* "ADDRESS:PORT", "[::1]:8443", ":8443", "ADDRESS". */
static int set_listen(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_span all = vl_span_str(value), address = all, port = VL_SPAN_EMPTY;
    size_t colon = vl_span_rfind_char(all, ':'), bracket = vl_span_find_char(all, ']');
    uint64_t number = VL_SERVER_DEFAULT_PORT;
    bool plain_v6 = bracket == SIZE_MAX && colon != SIZE_MAX && vl_span_find_char(all, ':') != colon;
    if (colon != SIZE_MAX && !plain_v6 && (bracket == SIZE_MAX || colon > bracket)) {
        address = vl_span_slice(all, 0, colon);
        port = vl_span_slice(all, colon + 1, all.len);
        if (!vl_span_to_u64(port, &number) || number > UINT16_MAX)
            return vl_err_set(err, VL_ERR_USAGE, "listen: \"%s\" has no port from 0 to 65535", value);
    }
    if (vl_span_starts_with(address, "[") && vl_span_ends_with(address, "]"))
        address = vl_span_slice(address, 1, address.len - 1);
    config->address = address.len ? vl_arena_dup_span(arena, address) : "::";
    config->port = (uint16_t)number;
    return vl_arena_check(arena, "the configuration", err);
}

static int set_names(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err)
{
    const char **names = vl_arena_array(arena, NAMES_MAX, sizeof(*names));
    struct vl_span rest = vl_span_str(value), part;
    config->n_names = 0;
    while (names && vl_span_split(&rest, ',', &part)) {
        part = vl_span_trim(part);
        if (config->n_names == NAMES_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "names: more than %d", NAMES_MAX);
        if (part.len)
            names[config->n_names++] = vl_arena_dup_span(arena, part);
    }
    config->names = names;
    return vl_arena_check(arena, "the configuration", err);
}

static int set_sources(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(value), part;
    while (vl_span_split(&rest, ',', &part))
        if (vl_span_find_char(part, '=') == SIZE_MAX)
            return vl_err_set(err, VL_ERR_USAGE, "advisory_sources: \"%.*s\" is not of the form NAME=URL",
                VL_SPAN_FMT(vl_span_slice(part, 0, 100)));
    config->advisory_sources = vl_arena_strdup(arena, value);
    return vl_arena_check(arena, "the configuration", err);
}

static int set_workers(
    struct vl_server_config *config, const char *value, struct vl_arena *arena, struct vl_err *err)
{
    uint64_t number;
    (void)arena;
    if (!vl_span_to_u64(vl_span_str(value), &number) || number == 0 || number > VL_SERVER_WORKERS_MAX)
        return vl_err_set(
            err, VL_ERR_USAGE, "workers: \"%s\" is no number from 1 to %d", value, VL_SERVER_WORKERS_MAX);
    config->workers = (unsigned)number;
    return 0;
}

static int set_word(
    struct vl_server_config *config, const struct setting *setting, const char *value, struct vl_err *err)
{
    char list[128] = "";
    size_t len = 0;
    for (unsigned i = 0; setting->words[i]; i++) {
        if (strcmp(setting->words[i], value) == 0) {
            memcpy((char *)config + setting->at, &i, sizeof(i));
            return 0;
        }
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", setting->words[i]);
    }
    return vl_err_set(err, VL_ERR_USAGE, "%s: \"%s\" is none of %s", setting->name, value, list);
}

int vl_server_config_set(struct vl_server_config *config, const char *name, const char *value,
    struct vl_arena *arena, struct vl_err *err)
{
    const struct setting *setting = NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(settings) && !setting; i++) {
        if (strcmp(settings[i].name, name) == 0)
            setting = &settings[i];
    }
    if (!setting)
        return vl_err_set(err, VL_ERR_USAGE, "there is no setting \"%s\"", name);
    if (*value == '\0')
        return vl_err_set(err, VL_ERR_USAGE, "%s: is empty", name);
    if (setting->set)
        return setting->set(config, value, arena, err);
    if (setting->words)
        return set_word(config, setting, value, err);
    const char *copy = vl_arena_strdup(arena, value);
    memcpy((char *)config + setting->at, &copy, sizeof(copy));
    return vl_arena_check(arena, "the configuration", err);
}

int vl_server_config_file(
    struct vl_server_config *config, const char *path, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    vl_buf_init(&text, VL_SERVER_CONFIG_MAX);
    int r = vl_file_read(path, VL_SERVER_CONFIG_MAX, &text, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_YAML, path, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (!vl_doc_is(root, VL_DOC_OBJECT) && !vl_doc_is(root, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_USAGE, "%s: is no mapping of settings", path);
    for (const struct vl_doc_node *n = vl_doc_first(root); n && r >= 0; n = vl_doc_next(n)) {
        bool scalar = !vl_doc_is(n, VL_DOC_OBJECT) && !vl_doc_is(n, VL_DOC_ARRAY);
        const char *name = vl_arena_dup_span(arena, vl_doc_key(n));
        const char *value = vl_arena_dup_span(arena, vl_doc_text(n));
        if (!name || !value)
            return vl_arena_check(arena, "the configuration", err);
        r = scalar ? vl_server_config_set(config, name, value, arena, err)
                   : vl_err_set(err, VL_ERR_USAGE, "%s: is no single value", name);
        if (r < 0)
            r = vl_err_wrap(err, "%s:%u", path, vl_doc_line(n));
    }
    return r;
}

int vl_server_config_environment(struct vl_server_config *config, struct vl_arena *arena, struct vl_err *err)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(settings); i++) {
        char variable[64];
        (void)snprintf(variable, sizeof(variable), "VALLUM_%s", settings[i].name);
        for (char *c = variable; *c; c++)
            *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        const char *value = getenv(variable);
        if (!value)
            continue;
        int r = vl_server_config_set(config, settings[i].name, value, arena, err);
        if (r < 0)
            return vl_err_wrap(err, "%s", variable);
    }
    return 0;
}
