//! Everything around the plot: title, legend, source.

use super::super::data::{Chart, Legend};
use super::svg::{Anchor, Look, Svg};
use super::{Area, colors, text};

const TITLE: f64 = 17.0;
const ENTRY: f64 = 12.5;
const SOURCE: f64 = 10.5;
const MARGIN: f64 = 10.0;
const SWATCH: f64 = 11.0;
const ROW: f64 = 20.0;
/// A legend has no more rows than this; what does not fit is counted.
const ROWS: usize = 3;

/// What is still free.
pub(super) struct Frame {
    area: Area,
}

struct Entry<'c> {
    name: &'c str,
    color: &'c str,
}

impl Frame {
    /// Draws title, legend and source and gives the room that is left for the plot.
    pub(super) fn draw(chart: &Chart, width: f64, height: f64, svg: &mut Svg) -> Area {
        let area = Area { x: MARGIN, y: MARGIN, width: width - 2.0 * MARGIN, height: height - 2.0 * MARGIN };
        let mut frame = Self { area };
        frame.title(chart, svg);
        frame.source(chart, svg);
        frame.legend(chart, svg);
        frame.area
    }

    fn title(&mut self, chart: &Chart, svg: &mut Svg) {
        let Some(title) = chart.title.as_deref().filter(|title| !title.is_empty()) else { return };
        for line in text::wrap(title, TITLE, self.area.width, 2) {
            let look = Look { bold: true, strength: 1.0, ..Look::new(TITLE, Anchor::Start) };
            svg.text(&line, (self.area.x, self.area.y + TITLE * 0.85), look);
            self.cut_top(TITLE * 1.25);
        }
        self.cut_top(6.0);
    }

    fn source(&mut self, chart: &Chart, svg: &mut Svg) {
        let Some(source) = chart.source.as_deref().filter(|source| !source.is_empty()) else { return };
        let line = text::fit(&format!("Source: {source}"), SOURCE, self.area.width);
        svg.text(
            &line,
            (self.area.x, self.area.bottom()),
            Look { strength: 0.6, ..Look::new(SOURCE, Anchor::Start) },
        );
        self.area.height -= SOURCE * 1.7;
    }

    fn legend(&mut self, chart: &Chart, svg: &mut Svg) {
        let entries = entries(chart);
        let place = match chart.legend {
            Legend::Auto if chart.kind.is_round() => Legend::Right,
            Legend::Auto if entries.len() > 1 => Legend::Top,
            Legend::Auto => Legend::None,
            set => set,
        };
        if entries.is_empty() || place == Legend::None {
            return;
        }
        if place == Legend::Right {
            self.legend_beside(&entries, svg);
            return;
        }
        let rows = rows(&entries, self.area.width - 80.0);
        let shown: usize = rows.iter().map(Vec::len).sum();
        let height = ROW * count(rows.len());
        let top = if place == Legend::Top { self.area.y } else { self.area.bottom() - height };
        for (index, row) in rows.iter().enumerate() {
            let mut x = self.area.x;
            for (entry, name) in row {
                x = swatch(svg, entry, name, (x, top + ROW * count(index)));
            }
            if index + 1 == rows.len() && shown < entries.len() {
                let more = format!("and {} more", entries.len() - shown);
                svg.text(&more, (x, top + ROW * count(index) + 13.5), Look::new(ENTRY, Anchor::Start));
            }
        }
        if place == Legend::Top {
            self.cut_top(height + 4.0);
        } else {
            self.area.height -= height + 4.0;
        }
    }

    fn legend_beside(&mut self, entries: &[Entry<'_>], svg: &mut Svg) {
        let widest = entries.iter().map(|entry| text::width(entry.name, ENTRY)).fold(0.0, f64::max);
        let width = (widest + SWATCH + 8.0).min(self.area.width * 0.42);
        let x = self.area.right() - width;
        let fitting = fitting_rows(self.area.height);
        let shown = if entries.len() > fitting { fitting.saturating_sub(1) } else { entries.len() };
        let lines = if shown < entries.len() { shown + 1 } else { shown };
        let mut y = self.area.y + (self.area.height - ROW * count(lines)).max(0.0) / 2.0;
        for entry in entries.iter().take(shown) {
            swatch(svg, entry, &text::fit(entry.name, ENTRY, width - SWATCH - 6.0), (x, y));
            y += ROW;
        }
        if shown < entries.len() {
            let more = format!("and {} more", entries.len() - shown);
            svg.text(&more, (x, y + 13.0), Look::new(ENTRY, Anchor::Start));
        }
        self.area.width -= width + 16.0;
    }

    fn cut_top(&mut self, height: f64) {
        self.area.y += height;
        self.area.height -= height;
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just before")]
fn fitting_rows(height: f64) -> usize {
    (height / ROW).clamp(1.0, 100.0) as usize
}

fn entries(chart: &Chart) -> Vec<Entry<'_>> {
    if let (true, Some(series)) = (chart.kind.is_round(), chart.series.first()) {
        let names = chart.labels.iter().take(series.values.len()).enumerate();
        return names.map(|(index, name)| Entry { name, color: colors::of_part(series, index) }).collect();
    }
    let named = chart.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
    named
        .map(|(index, series)| Entry { name: &series.name, color: colors::of_series(series, index) })
        .collect()
}

/// Entries in rows, each with its name as far as it fits.
fn rows<'e, 'c>(entries: &'e [Entry<'c>], width: f64) -> Vec<Vec<(&'e Entry<'c>, String)>> {
    let mut rows: Vec<Vec<(&Entry<'_>, String)>> = vec![Vec::new()];
    let mut x = 0.0;
    for entry in entries {
        let name = text::fit(entry.name, ENTRY, (width - SWATCH - 6.0).min(260.0));
        let needed = text::width(&name, ENTRY) + SWATCH + 24.0;
        if x > 0.0 && x + needed - 18.0 > width {
            if rows.len() == ROWS {
                break;
            }
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((entry, name));
        }
        x += needed;
    }
    rows
}

/// Draws an entry and gives where the next one begins.
fn swatch(svg: &mut Svg, entry: &Entry<'_>, name: &str, (x, y): (f64, f64)) -> f64 {
    svg.rect(x, y + 3.5, SWATCH, SWATCH, 2.5, entry.color);
    svg.text(name, (x + SWATCH + 6.0, y + 13.5), Look::new(ENTRY, Anchor::Start));
    x + SWATCH + 24.0 + text::width(name, ENTRY)
}
