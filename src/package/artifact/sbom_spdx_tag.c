/* SPDX 2.2 and 2.3 as tags and values. Source: spdx.github.io/spdx-spec/v2.3, clause 4.4 and the tag of each
 * field. */
#include "artifact/sbom.h"

#include "text_util.h"

struct tags {
    struct sbom *sbom;
    struct sbom_spdx_package package;
    bool in_package;
    bool any; /* SPDXVersion was seen */
};

/* A value in <text> may have several lines: up to its end, *rest then goes on behind the line of that. `from`
 * begins behind the mark and reaches to the end of the document. */
static struct vl_span long_value(struct vl_span from, struct vl_span *rest)
{
    struct vl_span line;
    size_t end = vl_span_find(from, VL_SPAN_LIT("</text>"));
    if (end == SIZE_MAX) {
        *rest = VL_SPAN_EMPTY;
        return from;
    }
    *rest = vl_span_slice(from, end + sizeof("</text>") - 1, from.len);
    vl_span_split_line(rest, &line); /* what is left of the line */
    return vl_span_slice(from, 0, end);
}

/* Next "Tag: value" line. False at the end. */
static bool next_tag(struct vl_span *rest, struct vl_span *ret_tag, struct vl_span *ret_value)
{
    struct vl_span whole = *rest, line;
    while (vl_span_split_line(rest, &line)) {
        size_t colon = vl_span_find_char(line, ':');
        if (line.len == 0 || line.ptr[0] == '#' || colon == SIZE_MAX)
            continue;
        *ret_tag = vl_span_trim(vl_span_slice(line, 0, colon));
        struct vl_span value = vl_span_trim(vl_span_slice(line, colon + 1, line.len));
        if (PKG_STARTS(value, "<text>")) {
            size_t at = (size_t)(value.ptr - whole.ptr) + sizeof("<text>") - 1;
            value = long_value(vl_span_slice(whole, at, whole.len), rest);
        }
        *ret_value = vl_span_trim(value);
        return true;
    }
    return false;
}

static int finish(struct tags *t, struct vl_err *err)
{
    int r = t->in_package ? sbom_spdx_finish(t->sbom, &t->package, err) : 0;
    t->package = (struct sbom_spdx_package){0};
    t->in_package = false;
    return r;
}

/* "PACKAGE-MANAGER purl pkg:…" */
static void on_reference(struct sbom_component *c, struct vl_span value)
{
    struct vl_span category, type, locator;
    if (pkg_word(&value, &category) && pkg_word(&value, &type) && pkg_word(&value, &locator) &&
        (PKG_IS(type, "purl") || PKG_ENDS(type, "/purl")) && c->purl.len == 0)
        c->purl = locator;
}

/* "SHA1: 85ed…" */
static void on_checksum(struct sbom_component *c, struct vl_span value)
{
    size_t colon = vl_span_find_char(value, ':');
    struct vl_span hex =
        colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_trim(vl_span_slice(value, colon + 1, value.len));
    if (PKG_STARTS(value, "SHA1:") && hex.len == 40)
        c->sha1 = hex;
    if (PKG_STARTS(value, "SHA256:") && hex.len == 64)
        c->sha256 = hex;
}

static int on_package_tag(struct tags *t, struct vl_span tag, struct vl_span value, struct vl_err *err)
{
    struct sbom_spdx_package *p = &t->package;
    struct sbom_component *c = &p->component;
    if (PKG_IS(tag, "PackageVersion"))
        c->version = PKG_IS(value, "NOASSERTION") ? VL_SPAN_EMPTY : value;
    else if (PKG_IS(tag, "ExternalRef"))
        on_reference(c, value);
    else if (PKG_IS(tag, "PackageChecksum"))
        on_checksum(c, value);
    else if (PKG_IS(tag, "SPDXID") && p->id.len == 0)
        p->id = value;
    else if (PKG_IS(tag, "PackageSupplier"))
        p->supplier = value;
    else if (PKG_IS(tag, "PrimaryPackagePurpose"))
        p->purpose = value;
    else if (PKG_IS(tag, "PackageSourceInfo"))
        sbom_spdx_source_info(c, value);
    else if (PKG_IS(tag, "PackageLicenseDeclared") || PKG_IS(tag, "PackageLicenseConcluded"))
        sbom_add_license(t->sbom, c, value);
    else if (PKG_IS(tag, "PackageAttributionText") || PKG_IS(tag, "AnnotationComment"))
        return sbom_spdx_comment(t->sbom, p, value, err);
    return 0;
}

int sbom_read_spdx_tags(struct sbom *sbom, struct vl_span text, struct vl_err *err)
{
    struct tags t = {.sbom = sbom};
    struct vl_span tag, value;
    int r = 0;
    while (r >= 0 && next_tag(&text, &tag, &value)) {
        if (PKG_IS(tag, "SPDXVersion")) {
            t.any = true;
            if (!PKG_STARTS(value, "SPDX-2."))
                return vl_err_set(err, VL_ERR_UNSUPPORTED, "SPDX version \"%.*s\"",
                    VL_SPAN_FMT(vl_span_slice(value, 0, 40)));
        } else if (PKG_IS(tag, "PackageName")) {
            r = finish(&t, err);
            t.in_package = true;
            t.package.component.name = value;
        } else if (PKG_IS(tag, "FileName") || PKG_IS(tag, "SnippetSPDXID")) {
            r = finish(&t, err);
        } else if (t.in_package) {
            r = on_package_tag(&t, tag, value, err);
        }
    }
    if (r >= 0)
        r = finish(&t, err);
    if (r >= 0 && !t.any)
        return vl_err_set(err, VL_ERR_INVALID, "no SPDXVersion");
    return r;
}
