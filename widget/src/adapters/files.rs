//! Files: what is made to be saved, and what somebody gave.

use std::cell::RefCell;

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, Url};

use crate::app::platform::NoFile;
use crate::app::state::FileBytes;

/// The largest file that is read, in bytes.
const MAX_FILE: f64 = 512.0 * 1024.0 * 1024.0;

/// Scripts of the page that wait for a file.
#[derive(Default)]
pub struct Files {
    /// How each is told, that there is one and that there is none.
    waiting: RefCell<Vec<(Function, Function)>>,
}

impl Files {
    /// One of the functions is called with the file that is made next, or with the code of why there is none.
    pub fn wait(&self, made: Function, failed: Function) {
        self.waiting.borrow_mut().push((made, failed));
    }

    /// Makes a file, and gives where it is; or says why there is none.
    pub fn offer(&self, pieces: Result<Vec<Vec<u8>>, NoFile>) -> Option<String> {
        let blob = pieces.and_then(|pieces| {
            let parts: Array = pieces.iter().map(|piece| Uint8Array::from(piece.as_slice())).collect();
            Blob::new_with_u8_array_sequence(&parts).map_err(|_| NoFile::Failed)
        });
        for (made, failed) in self.waiting.take() {
            // What a script of the page does with it is its own affair.
            let _ = match &blob {
                Ok(blob) => made.call1(&JsValue::UNDEFINED, blob),
                Err(why) => failed.call1(&JsValue::UNDEFINED, &why.code().into()),
            };
        }
        Url::create_object_url_with_blob(&blob.ok()?).ok()
    }

    /// Lets go of a file.
    pub fn withdraw(&self, url: &str) {
        // Fails for nothing that was made here.
        let _ = Url::revoke_object_url(url);
    }
}

/// A file of this type.
pub fn blob(bytes: &[u8], media_type: &str) -> Option<Blob> {
    let properties = BlobPropertyBag::new();
    properties.set_type(media_type);
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence_and_options(&parts, &properties).ok()
}

/// Makes a file that the page can show or save, and gives where it is.
pub fn show(bytes: &[u8], media_type: &str) -> Option<String> {
    Url::create_object_url_with_blob(&blob(bytes, media_type)?).ok()
}

/// What is in a file; nothing if it is too large, or can't be read.
pub async fn read(file: &Blob) -> Option<FileBytes> {
    if file.size() > MAX_FILE {
        return None;
    }
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(FileBytes::new(Uint8Array::new(&buffer).to_vec()))
}
