/// The letters of a text, each with its place. Whatever looks further than at the next letter takes them from here: tests
/// count how many are looked at.
pub(super) fn letters(text: &str) -> impl Iterator<Item = (usize, char)> {
    let letters = text.char_indices();
    #[cfg(test)]
    let letters = letters.inspect(|_| LOOKED_AT.set(LOOKED_AT.get() + 1));
    letters
}

#[cfg(test)]
thread_local! {
    /// How many letters were looked at on this thread.
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
