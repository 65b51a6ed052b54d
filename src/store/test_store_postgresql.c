/* The suite on PostgreSQL, started for it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "test_support.h"

int main(void)
{
    char url[4096], restored[8192];
    if (!store_test_postgresql(url, sizeof(url))) {
        (void)puts("no PostgreSQL can be started here");
        return 77;
    }
    /* "…/vallum?host=…": the other database is made beside it. */
    const char *name = strstr(url, "/vallum?");
    const char *const make[] = {
        "psql", "--quiet", "--dbname", url, "--command", "CREATE DATABASE restored", NULL};
    struct vl_process_options options = {.argv = make, .output_fd = STDOUT_FILENO, .seconds = 60};
    struct vl_err err = VL_ERR_INIT;
    int status = 0;
    if (!name || vl_process_run(&options, NULL, NULL, &status, &err) < 0 || status != 0) {
        (void)fprintf(stderr, "the second database cannot be made: %s\n", err.msg);
        return 1;
    }
    (void)snprintf(
        restored, sizeof(restored), "%.*s/restored?%s", (int)(name - url), url, name + strlen("/vallum?"));
    return store_suite(url, restored) ? 1 : 0;
}
