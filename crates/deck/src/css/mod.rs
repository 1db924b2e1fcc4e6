//! Cascading style sheets, filtered: only listed properties, functions and at-rules stay, nothing is loaded, and
//! no selector reaches out of the slide.

mod at_rules;
mod declarations;
mod properties;
mod selectors;
mod stylesheet;
mod tokens;
mod values;

pub(crate) use declarations::declarations;
pub use properties::{FONT_FACE, PROPERTIES};
pub(crate) use stylesheet::stylesheet;
pub use values::FUNCTIONS;
pub(crate) use values::presentation_value;

/// Why a piece of CSS is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) String);

impl Refused {
    fn because(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

type ParseError = cssparser::ParseError<Refused>;
