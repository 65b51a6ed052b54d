/* One Python requirement. Source: PEP 508 and "Dependency specifiers" of packaging.python.org, pip's
 * requirements file format for what may follow it. */
#ifndef VL_PACKAGE_LANGUAGE_PYTHON_REQUIREMENT_H
#define VL_PACKAGE_LANGUAGE_PYTHON_REQUIREMENT_H

#include "base/span.h"

struct py_requirement {
    struct vl_span name;
    struct vl_span version; /* of the only clause where it has no wildcard: "1.2" of "==1.2" and of ">=1.2";
                               else empty */
    struct vl_span lower;   /* of the first clause in any case, unless that is a wildcard, "!=", "<" or ">" */
    struct vl_span url;     /* "name @ URL" */
    struct vl_span marker;  /* after ';' */
    bool exact;             /* "==" or "===" one version */
    bool any;               /* no version clause at all */
};

/* False where the text is no requirement. Options after it ("--hash=…") must be cut off before. Parts are
 * lent by `text`. */
bool py_requirement_parse(struct vl_span text, struct py_requirement *ret);

#endif
