//! What the local workspace can do to a run, shown in the page: each fault is provoked, its cause and what to do about it
//! stand in the window without scrolling, and the button that goes on does.
//!
//! One run meets all faults of a table, in the order of its steps: each try gets as far as the next.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use system_tests::{LocalWorkspace, Settings};

use crate::examination::{NARROW, WIDE};
use crate::person::Person;
use crate::served::TellrUi;
use crate::tell;

/// What the page makes of a fault.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// The plan cannot be made or carried out.
    NoPlan { why: &'static str, advice: &'static str },
    /// The run ends because nobody is signed in any more.
    SignedOut { why: &'static str, advice: &'static str },
    /// The run ends.
    Failure { why: &'static str, advice: &'static str },
    /// The run waits, and the person has enough of it.
    Wait { why: &'static str },
}

struct Fault {
    name: &'static str,
    rule: Value,
    shown: Shown,
}

/// A named answer to each such call.
fn preset(name: &'static str, method: &str, path: &str, shown: Shown) -> Fault {
    let rule = json!({"on": {"method": method, "path": path}, "times": null, "do": {"preset": name}});
    Fault { name, rule, shown }
}

/// Something that happens to each such call.
fn does(name: &'static str, method: &str, path: &str, what: &Value, shown: Shown) -> Fault {
    let rule = json!({"on": {"method": method, "path": path}, "times": null, "do": what});
    Fault { name, rule, shown }
}

/// A thing that never gets ready.
fn never(name: &'static str, of: &str, thing: &str, why: &'static str) -> Fault {
    let rule = json!({"state": {"of": of, "name": thing, "never_settles": true}});
    Fault { name, rule, shown: Shown::Wait { why } }
}

/// A thing that gets into a state.
fn becomes(name: &'static str, of: &str, thing: &str, state: &Value, shown: Shown) -> Fault {
    Fault { name, rule: json!({"state": {"of": of, "name": thing, "becomes": state}}), shown }
}

/// Elements that are not wholly in the window, of those that must be.
const OUT_OF_SIGHT: &str = "
    window.scrollTo(0, 0);
    const hidden = [];
    for (const selector of arguments[0]) {
        const element = document.querySelector(selector);
        const box = element && element.getBoundingClientRect();
        if (!box || box.height === 0 || box.top < 0 || box.bottom > window.innerHeight || box.right > window.innerWidth) {
            hidden.push(`${selector} (${box ? Math.round(box.bottom) : 'none'} of ${window.innerHeight})`);
        }
    }
    return hidden;";

/// What `what` selects is wholly in a narrow window, and in a wide one.
pub(crate) async fn nothing_out_of_sight(person: &Person, name: &str, what: &[&str]) -> anyhow::Result<()> {
    let mut hidden = Vec::new();
    for (width, height) in [NARROW, WIDE] {
        person.browser.resize(width, height).await?;
        let found = person.browser.window.execute(OUT_OF_SIGHT, vec![json!(what)]).await?;
        let found: Vec<String> = found.convert()?;
        hidden.extend(found.into_iter().map(|words| format!("{width} px: {words}")));
        person.picture(&format!("fault-{name}-{width}")).await?;
    }
    ensure!(hidden.is_empty(), "not in sight: {}", hidden.join("; "));
    Ok(())
}

/// One page, one workspace, and what was wrong so far.
struct Table<'a> {
    person: &'a Person,
    workspace: &'a LocalWorkspace,
    /// The button that carries the plan out.
    button: &'static str,
    /// Whether it asks for the app's name.
    asks: bool,
    wrong: Vec<String>,
}

impl<'a> Table<'a> {
    fn of(person: &'a Person, workspace: &'a LocalWorkspace, button: &'static str, asks: bool) -> Self {
        Self { person, workspace, button, asks, wrong: Vec::new() }
    }

    /// Meets the fault, beginning and ending with a plan that can be carried out.
    async fn meet(&mut self, fault: &Fault) -> anyhow::Result<()> {
        let mut rule = fault.rule.clone();
        rule["id"] = json!("fault");
        self.workspace.add_fault(&rule).await.with_context(|| fault.name)?;
        let button = match fault.shown {
            Shown::NoPlan { .. } => {
                self.person.press("Back to the settings").await?;
                self.person.press("Show the plan").await?;
                "Look again"
            }
            Shown::SignedOut { .. } => {
                self.carry_out().await?;
                "Sign in again"
            }
            Shown::Failure { .. } => {
                self.carry_out().await?;
                "Try again from here"
            }
            Shown::Wait { .. } => {
                self.carry_out().await?;
                "Go on"
            }
        };
        if let Err(error) = self.look(fault).await {
            self.wrong.push(format!("{}: {error:#}", fault.name));
        }
        if let Shown::Wait { .. } = fault.shown {
            self.person.press("Cancel").await?;
            // a run stops between its calls, not in one
            if fault.rule["do"] == "hold" {
                self.workspace.remove_fault("fault").await?;
            }
            self.person.heading("Stopped").await.with_context(|| fault.name)?;
        }
        self.workspace.remove_faults().await?;
        self.person.press(button).await.with_context(|| fault.name)?;
        self.person.heading("The plan").await.with_context(|| fault.name)?;
        self.person.shows("What will be done").await.with_context(|| fault.name)
    }

    async fn carry_out(&self) -> anyhow::Result<()> {
        if self.asks {
            self.person.fill("confirm", "tellr").await?;
        }
        self.person.press(self.button).await
    }

    /// Meets all of them, and then gets through.
    async fn meet_all(&mut self, faults: &[Fault]) -> anyhow::Result<()> {
        for fault in faults {
            self.meet(fault).await?;
        }
        for rule in what_a_run_survives() {
            self.workspace.add_fault(&rule).await?;
        }
        self.carry_out().await?;
        self.person.heading("Done").await?;
        self.workspace.remove_faults().await?;
        let wrong = std::mem::take(&mut self.wrong);
        ensure!(
            wrong.is_empty(),
            "{} faults are not shown as they should be:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        Ok(())
    }

    async fn look(&self, fault: &Fault) -> anyhow::Result<()> {
        let (why, advice) = match fault.shown {
            Shown::NoPlan { why, advice } => (why, advice),
            Shown::SignedOut { why, advice } | Shown::Failure { why, advice } => {
                self.person.heading("It did not work").await?;
                (why, advice)
            }
            Shown::Wait { why } => {
                let news = self.person.shows(why).await;
                nothing_out_of_sight(self.person, fault.name, &[".running .step-text", ".actions .button"])
                    .await?;
                return news;
            }
        };
        let problem = self.person.problem().await?;
        tell(&format!("--- {}\n{problem}", fault.name));
        let cause = self.person.glance(".problem .cause").await?;
        let hint = self.person.glance(".problem .hint").await?;
        let in_sight = [".problem h2", ".problem .cause", ".problem .hint", ".problem .actions .button"];
        nothing_out_of_sight(self.person, fault.name, &in_sight).await?;
        ensure!(cause.contains(why), "`{why}` is not in the cause: {cause}");
        ensure!(hint.contains(advice), "`{advice}` is not in the advice: {hint}");
        ensure!(!problem.contains("same command"), "advice for the command line: {problem}");
        Ok(())
    }
}

/// What can happen to a create with an Autoscaling database.
fn of_a_create() -> Vec<Fault> {
    use Shown::{Failure, NoPlan};
    let project = "/api/2.0/postgres/projects";
    let apps = "/api/2.0/apps";
    let (import, mkdirs) = ("/api/2.0/workspace/import", "/api/2.0/workspace/mkdirs");
    let failed = |message: &str| json!({"state": "FAILED", "message": message});
    let again = "try again";
    vec![
        preset(
            "off.apps",
            "GET",
            "/api/2.0/apps/*",
            NoPlan { why: "not enabled in this workspace", advice: "does not offer the feature" },
        ),
        preset(
            "permission.app",
            "GET",
            "/api/2.0/apps/*",
            NoPlan { why: "CAN_MANAGE", advice: "check your permissions" },
        ),
        preset(
            "permission.workspace_files",
            "POST",
            mkdirs,
            Failure { why: "permission to write to this folder", advice: "write to the app's folder" },
        ),
        preset(
            "quota.import_size",
            "POST",
            import,
            Failure { why: "exceeded max size", advice: "administrator of the workspace" },
        ),
        preset("internal", "POST", project, Failure { why: "An internal error occurred", advice: again }),
        preset("timeout", "POST", project, Failure { why: "took too long", advice: again }),
        preset(
            "token.invalid",
            "POST",
            project,
            Shown::SignedOut { why: "Invalid access token", advice: "sign in again" },
        ),
        preset(
            "token.expired",
            "POST",
            project,
            Shown::SignedOut { why: "Access token has expired", advice: "sign in again" },
        ),
        preset(
            "quota.lakebase_projects",
            "POST",
            project,
            Failure { why: "limit of projects", advice: "delete what is not needed" },
        ),
        preset(
            "permission.lakebase_projects",
            "POST",
            project,
            Failure { why: "permission to create projects", advice: "check your permissions" },
        ),
        preset(
            "off.lakebase_projects",
            "*",
            "/api/2.0/postgres/**",
            Failure { why: "No API found", advice: "does not offer the feature" },
        ),
        becomes(
            "operation-fails",
            "operation",
            "tellr-db",
            &failed("No capacity in this region"),
            Failure { why: "No capacity in this region", advice: again },
        ),
        never("operation-never-ends", "operation", "tellr-db", "tellr-db"),
        never("lakebase-never-ready", "lakebase", "tellr-db", "tellr-db"),
        does("hold", "POST", mkdirs, &json!("hold"), Shown::Wait { why: "Create folder" }),
        preset(
            "permission.apps",
            "POST",
            apps,
            Failure { why: "permission to create apps", advice: "check your permissions" },
        ),
        preset(
            "quota.apps",
            "POST",
            apps,
            Failure { why: "limit of 100 apps", advice: "delete what is not needed" },
        ),
        preset(
            "off.user_authorization",
            "POST",
            apps,
            Failure {
                why: "user token passthrough not enabled",
                advice: "admin must turn on user authorization",
            },
        ),
        becomes(
            "compute-fails",
            "app_compute",
            "tellr",
            &json!({"state": "ERROR", "message": "No machine is free"}),
            Failure { why: "No machine is free", advice: again },
        ),
        never("compute-never-starts", "app_compute", "tellr", "App compute is starting."),
        preset(
            "permission.lakebase_credentials",
            "POST",
            "/api/2.0/postgres/credentials",
            NoPlan { why: "permission to connect to this database", advice: "check your permissions" },
        ),
        becomes(
            "deployment-fails",
            "deployment",
            "tellr",
            &failed("Error installing packages"),
            Failure { why: "Error installing packages", advice: "put right what the log says" },
        ),
        becomes(
            "deployment-cancelled",
            "deployment",
            "tellr",
            &json!({"state": "CANCELLED", "message": "Somebody has cancelled it"}),
            Failure { why: "Somebody has cancelled it", advice: "put right what the log says" },
        ),
        never("deployment-never-ends", "deployment", "tellr", "Preparing source code"),
        becomes(
            "app-crashes",
            "app",
            "tellr",
            &json!({"state": "CRASHED", "message": "App crashed unexpectedly"}),
            Failure { why: "App crashed unexpectedly", advice: "put right what the log says" },
        ),
    ]
}

async fn a_create() -> anyhow::Result<()> {
    let settings = Settings { state_delay: std::time::Duration::from_millis(5), ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let server = TellrUi::start(&workspace).await?;
    let person = Person::at(&server.address, WIDE.0, WIDE.1).await?;
    person.heading("What shall be done?").await?;
    person.press("New deployment").await?;
    person.press("Show the plan").await?;
    person.shows("What will be done").await?;
    let mut table = Table::of(&person, &workspace, "Deploy", false);
    table.meet_all(&of_a_create()).await?;
    person.leave().await
}

/// What can happen to a Provisioned database, to an update that puts the former version back, and to a delete.
async fn a_life() -> anyhow::Result<()> {
    let settings = Settings { state_delay: std::time::Duration::from_millis(5), ..Settings::default() };
    let workspace = LocalWorkspace::start(settings)?;
    let server = TellrUi::start(&workspace).await?;
    let person = Person::at(&server.address, WIDE.0, WIDE.1).await?;
    person.heading("What shall be done?").await?;
    person.press("New deployment").await?;
    person.unfold("More settings").await?;
    person.choose("lakebase_type", "provisioned").await?;
    person.press("Show the plan").await?;
    person.shows("What will be done").await?;
    Table::of(&person, &workspace, "Deploy", false).meet_all(&of_an_instance()).await.context("create")?;

    person.press("Back to the deployments").await?;
    person.press("Open").await?;
    person.press("Update").await?;
    person.unfold("More settings").await?;
    person.fill("description", "Decks for everybody").await?;
    person.press("Show the plan").await?;
    person.shows("What will be done").await?;
    Table::of(&person, &workspace, "Update", false).meet_all(&of_an_update()).await.context("update")?;

    person.press("Back to the deployments").await?;
    person.press("Open").await?;
    person.press("Delete").await?;
    person.switch_on("reset_database").await?;
    person.press("Show what would go").await?;
    person.shows("What will be done").await?;
    Table::of(&person, &workspace, "Delete", true).meet_all(&of_a_delete()).await.context("delete")?;
    person.leave().await
}

fn of_an_instance() -> Vec<Fault> {
    use Shown::Failure;
    let instances = "/api/2.0/database/instances";
    vec![
        preset(
            "off.lakebase_instances",
            "POST",
            instances,
            Failure { why: "not enabled in this workspace", advice: "does not offer the feature" },
        ),
        preset(
            "quota.lakebase_instances",
            "POST",
            instances,
            Failure { why: "limit of database instances", advice: "delete what is not needed" },
        ),
        preset(
            "permission.lakebase_instances",
            "POST",
            instances,
            Failure { why: "permission to create database instances", advice: "check your permissions" },
        ),
        never("instance-never-ready", "lakebase", "tellr-db", "STARTING"),
    ]
}

fn of_an_update() -> Vec<Fault> {
    use Shown::Failure;
    let failed = |message: &str| json!({"state": "FAILED", "message": message});
    vec![
        preset(
            "permission.app",
            "POST",
            "/api/2.0/apps/*/update",
            Failure { why: "CAN_MANAGE", advice: "check your permissions" },
        ),
        becomes(
            "app-update-fails",
            "app_update",
            "tellr",
            &failed("The update was refused"),
            Failure { why: "The update was refused", advice: "try again" },
        ),
        never("app-update-never-ends", "app_update", "tellr", "App update is in progress."),
        becomes(
            "update-deployment-fails",
            "deployment",
            "tellr",
            &failed("Error installing packages"),
            Failure { why: "Error installing packages", advice: "update again" },
        ),
        becomes(
            "update-app-crashes",
            "app",
            "tellr",
            &json!({"state": "CRASHED", "message": "App crashed unexpectedly"}),
            Failure { why: "App crashed unexpectedly", advice: "roll back in the deployment's history" },
        ),
    ]
}

fn of_a_delete() -> Vec<Fault> {
    use Shown::Failure;
    let app = "/api/2.0/apps/tellr";
    vec![
        does(
            "delete-permission",
            "DELETE",
            app,
            &json!({"preset": "permission.app"}),
            Failure { why: "CAN_MANAGE", advice: "check your permissions" },
        ),
        does(
            "delete-internal",
            "DELETE",
            app,
            &json!({"preset": "internal"}),
            Failure { why: "An internal error occurred", advice: "try again" },
        ),
    ]
}

/// Faults after which nothing is left to do for a person.
fn what_a_run_survives() -> Vec<Value> {
    let app = "/api/2.0/apps/tellr";
    let after = |what: Value| json!({"on": {"method": "GET", "path": app}, "when": "after", "do": what});
    let mut rules = vec![
        json!({"on": {"method": "POST", "path": "/api/2.0/workspace/import"}, "do": {"delay_ms": 200}}),
        json!({"on": {"method": "POST", "path": "/api/2.0/apps/*/deployments"},
            "do": {"stale": {"path": app, "times": 1}}}),
        after(json!({"preset": "quota.requests"})),
        after(json!({"preset": "unavailable"})),
        after(json!("reset")),
        after(json!("drop")),
    ];
    for (number, rule) in rules.iter_mut().enumerate() {
        rule["id"] = json!(format!("passing-{number}"));
    }
    rules
}

#[tokio::test]
async fn every_fault_of_an_instance_an_update_and_a_delete_is_told_and_gone_on_from() {
    a_life().await.unwrap();
}

#[tokio::test]
async fn every_fault_of_a_create_is_told_with_what_to_do_and_gone_on_from() {
    a_create().await.unwrap();
}
