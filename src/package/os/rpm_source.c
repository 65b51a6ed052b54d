#include "rpm_source.h"

bool os_rpm_source_split(struct vl_span s, struct vl_span *ret_name, struct vl_span *ret_version)
{
    static const char *const endings[] = {".nosrc.rpm", ".src.rpm"};
    size_t len = s.len;
    for (size_t i = 0; i < VL_ARRAY_LEN(endings) && len == s.len; i++) {
        if (vl_span_ends_with(s, endings[i]))
            len -= vl_span_str(endings[i]).len;
    }
    if (len == s.len)
        return false;
    s = vl_span_slice(s, 0, len);
    size_t release = vl_span_rfind_char(s, '-');
    size_t version = release == SIZE_MAX ? SIZE_MAX : vl_span_rfind_char(vl_span_slice(s, 0, release), '-');
    if (version == SIZE_MAX || version == 0)
        return false;
    *ret_name = vl_span_slice(s, 0, version);
    *ret_version = vl_span_slice(s, version + 1, s.len);
    return true;
}

void os_rpm_set_source(struct vl_package *package, struct vl_span source_rpm, struct vl_span version,
    uint32_t epoch, struct vl_arena *arena)
{
    struct vl_span name, source_version;
    if (!os_rpm_source_split(source_rpm, &name, &source_version))
        return;
    if (!vl_span_eq_str(name, package->name))
        package->source_name = vl_arena_dup_span(arena, name);
    if (vl_span_eq(source_version, version))
        return;
    package->source_version =
        epoch ? vl_arena_printf(arena, "%u:%.*s", (unsigned)epoch, VL_SPAN_FMT(source_version))
              : vl_arena_dup_span(arena, source_version);
}
