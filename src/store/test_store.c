/* The suite on SQLite, and what only SQLite has: backups. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema.h"
#include "test_support.h"

int main(void)
{
    char folder[] = "/tmp/vallum-store-XXXXXX", url[256], restored[256], path[256];
    static const char *const leftovers[] = {
        "db", "db-wal", "db-shm", "db.schema-1", "db.schema-2", "restored", "restored-wal", "restored-shm"};
    if (!mkdtemp(folder))
        return 1;
    (void)snprintf(url, sizeof(url), "sqlite:%s/db", folder);
    (void)snprintf(restored, sizeof(restored), "sqlite:%s/restored", folder);
    int failed = store_suite(url, restored);
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/db.schema-1", folder);
    if (stat(path, &st) != 0 || st.st_size == 0) {
        (void)fprintf(stderr, "no backup was made before the migration\n");
        failed++;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(leftovers); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, leftovers[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return failed ? 1 : 0;
}
