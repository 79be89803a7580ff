//! Drawing pictures anew: what is in the new file is what is to be seen, and nothing that a camera wrote beside it.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, ImageEncodeOptions, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::files::blob;
use crate::app::platform::Redraw;
use crate::app::state::FileBytes;

/// Draws a picture anew; `None` where the browser has no canvas, or does not know the picture.
pub async fn redraw(picture: FileBytes, how: Redraw) -> Option<FileBytes> {
    if !Reflect::has(&js_sys::global(), &"OffscreenCanvas".into()).unwrap_or_default() {
        return None;
    }
    drawn(&picture, how).await.ok().flatten()
}

async fn drawn(picture: &FileBytes, how: Redraw) -> Result<Option<FileBytes>, JsValue> {
    let Some(from) = blob(picture.bytes(), how.from) else { return Ok(None) };
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let bitmap: ImageBitmap =
        JsFuture::from(window.create_image_bitmap_with_blob(&from)?).await?.unchecked_into();
    let canvas = OffscreenCanvas::new(how.width, how.height)?;
    let context = canvas.get_context("2d")?.ok_or(JsValue::UNDEFINED)?;
    let context: OffscreenCanvasRenderingContext2d = context.unchecked_into();
    let (width, height) = (f64::from(how.width), f64::from(how.height));
    if how.to == "image/jpeg" {
        // It knows nothing transparent.
        context.set_fill_style_str("#fff");
        context.fill_rect(0.0, 0.0, width, height);
    }
    context.draw_image_with_image_bitmap_and_dw_and_dh(&bitmap, 0.0, 0.0, width, height)?;
    bitmap.close();
    let options = ImageEncodeOptions::new();
    options.set_type(how.to);
    options.set_quality(how.quality);
    let drawn: Blob = JsFuture::from(canvas.convert_to_blob_with_options(&options)?).await?.unchecked_into();
    let bytes = JsFuture::from(drawn.array_buffer()).await?;
    Ok(Some(FileBytes::new(Uint8Array::new(&bytes).to_vec())))
}
