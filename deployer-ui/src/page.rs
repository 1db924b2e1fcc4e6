//! The frame around the screens, and which of them shows.

use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::connect::Connect;
use crate::context;
use crate::deployment::DeploymentScreen;
use crate::draft::Draft;
use crate::form::FormScreen;
use crate::order::{Approved, Order};
use crate::overview::Overview;
use crate::plan::PlanScreen;
use crate::problem::Problem;
use crate::run::RunScreen;
use crate::session::Session;

/// What the person is doing.
#[derive(Clone)]
pub(crate) enum Screen {
    /// Finding out how the page was opened.
    Starting,
    /// Naming a workspace and signing in; with what went wrong before, if something did.
    Connect(Option<Problem>),
    /// Who they are, what they may do, what is there.
    Overview,
    /// Looking at one deployment.
    Deployment(String),
    /// Filling in the form.
    Form(Rc<Draft>),
    /// Reading a plan.
    Plan(Rc<Order>),
    /// Watching it being carried out.
    Run(Rc<Approved>),
}

impl Screen {
    /// Number of the stage that the line at the top marks.
    fn stage(&self) -> usize {
        match self {
            Self::Starting | Self::Connect(_) => 0,
            Self::Overview | Self::Deployment(_) => 1,
            Self::Form(_) => 2,
            Self::Plan(_) => 3,
            Self::Run(_) => 4,
        }
    }
}

/// Part of the page, which may have no folder to fetch it from.
const ICON: &str = include_str!("../../www/favicon.svg");

const STAGES: [&str; 5] = ["Connect", "Choose", "Settings", "Plan", "Run"];

/// What all screens share.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    screen: RwSignal<Screen, LocalStorage>,
    session: RwSignal<Option<Rc<Session>>, LocalStorage>,
    /// What is to be planned again after a new sign-in.
    waiting: RwSignal<Option<Rc<Order>>, LocalStorage>,
}

impl Page {
    /// The page that this screen is part of.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// Changes the screen.
    pub(crate) fn show(self, screen: Screen) {
        self.screen.set(screen);
        begin_at_heading();
    }

    /// Goes on as `session`.
    pub(crate) fn signed_in(self, session: Session) {
        self.session.set(Some(Rc::new(session)));
        match self.waiting.try_update(Option::take).flatten() {
            Some(order) => self.show(Screen::Plan(order)),
            None => self.show(Screen::Overview),
        }
    }

    /// Forgets who was signed in, and afterwards goes on with `order`.
    pub(crate) fn sign_in_again(self, order: Option<Rc<Order>>, problem: Option<Problem>) {
        self.waiting.set(order);
        let relayed = self.session.with_untracked(|s| s.as_ref().is_some_and(|s| s.context.is_some()));
        if relayed {
            spawn_local(begin(self));
        } else {
            self.session.set(None);
            self.show(Screen::Connect(problem));
        }
    }
}

/// Gives the heading the focus once it shows: a screen reader begins there, and whoever uses keys is not lost when the
/// button that they pressed goes away.
pub(crate) fn begin_at_heading() {
    request_animation_frame(focus_heading);
}

fn focus_heading() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
    let heading = document().query_selector("main h1").ok().flatten();
    if let Some(heading) = heading.and_then(|heading| wasm_bindgen::JsCast::dyn_into(heading).ok()) {
        let heading: web_sys::HtmlElement = heading;
        // a heading that is gone already needs no focus
        _ = heading.focus();
    }
}

/// Finds out whether a `tellr ui` serves this page; if so, it says who is signed in.
async fn begin(page: Page) {
    match context::enter().await {
        Ok(Some(context)) => match Session::relayed(context) {
            Ok(session) => page.signed_in(session),
            Err(problem) => page.show(Screen::Connect(Some(problem))),
        },
        Ok(None) => page.show(Screen::Connect(None)),
        Err(problem) => page.show(Screen::Connect(Some(problem))),
    }
}

/// Header, the stage, the screen.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    let page = Page {
        screen: RwSignal::new_local(Screen::Starting),
        session: RwSignal::new_local(None),
        waiting: RwSignal::new_local(None),
    };
    provide_context(page);
    spawn_local(begin(page));
    view! {
        <header class="bar">
            <span class="brand">
                <span class="icon" aria-hidden="true" inner_html=ICON></span>
                "Tellr"
                <span class="brand-sub">"Deployer"</span>
            </span>
            <Identity page/>
        </header>
        <nav class="stages" aria-label="Stages">
            <ol>{move || stages(page.screen.with(Screen::stage))}</ol>
        </nav>
        <main>{move || content(page)}</main>
        <footer class="foot">
            "This page calls nobody but the workspace that you name. It keeps nothing when it is closed."
        </footer>
    }
}

fn stages(now: usize) -> impl IntoView {
    let item = move |(index, name): (usize, &'static str)| {
        let current = (index == now).then_some("step");
        view! { <li class:past=index < now aria-current=current>{name}</li> }
    };
    STAGES.into_iter().enumerate().map(item).collect_view()
}

fn content(page: Page) -> AnyView {
    match (page.screen.get(), page.session.get_untracked()) {
        (Screen::Starting, _) => view! { <p class="waiting" role="status">"One moment…"</p> }.into_any(),
        (Screen::Connect(problem), _) => view! { <Connect problem/> }.into_any(),
        (_, None) => view! { <Connect problem=None/> }.into_any(),
        (Screen::Overview, Some(session)) => view! { <Overview session/> }.into_any(),
        (Screen::Deployment(name), Some(session)) => view! { <DeploymentScreen session name/> }.into_any(),
        (Screen::Form(draft), Some(session)) => view! { <FormScreen session draft/> }.into_any(),
        (Screen::Plan(order), Some(session)) => view! { <PlanScreen session order/> }.into_any(),
        (Screen::Run(approved), Some(session)) => view! { <RunScreen session approved/> }.into_any(),
    }
}

/// Who is signed in where, and the way out.
#[component]
fn Identity(page: Page) -> impl IntoView {
    let text = move || {
        page.session.with(|session| {
            let session = session.as_ref()?;
            Some((session.user_name.clone(), session.host_name(), session.context.is_some()))
        })
    };
    move || {
        text().map(|(user, host, relayed)| {
            let leave = move |_| {
                page.session.set(None);
                page.show(Screen::Connect(None));
            };
            view! {
                <p class="identity">
                    <span class="identity-text">
                        <span>{user}</span>
                        <span class="quiet">{host}</span>
                    </span>
                    {(!relayed)
                        .then(|| view! { <button type="button" class="button small" on:click=leave>"Sign out"</button> })}
                </p>
            }
        })
    }
}
