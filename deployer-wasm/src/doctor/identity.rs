//! Who is looking, and at which workspace.

use std::time::Duration;

use databricks::Client;
use databricks::current_user::User;
use jiff::SignedDuration;

use super::check::Check;
use super::name_of;

/// A host that needs longer to say hello is as good as gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tokens are renewed 40 s before they expire: a clock that is wrong by more makes calls fail now and then.
const TOLERABLE_SKEW: SignedDuration = SignedDuration::from_secs(30);

/// Sign-in, workspace, clock and user; the user only if the workspace knows them.
pub(super) async fn check(client: &Client) -> (Vec<Check>, Option<User>) {
    let mut checks = vec![sign_in(client)];
    let reached = match client.reach(PATIENCE).await {
        Ok(reached) => reached,
        Err(error) => {
            checks.push(Check::failed("workspace", &error));
            return (checks, None);
        }
    };
    checks.push(Check::ok("workspace", format!("{} answers", client.host())));
    checks.push(clock(reached.skew));
    match client.current_user().me().await {
        Ok(user) if !name_of(&user).is_empty() => {
            checks.push(Check::ok("user", described(&user)));
            (checks, Some(user))
        }
        Ok(_) => {
            let check = Check::missing("user", "the platform gave no user name for the caller");
            checks.push(check.advise("check that the host is a workspace, not an account console"));
            (checks, None)
        }
        Err(error) => {
            checks.push(Check::failed("user", &error));
            (checks, None)
        }
    }
}

fn sign_in(client: &Client) -> Check {
    let config = client.config();
    let profile = config.profile.as_ref().map(|name| format!(", profile {name}")).unwrap_or_default();
    let found = format!("{} with auth_type {}{profile}", config.host, config.credentials.auth_type());
    if config.credentials.can_read_app_logs() {
        Check::ok("sign_in", found)
    } else {
        let words =
            format!("{found}: enough to deploy, but the platform shows an app's log to OAuth tokens only");
        Check::warning("sign_in", words)
            .advise("sign in with `tellr login` to see the app's log here when it does not start")
    }
}

fn clock(skew: Option<SignedDuration>) -> Check {
    let Some(skew) = skew else {
        return Check::warning("clock", "the workspace's time cannot be read from here");
    };
    let seconds = skew.abs().as_secs();
    if skew.abs() <= TOLERABLE_SKEW {
        return Check::ok("clock", format!("within {} s of the workspace's", seconds.max(1)));
    }
    let direction = if skew.is_negative() { "ahead of" } else { "behind" };
    let found = format!(
        "this machine's clock is {seconds} s {direction} the workspace's: tokens may be used too long"
    );
    Check::warning("clock", found).advise("set this machine's clock")
}

fn described(user: &User) -> String {
    let groups: Vec<&str> = user.groups.iter().filter_map(|group| group.display.as_deref()).collect();
    let more = if groups.len() > 5 { format!(" and {} more", groups.len() - 5) } else { String::new() };
    match groups.len() {
        0 => name_of(user).to_owned(),
        _ => format!("{}, in the groups {}{more}", name_of(user), groups[..groups.len().min(5)].join(", ")),
    }
}
