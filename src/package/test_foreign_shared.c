#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "test_foreign_support.h"

const char *foreign_shared(char *buf, size_t size)
{
    struct stat st;
    const char *shared = getenv("VALLUM_SHARED");
    if (!shared || !*shared) {
        const char *source = getenv("VALLUM_CHECKOUT");
        snprintf(buf, size, "%s/../shared", source ? source : ".");
        shared = buf;
    }
    if (stat(shared, &st) < 0 || !S_ISDIR(st.st_mode)) {
        printf("skipped: no folder %s with the cases of other projects (set VALLUM_SHARED)\n", shared);
        return NULL;
    }
    return shared;
}

void foreign_print(char *out, size_t size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(out, size, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= size)
        abort(); /* a path of the case set that is longer than any path */
}
