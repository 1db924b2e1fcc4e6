//! Asking before something is changed.

use std::io::{IsTerminal, Write, stdin, stdout};

use clap::ArgMatches;
use deployer_wasm::plan::Plan;
use deployer_wasm::spec::Request;

use crate::failure::Failure;

/// Asks whether the plan shall be applied. What destroys data or an app asks for the app's name and needs `--yes` where
/// nobody can be asked; anything else goes ahead there.
pub(crate) fn confirm(plan: &Plan, arguments: &ArgMatches) -> Result<(), Failure> {
    if arguments.get_flag("yes") || !plan.refusals.is_empty() {
        return Ok(());
    }
    let asks_for_name = plan.destroys_data() || matches!(plan.request, Request::Delete(_));
    let somebody_is_there =
        stdin().is_terminal() && stdout().is_terminal() && !arguments.get_flag("no-input");
    let name = plan.request.app_name().as_str();
    match (asks_for_name, somebody_is_there) {
        (false, false) => Ok(()),
        (true, false) => {
            Err(Failure::NotConfirmed(format!("deleting the app {name} or its data needs to be confirmed")))
        }
        (false, true) => match ask("Apply this plan? [Y/n] ")?.as_str() {
            "" | "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::NotConfirmed("the plan was not applied".into())),
        },
        (true, true) => {
            if ask(&format!("This cannot be undone. Type the app's name ({name}) to go on: "))? == name {
                Ok(())
            } else {
                Err(Failure::NotConfirmed("that is not the app's name; nothing was changed".into()))
            }
        }
    }
}

fn ask(question: &str) -> Result<String, Failure> {
    let broken = |error: std::io::Error| Failure::Machine(format!("cannot ask on this terminal: {error}"));
    let mut out = stdout();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).map_err(broken)?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(broken)?;
    Ok(answer.trim().to_owned())
}
