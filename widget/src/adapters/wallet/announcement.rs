//! One wallet's announcement (EIP-6963, `EIP6963ProviderDetail`).

use wasm_bindgen::JsValue;

use super::outside::{clean, member, text};

/// The longest id, in UTF-16 units. A UUID has 36, a domain name backwards (`rdns`) rarely more.
const MAX_ID: u32 = 64;
/// The longest name that is shown, in characters.
const MAX_NAME: usize = 60;
/// The longest picture, as a data URL.
const MAX_ICON: u32 = 64 * 1024;

/// What a wallet says about itself.
pub struct Announcement {
    /// What it is called by: its `rdns`, which is the same on every visit; or else its `uuid`.
    pub id: String,
    /// Another one on every visit.
    pub uuid: String,
    pub name: String,
    pub icon: Option<String>,
    pub provider: JsValue,
}

impl Announcement {
    /// Reads an event's `detail`; nothing if there is no id, no name or no provider in it.
    pub fn read(detail: &JsValue) -> Option<Self> {
        let info = member(detail, "info");
        let id = |name| text(&member(&info, name), MAX_ID).filter(|id| !id.is_empty());
        let uuid = id("uuid")?;
        let id = id("rdns").filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()));
        let id = id.unwrap_or_else(|| uuid.clone());
        let name = clean(&text(&member(&info, "name"), 1_000)?, MAX_NAME);
        let icon = text(&member(&info, "icon"), MAX_ICON).filter(|icon| icon.starts_with("data:image/"));
        let provider = member(detail, "provider");
        (!name.is_empty() && is_provider(&provider)).then_some(Self { id, uuid, name, icon, provider })
    }
}

/// Whether something can be asked as EIP-1193 says.
pub fn is_provider(value: &JsValue) -> bool {
    (value.is_object() || value.is_function()) && member(value, "request").is_function()
}
