//! The parser's view of a tree.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName};

use super::{DOCUMENT, Data, Dom, Element, NodeId};

/// Builds a [`Dom`].
pub(super) struct Sink {
    dom: RefCell<Dom>,
    /// How deep the last insertion was.
    depth: Cell<usize>,
    mistakes: Cell<usize>,
}

/// An element's name.
#[derive(Debug)]
pub(super) struct Name(Rc<QualName>);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Sink {
    pub(super) fn new() -> Self {
        Self { dom: RefCell::new(Dom::new()), depth: Cell::new(0), mistakes: Cell::new(0) }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth.get()
    }

    /// How many mistakes the parser has mended. That a document has no type is none.
    pub(super) fn mistakes(&self) -> usize {
        self.mistakes.get()
    }

    pub(super) fn nodes(&self) -> usize {
        self.dom.borrow().len()
    }

    fn append_text(dom: &mut Dom, parent: NodeId, text: &StrTendril) {
        let last = dom.nodes.get(parent).and_then(|node| node.last);
        if let Some(Data::Text(known)) =
            last.and_then(|last| dom.nodes.get_mut(last)).map(|node| &mut node.data)
        {
            known.push_tendril(text);
        } else {
            let node = dom.add(Data::Text(text.clone()));
            dom.append(parent, node);
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Dom;
    type ElemName<'a> = Name;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _message: Cow<'static, str>) {
        if self.nodes() > 1 {
            self.mistakes.set(self.mistakes.get() + 1);
        }
    }

    fn get_document(&self) -> NodeId {
        DOCUMENT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Name {
        let nameless = || Rc::new(QualName::new(None, Namespace::default(), LocalName::default()));
        Name(self.dom.borrow().element(*target).map_or_else(nameless, |element| Rc::clone(&element.name)))
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        let mut dom = self.dom.borrow_mut();
        let contents = flags.template.then(|| dom.add(Data::Document));
        let annotation_with_html = flags.mathml_annotation_xml_integration_point;
        dom.add(Data::Element(Element { name: Rc::new(name), attributes, contents, annotation_with_html }))
    }

    fn create_comment(&self, _text: StrTendril) -> NodeId {
        self.dom.borrow_mut().add(Data::Comment)
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> NodeId {
        self.dom.borrow_mut().add(Data::Comment)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        let mut dom = self.dom.borrow_mut();
        match child {
            NodeOrText::AppendNode(node) => {
                dom.append(*parent, node);
                self.depth.set(dom.depth(node));
            }
            NodeOrText::AppendText(text) => Self::append_text(&mut dom, *parent, &text),
        }
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        if self.dom.borrow().parent(*element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}

    fn pop(&self, node: &NodeId) {
        self.depth.set(self.dom.borrow().depth(*node).saturating_sub(1));
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.dom.borrow().element(*target).and_then(|element| element.contents).unwrap_or(DOCUMENT)
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, new: NodeOrText<NodeId>) {
        let mut dom = self.dom.borrow_mut();
        match new {
            NodeOrText::AppendNode(node) => {
                dom.insert_before(*sibling, node);
                self.depth.set(dom.depth(node));
            }
            NodeOrText::AppendText(text) => {
                let previous = dom.nodes.get(*sibling).and_then(|node| node.previous);
                if let Some(Data::Text(known)) =
                    previous.and_then(|previous| dom.nodes.get_mut(previous)).map(|node| &mut node.data)
                {
                    known.push_tendril(&text);
                } else {
                    let node = dom.add(Data::Text(text));
                    dom.insert_before(*sibling, node);
                }
            }
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        if let Some(element) = self.dom.borrow_mut().element_mut(*target) {
            for attribute in attributes {
                if !element.attributes.iter().any(|known| known.name == attribute.name) {
                    element.attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.dom.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        let mut dom = self.dom.borrow_mut();
        while let Some(child) = dom.first_child(*node) {
            dom.append(*new_parent, child);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &NodeId) -> bool {
        self.dom.borrow().element(*handle).is_some_and(|element| element.annotation_with_html)
    }

    fn allow_declarative_shadow_roots(&self, _intended_parent: &NodeId) -> bool {
        false
    }
}
