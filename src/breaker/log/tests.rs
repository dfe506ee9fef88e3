use super::{CallLog, LoggedCall, LoggedOutcome};
use crate::breaker::State;
use crate::error::Error;
use proptest::prelude::*;

const HEADER: &str = "key,start,latency,outcome\n";

fn reason(text: &str) -> (usize, String) {
    match CallLog::from_csv(text).unwrap_err() {
        Error::LogLine { line, reason } => (line, reason),
        other => panic!("{other}"),
    }
}

/// A row, and whether an error is the one that it should give.
type Case<'a> = (LoggedCall<'a>, Box<dyn Fn(&Error) -> bool>);

#[test]
fn a_row_comes_back_as_it_was_given() {
    let call = LoggedCall {
        attempt: 3,
        admitted: 0.25,
        state: Some(State::Ramping),
        ..LoggedCall::new("a", 1.5, 0.125, LoggedOutcome::TimedOut)
    };
    let log = CallLog::from_rows([call]).unwrap();
    assert_eq!(log.get(0), Some(call));
    assert_eq!(log.get(1), None);
    assert_eq!((log.len(), log.seconds(), log.keys()), (1, 0.0, &["a".to_owned()][..]));
}

#[test]
fn a_bad_row_is_named_and_leaves_the_log_as_it_was() {
    let good = LoggedCall::new("a", 1.0, 0.1, LoggedOutcome::Ok);
    let mut log = CallLog::from_rows([good]).unwrap();
    let before = log.clone();
    let out_of_range = |name| move |error: &Error| matches!(error, Error::OutOfRange { name: n, .. } if *n == name);
    let nan = |what| move |error: &Error| *error == Error::NotANumber { what, index: 1 };
    let cases: [Case<'_>; 10] = [
        (LoggedCall { start: f64::NAN, ..good }, Box::new(nan("start of row"))),
        (LoggedCall { start: -1e-9, ..good }, Box::new(out_of_range("start"))),
        (LoggedCall { start: f64::INFINITY, ..good }, Box::new(out_of_range("start"))),
        (LoggedCall { latency: f64::NAN, ..good }, Box::new(nan("latency of row"))),
        (LoggedCall { latency: -0.1, ..good }, Box::new(out_of_range("latency"))),
        (LoggedCall { latency: f64::INFINITY, ..good }, Box::new(out_of_range("latency"))),
        (LoggedCall { admitted: 1.1, ..good }, Box::new(out_of_range("admitted"))),
        (LoggedCall { admitted: f64::NAN, ..good }, Box::new(out_of_range("admitted"))),
        (LoggedCall { admitted: -0.1, ..good }, Box::new(out_of_range("admitted"))),
        (LoggedCall { attempt: 0, ..good }, Box::new(out_of_range("attempt"))),
    ];
    for (call, expected) in cases {
        let error = log.push(call).unwrap_err();
        assert!(expected(&error), "{error}");
        assert_eq!(log, before);
    }
    for outcome in [LoggedOutcome::Rejected, LoggedOutcome::Cancelled] {
        log.push(LoggedCall { latency: f64::NAN, outcome, ..good }).unwrap();
        assert!(log.get(log.len() - 1).unwrap().latency.is_nan());
    }
}

#[test]
fn csv_takes_other_names_units_order_and_quotes() {
    let text = "\u{feff}outcome,note,\"time_ms\",duration_ms,host,attempt,admitted,state\r\n\
                \r\n\
                ERROR , x,1500,250,\"a,\"\"b\"\"\",2,0.5,Half_Open\n\
                rejected,,2000,,c,1,0,open\n\
                timeout,,0,nan0,c,1,1,\n";
    let (line, why) = reason(text);
    assert_eq!((line, why.as_str()), (5, "latency is \"nan0\": it must be a number"));
    let log = CallLog::from_csv(&text.replace("nan0", "1000")).unwrap();
    let first = log.get(0).unwrap();
    assert_eq!((first.key, first.start, first.latency), ("a,\"b\"", 1.5, 0.25));
    assert_eq!((first.attempt, first.admitted), (2, 0.5));
    assert_eq!((first.outcome, first.state), (LoggedOutcome::Failed, Some(State::HalfOpen)));
    assert_eq!((log.out_of_order(), log.seconds(), log.keys().len()), (1, 2.0, 2));
}

#[test]
fn csv_says_what_is_wrong_in_which_line() {
    let cases = [
        ("start,latency\n", 1, "no column \"outcome\""),
        ("start,time,latency,outcome\n", 1, "hold the same thing"),
        ("start,latency,latency_ms,outcome\n", 1, "hold the same thing"),
        ("\"start,latency,outcome\n", 1, "a quote is not closed"),
        (&format!("{HEADER}a,1,1\n"), 2, "3 fields, 4 in the header"),
        (&format!("{HEADER}\na,x,1,ok\n"), 3, "start is \"x\""),
        (&format!("{HEADER}a,1,,ok\n"), 2, "latency is missing"),
        (&format!("{HEADER}a,,1,ok\n"), 2, "start is \"\""),
        (&format!("{HEADER}a,1,-1,ok\n"), 2, "latency is -1"),
        (&format!("{HEADER}a,1,1,fine\n"), 2, "outcome is \"fine\""),
        (&format!("{HEADER}\"a\"b,1,1,ok\n"), 2, "follows a closing quote"),
        ("start,latency,outcome,state\n1,1,ok,ajar\n", 2, "state is \"ajar\""),
        ("start,latency,outcome,attempt\n1,1,ok,1.5\n", 2, "attempt is \"1.5\""),
    ];
    for (text, line, why) in cases {
        let found = reason(text);
        assert!(found.0 == line && found.1.contains(why), "{text:?}: {found:?}");
    }
    assert_eq!(CallLog::from_csv(" \n").unwrap_err(), Error::Empty { what: "lines" });
    assert!(CallLog::from_csv(HEADER).unwrap().is_empty());
}

#[test]
fn equal_rows_are_counted_and_can_be_taken_away() {
    let call = |start, latency| LoggedCall::new("a", start, latency, LoggedOutcome::Ok);
    let rows = [call(1.0, 0.1), call(2.0, 0.1), call(1.0, 0.1), call(1.0, 0.2), call(2.0, 0.1)];
    let mut log = CallLog::from_rows(rows).unwrap();
    assert_eq!(log.duplicates(), 2);
    assert_eq!(log.dedup(), 2);
    let kept: Vec<(f64, f64)> = log.iter().map(|call| (call.start, call.latency)).collect();
    assert_eq!(kept, [(1.0, 0.1), (2.0, 0.1), (1.0, 0.2)]);
    assert_eq!(log.dedup(), 0);
}

fn rows() -> impl Strategy<Value = Vec<(u8, f64, f64, usize, u32, f32, usize)>> {
    let row = (0..4_u8, 0.0..2e9, 0.0..100.0, 0..6_usize, 1..300_u32, 0.0..=1.0_f32, 0..8_usize);
    proptest::collection::vec(row, 0..40)
}

fn build(rows: &[(u8, f64, f64, usize, u32, f32, usize)]) -> CallLog {
    let keys = ["a", "b,c", " d\"", ""];
    CallLog::from_rows(rows.iter().map(
        |&(key, start, latency, outcome, attempt, admitted, state)| LoggedCall {
            key: keys[usize::from(key)],
            start,
            latency,
            outcome: LoggedOutcome::ALL[outcome],
            attempt,
            admitted: f64::from(admitted),
            state: State::ALL.get(state).copied(),
        },
    ))
    .unwrap()
}

proptest! {
    #[test]
    fn csv_reads_what_it_wrote(rows in rows()) {
        let log = build(&rows);
        prop_assert_eq!(CallLog::from_csv(&log.to_csv()).unwrap(), log);
    }

    #[test]
    #[cfg(feature = "serde")]
    fn serde_reads_what_it_wrote(rows in rows()) {
        let log = build(&rows);
        let text = serde_json::to_string(&log).unwrap();
        prop_assert_eq!(serde_json::from_str::<CallLog>(&text).unwrap(), log);
    }

    #[test]
    fn times_are_kept_to_the_nanosecond(start in 0.0..1e10_f64, exponent in -9_i32..1) {
        let start = start * 10_f64.powi(exponent);
        let mut log = CallLog::new();
        log.push(LoggedCall::new("a", start, 0.0, LoggedOutcome::Ok)).unwrap();
        let kept = log.get(0).unwrap().start;
        prop_assert!((kept - start).abs() <= 0.5e-9 + start * f64::EPSILON);
        log.push(LoggedCall::new("a", kept, 0.0, LoggedOutcome::Ok)).unwrap();
        prop_assert_eq!(log.duplicates(), 1);
        prop_assert_eq!(log.get(1).unwrap().start, kept);
    }

    #[test]
    fn neither_order_nor_names_matter_to_what_is_learned_from(rows in rows()) {
        let log = build(&rows);
        let mut turned = rows.clone();
        turned.reverse();
        for row in &mut turned {
            row.0 = 3 - row.0;
        }
        prop_assert_eq!(build(&turned).by_key(), log.by_key());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9,\"\n.:-]{0,60}") {
        let _ = CallLog::from_csv(&format!("{HEADER}{text}"));
        let _ = CallLog::from_csv(&text);
    }
}
