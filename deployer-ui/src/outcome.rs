//! The end of a run that succeeded: the app's address, what was made, and the same deployment in other words.

use std::rc::Rc;

use deployer_wasm::Outcome;
use deployer_wasm::journal::Operation;
use deployer_wasm::ways_out::{self, Written};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::draft::Draft;
use crate::order::Order;
use crate::page::{Page, Screen};

/// The result.
#[component]
pub(crate) fn OutcomeView(order: Rc<Order>, outcome: Outcome) -> impl IntoView {
    let page = Page::here();
    let facts = facts(&outcome, order.draft.app_prepares_schema());
    let address = match &outcome {
        Outcome::Created { url, .. } | Outcome::Updated { url, .. } | Outcome::RolledBack { url, .. } => {
            Some(url.clone())
        }
        Outcome::Deleted { .. } => None,
    };
    let log = address.as_ref().map(|url| format!("{}/logz", url.trim_end_matches('/')));
    let rows = facts.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    let rows = rows.collect_view();
    let has_ways = matches!(order.draft.operation, Operation::Create | Operation::Update);
    view! {
        <section class="panel success">
            <div class="actions lead-actions">
                {address
                    .map(|url| {
                        view! {
                            <a class="button primary" id="open-app" href=url target="_blank" rel="noreferrer">
                                "Open Tellr"
                            </a>
                        }
                    })}
                {log
                    .map(|url| view! { <a class="button" href=url target="_blank" rel="noreferrer">"Its log"</a> })}
                <button type="button" class="button" on:click=move |_| page.show(Screen::Overview)>
                    "Back to the deployments"
                </button>
            </div>
            <dl class="facts">{rows}</dl>
        </section>
        {has_ways.then(|| view! { <WaysOut order/> })}
    }
}

fn facts(outcome: &Outcome, app_prepares_schema: bool) -> Vec<(&'static str, String)> {
    let by_app = "; the app prepares it at its start";
    match outcome {
        Outcome::Created { url, app_name, lakebase_name, lakebase_type, schema_name, .. } => {
            let schema = format!("{schema_name}{}", if app_prepares_schema { by_app } else { "" });
            vec![
                ("App", app_name.clone()),
                ("Address", url.clone()),
                ("Lakebase", format!("{lakebase_name} ({})", lakebase_type.as_str())),
                ("Schema", schema),
            ]
        }
        Outcome::Updated { url, app_name, deployment_id, database_reset, .. } => {
            let data = if *database_reset { "reset" } else { "kept" };
            vec![
                ("App", app_name.clone()),
                ("Address", url.clone()),
                ("Deployment", deployment_id.clone()),
                ("Data", data.into()),
            ]
        }
        Outcome::RolledBack { url, app_name, deployment_id, restored, .. } => vec![
            ("App", app_name.clone()),
            ("Address", url.clone()),
            ("Runs again", format!("the version of deployment {restored}, as deployment {deployment_id}")),
        ],
        Outcome::Deleted { app_name, database_reset, .. } => {
            let stays = if *database_reset {
                "the database without the schema, the files in the workspace and the history"
            } else {
                "the database with all its data, the files in the workspace and the history"
            };
            vec![("Deleted", app_name.clone()), ("Stays", stays.into())]
        }
    }
}

/// The same deployment as a command, as a notebook cell and as an asset bundle.
#[component]
fn WaysOut(order: Rc<Order>) -> impl IntoView {
    let texts = StoredValue::new(texts(&order.draft));
    let shown = RwSignal::new(0_usize);
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let text = texts.with_value(|texts| texts.get(shown.get_untracked()).map(|way| way.text.clone()));
        let Some(text) = text else { return };
        spawn_local(async move {
            let done = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
            copied.try_set(done.is_ok());
        });
    };
    let tab = move |(index, way): (usize, &Way)| {
        let choose = move |_| {
            shown.set(index);
            copied.set(false);
        };
        view! {
            <button
                type="button"
                class="button small"
                aria-pressed=move || (shown.get() == index).to_string()
                on:click=choose
            >
                {way.name}
            </button>
        }
    };
    let tabs = texts.with_value(|texts| texts.iter().enumerate().map(tab).collect_view());
    let text = move || texts.with_value(|texts| texts.get(shown.get()).map(|way| way.text.clone()));
    let notes = move || {
        let notes =
            texts.with_value(|texts| texts.get(shown.get()).map(|way| way.notes.clone())).unwrap_or_default();
        notes.into_iter().map(|note| view! { <p class="note">{note}</p> }).collect_view()
    };
    view! {
        <section class="panel">
            <h2 id="ways-heading">"The same deployment, elsewhere"</h2>
            <div class="text-tabs" role="group" aria-labelledby="ways-heading">{tabs}</div>
            <pre class="log" id="way-out" tabindex="0" role="region" aria-labelledby="ways-heading">{text}</pre>
            {notes}
            <div class="actions">
                <button type="button" class="button small" on:click=copy>
                    {move || if copied.get() { "Copied" } else { "Copy" }}
                </button>
            </div>
        </section>
    }
}

/// A text that describes the deployment.
struct Way {
    name: &'static str,
    text: String,
    notes: Vec<String>,
}

impl Way {
    fn of(name: &'static str, written: Written) -> Self {
        Self { name, text: written.text, notes: written.notes }
    }
}

fn texts(draft: &Draft) -> Vec<Way> {
    let operation = match draft.operation {
        Operation::Create => ways_out::Operation::Create,
        Operation::Update => ways_out::Operation::Update,
        Operation::Delete | Operation::Rollback => return Vec::new(),
    };
    // both were checked before the run began
    let (Ok(named), Ok(whole)) = (draft.named(), draft.raw(true)) else { return Vec::new() };
    let mut ways = vec![
        Way::of("Command", ways_out::command::write(operation, &named)),
        Way::of("Notebook cell", ways_out::notebook::write(operation, &named)),
    ];
    if let Ok(bundle) = ways_out::bundle::write(&whole) {
        ways.push(Way::of("Asset bundle", bundle.databricks_yml));
    }
    ways
}
