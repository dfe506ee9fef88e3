//! Binary files that are no forests: truncated, damaged, edited, hostile. Each is refused in words, or
//! makes a forest that scores like any other; none panics or asks for memory it does not fill.

use crate::envelope::{self, CHECKSUM, HEADER, payload};
use crate::rows::normal_rows;
use forewarn::Error;
use forewarn::forest::{IsolationForest, IsolationForestParams, Split, Subsample};
use forewarn::ndarray::array;
use forewarn::prelude::{Batch, Score, Train};

/// Small, with a node of every kind.
pub(crate) fn forest() -> IsolationForest {
    let mut rows = normal_rows(11, 40, 3);
    rows.column_mut(2).mapv_inplace(|value| value.abs().round());
    IsolationForestParams::standard()
        .n_trees(3)
        .subsample(Subsample::Rows(8))
        .categorical(vec![2])
        .splits(vec![(1.0, Split::Random), (1.0, Split::Extended { level: 1 })])
        .range_penalty(true)
        .contamination(Some(0.1))
        .train(Batch::new(rows.view()))
        .expect("good rows")
}

fn bytes() -> Vec<u8> {
    forest().to_bytes().expect("a forest can be written")
}

fn refused(bytes: &[u8]) -> String {
    match IsolationForest::from_bytes(bytes) {
        Err(error @ (Error::InvalidModel { .. } | Error::NewerFormat { .. })) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A forest's file of this payload with everything around it right.
fn sealed(payload: &[u8]) -> Vec<u8> {
    envelope::sealed(*b"forewarn", payload)
}

#[test]
fn a_sealed_payload_is_the_file() {
    let file = bytes();
    assert_eq!(sealed(payload(&file)), file);
}

#[test]
fn every_truncation_is_refused() {
    let file = bytes();
    for length in 0..file.len() {
        let words = refused(&file[..length]);
        let expected = match length {
            0..8 => "not a valid model: it has another beginning".to_owned(),
            8..HEADER => "not a valid model: truncated".to_owned(),
            _ => format!(
                "not a valid model: {} bytes announced, {} found",
                file.len() - HEADER - CHECKSUM,
                length.saturating_sub(HEADER + CHECKSUM)
            ),
        };
        assert_eq!(words, expected, "after {length} bytes");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(refused(&longer).contains("bytes announced"));
}

#[test]
fn every_flipped_bit_is_found() {
    let file = bytes();
    for position in 0..file.len() {
        for bit in 0..8 {
            let mut damaged = file.clone();
            damaged[position] ^= 1 << bit;
            let words = refused(&damaged);
            if position >= HEADER {
                let expected = "the checksum does not match: it was altered or damaged";
                assert_eq!(words, format!("not a valid model: {expected}"));
            }
        }
    }
}

#[test]
fn every_edit_is_refused_or_a_forest() {
    // As before, but by someone who knows of the checksum.
    let file = bytes();
    let (mut refusals, mut forests) = (0, 0);
    let probe = array![[0.0, 0.0, 1.0], [1e300, -1e300, 7.0], [f64::NAN, f64::NAN, f64::NAN]];
    for position in 0..payload(&file).len() {
        for bit in 0..8 {
            let mut edited = payload(&file).to_vec();
            edited[position] ^= 1 << bit;
            match IsolationForest::from_bytes(&sealed(&edited)) {
                Err(Error::NewerFormat { .. }) => assert_eq!(position, 0, "the version is first"),
                Err(_) => refusals += 1,
                Ok(forest) => {
                    forests += 1;
                    // Another width is possible; the probe is then refused.
                    if let Ok(scores) = forest.score(probe.view()) {
                        let possible = |score: &f64| (0.0..=1.0).contains(score);
                        assert!(scores.iter().all(possible), "{scores} after byte {position}");
                    } else {
                        assert_ne!(forest.n_features(), 3, "byte {position}");
                    }
                    let again = forest.to_bytes().expect("what was read can be written");
                    assert!(IsolationForest::from_bytes(&again).is_ok_and(|copy| copy == forest));
                }
            }
        }
    }
    // Most bits are those of floats, any of which may be.
    assert!(refusals > 500 && forests > 500, "{refusals} refused, {forests} read");
}

#[test]
fn bytes_cut_out_or_put_in_are_refused_or_a_forest() {
    let file = bytes();
    let payload = payload(&file);
    for position in 0..payload.len() {
        let mut shorter = payload.to_vec();
        shorter.remove(position);
        let mut longer = payload.to_vec();
        longer.insert(position, 0xFF);
        // Nothing but that they return.
        for edited in [shorter, longer, payload[..position].to_vec()] {
            if let Ok(forest) = IsolationForest::from_bytes(&sealed(&edited)) {
                assert!(forest.n_trees() > 0);
            }
        }
        assert!(IsolationForest::from_bytes(&sealed(&payload[..position])).is_err());
    }
}

#[test]
fn versions_never_written_are_refused() {
    let versioned = |version: u32| {
        let mut file = bytes();
        file[8..12].copy_from_slice(&version.to_le_bytes());
        refused(&file)
    };
    assert_eq!(versioned(0), "not a valid model: format version 0 never was");
    assert_eq!(versioned(2), "the model has format version 2; versions up to 1 can be read");
    assert_eq!(
        versioned(u32::MAX),
        "the model has format version 4294967295; versions up to 1 can be read"
    );
}

#[test]
fn announced_lengths_are_not_believed() {
    let mut file = bytes();
    file[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refused(&file).contains("18446744073709551615 bytes announced"));
    // A list that says it is 2^63 long, where the list of the trees begins or anywhere else.
    let huge = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
    let file = bytes();
    for position in 0..payload(&file).len() {
        let mut edited = payload(&file)[..position].to_vec();
        edited.extend(huge);
        assert!(IsolationForest::from_bytes(&sealed(&edited)).is_err(), "at {position}");
    }
}

#[test]
fn what_is_no_model_at_all_is_refused() {
    for bytes in [&b""[..], b"forewarn", b"\x89PNG\r\n\x1a\n", &[0; 64], &[0xFF; 64]] {
        assert!(refused(bytes).starts_with("not a valid model: "));
    }
    assert!(refused(&sealed(&[])).starts_with("not a valid model: "));
    let mut with_more = payload(&bytes()).to_vec();
    with_more.extend([1, 2, 3]);
    assert_eq!(refused(&sealed(&with_more)), "not a valid model: 3 bytes follow its end");
}
