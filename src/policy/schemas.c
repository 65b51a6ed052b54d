/* The AdmissionRequest and the namespace as expressions see them: fields and types of k8s.io/apiserver
 * pkg/admission/plugin/cel/compile.go (BuildRequestType, BuildNamespaceType), as OpenAPI schemas. */
#include "set.h"

/* clang-format off */
const char policy_request_schema[] =
    "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"object\",\"properties\":{\"gr"
    "oup\":{\"type\":\"string\"},\"version\":{\"type\":\"string\"},\"kind\":{\"type\":\"strin"
    "g\"}}},\"resource\":{\"type\":\"object\",\"properties\":{\"group\":{\"type\":\"string\""
    "},\"version\":{\"type\":\"string\"},\"resource\":{\"type\":\"string\"}}},\"subResourc"
    "e\":{\"type\":\"string\"},\"requestKind\":{\"type\":\"object\",\"properties\":{\"group"
    "\":{\"type\":\"string\"},\"version\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\"}"
    "}},\"requestResource\":{\"type\":\"object\",\"properties\":{\"group\":{\"type\":\"str"
    "ing\"},\"version\":{\"type\":\"string\"},\"resource\":{\"type\":\"string\"}}},\"reques"
    "tSubResource\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"namespace\":{\"t"
    "ype\":\"string\"},\"operation\":{\"type\":\"string\"},\"userInfo\":{\"type\":\"object\""
    ",\"properties\":{\"username\":{\"type\":\"string\"},\"uid\":{\"type\":\"string\"},\"gro"
    "ups\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"extra\":{\"type\":\"object\""
    ",\"additionalProperties\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}},\"d"
    "ryRun\":{\"type\":\"boolean\"},\"options\":{\"x-kubernetes-preserve-unknown-fiel"
    "ds\":true}}}";

const char policy_namespace_schema[] =
    "{\"type\":\"object\",\"properties\":{\"metadata\":{\"type\":\"object\",\"properties\":"
    "{\"name\":{\"type\":\"string\"},\"generateName\":{\"type\":\"string\"},\"namespace\":{"
    "\"type\":\"string\"},\"labels\":{\"type\":\"object\",\"additionalProperties\":{\"type"
    "\":\"string\"}},\"annotations\":{\"type\":\"object\",\"additionalProperties\":{\"typ"
    "e\":\"string\"}},\"UID\":{\"type\":\"string\"},\"creationTimestamp\":{\"type\":\"strin"
    "g\",\"format\":\"date-time\"},\"deletionGracePeriodSeconds\":{\"type\":\"integer\"}"
    ",\"deletionTimestamp\":{\"type\":\"string\",\"format\":\"date-time\"},\"generation\""
    ":{\"type\":\"integer\"},\"resourceVersion\":{\"type\":\"string\"},\"finalizers\":{\"t"
    "ype\":\"array\",\"items\":{\"type\":\"string\"}}}},\"spec\":{\"type\":\"object\",\"prope"
    "rties\":{\"finalizers\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}},\"statu"
    "s\":{\"type\":\"object\",\"properties\":{\"phase\":{\"type\":\"string\"},\"conditions\""
    ":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"status\":{\"type\""
    ":\"string\"},\"type\":{\"type\":\"string\"},\"lastTransitionTime\":{\"type\":\"string"
    "\",\"format\":\"date-time\"},\"message\":{\"type\":\"string\"},\"reason\":{\"type\":\"st"
    "ring\"}}}}}}}}";
/* clang-format on */
