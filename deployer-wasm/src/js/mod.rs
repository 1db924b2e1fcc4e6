//! The engine for JavaScript: check settings, look, plan, apply, look at what is deployed, cancel.
//!
//! Objects go in and come out as plain data (see the types in `types.ts`); every failure is thrown as a `DeployFailure`.
//! Calls go over the page's own `fetch` or over a function of the host; to the workspace itself, or to a relay that signs
//! them.

mod failure;
mod observation;
mod settings;
mod transport;

use std::cell::RefCell;
use std::sync::Arc;

use databricks::{
    Cancel, Client, ClientOptions, Config, Credentials, FetchTransport, Host, Product, Secret, Transport,
};
use js_sys::Function;
use serde::Serialize;
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use crate::engine::{Engine, LockPolicy, Origin};
use crate::plan::Plan;
use crate::schema::RelayedSchema;
use crate::spec::{AppName, FIELDS};
use failure::Failure;
pub use observation::Observation;
use transport::HostTransport;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.ts");

/// A workspace, as one identity sees it.
#[wasm_bindgen]
pub struct Deployer {
    client: Client,
    schema: Option<Arc<RelayedSchema>>,
    origin: String,
    cancel: RefCell<Cancel>,
}

/// A plan that can be shown and applied.
#[wasm_bindgen]
pub struct DeployPlan(Plan);

/// Every field of a deployment: key, description, rule, default, choices.
#[wasm_bindgen(unchecked_return_type = "Field[]")]
pub fn fields() -> Result<JsValue, JsValue> {
    to_js(&FIELDS)
}

/// Checks settings for an operation, without any call; throws with every rule that is broken.
#[wasm_bindgen]
pub fn validate(
    #[wasm_bindgen(unchecked_param_type = "Operation")] operation: &str,
    #[wasm_bindgen(unchecked_param_type = "Settings")] settings: &JsValue,
) -> Result<(), JsValue> {
    settings::request(operation, settings).map(drop).map_err(thrown)
}

#[wasm_bindgen]
impl Deployer {
    /// Works with the workspace at `host`. Without a `token`, whoever carries the calls signs them. `send` carries them in
    /// place of `fetch`. `origin` is what the journal calls this page. The app prepares its schema itself (`schema_setup`
    /// must be `app`), since nobody here reaches Postgres.
    pub fn direct(
        host: &str,
        token: Option<String>,
        #[wasm_bindgen(unchecked_param_type = "Send | null | undefined")] send: Option<Function>,
        origin: Option<String>,
    ) -> Result<Deployer, JsValue> {
        let credentials =
            token.map_or(Credentials::Relay, |token| Credentials::PersonalAccessToken(Secret::new(token)));
        Self::over(transport(send), host, credentials, origin)
    }

    /// Works through the relay at `base`, such as `tellr ui`: it signs the calls to its workspace and does the schema step.
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "the engine's types for both targets; a browser has one thread"
    )]
    pub fn relayed(
        base: &str,
        #[wasm_bindgen(unchecked_param_type = "Send | null | undefined")] send: Option<Function>,
        origin: Option<String>,
    ) -> Result<Deployer, JsValue> {
        let transport = transport(send);
        let deployer = Self::over(Arc::clone(&transport), base, Credentials::Relay, origin)?;
        let schema = RelayedSchema::new(deployer.client.host().as_str(), transport);
        Ok(Self { schema: Some(Arc::new(schema)), ..deployer })
    }

    /// Looks at all that a plan for the operation is made from; changes nothing.
    pub async fn observe(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Operation")] operation: String,
        #[wasm_bindgen(unchecked_param_type = "Settings")] settings: JsValue,
    ) -> Result<Observation, JsValue> {
        let request = settings::request(&operation, &settings).map_err(thrown)?;
        let seen = self.engine(None, false).observe(&request).await;
        let seen = seen.map_err(|error| thrown(Failure::of(&error)))?;
        Ok(Observation::new(request, seen))
    }

    /// Looks at the workspace and plans; changes nothing. What stands in the way is part of the plan.
    pub async fn plan(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Operation")] operation: String,
        #[wasm_bindgen(unchecked_param_type = "Settings")] settings: JsValue,
    ) -> Result<DeployPlan, JsValue> {
        Ok(self.observe(operation, settings).await?.plan())
    }

    /// Carries out exactly that plan and gives what came of it. `onEvent` hears what happens meanwhile.
    #[wasm_bindgen(unchecked_return_type = "Outcome")]
    pub async fn apply(
        &self,
        plan: &DeployPlan,
        #[wasm_bindgen(js_name = onEvent, unchecked_param_type = "((event: DeployEvent) => void) | null | undefined")]
        on_event: Option<Function>,
        #[wasm_bindgen(js_name = takeOver)] take_over: Option<bool>,
    ) -> Result<JsValue, JsValue> {
        let engine = self.engine(on_event, take_over.unwrap_or(false));
        let applied = engine.apply(&plan.0).await.map_err(|error| thrown(Failure::of(&error)))?;
        to_js(&applied.close().await)
    }

    /// Looks at an app: its states, its last run, its former versions, where it differs from what was asked for.
    #[wasm_bindgen(unchecked_return_type = "Status")]
    pub async fn status(
        &self,
        #[wasm_bindgen(js_name = appName)] app_name: String,
    ) -> Result<JsValue, JsValue> {
        let name = AppName::parse(&app_name).map_err(|error| thrown(Failure::invalid(&[error])))?;
        let state =
            self.engine(None, false).state(&name).await.map_err(|error| thrown(Failure::of(&error)))?;
        let journal = state.journal.as_ref();
        let versions =
            journal.map(|journal| journal.versions.iter().map(|v| v.deployment_id.clone()).collect());
        let versions: Vec<String> = versions.unwrap_or_default();
        to_js(&json!({
            "app_name": state.app.name,
            "url": state.app.url,
            "app_state": state.app.app_status.and_then(|status| status.state).map(|state| state.to_string()),
            "deployment_id": state.app.active_deployment.and_then(|deployment| deployment.deployment_id),
            "last_run": journal.and_then(|journal| journal.head.as_ref()),
            "former_versions": versions,
            "drift": state.drift,
        }))
    }

    /// Ends what is going on at the next safe point. What was done stays.
    pub fn cancel(&self) {
        self.cancel.replace(Cancel::default()).cancel();
    }
}

impl Deployer {
    fn over(
        transport: Arc<dyn Transport>,
        host: &str,
        credentials: Credentials,
        origin: Option<String>,
    ) -> Result<Self, JsValue> {
        let host = Host::parse(host).map_err(|error| thrown(Failure::of_host(&error)))?;
        let product = Product { name: "deployer-wasm".into(), version: env!("CARGO_PKG_VERSION").into() };
        let options = ClientOptions { product, ..ClientOptions::default() };
        let client = Client::new(Config::new(host, credentials), transport, options);
        let origin = origin.unwrap_or_else(|| "a page".into());
        Ok(Self { client, schema: None, origin, cancel: RefCell::default() })
    }

    fn engine(&self, on_event: Option<Function>, take_over: bool) -> Engine {
        let program = concat!("deployer-wasm ", env!("CARGO_PKG_VERSION")).into();
        let tell = move |event: crate::event::Event| {
            if let (Some(hear), Ok(event)) = (&on_event, to_js(&event)) {
                // what a listener throws is its own affair
                _ = hear.call1(&JsValue::NULL, &event);
            }
        };
        let engine = Engine::new(self.client.clone());
        let engine = match self.schema.clone() {
            Some(schema) => engine.with_schema_port(schema),
            None => engine,
        };
        engine
            .with_events(Arc::new(tell))
            .with_cancel(self.cancel.borrow().clone())
            .with_origin(Origin { name: self.origin.clone(), process: None, program })
            .with_lock_policy(LockPolicy { take_over, ..LockPolicy::default() })
    }
}

#[wasm_bindgen]
impl DeployPlan {
    /// Rows, warnings and refusals, to be shown.
    #[wasm_bindgen(js_name = toJSON, unchecked_return_type = "PlanView")]
    pub fn to_json(&self) -> Result<JsValue, JsValue> {
        to_js(&self.0)
    }

    /// Whether applying it destroys data.
    #[wasm_bindgen(getter, js_name = destroysData)]
    pub fn destroys_data(&self) -> bool {
        self.0.destroys_data()
    }
}

fn transport(send: Option<Function>) -> Arc<dyn Transport> {
    match send {
        Some(send) => Arc::new(HostTransport::new(send)),
        None => Arc::new(FetchTransport::new()),
    }
}

/// Plain data for JavaScript.
fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(value).map_err(|error| JsError::new(&error.to_string()))?;
    js_sys::JSON::parse(&text)
}

fn thrown(failure: Failure) -> JsValue {
    failure.into_js()
}
