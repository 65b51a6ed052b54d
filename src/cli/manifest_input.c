#include "manifest_input.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/vec.h"
#include "helm.h"
#include "posture/manifests.h"

#define PATH_BYTES 4096

struct walk {
    const struct vl_manifest_input *input;
    const char *root;
    uint64_t files;
};

static int tell(
    const struct walk *w, bool is_error, const char *name, const char *message, struct vl_err *err)
{
    return w->input->problem(is_error, name, message, w->input->user, err);
}

static int read_file(struct walk *w, const char *path, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_err bad = VL_ERR_INIT;
    if (++w->files > VL_MANIFEST_INPUT_FILES)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d files", w->root, VL_MANIFEST_INPUT_FILES);
    vl_buf_init(&text, VL_MANIFEST_TEXT_MAX);
    if (vl_file_read(path, VL_MANIFEST_TEXT_MAX, &text, &bad) < 0)
        return tell(w, true, path, bad.msg, err);
    return w->input->text(vl_buf_span(&text), path, false, w->input->user, err);
}

static bool has_ending(const char *name)
{
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    struct vl_span s = vl_span_str(name);
    for (size_t i = 0; i < VL_ARRAY_LEN(endings); i++) {
        if (vl_span_ends_with(s, endings[i]))
            return true;
    }
    return false;
}

static bool is_excluded(const struct walk *w, const char *path)
{
    const char *below = path + strlen(w->root);
    while (*below == '/')
        below++;
    for (size_t i = 0; i < w->input->exclude->len; i++) {
        if (fnmatch(w->input->exclude->items[i], below, FNM_LEADING_DIR) == 0)
            return true;
    }
    return false;
}

static int read_chart(struct walk *w, const char *path, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err bad = VL_ERR_INIT;
    if (w->input->no_helm)
        return tell(w, true, path, "a Helm chart: not rendered, as --no-helm says", err);
    vl_buf_init(&out, VL_HELM_OUTPUT_MAX);
    if (vl_cli_helm_template(path, w->input->helm_values, &out, &bad) < 0)
        return tell(w, true, path, bad.msg, err);
    return w->input->text(vl_buf_span(&out), path, true, w->input->user, err);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_done(struct vl_vec *names)
{
    for (size_t i = 0; i < names->len; i++)
        free(*(char **)vl_vec_at(names, i));
    vl_vec_done(names);
}

/* Sorted, so that two runs report alike. */
static int list_folder(const char *path, struct vl_vec *ret_names, struct vl_err *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return vl_err_sys(err, errno, "%s", path);
    int r = 0;
    for (const struct dirent *e = readdir(dir); e && r >= 0; e = readdir(dir)) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "node_modules") == 0)
            continue;
        char **name = vl_vec_push(ret_names, path, err);
        if (!name)
            r = err->err;
        else if (!(*name = strdup(e->d_name)))
            r = vl_err_nomem(err);
    }
    closedir(dir);
    if (r >= 0 && ret_names->len > 1)
        qsort(ret_names->items, ret_names->len, sizeof(char *), compare_names);
    return r;
}

static bool holds(const struct vl_vec *names, const char *name)
{
    for (size_t i = 0; i < names->len; i++) {
        if (strcmp(*(char *const *)vl_vec_at(names, i), name) == 0)
            return true;
    }
    return false;
}

static int read_folder(struct walk *w, const char *path, unsigned depth, struct vl_err *err);

static int read_entry(
    struct walk *w, const char *folder, const char *name, unsigned depth, struct vl_err *err)
{
    char path[PATH_BYTES];
    struct stat st;
    const char *slash = vl_span_ends_with(vl_span_str(folder), "/") ? "" : "/";
    if (snprintf(path, sizeof(path), "%s%s%s", folder, slash, name) >= (int)sizeof(path))
        return tell(w, true, folder, "a path below it is longer than 4095 bytes", err);
    if (is_excluded(w, path))
        return 0;
    if (lstat(path, &st) < 0)
        return tell(w, true, path, strerrordesc_np(errno), err);
    if (S_ISDIR(st.st_mode))
        return read_folder(w, path, depth + 1, err);
    return S_ISREG(st.st_mode) && has_ending(name) ? read_file(w, path, err) : 0;
}

static int read_folder(struct walk *w, const char *path, unsigned depth, struct vl_err *err)
{
    if (depth > VL_MANIFEST_INPUT_DEPTH)
        return tell(w, true, path, "folders are nested deeper than 64", err);
    struct vl_vec names VL_CLEANUP(names_done);
    struct vl_err bad = VL_ERR_INIT;
    vl_vec_init(&names, sizeof(char *), VL_MANIFEST_INPUT_FILES);
    if (list_folder(path, &names, &bad) < 0)
        return tell(w, true, path, bad.msg, err);
    if (holds(&names, "Chart.yaml"))
        return read_chart(w, path, err);
    int r = 0;
    if (holds(&names, "kustomization.yaml") || holds(&names, "kustomization.yml"))
        r = tell(w, false, path,
            "its kustomization is not built: its files are checked as they are; to check the result, pipe "
            "\"kustomize build\" into \"vallum scan manifests -\"",
            err);
    for (size_t i = 0; i < names.len && r >= 0; i++)
        r = read_entry(w, path, *(char **)vl_vec_at(&names, i), depth, err);
    return r;
}

int vl_manifest_input_read(const struct vl_manifest_input *input, const char *path, struct vl_err *err)
{
    struct walk w = {.input = input, .root = path};
    struct stat st;
    if (strcmp(path, "-") == 0)
        return read_file(&w, path, err);
    if (stat(path, &st) < 0)
        return vl_err_sys(err, errno, "%s", path);
    return S_ISDIR(st.st_mode) ? read_folder(&w, path, 0, err) : read_file(&w, path, err);
}
