/* The suite that every database must pass, and a PostgreSQL to run it on. */
#ifndef VL_STORE_TEST_SUPPORT_H
#define VL_STORE_TEST_SUPPORT_H

#include <stddef.h>

/* Runs all tests on the empty database of `url`, and restores into the second one, which is empty or not
 * there; the number of failed ones. */
int store_suite(const char *url, const char *restored);

/* Starts a server that ends with this program; false where there is none to be had. */
int store_test_postgresql(char *url, size_t size);

#endif
