#!/usr/bin/env bash
# 25,000 manifests in 500 files against all built-in checks: processor time, peak memory, manifests a second; beside the floor, which
# is reading and hashing them against one check that looks at nothing. Use: run.sh VALLUM [MANIFESTS]
set -euo pipefail
vallum=${1:?run.sh VALLUM [MANIFESTS]}
count=${2:-25000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
python3 - "$work/in" "$count" <<'P'
import sys
folder, count = sys.argv[1], int(sys.argv[2])
pod = """    spec:
      serviceAccountName: app-{i}
      securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
        - name: app
          image: registry.example/shop/app:{i}
          ports: [{{containerPort: 8080, name: http}}]
          env:
            - {{name: LOG_LEVEL, value: info}}
            - name: DB_PASSWORD
              valueFrom: {{secretKeyRef: {{name: db, key: password}}}}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{cpu: 500m, memory: 256Mi}}
          readinessProbe: {{httpGet: {{path: /ready, port: http}}}}
          securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
        - name: proxy
          image: registry.example/shop/proxy:1.2
      volumes:
        - {{name: config, configMap: {{name: app}}}}
"""
kinds = [
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{i}, namespace: team-{n}, labels: {{app: a}}}}\nspec:\n  replicas: 2\n"
    "  selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a}}}}\n" + pod,
    "apiVersion: v1\nkind: Service\nmetadata: {{name: app-{i}, namespace: team-{n}}}\nspec:\n  selector: {{app: a}}\n  ports: [{{port: 80, targetPort: http}}]\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app-{i}, namespace: team-{n}}}\ndata:\n  settings: |\n    a=1\n    b=2\n",
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: app-{i}, namespace: team-{n}}}\nrules:\n"
    "  - {{apiGroups: ['']\n    , resources: [configmaps], verbs: [get, list]}}\n".replace("['']\n    ,", "[''],"),
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: app-{i}, namespace: team-{n}}}\nspec:\n  rules:\n"
    "    - host: app-{i}.example\n      http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: app-{i}, port: {{number: 80}}}}}}}}]}}\n",
]
files = 500
for f in range(files):
    with open(f"{folder}/{f:03}.yaml", "w") as out:
        for i in range(f, count, files):
            out.write("---\n" + kinds[i % len(kinds)].format(i=i, n=i % 40))
P
cat >"$work/floor.yaml" <<'Y'
apiVersion: vallum/v1
kind: Check
id: floor
version: "1"
title: Looks at nothing
severity: low
match: {kinds: ["*"]}
expression: "true"
remediation: [None.]
Y
measure() {
  local name=$1 status=0
  shift
  /usr/bin/time -f "%U %S %e %M" -o "$work/time" "$@" -o json="$work/out.json" >/dev/null 2>"$work/err" || status=$?
  [ "$status" -eq 0 ] || { cat "$work/err" >&2; exit 1; }
  python3 - "$name" "$work/time" "$work/out.json" <<'P'
import json, sys
user, system, wall, memory = map(float, open(sys.argv[2]).read().split())
s = json.load(open(sys.argv[3]))["summary"]
cpu = user + system
print(f"| {sys.argv[1]} | {s['objects']} | {s['checks']} | {s['failed']} | {cpu:.2f} s | {wall:.2f} s | {memory / 1024:.0f} MB | {s['objects'] / cpu:,.0f} | {cpu * 1e6 / s['objects']:.0f} |")
P
}
echo "| what | objects | checks | findings | processor time | wall | peak memory | objects a second a core | µs an object |"
echo "|---|---|---|---|---|---|---|---|---|"
measure "floor: one check that looks at nothing" "$vallum" scan manifests "$work/in" --no-builtin --policy "$work/floor.yaml"
measure "the built-in initiative" "$vallum" scan manifests "$work/in"
measure "all built-in checks" "$vallum" scan manifests "$work/in" --standard all
