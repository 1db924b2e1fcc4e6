//! `tellr login` and `tellr logout`: signing a person in with a browser, for all Databricks tools of this machine.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use databricks::sign_in::{PORTS, SignIn};
use databricks::{
    Client, Config, ConfigOverrides, Credentials, Host, HttpTransport, ProcessEnvironment, UserSignIn,
};
use serde_json::json;

use crate::connection;
use crate::failure::Failure;
use crate::printer::Printer;

/// How long a sign-in is waited for, unless a flag says otherwise.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long another program may hold the token cache.
const CACHE_PATIENCE: Duration = Duration::from_secs(60);

/// `tellr login`
pub(crate) fn command() -> Command {
    let about = "Sign in with a browser; the token is kept where the Databricks CLI keeps its own";
    common(Command::new("login").about(about))
        .arg(
            Arg::new("no-browser")
                .long("no-browser")
                .action(ArgAction::SetTrue)
                .help("Only print the page's address; it must be opened on this machine"),
        )
        .arg(
            Arg::new("timeout")
                .long("timeout")
                .value_name("S")
                .default_value("300")
                .value_parser(value_parser!(u64).range(1..=3600))
                .help("How long the sign-in is waited for, in seconds"),
        )
}

/// `tellr logout`
pub(crate) fn logout_command() -> Command {
    common(Command::new("logout").about("Forget the sign-in of a person on this machine"))
}

fn common(command: Command) -> Command {
    command
        .arg(
            Arg::new("host")
                .long("host")
                .value_name("URL")
                .help("Address of the workspace; else DATABRICKS_HOST, else the profile's"),
        )
        .arg(
            Arg::new("profile")
                .long("profile")
                .value_name("NAME")
                .help("Profile of ~/.databrickscfg; login writes it (host and auth_type only)"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print one JSON object on standard output at the end"),
        )
}

/// Which workspace, and where its token is kept.
struct Target {
    host: Host,
    profile: Option<String>,
    user: UserSignIn,
}

impl Target {
    fn of(arguments: &ArgMatches) -> Result<Self, Failure> {
        let profile: Option<String> = arguments.get_one("profile").cloned();
        let host = arguments.get_one("host").cloned();
        let overrides = ConfigOverrides { profile: profile.clone(), host, ..ConfigOverrides::default() };
        let host = Config::resolve_host(&overrides, &ProcessEnvironment)
            .map_err(|error| connection::sign_in(&error))?;
        let user = UserSignIn::new(&host, profile.as_deref(), &ProcessEnvironment);
        let user =
            user.ok_or_else(|| Failure::Machine("HOME is not set: there is no place for tokens".into()))?;
        Ok(Self { host, profile, user })
    }

    /// Lets the person sign in with a browser, keeps the token, and gives a client that uses it.
    async fn sign_in(&self, arguments: &ArgMatches, patience: Duration) -> Result<Client, Failure> {
        let Self { host, profile, user } = self;
        let credentials = Credentials::OAuthU2m(user.clone());
        let config = Config { profile: profile.clone(), ..Config::new(host.clone(), credentials) };
        let transport = HttpTransport::new().map_err(|error| Failure::Machine(error.to_string()))?;
        let client = Client::new(config, Arc::new(transport), connection::options(arguments));
        let sign_in = SignIn::begin(&client, PORTS).await?;
        show(sign_in.url(), !arguments.get_flag("no-browser"));
        let token = sign_in.finish(patience).await?;
        user.cache.store(&user.keys, &token, CACHE_PATIENCE).await.map_err(databricks::Error::from)?;
        Ok(client)
    }
}

/// For a command that works as a person: signs in with a browser first. `arguments` have the flags of a connection and
/// `no-browser`.
pub(crate) async fn before_work(arguments: &ArgMatches) -> Result<Client, Failure> {
    Target::of(arguments)?.sign_in(arguments, PATIENCE).await
}

/// Signs in, keeps the token, and says who it is.
pub(crate) async fn run(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let target = Target::of(arguments)?;
    if let Some(name) = &target.profile {
        let possible = Config::check_profile(name, &target.host, &ProcessEnvironment);
        possible.map_err(|error| Failure::Machine(error.to_string()))?;
    }
    let patience = arguments.get_one::<u64>("timeout").copied().map_or(PATIENCE, Duration::from_secs);
    let client = target.sign_in(arguments, patience).await?;
    let Target { host, profile, user } = target;

    // before the profile is written: a token that does not work shall not become a profile
    let me = client.current_user().me().await?;
    let mut result = json!({
        "host": host.as_str(),
        "user": me.user_name,
        "token_cache": user.cache.path().display().to_string(),
    });
    if let Some(name) = &profile {
        let file = Config::write_profile(name, &host, &ProcessEnvironment)
            .map_err(|error| Failure::Machine(error.to_string()))?;
        result["profile"] = name.as_str().into();
        result["profile_file"] = file.display().to_string().into();
    }
    printer.result(&result);
    Ok(())
}

/// Forgets the token. The profile stays: it holds no secret.
pub(crate) async fn logout(arguments: &ArgMatches, printer: &Printer) -> Result<(), Failure> {
    let Target { host, user, .. } = Target::of(arguments)?;
    let removed = user.cache.remove(&user.keys, CACHE_PATIENCE).await.map_err(databricks::Error::from)?;
    printer.result(&json!({ "host": host.as_str(), "signed_out": removed }));
    Ok(())
}

/// Opens the page, and prints its address all the same: the browser may be another machine's, or none.
fn show(url: &str, opens: bool) {
    let opened = opens && open::that_detached(url).is_ok();
    let words = if opened {
        "A browser opens this page; sign in there"
    } else {
        "Open this page on this machine and sign in there"
    };
    // a reader that has gone away is no failure of ours
    _ = writeln!(std::io::stderr().lock(), "{words}:\n\n  {url}\n");
}
