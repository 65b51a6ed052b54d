/* Results built by hand, for the tests of all formats. */
#ifndef VL_REPORT_TEST_SUPPORT_H
#define VL_REPORT_TEST_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/doc.h"
#include "codec/xml.h"
#include "base/text.h"
#include "formats.h"

/* Debian 12 image with two layers: findings of every state and status, KEV, EPSS, every CVSS version,
 * aliases, nested jars, secrets, unidentified files, ignores, baseline, gates, notes. */
struct vl_scan_result *sample_rich(void);
/* Every text is hostile: markup, control characters, quotes, formulas, wrong UTF-8, wide characters. */
struct vl_scan_result *sample_hostile(void);
/* `n` findings in n / 10 + 1 packages, `ids` different ids. */
struct vl_scan_result *sample_many(size_t n, size_t ids);
/* Packages, but no advisory data for them. */
struct vl_scan_result *sample_unassessed(void);
/* All assessed, nothing found. */
struct vl_scan_result *sample_clean(void);

/* The report as text; fails the test on an error. */
void render(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options, struct vl_buf *out);
struct vl_doc *render_json(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options);

/* Member by a path such as "runs.0.tool.driver.name"; NULL where absent. */
const struct vl_doc_node *at(const struct vl_doc_node *node, const char *path);
#define assert_text(node, path, text) assert_text_(node, path, text, __FILE__, __LINE__)
void assert_text_(
    const struct vl_doc_node *node, const char *path, const char *text, const char *file, int line);
int64_t int_at(const struct vl_doc_node *node, const char *path);

/* The item of an array whose member is this text; NULL where there is none. */
const struct vl_doc_node *find(const struct vl_doc_node *array, const char *key, const char *text);

bool has(const struct vl_buf *text, const char *part);
size_t count(const struct vl_buf *text, const char *part);

extern const struct vl_report_options plain;  /* defaults with a version */
extern const struct vl_report_options hidden; /* the same with show_hidden */

#endif
