/* What a licence text of a package is: an SPDX id, an SPDX expression, or words. Private to report. */
#ifndef VL_REPORT_LICENSE_H
#define VL_REPORT_LICENSE_H

#include "base/buf.h"

enum vl_report_license_kind {
    VL_REPORT_LICENSE_WORDS,
    VL_REPORT_LICENSE_ID,
    VL_REPORT_LICENSE_EXPRESSION, /* of known ids and LicenseRef-…, well-formed */
};

#define VL_REPORT_LICENSE_MAX 4096 /* bytes; a longer text is words */

/* Ids compare case-blind (SPDX 2.3 annex D); `ret_id`, where not NULL, is the list's spelling for an id. */
enum vl_report_license_kind vl_report_license_kind(const char *text, const char **ret_id);

#endif
