/* Programs by the text with their version; small text files; SBOM documents inside a target. */
#include "fuzz_listing.h"

static const char *const paths[] = {
    "usr/local/bin/node",
    "usr/local/bin/mysqld",
    "usr/local/lib/libpython3.7m.so.1.0",
    "usr/local/bin/python3.11",
    "opt/java/openjdk/release",
    "var/www/wp-includes/version.php",
    "opt/bitnami/nginx/.spdx-nginx.spdx",
    "app/bom.json",
    "app/nginx.exe",
    "var/www/wp-content/plugins/akismet/akismet.php",
    "var/www/wp-content/mu-plugins/hello.php",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(paths, VL_ARRAY_LEN(paths), data, size);
    return 0;
}
