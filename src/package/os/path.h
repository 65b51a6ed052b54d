/* What the parsers of this folder ask of a file's path. */
#ifndef VL_PACKAGE_OS_PATH_H
#define VL_PACKAGE_OS_PATH_H

#include "base/span.h"

/* `pattern` against the whole path; '*' stands for any run of bytes without '/'. */
bool os_path_match(const char *path, const char *pattern);
bool os_path_match_nocase(const char *path, const char *pattern); /* ASCII; for Windows */

/* True where one of the NULL-ended patterns matches. */
bool os_path_match_any(const char *path, const char *const *patterns);

/* The part after the last '/'. */
struct vl_span os_path_base(const char *path);

/* The name of the folder `up` levels above the file (0: the folder it lies in); empty where there is none. */
struct vl_span os_path_folder(const char *path, unsigned up);

#endif
