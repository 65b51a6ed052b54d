/* vallumd: the control plane. */
#ifndef VL_SERVER_SERVER_H
#define VL_SERVER_SERVER_H

/* The whole program: runs until SIGTERM or SIGINT, or does one administrative command. Returns its exit
 * status. */
int vl_server_main(int argc, char **argv);

#endif
