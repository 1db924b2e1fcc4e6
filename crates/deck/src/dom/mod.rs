//! An HTML tree in one vector: what the parser builds and the readers and the sanitiser walk.

mod parse;
mod sink;

use std::rc::Rc;

use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, QualName, ns};

pub(crate) use parse::{parse_document, parse_fragment};

/// The place of a node in its tree.
pub(crate) type NodeId = usize;

/// The document node of every tree.
pub(crate) const DOCUMENT: NodeId = 0;

/// Which vocabulary an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    Html,
    Svg,
    MathMl,
    Other,
}

#[derive(Debug)]
pub(crate) struct Element {
    /// Shared, because the parser asks for it all the time and keeps it while it changes the tree.
    pub(crate) name: Rc<QualName>,
    pub(crate) attributes: Vec<Attribute>,
    /// The root of a `template`'s contents, which are not its children.
    contents: Option<NodeId>,
    annotation_with_html: bool,
}

impl Element {
    pub(crate) fn local(&self) -> &str {
        &self.name.local
    }

    pub(crate) fn vocabulary(&self) -> Vocabulary {
        if self.name.ns == ns!(html) {
            Vocabulary::Html
        } else if self.name.ns == ns!(svg) {
            Vocabulary::Svg
        } else if self.name.ns == ns!(mathml) {
            Vocabulary::MathMl
        } else {
            Vocabulary::Other
        }
    }

    /// Whether this is the HTML element of that name.
    pub(crate) fn is_html(&self, local: &str) -> bool {
        self.name.ns == ns!(html) && self.local() == local
    }

    /// An attribute without namespace.
    pub(crate) fn attribute(&self, local: &str) -> Option<&str> {
        let same = |attribute: &&Attribute| &*attribute.name.local == local && attribute.name.ns == ns!();
        self.attributes.iter().find(same).map(|attribute| &*attribute.value)
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.attribute("class")
            .is_some_and(|classes| classes.split_ascii_whitespace().any(|one| one == class))
    }
}

#[derive(Debug)]
pub(crate) enum Data {
    Document,
    Element(Element),
    Text(StrTendril),
    Comment,
}

#[derive(Debug)]
struct Node {
    parent: Option<NodeId>,
    previous: Option<NodeId>,
    next: Option<NodeId>,
    first: Option<NodeId>,
    last: Option<NodeId>,
    data: Data,
}

/// A tree of nodes. Ids are only ever made by the tree itself; one that is not of this tree is treated as a leaf.
#[derive(Debug)]
pub(crate) struct Dom {
    nodes: Vec<Node>,
}

impl Dom {
    fn new() -> Self {
        let mut dom = Self { nodes: Vec::with_capacity(64) };
        dom.add(Data::Document);
        dom
    }

    fn add(&mut self, data: Data) -> NodeId {
        self.nodes.push(Node { parent: None, previous: None, next: None, first: None, last: None, data });
        self.nodes.len() - 1
    }

    fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn data(&self, id: NodeId) -> &Data {
        self.nodes.get(id).map_or(&Data::Comment, |node| &node.data)
    }

    pub(crate) fn element(&self, id: NodeId) -> Option<&Element> {
        match self.data(id) {
            Data::Element(element) => Some(element),
            _ => None,
        }
    }

    fn element_mut(&mut self, id: NodeId) -> Option<&mut Element> {
        match self.nodes.get_mut(id).map(|node| &mut node.data) {
            Some(Data::Element(element)) => Some(element),
            _ => None,
        }
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id).and_then(|node| node.parent)
    }

    pub(crate) fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id).and_then(|node| node.first)
    }

    pub(crate) fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id).and_then(|node| node.next)
    }

    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.first_child(id), |&child| self.next_sibling(child))
    }

    /// All nodes below one, in document order; without the contents of templates.
    pub(crate) fn descendants(&self, root: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.first_child(root), move |&id| self.after(id, root, true))
    }

    /// The node after `id` in document order, inside `root`; with `into` false its children are skipped.
    pub(crate) fn after(&self, id: NodeId, root: NodeId, into: bool) -> Option<NodeId> {
        if into && let Some(child) = self.first_child(id) {
            return Some(child);
        }
        let mut at = id;
        loop {
            if at == root {
                return None;
            }
            if let Some(next) = self.next_sibling(at) {
                return Some(next);
            }
            at = self.parent(at)?;
        }
    }

    /// The text of a node and of everything below it.
    pub(crate) fn text(&self, id: NodeId) -> String {
        let mut text = String::new();
        if let Data::Text(own) = self.data(id) {
            text.push_str(own);
        }
        for child in self.descendants(id) {
            if let Data::Text(part) = self.data(child) {
                text.push_str(part);
            }
        }
        text
    }

    /// How deep a node lies below the document.
    fn depth(&self, id: NodeId) -> usize {
        std::iter::successors(self.parent(id), |&parent| self.parent(parent)).count()
    }

    pub(crate) fn detach(&mut self, id: NodeId) {
        let Some((parent, previous, next)) =
            self.nodes.get(id).map(|node| (node.parent, node.previous, node.next))
        else {
            return;
        };
        match previous.and_then(|previous| self.nodes.get_mut(previous)) {
            Some(previous) => previous.next = next,
            None => {
                if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
                    parent.first = next;
                }
            }
        }
        match next.and_then(|next| self.nodes.get_mut(next)) {
            Some(next) => next.previous = previous,
            None => {
                if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
                    parent.last = previous;
                }
            }
        }
        if let Some(node) = self.nodes.get_mut(id) {
            (node.parent, node.previous, node.next) = (None, None, None);
        }
    }

    fn append(&mut self, parent: NodeId, child: NodeId) {
        self.detach(child);
        let last = self.nodes.get(parent).and_then(|node| node.last);
        if let Some(node) = self.nodes.get_mut(child) {
            node.parent = Some(parent);
            node.previous = last;
        }
        match last.and_then(|last| self.nodes.get_mut(last)) {
            Some(last) => last.next = Some(child),
            None => {
                if let Some(parent) = self.nodes.get_mut(parent) {
                    parent.first = Some(child);
                }
            }
        }
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.last = Some(child);
        }
    }

    fn insert_before(&mut self, sibling: NodeId, child: NodeId) {
        self.detach(child);
        let Some((parent, previous)) = self.nodes.get(sibling).map(|node| (node.parent, node.previous))
        else {
            return;
        };
        if let Some(node) = self.nodes.get_mut(child) {
            (node.parent, node.previous, node.next) = (parent, previous, Some(sibling));
        }
        if let Some(node) = self.nodes.get_mut(sibling) {
            node.previous = Some(child);
        }
        match previous.and_then(|previous| self.nodes.get_mut(previous)) {
            Some(previous) => previous.next = Some(child),
            None => {
                if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
                    parent.first = Some(child);
                }
            }
        }
    }

    /// Gives an element an attribute that it does not have.
    pub(crate) fn set_attribute(&mut self, id: NodeId, name: &str, value: String) {
        if let Some(element) = self.element_mut(id) {
            let name = QualName::new(None, ns!(), LocalName::from(name));
            element.attributes.push(Attribute { name, value: StrTendril::from(value) });
        }
    }

    /// Puts an empty HTML element in the place of a node, with those attributes.
    pub(crate) fn replace_with_element(&mut self, id: NodeId, local: &str, attributes: Vec<(&str, String)>) {
        let attributes = attributes
            .into_iter()
            .map(|(name, value)| Attribute {
                name: QualName::new(None, ns!(), LocalName::from(name)),
                value: StrTendril::from(value),
            })
            .collect();
        let name = Rc::new(QualName::new(None, ns!(html), LocalName::from(local)));
        let element = Element { name, attributes, contents: None, annotation_with_html: false };
        let new = self.add(Data::Element(element));
        self.insert_before(id, new);
        self.detach(id);
    }
}
