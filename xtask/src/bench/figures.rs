//! Medians and the table they stand in.

use crate::say;

/// All figures so far.
#[derive(Default)]
pub(super) struct Figures {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    target: String,
    median: String,
    range: String,
}

/// What a number counts.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Milliseconds,
    Megabytes,
    MegabytesPerSecond,
    Kilobytes,
    PerSecond,
    Calls,
}

impl Figures {
    /// Adds the median of some samples, all in `unit`. An empty target stands for none.
    pub(super) fn add(&mut self, what: &str, target: &str, unit: Unit, mut samples: Vec<f64>) {
        samples.sort_by(f64::total_cmp);
        let range = match samples.as_slice() {
            [] | [_] => String::new(),
            [first, .., last] => {
                format!("{} to {}, {} runs", unit.number(*first), unit.number(*last), samples.len())
            }
        };
        let median = median(&samples).map_or("none".to_owned(), |median| unit.with_name(median));
        say::line(&format!("{what}: {median} {range}"));
        self.rows.push(Row { what: what.to_owned(), target: target.to_owned(), median, range });
    }

    /// The figures as a Markdown table.
    pub(super) fn table(&self) -> String {
        let header = "| what | target | median | range |\n|---|---|---|---|\n";
        let rows = self.rows.iter();
        let rows =
            rows.map(|row| format!("| {} | {} | {} | {} |", row.what, row.target, row.median, row.range));
        header.to_owned() + &rows.collect::<Vec<_>>().join("\n")
    }

    /// The whole page for the docs.
    pub(super) fn document(&self, machine: &str) -> String {
        format!(
            "# Figures\n\nMeasured by `cargo xtask bench`, which also wrote this page. Database, app and load generator \
             share the machine.\n\nMachine: {machine}\n\n{}\n\nHow each is measured: see the files in `xtask/src/bench`. \
             Times of decks are times on a processor. \"Requests/s\" are answered by a server that is held to one core, over loopback, with `wrk` on another where \
             there is one.\n",
            self.table()
        )
    }
}

/// Of sorted samples.
fn median(samples: &[f64]) -> Option<f64> {
    let middle = samples.len() / 2;
    match samples.len() {
        0 => None,
        count if count % 2 == 0 => Some(f64::midpoint(samples[middle - 1], samples[middle])),
        _ => Some(samples[middle]),
    }
}

impl Unit {
    fn number(self, value: f64) -> String {
        match self {
            Self::Milliseconds if value < 10.0 => format!("{value:.2}"),
            Self::Milliseconds | Self::PerSecond | Self::Calls => format!("{value:.0}"),
            Self::Megabytes | Self::MegabytesPerSecond | Self::Kilobytes => format!("{value:.1}"),
        }
    }

    fn with_name(self, value: f64) -> String {
        let name = match self {
            Self::Milliseconds => " ms",
            Self::Megabytes => " MB",
            Self::MegabytesPerSecond => " MB/s",
            Self::Kilobytes => " KB",
            Self::PerSecond => "/s",
            Self::Calls => "",
        };
        self.number(value) + name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }

    #[test]
    fn samples_become_a_row() {
        let mut figures = Figures::default();
        figures.add("start", "< 300 ms", Unit::Milliseconds, vec![30.2, 10.0, 20.4]);
        assert!(figures.table().ends_with("\n| start | < 300 ms | 20 ms | 10 to 30, 3 runs |"));
    }
}
