//! Parsing within bounds: whatever comes in, the tree stays small enough to walk and the time linear.

use std::cell::Cell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use html5ever::{LocalName, QualName, TokenizerResult, ns};

use super::sink::Sink;
use super::{DOCUMENT, Dom, NodeId};
use crate::report::Report;

/// Start tags below this depth are left out, their text stays. Browsers stop at 512.
const DEEPEST: usize = 200;
/// No tree has more nodes. Nor has it more than half as many as its text has bytes, and some: misnested formatting
/// multiplies itself.
const MOST_NODES: usize = 400_000;
/// So many formatting elements may be open at once. Each paragraph opens them again, and each is compared with all others.
const MOST_FORMATTING: usize = 24;
const FORMATTING: [&str; 12] =
    ["b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"];
/// The parser gets its input in pieces of so many bytes, to see whether they lead anywhere.
const PIECE: usize = 8 * 1024;
/// After so many bytes inside a single tag, most of the rest is left out: attributes are compared with each other.
const LONGEST_TAG: usize = 128 * 1024;

type Builder = TreeBuilder<NodeId, Sink>;

/// Stands between tokenizer and tree builder, and holds back what would grow without end.
struct Bounds {
    builder: Builder,
    most_nodes: usize,
    /// How many of each formatting element are open, by their start and end tags.
    formatting: [Cell<usize>; FORMATTING.len()],
    tokens: Cell<usize>,
    too_deep: Cell<usize>,
    too_many: Cell<usize>,
}

impl TokenSink for Bounds {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        self.tokens.set(self.tokens.get().wrapping_add(1));
        if let Token::TagToken(tag) = &token
            && let Some(open) =
                FORMATTING.iter().position(|name| *name == &*tag.name).and_then(|at| self.formatting.get(at))
        {
            let starts = tag.kind == TagKind::StartTag;
            let all: usize = self.formatting.iter().map(Cell::get).sum();
            if starts && all >= MOST_FORMATTING {
                self.too_deep.set(self.too_deep.get() + 1);
                return TokenSinkResult::Continue;
            }
            open.set(if starts { open.get() + 1 } else { open.get().saturating_sub(1) });
        }
        if let Token::TagToken(tag) = &token
            && tag.kind == TagKind::StartTag
        {
            if self.builder.sink.nodes() > self.most_nodes {
                self.too_many.set(self.too_many.get() + 1);
                return TokenSinkResult::Continue;
            }
            if self.builder.sink.depth() > DEEPEST {
                self.too_deep.set(self.too_deep.get() + 1);
                return TokenSinkResult::Continue;
            }
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Parses a complete document; the tree's root is [`DOCUMENT`].
pub(crate) fn parse_document(html: &str, report: &mut Report) -> Dom {
    let builder = TreeBuilder::new(Sink::new(), TreeBuilderOpts::default());
    run(builder, html, report)
}

/// Parses what stands inside a `body`; gives the tree and the node whose children are the result.
pub(crate) fn parse_fragment(html: &str, report: &mut Report) -> (Dom, NodeId) {
    let sink = Sink::new();
    let name = QualName::new(None, ns!(html), LocalName::from("body"));
    let context = html5ever::interface::create_element(&sink, name, Vec::new());
    let builder = TreeBuilder::new_for_fragment(sink, context, None, TreeBuilderOpts::default());
    let dom = run(builder, html, report);
    let root = dom.first_child(DOCUMENT).unwrap_or(DOCUMENT);
    (dom, root)
}

fn run(builder: Builder, html: &str, report: &mut Report) -> Dom {
    let most_nodes = (1000 + html.len() / 2).min(MOST_NODES);
    let bounds = Bounds {
        builder,
        most_nodes,
        formatting: Default::default(),
        tokens: Cell::new(0),
        too_deep: Cell::new(0),
        too_many: Cell::new(0),
    };
    let tokenizer = Tokenizer::new(bounds, TokenizerOpts::default());
    let cut = feed(&tokenizer, html);
    tokenizer.end();
    let bounds = tokenizer.sink;
    if cut > 0 {
        report.dropped(format!("{cut} bytes of a single tag"));
    }
    if bounds.too_deep.get() > 0 {
        report.dropped(format!(
            "tags nested more than {DEEPEST} deep, or {MOST_FORMATTING} of formatting; their text stays"
        ));
    }
    if bounds.too_many.get() > 0 {
        report.dropped(format!("tags after the first {most_nodes} nodes; their text stays"));
    }
    let mistakes = bounds.builder.sink.mistakes();
    if mistakes > 0 {
        report.repaired(format!("{mistakes} mistakes in the markup; it is read as a browser reads it"));
    }
    bounds.builder.sink.finish()
}

/// Feeds the whole input; gives the number of bytes left out.
fn feed(tokenizer: &Tokenizer<Bounds>, html: &str) -> usize {
    let queue = BufferQueue::default();
    let (mut rest, mut without_token, mut cut) = (html, 0, 0);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE).max(1).min(rest.len()));
        rest = after;
        let before = tokenizer.sink.tokens.get();
        let fed = if without_token > LONGEST_TAG && is_attributes(piece) { tail(piece) } else { piece };
        cut += piece.len() - fed.len();
        queue.push_back(StrTendril::from(fed));
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        let quiet = tokenizer.sink.tokens.get() == before;
        without_token = if quiet { without_token + piece.len() } else { 0 };
    }
    cut
}

/// Whether a piece of a tag holds many names, and is not one long value such as an image's data.
fn is_attributes(piece: &str) -> bool {
    let separators = piece.bytes().filter(|byte| byte.is_ascii_whitespace() || *byte == b'/').count();
    separators * 24 > piece.len()
}

/// What may end a tag or a comment.
fn tail(piece: &str) -> &str {
    let Some(end) = piece.find('>') else { return "" };
    piece.get(piece.floor_char_boundary(end.saturating_sub(2))..).unwrap_or_default()
}
