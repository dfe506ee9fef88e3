//! Universal Binary JSON, draft 12: markers of one letter, big-endian numbers, and lists that
//! announce their type and length.

use super::value::{Bytes, DEEPEST, Growing, Value, to_text, whole};
use crate::error::{Result, invalid};

pub(super) fn read(bytes: &[u8]) -> Result<Value> {
    let mut bytes = Bytes { rest: bytes };
    let marker = marker(&mut bytes)?;
    let value = value(&mut bytes, marker, 0)?;
    if bytes.rest.is_empty() { Ok(value) } else { Err(invalid("something follows its end")) }
}

/// The next marker that is not `N`, which stands for nothing.
fn marker(bytes: &mut Bytes<'_>) -> Result<u8> {
    while bytes.skip(b'N') {}
    bytes.take_one()
}

fn value(bytes: &mut Bytes<'_>, marker: u8, depth: usize) -> Result<Value> {
    if depth > DEEPEST {
        return Err(invalid(format_args!("nested more than {DEEPEST} deep")));
    }
    Ok(match marker {
        b'Z' => Value::Null,
        b'T' => Value::Number(1.0),
        b'F' => Value::Number(0.0),
        b'S' => Value::Text(text(bytes)?),
        b'C' => Value::Text(to_text(vec![bytes.take_one()?])?),
        b'[' => list(bytes, depth)?,
        b'{' => object(bytes, depth)?,
        _ => Value::Number(number(bytes, marker)?),
    })
}

fn number(bytes: &mut Bytes<'_>, marker: u8) -> Result<f64> {
    fn array<const N: usize>(bytes: &mut Bytes<'_>) -> Result<[u8; N]> {
        bytes.take(N)?.try_into().map_err(invalid)
    }
    Ok(match marker {
        b'i' => f64::from(i8::from_be_bytes(array(bytes)?)),
        b'U' => f64::from(u8::from_be_bytes(array(bytes)?)),
        b'I' => f64::from(i16::from_be_bytes(array(bytes)?)),
        b'l' => f64::from(i32::from_be_bytes(array(bytes)?)),
        // Beyond 2^53 no count or number of a node can be right anyway.
        b'L' => i64::from_be_bytes(array(bytes)?) as f64,
        b'd' => f64::from(f32::from_be_bytes(array(bytes)?)),
        b'D' => f64::from_be_bytes(array(bytes)?),
        _ => return Err(invalid(format_args!("an unknown marker `{}`", marker.escape_ascii()))),
    })
}

fn length(bytes: &mut Bytes<'_>) -> Result<usize> {
    let marker = marker(bytes)?;
    let length = whole(number(bytes, marker)?).ok_or_else(|| invalid("a length out of range"))?;
    Ok(length as usize)
}

fn text(bytes: &mut Bytes<'_>) -> Result<String> {
    let length = length(bytes)?;
    to_text(bytes.take(length)?.to_vec())
}

/// What may stand at the beginning of a list or object: the type of all entries, which is read if it
/// is one of numbers, and how many there are: no more than bytes are left.
fn announced(bytes: &mut Bytes<'_>) -> Result<(Option<u8>, Option<usize>)> {
    let kind = if bytes.skip(b'$') { Some(bytes.take_one()?) } else { None };
    // Of other types entries may take no bytes at all, and much memory.
    if let Some(kind) = kind.filter(|kind| !b"iUIlLdD".contains(kind)) {
        return Err(invalid(format_args!("a list of the type `{}`", kind.escape_ascii())));
    }
    let count = if bytes.skip(b'#') { Some(length(bytes)?) } else { None };
    match count {
        None if kind.is_some() => Err(invalid("a typed list without its length")),
        Some(count) if count > bytes.rest.len() => {
            let left = bytes.rest.len();
            Err(invalid(format_args!("{count} entries announced, {left} bytes left")))
        }
        _ => Ok((kind, count)),
    }
}

fn list(bytes: &mut Bytes<'_>, depth: usize) -> Result<Value> {
    let (kind, count) = announced(bytes)?;
    let mut list = Growing::new();
    let mut left = count;
    while left != Some(0) {
        let marker = match kind {
            Some(kind) => kind,
            None => marker(bytes)?,
        };
        if count.is_none() && marker == b']' {
            break;
        }
        list.push(value(bytes, marker, depth + 1)?)?;
        left = left.map(|left| left - 1);
    }
    Ok(list.done())
}

fn object(bytes: &mut Bytes<'_>, depth: usize) -> Result<Value> {
    let (kind, count) = announced(bytes)?;
    let mut entries = Vec::new();
    while count != Some(entries.len()) {
        if count.is_none() {
            while bytes.skip(b'N') {}
            if bytes.skip(b'}') {
                break;
            }
        }
        let name = text(bytes)?;
        let marker = match kind {
            Some(kind) => kind,
            None => marker(bytes)?,
        };
        entries.push((name, value(bytes, marker, depth + 1)?));
    }
    Ok(Value::Object(entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_list(bytes: &[u8]) -> Vec<f64> {
        match read(bytes) {
            Ok(Value::Numbers(numbers)) => numbers,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_kind_of_number() {
        let bytes = b"[i\xFFU\xFFI\x80\x00l\x00\x01\x00\x00L\x00\x00\x00\x01\x00\x00\x00\x00\
            d\x3F\x80\x00\x00D\xC0\x00\x00\x00\x00\x00\x00\x00TNF]";
        let expected = [-1.0, 255.0, -32_768.0, 65_536.0, 4_294_967_296.0, 1.0, -2.0, 1.0, 0.0];
        assert_eq!(read_list(bytes), expected);
    }

    #[test]
    fn lists_with_and_without_length_and_type() {
        for bytes in [&b"[U\x01NU\x02]"[..], b"[#i\x02U\x01U\x02", b"[$U#U\x02\x01\x02"] {
            assert_eq!(read_list(bytes), [1.0, 2.0]);
        }
        for bytes in [&b"[]"[..], b"[#U\x00", b"[$d#L\0\0\0\0\0\0\0\0"] {
            assert!(read_list(bytes).is_empty());
        }
        let expected = || {
            let a = ("a".to_owned(), Value::Number(7.0));
            Ok(Value::Object(vec![a, ("bc".to_owned(), Value::Number(8.0))]))
        };
        assert_eq!(read(b"{NU\x01aU\x07i\x02bcNU\x08}"), expected());
        assert_eq!(read(b"{#U\x02U\x01aU\x07i\x02bcU\x08"), expected());
        assert_eq!(read(b"{$U#U\x02U\x01a\x07i\x02bc\x08"), expected());
        let texts = ["x", "yz"].map(|text| Value::Text(text.into()));
        assert_eq!(read(b"[CxSU\x02yz]"), Ok(Value::List(texts.into())));
    }

    #[test]
    fn what_is_not_ubj() {
        for (bytes, words) in [
            (&b""[..], "truncated"),
            (b"[U", "truncated"),
            (b"[#U\x03U\x01U\x02", "truncated"),
            (b"[$l#U\x02\0\0\0\0\0", "truncated"),
            (b"SU\x05abc", "truncated"),
            (b"x", "an unknown marker `x`"),
            (b"HU\x011", "an unknown marker `H`"),
            (b"[#i\xFF", "a length out of range"),
            (b"[#d\x3F\x00\x00\x00", "a length out of range"),
            (b"[#L\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "a length out of range"),
            (b"[$U#l\x7F\xFF\xFF\xFF\x01", "2147483647 entries announced, 1 bytes left"),
            (b"[$T#l\x7F\xFF\xFF\xFF", "a list of the type `T`"),
            (b"[$[#U\x02]]", "a list of the type `[`"),
            (b"[$U\x01]", "a typed list without its length"),
            (b"SU\x01\xFF", "a text is not UTF-8"),
            (b"[]]", "something follows its end"),
        ] {
            let error = read(bytes).expect_err(words);
            assert_eq!(error.to_string(), format!("not a valid model: {words}"));
        }
        let error = read(&b"[".repeat(1_000_000)).expect_err("too deep");
        assert_eq!(error.to_string(), "not a valid model: nested more than 32 deep");
    }
}
