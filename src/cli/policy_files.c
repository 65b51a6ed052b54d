#include "policy_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

struct walk {
    int (*each)(const char *path, struct vl_span text, void *user, struct vl_err *err);
    void *user;
    unsigned files;
    bool tests; /* hidden folders of test suites, too */
};

static int read_one(struct walk *w, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_POLICY_FILE_MAX);
    if (++w->files > VL_CLI_POLICY_FILES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d files", path, VL_CLI_POLICY_FILES_MAX);
    int r = vl_file_read(path, VL_POLICY_FILE_MAX, &text, err);
    return r < 0 ? r : w->each(path, vl_buf_span(&text), w->user, err);
}

static bool is_document(const char *name)
{
    struct vl_span s = vl_span_str(name);
    return vl_span_ends_with(s, ".yaml") || vl_span_ends_with(s, ".yml") || vl_span_ends_with(s, ".json");
}

static int keep(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int keep_tests(const struct dirent *entry)
{
    return keep(entry) || strcmp(entry->d_name, ".kyverno-test") == 0 ||
           strcmp(entry->d_name, ".chainsaw-test") == 0;
}

static int walk_folder(struct walk *w, const char *path, unsigned depth, struct vl_err *err)
{
    struct dirent **names = NULL;
    int r = 0;
    if (depth > VL_CLI_POLICY_DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d folders deep", path, VL_CLI_POLICY_DEPTH_MAX);
    int n = scandir(path, &names, w->tests ? keep_tests : keep, alphasort);
    if (n < 0)
        return vl_err_sys(err, errno, "%s", path);
    for (int i = 0; i < n; i++) {
        char full[4096];
        struct stat st;
        int len = snprintf(full, sizeof(full), "%s/%s", path, names[i]->d_name);
        if (r >= 0 && (len < 0 || (size_t)len >= sizeof(full)))
            r = vl_err_set(err, VL_ERR_LIMIT, "%s: a path is too long", path);
        else if (r >= 0 && stat(full, &st) < 0)
            r = vl_err_sys(err, errno, "%s", full);
        else if (r >= 0 && S_ISDIR(st.st_mode))
            r = walk_folder(w, full, depth + 1, err);
        else if (r >= 0 && S_ISREG(st.st_mode) && is_document(names[i]->d_name))
            r = read_one(w, full, err);
        free(names[i]);
    }
    free(names);
    return r < 0 ? r : 0;
}

static int walk(struct walk *w, const char *path, struct vl_err *err)
{
    struct stat st;
    if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return walk_folder(w, path, 0, err);
    return read_one(w, path, err);
}

int vl_cli_each_policy_file(const char *path,
    int (*each)(const char *path, struct vl_span text, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct walk w = {.each = each, .user = user};
    return walk(&w, path, err);
}

int vl_cli_each_test_file(const char *path,
    int (*each)(const char *path, struct vl_span text, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct walk w = {.each = each, .user = user, .tests = true};
    return walk(&w, path, err);
}

struct loading {
    struct vl_policies *set;
    bool params;
    unsigned invalid;
};

static int load_text(const char *path, struct vl_span text, void *user, struct vl_err *err)
{
    struct loading *l = user;
    int r = l->params ? vl_policies_add_params(l->set, text, path, err)
                      : vl_policies_add(l->set, text, path, err);
    if (r >= 0 ||
        (err->code != VL_ERR_INVALID && err->code != VL_ERR_LIMIT && err->code != VL_ERR_UNSUPPORTED))
        return r;
    (void)vl_cli_complain(err);
    vl_err_clear(err);
    l->invalid++;
    return 0;
}

int vl_cli_load_policies(struct vl_policies *set, const struct vl_cli_list *files, bool params,
    unsigned *invalid, struct vl_err *err)
{
    struct loading l = {.set = set, .params = params};
    int r = 0;
    for (size_t i = 0; r >= 0 && i < files->len; i++)
        r = vl_cli_each_policy_file(files->items[i], load_text, &l, err);
    *invalid += l.invalid;
    return r < 0 ? r : 0;
}

unsigned vl_cli_policy_problems(const struct vl_policies *set, bool quiet)
{
    for (uint32_t i = 0; i < vl_policies_problems(set); i++) {
        const struct vl_policy_problem *p = vl_policies_problem(set, i);
        if (quiet && !p->is_error)
            continue;
        (void)fprintf(stderr, "%s:%u:%u: %s: %s%s%s: %s\n", p->file ? p->file : "-", p->line, p->column,
            p->is_error ? "error" : "warning", p->item ? p->item : "document", p->field ? ": " : "",
            p->field ? p->field : "", p->message);
    }
    return vl_policies_errors(set);
}
