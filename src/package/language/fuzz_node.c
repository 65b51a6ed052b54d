#include "fuzz_listing.h"

static const char *const paths[] = {
    "app/node_modules/@a/b/package.json",
    "package.json",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "deno.json",
    "deno.lock",
    "src/main.ts",
    "root/.vscode-server/extensions/extensions.json",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
