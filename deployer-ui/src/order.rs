//! What goes from screen to screen once the form is filled in.

use std::rc::Rc;

use deployer_wasm::plan::Plan;
use deployer_wasm::spec::Request;

use crate::draft::Draft;
use crate::session::Manner;

/// A checked request, and how its run shall treat others.
pub(crate) struct Order {
    /// What was typed, to go back to it.
    pub(crate) draft: Rc<Draft>,
    /// What is meant.
    pub(crate) request: Request,
    /// How the run treats others and failures.
    pub(crate) manner: Manner,
}

impl Order {
    /// The same, taking over from a run that has not ended.
    pub(crate) fn taking_over(&self) -> Self {
        let manner = Manner { take_over: true, ..self.manner };
        Self { draft: Rc::clone(&self.draft), request: self.request.clone(), manner }
    }
}

/// A plan that somebody has approved.
pub(crate) struct Approved {
    /// What it was made for.
    pub(crate) order: Rc<Order>,
    /// The plan.
    pub(crate) plan: Plan,
}
