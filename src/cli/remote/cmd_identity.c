/* vallum whoami, token, user, environment, audit. */
#include "remote/api.h"
#include "remote/commands.h"

enum {
    KEY_ROLE = 8200,
    KEY_DAYS,
    KEY_PASSWORD_FILE,
    KEY_KIND,
    KEY_DISABLE,
    KEY_ENABLE,
    KEY_ID,
    KEY_IN,
    KEY_IN_REGISTRY,
    KEY_IN_LABEL,
    KEY_IN_CLUSTER,
    KEY_IN_NAMESPACE,
};

/* --- whoami --- */

static const struct vl_cli_column me_columns[] = {{"Name", "name"}, {"Kind", "kind"}, {"Role", "role"},
    {"Environments", "environments"}, {"Version", "version"}, {0}};
static const struct vl_api_command whoami = {.method = "GET", .path = "/me", .columns = me_columns};
static const struct argp_option plain_options[] = {VL_API_OPTIONS, {0}};
VL_API_COMMAND(vl_cli_whoami, "whoami", "who the server takes you for", NULL,
    "Prints name, role and environments of the token in use.", plain_options, whoami);

/* --- tokens --- */

static const struct vl_cli_column token_columns[] = {
    {"Id", "id"}, {"Name", "name"}, {"Role", "role"}, {"Created", "created"}, {"Expires", "expires"}, {0}};
static const struct vl_cli_column made_columns[] = {
    {"Id", "id"}, {"Token", "token"}, {"Role", "role"}, {"Expires", "expires"}, {0}};

static const struct vl_api_command token_list = {
    .method = "GET", .path = "/tokens", .list = true, .columns = token_columns};
VL_API_COMMAND(vl_cli_token_list, "token list", "your API tokens", NULL,
    "Lists your tokens; their texts are known to nobody but who got them.", plain_options, token_list);

static const struct vl_api_field token_create_fields[] = {
    {VL_API_ARG, "name", "the token's name", .required = true},
    {KEY_ROLE, "role", "--role"},
    {KEY_DAYS, "days", "--days", VL_API_NUMBER},
    {KEY_IN, "environment", "--for-environment"},
    {0},
};
static const struct vl_api_command token_create = {
    .method = "POST", .path = "/tokens", .fields = token_create_fields, .columns = made_columns};
static const struct argp_option token_create_options[] = {
    {"role", KEY_ROLE, "ROLE", 0, "reader, admin or owner; at most your own (default)", 1},
    {"days", KEY_DAYS, "N", 0, "Until it ends (default 90)", 1},
    {"for-environment", KEY_IN, "GUID|NAME", 0, "It is good in this environment alone", 1},
    VL_API_OPTIONS,
    {0},
};
VL_API_COMMAND(vl_cli_token_create, "token create", "a token for a script", "NAME",
    "Makes an API token; its text is printed once."
    "\v"
    "Example: vallum token create pipeline --role reader --days 30 --query token -o tsv",
    token_create_options, token_create);

static const struct vl_api_field token_revoke_fields[] = {
    {VL_API_ARG, NULL, "the token's id or name", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_api_command token_revoke = {.method = "DELETE",
    .path = "/tokens/{}",
    .fields = token_revoke_fields,
    .lookup = "/tokens",
    .lookup_by = "id|name",
    .said = "revoked"};
VL_API_COMMAND(vl_cli_token_revoke, "token revoke", "ends a token", "ID|NAME",
    "Ends one of your tokens at once.", plain_options, token_revoke);

/* --- users --- */

static const struct vl_cli_column user_columns[] = {{"Id", "id"}, {"Name", "name"}, {"Kind", "kind"},
    {"Disabled", "disabled"}, {"Roles", "roles"}, {"Created", "created"}, {0}};
static const struct vl_api_command user_list = {
    .method = "GET", .path = "/users", .list = true, .columns = user_columns};
VL_API_COMMAND(vl_cli_user_list, "user list", "users and clients", NULL, "Lists who may log in.",
    plain_options, user_list);

#define PART_OPTIONS                                                                                       \
    {"for-registry", KEY_IN_REGISTRY, "NAME|ID", 0, "The role is one in this registry of it alone", 1},    \
        {"for-label", KEY_IN_LABEL, "NAME=VALUE", 0, "The role is one in the registries with this label",  \
            1},                                                                                            \
        {"for-cluster", KEY_IN_CLUSTER, "NAME", 0, "The role is one in this cluster of it alone", 1},      \
        {"for-namespace", KEY_IN_NAMESPACE, "NAME", 0, "The role is one in this namespace of the cluster", \
            1}

static const struct vl_api_field user_create_fields[] = {
    {VL_API_ARG, "name", "the user's name", .required = true},
    {KEY_PASSWORD_FILE, "password", "--password-file", VL_API_SECRET},
    {KEY_KIND, "kind", "--kind"},
    {KEY_ROLE, "role", "--role"},
    {KEY_IN, "environment", "--for-environment"},
    {KEY_IN_REGISTRY, "registry", "--for-registry"},
    {KEY_IN_LABEL, "label", "--for-label"},
    {KEY_IN_CLUSTER, "cluster", "--for-cluster"},
    {KEY_IN_NAMESPACE, "namespace", "--for-namespace"},
    {0},
};
static const struct vl_api_command user_create = {
    .method = "POST", .path = "/users", .fields = user_create_fields, .columns = user_columns};
static const struct argp_option user_create_options[] = {
    {"password-file", KEY_PASSWORD_FILE, "FILE", 0, "The password is its first line; - for standard input",
        1},
    {"kind", KEY_KIND, "KIND", 0, "user (default) or client", 1},
    {"role", KEY_ROLE, "ROLE", 0, "reader, admin or owner", 1},
    {"for-environment", KEY_IN, "GUID|NAME", 0, "The role is one in this environment alone", 1},
    PART_OPTIONS,
    VL_API_OPTIONS,
    {0},
};
VL_API_COMMAND(vl_cli_user_create, "user create", "adds a user or client", "NAME",
    "Adds somebody who may log in."
    "\v"
    "Example: vallum user create mia --password-file mia.txt --role reader",
    user_create_options, user_create);

static const struct vl_api_field user_update_fields[] = {
    {VL_API_ARG, NULL, "the user's name or id", .place = VL_API_PATH, .required = true},
    {KEY_PASSWORD_FILE, "password", "--password-file", VL_API_SECRET},
    {KEY_DISABLE, "disabled", "--disable", VL_API_TRUE},
    {KEY_ENABLE, "disabled", "--enable", VL_API_FALSE},
    {KEY_ROLE, "role", "--role"},
    {KEY_IN, "environment", "--for-environment"},
    {KEY_IN_REGISTRY, "registry", "--for-registry"},
    {KEY_IN_LABEL, "label", "--for-label"},
    {KEY_IN_CLUSTER, "cluster", "--for-cluster"},
    {KEY_IN_NAMESPACE, "namespace", "--for-namespace"},
    {0},
};
static const struct vl_api_command user_update = {.method = "PATCH",
    .path = "/users/{}",
    .fields = user_update_fields,
    .lookup = "/users",
    .lookup_by = "name|id",
    .columns = user_columns,
    .said = "changed"};
static const struct argp_option user_update_options[] = {
    {"password-file", KEY_PASSWORD_FILE, "FILE", 0, "A new password: the first line; - for standard input",
        1},
    {"role", KEY_ROLE, "ROLE", 0, "reader, admin, owner, or none", 1},
    {"for-environment", KEY_IN, "GUID|NAME", 0, "The role is one in this environment alone", 1},
    PART_OPTIONS,
    {"disable", KEY_DISABLE, NULL, 0, "No login and no token of theirs is good any more", 1},
    {"enable", KEY_ENABLE, NULL, 0, "They are again", 1},
    VL_API_OPTIONS,
    {0},
};
VL_API_COMMAND(vl_cli_user_update, "user update", "password, role, disabled", "NAME", "Changes a user.",
    user_update_options, user_update);

static const struct vl_api_field user_remove_fields[] = {
    {VL_API_ARG, NULL, "the user's name or id", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_api_command user_remove = {.method = "DELETE",
    .path = "/users/{}",
    .fields = user_remove_fields,
    .lookup = "/users",
    .lookup_by = "name|id",
    .said = "removed"};
VL_API_COMMAND(vl_cli_user_remove, "user remove", "removes a user and the tokens", "NAME",
    "Removes a user; every token of theirs ends.", plain_options, user_remove);

static const struct vl_api_field user_tokens_fields[] = {
    {VL_API_ARG, NULL, "the user's name or id", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_api_command user_tokens = {.method = "GET",
    .path = "/users/{}/tokens",
    .fields = user_tokens_fields,
    .lookup = "/users",
    .lookup_by = "name|id",
    .list = true,
    .columns = token_columns};
VL_API_COMMAND(vl_cli_user_tokens, "user tokens", "somebody's API tokens", "NAME",
    "Lists the tokens of a user; their texts are known to nobody but who got them.", plain_options,
    user_tokens);

static const struct vl_api_field user_revoke_fields[] = {
    {VL_API_ARG, NULL, "the user's name or id", .place = VL_API_PATH, .required = true},
    {VL_API_ARG, NULL, "the token's id", .place = VL_API_PATH, .required = true}, {0}};
static const struct vl_api_command user_revoke = {.method = "DELETE",
    .path = "/users/{}/tokens/{}",
    .fields = user_revoke_fields,
    .lookup = "/users",
    .lookup_by = "name|id",
    .said = "revoked"};
VL_API_COMMAND(vl_cli_user_revoke, "user revoke", "ends a token of somebody", "NAME TOKEN",
    "Ends one token of a user at once; vallum user tokens NAME has their ids.", plain_options, user_revoke);

/* --- environments --- */

static const struct vl_cli_column environment_columns[] = {
    {"Id", "id"}, {"Name", "name"}, {"Role", "role"}, {"Created", "created"}, {0}};
static const struct vl_api_command environment_list = {
    .method = "GET", .path = "/environments", .list = true, .columns = environment_columns};
VL_API_COMMAND(vl_cli_environment_list, "environment list", "environments (subscriptions)", NULL,
    "Lists the environments that you have a role in.", plain_options, environment_list);

static const struct vl_api_field environment_create_fields[] = {
    {VL_API_ARG, "name", "the environment's name", .required = true}, {KEY_ID, "id", "--id"}, {0}};
static const struct vl_api_command environment_create = {.method = "POST",
    .path = "/environments",
    .fields = environment_create_fields,
    .columns = environment_columns};
static const struct argp_option environment_create_options[] = {
    {"id", KEY_ID, "GUID", 0, "Its id (default: a new one)", 1}, VL_API_OPTIONS, {0}};
VL_API_COMMAND(vl_cli_environment_create, "environment create", "adds an environment", "NAME",
    "Adds an environment, the unit of isolation: registries, images and scores of one are not seen in "
    "another.",
    environment_create_options, environment_create);

/* --- audit --- */

static const struct vl_cli_column audit_columns[] = {{"At", "at"}, {"Who", "who"}, {"Peer", "peer"},
    {"Environment", "environment"}, {"Action", "action"}, {"Object", "object"}, {"Detail", "detail"}, {0}};
static const struct vl_api_command audit_list = {
    .method = "GET", .path = "/audit", .list = true, .columns = audit_columns};
VL_API_COMMAND(vl_cli_audit_list, "audit list", "who changed what, and when", NULL,
    "Lists the audit log, newest first.", plain_options, audit_list);
