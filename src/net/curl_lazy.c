/* lint: no test: every test of http_client.c goes through it. */
#include "curl_lazy.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

/* A loaded library and curl_global_init() belong to the process, whoever asks for them: a once is the only
 * place to remember that. Nothing is ever unloaded: libcurl keeps no state that outlives a process. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct vl_curl functions;
static bool loaded;

static bool find(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    /* A pointer to a function, as POSIX has dlsym() give it. */
    memcpy(ret_function, &symbol, sizeof(symbol));
    return symbol != NULL;
}

static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    const struct {
        const char *name;
        void *to;
    } wanted[] = {
        {"curl_global_init", &functions.global_init},
        {"curl_easy_init", &functions.easy_init},
        {"curl_easy_cleanup", &functions.easy_cleanup},
        {"curl_easy_reset", &functions.easy_reset},
        {"curl_easy_setopt", &functions.easy_setopt},
        {"curl_easy_perform", &functions.easy_perform},
        {"curl_easy_strerror", &functions.easy_strerror},
        {"curl_free", &functions.free_text},
        {"curl_slist_append", &functions.slist_append},
        {"curl_slist_free_all", &functions.slist_free_all},
        {"curl_url", &functions.url},
        {"curl_url_cleanup", &functions.url_cleanup},
        {"curl_url_dup", &functions.url_dup},
        {"curl_url_get", &functions.url_get},
        {"curl_url_set", &functions.url_set},
        {"curl_version_info", &functions.version_info},
    };
    if (!library)
        return;
    for (size_t i = 0; i < VL_ARRAY_LEN(wanted); i++) {
        if (!find(library, wanted[i].name, wanted[i].to))
            return;
    }
    loaded = functions.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int vl_curl_load(struct vl_err *err)
{
    if (pthread_once(&once, load) != 0 || !loaded)
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "%s cannot be loaded: install libcurl4 for access to the network", LIBRARY);
    return 0;
}

const struct vl_curl *vl_curl(void)
{
    return &functions;
}
