// Microsoft's own client library for JavaScript (@azure/arm-security 5.0.0) against a running vallumd. Prints a case a line.
// VALLUM_URL, VALLUM_CLIENT (the JSON of `vallumd admin create-client`), VALLUM_SUBSCRIPTION; NODE_EXTRA_CA_CERTS trusts our authority.
const { execFileSync } = require("child_process");
// Debian 12's Node has it, under its own name only.
globalThis.crypto ??= require("crypto").webcrypto;
const { SecurityCenter } = require(require.resolve("@azure/arm-security", { paths: [process.env.VALLUM_CLIENTS] }));

const url = process.env.VALLUM_URL, subscription = process.env.VALLUM_SUBSCRIPTION;
const client = JSON.parse(process.env.VALLUM_CLIENT);
let failures = 0;

function is(name, got, want) {
  if (JSON.stringify(got) === JSON.stringify(want)) {
    console.log(`ok ${name}`);
  } else {
    failures++;
    console.log(`not ok ${name}: ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);
  }
}

// As @azure/identity would: client credentials at our own token endpoint.
async function getToken() {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: client.clientId, client_secret: client.clientSecret });
  const answer = await fetch(`${url}/adfs/oauth2/token`, { method: "POST", body: form });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error_description);
  return { token: body.access_token, expiresOnTimestamp: Date.now() + body.expires_in * 1000 };
}

async function all(pages) {
  const found = [];
  for await (const entry of pages) found.push(entry);
  return found;
}

async function fails(promise) {
  try {
    await promise;
    return "nothing";
  } catch (e) {
    return `${e.statusCode} ${e.code}`;
  }
}

// What jobs work out is there a little later.
async function until(what) {
  for (let i = 0; i < (process.env.VALLUM_WRAPPER ? 3000 : 200); i++) {
    if (await what()) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

async function plans(sdk) {
  const listed = (await sdk.pricings.list()).value;
  is("pricings.list knows the plans", ["CloudPosture", "Containers", "KeyVaults"].filter((n) => !listed.some((p) => p.name === n)), []);
  is("pricings.get", (await sdk.pricings.get("KeyVaults")).pricingTier, "Free");
  is("pricings.update", (await sdk.pricings.update("KeyVaults", { pricingTier: "Standard" })).pricingTier, "Standard");
  is("... is what the next read says", (await sdk.pricings.get("KeyVaults")).pricingTier, "Standard");
  is("a sub-plan", (await sdk.pricings.update("VirtualMachines", { pricingTier: "Standard", subPlan: "P1" })).subPlan, "P1");
  is("a plan that is none", await fails(sdk.pricings.get("Nothing")), "404 ResourceNotFound");
  is("a tier that is none", await fails(sdk.pricings.update("KeyVaults", { pricingTier: "Gold" })), "400 InvalidRequestContent");
}

async function posture(sdk) {
  const scope = `subscriptions/${subscription}`, key = "e599a9fe-30e3-47c6-a173-8b4b6d9d3255";
  const status = async () => (await sdk.assessments.get(scope, key)).status.code;
  is("assessments.list: the plan Containers is on", await until(async () =>
    (await all(sdk.assessments.list(scope))).some((a) => a.name === key && a.status.code === "Healthy")), true);
  await sdk.pricings.update("Containers", { pricingTier: "Free" });
  is("... and it is unhealthy once it is off", await until(async () => (await status()) === "Unhealthy"), true);
  await sdk.pricings.update("Containers", { pricingTier: "Standard" });
  is("... and healthy again", await until(async () => (await status()) === "Healthy"), true);
  is("$expand=metadata", (await sdk.assessments.get(scope, key, { expand: "metadata" })).metadata.assessmentType, "BuiltIn");
  is("assessmentsMetadata.list", (await all(sdk.assessmentsMetadata.list())).some((m) => m.name === key), true);
  is("assessments.createOrUpdate is refused", await fails(sdk.assessments.createOrUpdate(scope, key,
    { resourceDetails: { source: "Azure" }, status: { code: "Healthy" } })), "409 FeatureNotAvailable");
  is("secureScoreControlDefinitions.list", (await all(sdk.secureScoreControlDefinitions.list())).reduce((n, d) => n + d.maxScore, 0), 58);
  const scores = await all(sdk.secureScores.list());
  is("secureScores.list: none before something counts", scores.length, 0);
  const controls = await all(sdk.secureScoreControls.list({ expand: "definition" }));
  is("secureScoreControls.list", controls.every((c) => c.definition.maxScore >= 0 && c.healthyResourceCount >= 0), true);
  is("subAssessments.listAll: none", (await all(sdk.subAssessments.listAll(scope))).length, 0);
}

// A push is seen: its findings, its assessment, the score.
async function pushes(sdk) {
  const scope = `subscriptions/${subscription}`, key = "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5";
  const push = (image, name) => execFileSync(process.env.VALLUM_PUSH, [image, name], { stdio: "ignore" });
  const of = async (repository, code) => (await all(sdk.assessments.list(scope))).filter((a) =>
    a.name === key && a.status.code === code && a.resourceDetails.id.includes(`/repositories/${repository}/`));
  push("old", "shop/orders:1.0");
  const { token } = await getToken();
  const added = await fetch(`${url}/api/v1/registries`, { method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "local", host: process.env.VALLUM_REGISTRY }) });
  is("a registry is added", added.status, 201);
  is("its image is Unhealthy", await until(async () => (await of("shop%2Forders", "Unhealthy")).length === 1), true);
  const found = await all(sdk.subAssessments.listAll(scope));
  is("subAssessments.listAll", found.map((f) => [f.idPropertiesId, f.status.code, f.status.severity]), [["CVE-2019-10744", "Unhealthy", "High"]]);
  const image = (await of("shop%2Forders", "Unhealthy"))[0].resourceDetails.id.slice(1);
  is("subAssessments.list of the image", (await all(sdk.subAssessments.list(image, key))).map((f) => f.name), [found[0].name]);
  is("subAssessments.get", (await sdk.subAssessments.get(image, key, found[0].name)).id, found[0].id);
  const score = async () => (await all(sdk.secureScores.list())).map((s) => [s.current, s.max]);
  is("secureScores.list: nothing of 6 points", await until(async () => JSON.stringify(await score()) === "[[0,6]]"), true);
  push("new", "shop/fixed:1.1");
  await fetch(`${url}/api/v1/registries/${(await added.json()).id}/discover`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  is("a fixed image is Healthy", await until(async () => (await of("shop%2Ffixed", "Healthy")).length === 1), true);
  is("... and half of the points are there", await until(async () => JSON.stringify(await score()) === "[[3,6]]"), true);
  is("secureScores.get", (await sdk.secureScores.get("ascScore")).percentage, 0.5);
  const controls = (await all(sdk.secureScoreControls.listBySecureScore("ascScore"))).filter((c) => c.max === 6);
  is("secureScoreControls.listBySecureScore", controls.map((c) => [c.healthyResourceCount, c.unhealthyResourceCount]), [[1, 1]]);
}

async function alerts(sdk) {
  is("alerts.list: none", (await all(sdk.alerts.list())).length, 0);
  await sdk.alerts.simulate("local", { properties: { kind: "Bundles", bundles: ["KubernetesService"] } });
  const made = await all(sdk.alerts.list());
  is("alerts.simulate makes some", made.length > 0, true);
  is("... that are active", made.every((a) => a.status === "Active" && a.severity && a.startTimeUtc instanceof Date), true);
  const first = made[0], group = /resourceGroups\/([^/]+)/.exec(first.id);
  if (group) await sdk.alerts.updateResourceGroupLevelStateToDismiss("local", first.name, group[1]);
  else await sdk.alerts.updateSubscriptionLevelStateToDismiss("local", first.name);
  is("alerts.…ToDismiss", (await sdk.alerts.getSubscriptionLevel("local", first.name)).status, "Dismissed");
  await sdk.alerts.updateSubscriptionLevelStateToActivate("local", first.name);
  is("alerts.…ToActivate", (await sdk.alerts.getSubscriptionLevel("local", first.name)).status, "Active");
  is("another location", await fails(sdk.alerts.getSubscriptionLevel("westeurope", first.name)), "404 LocationNotFound");
  const rule = { alertType: "*", state: "Enabled", reason: "FalsePositive", expirationDateUtc: new Date("2099-01-01") };
  is("alertsSuppressionRules.update", (await sdk.alertsSuppressionRules.update("quiet", rule)).state, "Enabled");
  await sdk.alerts.simulate("local", { properties: { kind: "Bundles", bundles: ["KubernetesService"] } });
  is("... dismisses what comes after it", (await all(sdk.alerts.list())).filter((a) => a.status === "Dismissed").length, made.length);
  await sdk.alertsSuppressionRules.delete("quiet");
  is("alertsSuppressionRules.delete", (await all(sdk.alertsSuppressionRules.list())).length, 0);
}

async function others(sdk) {
  await sdk.securityContacts.create("default", { email: "a@example.org", alertNotifications: "On", alertsToAdmins: "Off" });
  is("securityContacts.create", (await sdk.securityContacts.get("default")).email, "a@example.org");
  is("securityContacts.update", (await sdk.securityContacts.update("default", { email: "b@example.org", alertNotifications: "On",
    alertsToAdmins: "On" })).email, "b@example.org");
  is("securityContacts.list", (await all(sdk.securityContacts.list())).map((c) => c.email), ["b@example.org"]);
  await sdk.securityContacts.delete("default");
  is("securityContacts.delete", (await all(sdk.securityContacts.list())).length, 0);
  is("locations.list", (await all(sdk.locations.list())).map((l) => l.name), ["local"]);
  is("operations.list", (await all(sdk.operations.list())).some((o) => o.name === "Microsoft.Security/pricings/write"), true);
  is("tasks.list: none", (await all(sdk.tasks.list())).length, 0);
  const { token } = await getToken();
  const made = await fetch(`${url}/api/v1/tasks`, { method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ recommendation: "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5" }) });
  const tasks = await all(sdk.tasks.list());
  is("a task is made, tasks.list has it", [made.status, tasks.map((t) => t.state)], [201, ["Active"]]);
  await sdk.tasks.updateSubscriptionLevelTaskState("local", tasks[0].name, "Dismiss");
  is("tasks.update…State", (await sdk.tasks.getSubscriptionLevelTask("local", tasks[0].name)).state, "Dismissed");
  is("settings.list: all off", (await all(sdk.settings.list())).some((s) => s.enabled), false);
  is("what is not built says so", await fails(all(sdk.regulatoryComplianceStandards.list())), "409 FeatureNotAvailable");
  is("... in a location too", await fails(all(sdk.jitNetworkAccessPolicies.listByRegion("local"))), "409 FeatureNotAvailable");
}

(async () => {
  const sdk = new SecurityCenter({ getToken }, subscription, { endpoint: url, retryOptions: { maxRetries: 0 } });
  for (const part of [plans, posture, pushes, alerts, others]) {
    try {
      await part(sdk);
    } catch (e) {
      failures++;
      console.log(`not ok ${part.name}: ${e.stack}`);
    }
  }
  process.exit(failures ? 1 : 0);
})();
