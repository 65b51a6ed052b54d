/* Style sheet and script of the HTML report. Private to report. */
#ifndef VL_REPORT_HTML_PAGE_H
#define VL_REPORT_HTML_PAGE_H

extern const char vl_html_style[];
extern const char vl_html_script[];

#endif
