//! The plan, to read and approve.

use std::rc::Rc;

use deployer_wasm::journal::{Operation, RunRecord, Settings};
use deployer_wasm::plan::{Change, Plan, PlanRow, plan as make_plan};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::difference;
use crate::draft::Draft;
use crate::order::{Approved, Order};
use crate::page::{Page, Screen};
use crate::problem::{Kind, Problem, ProblemBox};
use crate::session::Session;

type Made = Option<Result<Rc<Plan>, Problem>>;

/// Looks at the workspace, shows what would be done, and asks.
#[component]
pub(crate) fn PlanScreen(session: Rc<Session>, order: Rc<Order>) -> impl IntoView {
    let page = Page::here();
    let made = RwSignal::new_local(None as Made);
    let looking = Rc::clone(&order);
    spawn_local(async move {
        let observed = session.observer().observe(&looking.request).await;
        let plan = observed.map(|observation| Rc::new(make_plan(&looking.request, &observation)));
        made.try_set(Some(plan.map_err(|error| Problem::of(&error))));
    });
    let draft = Rc::clone(&order.draft);
    let order = StoredValue::new_local(order);
    let content = move || {
        made.with(|made| match made {
            None => view! { <p class="waiting" role="status">"Looking at the workspace…"</p> }.into_any(),
            Some(Ok(plan)) => view! { <Approval order=order.get_value() plan=Rc::clone(plan)/> }.into_any(),
            Some(Err(problem)) => failed(page, &order.get_value(), problem.clone()),
        })
    };
    view! {
        <h1 tabindex="-1">"The plan"</h1>
        <p class="lead">{subject(&draft)}</p>
        {content}
        <div class="actions">
            <button type="button" class="button" on:click=move |_| page.show(Screen::Form(Rc::clone(&draft)))>
                "Back to the settings"
            </button>
        </div>
    }
}

fn subject(draft: &Draft) -> String {
    let name = draft.app_name();
    match draft.operation {
        Operation::Create => {
            format!("To put Tellr into the workspace as {name}. Nothing has been changed yet.")
        }
        Operation::Update => {
            format!("What runs as {name} now, and what will differ. Nothing has been changed yet.")
        }
        Operation::Delete => format!("To take {name} away. Nothing has been changed yet."),
        Operation::Rollback => {
            format!("To put a former version of {name} back. Nothing has been changed yet.")
        }
    }
}

fn failed(page: Page, order: &Rc<Order>, problem: Problem) -> AnyView {
    let (again, signed_out) = (Rc::clone(order), problem.kind == Kind::SignedOut);
    let told = problem.clone();
    let retry = StoredValue::new_local(move || {
        if signed_out {
            page.sign_in_again(Some(Rc::clone(&again)), Some(told.clone()));
        } else {
            page.show(Screen::Plan(Rc::clone(&again)));
        }
    });
    let text = if signed_out { "Sign in again" } else { "Look again" };
    view! {
        <ProblemBox problem>
            <button type="button" class="button primary" on:click=move |_| retry.with_value(|retry| retry())>{text}</button>
        </ProblemBox>
    }
    .into_any()
}

/// The rows, and the button that carries them out.
#[component]
fn Approval(order: Rc<Order>, plan: Rc<Plan>) -> impl IntoView {
    let page = Page::here();
    let (kept, work): (Vec<&PlanRow>, Vec<&PlanRow>) =
        plan.rows.iter().partition(|row| row.change == Change::Keep);
    let work = work.into_iter().map(row).collect_view();
    let number = kept.len();
    let kept = kept.into_iter().map(row).collect_view();
    let warnings = plan.warnings.iter().map(|text| view! { <li>{text.clone()}</li> }).collect_view();
    let refusals = plan.refusals.iter().map(|refusal| {
        let problem = Problem::plain("This stands in the way", refusal.message.clone());
        let problem = match &refusal.hint {
            Some(hint) => problem.advise(hint.clone()),
            None => problem,
        };
        view! { <ProblemBox problem/> }
    });
    let refusals = refusals.collect_view();
    let name = order.draft.app_name().to_owned();
    let asks_name = plan.destroys_data() || order.draft.operation == Operation::Delete;
    let typed = RwSignal::new(String::new());
    let expected = StoredValue::new(name.clone());
    let may = Memo::new(move |_| !asks_name || typed.with(|typed| expected.with_value(|name| typed == name)));
    let button = label(order.draft.operation);
    let tone = if asks_name { "button danger" } else { "button primary" };
    // of a delete, what stays matters as much as what goes
    let stays = order.draft.operation == Operation::Delete;
    let is_fit = plan.refusals.is_empty();
    let has_work = plan.has_work();
    let has_warnings = !plan.warnings.is_empty();
    let open = plan.journal.as_ref().and_then(|journal| journal.head.clone()).filter(RunRecord::is_open);
    let take_over = RwSignal::new(order.manner.take_over);
    let runs = order.draft.runs.as_ref().filter(|_| order.draft.operation == Operation::Update);
    let differs = runs.map(|runs| difference::list(runs, &Settings::of(&order.request)));
    let go = StoredValue::new_local(move || {
        if may.get_untracked() {
            let order =
                if take_over.get_untracked() { Rc::new(order.taking_over()) } else { Rc::clone(&order) };
            page.show(Screen::Run(Rc::new(Approved { order, plan: Plan::clone(&plan) })));
        }
    });
    view! {
        {refusals}
        {differs}
        <section class="panel">
            <h2>"What will be done"</h2>
            <ol class="plan">{work}</ol>
            {(number > 0)
                .then(|| {
                    view! {
                        <details open=stays>
                            <summary>{format!("{number} that stay as they are")}</summary>
                            <ol class="plan">{kept}</ol>
                        </details>
                    }
                })}
        </section>
        {has_warnings
            .then(|| {
                view! {
                    <section class="notice">
                        <h2>"To know"</h2>
                        <ul class="plain">{warnings}</ul>
                        {open.map(|_| view! { <TakeOver take_over/> })}
                    </section>
                }
            })}
        {(is_fit && !has_work).then(|| view! { <p class="padded">"Everything is as it should be."</p> })}
        {(is_fit && has_work)
            .then(|| {
                view! {
                    {asks_name.then(|| view! { <NameQuestion name typed/> })}
                    <div class="actions">
                        <button
                            type="button"
                            class=tone
                            aria-disabled=move || (!may.get()).to_string()
                            on:click=move |_| go.with_value(|go| go())
                        >
                            {button}
                        </button>
                    </div>
                }
            })}
    }
}

/// What to do about a run that has not ended.
#[component]
fn TakeOver(take_over: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="switch">
            <input
                id="take_over"
                type="checkbox"
                aria-describedby="take_over-help"
                prop:checked=take_over
                on:change=move |event| take_over.set(event_target_checked(&event))
            />
            <div>
                <label for="take_over">"That run is dead: take over at once"</label>
                <p class="help" id="take_over-help">
                    "Say so if its tab or program is closed. Without this it is watched for a minute; if it still works, it \
                     is left alone"
                </p>
            </div>
        </div>
    }
}

#[component]
fn NameQuestion(name: String, typed: RwSignal<String>) -> impl IntoView {
    view! {
        <div class="panel form">
            <div class="field">
                <label for="confirm">"Type the app's name, " <strong>{name}</strong> ", to go on"</label>
                <input
                    id="confirm"
                    type="text"
                    spellcheck="false"
                    autocapitalize="none"
                    autocomplete="off"
                    on:input=move |event| typed.set(event_target_value(&event).trim().to_owned())
                />
            </div>
        </div>
    }
}

fn label(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "Deploy",
        Operation::Update => "Update",
        Operation::Delete => "Delete",
        Operation::Rollback => "Roll back",
    }
}

fn row(row: &PlanRow) -> impl IntoView + use<> {
    let word = row.change.as_str();
    view! {
        <li>
            <span class=format!("badge {word}")>{word}</span>
            <span class="row-text">
                <strong>{row.resource.clone()}</strong>
                <span class="quiet">{row.reason.clone()}</span>
            </span>
        </li>
    }
}
