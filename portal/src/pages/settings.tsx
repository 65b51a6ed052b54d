import { may } from "../api";
import { asked } from "../router";
import { Tabs } from "../ui/filter";
import type { Options } from "../ui/form";
import { Channels } from "./settings-channels";
import { Contacts, Mail } from "./settings-contacts";
import { Environments } from "./settings-environments";
import { DisableRules, Exemptions, SuppressionRules } from "./settings-exemptions";
import { Plans } from "./settings-plans";

const TABS: Options = [["plans", "Plans"], ["contacts", "Contacts"], ["channels", "Channels"], ["exemptions", "Exemptions"], ["rules", "Disable rules"], ["suppression", "Suppression rules"]];
const OWNER_TABS: Options = [...TABS, ["environments", "Environments"], ["mail", "Mail server"]];

export function SettingsPage() {
  const tabs = may("owner") ? OWNER_TABS : TABS;
  const tab = tabs.find(([id]) => id === asked("tab"))?.[0] ?? "plans";
  return (
    <>
      <h1>Environment settings</h1>
      <Tabs label="Settings" tabs={tabs} current={tab} />
      {tab === "plans" && <Plans />}
      {tab === "contacts" && <Contacts />}
      {tab === "channels" && <Channels />}
      {tab === "exemptions" && <Exemptions />}
      {tab === "rules" && <DisableRules />}
      {tab === "suppression" && <SuppressionRules />}
      {tab === "environments" && <Environments />}
      {tab === "mail" && <Mail />}
    </>
  );
}
