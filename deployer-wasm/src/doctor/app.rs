//! Apps: the right to make one, user authorization, and the app's name.

use databricks::Client;
use databricks::apps::{App, ComputeState};
use databricks::current_user::User;

use super::check::Check;
use super::settings::Settings;
use super::{AppSeen, if_exists, name_of};

/// How many apps a workspace may have, as Databricks documents it.
const MOST_APPS: usize = 100;

/// Whether an app can be made, as far as reading tells.
pub(super) fn permission(apps: &Result<Vec<App>, databricks::Error>, user: &User) -> Check {
    let apps = match apps {
        Ok(apps) => apps,
        Err(error) => return Check::failed("apps", error),
    };
    if apps.len() >= MOST_APPS {
        let found = format!("you see {} apps, and a workspace has {MOST_APPS} at most", apps.len());
        return Check::missing("apps", found)
            .advise("delete an app that is not needed, or use another workspace");
    }
    let is_admin = user.groups.iter().any(|group| group.display.as_deref() == Some("admins"));
    let right = if is_admin {
        "you are an administrator of the workspace"
    } else {
        "whether you may make one is only known when it is tried"
    };
    Check::ok(
        "apps",
        format!("the workspace has Apps, you see {} of at most {MOST_APPS}; {right}", apps.len()),
    )
}

/// Whether apps may act as the user who calls them. No call tells; an app that has scopes proves it.
pub(super) fn user_authorization(apps: &[App]) -> Check {
    match apps.iter().find(|app| !app.user_api_scopes.is_empty()) {
        Some(app) => {
            Check::ok("user_authorization", format!("it is on: the app {} has user scopes", app.name))
        }
        None => Check::warning(
            "user_authorization",
            "whether it is on cannot be read, and no app here has user scopes; a create finds out, before it deploys",
        )
        .advise("if in doubt, ask a workspace administrator to turn on user authorization for Databricks Apps"),
    }
}

/// Looks for the app of the given name.
pub(super) async fn look(client: &Client, settings: &Settings) -> Option<AppSeen> {
    let name = settings.app_name.as_ref()?;
    Some(if_exists(client.apps().get(name.as_str()).await))
}

/// Whether the name can be used.
pub(super) fn name(found: AppSeen, settings: &Settings, user: &User) -> Check {
    let app = match found {
        Err(error) => return Check::failed("app_name", &error),
        Ok(None) => return Check::ok("app_name", "no app has that name"),
        Ok(Some(app)) => app,
    };
    let creator = app.creator.as_deref().unwrap_or("somebody");
    let is_mine = creator == name_of(user);
    if is_deleting(&app) {
        return Check::missing("app_name", format!("the app {} is still being deleted", app.name))
            .advise("wait until it is gone, or choose a different name");
    }
    let path = settings.workspace_path.as_ref().map(|path| path.as_str());
    let never_ran = app.active_deployment.is_none() && app.pending_deployment.is_none();
    if is_mine && never_ran && path.is_some() && app.default_source_code_path.as_deref() == path {
        return Check::ok(
            "app_name",
            "registered by you for that folder and never deployed: a create goes on with it",
        );
    }
    if is_mine {
        Check::warning(
            "app_name",
            format!("the app {} exists, and is yours: a create would be refused", app.name),
        )
        .advise("use `tellr update` to bring it a new version, or choose a different name")
    } else {
        Check::missing("app_name", format!("the app {} exists, made by {creator}", app.name)).advise(
            "choose a different name; to update that app, have yourself given CAN_MANAGE and use `tellr update`",
        )
    }
}

/// Whether the platform is taking the app away.
fn is_deleting(app: &App) -> bool {
    app.compute_status.as_ref().and_then(|status| status.state.as_ref()) == Some(&ComputeState::Deleting)
}
