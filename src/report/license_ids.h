/* Lists for license.c. Private to report. */
#ifndef VL_REPORT_LICENSE_IDS_H
#define VL_REPORT_LICENSE_IDS_H

#include <stddef.h>

extern const char *const vl_report_license_ids[];
extern const size_t vl_report_n_license_ids;
extern const char *const vl_report_license_exceptions[];
extern const size_t vl_report_n_license_exceptions;

#endif
