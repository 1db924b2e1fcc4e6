//! How deep a script is nested, before a parser that recurses reads it.
//!
//! The count is never too low for anything a parser could make of the text: where it is not certain whether a slash begins
//! a regular expression, both are considered, and where that makes a difference the script is refused.

/// Brackets deeper than this are refused. A chart's configuration has about ten.
const DEEPEST: usize = 48;
/// So many operators and words may stand between two separators.
const LONGEST_CHAIN: usize = 400;
/// So many may stand in all chains that are open at once: each can be a level of a parser's recursion.
const MOST_OPEN: usize = 600;

/// Why a script is not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooDeep;

/// What the last token was, as far as a slash after it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Operand,
    Operator,
    /// A closing brace: what follows may be a division or a regular expression.
    Either,
}

/// Words and operators since the last separator, for each open bracket.
struct Chains {
    open: Vec<usize>,
    sum: usize,
}

impl Chains {
    fn new() -> Self {
        Self { open: vec![0], sum: 0 }
    }

    fn begin(&mut self) {
        self.open.push(0);
    }

    fn end(&mut self) {
        self.sum -= self.open.pop().unwrap_or(0);
        if self.open.is_empty() {
            self.begin();
        }
    }

    fn count(&mut self) -> Result<(), TooDeep> {
        let Some(chain) = self.open.last_mut() else { return Ok(()) };
        *chain += 1;
        self.sum += 1;
        if *chain > LONGEST_CHAIN || self.sum > MOST_OPEN { Err(TooDeep) } else { Ok(()) }
    }

    /// Goes on with a part of the innermost chain.
    fn shorten(&mut self, divisor: usize) {
        if let Some(chain) = self.open.last_mut() {
            self.sum -= *chain - *chain / divisor;
            *chain /= divisor;
        }
    }
}

/// Checks that a script can be parsed without running out of stack.
pub(super) fn check(script: &str) -> Result<(), TooDeep> {
    if script.contains("<!--") {
        return Err(TooDeep);
    }
    let bytes = script.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    // What is open: a bracket's closing byte, or a backtick for an expression inside a template.
    let mut open: Vec<u8> = Vec::new();
    let mut chains = Chains::new();
    let mut before = Before::Operator;
    // Whether the last word wants a condition in parentheses, after which a statement begins.
    let mut control = false;
    let mut index = 0;
    while index < bytes.len() {
        let byte = at(index);
        let was_control = std::mem::take(&mut control);
        match byte {
            b'/' if at(index + 1) == b'/' => index = line_end(bytes, index),
            b'/' if at(index + 1) == b'*' => index = find(bytes, index + 2, b"*/").unwrap_or(bytes.len()),
            b'/' => {
                let end = regex_end(bytes, index);
                match (before, end) {
                    (Before::Operator, Some(end)) => {
                        index = end;
                        before = Before::Operand;
                    }
                    (Before::Either, Some(end))
                        if is_ambiguous(bytes.get(index + 1..end).unwrap_or_default()) =>
                    {
                        return Err(TooDeep);
                    }
                    _ => before = Before::Operator,
                }
                chains.count()?;
            }
            b'"' | b'\'' => {
                index = string_end(bytes, index);
                before = Before::Operand;
            }
            b'`' => {
                index = template(bytes, index + 1, &mut open, &mut chains)?;
                before = if at(index) == b'`' { Before::Operand } else { Before::Operator };
            }
            b'(' | b'[' | b'{' => {
                push(&mut open, &mut chains, if byte == b'(' && was_control { b'i' } else { byte })?;
                before = Before::Operator;
            }
            b')' | b']' | b'}' => {
                let opened = open.pop();
                chains.end();
                before = match (byte, opened) {
                    (b')', Some(b'i')) => Before::Operator,
                    (b'}', _) => Before::Either,
                    _ => Before::Operand,
                };
                if opened == Some(b'`') {
                    index = template(bytes, index + 1, &mut open, &mut chains)?;
                    before = if at(index) == b'`' { Before::Operand } else { Before::Operator };
                } else if byte == b'}' {
                    chains.count()?;
                }
            }
            b';' | b',' => {
                chains.shorten(usize::MAX);
                before = Before::Operator;
            }
            _ if byte.is_ascii_whitespace() => control = was_control,
            _ if is_word(byte) => {
                let end = (index..bytes.len()).find(|end| !is_word(at(*end))).unwrap_or(bytes.len());
                let word = script.get(index..end).unwrap_or_default();
                control = matches!(word, "if" | "while" | "for" | "with");
                before = if takes_operand(word) { Before::Operator } else { Before::Operand };
                if matches!(word, "const" | "let" | "var") {
                    chains.shorten(2);
                }
                chains.count()?;
                index = end - 1;
            }
            _ => {
                before = Before::Operator;
                chains.count()?;
            }
        }
        index += 1;
    }
    Ok(())
}

fn push(open: &mut Vec<u8>, chains: &mut Chains, bracket: u8) -> Result<(), TooDeep> {
    open.push(bracket);
    chains.begin();
    if open.len() > DEEPEST { Err(TooDeep) } else { Ok(()) }
}

/// Goes on inside a template's text; stops at its end, or at an expression in it, which is then open.
fn template(bytes: &[u8], from: usize, open: &mut Vec<u8>, chains: &mut Chains) -> Result<usize, TooDeep> {
    let mut index = from;
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'\\' => index += 1,
            b'`' => return Ok(index),
            b'$' if bytes.get(index + 1) == Some(&b'{') => {
                push(open, chains, b'`')?;
                return Ok(index + 1);
            }
            _ => {}
        }
        index += 1;
    }
    Ok(bytes.len())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte == b'.' || byte >= 0x80
}

/// Words after which a slash begins a regular expression.
fn takes_operand(word: &str) -> bool {
    matches!(
        word,
        "return"
            | "typeof"
            | "case"
            | "in"
            | "of"
            | "delete"
            | "void"
            | "throw"
            | "new"
            | "else"
            | "do"
            | "instanceof"
            | "await"
            | "yield"
    )
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    // A line separator ends a line, too.
    let newline = |index: &usize| {
        matches!(bytes.get(*index), Some(b'\n' | b'\r'))
            || bytes
                .get(*index..*index + 3)
                .is_some_and(|three| three == b"\xe2\x80\xa8" || three == b"\xe2\x80\xa9")
    };
    (from..bytes.len()).find(newline).unwrap_or(bytes.len())
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|place| from + place + what.len() - 1)
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let quote = bytes.get(from);
    let mut index = from + 1;
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'\\' => index += 1,
            b'\n' | b'\r' => return index,
            _ if Some(byte) == quote => return index,
            _ => {}
        }
        index += 1;
    }
    bytes.len()
}

/// Where a regular expression that begins here would end.
fn regex_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut index = from + 1;
    let mut in_class = false;
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'\\' => index += 1,
            b'\n' | b'\r' => return None,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(index),
            _ => {}
        }
        index += 1;
    }
    None
}

/// Whether it matters if a text is a regular expression.
fn is_ambiguous(text: &[u8]) -> bool {
    text.iter().any(|byte| b"\"'`()[]{};,".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_scripts_are_read() {
        for script in [
            "new Chart(document.getElementById('a'), {type:'bar', data:{labels:['a (b','c'], datasets:[{data:[1,2]}]}});",
            "const f = v => `$${(v/1000).toFixed(1)}K`; const g = `a ${b + `c ${d}`} e`;",
            "const x = a / b; const y = (a + b) / 2;\nconst z = /[/'\"(]+/.test(s);",
            "// it's (a comment\n/* and { another */ f()",
        ] {
            assert_eq!(check(script), Ok(()), "{script}");
        }
    }

    #[test]
    fn deep_scripts_are_refused() {
        for unit in [
            "(",
            "[",
            "{",
            "!",
            "-",
            "typeof ",
            "a=",
            "a=>",
            "a?b:",
            "`${",
            "if(a)",
            "while(a)",
            "new ",
            "a+",
            "a.b(",
            "else if(a){}",
            "/x/.y=",
            "({a:",
            "a\n=>\n",
            "- /;/ - ",
            "\"\\\n\"+(",
            "f(a)/1+(",
            "a:",
            "do ",
            "await ",
            "a**",
            "a??",
            "a||(",
        ] {
            let script = unit.repeat(100_000);
            assert_eq!(check(&script), Err(TooDeep), "{unit}");
        }
    }
}
