//! From the parser's events to a tree, with bounds: the text may come from anybody.

use std::collections::BTreeMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StrInput};

use super::Yaml;

/// The deepest nesting that is read.
const DEEPEST: usize = 64;

/// The most nodes of a document, with those that aliases repeat.
const MOST_NODES: usize = 100_000;

/// Reads a text with one document; `None` if it holds none.
///
/// An error says why the text is not read, and where.
pub(crate) fn read(text: &str) -> Result<Option<Yaml>, String> {
    // another crate of the build may have switched their events on
    let mut options = Options::default();
    options.set_emit_comments(false);
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { parser, anchored: BTreeMap::new(), nodes: 0 };
    let mut document = None;
    while let Some(event) = reader.next()? {
        match event {
            Event::DocumentStart(..) if document.is_some() => return Err("it has several documents".into()),
            Event::DocumentStart(..) => {
                let first = reader.expect()?;
                document = Some(reader.node(first, 0)?);
            }
            _ => {}
        }
    }
    Ok(document)
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Nodes that have a name, by the parser's number for it.
    anchored: BTreeMap<usize, Yaml>,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Event<'a>>, String> {
        let event = self.parser.next_event().transpose().map_err(|error: ScanError| error.to_string())?;
        Ok(event.map(|(event, _)| event))
    }

    fn expect(&mut self) -> Result<Event<'a>, String> {
        self.next()?.ok_or_else(|| "it ends too early".to_owned())
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Result<Yaml, String> {
        self.count(1)?;
        if depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} levels deep"));
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let text = text.into_owned();
                let is_plain = style == ScalarStyle::Plain && !is_text;
                (if is_plain { Yaml::Plain(text) } else { Yaml::Text(text) }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.map(depth)?, anchor),
            Event::Alias(id) => (self.alias(id)?, 0),
            other => return Err(format!("it has {other:?} in the place of a value")),
        };
        if anchor != 0 {
            self.anchored.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Yaml, String> {
        let mut items = Vec::new();
        loop {
            match self.expect()? {
                Event::SequenceEnd => return Ok(Yaml::List(items)),
                event => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Yaml, String> {
        let mut entries: Vec<(String, Yaml)> = Vec::new();
        loop {
            let key = match self.expect()? {
                Event::MappingEnd => return Ok(Yaml::Map(entries)),
                event => match self.node(event, depth + 1)? {
                    Yaml::Text(key) | Yaml::Plain(key) => key,
                    Yaml::List(_) | Yaml::Map(_) => return Err("it has a key that is no text".into()),
                },
            };
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(format!("it has the key {key:?} twice in one mapping"));
            }
            let first = self.expect()?;
            entries.push((key, self.node(first, depth + 1)?));
        }
    }

    /// A copy of a node that was read before. One that is still being read contains the alias itself.
    fn alias(&mut self, id: usize) -> Result<Yaml, String> {
        let node = self.anchored.get(&id).cloned().ok_or("it has an alias inside of what it stands for")?;
        self.count(size_of_tree(&node))?;
        Ok(node)
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(format!("it has more than {MOST_NODES} values"));
        }
        Ok(())
    }
}

fn size_of_tree(node: &Yaml) -> usize {
    match node {
        Yaml::Text(_) | Yaml::Plain(_) => 1,
        Yaml::List(items) => 1 + items.iter().map(size_of_tree).sum::<usize>(),
        Yaml::Map(entries) => 1 + entries.iter().map(|(_, value)| 1 + size_of_tree(value)).sum::<usize>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Yaml {
        Yaml::Plain(text.into())
    }

    #[test]
    fn scalars_stay_as_they_were_written() {
        let read = read("a: 1.10\nb: '1.10'\nc: !!str 1.10\nd: |\n  two\n  lines\ne:\n").unwrap().unwrap();
        let expected = Yaml::map([
            ("a", plain("1.10")),
            ("b", Yaml::text("1.10")),
            ("c", Yaml::text("1.10")),
            ("d", Yaml::text("two\nlines\n")),
            ("e", plain("~")),
        ]);
        assert_eq!(read, expected);
    }

    #[test]
    fn aliases_repeat_what_they_stand_for() {
        let read = read("a: &list [x, y]\nb: *list").unwrap().unwrap();
        let list = || Yaml::List(vec![plain("x"), plain("y")]);
        assert_eq!(read, Yaml::map([("a", list()), ("b", list())]));
    }

    #[test]
    fn comments_may_stand_everywhere() {
        let text = "# a\na: # b\n  # c\n  - x # d\n  # e\n  - y\n# f\nb: 1 # g\n# h\n";
        let expected = Yaml::map([("a", Yaml::List(vec![plain("x"), plain("y")])), ("b", plain("1"))]);
        assert_eq!(read(text).unwrap(), Some(expected));
    }

    #[test]
    fn nothing_is_no_document() {
        for text in ["", "# only a comment\n", "\n\n"] {
            assert_eq!(read(text).unwrap(), None, "{text:?}");
        }
        assert!(read("--- # begun").unwrap().is_some_and(|document| document.is_null()));
    }

    #[test]
    fn what_is_hostile_or_ambiguous_is_an_error() {
        let deep = "[".repeat(100) + &"]".repeat(100);
        let laughs = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            let list = vec![format!("*a{}", n - 1); 10].join(", ");
            text + &format!("a{n}: &a{n} [{list}]\n")
        });
        for text in
            [deep.as_str(), &laughs, "a: &a [*a]", "a: 1\na: 2", "[1]: 2", "--- 1\n--- 2", "a: [", "b: *b"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
