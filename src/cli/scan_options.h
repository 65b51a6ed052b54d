/* The options of the scan commands. */
#ifndef VL_CLI_SCAN_OPTIONS_H
#define VL_CLI_SCAN_OPTIONS_H

#include "command.h"
#include "image/image.h"
#include "model/inventory.h"
#include "outputs.h"
#include "remote/client.h"
#include "scan/policy.h"
#include "scan/scan.h"

struct vl_cli_scan_settings {
    struct vl_cli_common common;
    const char *target;
    const char *db;
    const char *cache;
    bool no_cache;
    bool list_only; /* packages alone, without matching */
    struct vl_cli_outputs outputs;
    unsigned width;
    bool packages_only;
    bool show_hidden;
    unsigned scanners;
    unsigned jobs;
    bool include_dev;
    bool isolate;
    bool judge_os_owned;
    bool attach;
    const char *sign_key;
    /* policy */
    enum vl_severity min_severity;
    bool only_fixed;
    const char *baseline;
    struct vl_cli_list ignore_files;
    bool no_ignore;
    struct vl_cli_list vex_files;
    struct vl_cli_list fail_on;
    /* image */
    const char *platform;
    const char *auth_file;
    const char *username;
    bool password_stdin;
    char password[4096];
    const char *ca_file;
    struct vl_cli_list mirrors;
    int worst; /* exit status over the lines of a bulk run */
    bool insecure;
    struct vl_cli_server vallumd; /* whose exemptions hold; .server NULL: none */
};

/* For struct argp: options of all scan commands, and those that only images have. */
extern const struct argp_option vl_cli_scan_image_options[];
extern const struct argp_option vl_cli_scan_folder_options[];
extern const struct argp_option vl_cli_packages_options[];
error_t vl_cli_scan_parse(int key, char *arg, struct argp_state *state);

#endif
