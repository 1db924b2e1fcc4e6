//! Looking whether a deployment could succeed, before anything is touched: reads only, and each look is a line with what
//! was found and what to do about it.
//!
//! What the platform tells only to who tries (quotas, some rights) is said to be unknown, never guessed.

mod app;
mod check;
mod database;
mod folder;
mod identity;
mod index;
mod settings;
mod source;
mod versions;

use async_trait::async_trait;
use databricks::Client;
use databricks::apps::App;
use databricks::current_user::User;
use futures::future::{join, join4};

use crate::schema::MaybeSendSync;
use crate::spec::RawSpec;
pub use check::{Check, Diagnosis, Verdict};
pub use index::Published;
use settings::Settings;

/// The package that an app's build installs.
const APP_PACKAGE: &str = "databricks-tellr-app";
/// The package that brings this program.
const PROGRAM_PACKAGE: &str = "databricks-tellr";

/// What can be found out only outside of the workspace, by whoever runs the engine.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Surroundings: MaybeSendSync {
    /// What the package index has of a package; the error says in words why it cannot be known.
    async fn published(&self, package: &str) -> Result<Published, String>;

    /// Whether a TCP connection to that port can be opened.
    async fn reach(&self, host: &str, port: u16) -> Reach;
}

/// Whether a connection could be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It could.
    Open,
    /// It could not; why, in words.
    Closed(String),
    /// It cannot be tried from here.
    Unknown,
}

/// Who looks at the workspace.
#[derive(Clone, Copy, Debug)]
pub enum Access<'a> {
    /// Somebody with credentials, which may turn out to be good for nothing.
    Client(&'a Client),
    /// Nobody: there are no credentials.
    Nobody {
        /// Why.
        message: &'a str,
        /// What to do.
        hint: Option<&'a str>,
    },
}

/// Makes every look that the given settings allow. All settings of a create are optional here: what depends on one that
/// is missing is not looked at. Changes nothing.
pub async fn diagnose(
    access: Access<'_>,
    raw: &RawSpec,
    surroundings: &dyn Surroundings,
    program_version: &str,
) -> Diagnosis {
    let (settings, mut rules) = Settings::of(raw);
    let ((mut checks, workspace), (source, versions)) = join(
        look_at_workspace(access, &settings, surroundings),
        join(
            source::check(raw, &settings, surroundings, program_version),
            versions::check(surroundings, program_version),
        ),
    )
    .await;
    checks.append(&mut rules);
    checks.extend(workspace);
    checks.push(source);
    checks.push(versions);
    Diagnosis { checks }
}

/// First who is looking, then what they see; nothing of the second without the first.
async fn look_at_workspace(
    access: Access<'_>,
    settings: &Settings,
    surroundings: &dyn Surroundings,
) -> (Vec<Check>, Vec<Check>) {
    let client = match access {
        Access::Client(client) => client,
        Access::Nobody { message, hint } => {
            let check = Check::missing("sign_in", message.to_owned());
            return (vec![check.advise(hint.unwrap_or("run `tellr login`"))], Vec::new());
        }
    };
    let (mut checks, user) = identity::check(client).await;
    let Some(user) = user else { return (checks, Vec::new()) };
    let (apps, name, folder, database) = join4(
        client.apps().list(),
        app::look(client, settings),
        folder::check(client, settings, &user),
        database::check(client, settings, surroundings),
    )
    .await;
    checks.push(app::permission(&apps, &user));
    checks.push(app::user_authorization(apps.as_deref().unwrap_or_default()));
    let mut workspace = Vec::new();
    workspace.extend(name.map(|found| app::name(found, settings, &user)));
    workspace.extend(folder);
    workspace.extend(database);
    (checks, workspace)
}

/// The user's sign-in name, as it stands at what they made.
fn name_of(user: &User) -> &str {
    user.user_name.as_deref().unwrap_or_default()
}

/// Absence is an answer; every other error is one.
fn if_exists<T>(result: Result<T, databricks::Error>) -> Result<Option<T>, databricks::Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// An app that was asked for, or the error in its place.
type AppSeen = Result<Option<App>, databricks::Error>;
