//! The flags. Those of a deployment come from the engine's description of its fields.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, ValueHint, value_parser};
use deployer_wasm::spec::{FIELDS, Field};

/// The whole command line.
pub(crate) fn command() -> Command {
    Command::new("tellr")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Puts Tellr into a Databricks workspace: database, files, app, schema and grants, running and healthy")
        .after_help(
            "Sign-in: `tellr login`; or DATABRICKS_HOST and DATABRICKS_TOKEN (or DATABRICKS_CLIENT_ID and _SECRET), or a \
             profile of ~/.databrickscfg.\nExit codes: 0 done, 1 failed, 2 bad input, 3 refused or not confirmed, 4 not signed in.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(create())
        .subcommand(update())
        .subcommand(delete())
        .subcommand(plan())
        .subcommand(crate::rollback::command())
        .subcommand(status())
        .subcommand(crate::config::command())
        .subcommand(crate::doctor::command())
        .subcommand(crate::logs::command())
        .subcommand(crate::login::command())
        .subcommand(crate::login::logout_command())
        .subcommand(crate::ui::command())
        .subcommand(workspace())
}

fn create() -> Command {
    let command = Command::new("create").about("Put Tellr into the workspace").arg(approved());
    with_running(with_connection(with_config(with_fields(command, |_| true))))
}

fn update() -> Command {
    let command = Command::new("update")
        .about("Bring a new version of the app; its address, rights and data stay")
        .arg(reset_database("Drop everything in the schema before the new version starts"))
        .arg(approved())
        .arg(flag("rollback").help("If the update fails, put the version back that runs now"))
        .arg(flag("prune").help("Take away what others added: variables in app.yaml, resources, scopes"));
    let fields = |field: &Field| field.key != "lakebase_compute";
    with_running(with_connection(with_config(with_fields(command, fields))))
}

fn delete() -> Command {
    let command = Command::new("delete")
        .about("Delete the app; database and workspace files stay")
        .arg(reset_database("Drop the schema and everything in it as well"));
    let fields =
        |field: &Field| matches!(field.key, "app_name" | "lakebase_name" | "lakebase_type" | "schema_name");
    with_running(with_connection(with_config(with_fields(command, fields))))
}

fn plan() -> Command {
    Command::new("plan")
        .about("Show what create, update or delete would do, and change nothing")
        .subcommand_required(true)
        .subcommand(create())
        .subcommand(update())
        .subcommand(delete())
}

fn status() -> Command {
    let command = Command::new("status")
        .about("Show a deployment: app, database, history, and where it differs from what was asked for");
    with_json(with_app_name(command))
}

/// The flags of commands about an app that exists: which, and where.
pub(crate) fn with_app_name(command: Command) -> Command {
    with_connection(with_config(with_fields(command, |field| field.key == "app_name")))
}

/// The settings of a create, for a command that only looks at them.
pub(crate) fn with_create_settings(command: Command) -> Command {
    with_json(with_connection(with_config(with_fields(command, |_| true))))
}

fn workspace() -> Command {
    let seconds = |name: &'static str, default: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("S")
            .default_value(default)
            .value_parser(value_parser!(u64).range(1..))
    };
    Command::new("workspace")
        .about("Run a local stand-in for a Databricks workspace, where deployed apps really run")
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("N")
                .default_value("0")
                .value_parser(value_parser!(u16))
                .help("Port on 127.0.0.1; 0 takes the port of the last run, or a free one"),
        )
        .arg(path("data", ".local/workspace").help("Folder for everything that the workspace keeps"))
        .arg(
            Arg::new("ready-file")
                .long("ready-file")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write host, token and user there as JSON as soon as calls are accepted"),
        )
        .arg(seconds("token-ttl", "3600").help("Lifetime of OAuth tokens and database passwords, in seconds"))
        .arg(
            Arg::new("state-delay")
                .long("state-delay")
                .value_name("MS")
                .default_value("500")
                .value_parser(value_parser!(u64))
                .help("How long each state of an app or a database lasts, in milliseconds"),
        )
        .arg(seconds("request-timeout", "120").help("How long a request to an app may take, in seconds"))
        .arg(seconds("start-deadline", "600").help("How long an app may take to listen, in seconds"))
        .arg(
            Arg::new("wheels")
                .long("wheels")
                .value_name("DIR")
                .action(ArgAction::Append)
                .value_parser(value_parser!(PathBuf))
                .help("Folder of wheels that app builds may install from; can be given several times"),
        )
        .arg(
            Arg::new("cors")
                .long("cors")
                .value_parser(["none", "star", "files-only"])
                .default_value("none")
                .help("Which cross-origin calls are answered"),
        )
}

fn path(name: &'static str, default: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("DIR")
        .default_value(default)
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::DirPath)
}

pub(crate) fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn approved() -> Arg {
    Arg::new("approved")
        .long("approved")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath)
        .help("Apply exactly this plan, as `tellr plan … --json` printed it, without asking; refuse if it would differ")
}

fn reset_database(help: &'static str) -> Arg {
    Arg::new("reset_database").long("reset-database").action(ArgAction::SetTrue).help(help)
}

pub(crate) fn with_fields(command: Command, wanted: fn(&Field) -> bool) -> Command {
    FIELDS.iter().filter(|field| wanted(field)).fold(command, |command, field| command.arg(argument(field)))
}

/// A flag for a field. Values are checked by the engine, which names the rule; clap only offers the choices.
fn argument(field: &'static Field) -> Arg {
    let help = match field.default {
        Some(default) => format!("{} [default: {default}]", field.description),
        None => field.description.to_owned(),
    };
    let argument = Arg::new(field.key)
        .long(field.flag)
        .value_name("VALUE")
        .allow_hyphen_values(true)
        .long_help(format!("{help}\nMust be {}", field.rule))
        .help(help);
    match field.key {
        "local_wheel_path" | "local_binary_path" => {
            argument.value_hint(ValueHint::FilePath).value_name("FILE")
        }
        "app_file_workspace_path" => argument.alias("app-file-workspace-path"),
        _ => argument,
    }
}

pub(crate) fn with_config(command: Command) -> Command {
    command
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Take the settings from a file, `-` for standard input: YAML with environments, or what `tellr config` \
                     prints; flags win over it"),
        )
        .arg(
            Arg::new("environment")
                .long("environment")
                .value_name("NAME")
                .env("ENVIRONMENT")
                .default_value("development")
                .help("Which environment of the file"),
        )
}

/// The flags of sign-in.
pub(crate) fn with_connection(command: Command) -> Command {
    command
        .arg(Arg::new("profile").long("profile").value_name("NAME").help("Profile of ~/.databrickscfg"))
        .arg(Arg::new("host").long("host").value_name("URL").help("Address of the workspace"))
        .arg(
            Arg::new("token-stdin")
                .long("token-stdin")
                .action(ArgAction::SetTrue)
                .help("Read a personal access token from standard input"),
        )
        .arg(
            Arg::new("no-input")
                .long("no-input")
                .action(ArgAction::SetTrue)
                .help("Never ask: fail where an answer is needed"),
        )
}

pub(crate) fn with_json(command: Command) -> Command {
    command.arg(
        Arg::new("json")
            .long("json")
            .action(ArgAction::SetTrue)
            .help("Print one JSON object on standard output at the end"),
    )
}

/// The flags of commands that change the workspace.
pub(crate) fn with_running(command: Command) -> Command {
    with_json(command)
        .arg(
            Arg::new("events")
                .long("events")
                .action(ArgAction::SetTrue)
                .requires("json")
                .help("Print each event as a line of JSON before the result"),
        )
        .arg(
            Arg::new("yes")
                .long("yes")
                .short('y')
                .action(ArgAction::SetTrue)
                .help("Apply the plan without asking"),
        )
        .arg(
            flag("take-over")
                .help("Take over from a run that has not ended, without watching whether it is alive"),
        )
        .arg(
            Arg::new("lock-lease-ms")
                .long("lock-lease-ms")
                .value_name("MS")
                .value_parser(value_parser!(u64).range(100..=3_600_000))
                .hide_short_help(true)
                .help("Silence after which a run counts as dead, in milliseconds [default: 60000]"),
        )
        .arg(
            Arg::new("poll-ms")
                .long("poll-ms")
                .value_name("MS")
                .default_value("10000")
                .value_parser(value_parser!(u64).range(10..=60_000))
                .hide_short_help(true)
                .help("Longest pause between two looks at the platform, in milliseconds"),
        )
        .arg(
            Arg::new("timeout")
                .long("timeout")
                .value_name("S")
                .value_parser(value_parser!(u64).range(1..))
                .hide_short_help(true)
                .help("Deadline of each wait for the platform, in seconds [default: 1200]"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
