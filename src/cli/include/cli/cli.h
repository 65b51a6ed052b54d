/* The program `vallum`: commands, options, settings. */
#ifndef VL_CLI_CLI_H
#define VL_CLI_CLI_H

/* Returns the exit status: 0 done, 1 error, 2 the thing checked fails or is invalid, 3 usage, 4
 * authentication or unreachable, 5 passed but partial or not assessed. */
int vl_cli_main(int argc, char **argv);

#endif
