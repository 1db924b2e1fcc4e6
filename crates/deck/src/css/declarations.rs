//! Declarations: a style attribute, or the body of a rule.

use cssparser::{
    AtRuleParser, CowRcStr, DeclarationParser, Parser, ParserState, QualifiedRuleParser, RuleBodyItemParser,
    RuleBodyParser,
};

use super::values::{self, Addresses};
use super::{ParseError, Refused, properties, tokens};
use crate::report::{Report, quote};

/// The canonical form of a style attribute, with what is not allowed left out and reported.
pub(crate) fn declarations(style: &str, report: &mut Report) -> String {
    let mut parser = Parser::new(style);
    let mut out = String::with_capacity(style.len() + 8);
    write(&mut parser, Kind::Style, &mut out, report);
    out
}

/// Whose declarations they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Style,
    FontFace,
}

/// Reads declarations to the end of the input and writes those that may stay.
pub(super) fn write(input: &mut Parser<'_>, kind: Kind, out: &mut String, report: &mut Report) {
    let mut body = Body { kind, out };
    let start = body.out.len();
    let mut separated = start;
    let mut results = RuleBodyParser::new(input, &mut body);
    while let Some(result) = results.next() {
        match result {
            Ok(()) => results.parser.out.push(';'),
            Err((error, text, _)) => {
                results.parser.out.truncate(separated);
                let Refused(why) = values::reason(error);
                report.dropped(format!("the declaration {}: {why}", quote(text)));
            }
        }
        separated = results.parser.out.len();
    }
    if body.out.len() > start && body.out.ends_with(';') {
        body.out.pop();
    }
}

struct Body<'o> {
    kind: Kind,
    out: &'o mut String,
}

impl<'i> DeclarationParser<'i> for Body<'_> {
    type Declaration = ();
    type Error = Refused;

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _start: &ParserState,
    ) -> Result<(), ParseError> {
        if name.starts_with("--") {
            tokens::write(&cssparser::Token::Ident(name), self.out);
            self.out.push(':');
            return values::write(input, Addresses::Images, self.out);
        }
        let property = name.to_ascii_lowercase();
        let addresses = match self.kind {
            Kind::FontFace if properties::is_allowed_in_font_face(&property) => Addresses::Fonts,
            Kind::Style if properties::is_allowed(&property) => Addresses::Images,
            _ => return Err(values::refuse("the property is not allowed")),
        };
        self.out.push_str(&property);
        self.out.push(':');
        let start = self.out.len();
        values::write(input, addresses, self.out)?;
        if property == "position" {
            let value = self.out.get(start..).unwrap_or_default();
            let keyword = value.strip_suffix(" !important").unwrap_or(value);
            if !matches!(keyword, "static" | "relative" | "absolute" | "inherit" | "initial" | "unset") {
                return Err(values::refuse("a slide's parts stay on the slide"));
            }
        }
        Ok(())
    }
}

impl AtRuleParser<'_> for Body<'_> {
    type Prelude = ();
    type AtRule = ();
    type Error = Refused;
}

impl QualifiedRuleParser<'_> for Body<'_> {
    type Prelude = ();
    type QualifiedRule = ();
    type Error = Refused;
}

impl RuleBodyItemParser<'_, (), Refused> for Body<'_> {
    fn parse_declarations(&self) -> bool {
        true
    }

    fn parse_qualified(&self) -> bool {
        false
    }
}
