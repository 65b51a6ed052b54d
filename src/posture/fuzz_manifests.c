/* Manifests from strangers: checked by a few policies, and mended. The first byte: 'a' by policies of ours,
 * 'b' as well by those in the text before a line "--- # manifests". */
#include <stdlib.h>
#include <string.h>

#include "posture/manifests.h"

#define MARK    "--- # manifests\n"
#define OUT_MAX (16UL * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char own[] =
    "apiVersion: vallum/v1\n"
    "kind: Check\n"
    "id: fuzz-host\n"
    "version: \"1\"\n"
    "title: Pods share nothing\n"
    "severity: high\n"
    "match: {kinds: [Pod]}\n"
    "variables: [{name: bad, expression: \"['hostNetwork', 'hostPID'].filter(f, f in object.spec)\"}]\n"
    "expression: variables.bad.size() == 0\n"
    "locate: variables.bad.map(f, 'spec.' + f)\n"
    "fix: {jsonPatch: \"variables.bad.map(f, {'op': 'remove', 'path': '/spec/' + f})\"}\n";

static void on_refusal(const struct vl_manifest_finding *finding, const char *why, void *user)
{
    (void)user;
    if (!finding || !why || why[0] == '\0')
        abort();
}

static void fix(const struct vl_manifest_result *result, struct vl_span text)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_manifest_fix_count count;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&out, OUT_MAX);
    if (vl_manifest_fix(result, "m.yaml", text, on_refusal, NULL, &out, &count, &err) < 0 &&
        err.msg[0] == '\0')
        abort();
}

static void scan(const struct vl_policies *policies, struct vl_span text)
{
    VL_CLEANUP(vl_manifest_scan_cleanup) struct vl_manifest_scan *scan = NULL;
    const struct vl_manifest_options options = {.now_ms = 1764288000000};
    struct vl_manifest_result *result = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_manifest_scan_new(policies, &options, &scan, &err) < 0)
        return;
    if (vl_manifest_scan_add(scan, text, "m.yaml", &err) < 0 ||
        vl_manifest_scan_finish(scan, &result, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return;
    }
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_manifest_finding *f = vl_vec_at(&result->findings, i);
        if (f->check >= result->checks.len || f->object >= result->objects.len)
            abort();
    }
    fix(result, text);
    vl_manifest_result_free(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct vl_policy_options options = {.autogen = true, .now_ms = 1764288000000};
    struct vl_policies *set = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (size < 1)
        return 0;
    struct vl_span text = {(const char *)data + 1, size - 1}, policies = VL_SPAN_EMPTY;
    size_t mark = data[0] == 'b' ? vl_span_find(text, VL_SPAN_LIT(MARK)) : SIZE_MAX;
    if (mark != SIZE_MAX) {
        policies = vl_span_slice(text, 0, mark);
        text = vl_span_slice(text, mark + strlen(MARK), text.len);
    }
    if (vl_policies_new(&options, &set, &err) >= 0 &&
        vl_policies_add(set, vl_span_str(own), "own.yaml", &err) >= 0 &&
        (!policies.len || vl_policies_add(set, policies, "p.yaml", &err) >= 0) &&
        vl_policies_finish(set, &err) >= 0)
        scan(set, text);
    vl_policies_free(set);
    return 0;
}
