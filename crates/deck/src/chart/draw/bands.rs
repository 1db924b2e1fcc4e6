//! Charts over categories: bars, lines, areas, and mixtures of them.

use super::super::data::{Axis, Chart, ChartKind, Series, Value};
use super::axis::{Numbers, Side, extent};
use super::labels::Labels;
use super::svg::{Anchor, Look, Svg, path};
use super::{Area, categories, colors};

const LABEL: f64 = 11.5;
/// Beyond so many values a line has no dots.
const MOST_DOTS: usize = 32;

/// Draws the chart into a free area.
pub(super) fn draw(chart: &Chart, area: Area, svg: &mut Svg) {
    let bands = Bands::new(chart);
    let horizontal = bands.horizontal;
    let ticks = (if horizontal { area.width / 95.0 } else { area.height / 46.0 }).clamp(2.0, 8.0);
    let (low, high) = bands.extent(false);
    // Chart.js titles the axis of lying bars `x`, because it lies; a chart's own JSON may say `y`.
    let value_axis = if horizontal && chart.y == Axis::default() { &chart.x } else { &chart.y };
    let mut first = Numbers::new(value_axis, low, high, ticks);
    let second_axis = !horizontal && chart.series.iter().any(|series| series.second_axis);
    let (low, high) = bands.extent(true);
    let mut second = Numbers::new(&chart.y2, low, high, ticks);
    first.align(bands.values(false));
    second.align(bands.values(true));

    let mut plot = area;
    let names = &bands.names;
    if horizontal {
        let beside = categories::breadth_beside(names, area.width * 0.36);
        plot.x += beside;
        plot.width -= beside + 14.0;
        plot.height -= first.breadth(Side::Bottom);
    } else {
        let left = first.breadth(Side::Left);
        plot.x += left;
        plot.width -= left + if second_axis { second.breadth(Side::Right) } else { 6.0 };
        plot.y += 6.0;
        plot.height -= 6.0 + categories::height_below(names, plot.width, &chart.x);
    }
    if plot.width < 20.0 || plot.height < 20.0 {
        return;
    }
    first.draw(plot, if horizontal { Side::Bottom } else { Side::Left }, true, svg);
    if second_axis {
        second.draw(plot, Side::Right, false, svg);
    }
    if horizontal {
        categories::draw_beside(names, plot, svg);
    } else {
        categories::draw_below(names, plot, &chart.x, svg);
    }
    Drawing { bands: &bands, plot, first: &first, second: if second_axis { &second } else { &first } }
        .draw(svg);
}

/// A series and what it is drawn as.
struct Member<'c> {
    series: &'c Series,
    index: usize,
    kind: ChartKind,
    /// Which group of bars it stands in; a stack is one group.
    slot: usize,
}

/// The series of a chart over its categories.
struct Bands<'c> {
    chart: &'c Chart,
    members: Vec<Member<'c>>,
    names: Vec<String>,
    slots: usize,
    horizontal: bool,
}

impl<'c> Bands<'c> {
    fn new(chart: &'c Chart) -> Self {
        let longest = chart.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
        let count = longest.max(chart.labels.len());
        let name = |index: usize| chart.labels.get(index).cloned().unwrap_or_else(|| (index + 1).to_string());
        let mut stacks: Vec<Option<&str>> = Vec::new();
        let mut slots = 0;
        let mut members = Vec::new();
        for (index, series) in chart.series.iter().enumerate() {
            let kind = match series.kind.unwrap_or(chart.kind) {
                kind @ (ChartKind::Line | ChartKind::Area) => kind,
                _ => ChartKind::Bar,
            };
            let mut slot = 0;
            if kind == ChartKind::Bar {
                let known =
                    stacks.iter().position(|stack| chart.stacked && *stack == series.stack.as_deref());
                slot = known.unwrap_or_else(|| {
                    stacks.push(series.stack.as_deref());
                    slots += 1;
                    slots - 1
                });
            }
            members.push(Member { series, index, kind, slot });
        }
        let horizontal = chart.horizontal && members.iter().all(|member| member.kind == ChartKind::Bar);
        Self { chart, members, names: (0..count).map(name).collect(), slots, horizontal }
    }

    /// Whether this member stands on others.
    fn is_stacked(&self, member: &Member<'_>) -> bool {
        self.chart.stacked && member.kind != ChartKind::Line
    }

    /// Where a value begins and ends: on what it is stacked on, or at zero.
    fn span(&self, member: &Member<'_>, at: usize) -> Option<(f64, f64)> {
        let number =
            |member: &Member<'_>| member.series.values.get(at).and_then(|value| Value::number(*value));
        let value = number(member)?;
        if !self.is_stacked(member) {
            return Some((0.0, value));
        }
        let before = self.members.iter().take_while(|other| other.index < member.index);
        let same = before.filter(|other| {
            other.kind == member.kind
                && other.slot == member.slot
                && other.series.second_axis == member.series.second_axis
        });
        // Negative values grow downwards from zero, apart from the positive ones; areas stand on whatever is below.
        let base: f64 = same
            .filter_map(number)
            .filter(|below| member.kind == ChartKind::Area || (*below < 0.0) == (value < 0.0))
            .sum();
        Some((base, base + value))
    }

    fn values(&self, second_axis: bool) -> impl Iterator<Item = f64> + '_ {
        let on_axis =
            move |member: &&Member<'_>| (member.series.second_axis && !self.horizontal) == second_axis;
        let values = self.members.iter().filter(on_axis).flat_map(|member| &member.series.values);
        values.filter_map(|value| value.number())
    }

    fn extent(&self, second_axis: bool) -> (f64, f64) {
        let on_axis = |member: &&Member<'_>| (member.series.second_axis && !self.horizontal) == second_axis;
        let from_zero = self.members.iter().filter(on_axis).any(|member| member.kind != ChartKind::Line);
        let spans = self.members.iter().filter(on_axis).flat_map(|member| {
            (0..self.names.len()).filter_map(move |at| self.span(member, at)).map(|(_, end)| end)
        });
        let (low, high) = extent(spans);
        // A line may begin above zero where that is what shows its course; bars may not, their length is the value.
        let flat = low > 0.0 && high > 0.0 && (high - low) / high < 0.4;
        if from_zero || !(flat || low < 0.0) { (low.min(0.0), high.max(0.0)) } else { (low, high) }
    }
}

struct Drawing<'d, 'c> {
    bands: &'d Bands<'c>,
    plot: Area,
    first: &'d Numbers<'d>,
    second: &'d Numbers<'d>,
}

impl Drawing<'_, '_> {
    fn draw(&self, svg: &mut Svg) {
        let mut labels = Labels::default();
        for kind in [ChartKind::Area, ChartKind::Bar, ChartKind::Line] {
            let members = self.bands.members.iter().filter(|member| member.kind == kind);
            for member in members {
                match kind {
                    ChartKind::Bar => self.bars(member, svg),
                    _ => self.line(member, svg),
                }
            }
        }
        if self.bands.chart.data_labels {
            for member in &self.bands.members {
                self.value_labels(member, svg, &mut labels);
            }
        }
    }

    fn numbers(&self, member: &Member<'_>) -> &Numbers<'_> {
        if member.series.second_axis { self.second } else { self.first }
    }

    /// The breadth of a category.
    fn band(&self) -> f64 {
        let length = if self.bands.horizontal { self.plot.height } else { self.plot.width };
        length / count(self.bands.names.len().max(1))
    }

    /// The middle of a category.
    fn middle(&self, at: usize) -> f64 {
        let start = if self.bands.horizontal { self.plot.y } else { self.plot.x };
        self.band().mul_add(count(at) + 0.5, start)
    }

    /// Where a number lies along the axis of values.
    fn along(&self, member: &Member<'_>, number: f64) -> f64 {
        let share = self.numbers(member).scale.place(number);
        if self.bands.horizontal {
            share.mul_add(self.plot.width, self.plot.x)
        } else {
            share.mul_add(-self.plot.height, self.plot.bottom())
        }
    }

    /// The rectangle of a bar.
    fn bar(&self, member: &Member<'_>, at: usize) -> Option<(Area, bool)> {
        let (from, to) = self.bands.span(member, at)?;
        let slots = count(self.bands.slots.max(1));
        let group = (self.band() * 0.72).min(slots * 64.0);
        let thickness = group / slots;
        let gap = if thickness > 6.0 { 1.0 } else { 0.0 };
        let across = thickness.mul_add(count(member.slot), self.middle(at) - group / 2.0) + gap;
        let (start, end) = (self.along(member, from), self.along(member, to));
        let (low, length) = (start.min(end), (start - end).abs());
        let thickness = thickness - 2.0 * gap;
        let area = if self.bands.horizontal {
            Area { x: low, y: across, width: length, height: thickness }
        } else {
            Area { x: across, y: low, width: thickness, height: length }
        };
        Some((area, to < from))
    }

    fn bars(&self, member: &Member<'_>, svg: &mut Svg) {
        for at in 0..self.bands.names.len() {
            let Some((bar, _)) = self.bar(member, at) else { continue };
            let color = colors::of_value(member.series, member.index, at);
            let radius =
                if self.bands.is_stacked(member) { 0.0 } else { (bar.width.min(bar.height) / 4.0).min(3.0) };
            svg.rect(bar.x, bar.y, bar.width, bar.height, radius, color);
        }
    }

    fn line(&self, member: &Member<'_>, svg: &mut Svg) {
        let color = colors::of_series(member.series, member.index);
        let mut run: Vec<(f64, f64, f64)> = Vec::new();
        for at in 0..=self.bands.names.len() {
            let span = if at < self.bands.names.len() { self.bands.span(member, at) } else { None };
            if let Some((from, to)) = span {
                run.push((self.middle(at), self.along(member, from), self.along(member, to)));
                continue;
            }
            // A gap ends the line.
            self.run(member, &run, color, svg);
            run.clear();
        }
    }

    fn run(&self, member: &Member<'_>, run: &[(f64, f64, f64)], color: &str, svg: &mut Svg) {
        let top: Vec<(f64, f64)> = run.iter().map(|(x, _, y)| (*x, *y)).collect();
        if top.is_empty() {
            return;
        }
        if member.kind == ChartKind::Area {
            let bottom = run.iter().rev().map(|(x, base, _)| (*x, *base));
            let outline: Vec<(f64, f64)> = top.iter().copied().chain(bottom).collect();
            svg.shape(&path(&outline, true), color, if self.bands.chart.stacked { 0.7 } else { 0.22 });
        }
        svg.stroke(&path(&top, false), color, 2.5, member.series.dashed);
        if top.len() == 1 || (self.bands.names.len() <= MOST_DOTS && member.kind == ChartKind::Line) {
            for point in top {
                svg.circle(point, 3.5, color, 1.0);
            }
        }
    }

    fn value_labels(&self, member: &Member<'_>, svg: &mut Svg, labels: &mut Labels) {
        let room = Area {
            x: self.plot.x,
            y: self.plot.y - 8.0,
            width: self.plot.width + 14.0,
            height: self.plot.height + 8.0,
        };
        for at in 0..self.bands.names.len() {
            let Some(number) = member.series.values.get(at).and_then(|value| value.number()) else {
                continue;
            };
            let label = self.numbers(member).value(number);
            if member.kind != ChartKind::Bar {
                let y = self.along(member, self.bands.span(member, at).map_or(0.0, |(_, end)| end));
                let look = Look { strength: 0.9, ..Look::new(LABEL, Anchor::Middle) };
                let above = (self.middle(at), y - 8.0);
                if !labels.write(svg, &label, above, look, room) {
                    labels.write(svg, &label, (self.middle(at), y + LABEL + 5.0), look, room);
                }
                continue;
            }
            let Some((bar, downwards)) = self.bar(member, at) else { continue };
            self.bar_label(&label, bar, downwards, member, at, room, svg, labels);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one label, and everything it must fit")]
    fn bar_label(
        &self,
        label: &str,
        bar: Area,
        downwards: bool,
        member: &Member<'_>,
        at: usize,
        room: Area,
        svg: &mut Svg,
        labels: &mut Labels,
    ) {
        let inside = self.bands.is_stacked(member);
        let middle = (bar.x + bar.width / 2.0, bar.y + bar.height / 2.0 + LABEL * 0.35);
        if inside {
            let color = colors::of_value(member.series, member.index, at);
            let look =
                Look { fill: Some(colors::on(color)), strength: 1.0, ..Look::new(LABEL, Anchor::Middle) };
            labels.write(svg, label, middle, look, bar);
            return;
        }
        let strong = |anchor| Look { strength: 0.9, ..Look::new(LABEL, anchor) };
        let (place, look) = match (self.bands.horizontal, downwards) {
            (true, false) => ((bar.right() + 5.0, middle.1), strong(Anchor::Start)),
            (true, true) => ((bar.x - 5.0, middle.1), strong(Anchor::End)),
            (false, false) => ((middle.0, bar.y - 5.0), strong(Anchor::Middle)),
            (false, true) => ((middle.0, bar.bottom() + LABEL + 2.0), strong(Anchor::Middle)),
        };
        labels.write(svg, label, place, look, room);
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}
