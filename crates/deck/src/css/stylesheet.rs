//! Style sheets: rules and at-rules.

use cssparser::{AtRuleParser, CowRcStr, Parser, ParserState, QualifiedRuleParser, StyleSheetParser};

use super::at_rules::{self, AtRule};
use super::declarations::{self, Kind};
use super::values::{self, refuse};
use super::{ParseError, Refused, selectors};
use crate::report::{Report, quote};

/// Conditional rules nested deeper than this are left out.
const DEEPEST: usize = 8;

/// The canonical form of a style sheet, scoped to the slide, with what is not allowed left out and reported.
pub(crate) fn stylesheet(css: &str, report: &mut Report) -> String {
    let mut parser = Parser::new(css);
    let mut out = String::with_capacity(css.len() + css.len() / 4);
    write(&mut parser, Context::Rules, 0, &mut out, report);
    out
}

/// Where rules stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Rules,
    Keyframes,
}

fn write(input: &mut Parser<'_>, context: Context, depth: usize, out: &mut String, report: &mut Report) {
    let mut rules = Rules { context, depth, out, report };
    let mut kept = rules.out.len();
    let mut results = StyleSheetParser::new(input, &mut rules);
    while let Some(result) = results.next() {
        let rules = &mut *results.parser;
        if let Err((error, text, _)) = result {
            rules.out.truncate(kept);
            let Refused(why) = values::reason(error);
            rules.report.dropped(format!("the rule {}: {why}", quote(text)));
        } else if rules.out.len() > kept {
            rules.out.push('\n');
        }
        kept = rules.out.len();
    }
}

struct Rules<'o> {
    context: Context,
    depth: usize,
    out: &'o mut String,
    report: &'o mut Report,
}

impl Rules<'_> {
    /// Writes a block after its prelude; nothing at all if nothing in it may stay.
    fn block(&mut self, prelude: &str, write: impl FnOnce(&mut String, &mut Report)) {
        let before = self.out.len();
        self.out.push_str(prelude);
        self.out.push('{');
        let inside = self.out.len();
        write(self.out, self.report);
        if self.out.len() == inside {
            self.out.truncate(before);
        } else {
            self.out.push('}');
        }
    }
}

impl<'i> QualifiedRuleParser<'i> for Rules<'_> {
    type Prelude = String;
    type QualifiedRule = ();
    type Error = Refused;

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<String, ParseError> {
        match self.context {
            Context::Rules => selectors::scoped(input),
            Context::Keyframes => at_rules::keyframe_selector(input),
        }
    }

    fn parse_block(
        &mut self,
        selector: String,
        _start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError> {
        self.block(&selector, |out, report| declarations::write(input, Kind::Style, out, report));
        Ok(())
    }
}

impl<'i> AtRuleParser<'i> for Rules<'_> {
    type Prelude = AtRule;
    type AtRule = ();
    type Error = Refused;

    fn parse_prelude(&mut self, name: CowRcStr<'i>, input: &mut Parser<'i>) -> Result<AtRule, ParseError> {
        if self.context == Context::Keyframes {
            return Err(refuse("an at-rule between keyframes"));
        }
        at_rules::prelude(&name.to_ascii_lowercase(), input)
    }

    fn rule_without_block(&mut self, rule: AtRule, _start: &ParserState) -> Result<(), ()> {
        match rule {
            AtRule::Nested(prelude) if prelude.starts_with("@layer ") && prelude != "@layer " => {
                self.out.push_str(&prelude);
                self.out.push(';');
                Ok(())
            }
            _ => Err(()),
        }
    }

    fn parse_block(
        &mut self,
        rule: AtRule,
        _start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError> {
        let depth = self.depth + 1;
        if depth > DEEPEST {
            return Err(refuse("rules nested too deep"));
        }
        match rule {
            AtRule::Nested(prelude) => {
                self.block(&prelude, |out, report| write(input, Context::Rules, depth, out, report));
            }
            AtRule::Keyframes(prelude) => {
                self.block(&prelude, |out, report| write(input, Context::Keyframes, depth, out, report));
            }
            AtRule::FontFace => {
                let before = self.out.len();
                self.block("@font-face", |out, report| {
                    declarations::write(input, Kind::FontFace, out, report);
                });
                let written = self.out.get(before..).unwrap_or_default();
                let is_complete = written.contains("src:") && written.contains("font-family:");
                if !written.is_empty() && !is_complete {
                    return Err(refuse("a font without a source that may be used"));
                }
            }
        }
        Ok(())
    }
}
