//! The deployments of an app, the latest first, and the way back to those whose files are kept.

use std::rc::Rc;

use databricks::apps::AppDeployment;
use deployer_wasm::drift::DeploymentState;
use deployer_wasm::journal::{RunState, VersionSeen};
use deployer_wasm::moment;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::draft::Draft;
use crate::page::{Page, Screen};
use crate::problem::Problem;
use crate::session::Session;

/// How many deployments are shown; older ones only if their files are kept.
const SHOWN: usize = 10;

/// What is shown of one deployment.
struct Entry {
    id: String,
    words: String,
    runs: bool,
    is_kept: bool,
}

/// The deployments of the app in `state`.
#[component]
pub(crate) fn History(session: Rc<Session>, state: Rc<DeploymentState>) -> impl IntoView {
    let listed = RwSignal::new_local(None::<Result<Vec<AppDeployment>, Problem>>);
    let (asking, name) = (Rc::clone(&session), state.app.name.clone());
    spawn_local(async move {
        let found = asking.client.apps().deployments(&name).await;
        let failed = |error| Problem::of_call("The deployments cannot be listed", &error);
        listed.try_set(Some(found.map_err(failed)));
    });
    let latest = latest_run(&state);
    let shown = StoredValue::new_local((session, state));
    let content = move || {
        let (session, state) = shown.get_value();
        listed.with(|listed| match listed {
            None => view! { <p class="waiting" role="status">"Looking…"</p> }.into_any(),
            Some(Err(problem)) => {
                // what is kept can be put back all the same
                let words = problem.in_one_line();
                view! { <p class="error">{words}</p>{list(&session, &state, &[])} }.into_any()
            }
            Some(Ok(deployments)) => list(&session, &state, deployments),
        })
    };
    view! {
        <section class="panel">
            <h2>"History"</h2>
            {latest.map(|words| view! { <p class="quiet">{words}</p> })}
            {content}
        </section>
    }
}

fn latest_run(state: &DeploymentState) -> Option<String> {
    let journal = state.journal.as_ref()?;
    let head = journal.head.as_ref()?;
    let end = match head.state {
        RunState::Running => "has not ended",
        RunState::Succeeded => "succeeded",
        RunState::Failed => "failed",
    };
    Some(format!("The latest of {} runs: {} {end}", journal.runs.len(), head.in_words()))
}

fn list(session: &Rc<Session>, state: &DeploymentState, deployments: &[AppDeployment]) -> AnyView {
    let entries = entries(state, deployments);
    if entries.is_empty() {
        return view! { <p class="quiet">"Nothing has been deployed yet."</p> }.into_any();
    }
    let none_is_kept = !entries.iter().any(|entry| entry.is_kept);
    let rows = entries.into_iter().map(|entry| row(session, &state.app.name, entry)).collect_view();
    view! {
        <ul class="rows">{rows}</ul>
        {none_is_kept
            .then(|| view! { <p class="note">"The next update keeps what runs now, so that it can be put back."</p> })}
    }
    .into_any()
}

/// The newest deployments, and behind them the older ones whose files are kept.
fn entries(state: &DeploymentState, deployments: &[AppDeployment]) -> Vec<Entry> {
    let kept: &[VersionSeen] = state.journal.as_ref().map_or(&[], |journal| &journal.versions);
    let active = state.app.active_deployment.as_ref().and_then(|active| active.deployment_id.as_deref());
    let entry = |deployment: &AppDeployment| {
        let id = deployment.deployment_id.clone()?;
        let runs = active == Some(&id);
        let is_kept = !runs && kept.iter().any(|version| version.deployment_id == id);
        Some(Entry { words: words(deployment), runs, is_kept, id })
    };
    let mut entries: Vec<Entry> = deployments.iter().take(SHOWN).filter_map(entry).collect();
    for version in kept.iter().rev() {
        let id = &version.deployment_id;
        if active != Some(id) && !entries.iter().any(|entry| entry.id == *id) {
            let at = jiff::Timestamp::from_millisecond(version.created_at).ok();
            let words = at.map(|at| format!("kept {}", moment::in_words(at))).unwrap_or_default();
            entries.push(Entry { id: id.clone(), words, runs: false, is_kept: true });
        }
    }
    entries
}

fn words(deployment: &AppDeployment) -> String {
    let status = deployment.status.clone().unwrap_or_default();
    let state = status.state.map(|state| state.to_string().to_lowercase());
    let at = deployment.create_time.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let at = at.map(moment::in_words);
    let by = deployment.creator.as_ref().map(|creator| format!("by {creator}"));
    [state, at, by].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn row(session: &Rc<Session>, app_name: &str, entry: Entry) -> impl IntoView + use<> {
    let page = Page::here();
    let Entry { id, words, runs, is_kept } = entry;
    let back = is_kept.then(|| {
        let draft = Rc::new(Draft::rollback(session, app_name, &id));
        let draft = StoredValue::new_local(draft);
        view! {
            <button
                type="button"
                class="button"
                aria-label=format!("Roll back to {id}")
                on:click=move |_| page.show(Screen::Form(draft.get_value()))
            >
                "Roll back"
            </button>
        }
    });
    view! {
        <li>
            <span class="row-text">
                <strong>{id}</strong>
                <span class="quiet">{words}</span>
            </span>
            {runs.then(|| view! { <span class="badge ok">"runs now"</span> })}
            {back}
        </li>
    }
}
