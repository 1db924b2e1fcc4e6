//! create, update, delete, and the plan of each.

use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use databricks::{Cancel, Client};
use deployer_wasm::Engine;
use deployer_wasm::plan::{Plan, plan as make_plan};
use deployer_wasm::schema::postgres::PostgresSchema;
use deployer_wasm::spec::Request;
use deployer_wasm::timing::Timing;

use crate::failure::Failure;
use crate::printer::{Printer, write_line};
use crate::{confirmation, connection, plan_table, request};

/// A user name that is right in form, to check a deployment file before anybody is asked who is signed in.
const STAND_IN_USER: &str = "somebody@example.com";

/// Applies one operation.
pub(crate) async fn apply(operation: &str, arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let (client, request, ignored) = prepare(operation, arguments).await?;
    let cancel = cancel_on_signal();
    let events = printer.clone();
    let engine = engine(client, arguments, &cancel).with_events(Arc::new(move |event| events.event(&event)));
    for key in ignored {
        printer.warning(&format!("`{key}` in the deployment file has no effect"));
    }
    let plan = observe_and_plan(&engine, &request).await?;
    printer.plan(&plan);
    confirmation::confirm(&plan, arguments)?;
    let outcome = engine.apply(&plan).await?;
    printer.outcome(&outcome)
}

/// Shows the plan of one operation.
pub(crate) async fn plan(operation: &str, arguments: &ArgMatches) -> Result<(), Failure> {
    let (client, request, ignored) = prepare(operation, arguments).await?;
    let engine = engine(client, arguments, &Cancel::default());
    let mut plan = observe_and_plan(&engine, &request).await?;
    plan.warnings.extend(ignored.iter().map(|key| format!("`{key}` in the deployment file has no effect")));
    let text = if arguments.get_flag("json") {
        serde_json::to_string(&plan).map_err(|error| Failure::Machine(error.to_string()))?
    } else {
        plan_table::render(&plan)
    };
    write_line(&text);
    Ok(())
}

/// Checks the request before any call is made, then signs in.
async fn prepare(operation: &str, arguments: &ArgMatches) -> Result<(Client, Request, Vec<String>), Failure> {
    let values = request::read(arguments, STAND_IN_USER)?;
    let ignored = values.ignored.clone();
    let mut request = values.into_request(operation)?;
    let client = connection::connect(arguments)?;
    if request::needs_user_name(arguments)? {
        let user = client.current_user().me().await?;
        let user_name = user.user_name.unwrap_or_default();
        request = request::read(arguments, &user_name)?.into_request(operation)?;
    }
    Ok((client, request, ignored))
}

async fn observe_and_plan(engine: &Engine, request: &Request) -> Result<Plan, Failure> {
    let observation = engine.observe(request).await?;
    Ok(make_plan(request, &observation))
}

fn engine(client: Client, arguments: &ArgMatches, cancel: &Cancel) -> Engine {
    let mut timing = Timing { poll: connection::poll_interval(arguments), ..Timing::default() };
    if let Some(seconds) = arguments.get_one::<u64>("timeout") {
        let deadline = Duration::from_secs(*seconds);
        timing = Timing {
            lakebase: deadline,
            compute: deadline,
            deployment: deadline,
            deletion: deadline,
            ..timing
        };
    }
    Engine::new(client)
        .with_schema_port(Arc::new(PostgresSchema))
        .with_timing(timing)
        .with_cancel(cancel.clone())
}

/// The first Ctrl-C ends the wait that is running, with a message that says what was waited for; the second ends the
/// program.
fn cancel_on_signal() -> Cancel {
    let cancel = Cancel::default();
    let signalled = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            signalled.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    cancel
}
