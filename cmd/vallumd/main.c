#include "server/server.h"

int main(int argc, char **argv)
{
    return vl_server_main(argc, argv);
}
