//! Labels that do not lie over each other.

use super::Area;
use super::svg::{Anchor, Look, Svg};
use super::text;

/// The labels drawn so far.
#[derive(Default)]
pub(super) struct Labels {
    taken: Vec<Area>,
}

impl Labels {
    /// Keeps a place free.
    pub(super) fn take(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// Writes a label over the so-many-th area that was taken, if it lies over no other.
    pub(super) fn write_over(
        &mut self,
        own: usize,
        svg: &mut Svg,
        label: &str,
        place: (f64, f64),
        look: Look,
        inside: Area,
    ) -> bool {
        let Some(area) = self.taken.get_mut(own) else { return false };
        let was = std::mem::replace(area, Area { x: 0.0, y: 0.0, width: 0.0, height: 0.0 });
        let written = self.write(svg, label, place, look, inside);
        if let Some(area) = self.taken.get_mut(own) {
            *area = was;
        }
        written
    }

    /// Writes a label with its baseline at a position, if it lies inside an area and over no other label.
    pub(super) fn write(
        &mut self,
        svg: &mut Svg,
        label: &str,
        (x, y): (f64, f64),
        look: Look,
        inside: Area,
    ) -> bool {
        let width = text::width(label, look.size);
        let left = match look.anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let area = Area { x: left, y: y - look.size * 0.82, width, height: look.size * 1.05 };
        if !inside.contains(area) || self.taken.iter().any(|taken| taken.overlaps(area)) {
            return false;
        }
        svg.text(label, (x, y), look);
        self.taken.push(area);
        true
    }
}
