//! Who works with which workspace, and how the calls get there.

use std::sync::Arc;
use std::time::Duration;

use databricks::{
    Cancel, Client, ClientOptions, Config, Credentials, FetchTransport, Host, Product, Secret, Transport,
    TransportErrorKind,
};
use deployer_wasm::Engine;
use deployer_wasm::engine::{LockPolicy, Origin};
use deployer_wasm::event::EventSink;

use crate::context::{self, Context};
use crate::problem::{Kind, Problem};

/// How long the sign-in may take with all its attempts.
const PATIENCE: Duration = Duration::from_secs(30);

/// A workspace as one person sees it from this page. A token lives in the client and nowhere else.
pub(crate) struct Session {
    /// Makes the calls.
    pub(crate) client: Client,
    /// Sign-in name of the person.
    pub(crate) user_name: String,
    /// What `tellr ui` says, if it serves this page and relays the calls.
    pub(crate) context: Option<Context>,
}

/// How a run treats others and failures.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Take over at once from a run that has not ended.
    pub(crate) take_over: bool,
    /// Put the former version back if an update fails.
    pub(crate) put_back: bool,
}

impl Session {
    /// Signs in with a token, by a call that every workspace answers.
    pub(crate) async fn with_token(host: &str, token: Secret) -> Result<Self, Problem> {
        let host =
            Host::parse(host).map_err(|error| Problem::plain("That is no workspace", error.to_string()))?;
        Self::let_in(Config::new(host, Credentials::PersonalAccessToken(token))).await
    }

    async fn let_in(config: Config) -> Result<Self, Problem> {
        let host = config.host.clone();
        let probe = client(config.clone(), direct(), PATIENCE);
        match probe.current_user().me().await {
            Ok(user) => Ok(Self {
                client: client(config, direct(), ClientOptions::default().retry_budget),
                user_name: user.user_name.unwrap_or_default(),
                context: None,
            }),
            Err(error) if is_silence(&error) => Err(why_silent(&host).await),
            Err(error) => Err(Problem::of_call("The workspace did not let you in", &error)),
        }
    }

    /// Works through the server behind this page, which signs the calls.
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "the client's types for both targets; a browser has one thread"
    )]
    pub(crate) fn relayed(context: Context) -> Result<Self, Problem> {
        let host = Host::parse(context.host())
            .map_err(|error| Problem::plain("`tellr ui` names no workspace", error.to_string()))?;
        let transport = Arc::new(context.server().clone());
        let config = Config::new(host, Credentials::Relay);
        let client = client(config, transport, ClientOptions::default().retry_budget);
        let user_name = context.user_name().to_owned();
        Ok(Self { client, user_name, context: Some(context) })
    }

    /// Works with what the browser itself shows to the workspace, if that lets it.
    pub(crate) async fn with_nothing(host: &str) -> Result<Self, Problem> {
        let host =
            Host::parse(host).map_err(|error| Problem::plain("That is no workspace", error.to_string()))?;
        Self::let_in(Config::new(host, Credentials::Relay)).await
    }

    /// The workspace, for people.
    pub(crate) fn host_name(&self) -> String {
        let host = self.context.as_ref().map_or(self.client.host().as_str(), Context::host);
        host.trim_start_matches("https://").to_owned()
    }

    /// Whether Postgres can be reached from here.
    pub(crate) fn reaches_postgres(&self) -> bool {
        self.context.as_ref().is_some_and(Context::reaches_postgres)
    }

    /// The engine for one piece of work.
    pub(crate) fn engine(&self, events: EventSink, cancel: &Cancel, manner: Manner) -> Engine {
        let lock = LockPolicy { take_over: manner.take_over, ..LockPolicy::default() };
        let engine = Engine::new(self.client.clone())
            .with_events(events)
            .with_cancel(cancel.clone())
            .with_origin(self.origin())
            .with_lock_policy(lock)
            .with_rollback(manner.put_back);
        match &self.context {
            Some(context) => context.equip(engine),
            None => engine,
        }
    }

    /// An engine that only looks.
    pub(crate) fn observer(&self) -> Engine {
        self.engine(quiet(), &Cancel::default(), Manner::default())
    }

    fn origin(&self) -> Origin {
        let name = match self.context.as_ref().and_then(Context::machine) {
            Some(machine) => format!("a page on {machine}"),
            None => format!("the page {}", context::origin()),
        };
        Origin { name, process: None, program: concat!("tellr page ", env!("CARGO_PKG_VERSION")).into() }
    }
}

/// Hears nothing.
fn quiet() -> EventSink {
    Arc::new(|_| {})
}

/// Calls that the browser itself makes.
fn direct() -> Arc<dyn Transport> {
    Arc::new(FetchTransport::new())
}

fn client(config: Config, transport: Arc<dyn Transport>, retry_budget: Duration) -> Client {
    let product = Product { name: "tellr-page".into(), version: env!("CARGO_PKG_VERSION").into() };
    let options = ClientOptions { product, retry_budget, ..ClientOptions::default() };
    Client::new(config, transport, options)
}

/// Whether the browser showed no answer at all.
fn is_silence(error: &databricks::Error) -> bool {
    match error {
        databricks::Error::Transport(error) => error.kind == TransportErrorKind::Opaque,
        databricks::Error::Timeout(error) => error.last_error.as_deref().is_some_and(is_silence),
        _ => false,
    }
}

/// A request whose answer the page may not read still tells whether somebody answers.
async fn why_silent(host: &Host) -> Problem {
    if context::answers(host.as_str()).await {
        let mut problem = Problem::plain(
            "The workspace does not let this page call it",
            format!(
                "{host} answers, but not to pages from {}: browsers then hide every answer from the page (cross-origin \
                 refusal, CORS). That is how Databricks workspaces usually are, and nothing is wrong with your token.",
                context::origin()
            ),
        );
        problem.kind = Kind::CrossOrigin { host: host.to_string() };
        return problem;
    }
    let cause = format!("{host} does not answer this browser.");
    Problem::plain("The workspace was not reached", cause)
        .advise("check the address and your network; some workspaces answer only inside a company's network")
}
