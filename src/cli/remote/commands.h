/* The commands that ask the server, in the order of the help. */
#ifndef VL_CLI_REMOTE_COMMANDS_H
#define VL_CLI_REMOTE_COMMANDS_H

#include "command.h"

#define VL_CLI_REMOTE_COMMANDS(C) \
    C(login)                      \
    C(logout)                     \
    C(context_list)               \
    C(context_use)                \
    C(context_remove)             \
    C(whoami)                     \
    C(token_create)               \
    C(token_list)                 \
    C(token_revoke)               \
    C(user_create)                \
    C(user_list)                  \
    C(user_update)                \
    C(user_remove)                \
    C(environment_create)         \
    C(environment_list)           \
    C(audit_list)

#define VL_CLI_DECLARE(name) extern const struct vl_command vl_cli_##name;
VL_CLI_REMOTE_COMMANDS(VL_CLI_DECLARE)
#undef VL_CLI_DECLARE

#endif
