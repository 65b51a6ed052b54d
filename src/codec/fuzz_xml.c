#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "codec/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As deep as VL_XML_DEPTH_MAX. */
static void walk(const struct vl_xml_node *node)
{
    for (; node; node = vl_xml_next(node)) {
        struct vl_span name = vl_xml_name(node), text = vl_xml_text(node);
        if (name.len == 0 || !vl_utf8_valid(name) || !vl_utf8_valid(text) || text.ptr[text.len] != '\0')
            abort();
        (void)vl_xml_attr(node, "a");
        if (vl_xml_line(node) == 0)
            abort();
        (void)vl_xml_child(node, "a");
        walk(vl_xml_first(node));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_xml *xml;
    if (vl_xml_parse((struct vl_span){(const char *)data, size}, "fuzz", &xml, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    walk(vl_xml_root(xml));
    vl_xml_free(xml);
    return 0;
}
