//! What a script's expressions say, as far as they are literals. Nothing is executed.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BindingPattern, CallExpression, Expression, NewExpression,
    ObjectPropertyKind, PropertyKey, TemplateLiteral, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_syntax::operator::{BinaryOperator, UnaryOperator};

/// A script has no more charts than this.
pub(super) const MOST_CHARTS: usize = 200;
/// Lists in lists by way of names, deeper than this, are not read.
const DEEPEST_NAMES: usize = 24;
/// So many entries and bytes are copied from names, in all.
const MOST_COPIED: usize = 1_000_000;

/// A literal value; shared, because a name may be used many times.
#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Rc<Self>>),
    Map(Vec<(String, Rc<Self>)>),
    /// A canvas, by its id.
    Canvas(String),
    /// A function.
    Function,
    /// Anything else.
    Unknown,
}

impl Literal {
    pub(super) fn get(&self, name: &str) -> Option<&Rc<Self>> {
        match self {
            // The last one counts, as in JavaScript.
            Self::Map(entries) => entries.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |literal, name| literal.get(name).map(Rc::as_ref))
    }

    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            // Chart.js writes the entries as lines.
            Self::List(lines) => {
                let lines: Vec<String> = lines
                    .iter()
                    .take(10)
                    .filter_map(|line| match &**line {
                        Self::Text(text) => Some(text.clone()),
                        Self::Number(number) => Some(number.to_string()),
                        _ => None,
                    })
                    .collect();
                (!lines.is_empty()).then(|| lines.join(" "))
            }
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    pub(super) fn is_false(&self) -> bool {
        matches!(self, Self::Bool(false))
    }
}

/// A `new Chart(target, configuration)`.
#[derive(Debug)]
pub(super) struct Construction {
    pub(super) target: Rc<Literal>,
    pub(super) configuration: Rc<Literal>,
}

/// Collects a script's charts, in its order.
#[derive(Debug, Default)]
pub(super) struct Collector {
    /// What names stand for, and how many names lie behind a list or map.
    names: HashMap<String, (Rc<Literal>, usize)>,
    pub(super) charts: Vec<Construction>,
    /// How many charts there were after the first so many.
    pub(super) further: usize,
    /// The most names behind one that was read since this was last set.
    behind: Cell<usize>,
    copied: Cell<usize>,
}

impl<'a> Visit<'a> for Collector {
    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        walk::walk_variable_declarator(self, declarator);
        if let (BindingPattern::BindingIdentifier(name), Some(value)) = (&declarator.id, &declarator.init) {
            self.behind.set(0);
            let value = self.read(value);
            let nests = matches!(*value, Literal::List(_) | Literal::Map(_));
            let behind = if nests { self.behind.get() + 1 } else { 0 };
            let value = if behind > DEEPEST_NAMES { Rc::new(Literal::Unknown) } else { value };
            self.names.insert(name.name.to_string(), (value, behind));
        }
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        if is_chart(&new.callee) && self.charts.len() >= MOST_CHARTS {
            self.further += 1;
        } else if is_chart(&new.callee) {
            let argument = |index: usize| new.arguments.get(index).and_then(Argument::as_expression);
            let read =
                |index| argument(index).map_or_else(|| Rc::new(Literal::Unknown), |value| self.read(value));
            let (target, configuration) = (read(0), read(1));
            self.charts.push(Construction { target, configuration });
        }
        walk::walk_new_expression(self, new);
    }
}

fn is_chart(callee: &Expression<'_>) -> bool {
    match callee {
        Expression::Identifier(name) => name.name == "Chart",
        Expression::StaticMemberExpression(member) => member.property.name == "Chart",
        _ => false,
    }
}

impl Collector {
    fn read(&self, expression: &Expression<'_>) -> Rc<Literal> {
        if let Expression::Identifier(name) = expression {
            let Some((value, behind)) = self.names.get(name.name.as_str()) else {
                return Rc::new(named(name.name.as_str()));
            };
            self.behind.set(self.behind.get().max(*behind));
            return Rc::clone(value);
        }
        if let Expression::ParenthesizedExpression(inner) = expression {
            return self.read(&inner.expression);
        }
        if let Expression::StaticMemberExpression(member) = expression {
            let object = self.read(&member.object);
            return object
                .get(member.property.name.as_str())
                .cloned()
                .unwrap_or_else(|| Rc::new(Literal::Unknown));
        }
        Rc::new(match expression {
            Expression::NullLiteral(_) => Literal::Null,
            Expression::BooleanLiteral(literal) => Literal::Bool(literal.value),
            Expression::NumericLiteral(literal) => Literal::Number(literal.value),
            Expression::StringLiteral(literal) => Literal::Text(literal.value.to_string()),
            Expression::TemplateLiteral(template) => self.template(template),
            Expression::ArrayExpression(array) => {
                let mut list = Vec::new();
                for element in &array.elements {
                    match element {
                        ArrayExpressionElement::Elision(_) => list.push(Rc::new(Literal::Null)),
                        ArrayExpressionElement::SpreadElement(spread) => {
                            match &*self.read(&spread.argument) {
                                Literal::List(more)
                                    if list.len() + more.len() <= 4000 && self.may_copy(more.len()) =>
                                {
                                    list.extend(more.iter().cloned())
                                }
                                _ => return Rc::new(Literal::Unknown),
                            }
                        }
                        other => {
                            list.push(
                                other
                                    .as_expression()
                                    .map_or_else(|| Rc::new(Literal::Unknown), |value| self.read(value)),
                            );
                        }
                    }
                }
                Literal::List(list)
            }
            Expression::ObjectExpression(object) => Literal::Map(self.entries(&object.properties)),
            Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) => Literal::Function,
            Expression::CallExpression(call) => self.call(call),
            Expression::UnaryExpression(unary) => match (unary.operator, self.read(&unary.argument).number())
            {
                (UnaryOperator::UnaryNegation, Some(number)) => Literal::Number(-number),
                (UnaryOperator::UnaryPlus, Some(number)) => Literal::Number(number),
                _ => Literal::Unknown,
            },
            Expression::BinaryExpression(binary) => {
                let (left, right) = (self.read(&binary.left), self.read(&binary.right));
                match binary_value(binary.operator, &left, &right) {
                    Literal::Text(text) if !self.may_copy(text.len()) => Literal::Unknown,
                    value => value,
                }
            }
            _ => Literal::Unknown,
        })
    }

    /// Whether so much more may be copied: a script must not multiply itself.
    fn may_copy(&self, more: usize) -> bool {
        let copied = self.copied.get().saturating_add(more);
        self.copied.set(copied);
        copied <= MOST_COPIED
    }

    fn entries(&self, properties: &[ObjectPropertyKind<'_>]) -> Vec<(String, Rc<Literal>)> {
        let mut entries = Vec::new();
        for property in properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    let key = match &property.key {
                        PropertyKey::StaticIdentifier(name) => Some(name.name.to_string()),
                        key => key.as_expression().and_then(|key| self.read(key).text()),
                    };
                    entries.push(match key {
                        Some(key) => (key, self.read(&property.value)),
                        None => ("[…]".to_owned(), Rc::new(Literal::Unknown)),
                    });
                }
                ObjectPropertyKind::SpreadProperty(spread) => match &*self.read(&spread.argument) {
                    Literal::Map(more) if entries.len() + more.len() <= 1000 && self.may_copy(more.len()) => {
                        entries.extend(more.iter().cloned());
                    }
                    _ => entries.push(("...".to_owned(), Rc::new(Literal::Unknown))),
                },
            }
        }
        entries
    }

    fn template(&self, template: &TemplateLiteral<'_>) -> Literal {
        let mut text = String::new();
        for (index, part) in template.quasis.iter().enumerate() {
            text.push_str(part.value.cooked.as_ref().map_or("", |cooked| cooked.as_str()));
            if let Some(value) = template.expressions.get(index) {
                match self.read(value).text() {
                    Some(value) if text.len() + value.len() <= 10_000 && self.may_copy(value.len()) => {
                        text.push_str(&value);
                    }
                    _ => return Literal::Unknown,
                }
            }
        }
        Literal::Text(text)
    }

    /// The few calls that only name a canvas.
    fn call(&self, call: &CallExpression<'_>) -> Literal {
        let Expression::StaticMemberExpression(member) = &call.callee else { return Literal::Unknown };
        let argument = || {
            call.arguments.first().and_then(Argument::as_expression).and_then(|value| self.read(value).text())
        };
        match member.property.name.as_str() {
            "getElementById" => argument().map_or(Literal::Unknown, Literal::Canvas),
            "querySelector" => {
                let id = argument()
                    .and_then(|selector| selector.rsplit_once('#').map(|(_, id)| id.trim().to_owned()));
                id.map_or(Literal::Unknown, Literal::Canvas)
            }
            "getContext" => match &*self.read(&member.object) {
                Literal::Canvas(id) => Literal::Canvas(id.clone()),
                _ => Literal::Unknown,
            },
            _ => Literal::Unknown,
        }
    }
}

fn named(name: &str) -> Literal {
    match name {
        "undefined" | "NaN" => Literal::Null,
        _ => Literal::Unknown,
    }
}

fn binary_value(operator: BinaryOperator, left: &Literal, right: &Literal) -> Literal {
    if let (Literal::Number(left), Literal::Number(right)) = (left, right) {
        return match operator {
            BinaryOperator::Addition => Literal::Number(left + right),
            BinaryOperator::Subtraction => Literal::Number(left - right),
            BinaryOperator::Multiplication => Literal::Number(left * right),
            BinaryOperator::Division => Literal::Number(left / right),
            _ => Literal::Unknown,
        };
    }
    match (operator, left.text(), right.text()) {
        (BinaryOperator::Addition, Some(left), Some(right)) if left.len() + right.len() <= 10_000 => {
            Literal::Text(left + &right)
        }
        _ => Literal::Unknown,
    }
}
