//! The steps of a run as the events tell them.

use std::collections::VecDeque;

use deployer_wasm::event::Event;
use deployer_wasm::plan::Plan;
use deployer_wasm::timing::Stopwatch;

/// How much of the platform's words is shown for each step.
const NEWS: usize = 4;

/// How far a step is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Not begun.
    Waiting,
    /// Going on.
    Running,
    /// Confirmed, after so many milliseconds.
    Done(u64),
    /// Failed, after so many milliseconds.
    Failed(u64),
}

/// One step.
#[derive(Clone)]
pub(crate) struct Step {
    /// What it does.
    pub(crate) title: String,
    /// How far it is.
    pub(crate) progress: Progress,
    /// Since when it is going on.
    pub(crate) clock: Option<Stopwatch>,
    /// The latest news, in the platform's own words.
    pub(crate) news: VecDeque<String>,
    /// What was found or made.
    pub(crate) result: Option<String>,
}

/// All steps, in order, and what belongs to none.
#[derive(Clone, Default)]
pub(crate) struct Timeline {
    /// The steps.
    pub(crate) steps: Vec<Step>,
    /// What belongs to no step.
    pub(crate) notices: Vec<String>,
}

impl Timeline {
    /// What a plan is going to do.
    pub(crate) fn of(plan: &Plan) -> Self {
        let steps = plan.rows.iter().filter(|row| row.action.is_some()).map(|row| Step {
            title: row.resource.clone(),
            progress: Progress::Waiting,
            clock: None,
            news: VecDeque::new(),
            result: None,
        });
        Self { steps: steps.collect(), notices: Vec::new() }
    }

    /// Takes in an event.
    pub(crate) fn hear(&mut self, event: Event) {
        match event {
            Event::StepStarted { title, .. } => self.begin(title),
            Event::Progress { message, .. } => {
                if let Some(step) = self.running() {
                    step.news.push_back(message);
                    if step.news.len() > NEWS {
                        step.news.pop_front();
                    }
                }
            }
            Event::StepDone { message, elapsed_ms, .. } => {
                if let Some(step) = self.running() {
                    (step.progress, step.result) = (Progress::Done(elapsed_ms), Some(message));
                }
            }
            Event::StepFailed { elapsed_ms, .. } => {
                if let Some(step) = self.running() {
                    step.progress = Progress::Failed(elapsed_ms);
                }
            }
            Event::Notice { message } => self.notices.push(message),
        }
    }

    /// A step of the plan begins, or one that no plan foresaw: it stands before what is still to come.
    fn begin(&mut self, title: String) {
        let foreseen = self
            .steps
            .iter()
            .position(|step| step.progress == Progress::Waiting && title.ends_with(&step.title));
        let index = foreseen.unwrap_or_else(|| {
            let behind = self.steps.iter().rposition(|step| step.progress != Progress::Waiting);
            let index = behind.map_or(0, |index| index + 1);
            let (news, result) = (VecDeque::new(), None);
            self.steps.insert(
                index,
                Step { title: String::new(), progress: Progress::Waiting, clock: None, news, result },
            );
            index
        });
        if let Some(step) = self.steps.get_mut(index) {
            step.title = title;
            (step.progress, step.clock) = (Progress::Running, Some(Stopwatch::start()));
        }
    }

    /// Nothing goes on any more: what had begun has not come to its end.
    pub(crate) fn stop(&mut self) {
        for step in self.steps.iter_mut().filter(|step| step.progress == Progress::Running) {
            step.progress = Progress::Failed(step.clock.map_or(0, Stopwatch::elapsed_ms));
        }
    }

    fn running(&mut self) -> Option<&mut Step> {
        self.steps.iter_mut().rfind(|step| step.progress == Progress::Running)
    }

    /// What a screen reader says now.
    pub(crate) fn spoken(&self) -> String {
        let done = self.steps.iter().filter(|step| matches!(step.progress, Progress::Done(_))).count();
        let now = self.steps.iter().rfind(|step| step.progress == Progress::Running);
        let now = now.map(|step| format!(", now: {}", step.title)).unwrap_or_default();
        format!("{done} of {} steps done{now}", self.steps.len())
    }
}

/// Milliseconds for people.
pub(crate) fn in_words(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..10 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
