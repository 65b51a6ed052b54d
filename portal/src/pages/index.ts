import type { ComponentType } from "preact";
import { Login } from "./login";
import { OverviewPage } from "./overview";

export interface Page {
  path: string; // first segment after /ui/
  title: string;
  show: ComponentType;
  menu: boolean;
}

export const LoginPage = Login;

export const pages: Page[] = [
  { path: "", title: "Overview", show: OverviewPage, menu: true },
];
