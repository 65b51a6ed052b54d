#include "findings/sbom.h"

#include "findings/repo_list.h"

/* Images with equal contents share a list: whose it is, is said by the image's own facts. */
static void name_target(
    struct vl_target *target, const struct vl_image_facts *facts, const struct vl_sbom_place *place)
{
    *target = (struct vl_target){.kind = VL_TARGET_IMAGE,
        .name = place->reference,
        .reference = place->reference,
        .digest = facts->digest,
        .image_id = facts->config_digest,
        .os = facts->os,
        .arch = facts->arch,
        .variant = facts->variant,
        .os_version = facts->os_version,
        .created_ms = facts->created};
}

int vl_sbom_write(struct vl_store_conn *conn, const struct vl_image_facts *facts,
    const struct vl_sbom_place *place, enum vl_report_format format, struct vl_buf *out, struct vl_err *err)
{
    struct vl_scan_result *result VL_CLEANUP(vl_scan_result_cleanup) = vl_scan_result_new();
    const struct vl_report_options options = {.packages_only = true, .version = VL_VERSION};
    if (!result)
        return vl_err_nomem(err);
    int r = vl_repo_list_read(conn, facts->list, NULL, &result->inventory, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "the image has no list of packages yet");
    if (r < 0)
        return r;
    name_target(&result->inventory->target, facts, place);
    result->coverage.assessed = VL_ASSESSED_NOT; /* packages alone */
    result->scanned_ms = facts->indexed;
    return vl_report_write(result, format, &options, out, err);
}
