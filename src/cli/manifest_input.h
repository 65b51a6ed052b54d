/* Where manifests come from: files, folders, standard input, Helm charts. */
#ifndef VL_CLI_MANIFEST_INPUT_H
#define VL_CLI_MANIFEST_INPUT_H

#include "base/err.h"
#include "base/span.h"
#include "command.h"

#define VL_MANIFEST_INPUT_DEPTH 64       /* folders in folders */
#define VL_MANIFEST_INPUT_FILES 10000000 /* in all */
#define VL_HELM_OUTPUT_MAX      (256UL * 1024 * 1024)
#define VL_HELM_SECONDS         120

struct vl_manifest_input {
    const struct vl_cli_list *exclude;     /* globs of paths below the folders given */
    const struct vl_cli_list *helm_values; /* files */
    bool no_helm;

    /* The text of one file; `rendered`: a chart's output, which no fix can be written to. */
    int (*text)(struct vl_span text, const char *name, bool rendered, void *user, struct vl_err *err);
    /* Something that could not be read; or, with is_error false, something to know. */
    int (*problem)(bool is_error, const char *name, const char *message, void *user, struct vl_err *err);
    void *user;
};

/* Reads `path` ("-": standard input). In folders: *.yaml, *.yml and *.json, without hidden ones and
 * node_modules; links are not followed. A folder with Chart.yaml is rendered by `helm template` where helm is
 * there. A path that does not exist is an error. */
VL_MUST_CHECK int vl_manifest_input_read(
    const struct vl_manifest_input *input, const char *path, struct vl_err *err);

#endif
