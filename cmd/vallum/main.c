#include "cli/cli.h"

int main(int argc, char **argv)
{
    return vl_cli_main(argc, argv);
}
