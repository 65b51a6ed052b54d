/* Source: AppStream's "Upstream metadata" (component/id, releases/release@version, newest first), which
 * flatpak exports for every installed application. */
#include "appstore.h"

#include "codec/xml.h"
#include "license.h"
#include "path.h"

static bool wants(const struct vl_package_file *file)
{
    static const char *const places[] = {"var/lib/flatpak/app/*/*/*/*/export/share/metainfo/*.metainfo.xml",
        "var/lib/flatpak/app/*/*/*/*/files/share/metainfo/*.metainfo.xml",
        "home/*/.local/share/flatpak/app/*/*/*/*/export/share/metainfo/*.metainfo.xml",
        "root/.local/share/flatpak/app/*/*/*/*/export/share/metainfo/*.metainfo.xml", NULL};
    return os_path_match_any(file->path, places);
}

static int read_component(const struct vl_xml_node *root, const struct vl_package_file *file,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span id = vl_xml_text(vl_xml_child(root, "id"));
    struct vl_span name = id.len ? id : vl_xml_text(vl_xml_child(root, "name"));
    const struct vl_xml_node *releases = vl_xml_child(root, "releases");
    struct vl_span version = vl_xml_attr(vl_xml_child(releases, "release"), "version");
    if (name.len == 0 || version.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "%s: without id or release version", file->path);
    struct vl_package *p = vl_package_sink_add(sink, VL_ECO_FLATPAK, name, version, file->path, err);
    if (!p)
        return err->err;
    struct vl_span developer = vl_xml_text(vl_xml_child(root, "developer_name"));
    if (developer.len)
        p->vendor = vl_arena_dup_span(sink->arena, developer);
    return os_set_license(
        p, vl_xml_text(vl_xml_child(root, "project_license")), sink->arena, file->path, err);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = vl_xml_parse(file->content, file->path, &xml, err);
    return r < 0 ? r : read_component(vl_xml_root(xml), file, sink, err);
}

const struct vl_package_parser os_parser_flatpak = {"flatpak", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
