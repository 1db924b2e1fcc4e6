//! One command of a POSIX shell: its words, quoted and read, without any of the shell's evaluation.

/// A command as it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// The words, with their quotes taken off.
    pub(super) words: Vec<String>,
    /// What it is given on standard input, by a quoted here-document.
    pub(super) input: Option<String>,
}

/// A word that the shell takes as `text`.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Reads a command. Refused is all that a shell would evaluate, and a second command; the error says what it is.
pub(super) fn parse(text: &str) -> Result<CommandLine, String> {
    let mut reader = Reader { rest: text, line: CommandLine::default(), delimiter: None };
    reader.read()?;
    Ok(reader.line)
}

struct Reader<'a> {
    rest: &'a str,
    line: CommandLine,
    delimiter: Option<String>,
}

const NOT_EVALUATED: &str = "a setting is taken as it stands";

impl Reader<'_> {
    fn read(&mut self) -> Result<(), String> {
        self.skip_blank_lines();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' => self.advance(1),
                '\n' => {
                    self.advance(1);
                    break;
                }
                '#' => self.skip_line(),
                '<' => self.here_document()?,
                '\\' if self.rest.starts_with("\\\n") => self.advance(2),
                '\\' if self.rest.starts_with("\\\r\n") => self.advance(3),
                _ => {
                    let word = self.word()?;
                    self.line.words.push(word);
                }
            }
        }
        if let Some(delimiter) = self.delimiter.take() {
            self.body(&delimiter)?;
        }
        self.skip_blank_lines();
        if self.rest.is_empty() { Ok(()) } else { Err("there is more than one command".into()) }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// The next character, taken.
    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.advance(c.len_utf8());
        Some(c)
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.find('\n').map_or("", |end| self.rest.get(end..).unwrap_or_default());
    }

    fn skip_blank_lines(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return;
            }
            self.skip_line();
        }
    }

    fn word(&mut self) -> Result<String, String> {
        let mut word = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' => break,
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '\\' => self.escaped(&mut word)?,
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => {
                    return Err(format!("`{c}` would do more than one command"));
                }
                '$' | '`' => return Err(format!("`{c}` would be evaluated by a shell; {NOT_EVALUATED}")),
                '*' | '?' | '[' | '{' | '}' | '!' => {
                    return Err(format!(
                        "`{c}` outside of quotes may stand for something else; {NOT_EVALUATED}"
                    ));
                }
                '~' if word.is_empty() => {
                    return Err(format!("`~` outside of quotes stands for a home folder; {NOT_EVALUATED}"));
                }
                _ => {
                    word.push(c);
                    self.advance(c.len_utf8());
                }
            }
        }
        Ok(word)
    }

    fn single_quoted(&mut self, word: &mut String) -> Result<(), String> {
        self.advance(1);
        let end = self.rest.find('\'').ok_or("a single quote has no end")?;
        word.push_str(self.rest.get(..end).unwrap_or_default());
        self.advance(end + 1);
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut String) -> Result<(), String> {
        self.advance(1);
        loop {
            match self.next() {
                None => return Err("a double quote has no end".into()),
                Some('"') => return Ok(()),
                Some(c @ ('$' | '`')) => {
                    return Err(format!("`{c}` would be evaluated by a shell; {NOT_EVALUATED}"));
                }
                Some('\\') => match self.next() {
                    Some('\n') => {}
                    Some(c @ ('$' | '`' | '"' | '\\')) => word.push(c),
                    Some(c) => word.extend(['\\', c]),
                    None => return Err("a double quote has no end".into()),
                },
                Some(c) => word.push(c),
            }
        }
    }

    fn escaped(&mut self, word: &mut String) -> Result<(), String> {
        self.advance(1);
        match self.next() {
            Some('\n') => Ok(()),
            Some(c) => {
                word.push(c);
                Ok(())
            }
            None => Err("a backslash stands at the end".into()),
        }
    }

    /// `<<'WORD'`: only with quotes is the text taken as it stands.
    fn here_document(&mut self) -> Result<(), String> {
        let start =
            self.rest.strip_prefix("<<'").ok_or("only a here-document with quotes (`<<'TEXT'`) is read")?;
        let (delimiter, rest) = start.split_once('\'').ok_or("a single quote has no end")?;
        if self.delimiter.is_some() || delimiter.is_empty() || delimiter.contains('\n') {
            return Err("the here-document cannot be read".into());
        }
        self.delimiter = Some(delimiter.to_owned());
        self.rest = rest;
        Ok(())
    }

    fn body(&mut self, delimiter: &str) -> Result<(), String> {
        let mut body = String::new();
        let mut rest = self.rest;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            if line == delimiter {
                self.rest = rest;
                self.line.input = Some(body);
                return Ok(());
            }
            body.push_str(line);
            body.push('\n');
        }
        Err("the here-document has no end".into())
    }
}
