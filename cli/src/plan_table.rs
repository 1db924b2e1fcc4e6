//! A plan as a table for people.

use std::fmt::Write;

use deployer_wasm::plan::{Change, Plan};

/// One line a row, then warnings and refusals.
pub(crate) fn render(plan: &Plan) -> String {
    let mut text = String::new();
    let width = plan.rows.iter().map(|row| row.resource.chars().count()).max().unwrap_or(0).min(60);
    for row in &plan.rows {
        let (sign, word) = sign_and_word(row.change);
        _ = writeln!(text, "  {sign} {word:<6}  {:<width$}  {}", row.resource, row.reason);
    }
    for warning in &plan.warnings {
        _ = writeln!(text, "  warning: {warning}");
    }
    for refusal in &plan.refusals {
        _ = writeln!(text, "  refused: {}", refusal.message);
        if let Some(hint) = &refusal.hint {
            _ = writeln!(text, "     hint: {hint}");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn sign_and_word(change: Change) -> (char, &'static str) {
    match change {
        Change::Create => ('+', "create"),
        Change::Update => ('~', "update"),
        Change::Keep => ('=', "keep"),
        Change::Delete => ('-', "delete"),
        Change::Run => ('>', "run"),
    }
}
