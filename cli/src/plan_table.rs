//! A plan as a table for people.

use std::fmt::Write;

use deployer_wasm::plan::{Change, Plan};

/// One line a row, then warnings and refusals.
pub(crate) fn render(plan: &Plan) -> String {
    let mut text = String::new();
    let width = plan.rows.iter().map(|row| row.resource.chars().count()).max().unwrap_or(0).min(60);
    for row in &plan.rows {
        let (sign, word) = (sign(row.change), row.change.as_str());
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

fn sign(change: Change) -> char {
    match change {
        Change::Create => '+',
        Change::Update => '~',
        Change::Keep => '=',
        Change::Delete => '-',
        Change::Run => '>',
        Change::Wait => '.',
    }
}

#[cfg(test)]
mod tests {
    use deployer_wasm::observation::{FilesSeen, LakebaseSeen, Observation};
    use deployer_wasm::plan::plan;
    use deployer_wasm::spec::{RawSpec, Request};
    use deployer_wasm::timing::Stopwatch;

    use super::*;

    fn observation() -> Observation {
        Observation {
            run_id: "run".into(),
            user_name: "me@example.com".into(),
            app: None,
            lakebase: LakebaseSeen::Absent { autoscaling_available: true },
            files: FilesSeen { directory: true, names: vec!["notes.txt".into()], ..FilesSeen::default() },
            schema: None,
            address: None,
            permissions: None,
            folder: None,
            journal: None,
            saved_version: None,
            seen_at: Stopwatch::start(),
        }
    }

    fn raw() -> RawSpec {
        let values = [
            ("app_name", "tellr"),
            ("lakebase_name", "tellr-db"),
            ("schema_name", "app_data"),
            ("app_file_workspace_path", "/Workspace/Users/me@example.com/.apps/tellr"),
        ];
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned()));
        RawSpec { values: values.into(), ..RawSpec::default() }
    }

    #[test]
    fn a_create_as_a_table() {
        let request = Request::Create(raw().create().unwrap());
        insta::assert_snapshot!(render(&plan(&request, &observation())));
    }

    #[test]
    fn a_refused_update_as_a_table() {
        let request = Request::Update(raw().update().unwrap());
        insta::assert_snapshot!(render(&plan(&request, &observation())));
    }
}
