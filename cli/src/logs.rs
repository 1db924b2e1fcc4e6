//! `tellr logs`: what an app and the platform have written to the app's log.

mod show;

use std::time::Duration;

use async_trait::async_trait;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use databricks::apps::{App, LogLine, LogSelection, LogSource};
use databricks::{AuthError, Client, Error};
use deployer_wasm::engine;

use crate::failure::Failure;
use crate::printer::Printer;
use crate::{command_line, connection, request};
use show::Form;

/// How long the lines may take that the platform has kept.
const TAIL_DEADLINE: Duration = Duration::from_secs(20);
/// The same, where they only illustrate an error.
const EXCERPT_DEADLINE: Duration = Duration::from_secs(15);

/// `tellr logs`
pub(crate) fn command() -> Command {
    let about = "Show an app's log; needs an OAuth sign-in (`tellr login` or a service principal)";
    command_line::with_app_name(Command::new("logs").about(about))
        .arg(
            Arg::new("follow")
                .long("follow")
                .short('f')
                .action(ArgAction::SetTrue)
                .help("Go on with new lines until the app is stopped"),
        )
        .arg(
            Arg::new("filter")
                .long("filter")
                .value_name("TEXT")
                .allow_hyphen_values(true)
                .help("Only lines that the platform finds this text in"),
        )
        .arg(
            Arg::new("source")
                .long("source")
                .value_parser(["app", "system"])
                .help("Only lines of the app's program, or of the platform"),
        )
        .arg(
            Arg::new("lines")
                .long("lines")
                .short('n')
                .value_name("N")
                .default_value("200")
                .value_parser(value_parser!(u64).range(0..=10_000))
                .help("How many of the lines that the platform has kept"),
        )
        .arg(
            Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print each line as a JSON object"),
        )
}

/// Prints the log.
pub(crate) async fn run(arguments: &ArgMatches, _printer: &Printer) -> Result<(), Failure> {
    let name = request::read(arguments, "somebody@example.com")?.app_name()?;
    let client = connection::connect(arguments)?;
    let selection = LogSelection {
        search: arguments.get_one::<String>("filter").cloned().unwrap_or_default(),
        source: arguments.get_one::<String>("source").map(|source| match source.as_str() {
            "app" => LogSource::App,
            _ => LogSource::System,
        }),
    };
    let lines = arguments.get_one::<u64>("lines").copied().unwrap_or(200) as usize;
    let form = Form::for_output(arguments.get_flag("json"));
    if !arguments.get_flag("follow") {
        let kept = client.apps().tail(name.as_str(), &selection, lines, TAIL_DEADLINE).await?;
        form.print_all(&kept);
        return Ok(());
    }
    let mut follower = client.apps().follow(name.as_str(), selection);
    if !form.print_all(&follower.begin(lines, TAIL_DEADLINE).await?) {
        return Ok(());
    }
    while let Some(line) = follower.next().await? {
        if !form.print(&line) {
            break;
        }
    }
    Ok(())
}

/// The log as the engine quotes it in its errors.
pub(crate) struct AppLogs(pub(crate) Client);

#[async_trait]
impl engine::LogSource for AppLogs {
    async fn tail(&self, app: &App, lines: usize) -> Result<Vec<String>, String> {
        let everything = LogSelection::default();
        let kept = self.0.apps().tail(&app.name, &everything, lines, EXCERPT_DEADLINE).await;
        let kept = kept.map_err(|error| match error {
            // whoever shows this names the page itself
            Error::Auth(AuthError::OAuthNeeded { .. }) => {
                "the platform shows it for OAuth tokens only, not for a personal access token".to_owned()
            }
            other => other.to_string(),
        })?;
        Ok(kept.iter().map(|line: &LogLine| show::plain(line)).collect())
    }
}
