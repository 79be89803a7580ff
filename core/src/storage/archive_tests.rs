use proptest::prelude::*;

use super::*;
use crate::conversation::ConversationId;
use crate::message::Kind;
use crate::storage::{ReadMarker, Setting};
use crate::testing::SeededEntropy;
use crate::testing::notes::{ME, PEER, note};

const MADE: u64 = 1_700_000_000_000;

fn seed() -> KeySeed {
    KeySeed::from_bytes([7; 32])
}

fn code() -> RecoveryCode {
    RecoveryCode::new_random(&SeededEntropy::new(3))
}

/// The file of these, in the pieces in which it was made.
fn pieces(records: &[Record]) -> Vec<Vec<u8>> {
    let mut writer = ArchiveWriter::new(ME, &seed(), &code(), MADE, &SeededEntropy::new(1)).unwrap();
    let mut pieces = vec![writer.take()];
    for record in records {
        writer.add(record).unwrap();
        pieces.push(writer.take());
    }
    pieces.push(writer.finish().unwrap());
    pieces
}

/// What is read before a file is refused, and why it is, if it is.
fn read(file: &[u8], code: &RecoveryCode, own: &KeySeed, step: usize) -> (Vec<Record>, Option<ArchiveError>) {
    let mut records = Vec::new();
    let mut all = || {
        let head = ArchiveHead::read(file.get(..MAX_HEAD).unwrap_or(file))?;
        let rest = &file[head.len()..];
        let mut reader = head.open(code, own)?;
        for piece in rest.chunks(step) {
            records.extend(reader.push(piece)?);
        }
        records.extend(reader.finish()?.0);
        Ok(())
    };
    let error = all().err();
    (records, error)
}

fn refused(file: &[u8]) -> ArchiveError {
    read(file, &code(), &seed(), 100_000).1.expect("it is refused")
}

fn text(length: usize, number: usize) -> Record {
    Record::Message(note(PEER, number as u64, Kind::New, None, &format!("{number}{}", "x".repeat(length))))
}

/// Several chunks.
fn several() -> Vec<u8> {
    pieces(&(0..4).map(|number| text(50_000, number)).collect::<Vec<_>>()).concat()
}

fn head_length(file: &[u8]) -> usize {
    ArchiveHead::read(&file[..MAX_HEAD]).unwrap().len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_goes_in_comes_out_in_whatever_pieces(
        lengths in prop::collection::vec(prop_oneof![0..400_usize, 60_000..140_000_usize], 0..6),
        value: String, time in 0..1_u64 << 53, step in 1..200_000_usize,
    ) {
        let mut records: Vec<_> = lengths.iter().enumerate().map(|(number, length)| text(*length, number)).collect();
        let conversation = ConversationId::Peer(PEER);
        records.push(Record::ReadMarker(ReadMarker { conversation, read_until: time }));
        records.push(Record::Setting(Setting { name: "receipts".into(), value: value.into(), changed: time }));
        let file = pieces(&records).concat();
        // One byte at a time is tried with small files alone.
        let step = if file.len() > 2_000 { step.max(500) } else { step };
        prop_assert_eq!(read(&file, &code(), &seed(), step), (records, None));
    }

    #[test]
    fn no_changed_bit_goes_unnoticed(at in 0..usize::MAX, bit in 0..8_u8) {
        let mut file = pieces(&[text(100, 1), text(70_000, 2)]).concat();
        let at = at % file.len();
        file[at] ^= 1 << bit;
        let (records, error) = read(&file, &code(), &seed(), 10_000);
        prop_assert!(error.is_some());
        prop_assert!(records.len() <= 1, "what is behind the change is not read");
    }

    #[test]
    fn a_file_that_was_cut_off_is_not_complete(cut in 1..usize::MAX) {
        let file = several();
        let head = head_length(&file);
        let kept = head + cut % (file.len() - head);
        prop_assert_eq!(refused(&file[..kept]), ArchiveError::Incomplete);
    }

    #[test]
    fn other_bytes_are_no_file(bytes: Vec<u8>, behind_magic: bool) {
        let file = if behind_magic { [MAGIC, VERSION, b"\n", &bytes].concat() } else { bytes };
        prop_assert_eq!(ArchiveHead::read(&file), Err(ArchiveError::File));
    }
}

#[test]
fn chunks_can_t_be_moved_left_out_added_or_taken_from_another_file() {
    let file = several();
    let (head, chunks) = file.split_at(head_length(&file));
    let chunks: Vec<_> = chunks.chunks(CHUNK + TAG).collect();
    assert!(chunks.len() > 3);
    let with = |chunks: &[&[u8]]| [head, &chunks.concat()].concat();
    assert_eq!(read(&with(&chunks), &code(), &seed(), 7_000).1, None);
    let mut swapped = chunks.clone();
    swapped.swap(0, 1);
    assert_eq!(refused(&with(&swapped)), ArchiveError::Damaged);
    assert_eq!(refused(&with(&chunks[1..])), ArchiveError::Damaged);
    // What ends where a chunk ends is noticed, too; and what stands behind the end.
    assert_eq!(refused(&with(&chunks[..2])), ArchiveError::Incomplete);
    assert_eq!(refused(&with(&[&chunks[..], &[b"more"]].concat())), ArchiveError::Incomplete);
    let mut writer = ArchiveWriter::new(ME, &seed(), &code(), MADE, &SeededEntropy::new(2)).unwrap();
    writer.add(&text(200_000, 9)).unwrap();
    let other = writer.finish().unwrap();
    let theirs = &other[head_length(&other)..][..CHUNK + TAG];
    assert_eq!(refused(&with(&[&[theirs], &chunks[1..]].concat())), ArchiveError::Damaged);
}

#[test]
fn only_its_code_and_its_keys_open_it() {
    let file = several();
    let other = RecoveryCode::new_random(&SeededEntropy::new(4));
    let wrong = ArchiveError::Backup(BackupError::NotOpened);
    assert_eq!(read(&file, &other, &seed(), 1_000), (vec![], Some(wrong)));
    // Somebody made a file with keys and a code of their own choice, and gave both away.
    let own = KeySeed::from_bytes([8; 32]);
    assert_eq!(read(&file, &code(), &own, 1_000), (vec![], Some(ArchiveError::OtherKeys)));
    let head = ArchiveHead::read(&file).unwrap();
    assert_eq!(head.account(), ME);
    assert!(head.keys().open(&code()).unwrap().matches(&seed()));
}

#[test]
fn a_file_of_somebody_else_s_that_was_given_another_name_does_not_open() {
    let file = several();
    let theirs = Backup::wrap(PEER, &seed(), &code(), &SeededEntropy::new(5)).unwrap();
    let salt = &file[head_length(&file) - SALT..];
    let forged = [MAGIC, b"1\n", theirs.to_string().as_bytes(), b"\n", salt].concat();
    assert_eq!(ArchiveHead::read(&forged).unwrap().account(), PEER);
    assert_eq!(refused(&forged), ArchiveError::Damaged);
}

#[test]
fn a_file_of_a_later_version_is_told_from_a_broken_one() {
    let file = several();
    let later = [MAGIC, b"2\n", &file[MAGIC.len() + 2..]].concat();
    assert_eq!(ArchiveHead::read(&later), Err(ArchiveError::Version));
    assert_eq!(ArchiveHead::read(&file[..MAGIC.len()]), Err(ArchiveError::File));
    assert_eq!(ArchiveHead::read(&file[..head_length(&file) - 1]), Err(ArchiveError::File));
    // White space around the keys' line would be another head with the same meaning.
    let spaced = String::from_utf8_lossy(&file[..100]).replace("dm3-backup:", " dm3-backup:");
    assert_eq!(ArchiveHead::read(&[spaced.as_bytes(), &file[100..]].concat()), Err(ArchiveError::File));
}

#[test]
fn what_a_later_version_keeps_is_counted_and_left_out() {
    let mut writer = ArchiveWriter::new(ME, &seed(), &code(), MADE, &SeededEntropy::new(1)).unwrap();
    writer.line(r#"{"kind":"poll","options":[1,2]}"#).unwrap();
    writer.add(&text(CHUNK, 1)).unwrap();
    let file = writer.finish().unwrap();
    let head = ArchiveHead::read(&file[..MAX_HEAD]).unwrap();
    let rest = head.len();
    let mut reader = head.open(&code(), &seed()).unwrap();
    assert!(reader.push(&file[rest..]).unwrap().is_empty());
    assert_eq!(reader.finish(), Ok((vec![text(CHUNK, 1)], 1)));
}

#[test]
fn lines_that_are_no_records_are_left_out_and_hide_no_others() {
    let lines = ["", "[]", "{}", "{\"kind\":7}", "{\"kind\":\"message\"}", "\u{feff}{}", "a\nb"];
    let mut writer = ArchiveWriter::new(ME, &seed(), &code(), MADE, &SeededEntropy::new(1)).unwrap();
    for line in lines {
        writer.line(line).unwrap();
    }
    writer.add(&text(1, 1)).unwrap();
    let file = writer.finish().unwrap();
    assert_eq!(read(&file, &code(), &seed(), 100), (vec![text(1, 1)], None));
    // An end without a line break.
    let mut writer = ArchiveWriter::new(ME, &seed(), &code(), MADE, &SeededEntropy::new(1)).unwrap();
    writer.text.pop();
    assert_eq!(refused(&writer.finish().unwrap()), ArchiveError::Line);
}

/// The format must never change: files outlive programs.
#[test]
fn the_format_is_fixed() {
    let records = [
        Record::ReadMarker(ReadMarker {
            conversation: ConversationId::Peer(PEER),
            read_until: 1_700_000_000_001,
        }),
        Record::Setting(Setting { name: "receipts".into(), value: true.into(), changed: 3 }),
    ];
    let file = pieces(&records).concat();
    assert_eq!(hex::encode(&file), FILE);
    assert_eq!(read(&hex::decode(FILE).unwrap(), &code(), &seed(), 50), (records.to_vec(), None));
}

const FILE: &str = include_str!("../../tests/data/vectors/archive.hex").trim_ascii();
