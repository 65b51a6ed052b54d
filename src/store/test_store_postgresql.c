/* The suite on PostgreSQL, started for it. */
#include <stdio.h>
#include <unistd.h>

#include "test_support.h"

int main(void)
{
    char url[4096];
    if (!store_test_postgresql(url, sizeof(url))) {
        (void)puts("no PostgreSQL can be started here");
        return 77;
    }
    return store_suite(url) ? 1 : 0;
}
