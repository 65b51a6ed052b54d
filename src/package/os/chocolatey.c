/* Source: NuGet's .nuspec reference; Chocolatey keeps the one of every installed package. */
#include "appstore.h"

#include "codec/xml.h"
#include "license.h"
#include "path.h"

static bool wants(const struct vl_package_file *file)
{
    static const char *const places[] = {
        "ProgramData/chocolatey/lib/*/*.nuspec", "Files/ProgramData/chocolatey/lib/*/*.nuspec", NULL};
    return os_path_match_any(file->path, places);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = vl_xml_parse(file->content, file->path, &xml, err);
    if (r < 0)
        return r;
    const struct vl_xml_node *root = vl_xml_root(xml), *metadata = vl_xml_child(root, "metadata");
    struct vl_span id = vl_xml_text(vl_xml_child(metadata, "id"));
    if (!vl_span_eq_str(vl_xml_name(root), "package"))
        return vl_err_set(err, VL_ERR_INVALID, "%s: no nuspec document", file->path);
    if (id.len == 0)
        return 0;
    struct vl_package *p = vl_package_sink_add(
        sink, VL_ECO_CHOCOLATEY, id, vl_xml_text(vl_xml_child(metadata, "version")), file->path, err);
    if (!p)
        return err->err;
    struct vl_span authors = vl_xml_text(vl_xml_child(metadata, "authors"));
    if (authors.len)
        p->vendor = vl_arena_dup_span(sink->arena, authors);
    return os_set_license(p, vl_xml_text(vl_xml_child(metadata, "license")), sink->arena, file->path, err);
}

const struct vl_package_parser os_parser_chocolatey = {
    "chocolatey", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
