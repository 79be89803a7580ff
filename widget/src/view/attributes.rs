//! Attributes as one type, whatever they are called: Leptos' own are a type for each name and each kind of value, and
//! are taken off and put on again whenever something near them changes.

use leptos::attr::any_attribute::AnyAttribute;
use leptos::tachys::html::attribute::{Attribute, NextAttribute};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement};

/// The name under which the text in a field is set.
pub const VALUE: &str = "value";

/// Attributes of one element.
#[derive(Clone)]
pub struct Attributes(Vec<(&'static str, String)>);

/// What the attributes of an element are called.
type Names = Vec<&'static str>;

/// Attributes by name and value; an empty value takes the attribute away. [`VALUE`] is what stands in a field.
pub fn attrs(list: &[(&'static str, &str)]) -> Attributes {
    Attributes(list.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}

/// The attribute that most elements have alone.
pub fn class(name: &str) -> Attributes {
    attrs(&[("class", name)])
}

impl Attribute for Attributes {
    const MIN_LENGTH: usize = 0;

    type State = (Element, Names);
    type AsyncOutput = Self;
    type Cloneable = Self;
    type CloneableOwned = Self;

    fn html_len(&self) -> usize {
        0
    }

    // Nothing is rendered on a server.
    fn to_html(self, _: &mut String, _: &mut String, _: &mut String, _: &mut String) {}

    fn hydrate<const FROM_SERVER: bool>(self, element: &Element) -> Self::State {
        self.build(element)
    }

    fn build(self, element: &Element) -> Self::State {
        for (name, value) in &self.0 {
            put(element, name, value);
        }
        (element.clone(), self.0.into_iter().map(|(name, _)| name).collect())
    }

    /// An element that becomes another one of its kind keeps none of the attributes that it had as the former.
    fn rebuild(self, (element, before): &mut Self::State) {
        for name in before.iter().filter(|before| self.0.iter().all(|(name, _)| name != *before)) {
            put(element, name, "");
        }
        (_, *before) = self.build(element);
    }

    fn into_cloneable(self) -> Self {
        self
    }

    fn into_cloneable_owned(self) -> Self {
        self
    }

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }
}

impl NextAttribute for Attributes {
    type Output<NewAttr: Attribute> = Vec<AnyAttribute>;

    fn add_any_attr<NewAttr: Attribute>(self, new: NewAttr) -> Vec<AnyAttribute> {
        use leptos::attr::any_attribute::IntoAnyAttribute;
        vec![self.into_any_attr(), new.into_any_attr()]
    }
}

/// Changes only what is different: a field keeps its cursor, and nothing is announced twice.
fn put(element: &Element, name: &str, value: &str) {
    if name == VALUE {
        if let Some(field) = element.dyn_ref::<HtmlInputElement>().filter(|field| field.value() != value) {
            field.set_value(value);
        }
        if let Some(field) = element.dyn_ref::<HtmlTextAreaElement>().filter(|field| field.value() != value) {
            field.set_value(value);
        }
    } else if value.is_empty() {
        // Both fail only for names that are none.
        let _ = element.remove_attribute(name);
    } else if element.get_attribute(name).as_deref() != Some(value) {
        let _ = element.set_attribute(name, value);
    }
}
