#include "program_impl.h"

int build_prefilter(struct builder *b)
{
    (void)b;
    return 0;
}
