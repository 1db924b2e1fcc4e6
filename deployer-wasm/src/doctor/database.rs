//! Lakebase: what the workspace offers, the database of the given name, and the way to it.

use databricks::{Client, Error};
use futures::future::join3;

use super::check::Check;
use super::settings::Settings;
use super::{Reach, Surroundings};
use crate::lakebase::LakebaseDatabase;
use crate::observation::LakebaseSeen;
use crate::observe::find_lakebase;
use crate::spec::{LakebaseType, SchemaSetup};

/// Where every Lakebase takes connections.
const POSTGRES_PORT: u16 = 5432;

/// Both kinds of Lakebase, then the database that was named.
pub(super) async fn check(
    client: &Client,
    settings: &Settings,
    surroundings: &dyn Surroundings,
) -> Vec<Check> {
    let (projects, instances, named) = join3(
        async { client.postgres().projects().await.map(|list| list.len()) },
        async { client.database().instances().await.map(|list| list.len()) },
        async {
            match &settings.lakebase_name {
                Some(name) => Some(find_lakebase(client, name, settings.lakebase_type).await),
                None => None,
            }
        },
    )
    .await;
    let has_other = |other: &Result<usize, Error>| other.is_ok() && settings.lakebase_type.is_none();
    let mut checks = vec![
        kind(
            "lakebase_autoscaling",
            "projects",
            &projects,
            settings.lakebase_type == Some(LakebaseType::Provisioned) || has_other(&instances),
        ),
        kind(
            "lakebase_provisioned",
            "instances",
            &instances,
            settings.lakebase_type == Some(LakebaseType::Autoscaling) || has_other(&projects),
        ),
    ];
    match named {
        None => {}
        Some(Err(error)) => checks.push(Check::missing("lakebase_name", error.to_string())),
        Some(Ok(LakebaseSeen::Found(database))) => {
            checks.push(existing(&database));
            if let Some(host) = database.host.as_deref().filter(|_| database.is_ready()) {
                let reach = surroundings.reach(host, POSTGRES_PORT).await;
                checks.push(way_to(host, reach, settings.schema_setup));
            }
        }
        Some(Ok(_)) => {
            checks.push(Check::ok("lakebase_name", "no database has that name: a create makes one"));
            let found = "there is no database yet to connect to; its port is 5432, from this machine";
            checks.push(Check::ok("postgres", found));
        }
    }
    checks
}

/// Whether a kind is offered. `spare`: the deployment can do without it.
fn kind(check: &'static str, what: &str, listed: &Result<usize, Error>, spare: bool) -> Check {
    match listed {
        Ok(count) => Check::ok(
            check,
            format!(
                "offered, you see {count} {what}; whether another may be made (right, quota) is only known when it is tried"
            ),
        ),
        Err(error) if error.is_api_missing() && spare => {
            Check::ok(check, "this workspace does not offer it, and it is not needed")
        }
        Err(error) if error.is_api_missing() => {
            let advice = "use the other kind (`lakebase_type`), or another workspace";
            Check::missing(check, "this workspace does not offer it").advise(advice)
        }
        Err(error) if spare => Check::warning(check, format!("{error}; it is not needed")),
        Err(error) => Check::failed(check, error),
    }
}

fn existing(database: &LakebaseDatabase) -> Check {
    let kind = database.lakebase_type();
    let found = format!("{} exists ({}, {})", database.name, kind.as_str(), database.state);
    if database.is_ready() {
        Check::ok("lakebase_name", format!("{found}: it will be used"))
    } else if matches!(database.state.as_str(), "STOPPED" | "DELETING") {
        Check::missing("lakebase_name", found)
            .advise("start it in the workspace's Compute page, or name another database")
    } else {
        Check::warning("lakebase_name", format!("{found}: a deployment waits until it is ready"))
    }
}

fn way_to(host: &str, reach: Reach, setup: Option<SchemaSetup>) -> Check {
    let advice = "use `--schema-setup app`, so that the app prepares the schema itself, or run this from a network that \
                  reaches the database";
    match (reach, setup) {
        (Reach::Open, _) => {
            Check::ok("postgres", format!("{host}:{POSTGRES_PORT} takes connections from this machine"))
        }
        (_, Some(SchemaSetup::App)) => {
            Check::ok("postgres", "not needed from here: the app prepares the schema itself")
        }
        (Reach::Closed(reason), _) => Check::missing(
            "postgres",
            format!("{host}:{POSTGRES_PORT} cannot be reached from here: {reason}"),
        )
        .advise(advice),
        (Reach::Unknown, _) => Check::warning(
            "postgres",
            format!("whether {host}:{POSTGRES_PORT} can be reached cannot be tried from here"),
        )
        .advise(advice),
    }
}
