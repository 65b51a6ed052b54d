/* The AdmissionRequest and the namespace as expressions see them: fields and types of k8s.io/apiserver
 * pkg/admission/plugin/cel/compile.go (BuildRequestType, BuildNamespaceType), as OpenAPI schemas. */
#include "set.h"

/* clang-format off */
const char policy_request_schema[] =
    "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"object\",\"properties\":{\"group\":{\""
    "type\":\"string\"},\"version\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\"}}},\"resource"
    "\":{\"type\":\"object\",\"properties\":{\"group\":{\"type\":\"string\"},\"version\":{\"type\":\""
    "string\"},\"resource\":{\"type\":\"string\"}}},\"subResource\":{\"type\":\"string\"},\"requestKi"
    "nd\":{\"type\":\"object\",\"properties\":{\"group\":{\"type\":\"string\"},\"version\":{\"type\":"
    "\"string\"},\"kind\":{\"type\":\"string\"}}},\"requestResource\":{\"type\":\"object\",\"properti"
    "es\":{\"group\":{\"type\":\"string\"},\"version\":{\"type\":\"string\"},\"resource\":{\"type\":"
    "\"string\"}}},\"requestSubResource\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"name"
    "space\":{\"type\":\"string\"},\"operation\":{\"type\":\"string\"},\"userInfo\":{\"type\":\"objec"
    "t\",\"properties\":{\"username\":{\"type\":\"string\"},\"uid\":{\"type\":\"string\"},\"groups\":"
    "{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"extra\":{\"type\":\"object\",\"additional"
    "Properties\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}},\"dryRun\":{\"type\":\"bool"
    "ean\"},\"options\":{\"x-kubernetes-int-or-string\":true}}}";

const char policy_namespace_schema[] =
    "{\"type\":\"object\",\"properties\":{\"metadata\":{\"type\":\"object\",\"properties\":{\"name\":"
    "{\"type\":\"string\"},\"generateName\":{\"type\":\"string\"},\"namespace\":{\"type\":\"string\"}"
    ",\"labels\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},\"annotations\""
    ":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},\"UID\":{\"type\":\"string"
    "\"},\"creationTimestamp\":{\"type\":\"string\",\"format\":\"date-time\"},\"deletionGracePeriodSe"
    "conds\":{\"type\":\"integer\"},\"deletionTimestamp\":{\"type\":\"string\",\"format\":\"date-time"
    "\"},\"generation\":{\"type\":\"integer\"},\"resourceVersion\":{\"type\":\"string\"},\"finalizers"
    "\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}},\"spec\":{\"type\":\"object\",\"proper"
    "ties\":{\"finalizers\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}},\"status\":{\"type"
    "\":\"object\",\"properties\":{\"phase\":{\"type\":\"string\"},\"conditions\":{\"type\":\"array\""
    ",\"items\":{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"string\"},\"type\":{\"typ"
    "e\":\"string\"},\"lastTransitionTime\":{\"type\":\"string\",\"format\":\"date-time\"},\"message"
    "\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"}}}}}}}}";
/* clang-format on */
