//! A plan being carried out: a timeline, a way to stop it, and its end.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use databricks::Cancel;
use databricks::apps::App;
use deployer_wasm::Outcome;
use deployer_wasm::event::{Event, EventSink};
use deployer_wasm::journal::Operation;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::order::{Approved, Order};
use crate::outcome::OutcomeView;
use crate::page::{Page, Screen, begin_at_heading};
use crate::problem::{Kind, Problem, ProblemBox};
use crate::session::Session;
use crate::timeline::{Progress, Step, Timeline, in_words};

/// How a run stands.
#[derive(Clone)]
enum State {
    Running,
    Cancelling,
    Failed(Problem),
    Done(Outcome),
}

/// Carries the plan out and shows how.
#[component]
pub(crate) fn RunScreen(session: Rc<Session>, approved: Rc<Approved>) -> impl IntoView {
    let timeline = RwSignal::new_local(Timeline::of(&approved.plan));
    let state = RwSignal::new_local(State::Running);
    let log = RwSignal::new(log_address(approved.plan.app.as_ref()));
    let cancel = Cancel::default();
    let now = RwSignal::new(0_u32);
    if let Ok(ticker) =
        set_interval_with_handle(move || _ = now.try_update(|n| *n += 1), Duration::from_millis(500))
    {
        on_cleanup(move || ticker.clear());
    }
    warn_before_leaving(state);
    let order = StoredValue::new_local(Rc::clone(&approved.order));
    let operation = approved.order.draft.operation;
    let events = listener(&session, approved.order.draft.app_name(), timeline, log);
    spawn_local(carry_out(session, approved, cancel.clone(), events, timeline, state));
    let heading = move || match state.get() {
        State::Running => running_words(operation),
        State::Cancelling => "Stopping…",
        State::Failed(problem) if problem.kind == Kind::Cancelled => "Stopped",
        State::Failed(_) => "It did not work",
        State::Done(_) => "Done",
    };
    let stop = StoredValue::new_local(move || {
        state.set(State::Cancelling);
        begin_at_heading();
        cancel.cancel();
    });
    let shows_log = operation != Operation::Delete;
    let end = move || {
        match state.get() {
        State::Running => view! {
            <div class="actions">
                <button type="button" class="button" on:click=move |_| stop.with_value(|stop| stop())>"Cancel"</button>
                {move || {
                    log.get()
                        .filter(|_| shows_log)
                        .map(|url| view! { <a class="button" href=url target="_blank" rel="noreferrer">"The app's log"</a> })
                }}
                <p class="quiet">"Keep this tab open and in front. If it closes, any other page or command goes on from here."</p>
            </div>
        }
        .into_any(),
        State::Cancelling => {
            view! { <p class="waiting" role="status">"It stops at the next safe point…"</p> }.into_any()
        }
        State::Failed(problem) => failed(&order.get_value(), problem),
        State::Done(outcome) => {
            view! { <OutcomeView order=order.get_value() outcome/> }.into_any()
        }
    }
    };
    view! {
        <h1 tabindex="-1">{heading}</h1>
        <p class="visually-hidden" role="status">{move || timeline.with(Timeline::spoken)}</p>
        {end}
        <section class="panel">
            <h2>"Steps"</h2>
            <ol class="timeline">
                {move || timeline.with(|timeline| timeline.steps.iter().map(|step| line(step, now)).collect_view())}
            </ol>
            {move || {
                timeline
                    .with(|timeline| timeline.notices.clone())
                    .into_iter()
                    .map(|notice| view! { <p class="note">{notice}</p> })
                    .collect_view()
            }}
        </section>
    }
}

/// Takes in the events. When the app is deployed, the address of its log is looked for, unless it is known.
#[expect(
    clippy::arc_with_non_send_sync,
    reason = "the engine's types for both targets; a browser has one thread"
)]
fn listener(
    session: &Rc<Session>,
    app_name: &str,
    timeline: RwSignal<Timeline, LocalStorage>,
    log: RwSignal<Option<String>>,
) -> EventSink {
    let (session, app_name) = (Rc::clone(session), app_name.to_owned());
    let hear = move |event: Event| {
        let deploys = matches!(&event, Event::StepStarted { step: "deploy", .. });
        if deploys && log.try_get_untracked().flatten().is_none() {
            let (session, app_name) = (Rc::clone(&session), app_name.clone());
            spawn_local(async move {
                // without its address the log cannot be offered, and nothing else is lost
                if let Ok(app) = session.client.apps().get(&app_name).await {
                    log.try_set(log_address(Some(&app)));
                }
            });
        }
        timeline.try_update(|timeline| timeline.hear(event));
    };
    Arc::new(hear)
}

async fn carry_out(
    session: Rc<Session>,
    approved: Rc<Approved>,
    cancel: Cancel,
    events: EventSink,
    timeline: RwSignal<Timeline, LocalStorage>,
    state: RwSignal<State, LocalStorage>,
) {
    let engine = session.engine(events, &cancel, approved.order.manner);
    match engine.apply(&approved.plan).await {
        Ok(applied) => {
            if state.try_set(State::Done(applied.outcome.clone())).is_none() {
                begin_at_heading();
            }
            applied.close().await;
        }
        Err(error) => {
            timeline.try_update(Timeline::stop);
            if state.try_set(State::Failed(Problem::of(&error))).is_none() {
                begin_at_heading();
            }
        }
    }
}

/// Where the platform shows an app's log.
fn log_address(app: Option<&App>) -> Option<String> {
    app?.url.as_ref().map(|url| format!("{}/logz", url.trim_end_matches('/')))
}

fn running_words(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "Deploying",
        Operation::Update => "Updating",
        Operation::Delete => "Deleting",
        Operation::Rollback => "Rolling back",
    }
}

/// While a run goes on, the browser asks before it closes the page.
fn warn_before_leaving(state: RwSignal<State, LocalStorage>) {
    let listener = window_event_listener(leptos::ev::beforeunload, move |event| {
        let running = state.try_with_untracked(|state| matches!(state, State::Running | State::Cancelling));
        if running == Some(true) {
            event.prevent_default();
        }
    });
    on_cleanup(move || listener.remove());
}

/// The failure, and what can be done now.
fn failed(order: &Rc<Order>, problem: Problem) -> AnyView {
    let page = Page::here();
    let kind = problem.kind.clone();
    let text = match kind {
        Kind::Changed => "Show the new plan",
        Kind::SignedOut => "Sign in again",
        Kind::Cancelled => "Go on",
        _ => "Try again from here",
    };
    let (again, over, back) = (Rc::clone(order), Rc::clone(order), Rc::clone(&order.draft));
    let signed_out = (kind == Kind::SignedOut).then(|| problem.clone());
    let retry = StoredValue::new_local(move || match &signed_out {
        Some(problem) => page.sign_in_again(Some(Rc::clone(&again)), Some(problem.clone())),
        None => page.show(Screen::Plan(Rc::clone(&again))),
    });
    let take_over = StoredValue::new_local(move || page.show(Screen::Plan(Rc::new(over.taking_over()))));
    let back = StoredValue::new_local(move || page.show(Screen::Form(Rc::clone(&back))));
    view! {
        <ProblemBox problem>
            <button type="button" class="button primary" on:click=move |_| retry.with_value(|retry| retry())>{text}</button>
            {(kind == Kind::Locked)
                .then(|| {
                    view! {
                        <button type="button" class="button danger" on:click=move |_| take_over.with_value(|take_over| take_over())>
                            "Take over from it"
                        </button>
                    }
                })}
            <button type="button" class="button" on:click=move |_| back.with_value(|back| back())>
                "Back to the settings"
            </button>
        </ProblemBox>
    }
    .into_any()
}

/// One step.
fn line(step: &Step, now: RwSignal<u32>) -> impl IntoView + use<> {
    let (class, word) = match step.progress {
        Progress::Waiting => ("waiting", "not begun"),
        Progress::Running => ("running", "going on"),
        Progress::Done(_) => ("done", "done"),
        Progress::Failed(_) => ("failed", "failed"),
    };
    let clock = step.clock;
    let progress = step.progress;
    let elapsed = move || match progress {
        Progress::Waiting => None,
        Progress::Running => {
            now.track();
            clock.map(|clock| in_words(clock.elapsed_ms()))
        }
        Progress::Done(milliseconds) | Progress::Failed(milliseconds) => Some(in_words(milliseconds)),
    };
    let news = (progress != Progress::Waiting && step.result.is_none()).then(|| {
        step.news.iter().map(|news| view! { <span class="news">{news.clone()}</span> }).collect_view()
    });
    view! {
        <li class=class>
            <span class="mark" aria-hidden="true"></span>
            <span class="step-text">
                <span class="step-title">{step.title.clone()}</span>
                <span class="visually-hidden">{format!(" ({word})")}</span>
                {step.result.clone().map(|result| view! { <span class="news">{result}</span> })}
                {news}
            </span>
            <span class="elapsed">{elapsed}</span>
        </li>
    }
}
