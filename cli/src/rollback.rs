//! `tellr rollback`: puts a former version of an app back, from the copies kept beside its files.

use clap::{Arg, ArgMatches, Command};
use deployer_wasm::spec::{Request, RollbackSpec};

use crate::command_line::{with_app_name, with_running};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::{connection, deploy, request};

/// The flags.
pub(crate) fn command() -> Command {
    let command = Command::new("rollback")
        .about("Put the version back that ran before; the database stays as it is")
        .arg(Arg::new("to").long("to").value_name("DEPLOYMENT").help(
            "Id of the former deployment [default: the one before the running version; see `tellr status`]",
        ));
    with_running(with_app_name(command))
}

/// Plans, asks and applies.
pub(crate) async fn run(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let app_name = request::read(arguments, deploy::STAND_IN_USER)?.app_name()?;
    let to = arguments.get_one::<String>("to").cloned();
    let request = Request::Rollback(RollbackSpec { app_name, to });
    let client = connection::connect(arguments)?;
    deploy::plan_and_apply(client, &request, arguments, printer).await
}
