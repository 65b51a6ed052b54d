#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"

#define ARENA_MAX (64UL * 1024 * 1024)
#define PATH_SIZE 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path up to the first line end, then the file. The scanner is kept: compiling it costs more than a small
 * scan. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vl_secret_scanner *scanner;
    struct vl_err err = VL_ERR_INIT;
    if (!scanner && vl_secret_scanner_new(&scanner, &err) < 0)
        abort();
    struct vl_span content = {(const char *)data, size}, line;
    char path[PATH_SIZE] = "x";
    if (vl_span_split(&content, '\n', &line) && line.len && line.len < PATH_SIZE) {
        memcpy(path, line.ptr, line.len);
        path[line.len] = '\0';
    }
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_vec_done) struct vl_vec secrets;
    vl_vec_init(&secrets, sizeof(struct vl_secret), VL_SECRET_FINDINGS_MAX);
    (void)vl_secret_wants(path, 0100644, size, content);
    if (vl_secret_scan(scanner, path, content, arena, &secrets, &err) < 0 && err.msg[0] == '\0')
        abort();
    for (size_t i = 0; i < secrets.len; i++) {
        const struct vl_secret *s = vl_vec_at(&secrets, i);
        if (s->line == 0 || !strstr(s->redacted, "****") || strlen(s->fingerprint) != strlen("sha256:") + 16)
            abort();
    }
    return 0;
}
