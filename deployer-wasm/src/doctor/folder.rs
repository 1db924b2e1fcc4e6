//! The workspace folder of the app's files.

use databricks::Client;
use databricks::current_user::User;
use databricks::workspace_files::{ObjectInfo, ObjectType};

use super::check::Check;
use super::settings::Settings;
use super::{if_exists, name_of};
use crate::spec::WorkspacePath;

/// Whether the folder can be used, if one was given.
pub(super) async fn check(client: &Client, settings: &Settings, user: &User) -> Option<Check> {
    let path = settings.workspace_path.as_ref()?;
    Some(look(client, path, name_of(user)).await.unwrap_or_else(|error| Check::failed("folder", &error)))
}

async fn look(client: &Client, path: &WorkspacePath, me: &str) -> Result<Check, databricks::Error> {
    let found = match see(client, path.as_str()).await? {
        Some(object) if object.object_type != Some(ObjectType::Directory) => {
            let what =
                object.object_type.map_or_else(|| "something else".to_owned(), |kind| kind.to_string());
            let check = Check::missing("folder", format!("{path} is no folder but a {what}"));
            return Ok(check.advise("name another folder"));
        }
        Some(_) => {
            let count = client.workspace_files().list(path.as_str()).await?.len();
            format!("{path} exists and holds {count} objects; all of it belongs to the app")
        }
        None => format!("{path} will be made"),
    };
    let rest = path.as_str().strip_prefix("/Workspace").unwrap_or(path.as_str());
    let Some(owner) = rest.strip_prefix("/Users/").and_then(|rest| rest.split('/').next()) else {
        let found =
            format!("{found}; outside of your home, so that writing there is only known when it is tried");
        return Ok(
            Check::warning("folder", found).advise("a folder below your own home needs no further right")
        );
    };
    if owner == me {
        return match see(client, &format!("/Workspace/Users/{me}")).await? {
            Some(_) => Ok(Check::ok("folder", format!("{found}; in your own home"))),
            None => Ok(Check::missing(
                "folder",
                format!("{found}, but you have no home folder in this workspace"),
            )
            .advise("open the workspace in a browser once, or name a folder below /Workspace/Shared")),
        };
    }
    let check = match see(client, &format!("/Workspace/Users/{owner}")).await? {
        None => Check::missing(
            "folder",
            format!("{path} is in the home of {owner}, which does not exist or is not shown to you"),
        ),
        Some(_) => Check::warning(
            "folder",
            format!("{found}; it is in the home of {owner}, who may not let you write"),
        ),
    };
    Ok(check.advise(format!("use a folder below /Workspace/Users/{me}/")))
}

/// What is at a path. A folder that one may not see counts as absent: the platform does not tell them apart either.
async fn see(client: &Client, path: &str) -> Result<Option<ObjectInfo>, databricks::Error> {
    match if_exists(client.workspace_files().get_status(path).await) {
        Err(error) if error.is_permission_denied() => Ok(None),
        other => other,
    }
}
