/* The options of the scan commands. */
#include "scan_options.h"

#include <stdio.h>
#include <string.h>

enum {
    KEY_CACHE = 3000,
    KEY_NO_CACHE,
    KEY_SCANNERS,
    KEY_SEVERITY,
    KEY_ONLY_FIXED,
    KEY_FAIL_ON,
    KEY_BASELINE,
    KEY_IGNORE,
    KEY_NO_IGNORE,
    KEY_VEX,
    KEY_INCLUDE_DEV,
    KEY_ISOLATE,
    KEY_JUDGE_OWNED,
    KEY_PACKAGES_ONLY,
    KEY_SHOW_HIDDEN,
    KEY_WIDTH,
    KEY_JOBS,
    KEY_ATTACH,
    KEY_SIGN,
    KEY_PLATFORM,
    KEY_AUTH,
    KEY_USERNAME,
    KEY_PASSWORD_STDIN,
    KEY_CA,
    KEY_MIRROR,
    KEY_INSECURE,
};

#define GROUP_OUTPUT 1
#define GROUP_GATE   2
#define GROUP_WHAT   3
#define GROUP_IMAGE  4
#define GROUP_SERVER 5

#define COMMON_OPTIONS                                                                                      \
    {"db", 'd', "FILE", 0, "The advisory database (default ~/.cache/vallum/advisories.vadb)", GROUP_WHAT},  \
        {"scanners", KEY_SCANNERS, "LIST", 0, "vuln (default), secret, or both: vuln,secret", GROUP_WHAT},  \
        {"include-dev", KEY_INCLUDE_DEV, NULL, 0, "Development dependencies too", GROUP_WHAT},              \
        {"all-advisories", KEY_JUDGE_OWNED, NULL, 0,                                                        \
            "Judge files of distribution packages by language advisories too (false positives: backported " \
            "fixes)",                                                                                       \
            GROUP_WHAT},                                                                                    \
        {"isolate", KEY_ISOLATE, NULL, 0,                                                                   \
            "Read an SBOM in a process that has nothing, as layers are (some milliseconds more)",           \
            GROUP_WHAT},                                                                                    \
        {"jobs", KEY_JOBS, "N", 0, "Layers at once (default: processors, at most 8)", GROUP_WHAT},          \
        {"output", 'o', "FORMAT[=FILE]", 0,                                                                 \
            "table (default), json, sarif, cyclonedx, spdx, junit, csv, html; may be repeated",             \
            GROUP_OUTPUT},                                                                                  \
        {"packages-only", KEY_PACKAGES_ONLY, NULL, 0, "The package list without vulnerabilities",           \
            GROUP_OUTPUT},                                                                                  \
        {"show-hidden", KEY_SHOW_HIDDEN, NULL, 0,                                                           \
            "Findings that are ignored, filtered or judged otherwise too", GROUP_OUTPUT},                   \
        {"width", KEY_WIDTH, "COLUMNS", 0, "Of the table (default: the terminal's)", GROUP_OUTPUT},         \
        {"severity", KEY_SEVERITY, "LEVEL", 0, "Show this severity and above: low, medium, high, critical", \
            GROUP_GATE},                                                                                    \
        {"only-fixed", KEY_ONLY_FIXED, NULL, 0, "Show only what has a fix", GROUP_GATE},                    \
        {"fail-on", KEY_FAIL_ON, "GATE,…", 0,                                                               \
            "Exit 2 on: a severity and above, kev, epss=0.5, secret, malicious, license=ID", GROUP_GATE},   \
        {"baseline", KEY_BASELINE, "FILE|DIGEST", 0,                                                        \
            "Gates look at findings that this JSON report (or the one attached to DIGEST) has not",         \
            GROUP_GATE},                                                                                    \
        {"ignore-file", KEY_IGNORE, "FILE", 0,                                                              \
            "Ignore rules: ours, .trivyignore, .trivyignore.yaml, .grype.yaml (default: those in this "     \
            "folder)",                                                                                      \
            GROUP_GATE},                                                                                    \
        {"no-ignore", KEY_NO_IGNORE, NULL, 0, "Take no ignore file of this folder", GROUP_GATE},            \
    {                                                                                                       \
        "vex", KEY_VEX, "FILE", 0, "OpenVEX, CycloneDX or CSAF document; may be repeated", GROUP_GATE       \
    }

#define IMAGE_OPTIONS                                                                                       \
    {"cache", KEY_CACHE, "DIR", 0, "Layers seen before (default ~/.cache/vallum/layers)", GROUP_WHAT},      \
        {"no-cache", KEY_NO_CACHE, NULL, 0, "Neither read nor write layers seen before", GROUP_WHAT},       \
        {"platform", KEY_PLATFORM, "OS/ARCH", 0, "Of a multi-platform image, such as linux/arm64",          \
            GROUP_IMAGE},                                                                                   \
        {"auth-file", KEY_AUTH, "FILE", 0, "Registry credentials (default ~/.docker/config.json)",          \
            GROUP_IMAGE},                                                                                   \
        {"username", KEY_USERNAME, "NAME", 0, "Registry user; with --password-stdin", GROUP_IMAGE},         \
        {"password-stdin", KEY_PASSWORD_STDIN, NULL, 0, "The password is the first line of standard input", \
            GROUP_IMAGE},                                                                                   \
        {"ca-file", KEY_CA, "FILE", 0, "Trust the certificates in this file too (PEM)", GROUP_IMAGE},       \
        {"mirror", KEY_MIRROR, "HOST=MIRROR", 0, "Ask a mirror first; may be repeated", GROUP_IMAGE},       \
    {                                                                                                       \
        "insecure", KEY_INSECURE, NULL, 0, "Plain http, and no check of certificates", GROUP_IMAGE          \
    }

const struct argp_option vl_cli_scan_image_options[] = {
    COMMON_OPTIONS,
    IMAGE_OPTIONS,
    {"attach", KEY_ATTACH, NULL, 0, "Store the signed report beside the image, as an OCI referrer",
        GROUP_IMAGE},
    {"sign-key", KEY_SIGN, "FILE", 0, "Private key (Ed25519, PEM) for --attach", GROUP_IMAGE},
    {"server", VL_CLI_KEY_SERVER, "URL", 0, "A vallumd whose exemptions and disable rules hold here too",
        GROUP_SERVER},
    {"context", VL_CLI_KEY_CONTEXT, "NAME", 0, "With --server: which login", GROUP_SERVER},
    {"environment", VL_CLI_KEY_ENVIRONMENT, "GUID|NAME", 0, "With --server: of this environment",
        GROUP_SERVER},
    {"token-file", VL_CLI_KEY_TOKEN_FILE, "FILE", 0, "With --server: the token (default: VALLUM_TOKEN)",
        GROUP_SERVER},
    {"server-ca", VL_CLI_KEY_SERVER_CA, "FILE", 0, "With --server: whom it is trusted by, PEM", GROUP_SERVER},
    {0},
};

const struct argp_option vl_cli_scan_folder_options[] = {COMMON_OPTIONS, {0}};

const struct argp_option vl_cli_packages_options[] = {
    {"output", 'o', "FORMAT[=FILE]", 0, "json (default), table, csv, cyclonedx, spdx; may be repeated",
        GROUP_OUTPUT},
    {"width", KEY_WIDTH, "COLUMNS", 0, "Of the table (default: the terminal's)", GROUP_OUTPUT},
    {"isolate", KEY_ISOLATE, NULL, 0,
        "Read an SBOM in a process that has nothing, as layers are (some milliseconds more)", GROUP_WHAT},
    {"jobs", KEY_JOBS, "N", 0, "Layers at once (default: processors, at most 8)", GROUP_WHAT},
    IMAGE_OPTIONS,
    {0},
};

static void set_scanners(struct vl_cli_scan_settings *s, const char *value, const struct argp_state *state)
{
    struct vl_span rest = vl_span_str(value);
    struct vl_span word;
    s->scanners = 0;
    while (vl_span_split(&rest, ',', &word)) {
        if (vl_span_eq_str(word, "vuln"))
            s->scanners |= VL_SCAN_VULN;
        else if (vl_span_eq_str(word, "secret"))
            s->scanners |= VL_SCAN_SECRET;
        else
            argp_error(state, "--scanners: there are vuln and secret, not '%.*s'", VL_SPAN_FMT(word));
    }
}

/* "high" is high and above; of a list ("HIGH,CRITICAL", as other scanners take it) the lowest counts. */
static void set_severity(struct vl_cli_scan_settings *s, const char *value, const struct argp_state *state)
{
    struct vl_span rest = vl_span_str(value);
    struct vl_span word;
    enum vl_severity lowest = VL_SEVERITY_COUNT;
    while (vl_span_split(&rest, ',', &word)) {
        enum vl_severity severity = VL_SEVERITY_UNKNOWN;
        if (!vl_span_eq_nocase(word, VL_SPAN_LIT("unknown")) && !vl_severity_parse(word, &severity))
            argp_error(state, "--severity: '%.*s' is none of negligible, low, medium, high, critical",
                VL_SPAN_FMT(word));
        lowest = severity < lowest ? severity : lowest;
    }
    s->min_severity = lowest == VL_SEVERITY_COUNT ? VL_SEVERITY_UNKNOWN : lowest;
}

static bool parse_what(int key, char *arg, struct argp_state *state)
{
    struct vl_cli_scan_settings *s = state->input;
    switch (key) {
    case 'd':
        s->db = arg;
        return true;
    case KEY_CACHE:
        s->cache = arg;
        return true;
    case KEY_NO_CACHE:
        s->no_cache = true;
        return true;
    case KEY_SCANNERS:
        set_scanners(s, arg, state);
        return true;
    case KEY_INCLUDE_DEV:
        s->include_dev = true;
        return true;
    case KEY_ISOLATE:
        s->isolate = true;
        return true;
    case KEY_JUDGE_OWNED:
        s->judge_os_owned = true;
        return true;
    case KEY_JOBS:
        s->jobs = (unsigned)vl_cli_number(state, "jobs", arg, 64);
        return true;
    case 'o':
        vl_cli_outputs_add(&s->outputs, s->common.from_settings, arg, state);
        return true;
    case KEY_PACKAGES_ONLY:
        s->packages_only = true;
        return true;
    case KEY_SHOW_HIDDEN:
        s->show_hidden = true;
        return true;
    case KEY_WIDTH:
        s->width = (unsigned)vl_cli_number(state, "width", arg, 1000);
        return true;
    default:
        return false;
    }
}

static bool parse_gate(int key, char *arg, struct argp_state *state)
{
    struct vl_cli_scan_settings *s = state->input;
    switch (key) {
    case KEY_SEVERITY:
        set_severity(s, arg, state);
        return true;
    case KEY_ONLY_FIXED:
        s->only_fixed = true;
        return true;
    case KEY_FAIL_ON:
        vl_cli_list_add(&s->fail_on, state, arg, true);
        return true;
    case KEY_BASELINE:
        s->baseline = arg;
        return true;
    case KEY_IGNORE:
        vl_cli_list_add(&s->ignore_files, state, arg, false);
        return true;
    case KEY_NO_IGNORE:
        s->no_ignore = true;
        return true;
    case KEY_VEX:
        vl_cli_list_add(&s->vex_files, state, arg, false);
        return true;
    default:
        return false;
    }
}

/* Asking a server is for the command line to say: a variable that other commands go by must not change what
 * a scan lets pass. */
static bool parse_server(int key, const char *arg, struct argp_state *state)
{
    struct vl_cli_scan_settings *s = state->input;
    struct vl_cli_server ignored;
    return vl_cli_server_option(
        s->common.from_settings && key == VL_CLI_KEY_SERVER ? &ignored : &s->vallumd, key, arg);
}

static bool parse_image(int key, char *arg, struct argp_state *state)
{
    struct vl_cli_scan_settings *s = state->input;
    switch (key) {
    case KEY_PLATFORM:
        s->platform = arg;
        return true;
    case KEY_AUTH:
        s->auth_file = arg;
        return true;
    case KEY_USERNAME:
        s->username = arg;
        return true;
    case KEY_PASSWORD_STDIN:
        s->password_stdin = true;
        return true;
    case KEY_CA:
        s->ca_file = arg;
        return true;
    case KEY_MIRROR:
        if (!strchr(arg, '='))
            argp_error(state, "--mirror takes HOST=MIRROR, not '%s'", arg);
        vl_cli_list_add(&s->mirrors, state, arg, false);
        return true;
    case KEY_INSECURE:
        s->insecure = true;
        return true;
    case KEY_ATTACH:
        s->attach = true;
        return true;
    case KEY_SIGN:
        s->sign_key = arg;
        return true;
    default:
        return false;
    }
}

static void check_whole(struct vl_cli_scan_settings *s, const struct argp_state *state)
{
    if (s->common.from_settings)
        return;
    if (!s->target)
        argp_error(state, "what to scan?");
    vl_cli_outputs_check(&s->outputs, state);
    if (s->password_stdin != (s->username != NULL))
        argp_error(state, "--username and --password-stdin belong together");
    if (s->attach && !s->sign_key)
        argp_error(state, "--attach needs --sign-key FILE: a report that nobody signed proves nothing");
    if (s->packages_only && s->fail_on.len)
        argp_error(state, "--fail-on judges findings, and --packages-only looks for none");
    if (!s->scanners)
        s->scanners = VL_SCAN_VULN;
}

error_t vl_cli_scan_parse(int key, char *arg, struct argp_state *state)
{
    struct vl_cli_scan_settings *s = state->input;
    if (key == ARGP_KEY_INIT) {
        vl_cli_common_init(state);
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        if (s->target)
            argp_error(state, "one target at a time: '%s' and '%s'", s->target, arg);
        s->target = arg;
        return 0;
    }
    if (key == ARGP_KEY_END) {
        check_whole(s, state);
        return 0;
    }
    return parse_what(key, arg, state) || parse_gate(key, arg, state) || parse_image(key, arg, state) ||
                   parse_server(key, arg, state)
               ? 0
               : ARGP_ERR_UNKNOWN;
}
