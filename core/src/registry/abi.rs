//! The part of Ethereum's ABI that names need: words, `bytes`, `string` and arrays of them. By hand, because
//! it is small, and strict, because what it reads was written by strangers.
//!
//! Layout (Solidity ABI specification): a tuple is a head of 32-byte words; a dynamic member's word is
//! the offset of its tail from the start of the head; a tail is a length word and the bytes, padded.

use crate::identity::Address;

/// The most that is decoded, in bytes.
pub const MAX_DATA: usize = 256 * 1024;
/// The most elements of an array that are read.
const MAX_ELEMENTS: usize = 32;
const WORD: usize = 32;

/// Why data are not what the ABI says they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbiError {
    /// More than 256 KiB.
    #[error("the data are larger than 256 KiB")]
    TooLarge,
    /// A word, offset or length points outside the data.
    #[error("the data end too early or point outside themselves")]
    OutOfBounds,
    /// Bytes that must be zero are not: an address, a number or a flag that does not fit its type.
    #[error("a value does not fit its type")]
    Dirty,
    /// A `string` that is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// An array of more elements than anyone needs.
    #[error("an array has too many elements")]
    TooMany,
}

/// One argument to be encoded.
#[derive(Debug, Clone, Copy)]
pub enum Arg<'a> {
    /// `bytes32`, or any static value already laid out in its word.
    Word([u8; 32]),
    /// `address`.
    Address(Address),
    /// `uint64` (and wider).
    Uint(u64),
    /// `bytesN` with N = 4, to the left of its word.
    Bytes4([u8; 4]),
    /// `bytes`, or `string` as UTF-8.
    Bytes(&'a [u8]),
    /// `string[]`.
    Strings(&'a [&'a str]),
    /// `bytes[]`.
    List(&'a [&'a [u8]]),
    /// `uint64[]` (and wider), `bool[]` as 0 and 1.
    Uints(&'a [u64]),
}

/// Encodes a tuple.
pub fn encode(args: &[Arg<'_>]) -> Vec<u8> {
    let mut head = Vec::with_capacity(args.len() * WORD);
    let mut tail = Vec::new();
    let head_len = args.len() * WORD;
    for arg in args {
        match arg {
            Arg::Word(word) => head.extend_from_slice(word),
            Arg::Address(address) => {
                head.extend_from_slice(&[0; 12]);
                head.extend_from_slice(address.as_bytes());
            }
            Arg::Uint(number) => head.extend_from_slice(&word_of(*number)),
            Arg::Bytes4(bytes) => {
                head.extend_from_slice(bytes);
                head.extend_from_slice(&[0; 28]);
            }
            Arg::Bytes(bytes) => {
                head.extend_from_slice(&word_of((head_len + tail.len()) as u64));
                push_bytes(&mut tail, bytes);
            }
            Arg::Strings(strings) => {
                let elements: Vec<_> = strings.iter().map(|text| Arg::Bytes(text.as_bytes())).collect();
                push_array(&mut head, &mut tail, head_len, &elements);
            }
            Arg::List(list) => {
                let elements: Vec<_> = list.iter().map(|bytes| Arg::Bytes(bytes)).collect();
                push_array(&mut head, &mut tail, head_len, &elements);
            }
            Arg::Uints(numbers) => {
                let elements: Vec<_> = numbers.iter().map(|number| Arg::Uint(*number)).collect();
                push_array(&mut head, &mut tail, head_len, &elements);
            }
        }
    }
    head.extend_from_slice(&tail);
    head
}

fn push_array(head: &mut Vec<u8>, tail: &mut Vec<u8>, head_len: usize, elements: &[Arg<'_>]) {
    head.extend_from_slice(&word_of((head_len + tail.len()) as u64));
    tail.extend_from_slice(&word_of(elements.len() as u64));
    tail.extend_from_slice(&encode(elements));
}

/// Encodes a call: the function's selector and its arguments.
pub fn encode_call(selector: [u8; 4], args: &[Arg<'_>]) -> Vec<u8> {
    let mut data = selector.to_vec();
    data.extend_from_slice(&encode(args));
    data
}

fn word_of(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&word_of(bytes.len() as u64));
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(WORD), 0);
}

/// Splits call data into selector and arguments.
pub fn split_selector(data: &[u8]) -> Result<([u8; 4], &[u8]), AbiError> {
    data.split_first_chunk::<4>().map(|(selector, args)| (*selector, args)).ok_or(AbiError::OutOfBounds)
}

/// Reads the members of one encoded tuple by their position.
#[derive(Debug, Clone, Copy)]
pub struct Tuple<'a>(&'a [u8]);

impl<'a> Tuple<'a> {
    /// Wraps data of at most [`MAX_DATA`] bytes.
    pub fn new(data: &'a [u8]) -> Result<Self, AbiError> {
        if data.len() > MAX_DATA { Err(AbiError::TooLarge) } else { Ok(Self(data)) }
    }

    /// The word at a position.
    pub fn word(self, index: usize) -> Result<[u8; 32], AbiError> {
        word_at(self.0, index * WORD)
    }

    /// An `address`; its upper twelve bytes must be zero.
    pub fn address(self, index: usize) -> Result<Address, AbiError> {
        let word = self.word(index)?;
        let (zeros, bytes) = word.split_at(12);
        if zeros.iter().any(|b| *b != 0) {
            return Err(AbiError::Dirty);
        }
        let bytes: [u8; 20] = bytes.try_into().map_err(|_| AbiError::Dirty)?;
        Ok(Address::from_bytes(bytes))
    }

    /// A number of at most 64 bits.
    pub fn uint(self, index: usize) -> Result<u64, AbiError> {
        uint_of(self.word(index)?)
    }

    /// A `bool`: 0 or 1.
    pub fn boolean(self, index: usize) -> Result<bool, AbiError> {
        match self.uint(index)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(AbiError::Dirty),
        }
    }

    /// A `bytes4`; the other 28 bytes of its word must be zero.
    pub fn bytes4(self, index: usize) -> Result<[u8; 4], AbiError> {
        let word = self.word(index)?;
        if word[4..].iter().any(|b| *b != 0) {
            return Err(AbiError::Dirty);
        }
        Ok([word[0], word[1], word[2], word[3]])
    }

    /// A `bytes`.
    pub fn bytes(self, index: usize) -> Result<&'a [u8], AbiError> {
        let tail = self.tail(index)?;
        let len = length_at(tail, 0)?;
        tail.get(WORD..).and_then(|rest| rest.get(..len)).ok_or(AbiError::OutOfBounds)
    }

    /// A `string`.
    pub fn string(self, index: usize) -> Result<&'a str, AbiError> {
        std::str::from_utf8(self.bytes(index)?).map_err(|_| AbiError::NotUtf8)
    }

    /// A `string[]` of at most 32 elements.
    pub fn strings(self, index: usize) -> Result<Vec<&'a str>, AbiError> {
        let (elements, len) = self.array(index)?;
        (0..len).map(|i| elements.string(i)).collect()
    }

    /// A `bytes[]` of at most 32 elements.
    pub fn list(self, index: usize) -> Result<Vec<&'a [u8]>, AbiError> {
        let (elements, len) = self.array(index)?;
        (0..len).map(|i| elements.bytes(i)).collect()
    }

    /// An array of at most 32 tuples with members of varying length.
    pub fn tuples(self, index: usize) -> Result<Vec<Self>, AbiError> {
        let (elements, len) = self.array(index)?;
        (0..len).map(|i| elements.tail(i).map(Self)).collect()
    }

    fn array(self, index: usize) -> Result<(Self, usize), AbiError> {
        let tail = self.tail(index)?;
        let len = length_at(tail, 0)?;
        if len > MAX_ELEMENTS {
            return Err(AbiError::TooMany);
        }
        Ok((Self(tail.get(WORD..).ok_or(AbiError::OutOfBounds)?), len))
    }

    fn tail(self, index: usize) -> Result<&'a [u8], AbiError> {
        let offset = length_at(self.0, index * WORD)?;
        self.0.get(offset..).ok_or(AbiError::OutOfBounds)
    }
}

fn word_at(data: &[u8], at: usize) -> Result<[u8; 32], AbiError> {
    data.get(at..).and_then(|rest| rest.first_chunk::<WORD>()).copied().ok_or(AbiError::OutOfBounds)
}

fn uint_of(word: [u8; 32]) -> Result<u64, AbiError> {
    if word[..24].iter().any(|b| *b != 0) {
        return Err(AbiError::Dirty);
    }
    Ok(word[24..].iter().fold(0, |number, b| number << 8 | u64::from(*b)))
}

/// An offset or a length: too large a number points outside the data.
fn length_at(data: &[u8], at: usize) -> Result<usize, AbiError> {
    let number = uint_of(word_at(data, at)?).map_err(|_| AbiError::OutOfBounds)?;
    if number > MAX_DATA as u64 { Err(AbiError::OutOfBounds) } else { Ok(number as usize) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let address = Address::from_bytes([7; 20]);
        let data = encode(&[
            Arg::Address(address),
            Arg::Strings(&["https://a", ""]),
            Arg::Bytes(b"12345678901234567890123456789012"),
            Arg::Bytes4([1, 2, 3, 4]),
            Arg::Bytes("ä".as_bytes()),
            Arg::Uint(u64::MAX),
            Arg::List(&[&[1, 2], &[]]),
            Arg::Uints(&[1, 0]),
        ]);
        let tuple = Tuple::new(&data).unwrap();
        assert_eq!(tuple.address(0), Ok(address));
        assert_eq!(tuple.strings(1), Ok(vec!["https://a", ""]));
        assert_eq!(tuple.bytes(2).unwrap().len(), 32);
        assert_eq!(tuple.bytes4(3), Ok([1, 2, 3, 4]));
        assert_eq!(tuple.string(4), Ok("ä"));
        assert_eq!(tuple.uint(5), Ok(u64::MAX));
        assert_eq!(tuple.list(6), Ok(vec![&[1, 2][..], &[]]));
        let numbers = Tuple(tuple.tail(7).unwrap());
        assert_eq!((numbers.uint(0), numbers.uint(1), numbers.uint(2)), (Ok(2), Ok(1), Ok(0)));
        assert_eq!(tuple.word(99), Err(AbiError::OutOfBounds));
    }

    #[test]
    fn dirty_words_are_refused() {
        let tuple = Tuple(&[0xff; 32]);
        assert_eq!(tuple.address(0), Err(AbiError::Dirty));
        assert_eq!(tuple.uint(0), Err(AbiError::Dirty));
        assert_eq!(tuple.boolean(0), Err(AbiError::Dirty));
        assert_eq!(tuple.bytes4(0), Err(AbiError::Dirty));
        assert_eq!(tuple.bytes(0), Err(AbiError::OutOfBounds));
        assert_eq!(Tuple(&word_of(2)).boolean(0), Err(AbiError::Dirty));
    }

    #[test]
    fn lengths_beyond_the_data_are_refused() {
        let mut data = encode(&[Arg::Bytes(&[1, 2, 3])]);
        data[63] = 0xff;
        assert_eq!(Tuple(&data).bytes(0), Err(AbiError::OutOfBounds));
        let many = encode(&[Arg::Strings(&[""; MAX_ELEMENTS + 1])]);
        assert_eq!(Tuple(&many).strings(0), Err(AbiError::TooMany));
        assert_eq!(Tuple::new(&vec![0; MAX_DATA + 1]).unwrap_err(), AbiError::TooLarge);
        let bad = encode(&[Arg::Bytes(&[0xff])]);
        assert_eq!(Tuple(&bad).string(0), Err(AbiError::NotUtf8));
    }

    proptest! {
        #[test]
        fn hostile_data_never_panic(data in proptest::collection::vec(any::<u8>(), 0..400), small: bool) {
            // Small words make offsets and lengths that point into the data.
            let data: Vec<u8> =
                data.iter().enumerate().map(|(i, b)| if small && i % 32 < 31 { 0 } else { *b }).collect();
            let tuple = Tuple::new(&data).unwrap();
            for i in 0..4 {
                let _ = (tuple.word(i), tuple.address(i), tuple.uint(i), tuple.boolean(i), tuple.bytes4(i));
                let _ = (tuple.bytes(i), tuple.string(i), tuple.strings(i), tuple.list(i), tuple.tuples(i));
            }
            let _ = split_selector(&data);
        }
    }
}
