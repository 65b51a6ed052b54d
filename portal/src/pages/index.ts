import type { ComponentType } from "preact";
import { place } from "../router";
import { AccessPage } from "./access";
import { AlertsPage } from "./alerts";
import { HealthPage } from "./health";
import { ImagePage } from "./image";
import { ImageList } from "./images";
import { InventoryPage } from "./inventory";
import { Login } from "./login";
import { OverviewPage } from "./overview";
import { RecommendationsPage } from "./recommendations";
import { RegistriesPage } from "./registries";
import { SettingsPage } from "./settings";
import { AffectedPage, VulnerabilitiesPage } from "./vulnerabilities";
import { h } from "preact";

export interface Page {
  path: string; // first segment after /ui/
  title: string;
  show: ComponentType;
  menu: boolean;
}

export const LoginPage = Login;

function ImagesPage() {
  const digest = place.value.path[1];
  return digest ? h(ImagePage, { digest }) : h(ImageList, null);
}

export const pages: Page[] = [
  { path: "", title: "Overview", show: OverviewPage, menu: true },
  { path: "inventory", title: "Inventory", show: InventoryPage, menu: true },
  { path: "recommendations", title: "Recommendations", show: RecommendationsPage, menu: true },
  { path: "images", title: "Images", show: ImagesPage, menu: true },
  { path: "vulnerabilities", title: "Vulnerabilities", show: VulnerabilitiesPage, menu: true },
  { path: "affected", title: "Blast radius", show: AffectedPage, menu: false },
  { path: "registries", title: "Registries", show: RegistriesPage, menu: true },
  { path: "alerts", title: "Alerts", show: AlertsPage, menu: true },
  { path: "settings", title: "Environment settings", show: SettingsPage, menu: true },
  { path: "access", title: "Users and tokens", show: AccessPage, menu: true },
  { path: "health", title: "Health", show: HealthPage, menu: true },
];
