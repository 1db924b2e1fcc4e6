//! What changed between two decks, in words.

use std::collections::HashMap;

use super::deck::{Deck, Slide};
use super::id::SlideId;

/// So many changes are told one by one.
const TOLD: usize = 12;

/// What changed from one deck to another, for people: `slide 3 rewritten, slide 5 added`. Slides are counted from 1, those
/// that are gone as they stood before.
#[must_use]
pub fn difference(before: &Deck, after: &Deck) -> String {
    let old: HashMap<&SlideId, (usize, &Slide)> = numbered(before);
    let new: HashMap<&SlideId, (usize, &Slide)> = numbered(after);
    let mut changes = Vec::new();
    if before.title != after.title {
        changes.push(format!("title changed to {}", crate::report::quote(&after.title)));
    }
    if before.style != after.style {
        changes.push("style changed".to_owned());
    }
    for (index, slide) in before.slides.iter().enumerate() {
        if !new.contains_key(&slide.id) {
            changes.push(format!("slide {} deleted", index + 1));
        }
    }
    let moved = moved(before, &new);
    for (index, slide) in after.slides.iter().enumerate() {
        let number = index + 1;
        let Some((was, previous)) = old.get(&slide.id) else {
            changes.push(format!("slide {number} added"));
            continue;
        };
        if previous.content.html() != slide.content.html()
            || previous.content.charts() != slide.content.charts()
        {
            changes.push(format!("slide {number} rewritten"));
        } else if previous.content.notes() != slide.content.notes() {
            changes.push(format!("notes of slide {number} changed"));
        }
        if moved.contains(&&slide.id) {
            changes.push(format!("slide {} moved to {number}", was + 1));
        }
    }
    if before.sources != after.sources {
        changes.push("sources changed".to_owned());
    }
    if changes.is_empty() {
        return "nothing changed".to_owned();
    }
    if changes.len() > TOLD {
        let more = changes.len() - TOLD;
        changes.truncate(TOLD);
        changes.push(format!("and {more} more changes"));
    }
    changes.join(", ")
}

fn numbered(deck: &Deck) -> HashMap<&SlideId, (usize, &Slide)> {
    deck.slides.iter().enumerate().map(|(index, slide)| (&slide.id, (index, slide))).collect()
}

/// Slides that moved: all but the longest run that kept its order.
fn moved<'d>(before: &'d Deck, new: &HashMap<&SlideId, (usize, &Slide)>) -> Vec<&'d SlideId> {
    let kept: Vec<(&SlideId, usize)> = before
        .slides
        .iter()
        .filter_map(|slide| new.get(&slide.id).map(|(index, _)| (&slide.id, *index)))
        .collect();
    // The longest increasing subsequence; decks are short.
    let mut longest: Vec<(usize, Option<usize>)> = Vec::with_capacity(kept.len());
    for (at, (_, index)) in kept.iter().enumerate() {
        let fits = |earlier: &usize| kept.get(*earlier).is_some_and(|(_, other)| other < index);
        let best =
            (0..at).filter(fits).max_by_key(|earlier| longest.get(*earlier).map_or(0, |(length, _)| *length));
        let length = best.and_then(|best| longest.get(best)).map_or(0, |(length, _)| *length) + 1;
        longest.push((length, best));
    }
    let mut at = (0..longest.len()).max_by_key(|at| longest.get(*at).map_or(0, |(length, _)| *length));
    let mut stayed = vec![false; kept.len()];
    while let Some(current) = at {
        if let Some(stays) = stayed.get_mut(current) {
            *stays = true;
        }
        at = longest.get(current).and_then(|(_, previous)| *previous);
    }
    kept.iter().zip(stayed).filter(|(_, stays)| !stays).map(|((id, _), _)| *id).collect()
}
