//! `tellr doctor`: whether a deployment could succeed, before anything is touched.

mod machine;

use clap::{ArgMatches, Command};
use databricks::Client;
use deployer_wasm::doctor::{Access, Check, Diagnosis, Verdict, diagnose};
use serde_json::json;

use crate::deploy::STAND_IN_USER;
use crate::failure::Failure;
use crate::printer::{Printer, write_line};
use crate::{command_line, connection, request};
use machine::Machine;

/// `tellr doctor`
pub(crate) fn command() -> Command {
    let about = "Look whether a create could succeed, and change nothing; every setting is optional";
    command_line::with_create_settings(Command::new("doctor").about(about))
}

/// Looks, tells, and fails if something is missing.
pub(crate) async fn run(arguments: &ArgMatches, _printer: &Printer) -> Result<(), Failure> {
    let mut values = request::read(arguments, STAND_IN_USER)?;
    let client = match connection::connect(arguments) {
        Ok(client) => Ok(client),
        Err(Failure::SignIn { message, hint }) => Err((message, hint)),
        Err(other) => return Err(other),
    };
    if let Ok(client) = &client
        && request::needs_user_name(arguments)?
        && let Some(name) = user_name(client).await
    {
        values = request::read(arguments, &name)?;
    }
    let access = match &client {
        Ok(client) => Access::Client(client),
        Err((message, hint)) => Access::Nobody { message, hint: hint.as_deref() },
    };
    let machine = Machine::new()?;
    let diagnosis = diagnose(access, values.raw(), &machine, env!("CARGO_PKG_VERSION")).await;
    tell(diagnosis, arguments.get_flag("json"))
}

/// Who is signed in; a failure shows in the diagnosis.
async fn user_name(client: &Client) -> Option<String> {
    client.current_user().me().await.ok()?.user_name
}

/// As lines or as one object. A diagnosis with something missing is the failure of the command.
fn tell(diagnosis: Diagnosis, json: bool) -> Result<(), Failure> {
    if !json {
        for check in &diagnosis.checks {
            write_line(&line(check));
        }
        let count = |verdict| diagnosis.count(verdict);
        let (ok, warnings) = (count(Verdict::Ok), count(Verdict::Warning));
        write_line(&format!("{ok} ok, {warnings} warnings, {} missing", count(Verdict::Missing)));
    }
    if !diagnosis.is_fit() {
        return Err(Failure::Unfit(diagnosis));
    }
    if json {
        write_line(&to_json(&diagnosis).to_string());
    }
    Ok(())
}

/// The result object of `--json`.
pub(crate) fn to_json(diagnosis: &Diagnosis) -> serde_json::Value {
    json!({ "fit": diagnosis.is_fit(), "checks": diagnosis.checks })
}

fn line(check: &Check) -> String {
    let mut text = format!("{:<8} {:<21} {}", check.verdict.as_str(), check.check, one_line(&check.found));
    if let Some(advice) = &check.advice {
        text.push_str(&format!("\n{:31}→ {}", "", one_line(advice)));
    }
    text
}

/// What was found may quote others.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_a_line_and_its_advice_another() {
        let check = Check {
            check: "app_name",
            verdict: Verdict::Missing,
            found: "the app tellr exists,\u{1b}[2J made by b@example.com".into(),
            advice: Some("choose a different name".into()),
        };
        insta::assert_snapshot!(line(&check), @r"
        missing  app_name              the app tellr exists, [2J made by b@example.com
                                       → choose a different name
        ");
    }
}
