//! What the loader reads, and what it refuses with which words.

use flate2::{Compression, write::GzEncoder};
use forewarn_datasets::{Dataset, Error, Kind, ReadOptions, Table};
use proptest::prelude::*;
use std::io::Write;

type TestResult = Result<(), Box<dyn std::error::Error>>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

/// The message with which a file is refused.
fn refused(text: impl AsRef<[u8]>) -> String {
    Table::from_bytes("f.csv", text.as_ref()).expect_err("the file must be refused").to_string()
}

#[test]
fn columns_get_their_kinds() -> TestResult {
    use Kind::{Category, Number, Timestamp};
    let expected = [Number, Timestamp, Timestamp, Category, Category, Number];
    let text = "number,time,day,category,mixed,nothing\n\
                1,2024-01-01T00:00:00Z,1970-01-02,b,1,\n\
                -2.5e3,2024-01-01 00:00:01.5,NA,a,x,NA\n\
                NaN,2024-01-01T01:00:00+01:00,1970-01-03,b,2,null\n";
    let table = Table::from_bytes("f.csv", text.as_bytes())?;
    let kinds: Result<Vec<Kind>, Error> =
        table.names().iter().map(|name| table.kind(name)).collect();
    assert_eq!(kinds?, expected);
    assert_eq!(table.numbers("number")?[..2], [1.0, -2500.0]);
    assert!(table.numbers("number")?[2].is_nan());
    let midnight = 1_704_067_200.0;
    assert_eq!(table.timestamps("time")?, [midnight, midnight + 1.5, midnight]);
    assert_eq!(table.categories("category")?, ["a", "b"]);
    assert_eq!(table.codes("category")?, [1.0, 0.0, 1.0]);
    assert_eq!(table.texts("mixed")?, [Some("1"), Some("x"), Some("2")]);
    assert!(table.numbers("nothing")?.iter().all(|value| value.is_nan()));
    Ok(())
}

#[test]
fn every_spelling_of_missing_is_missing() -> TestResult {
    let text = "n,c,t\n1,a,2024-01-01\n,,\nNA,NA,na\nNaN,nan,NAN\nnull,NULL,Null\n\"\",\"\",\" \"\n-nan,,\n";
    let table = Table::from_bytes("f.csv", text.as_bytes())?;
    for values in [table.numbers("n")?, table.codes("c")?, table.timestamps("t")?] {
        assert_eq!(values.len(), 7);
        assert!(!values[0].is_nan());
        assert!(values[1..].iter().all(|value| value.is_nan()));
    }
    assert_eq!(table.texts("c")?[..2], [Some("a"), None]);
    Ok(())
}

#[test]
fn quotes_spaces_line_ends_and_byte_order_marks() -> TestResult {
    let text = "\u{feff}\"a, with comma\" , b\r\n 1 ,\"two\r\nlines\"\r\n\r\n2,\"say \"\"hi\"\"\"";
    let table = Table::from_bytes("f.csv", text.as_bytes())?;
    assert_eq!(table.names(), ["a, with comma", "b"]);
    assert_eq!(table.numbers("a, with comma")?, [1.0, 2.0]);
    assert_eq!(table.texts("b")?, [Some("two\r\nlines"), Some("say \"hi\"")]);
    // The quoted line end and the blank line count.
    assert_eq!([table.line(0), table.line(1), table.line(2)], [Some(2), Some(5), None]);
    Ok(())
}

#[test]
fn features_leave_out_times_and_what_is_excluded() -> TestResult {
    let text = "t,x,c,anomaly,y\n2024-01-01,1,b,0,3\n2024-01-02,2,a,1,\n";
    let table = Table::from_bytes("data/pump.csv", text.as_bytes())?;
    let data = Dataset::from_table(&table, "anomaly", &["x"])?;
    assert_eq!(
        (data.name.as_str(), &data.feature_names[..]),
        ("pump", &["c".into(), "y".into()][..])
    );
    assert_eq!(data.categorical, [0]);
    assert_eq!(data.labels, [false, true]);
    assert_eq!(data.anomaly_share(), 0.5);
    assert_eq!(data.features.row(0).to_vec(), [1.0, 3.0]);
    assert_eq!(data.features[[1, 0]], 0.0);
    assert!(data.features[[1, 1]].is_nan());

    let error = table.features(&["z"]).expect_err("there is no z").to_string();
    assert!(error.starts_with("data/pump.csv, column \"z\": is not in the header"), "{error}");
    let error = table.features(&["x", "c", "anomaly", "y"]).expect_err("nothing left").to_string();
    assert!(error.contains("no number or category column is left"), "{error}");
    Ok(())
}

#[test]
fn labels_are_zero_one_true_false_and_nothing_else() -> TestResult {
    let labels = |text: &str| Table::from_bytes("f.csv", text.as_bytes())?.labels("y");
    assert_eq!(labels("y\n0\n1\n1.0\n")?, [false, true, true]);
    assert_eq!(labels("y\nTrue\nfalse\nTRUE\n")?, [true, false, true]);
    assert_eq!(labels("y\n1\ntrue\n0\n")?, [true, true, false]);
    for (text, line, value) in [
        ("y\n0\n\n2\n", 4, "2"),
        ("y,x\n0,1\n,1\n", 3, ""),
        ("y\nyes\nno\n", 2, "yes"),
        ("y,x\ntrue,1\nNA,2\n", 3, ""),
    ] {
        let expected = format!(
            "f.csv, line {line}, column \"y\": {value:?} is no label: 0, 1, true or false is needed"
        );
        assert_eq!(labels(text).expect_err(text).to_string(), expected);
    }
    let expected = "f.csv, column \"y\": holds times, not labels";
    assert_eq!(labels("y\n2024-01-01\n").expect_err("a time").to_string(), expected);
    Ok(())
}

#[test]
fn declared_kinds_are_kept_to() -> TestResult {
    let read = |text: &str, kind| {
        Table::from_bytes_with("f.csv", text.as_bytes(), &ReadOptions::default().kind("x", kind))
    };
    assert_eq!(
        read("x\n10\n9\n10\n", Kind::Category)?.texts("x")?,
        [Some("10"), Some("9"), Some("10")]
    );
    assert_eq!(read("x\n5\n1970-01-02\n", Kind::Timestamp)?.timestamps("x")?, [5.0, 86_400.0]);
    let error = read("x,y\n1,2\n\n1o,2\n", Kind::Number).expect_err("1o");
    assert_eq!(error.to_string(), "f.csv, line 4, column \"x\": \"1o\" is not a number");
    let error = read("x\n2024-02-30\n", Kind::Timestamp).expect_err("30 February");
    assert!(
        error.to_string().contains("line 2, column \"x\": \"2024-02-30\" is no time"),
        "{error}"
    );
    let error = read("y\n1\n", Kind::Number).expect_err("no x");
    assert_eq!(error.to_string(), "f.csv, column \"x\": is not in the header, which has [\"y\"]");
    Ok(())
}

#[test]
fn one_slip_does_not_turn_a_sensor_into_categories() -> TestResult {
    let numbers = "1\n".repeat(19);
    let expected = "f.csv, line 21, column \"x\": \"1,5\" is one of 1 that differ among 19 numbers: \
                    correct it, or declare the column's kind";
    assert_eq!(refused(format!("x\n{numbers}\"1,5\"\n")), expected);
    let times = "2024-01-01\n".repeat(19);
    assert!(refused(format!("x\n{times}soon\n")).contains("one of 1 that differ among 19 times"));
    // Nine in ten is still a category.
    let table = Table::from_bytes("f.csv", format!("x\n{}A\n", "1\n".repeat(9)).as_bytes())?;
    assert_eq!(table.kind("x")?, Kind::Category);
    Ok(())
}

#[test]
fn files_that_are_no_tables() {
    assert_eq!(refused(""), "f.csv: the file is empty: a header is needed");
    assert_eq!(refused("\n\n"), "f.csv: the file is empty: a header is needed");
    assert_eq!(refused("a,b\n"), "f.csv: there are no rows below the header");
    assert_eq!(refused("a,b,a\n1,2,3\n"), "f.csv: two columns are named \"a\"");
    assert_eq!(
        refused("1.5,2.5\n1,2\n"),
        "f.csv: the first line holds numbers: a header is needed"
    );
    assert_eq!(refused("a,b\n1,2\n\n1,2,3\n"), "f.csv, line 4: 3 fields, the header has 2");
    assert_eq!(refused("a,b\n1\n"), "f.csv, line 2: 1 fields, the header has 2");
    assert!(Table::from_bytes("f.csv", b"0,1,2\n5,6,7\n").is_ok(), "numbered columns are a header");
}

#[test]
fn infinities_are_refused() {
    for value in ["inf", "-inf", "Infinity", "1e999", "-1e999"] {
        let expected = format!(
            "f.csv, line 3, column \"b\": {value:?} is not finite: a number must be finite or missing"
        );
        assert_eq!(refused(format!("a,b\n1,2\n1,{value}\n")), expected);
    }
}

#[test]
fn invalid_utf8_is_refused_with_its_place() {
    assert_eq!(
        refused(b"a,b\nx,y\nx,\xff\n"),
        "f.csv, line 3, column \"b\": \"\u{fffd}\" is not valid UTF-8"
    );
    assert_eq!(
        refused(b"a,\xff\n1,2\n"),
        "f.csv, line 1, column \"number 2\": \"\u{fffd}\" is not valid UTF-8"
    );
}

#[test]
fn gzip_is_read_and_refused_when_cut() -> TestResult {
    let numbers: Vec<String> = (0..2000).map(|n| n.to_string()).collect();
    let text = format!("x\n{}\n", numbers.join("\n"));
    let whole = gzip(text.as_bytes());
    let table = Table::from_bytes("f.csv.gz", &whole)?;
    assert_eq!(table.numbers("x")?.iter().sum::<f64>(), 1_999_000.0);
    // Told by its content too; several members follow one another as `cat a.gz b.gz` makes them.
    let twice = [whole.clone(), gzip(b"2000\n")].concat();
    assert_eq!(Table::from_bytes("f.csv", &twice)?.n_rows(), 2001);
    for length in [0, 1, 5, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let error = Table::from_bytes("f.csv.gz", &whole[..length]).expect_err("cut");
        assert!(
            error.to_string().starts_with("f.csv.gz: not a whole gzip file: "),
            "{length}: {error}"
        );
    }
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    assert!(Table::from_bytes("f.csv.gz", &damaged).is_err());
    assert!(Table::from_bytes("f.csv.gz", b"x\n1\n").is_err(), "not gzip at all");
    Ok(())
}

#[test]
fn a_missing_file_is_named() {
    let error = Table::read("no/such/file.csv").expect_err("no file").to_string();
    assert!(error.starts_with("no/such/file.csv: "), "{error}");
}

#[test]
fn wrong_accessors_say_what_the_column_holds() -> TestResult {
    let table = Table::from_bytes("f.csv", b"n,c,t\n1,a,2024-01-01\n")?;
    let text = |result: Result<&[f64], Error>| result.expect_err("another kind").to_string();
    assert_eq!(text(table.numbers("c")), "f.csv, column \"c\": holds categories, not numbers");
    assert_eq!(text(table.codes("t")), "f.csv, column \"t\": holds times, not categories");
    assert_eq!(text(table.timestamps("c")), "f.csv, column \"c\": holds categories, not times");
    assert_eq!(table.timestamps("n")?, [1.0]);
    assert!(
        table.texts("n").is_err() && table.categories("x").is_err() && table.kind("x").is_err()
    );
    Ok(())
}

proptest! {
    /// What is written with Rust's shortest representation comes back to the bit.
    #[test]
    fn numbers_come_back(rows in prop::collection::vec(prop::collection::vec(
        prop::option::of(-1e300..1e300_f64), 3), 1..40)
    ) {
        let line = |row: &Vec<Option<f64>>| {
            row.iter().map(|v| v.map_or(String::new(), |v| v.to_string())).collect::<Vec<_>>().join(",")
        };
        let text = "a,b,c\n".to_owned() + &rows.iter().map(|row| line(row) + "\n").collect::<String>();
        for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
            let table = Table::from_bytes("f.csv", &bytes).expect("readable");
            let (_, values, categorical) = table.features(&[]).expect("three columns");
            prop_assert!(categorical.is_empty());
            prop_assert_eq!(values.dim(), (rows.len(), 3));
            for ((row, column), value) in values.indexed_iter() {
                prop_assert_eq!(value.to_bits(), rows[row][column].unwrap_or(f64::NAN).to_bits());
            }
        }
    }

    /// Any texts at all come back through quoting, or are what stands for a missing value.
    #[test]
    fn texts_come_back(texts in prop::collection::vec("[a-z,\"\n é]{0,8}", 1..30)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["row", "text"]).expect("writing to memory");
        for text in &texts {
            writer.write_record(["x", text]).expect("writing to memory");
        }
        let bytes = writer.into_inner().expect("writing to memory");
        let options = ReadOptions::default().kind("text", Kind::Category);
        let table = Table::from_bytes_with("f.csv", &bytes, &options).expect("readable");
        let missing = ["", "na", "nan", "null"];
        let expected: Vec<Option<&str>> = texts
            .iter()
            .map(|text| Some(text.trim_matches([' ', '\n'])).filter(|text| !missing.contains(text)))
            .collect();
        prop_assert_eq!(table.texts("text").expect("categories"), expected);
    }

    /// No bytes make the loader panic, as they are or after a plausible beginning.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for start in [&b""[..], b"a,b\n1,2\n", &[0x1f, 0x8b], &[0x1f, 0x8b, 8, 0]] {
            let _ = Table::from_bytes("f.csv", &[start, &bytes].concat());
        }
    }
}
