#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/file.h"
#include "credentials.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No helper is found: the names in the input are not run. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return setenv("PATH", "/nonexistent", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_file_close) int fd = memfd_create("config", MFD_CLOEXEC);
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL << 20);
    struct vl_err err = VL_ERR_INIT;
    static const char *const registries[] = {"docker.io", "quay.io", "localhost:5000", "acr.example"};
    char path[64];
    if (fd < 0 || !arena ||
        vl_file_write_fd(fd, "config", (struct vl_span){(const char *)data, size}, &err) < 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < VL_ARRAY_LEN(registries); i++) {
        struct vl_credentials c = {0};
        if (vl_credentials_find(path, registries[i], "team/app", arena, &c, &err) == 0 &&
            (c.username != NULL) != (c.password != NULL))
            abort();
    }
    return 0;
}
