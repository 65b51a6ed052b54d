// Shapes of /api/v1 that more than one page uses. Absent and unknown are null.
export const SEVERITIES = ["critical", "high", "medium", "low", "unknown"] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Counts = Partial<Record<Severity, number>>;

export interface RegistryRef {
  id: number | string;
  name: string;
  host: string;
}

export interface Image {
  digest: string;
  registry: RegistryRef | null;
  repository: string;
  tags: string[];
  platform: string | null;
  os: string | null;
  arch: string | null;
  distro: string | null;
  size: number | null;
  state: string;
  stage: string | null;
  error: string | null;
  errorCode: string | null;
  nextTry: string | null;
  pushedAt: string | null;
  pulledAt: string | null;
  firstSeen: string | null;
  completedAt: string | null;
  assessed: "full" | "partial" | "not" | null;
  whyNot: string | null;
  counts: Counts | null;
  fixable: number | null;
  kev: number | null;
  running: number | null;
}

export interface Layer {
  diffId: string;
  digest: string | null;
  size: number | null;
  createdBy: string | null;
  base: boolean | null;
  counts: Counts | null;
}

export interface ImageDetail extends Image {
  places: { registry: RegistryRef | null; repository: string; tags: string[]; platform: string | null; state: string }[];
  mediaType: string | null;
  configDigest: string | null;
  created: string | null;
  base: { name: string | null; digest: string | null } | null;
  layers: Layer[];
  coverage: { ecosystem: string; packages: number; hasData: boolean; source: string | null; dataDate: string | null; records: number | null; starter: boolean }[];
  notes: (string | { text?: string; message?: string })[];
  secrets: { rule: string; severity: Severity; path: string; line: number | null; layer: number | null; deleted: boolean }[];
  databaseDate: string | null;
  matchedAt: string | null;
  indexerVersion: number | string | null;
  indexerCurrent: boolean | null;
  packages: number | null;
}

export interface Finding {
  id: string;
  severity: Severity;
  title: string | null;
  package: { name: string; version: string; purl: string | null; ecosystem: string | null };
  fixedVersion: string | null;
  fixState: string | null;
  cvss: { score: number; vector: string } | null;
  epss: { score: number; percentile: number } | null;
  kev: { added: string | null; due: string | null; ransomware: boolean | null } | null;
  published: string | null;
  firstSeen: string | null;
  layer: { ordinal: number; diffId: string; createdBy: string | null } | null;
  paths?: string[];
  remedy: { text: string; command: string | null } | null;
  source: string | null;
  advisory: string | null;
  links: string[] | null;
  exemption: { id: string; category: string; expires: string | null } | null;
  rule: { name: string } | null;
}

export interface Registry {
  id: number | string;
  name: string;
  host: string;
  kind: string;
  username: string | null;
  hasSecret: boolean;
  insecure: boolean;
  pollSeconds: number;
  include: string[];
  labels?: Record<string, string>;
  enabled: boolean;
  concurrency: number;
  created: string | null;
  discoveredAt: string | null;
  eventAt: string | null;
  progress?: string | null;
  error: string | null;
  webhook: { url: string; hasSecret: boolean } | null;
  counts: { repositories: number; images: number; unscanned: number; inProgress: number; error: number; completed: number } | null;
}
