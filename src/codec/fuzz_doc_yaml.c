#include "doc_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    doc_fuzz_parse(data, size, VL_DOC_YAML);
    doc_fuzz_parse(data, size, VL_DOC_YAML_KUBERNETES);
    return 0;
}
