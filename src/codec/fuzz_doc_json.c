#include "doc_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    doc_fuzz_parse(data, size, VL_DOC_JSON);
    doc_fuzz_parse(data, size, VL_DOC_JSON_LOOSE);
    doc_fuzz_parse(data, size, VL_DOC_JSONC);
    return 0;
}
