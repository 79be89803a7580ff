//! Doubles as JSON writes them: `Number::toString` of ECMA-262 §6.1.6.1.20, which `JSON.stringify` uses.

/// The double nearest to a JSON number; infinite above the largest.
#[cfg(not(all(feature = "js", target_arch = "wasm32")))]
pub fn read(text: &str) -> f64 {
    text.parse().unwrap_or(f64::INFINITY)
}

/// The double nearest to a JSON number; infinite above the largest.
#[cfg(all(feature = "js", target_arch = "wasm32"))]
pub fn read(text: &str) -> f64 {
    js_sys::Number::parse_float(text)
}

/// Writes a finite double.
#[cfg(not(all(feature = "js", target_arch = "wasm32")))]
pub fn write(out: &mut String, double: f64) {
    out.push_str(ryu_js::Buffer::new().format_finite(double));
}

/// Writes a finite double.
#[cfg(all(feature = "js", target_arch = "wasm32"))]
pub fn write(out: &mut String, double: f64) {
    let number: &js_sys::Object = &js_sys::Number::from(double);
    out.push_str(&String::from(number.to_string()));
}
