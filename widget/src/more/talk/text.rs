//! What the texts of messages look like.

use dm3_core::markup::{Block, Link, Span, parse};
use leptos::prelude::*;

use crate::view::attributes::{attrs, class};

/// A text with its marks. What its author wrote becomes text and attributes alone.
pub(super) fn text(text: &str) -> AnyView {
    parse(text).iter().map(block).collect::<Vec<_>>().into_any()
}

fn block(block: &Block) -> AnyView {
    match block {
        Block::Paragraph(words) => view! { <div>{spans(words)}</div> }.into_any(),
        Block::Heading(words) => view! { <div {class("text-heading")}>{spans(words)}</div> }.into_any(),
        Block::Quote(words) => view! { <blockquote>{spans(words)}</blockquote> }.into_any(),
        Block::Code(code) => {
            view! { <pre {attrs(&[("dir", "ltr"), ("tabindex", "0")])}><code>{code.clone()}</code></pre> }
                .into_any()
        }
        Block::List { first, points } => {
            let points = points.iter().map(|words| view! { <li>{spans(words)}</li> }).collect::<Vec<_>>();
            match first {
                Some(first) => {
                    view! { <ol {attrs(&[("start", &first.to_string())])}>{points}</ol> }.into_any()
                }
                None => view! { <ul>{points}</ul> }.into_any(),
            }
        }
    }
}

fn spans(words: &[Span]) -> AnyView {
    words.iter().map(span).collect::<Vec<_>>().into_any()
}

fn span(span: &Span) -> AnyView {
    match span {
        Span::Text(text) => text.clone().into_any(),
        Span::Break => view! { <br /> }.into_any(),
        Span::Strong(inside) => view! { <strong>{spans(inside)}</strong> }.into_any(),
        Span::Emphasis(inside) => view! { <em>{spans(inside)}</em> }.into_any(),
        Span::Struck(inside) => view! { <s>{spans(inside)}</s> }.into_any(),
        Span::Code(code) => view! { <code>{code.clone()}</code> }.into_any(),
        Span::Link(link) => link_view(link),
    }
}

/// Opens a page of its own, which learns nothing of this one. Where its text is not its address, its host stands behind.
fn link_view(link: &Link) -> AnyView {
    let host = link.host().map(|host| view! { <span {class("link-host")}>{format!(" ({host})")}</span> });
    view! {
        <a {attrs(&[("href", link.address()), ("target", "_blank"), ("rel", "noopener noreferrer nofollow ugc")])}>
            <bdi>{link.text().to_owned()}</bdi>
        </a>
        {host}
    }
    .into_any()
}
