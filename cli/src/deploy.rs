//! create, update, delete, and the plan of each.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use databricks::{Cancel, Client};
use deployer_wasm::Engine;
use deployer_wasm::engine::LockPolicy;
use deployer_wasm::plan::{ApprovedPlan, Plan, plan as make_plan};
use deployer_wasm::schema::postgres::PostgresSchema;
use deployer_wasm::spec::{FieldError, Request};
use deployer_wasm::timing::Timing;

use crate::failure::Failure;
use crate::logs::AppLogs;
use crate::printer::{Printer, write_line};
use crate::{confirmation, connection, origin, plan_table, request};

/// A user name that is right in form, to check a deployment file before anybody is asked who is signed in.
pub(crate) const STAND_IN_USER: &str = "somebody@example.com";

/// The largest approved plan that is read, in bytes.
const PLAN_LIMIT: usize = 1024 * 1024;

/// Applies one operation.
pub(crate) async fn apply(operation: &str, arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let (client, request, ignored) = prepare(operation, arguments).await?;
    for key in ignored {
        printer.warning(&format!("`{key}` in the deployment file has no effect"));
    }
    plan_and_apply(client, &request, arguments, printer).await
}

/// Makes the plan of `request`, shows it, asks, and applies what was approved.
pub(crate) async fn plan_and_apply(
    client: Client,
    request: &Request,
    arguments: &ArgMatches,
    printer: &Printer,
) -> Result<(), Failure> {
    let approved = approved_plan(arguments)?;
    let cancel = cancel_on_signal();
    let events = printer.clone();
    let engine = engine(client, arguments, &cancel).with_events(Arc::new(move |event| events.event(&event)));
    let plan = observe_and_plan(&engine, request).await?;
    printer.plan(&plan);
    let applied = match approved {
        Some(approved) => engine.apply_approved(&approved, &plan).await?,
        None => {
            confirmation::confirm(&plan, arguments)?;
            engine.apply(&plan).await?
        }
    };
    printer.outcome(&applied.outcome)?;
    applied.close().await;
    Ok(())
}

/// The plan that was approved elsewhere, as `tellr plan … --json` printed it.
fn approved_plan(arguments: &ArgMatches) -> Result<Option<ApprovedPlan>, Failure> {
    let path = arguments.try_get_one::<PathBuf>("approved").ok().flatten();
    let Some(path) = path else { return Ok(None) };
    let unusable = |reason: String| {
        let message = format!("`approved`: {} cannot be used: {reason}", path.display());
        Failure::field(FieldError::because("approved", message))
    };
    let text = request::read_file("approved", path, PLAN_LIMIT)?;
    serde_json::from_slice(&text).map(Some).map_err(|error| unusable(error.to_string()))
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

/// The engine as the flags want it.
pub(crate) fn engine(client: Client, arguments: &ArgMatches, cancel: &Cancel) -> Engine {
    let mut timing = Timing { poll: connection::poll_interval(arguments), ..Timing::default() };
    if let Some(seconds) = arguments.try_get_one::<u64>("timeout").ok().flatten() {
        let deadline = Duration::from_secs(*seconds);
        timing = Timing {
            lakebase: deadline,
            compute: deadline,
            deployment: deadline,
            deletion: deadline,
            ..timing
        };
    }
    Engine::new(client.clone())
        .with_logs(Arc::new(AppLogs(client)))
        .with_schema_port(Arc::new(PostgresSchema))
        .with_timing(timing)
        .with_cancel(cancel.clone())
        .with_origin(origin::origin())
        .with_lock_policy(lock_policy(arguments))
        .with_rollback(request::is_set(arguments, "rollback"))
}

fn lock_policy(arguments: &ArgMatches) -> LockPolicy {
    let default = LockPolicy::default();
    let lease = arguments.try_get_one::<u64>("lock-lease-ms").ok().flatten();
    LockPolicy {
        take_over: request::is_set(arguments, "take-over"),
        lease: lease.map_or(default.lease, |&milliseconds| Duration::from_millis(milliseconds)),
        is_gone: Arc::new(origin::is_gone),
    }
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
