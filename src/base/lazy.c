#include "base/lazy.h"

#include <dlfcn.h>
#include <string.h>

static int load(struct vl_lazy *lazy, struct vl_err *err)
{
    void *library = dlopen(lazy->library, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s, needed for %s, cannot be loaded: is it installed?",
            lazy->library, lazy->use);
    char *to = lazy->functions;
    for (size_t i = 0; i < lazy->count; i++, to += sizeof(void *)) {
        void *function = dlsym(library, lazy->names[i]);
        if (!function)
            return vl_err_set(err, VL_ERR_UNSUPPORTED, "%s, needed for %s, has no %s: is it another version?",
                lazy->library, lazy->use, lazy->names[i]);
        memcpy(to, &function, sizeof(function)); /* a pointer to a function, as POSIX has dlsym() give it */
    }
    lazy->loaded = true;
    return 0;
}

int vl_lazy_load(struct vl_lazy *lazy, struct vl_err *err)
{
    pthread_mutex_lock(&lazy->lock);
    int r = lazy->loaded ? 0 : load(lazy, err);
    pthread_mutex_unlock(&lazy->lock);
    return r;
}
