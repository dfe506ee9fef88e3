//! JSON as RFC 8259 has it, and the numbers that XGBoost writes beyond it: `NaN` and `Infinity`.

use super::value::{Bytes, DEEPEST, Growing, Value, to_text};
use crate::error::{Result, invalid};

pub(super) fn read(bytes: &[u8]) -> Result<Value> {
    let mut bytes = Bytes { rest: bytes };
    let value = value(&mut bytes, 0)?;
    skip_space(&mut bytes);
    if bytes.rest.is_empty() { Ok(value) } else { Err(invalid("something follows its end")) }
}

fn skip_space(bytes: &mut Bytes<'_>) {
    bytes.rest = bytes.rest.trim_ascii_start();
}

fn value(bytes: &mut Bytes<'_>, depth: usize) -> Result<Value> {
    if depth > DEEPEST {
        return Err(invalid(format_args!("nested more than {DEEPEST} deep")));
    }
    skip_space(bytes);
    match bytes.rest.first() {
        Some(b'{') => object(bytes, depth),
        Some(b'[') => list(bytes, depth),
        Some(b'"') => text(bytes).map(Value::Text),
        _ => word(bytes),
    }
}

fn object(bytes: &mut Bytes<'_>, depth: usize) -> Result<Value> {
    let mut entries = Vec::new();
    bytes.skip(b'{');
    loop {
        skip_space(bytes);
        if entries.is_empty() && bytes.skip(b'}') {
            break;
        }
        let name = text(bytes)?;
        skip_space(bytes);
        expect(bytes, b':')?;
        entries.push((name, value(bytes, depth + 1)?));
        skip_space(bytes);
        if bytes.skip(b'}') {
            break;
        }
        expect(bytes, b',')?;
    }
    Ok(Value::Object(entries))
}

fn list(bytes: &mut Bytes<'_>, depth: usize) -> Result<Value> {
    let mut list = Growing::new();
    bytes.skip(b'[');
    skip_space(bytes);
    if bytes.skip(b']') {
        return Ok(list.done());
    }
    loop {
        list.push(value(bytes, depth + 1)?)?;
        skip_space(bytes);
        if bytes.skip(b']') {
            return Ok(list.done());
        }
        expect(bytes, b',')?;
    }
}

fn expect(bytes: &mut Bytes<'_>, byte: u8) -> Result<()> {
    match bytes.take_one()? {
        found if found == byte => Ok(()),
        found => {
            let (byte, found) = (byte as char, found.escape_ascii());
            Err(invalid(format_args!("`{found}` where `{byte}` should be")))
        }
    }
}

/// A number or one of the words that are values.
fn word(bytes: &mut Bytes<'_>) -> Result<Value> {
    let of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let length = bytes.rest.iter().take_while(|byte| of_word(byte)).count();
    let word = bytes.take(length)?;
    let number = match word {
        b"null" => return Ok(Value::Null),
        b"true" => 1.0,
        b"false" => 0.0,
        b"NaN" => f64::NAN,
        b"Infinity" => f64::INFINITY,
        b"-Infinity" => f64::NEG_INFINITY,
        _ => {
            let digits = word.iter().any(u8::is_ascii_digit);
            let number = str::from_utf8(word).ok().and_then(|word| word.parse().ok());
            number.filter(|_| digits).ok_or_else(|| {
                // Not all of it: it may be long.
                let word = word.get(..20).unwrap_or(word).escape_ascii();
                invalid(format_args!("`{word}` where a value should be"))
            })?
        }
    };
    Ok(Value::Number(number))
}

fn text(bytes: &mut Bytes<'_>) -> Result<String> {
    expect(bytes, b'"')?;
    let mut text = Vec::new();
    loop {
        let plain = bytes.rest.iter().take_while(|byte| !b"\"\\".contains(byte)).count();
        text.extend(bytes.take(plain)?);
        if bytes.take_one()? == b'"' {
            return to_text(text);
        }
        let symbol = match bytes.take_one()? {
            symbol @ (b'"' | b'\\' | b'/') => symbol as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => coded(bytes)?,
            other => return Err(invalid(format_args!("`\\{}` in a text", other.escape_ascii()))),
        };
        text.extend(symbol.encode_utf8(&mut [0; 4]).bytes());
    }
}

/// The character of a `\u` escape, which takes two of them beyond the first 65,536 characters.
fn coded(bytes: &mut Bytes<'_>) -> Result<char> {
    let first = unit(bytes)?;
    if !(0xD800..0xDC00).contains(&first) {
        return char::from_u32(first).ok_or_else(|| invalid("half a character in a text"));
    }
    let second = if bytes.take(2)? == b"\\u" { unit(bytes)? } else { 0 };
    if !(0xDC00..0xE000).contains(&second) {
        return Err(invalid("half a character in a text"));
    }
    let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    char::from_u32(code).ok_or_else(|| invalid("half a character in a text"))
}

fn unit(bytes: &mut Bytes<'_>) -> Result<u32> {
    bytes.take(4)?.iter().try_fold(0, |code, &byte| {
        let digit = (byte as char).to_digit(16);
        digit.map(|digit| code * 16 + digit).ok_or_else(|| invalid("a `\\u` without four digits"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read(text.as_bytes()).expect_err(text).to_string()
    }

    #[test]
    fn every_kind_of_value() {
        let text = br#" {"a" : [1, -2.5e3 ,true], "b":[], "c":{}, "d":[null,"x"], "e":[[0],[ ]]} "#;
        let expected = [
            ("a", Value::Numbers(vec![1.0, -2_500.0, 1.0])),
            ("b", Value::Numbers(vec![])),
            ("c", Value::Object(vec![])),
            ("d", Value::List(vec![Value::Null, Value::Text("x".into())])),
            ("e", Value::List(vec![Value::Numbers(vec![0.0]), Value::Numbers(vec![])])),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(read(text), Ok(Value::Object(expected.into())));
        let infinite = Value::Numbers(vec![f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!(read(b"[Infinity,-Infinity]"), Ok(infinite));
    }

    #[test]
    fn texts_with_escapes() {
        let read = |text: &str| match read(text.as_bytes()) {
            Ok(Value::Text(text)) => text,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(read(r#""a\"\\\/\b\f\n\r\tz""#), "a\"\\/\u{8}\u{c}\n\r\tz");
        assert_eq!(read("\"\\u00e9 \\ud83d\\ude00 \u{e9}\""), "\u{e9} \u{1f600} \u{e9}");
    }

    #[test]
    fn what_is_not_json() {
        for (text, words) in [
            ("", "`` where a value should be"),
            ("nul", "`nul` where a value should be"),
            ("1.2.3", "`1.2.3` where a value should be"),
            ("infinity", "`infinity` where a value should be"),
            ("[1,]", "`` where a value should be"),
            ("[1 2]", "`2` where `,` should be"),
            ("[1,\"a\"]", "a list mixes numbers with other things"),
            ("{\"a\" 1}", "`1` where `:` should be"),
            ("{\"a\":1,}", "`}` where `\"` should be"),
            ("{a:1}", "`a` where `\"` should be"),
            ("[1", "truncated"),
            ("\"a", "truncated"),
            ("\"\\u12\"", "truncated"),
            ("\"\\u12x4\"", "a `\\u` without four digits"),
            ("\"\\ud83d x\"", "half a character in a text"),
            ("\"\\udc00\"", "half a character in a text"),
            ("\"\\x\"", "`\\x` in a text"),
            ("1 2", "something follows its end"),
        ] {
            assert_eq!(error(text), format!("not a valid model: {words}"), "{text}");
        }
        assert!(error(&"[".repeat(1_000_000)).ends_with("nested more than 32 deep"));
        assert!(error(&"{\"a\":".repeat(100_000)).ends_with("nested more than 32 deep"));
        assert!(read(b"\"\xFF\"").is_err_and(|error| error.to_string().contains("not UTF-8")));
    }
}
