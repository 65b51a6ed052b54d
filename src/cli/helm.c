#include "helm.h"

#include "base/process.h"
#include "manifest_input.h"

static int not_there(struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_UNSUPPORTED,
        "a Helm chart, and there is no helm on this machine: pipe the output of \"helm template\" into "
        "\"vallum scan manifests -\"");
}

static int run(const char *const *argv, const char *folder, struct vl_buf *out, struct vl_err *err)
{
    struct vl_buf said VL_CLEANUP(vl_buf_done);
    struct vl_process_options options = {.argv = argv, .output_fd = -1, .seconds = VL_HELM_SECONDS};
    int status = 0;
    vl_buf_init(&said, VL_PROCESS_SAID_MAX);
    int r = vl_process_run(&options, out, &said, &status, err);
    if (r < 0)
        return err->code == VL_ERR_NOT_FOUND ? not_there(err) : r;
    if (status == 0)
        return 0;
    struct vl_span rest = vl_buf_span(&said), line = VL_SPAN_LIT("it says nothing");
    (void)vl_span_split_line(&rest, &line);
    return vl_err_set(err, VL_ERR_INVALID, "%s: helm refuses the chart: %.*s", folder, VL_SPAN_FMT(line));
}

int vl_cli_helm_template(
    const char *folder, const struct vl_cli_list *values, struct vl_buf *out, struct vl_err *err)
{
    const char *argv[2 * VL_CLI_LIST_MAX + 8];
    size_t n = 0;
    argv[n++] = "helm";
    argv[n++] = "template";
    argv[n++] = "--include-crds";
    for (size_t i = 0; i < values->len; i++) {
        argv[n++] = "--values";
        argv[n++] = values->items[i];
    }
    argv[n++] = "--";
    argv[n++] = "release";
    argv[n++] = folder;
    argv[n] = NULL;
    return run(argv, folder, out, err);
}
