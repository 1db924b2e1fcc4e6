//! Literals of Python: written, and read without evaluating anything.

use std::collections::BTreeMap;

/// The deepest nesting that is read.
const DEPTH: usize = 16;

/// A literal value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    /// `None`.
    None,
    /// `True` or `False`.
    Truth(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list or a tuple.
    List(Vec<Literal>),
    /// A dictionary with texts as keys.
    Dictionary(BTreeMap<String, Literal>),
}

/// A text as Python writes it: JSON's escapes are Python's, too.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Where a reader stands in a source text.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    /// Takes `token` if it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Skips blanks, line ends and comments.
    pub(super) fn skip_space(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return;
            }
            self.line();
        }
    }

    /// The rest of the line, taken without its end.
    pub(super) fn line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        line.trim_end()
    }

    /// A name with dots in it, such as `tellr.create`; empty if none comes next.
    pub(super) fn name(&mut self) -> &'a str {
        let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// A literal; the error says why what comes next is none.
    pub(super) fn literal(&mut self) -> Result<Literal, String> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Literal, String> {
        if depth > DEPTH {
            return Err("it is nested too deeply".into());
        }
        self.skip_space();
        match self.peek() {
            Some('\'' | '"') => self.texts(),
            Some('[') => self.list('[', ']', depth),
            Some('(') => self.parenthesised(depth),
            Some('{') => self.dictionary(depth),
            Some(c) if c.is_ascii_digit() || c == '-' => Ok(Literal::Number(self.number())),
            _ => self.word(),
        }
    }

    fn number(&mut self) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        number.replace('_', "")
    }

    fn word(&mut self) -> Result<Literal, String> {
        let before = self.clone();
        let name = self.name();
        match name {
            "None" => Ok(Literal::None),
            "True" => Ok(Literal::Truth(true)),
            "False" => Ok(Literal::Truth(false)),
            "r" | "R" if matches!(self.peek(), Some('\'' | '"')) => self.text(true).map(Literal::Text),
            "f" | "F" | "rf" | "fr" if matches!(self.peek(), Some('\'' | '"')) => {
                Err("an f-string would be evaluated".into())
            }
            _ => {
                self.rest = before.rest;
                let found = self.rest.lines().next().unwrap_or_default();
                Err(format!("{} is no literal, and nothing is evaluated", super::shown(found.trim())))
            }
        }
    }

    /// One text, or several beside each other, which Python joins.
    fn texts(&mut self) -> Result<Literal, String> {
        let mut joined = self.text(false)?;
        loop {
            let before = self.clone();
            self.skip_space();
            if !matches!(self.peek(), Some('\'' | '"')) {
                self.rest = before.rest;
                return Ok(Literal::Text(joined));
            }
            joined.push_str(&self.text(false)?);
        }
    }

    fn text(&mut self, raw: bool) -> Result<String, String> {
        let quote = self.peek().unwrap_or('"').to_string();
        let triple = quote.repeat(3);
        let end = if self.take(&triple) {
            triple
        } else {
            self.next();
            quote
        };
        let mut text = String::new();
        loop {
            if self.take(&end) {
                return Ok(text);
            }
            match self.next() {
                None => return Err("a text has no end".into()),
                Some('\n') if end.len() == 1 => return Err("a text has no end in its line".into()),
                Some('\\') if raw => {
                    text.push('\\');
                    text.extend(self.next());
                }
                Some('\\') => text.extend(self.escape()?),
                Some(c) => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<Option<char>, String> {
        let c = self.next().ok_or("a text has no end")?;
        Ok(Some(match c {
            '\n' => return Ok(None),
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '\'' | '"' => c,
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            _ => return Err(format!("the escape \\{c} is not read")),
        }))
    }

    fn code(&mut self, digits: usize) -> Result<char, String> {
        let hex = self.rest.get(..digits).unwrap_or_default();
        let code = u32::from_str_radix(hex, 16).ok().filter(|_| hex.chars().all(|c| c.is_ascii_hexdigit()));
        let c = code.and_then(char::from_u32).ok_or("an escape in a text is no character")?;
        self.rest = self.rest.get(digits..).unwrap_or_default();
        Ok(c)
    }

    /// Parentheses around one value mean nothing; with a comma they make a tuple.
    fn parenthesised(&mut self, depth: usize) -> Result<Literal, String> {
        let before = self.clone();
        self.next();
        let value = self.nested(depth + 1);
        self.skip_space();
        match value {
            Ok(value) if self.take(")") => Ok(value),
            _ => {
                self.rest = before.rest;
                self.list('(', ')', depth)
            }
        }
    }

    fn list(&mut self, open: char, close: char, depth: usize) -> Result<Literal, String> {
        self.take(&open.to_string());
        let mut values = Vec::new();
        loop {
            self.skip_space();
            if self.take(&close.to_string()) {
                return Ok(Literal::List(values));
            }
            values.push(self.nested(depth + 1)?);
            self.comma_or(close)?;
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Literal, String> {
        self.take("{");
        let mut values = BTreeMap::new();
        loop {
            self.skip_space();
            if self.take("}") {
                return Ok(Literal::Dictionary(values));
            }
            let Literal::Text(key) = self.nested(depth + 1)? else {
                return Err("a dictionary's key is no text".into());
            };
            self.skip_space();
            if !self.take(":") {
                return Err("a dictionary's key has no value".into());
            }
            values.insert(key, self.nested(depth + 1)?);
            self.comma_or('}')?;
        }
    }

    fn comma_or(&mut self, close: char) -> Result<(), String> {
        self.skip_space();
        if self.take(",") || self.peek() == Some(close) {
            Ok(())
        } else {
            let found = self.rest.lines().next().unwrap_or_default();
            Err(format!("`,` or `{close}` is missing before {}", super::shown(found.trim())))
        }
    }

    /// Goes behind an expression that is not read: to a comma or closing bracket of the caller, or a line's end outside of
    /// all brackets.
    pub(super) fn skip_expression(&mut self, stops_at_line_end: bool) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '\'' | '"' => {
                    if self.text(false).is_err() {
                        self.rest = "";
                    }
                    continue;
                }
                '#' => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = self.rest.get(end..).unwrap_or_default();
                    continue;
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 && !stops_at_line_end => return,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                ',' if depth == 0 && !stops_at_line_end => return,
                '\n' if depth == 0 && stops_at_line_end => return,
                _ => {}
            }
            self.next();
        }
    }
}
