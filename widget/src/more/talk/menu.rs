//! The menu of a message.

use dm3_core::device::Trust;
use dm3_core::message::MessageHash;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::composing::{answer, edit};
use super::hold;
use crate::app::part::Loading;
use crate::app::state::{Acting, ActingPage, Bubble, BubbleContent, Picking};
use crate::app::{Act, App, Command, ShareAsk};
use crate::more::clipboard::copy;
use crate::more::focus::{Row, element, focus_later, focus_when_drawn, screen};
use crate::texts::{TalkWord, Word, say};
use crate::view::attributes::{attrs, class};
use crate::view::emoji::pick;
use crate::view::icons::{Picture, icon};
use crate::view::share::share;
use crate::view::states::{could_not_load, skeleton_rows};
use crate::view::thread_rows::beginning;
use crate::view::{OnClick, on_click, time, truth, when};

/// The emoji that are offered at once.
const QUICK: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
/// How wide the menu is, and how high at most: pixels, as in styles/talk.css.
const WIDTH: f64 = 236.0;
const HEIGHT: f64 = 380.0;
/// How far it stays away from the screen's edges.
const MARGIN: f64 = 8.0;

/// The message that is meant by an element in it.
pub(super) fn meant(pressed: &Element) -> Option<MessageHash> {
    pressed.closest("[data-of]").ok()??.get_attribute("data-of")?.parse().ok()
}

/// Opens the menu beside a message or its button, where there is room.
pub(super) fn open_menu(app: &App, hash: MessageHash, beside: &Element) {
    let Some(screen) = beside.closest(".screen").ok().flatten() else { return };
    let (inside, button) = (screen.get_bounding_client_rect(), beside.get_bounding_client_rect());
    let upwards = button.bottom() + HEIGHT > inside.bottom() && button.top() - inside.top() > HEIGHT;
    // A long message may end below the screen.
    let lowest = (inside.height() - HEIGHT - MARGIN).max(MARGIN);
    let edge =
        if upwards { inside.bottom() - button.top() } else { (button.bottom() - inside.top()).min(lowest) };
    let furthest = (inside.width() - WIDTH - MARGIN).max(MARGIN);
    // Beside the bubble, which stays to be seen.
    let is_own = beside.closest(".entry-own").ok().flatten().is_some();
    let wanted = if is_own { button.right() - WIDTH } else { button.left() } - inside.left();
    let acting = Acting {
        hash,
        // Clamped otherwise: `f64::clamp` can fail, and says why with Rust's way to write such numbers (scroll.rs).
        left: wanted.min(furthest).max(MARGIN) as i32,
        edge: edge as i32 + 4,
        upwards,
        page: ActingPage::Choices,
    };
    app.state.picking.set(None);
    app.state.acting.set(Some(acting));
    focus_later(screen, "[role=menuitem]");
}

/// The menu of the message of which it is asked for.
pub(super) fn menu(app: &App) -> AnyView {
    if app.state.picking.with(Option::is_some) {
        return picker(app);
    }
    let Some(acting) = app.state.acting.get() else { return ().into_any() };
    let bubble = app.state.thread.with(|thread| {
        thread.as_ref()?.messages.as_ref()?.iter().find(|bubble| bubble.hash == acting.hash).cloned()
    });
    let Some(bubble) = bubble else { return ().into_any() };
    let keys = {
        let app = app.clone();
        move |event: KeyboardEvent| menu_pressed(&app, &event)
    };
    let leave = {
        let app = app.clone();
        on_click(move || {
            if !hold::is_end() {
                close(&app);
            }
        })
    };
    let (role, inside) = match &acting.page {
        ActingPage::Choices => ("menu", choices(app, &bubble)),
        ActingPage::Delete => ("alertdialog", really_delete(app, &bubble)),
        ActingPage::Versions(versions) => ("dialog", versions_view(app, versions)),
    };
    let px = |number: i32| format!("{number}px");
    let (top, bottom) = if acting.upwards {
        ("auto".to_owned(), px(acting.edge))
    } else {
        (px(acting.edge), "auto".to_owned())
    };
    view! {
        <div {class("acts-behind")} on:click=leave></div>
        <div {attrs(&[("class", "acts"), ("role", role), ("aria-label", say(Word::MessageActions))])} style:left=px(acting.left) style:top=top style:bottom=bottom on:keydown=keys>
            {inside}
        </div>
    }
    .into_any()
}

/// All emoji, once they are there. Before that, and where they can't be had, there is a way out as well.
fn picker(app: &App) -> AnyView {
    let emoji = app.parts.emoji;
    let inside = match emoji.state() {
        Loading::There(emoji) => return (emoji.picker)(app),
        Loading::Waiting => skeleton_rows(),
        Loading::Missing(why) => could_not_load(why, on_click(move || emoji.ask())),
    };
    let leave = || {
        let picking = app.state.picking;
        on_click(move || picking.set(None))
    };
    view! {
        <div {class("acts-behind")} on:click=leave()></div>
        <div {attrs(&[("class", "acts"), ("role", "dialog"), ("aria-label", say(Word::Emoji))])} style:left="8px" style:top="auto" style:bottom="68px">
            {inside}
            <button {attrs(&[("class", "button button-quiet"), ("type", "button")])} on:click=leave()>
                {say(Word::Close)}
            </button>
        </div>
    }
    .into_any()
}

fn close(app: &App) {
    app.state.acting.set(None);
}

/// Arrows go through what can be done; Escape leads back to the message. Tab leaves the choices, and stays in what is asked or
/// shown in their place.
fn menu_pressed(app: &App, event: &KeyboardEvent) {
    let Some(target) = element(event.target()) else { return };
    let Some(screen) = target.closest(".screen").ok().flatten() else { return };
    let is_menu = app
        .state
        .acting
        .with_untracked(|acting| acting.as_ref().is_some_and(|it| it.page == ActingPage::Choices));
    let step: i32 = match event.key().as_str() {
        "Tab" if !is_menu && event.shift_key() => -1,
        "Tab" if !is_menu => 1,
        "ArrowDown" | "ArrowRight" => 1,
        "ArrowUp" | "ArrowLeft" => -1,
        "Escape" | "Tab" => {
            event.prevent_default();
            // The panel's own Escape would close the whole chat.
            event.stop_propagation();
            give_focus_back(app, &screen);
            return close(app);
        }
        _ => return,
    };
    let Some(items) = Row::of(&screen, ".acts button") else { return };
    let next = (items.place(&target).unwrap_or(-1) + step).rem_euclid(items.count().max(1));
    if items.focus(next).is_some() {
        event.prevent_default();
    }
}

fn give_focus_back(app: &App, screen: &Element) {
    let hash =
        app.state.acting.with_untracked(|acting| acting.as_ref().map(|acting| acting.hash.to_string()));
    let row = hash.and_then(|hash| screen.query_selector(&format!("[data-of=\"{hash}\"]")).ok().flatten());
    if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
        let _ = row.focus();
    }
}

/// Does something, closes the menu, and puts the focus where somebody goes on.
fn choose(app: &App, act: impl Fn(&App) + 'static, then: &'static str) -> OnClick {
    let app = app.clone();
    Box::new(move |event: MouseEvent| {
        if let Some(screen) = screen(event.target()) {
            if then.is_empty() {
                give_focus_back(&app, &screen);
            } else {
                focus_later(screen, then);
            }
        }
        act(&app);
        close(&app);
    })
}

fn item(picture: Picture, word: TalkWord, choose: OnClick) -> AnyView {
    view! {
        <button {attrs(&[("class", "acts-item"), ("type", "button"), ("role", "menuitem")])} on:click=choose>
            {icon(picture)}
            {say(word)}
        </button>
    }
    .into_any()
}

/// What can be done with it: all of that with those who are welcome, to others nothing is sent.
fn choices(app: &App, bubble: &Bubble) -> AnyView {
    const COMPOSER: &str = ".composer textarea";
    let hash = bubble.hash.clone();
    let is_welcome = app
        .state
        .thread
        .with(|thread| thread.as_ref().is_some_and(|thread| thread.standing.trust == Trust::Accepted));
    let given: Vec<_> =
        bubble.reactions.iter().filter(|it| it.own.is_some()).map(|it| it.emoji.clone()).collect();
    let quick = QUICK.map(|emoji| {
        let hash = hash.clone();
        let react = move |app: &App| {
            app.command(Command::act(Act::React { to: hash.clone(), emoji: emoji.to_owned() }));
        };
        let is_given = given.iter().any(|given| given == emoji);
        view! {
            <button {attrs(&[("class", "acts-emoji"), ("type", "button"), ("role", "menuitemcheckbox"), ("aria-checked", truth(is_given))])} on:click=choose(app, react, "")>
                {emoji}
            </button>
        }
        .into_any()
    });
    let all = {
        let hash = hash.clone();
        choose(app, move |app| pick(app, Picking::Reaction(hash.clone())), "")
    };
    let BubbleContent::Text { text, edited, quote, .. } = &bubble.content else { return ().into_any() };
    let answers = {
        let bubble = bubble.clone();
        move |app: &App| answer(app, &bubble)
    };
    let copied = when(!text.is_empty(), || {
        let text = text.clone();
        // The menu closes at once, so there is nothing left that could tell how it went.
        let copy = move |_: &App| copy(text.clone(), Box::new(|_| {}));
        item(Picture::Copy, TalkWord::Copy, choose(app, copy, ""))
    });
    let forwarded = {
        let hash = hash.clone();
        move |app: &App| share(app, ShareAsk::Forward(hash.clone()))
    };
    let quoted = quote.as_ref().map(|quote| {
        let quoted = quote.hash.clone();
        let find = move |app: &App| app.command(Command::act(Act::Find(quoted.clone())));
        item(Picture::Bubble, TalkWord::Quoted, choose(app, find, ""))
    });
    let edited = when(*edited, || {
        let (app, hash) = (app.clone(), hash.clone());
        let show: OnClick = Box::new(move |event: MouseEvent| {
            app.command(Command::act(Act::ShowVersions(hash.clone())));
            if let Some(screen) = screen(event.target()) {
                focus_when_drawn(screen, ".acts[role=dialog] button", ".acts *");
            }
        });
        item(Picture::Clock, TalkWord::Versions, show)
    });
    let own = when(bubble.own && is_welcome, || {
        let bubble = bubble.clone();
        let deletes = {
            let app = app.clone();
            Box::new(move |event: MouseEvent| {
                show_page(&app, ActingPage::Delete);
                if let Some(screen) = screen(event.target()) {
                    // What loses nothing.
                    focus_later(screen, ".acts .button-quiet");
                }
            })
        };
        view! {
            {item(Picture::Pen, TalkWord::Edit, choose(app, move |app| edit(app, &bubble), COMPOSER))}
            {item(Picture::Bin, TalkWord::Delete, deletes)}
        }
        .into_any()
    });
    let to_them = when(is_welcome, || {
        view! {
            <div {attrs(&[("class", "acts-quick"), ("role", "group"), ("aria-label", say(TalkWord::React))])}>
                {Vec::from(quick)}
                <button {attrs(&[("class", "acts-emoji"), ("type", "button"), ("role", "menuitem"), ("aria-label", say(TalkWord::MoreEmoji))])} on:click=all>
                    {icon(Picture::Plus)}
                </button>
            </div>
            {item(Picture::Answer, TalkWord::Answer, choose(app, answers, COMPOSER))}
        }
        .into_any()
    });
    view! {
        {to_them}
        {item(Picture::Forward, TalkWord::Forward, choose(app, forwarded, ""))}
        {copied}
        {quoted}
        {edited}
        {own}
    }
    .into_any()
}

fn show_page(app: &App, page: ActingPage) {
    app.state.acting.update(|acting| {
        if let Some(acting) = acting {
            acting.page = page;
        }
    });
}

fn really_delete(app: &App, bubble: &Bubble) -> AnyView {
    let hash = bubble.hash.clone();
    let delete = move |app: &App| app.command(Command::act(Act::Delete(hash.clone())));
    view! {
        <p>{say(TalkWord::DeleteHelp)}</p>
        <button {attrs(&[("class", "button button-bad"), ("type", "button")])} on:click=choose(app, delete, "")>
            {say(TalkWord::Delete)}
        </button>
        <button {attrs(&[("class", "button button-quiet"), ("type", "button")])} on:click=choose(app, |_| {}, "")>
            {say(TalkWord::Keep)}
        </button>
    }
    .into_any()
}

fn versions_view(app: &App, versions: &[(u64, String)]) -> AnyView {
    let each = versions.iter().map(|(at, text)| {
        let when = format!("{}, {}", time::day(*at, time::now()), time::time_of_day(*at));
        let shown = beginning(text).map_or_else(|| text.clone(), |begins| begins.to_owned() + "…");
        view! {
            <li>
                <time>{when}</time>
                <div {attrs(&[("class", "message-text"), ("dir", "auto")])}>{shown}</div>
            </li>
        }
    });
    view! {
        <ol {class("acts-versions")}>{each.collect::<Vec<_>>()}</ol>
        <button {attrs(&[("class", "button button-quiet"), ("type", "button")])} on:click=choose(app, |_| {}, "")>
            {say(Word::Close)}
        </button>
    }
    .into_any()
}
