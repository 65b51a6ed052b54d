/* libcurl, loaded at the first request: the thirty shared libraries it brings cost more time than a whole
 * scan of an image whose layers are known, which needs no network at all. Private to the room. */
#ifndef VL_NET_CURL_LAZY_H
#define VL_NET_CURL_LAZY_H

#include <curl/curl.h>

#include "base/err.h"

struct vl_curl {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_reset) *easy_reset;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_free) *free_text;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
    __typeof__(curl_url) *url;
    __typeof__(curl_url_cleanup) *url_cleanup;
    __typeof__(curl_url_dup) *url_dup;
    __typeof__(curl_url_get) *url_get;
    __typeof__(curl_url_set) *url_set;
    __typeof__(curl_version_info) *version_info;
};

/* Loads it where that was not done; VL_ERR_UNSUPPORTED with the cure where it is not installed. */
VL_MUST_CHECK int vl_curl_load(struct vl_err *err);

/* The functions, after vl_curl_load() succeeded once. */
const struct vl_curl *vl_curl(void);

#endif
