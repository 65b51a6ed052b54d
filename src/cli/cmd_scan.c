/* vallum scan, vallum packages: from a target to reports and an exit status. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "base/file.h"
#include "base/heap.h"
#include "db_options.h"
#include "package/parser.h"
#include "package/sbom.h"
#include "remote/server_policy.h"
#include "scan_options.h"

#define SNIFF_MAX     65536
#define FINDING_BYTES 3072U /* of a report, about: JSON of a Debian image has 2,900 */
#define PACKAGE_BYTES 512U

/* Ignore files that count when they lie in the working folder. */
static const char *const usual_ignore_files[] = {
    ".vallumignore.yaml", ".vallumignore", ".trivyignore", ".trivyignore.yaml", ".grype.yaml"};

static const char *const indexer_program[] = {"/proc/self/exe", "indexer", NULL};

static void on_layer(size_t index, size_t count, bool cached, void *user)
{
    (void)user;
    (void)fprintf(stderr, "\r\033[Klayer %zu of %zu%s", index + 1, count, cached ? " (known)" : "");
    if (index + 1 == count)
        (void)fputs("\r\033[K", stderr);
}

/* Where the cache cannot be written, scanning works without. */
static const char *cache_dir(const struct vl_cli_scan_settings *s, char path[4096])
{
    struct vl_err err = VL_ERR_INIT;
    if (s->no_cache)
        return NULL;
    if (s->cache)
        (void)snprintf(path, 4096, "%s", s->cache);
    else if (vl_cli_cache_path("layers", path, &err) < 0)
        return NULL;
    if (vl_file_make_dirs(path, 0700, &err) < 0) {
        vl_cli_warn("no cache of layers: %s", err.msg);
        return NULL;
    }
    return path;
}

static int read_password(struct vl_cli_scan_settings *s, struct vl_err *err)
{
    if (!s->password_stdin)
        return 0;
    if (!fgets(s->password, sizeof(s->password), stdin))
        return vl_err_set(err, VL_ERR_USAGE, "--password-stdin: standard input is empty");
    s->password[strcspn(s->password, "\r\n")] = '\0';
    return 0;
}

static void image_options(const struct vl_cli_scan_settings *s, struct vl_image_options *ret)
{
    *ret = (struct vl_image_options){
        .platform = s->platform,
        .auth_file = s->auth_file,
        .username = s->username,
        .password = s->username ? s->password : NULL,
        .ca_file = s->ca_file,
        .mirrors = s->mirrors.items,
        .n_mirrors = s->mirrors.len,
        .insecure = s->insecure,
    };
}

/* What the server accepts joins the ignore files of this scan. */
static int take_server_policy(struct vl_cli_scan_settings *s, const struct vl_scan_result *result,
    struct vl_cli_server_policy *server, struct vl_err *err)
{
    if (!s->vallumd.server)
        return 0;
    int r = vl_cli_server_policy(&s->vallumd, s->target, result->inventory->target.digest, server, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < VL_CLI_SERVER_IGNORES; i++)
        if (server->fds[i] >= 0 && s->ignore_files.len < VL_CLI_LIST_MAX)
            s->ignore_files.items[s->ignore_files.len++] = server->files[i];
    if (server->min_severity > s->min_severity)
        s->min_severity = server->min_severity;
    if (!s->common.quiet)
        (void)fprintf(stderr, "scanned here; %u exemptions and %u disable rules of %s hold for this image\n",
            server->exemptions, server->rules, s->vallumd.server);
    if (server->left_out)
        vl_cli_warn("%u exemptions or rules of the server cannot be applied here (of whole resources, or by "
                    "severity and "
                    "more): its verdict may be milder",
            server->left_out);
    return 0;
}

/* The file has no name that would tell anybody anything: "why (/proc/self/fd/5:3)". */
static int name_server(struct vl_scan_result *result, const struct vl_cli_server_policy *server,
    const char *url, struct vl_err *err)
{
    for (size_t i = 0; i < result->findings.len; i++) {
        struct vl_finding *f = vl_vec_at(&result->findings, i);
        for (size_t k = 0; k < VL_CLI_SERVER_IGNORES; k++) {
            const char *at =
                server->fds[k] >= 0 && f->status_reason ? strstr(f->status_reason, server->files[k]) : NULL;
            if (at)
                f->status_reason = vl_arena_printf(
                    result->arena, "%.*s%s)", (int)(at - f->status_reason), f->status_reason, url);
        }
    }
    return vl_arena_check(result->arena, "the result", err);
}

/* Exemptions of other findings are no mistakes of this scan's files: that they match nothing is not told. */
static void forget_unused(struct vl_scan_result *result, const struct vl_cli_server_policy *server)
{
    size_t kept = 0;
    for (size_t i = 0; i < result->ignores.len; i++) {
        struct vl_ignore_report *from = vl_vec_at(&result->ignores, i);
        bool ours = false;
        for (size_t k = 0; k < VL_CLI_SERVER_IGNORES; k++)
            ours = ours || (server->fds[k] >= 0 &&
                               strncmp(from->where, server->files[k], strlen(server->files[k])) == 0);
        if (!ours)
            *(struct vl_ignore_report *)vl_vec_at(&result->ignores, kept++) = *from;
    }
    result->ignores.len = kept;
}

static int apply_policy(struct vl_cli_scan_settings *s, struct vl_span baseline,
    struct vl_scan_result *result, struct vl_err *err)
{
    struct vl_scan_policy policy = {
        .min_severity = s->min_severity,
        .only_fixed = s->only_fixed,
        .vex_files = s->vex_files.items,
        .n_vex_files = s->vex_files.len,
        .baseline_file = s->baseline,
        .baseline = baseline,
        .fail_on = s->fail_on.items,
        .n_fail_on = s->fail_on.len,
    };
    for (size_t i = 0; s->ignore_files.len == 0 && !s->no_ignore && i < VL_ARRAY_LEN(usual_ignore_files);
        i++) {
        if (access(usual_ignore_files[i], R_OK) == 0) {
            s->ignore_files.items[s->ignore_files.len++] = usual_ignore_files[i];
            break;
        }
    }
    struct vl_cli_server_policy server VL_CLEANUP(vl_cli_server_policy_done) = {.fds = {-1, -1}};
    int r = take_server_policy(s, result, &server, err);
    if (r < 0)
        return r;
    policy.min_severity = s->min_severity;
    policy.ignore_files = s->ignore_files.items;
    policy.n_ignore_files = s->ignore_files.len;
    r = vl_scan_apply_policy(result, &policy, err);
    forget_unused(result, &server);
    return r < 0 ? r : name_server(result, &server, s->vallumd.server, err);
}

/* A baseline by digest is the report that was attached to that image. */
static int fetch_baseline(struct vl_cli_scan_settings *s, struct vl_buf *report, struct vl_err *err)
{
    struct vl_image_options options;
    if (!s->baseline || strncmp(s->baseline, "sha256:", 7) != 0)
        return 0;
    image_options(s, &options);
    return vl_cli_attached_report(s->target, s->baseline, &options, report, err);
}

static int write_report(const struct vl_scan_result *result, const struct vl_cli_scan_settings *s,
    const struct vl_cli_output *output, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    const struct vl_report_options options = {
        .width = vl_cli_width(s->width),
        .color = !output->file && vl_cli_color(&s->common),
        .packages_only = s->packages_only || s->list_only,
        .show_hidden = s->show_hidden,
        .version = VL_VERSION,
    };
    vl_buf_init(&text, VL_REPORT_MAX);
    vl_buf_expect(
        &text, result->findings.len * FINDING_BYTES + result->inventory->packages.len * PACKAGE_BYTES);
    int r = vl_report_write(result, output->format, &options, &text, err);
    return r < 0 ? r : vl_cli_output_put(output, &text, err);
}

static int write_reports(
    const struct vl_scan_result *result, const struct vl_cli_scan_settings *s, struct vl_err *err)
{
    const struct vl_cli_output standard = {
        s->list_only && !s->packages_only ? VL_REPORT_JSON : VL_REPORT_TABLE, NULL};
    int r = s->outputs.n ? 0 : write_report(result, s, &standard, err);
    for (size_t i = 0; i < s->outputs.n && r >= 0; i++)
        r = write_report(result, s, &s->outputs.items[i], err);
    return r;
}

static int exit_of(const struct vl_cli_scan_settings *s, const struct vl_scan_result *result)
{
    if (!result->passed)
        return VL_EXIT_FAILS;
    if (s->list_only)
        return result->inventory->notes.partial ? VL_EXIT_PARTIAL : VL_EXIT_OK;
    return result->coverage.assessed == VL_ASSESSED_FULL ? VL_EXIT_OK : VL_EXIT_PARTIAL;
}

/* What stands on standard error beside the report: gates that failed. */
static void say_gates(const struct vl_cli_scan_settings *s, const struct vl_scan_result *result)
{
    for (size_t i = 0; !s->common.quiet && i < result->gates.len; i++) {
        const struct vl_gate_verdict *gate = vl_vec_at(&result->gates, i);
        if (gate->violations)
            (void)fprintf(stderr, "gate %s: %llu %s\n", gate->gate, (unsigned long long)gate->violations,
                gate->violations == 1 ? "violation" : "violations");
    }
}

static int scan_target(struct vl_cli_scan_settings *s, enum vl_target_kind kind, struct vl_advisory_db *db,
    struct vl_image **ret_image, struct vl_scan_result **ret, struct vl_err *err)
{
    char cache[4096];
    struct vl_scan_options options = {
        .scanners = s->scanners ? s->scanners : VL_SCAN_VULN,
        .cache_dir = kind == VL_TARGET_IMAGE ? cache_dir(s, cache) : NULL,
        .indexer = indexer_program,
        .jobs = s->jobs,
        .include_dev = s->include_dev,
        .isolate = s->isolate,
        .judge_os_owned = s->judge_os_owned,
        .packages_only = s->list_only,
        .attestations = !s->list_only,
        .progress.layer = vl_cli_progress(&s->common) ? on_layer : NULL,
    };
    if (kind == VL_TARGET_SBOM)
        return vl_scan_sbom(s->target, db, &options, ret, err);
    if (kind != VL_TARGET_IMAGE)
        return vl_scan_folder(s->target, kind, db, &options, ret, err);
    struct vl_image_options image;
    image_options(s, &image);
    int r = vl_image_open(s->target, &image, ret_image, err);
    return r < 0 ? r : vl_scan_image(*ret_image, db, &options, ret, err);
}

static int scan(struct vl_cli_scan_settings *s, enum vl_target_kind kind, struct vl_err *err)
{
    VL_CLEANUP(vl_advisory_db_cleanup) struct vl_advisory_db *db = NULL;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *result = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf baseline;
    vl_buf_init(&baseline, VL_CLI_REPORT_MAX);
    int r = read_password(s, err);
    s->list_only = s->list_only || s->packages_only;
    if (r == 0 && !s->list_only && (s->scanners & VL_SCAN_VULN))
        r = vl_cli_db_open(s->db, &db, err);
    if (r == 0)
        r = fetch_baseline(s, &baseline, err);
    if (r == 0)
        r = scan_target(s, kind, db, &image, &result, err);
    if (r == 0 && !s->list_only)
        r = apply_policy(s, vl_buf_span(&baseline), result, err);
    if (r == 0)
        r = write_reports(result, s, err);
    if (r == 0 && s->attach)
        r = vl_cli_attach_report(image, result, s->sign_key, &s->common, err);
    if (r < 0 || !result)
        return r;
    say_gates(s, result);
    return exit_of(s, result);
}

/* The whole work of the program. */
static int scan_once(struct vl_cli_scan_settings *s, enum vl_target_kind kind, struct vl_err *err)
{
    vl_heap_prepare();
    return scan(s, kind, err);
}

static int run_rootfs(void *settings, struct vl_err *err)
{
    return scan_once(settings, VL_TARGET_ROOTFS, err);
}

static int run_fs(void *settings, struct vl_err *err)
{
    return scan_once(settings, VL_TARGET_FS, err);
}

static int run_sbom(void *settings, struct vl_err *err)
{
    return scan_once(settings, VL_TARGET_SBOM, err);
}

/* What a target without a kind is: a folder is a project, unless it is a root file system or an image layout;
 * a file is an SBOM, an image archive or a lock file; all else is the name of an image. */
static enum vl_target_kind kind_of(const char *target)
{
    struct stat st;
    char path[VL_PACKAGE_PLACE_MAX];
    if (stat(target, &st) != 0)
        return strcmp(target, "-") == 0 ? VL_TARGET_SBOM : VL_TARGET_IMAGE;
    if (S_ISDIR(st.st_mode)) {
        (void)snprintf(path, sizeof(path), "%s/oci-layout", target);
        if (access(path, F_OK) == 0)
            return VL_TARGET_IMAGE;
        (void)snprintf(path, sizeof(path), "%s/etc/os-release", target);
        return access(path, F_OK) == 0 ? VL_TARGET_ROOTFS : VL_TARGET_FS;
    }
    char head[SNIFF_MAX];
    VL_CLEANUP(vl_file_close) int fd = open(target, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
    struct vl_span seen = {head, n > 0 ? (size_t)n : 0};
    if (vl_sbom_detect(seen))
        return VL_TARGET_SBOM;
    bool tar = seen.len > 262 && memcmp(head + 257, "ustar", 5) == 0;
    if (tar || vl_compression_detect(seen) == VL_COMPRESSION_NONE)
        return tar ? VL_TARGET_IMAGE : VL_TARGET_FS;
    /* Some databases are compressed too ("manifest.wall"). */
    const struct vl_package_file file = {
        .path = *target == '/' ? target + 1 : target, .size = (uint64_t)st.st_size, .head = seen};
    return vl_package_place(&file, ~0U, path) ? VL_TARGET_FS : VL_TARGET_IMAGE;
}

static int run_image(void *settings, struct vl_err *err)
{
    const struct vl_cli_scan_settings *s = settings;
    int r = scan_once(settings, VL_TARGET_IMAGE, err);
    enum vl_target_kind kind = kind_of(s->target);
    if (r < 0 && (kind == VL_TARGET_FS || kind == VL_TARGET_ROOTFS))
        return vl_err_set(err, VL_ERR_USAGE,
            "%s is no image: 'vallum scan fs' looks at a project, 'vallum scan rootfs' at a root file system",
            s->target);
    return r;
}

static int run_scan(void *settings, struct vl_err *err)
{
    struct vl_cli_scan_settings *s = settings;
    return scan_once(s, kind_of(s->target), err);
}

/* Targets on standard input, one a line: one JSON document each. */
static int list_line(struct vl_span line, uint64_t number, void *user, struct vl_err *err)
{
    struct vl_cli_scan_settings *s = user;
    struct vl_err own = VL_ERR_INIT;
    char target[4096];
    (void)err;
    line = vl_span_trim(line);
    if (!line.len)
        return 0;
    if (line.len >= sizeof(target))
        return vl_err_set(err, VL_ERR_LIMIT, "line %llu: the target is too long", (unsigned long long)number);
    (void)snprintf(target, sizeof(target), "%.*s", VL_SPAN_FMT(line));
    s->target = target;
    int r = scan(s, kind_of(target), &own);
    if (r < 0) {
        (void)fprintf(stderr, "line %llu: ", (unsigned long long)number);
        r = vl_cli_complain(&own);
    }
    /* The worst of all lines is the exit status; errors come before what is merely partial. */
    if (r != VL_EXIT_OK && (s->worst == VL_EXIT_OK || s->worst == VL_EXIT_PARTIAL))
        s->worst = r;
    return 0;
}

static int run_packages(void *settings, struct vl_err *err)
{
    struct vl_cli_scan_settings *s = settings;
    s->list_only = true;
    if (strcmp(s->target, "-") != 0)
        return scan_once(s, kind_of(s->target), err);
    vl_heap_prepare();
    int r = vl_cli_each_line(list_line, s, err);
    return r < 0 ? r : s->worst;
}

#define EXIT_TEXT                                                                                 \
    "Exit status: 0 passed, 1 error, 2 a gate of --fail-on failed, 3 usage, 4 authentication or " \
    "unreachable, 5 passed, "                                                                     \
    "but partial or not assessed (no advisories for what is in the target).\n\n"

const struct vl_command vl_cli_scan_image = {
    .words = "scan image",
    .summary = "an image: registry, archive, layout, Docker or containerd store",
    .argp = {.options = vl_cli_scan_image_options,
        .parser = vl_cli_scan_parse,
        .args_doc = "IMAGE",
        .doc = "Finds known vulnerabilities in a container image. IMAGE is a reference in a registry, or "
               "docker-archive:FILE, "
               "oci:DIR[:TAG], oci-archive:FILE, docker:NAME, containerd:NAME."
               "\v" EXIT_TEXT "Examples:\n"
               "  vallum scan image debian:12\n"
               "  vallum scan image --fail-on high,kev -o table -o sarif=out.sarif "
               "registry.example/shop/orders:1.0\n"
               "  vallum scan image --platform linux/arm64 oci-archive:orders.tar",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct vl_cli_scan_settings),
    .run = run_image,
};

const struct vl_command vl_cli_scan_rootfs = {
    .words = "scan rootfs",
    .summary = "an unpacked root file system",
    .argp = {.options = vl_cli_scan_folder_options,
        .parser = vl_cli_scan_parse,
        .args_doc = "DIR",
        .doc = "Finds known vulnerabilities in what is installed below DIR: distribution packages, language "
               "packages, "
               "binaries."
               "\v" EXIT_TEXT "Example: vallum scan rootfs /",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct vl_cli_scan_settings),
    .run = run_rootfs,
};

const struct vl_command vl_cli_scan_fs = {
    .words = "scan fs",
    .summary = "the lock files and manifests of a project",
    .argp = {.options = vl_cli_scan_folder_options,
        .parser = vl_cli_scan_parse,
        .args_doc = "PATH",
        .doc = "Finds known vulnerabilities in the dependencies of a project: its lock files, manifests, and "
               "what is "
               "installed in it. PATH is a folder or one file."
               "\v" EXIT_TEXT "Example: vallum scan fs --include-dev .",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct vl_cli_scan_settings),
    .run = run_fs,
};

const struct vl_command vl_cli_scan_sbom = {
    .words = "scan sbom",
    .summary = "an SBOM: CycloneDX, SPDX or Syft, of ours or another tool",
    .argp = {.options = vl_cli_scan_folder_options,
        .parser = vl_cli_scan_parse,
        .args_doc = "FILE",
        .doc =
            "Finds known vulnerabilities in the packages that an SBOM lists; - reads it from standard input."
            "\v" EXIT_TEXT "Example: vallum scan sbom orders.cdx.json",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct vl_cli_scan_settings),
    .run = run_sbom,
};

const struct vl_command vl_cli_scan = {
    .words = "scan",
    .summary = "any of these: the target is told by what it is",
    .argp = {.options = vl_cli_scan_image_options,
        .parser = vl_cli_scan_parse,
        .args_doc = "TARGET",
        .doc =
            "Finds known vulnerabilities in a target and tells its kind: a folder is a project (a root file "
            "system where "
            "it has etc/os-release), a file an SBOM, an image archive or a lock file, anything else an image."
            "\v" EXIT_TEXT "Example: vallum scan .",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct vl_cli_scan_settings),
    .run = run_scan,
};

const struct vl_command vl_cli_packages = {
    .words = "packages",
    .summary = "the inventory of a target, without advisories",
    .argp = {.options = vl_cli_packages_options,
        .parser = vl_cli_scan_parse,
        .args_doc = "TARGET\n-",
        .doc = "Lists the packages in an image, folder, file or SBOM, as JSON unless told otherwise. With - "
               "it reads one "
               "target a line and prints one document for each."
               "\v"
               "Example: vallum packages -o cyclonedx=orders.cdx.json registry.example/shop/orders:1.0",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct vl_cli_scan_settings),
    .run = run_packages,
};
