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
    C(registry_add)               \
    C(registry_list)              \
    C(registry_show)              \
    C(registry_update)            \
    C(registry_remove)            \
    C(registry_test)              \
    C(registry_scan)              \
    C(image_list)                 \
    C(image_show)                 \
    C(image_findings)             \
    C(image_packages)             \
    C(image_history)              \
    C(image_lineage)              \
    C(image_sbom)                 \
    C(image_scan)                 \
    C(image_affected_by)          \
    C(pricing_list)               \
    C(pricing_show)               \
    C(pricing_create)             \
    C(recommendation_list)        \
    C(recommendation_show)        \
    C(recommendation_resources)   \
    C(assessment_list)            \
    C(assessment_show)            \
    C(secure_score_list)          \
    C(secure_score_show)          \
    C(secure_score_history)       \
    C(secure_scores_list)         \
    C(secure_score_controls_list) \
    C(task_list)                  \
    C(task_create)                \
    C(task_update)                \
    C(alert_list)                 \
    C(alert_show)                 \
    C(alert_update)               \
    C(alert_simulate)             \
    C(contact_create)             \
    C(contact_show)               \
    C(contact_list)               \
    C(contact_delete)             \
    C(alert_config_create)        \
    C(alert_config_show)          \
    C(exemption_list)             \
    C(exemption_create)           \
    C(exemption_approve)          \
    C(exemption_reject)           \
    C(exemption_delete)           \
    C(exemption_export)           \
    C(exemption_import)           \
    C(channel_list)               \
    C(channel_create)             \
    C(channel_test)               \
    C(channel_delete)             \
    C(mail_server_show)           \
    C(mail_server_set)            \
    C(outbox_list)                \
    C(outbox_retry)               \
    C(notice_list)                \
    C(vulnerability_list)         \
    C(vulnerability_show)         \
    C(job_list)                   \
    C(job_retry)                  \
    C(health)                     \
    C(verify)                     \
    C(apply)                      \
    C(diff)                       \
    C(export)                     \
    C(token_create)               \
    C(token_list)                 \
    C(token_revoke)               \
    C(user_create)                \
    C(user_list)                  \
    C(user_update)                \
    C(user_remove)                \
    C(user_tokens)                \
    C(user_revoke)                \
    C(environment_create)         \
    C(environment_list)           \
    C(audit_list)

#define VL_CLI_DECLARE(name) extern const struct vl_command vl_cli_##name;
VL_CLI_REMOTE_COMMANDS(VL_CLI_DECLARE)
#undef VL_CLI_DECLARE

#endif
