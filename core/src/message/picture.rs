//! How large a picture is, read from its first bytes: before anything is decoded, so that a small file that claims to
//! be a huge picture can't take all memory.
//!
//! Sources: PNG (ISO/IEC 15948, §11.2.2), JPEG (ITU-T T.81, annex B; the orientation is Exif's, JEITA CP-3451, §4.6.4),
//! GIF89a (§18, §20), WebP (RFC 9649), BMP (BITMAPCOREHEADER, BITMAPINFOHEADER), AVIF (ISO/IEC 14496-12, boxes; ISO/IEC
//! 23008-12, `ispe`).

/// The longest side of a picture that is decoded, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// The most pixels of a picture that is decoded: as raw colours these are 160 MB.
pub const MAX_PIXELS: u64 = 40_000_000;
/// How far a size is looked for that does not stand at the beginning, in bytes: pictures of cameras have previews before it.
const LOOK: usize = 1 << 20;

/// What the beginning of a picture says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureHead {
    /// Pixels, as it is shown.
    pub width: u32,
    /// Pixels, as it is shown.
    pub height: u32,
    /// It moves, or may.
    pub moves: bool,
}

impl PictureHead {
    /// Reads the beginning of a PNG, JPEG, GIF, WebP, BMP or AVIF; `None` for everything else, and where it does not tell.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let head = match bytes.get(..4)? {
            b"\x89PNG" => png(bytes),
            b"GIF8" => gif(bytes),
            b"RIFF" => webp(bytes),
            [0xff, 0xd8, 0xff, _] => jpeg(bytes),
            [b'B', b'M', ..] => bmp(bytes),
            _ if bytes.get(4..8) == Some(b"ftyp") => avif(bytes),
            _ => None,
        }?;
        (head.width > 0 && head.height > 0).then_some(head)
    }

    /// Whether it may be decoded: what is larger could hang a page.
    pub fn is_bearable(&self) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        self.width.max(self.height) <= MAX_SIDE && pixels <= MAX_PIXELS
    }

    const fn of(width: u32, height: u32, moves: bool) -> Self {
        Self { width, height, moves }
    }
}

fn png(bytes: &[u8]) -> Option<PictureHead> {
    // Control of animation stands before the first data.
    let data = bytes.windows(4).take(LOOK).position(|name| name == b"IDAT").unwrap_or(bytes.len().min(LOOK));
    let moves = bytes.get(..data)?.windows(4).any(|name| name == b"acTL");
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    Some(PictureHead::of(be32(bytes, 16)?, be32(bytes, 20)?, moves))
}

/// The screen, and every frame that stands out of it: browsers make room for such frames.
fn gif(bytes: &[u8]) -> Option<PictureHead> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) };
    let (mut width, mut height) = (le16(bytes, 6)?, le16(bytes, 8)?);
    let (mut at, mut has_frames) = (13 + table(*bytes.get(10)?), false);
    while at < LOOK
        && let Some(block) = bytes.get(at..)
    {
        at += match block {
            [0x21, ..] => 2,
            [0x2c, _, _, _, _, _, _, _, _, flags, ..] => {
                width = width.max(le16(block, 1)? + le16(block, 5)?);
                height = height.max(le16(block, 3)? + le16(block, 7)?);
                has_frames = true;
                11 + table(*flags)
            }
            _ => break,
        };
        // What belongs to a block comes in pieces, and the last has no bytes.
        while at < LOOK
            && let Some(length) = bytes.get(at)
        {
            at += 1 + usize::from(*length);
            if *length == 0 {
                break;
            }
        }
    }
    has_frames.then_some(PictureHead::of(width, height, true))
}

/// The older form has shorter sizes; in the other, a picture from top to bottom has a negative height.
fn bmp(bytes: &[u8]) -> Option<PictureHead> {
    let (width, height) = match (le32(bytes, 6)?, le32(bytes, 14)?) {
        (0, 12) => (le16(bytes, 18)?, le16(bytes, 20)?),
        (0, 40 | 52 | 56 | 64 | 108 | 124) => {
            (le32(bytes, 18)?, le32(bytes, 22)?.cast_signed().unsigned_abs())
        }
        _ => return None,
    };
    Some(PictureHead::of(width, height, false))
}

fn webp(bytes: &[u8]) -> Option<PictureHead> {
    match bytes.get(12..16)? {
        b"VP8X" => {
            let moves = bytes.get(20)? & 2 != 0;
            Some(PictureHead::of(le24(bytes, 24)? + 1, le24(bytes, 27)? + 1, moves))
        }
        b"VP8L" => {
            let bits = le32(bytes, 21)?;
            Some(PictureHead::of((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, false))
        }
        b"VP8 " => Some(PictureHead::of(le16(bytes, 26)? & 0x3fff, le16(bytes, 28)? & 0x3fff, false)),
        _ => None,
    }
}

fn jpeg(bytes: &[u8]) -> Option<PictureHead> {
    let (mut at, mut turned) = (2, false);
    while at < LOOK {
        let [0xff, marker] = *bytes.get(at..at + 2)? else { return None };
        // Filling, and markers without a length.
        if marker == 0xff || matches!(marker, 0x01 | 0xd0..=0xd8) {
            at += if marker == 0xff { 1 } else { 2 };
            continue;
        }
        let length = usize::from(be16(bytes, at + 2)?).max(2);
        match marker {
            0xe1 => turned |= bytes.get(at + 4..at + 2 + length).is_some_and(is_turned),
            // Frames; the three left out are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let (height, width) = (be16(bytes, at + 5)?.into(), be16(bytes, at + 7)?.into());
                let (width, height) = if turned { (height, width) } else { (width, height) };
                return Some(PictureHead::of(width, height, false));
            }
            0xd9 | 0xda => return None,
            _ => {}
        }
        at += 2 + length;
    }
    None
}

/// Whether Exif data says that the picture lies on its side.
fn is_turned(segment: &[u8]) -> bool {
    orientation(segment).is_some_and(|orientation| (5..=8).contains(&orientation))
}

fn orientation(segment: &[u8]) -> Option<u16> {
    let tiff = segment.strip_prefix(b"Exif\0\0")?;
    let little = tiff.starts_with(b"II");
    let short =
        |at| if little { le16(tiff, at).and_then(|it| u16::try_from(it).ok()) } else { be16(tiff, at) };
    let first = if little { le32(tiff, 4) } else { be32(tiff, 4) };
    let first = usize::try_from(first?).ok().filter(|first| *first < tiff.len())?;
    let entries = usize::from(short(first)?).min(64);
    let entry = (0..entries).map(|number| first + 2 + 12 * number).find(|at| short(*at) == Some(0x0112))?;
    short(entry + 8)
}

/// The largest of the sizes that are named where the picture is described: of the picture, its parts and its previews.
/// What is named elsewhere is not what a browser goes by.
fn avif(bytes: &[u8]) -> Option<PictureHead> {
    let mut at = 0;
    let described = loop {
        let length = usize::try_from(be32(bytes, at)?).ok().filter(|length| *length >= 8)?;
        let end = at.checked_add(length)?;
        if bytes.get(at + 4..at + 8)? == b"meta" {
            break bytes.get(at..end).filter(|_| length <= LOOK)?;
        }
        at = end;
    };
    let places = described.windows(4).enumerate().filter(|(_, name)| *name == b"ispe").map(|(at, _)| at);
    let sizes = places.filter_map(|at| Some((be32(described, at + 8)?, be32(described, at + 12)?)));
    let (width, height) = sizes.max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))?;
    Some(PictureHead::of(width, height, false))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn le24(bytes: &[u8], at: usize) -> Option<u32> {
    let three = bytes.get(at..at + 3)?;
    Some(u32::from(three[0]) | u32::from(three[1]) << 8 | u32::from(three[2]) << 16)
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Option<(u32, u32, bool)> {
        PictureHead::read(bytes).map(|head| (head.width, head.height, head.moves))
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]]
            .concat()
    }

    fn jpeg_of(before: &[u8], width: u16, height: u16) -> Vec<u8> {
        let frame =
            [&[0xff, 0xc2, 0, 17, 8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[3; 10]].concat();
        [&[0xff, 0xd8][..], before, &[0xff, 0xdb, 0, 3, 0], &frame].concat()
    }

    fn exif(orientation: u8) -> Vec<u8> {
        let tiff =
            [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(), &[orientation, 0, 0, 0]].concat();
        let length = u16::try_from(2 + 6 + tiff.len()).unwrap().to_be_bytes();
        [&[0xff, 0xe1][..], &length, b"Exif\0\0", &tiff].concat()
    }

    fn gif_of(width: u16, height: u16, before: &[u8], frames: &[Vec<u8>]) -> Vec<u8> {
        // With a table of two colours.
        let head = [&b"GIF89a"[..], &width.to_le_bytes(), &height.to_le_bytes(), &[0x80, 0, 0], &[0x2c; 6]];
        [&head.concat()[..], before, &frames.concat(), b";"].concat()
    }

    fn frame(left: u16, top: u16, width: u16, height: u16) -> Vec<u8> {
        let place: Vec<u8> =
            [left, top, width, height].iter().flat_map(|number| number.to_le_bytes()).collect();
        // With a table of four colours and two pieces.
        [&[0x2c][..], &place, &[0x81], &[0x2c; 12], &[2, 1, 0x2c, 2, 0x2c, 0x2c, 0]].concat()
    }

    fn bmp_of(header: u32, size: &[u8]) -> Vec<u8> {
        [&b"BM????\0\0\0\0????"[..], &header.to_le_bytes(), size].concat()
    }

    fn part_of(name: &[u8; 4], inside: &[u8]) -> Vec<u8> {
        let length = u32::try_from(8 + inside.len()).unwrap();
        [&length.to_be_bytes()[..], name, inside].concat()
    }

    fn sizes_of(sizes: &[(u32, u32)]) -> Vec<u8> {
        let size = |(width, height): &(u32, u32)| {
            part_of(b"ispe", &[[0; 4], width.to_be_bytes(), height.to_be_bytes()].concat())
        };
        sizes.iter().flat_map(size).collect()
    }

    fn avif_of(sizes: &[(u32, u32)]) -> Vec<u8> {
        [part_of(b"ftyp", b"avif\0\0\0\0"), part_of(b"meta", &sizes_of(sizes))].concat()
    }

    #[test]
    fn every_form_tells_its_size() {
        assert_eq!(read(&png_of(640, 480)), Some((640, 480, false)));
        assert_eq!(read(&[png_of(6, 4), b"....acTL....IDAT".to_vec()].concat()), Some((6, 4, true)));
        assert_eq!(read(&jpeg_of(&[], 640, 480)), Some((640, 480, false)));
        assert_eq!(read(&gif_of(640, 480, &[], &[frame(0, 0, 640, 480)])), Some((640, 480, true)));
        assert_eq!(read(b"RIFF....WEBPVP8X\x0a\0\0\0\x02\0\0\0\x7f\x02\0\xdf\x01\0"), Some((640, 480, true)));
        assert_eq!(read(b"RIFF....WEBPVP8 ....\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01"), Some((640, 480, false)));
        assert_eq!(read(b"RIFF....WEBPVP8L....\x2f\x7f\xc2\x77\x00"), Some((640, 480, false)));
        let size = [640i32.to_le_bytes(), (-480i32).to_le_bytes()].concat();
        assert_eq!(read(&bmp_of(40, &size)), Some((640, 480, false)), "from top to bottom");
        assert_eq!(
            read(&bmp_of(12, b"\x80\x02\xe0\x01\x01\0\x18\0")),
            Some((640, 480, false)),
            "as it was first"
        );
        assert_eq!(read(&avif_of(&[(640, 480)])), Some((640, 480, false)));
        for none in [
            &b""[..],
            b"\x89PNG",
            b"%PDF-1.7",
            &png_of(0, 5),
            &[0xff, 0xd8, 0xff, 0xda, 0, 2],
            &gif_of(640, 480, &[], &[]),
            &bmp_of(41, &size),
            b"BMW meeting moved to Tuesday",
            &avif_of(&[]),
        ] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_photo_that_lies_on_its_side_is_as_wide_as_it_is_shown() {
        assert_eq!(read(&jpeg_of(&exif(6), 640, 480)), Some((480, 640, false)));
        assert_eq!(read(&jpeg_of(&exif(3), 640, 480)), Some((640, 480, false)));
    }

    /// Browsers make room for what stands out of the screen.
    #[test]
    fn a_moving_picture_is_as_large_as_its_largest_frame() {
        let extension = b"!\xf9\x04....\0!\xfe\x02,,\x01,\0";
        let read = |frames: &[Vec<u8>]| read(&gif_of(10, 10, extension, frames));
        assert_eq!(read(&[frame(0, 0, 10, 10)]), Some((10, 10, true)));
        assert_eq!(read(&[frame(0, 0, 60_000, 5)]), Some((60_000, 10, true)));
        assert_eq!(read(&[frame(5, 65_535, 5, 65_535)]), Some((10, 131_070, true)));
        assert_eq!(read(&[frame(0, 0, 1, 1), frame(0, 0, 5, 60_000)]), Some((10, 60_000, true)));
        let comment = [&b"!\xfe"[..], &[255; 256].repeat(LOOK / 256 + 1), &[0]].concat();
        assert_eq!(
            PictureHead::read(&gif_of(10, 10, &comment, &[frame(0, 0, 10, 10)])),
            None,
            "it tells too late"
        );
    }

    #[test]
    fn a_size_counts_where_a_browser_reads_it_however_many_are_named() {
        let many = [vec![(1, 1); 100], vec![(60_000, 60_000)]].concat();
        assert_eq!(read(&avif_of(&many)), Some((60_000, 60_000, false)));
        let small = part_of(b"free", &sizes_of(&[(1, 1)]));
        let later = [part_of(b"ftyp", b"avif\0\0\0\0"), small.clone(), avif_of(&[(640, 480)])].concat();
        assert_eq!(read(&later), Some((640, 480, false)));
        assert_eq!(read(&[part_of(b"ftyp", b"avif\0\0\0\0"), small].concat()), None);
        assert_eq!(read(&avif_of(&vec![(1, 1); LOOK / 20 + 1])), None);
    }

    #[test]
    fn what_would_take_all_memory_is_not_decoded() {
        let bearable = |width, height| PictureHead::read(&png_of(width, height)).unwrap().is_bearable();
        assert!(bearable(6000, 4000));
        assert!(!bearable(30_000, 30_000));
        assert!(!bearable(1, MAX_SIDE + 1));
        assert!(!bearable(u32::MAX, u32::MAX));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(start in 0usize..7, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let starts: [&[u8]; 7] = [
                b"",
                b"\x89PNG",
                b"\xff\xd8\xff\xe1\0\x20Exif\0\0II",
                b"GIF89a",
                b"RIFF....WEBPVP8",
                b"BM....\0\0\0\0....\x28\0\0\0",
                b"\0\0\0\x08ftyp\0\0\0\x40metaispe",
            ];
            let _ = PictureHead::read(&[starts[start], &bytes].concat());
        }
    }
}
