export type Operation = "create" | "update" | "delete" | "rollback";

export interface Field {
  key: string;
  flag: string;
  description: string;
  rule: string;
  default: string | null;
  choices: string[];
}

export interface Settings {
  /** By the key of the field. */
  values: Record<string, string>;
  /** Variables for app.yaml. */
  env?: Record<string, string>;
  wheel?: { name: string; content: Uint8Array };
  /** The program `tellr-app`. */
  binary?: Uint8Array;
  reset_database?: boolean;
  prune?: boolean;
  /** Of a rollback: the deployment that is put back. */
  to?: string;
}

/** Carries a call in place of `fetch`. Any answer is an answer, whatever its status. */
export type Send = (request: {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}) => Promise<{ status: number; headers: Record<string, string>; body: string | Uint8Array }>;

export interface ObservationView {
  user_name: string;
  app: { name: string; url: string | null; state: string | null } | null;
  /** `null` if there is none, or if the operation does not touch it. */
  lakebase: { name: string; type: "autoscaling" | "provisioned"; state: string } | null;
  /** `null` if Postgres cannot be reached from here, or if there is no database. */
  schema: { owner: string | null; tables: number; app_granted: boolean | null } | null;
  files: { folder_exists: boolean; names: string[] };
  last_run: Record<string, unknown> | null;
}

export interface PlanView {
  rows: { change: "create" | "update" | "keep" | "delete" | "run"; resource: string; reason: string; digest: string }[];
  warnings: string[];
  refusals: { message: string; hint?: string }[];
}

export type DeployEvent =
  | { event: "step_started"; step: string; title: string }
  | { event: "progress" | "step_done"; step: string; message: string; elapsed_ms: number }
  | { event: "step_failed"; step: string; message: string; hint?: string; elapsed_ms: number }
  | { event: "notice"; message: string };

export type Outcome = { app_name: string; status: string } & Record<string, unknown>;

export type Status = {
  app_name: string;
  url: string | null;
  app_state: string | null;
  deployment_id: string | null;
  last_run: Record<string, unknown> | null;
  former_versions: string[];
  drift: { resource: string; difference: string }[];
};

/** What is thrown. */
export interface DeployFailure extends Error {
  name: "DeployFailure";
  kind:
    | "invalid" | "refused" | "observe" | "step" | "changed" | "locked" | "overtaken" | "rolled_back"
    | "not_rolled_back";
  hint?: string;
  step?: string;
  /** HTTP status of the platform's answer. */
  status?: number;
  /** Broken rules, by field. */
  fields?: { field: string; message: string }[];
  log?: { lines: string[] } | { url: string; reason: string };
  /** What a create that failed had made; it stays. */
  made?: string[];
}
