//! The page from answers made by hand: every name hostile, every number that can be missing missing.

use super::content::{Content, Focus, Panel, Past, PastRow};
use super::frame::Layout;
use super::{ReportParams, alone, page, ticks, words};
use crate::engine::action::Action;
use crate::engine::features::Clock;
use crate::engine::{
    AlertFigures, Assessment, CalibrationPoint, ConfidenceBin, CostPoint, CurvePoint,
    EnsembleFigures, Evaluation, LifetimeFigures, Mode, ModelCard, PartFigures, Reason,
    TimeToFailure, TrendNote,
};
use crate::error::Error;

const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}\u{7}<b>";
const START: f64 = 1_704_067_200.0;
const HOUR: f64 = 3_600.0;

fn card(mode: Mode) -> ModelCard {
    ModelCard {
        version: "0.1.0".into(),
        mode,
        entities: 3,
        rows: 1_234_567,
        metrics: vec![HOSTILE.into(), "flow".into()],
        features: 40,
        from: START,
        until: START + 500.0 * HOUR,
        failures: 7,
        horizon: 24.0 * HOUR,
        clock: Clock::Seconds,
        seed: 0,
    }
}

/// Nothing held back, so that there are no figures.
fn nothing(mode: Mode) -> Evaluation {
    Evaluation {
        mode,
        warnings: vec![format!("{HOSTILE} has no failures")],
        rows: 0,
        entities: 0,
        failures: 0,
        from: f64::NAN,
        until: f64::NAN,
        base_rate: f64::NAN,
        parts: Vec::new(),
        ensemble: None,
        threshold: f64::NAN,
        at_threshold: None,
        lifetimes: None,
        calibration: Vec::new(),
        costs: Vec::new(),
        cost_of_never: f64::NAN,
        cost_of_always: f64::NAN,
        curve: Vec::new(),
        confidence: Vec::new(),
    }
}

fn figures() -> Evaluation {
    let share = |number: usize| number as f64 / 9.0;
    Evaluation {
        rows: 1_170,
        entities: 10,
        failures: 5,
        from: START + 375.0 * HOUR,
        until: START + 500.0 * HOUR,
        base_rate: 0.07,
        parts: vec![PartFigures {
            name: HOSTILE.into(),
            weight: 0.6,
            roc_auc: 0.9612,
            average_precision: f64::NAN,
            log_loss: 0.1,
        }],
        ensemble: Some(EnsembleFigures {
            roc_auc: 0.966,
            average_precision: 0.792,
            log_loss: 0.097,
            brier: 0.027,
            expected_calibration_error: 0.0123,
        }),
        threshold: 0.118,
        at_threshold: Some(AlertFigures {
            recall_of_failures: 0.8,
            median_lead_time: Some(19.5 * HOUR),
            false_alarms_per_entity_month: 0.72,
            precision: None,
        }),
        lifetimes: Some(LifetimeFigures {
            median_error: 9.3 * HOUR,
            coverage: 0.914,
            interval: 0.9,
            rows: 400,
        }),
        calibration: (0..10)
            .map(|n| CalibrationPoint { predicted: share(n), observed: share(n), count: 3 * n })
            .collect(),
        costs: (0..10).map(|n| CostPoint { threshold: share(n), cost: 0.1 }).collect(),
        cost_of_never: 0.2,
        cost_of_always: 5.0,
        curve: (0..10)
            .map(|n| CurvePoint {
                threshold: share(n),
                recall: 1.0 - share(n),
                precision: share(n),
            })
            .collect(),
        confidence: vec![
            ConfidenceBin { from: 0.0, to: 0.9, count: 0, stated: f64::NAN, held: f64::NAN },
            ConfidenceBin { from: 0.9, to: 1.0, count: 857, stated: 0.97, held: 0.98 },
        ],
        ..nothing(Mode::Predict)
    }
}

fn assessment(entity: String, probability: Option<f64>, action: Action) -> Assessment {
    Assessment {
        entity,
        time: START + 500.0 * HOUR,
        horizon: 24.0 * HOUR,
        clock: Clock::Seconds,
        failure_probability: probability,
        alert: probability.is_some_and(|p| p > 0.118),
        time_to_failure: probability.map(|p| TimeToFailure {
            median: if p > 0.1 { 14.0 * HOUR } else { f64::INFINITY },
            expected: 20.0 * HOUR,
            earliest: 5.0 * HOUR,
            latest: if p > 0.5 { 31.0 * HOUR } else { f64::INFINITY },
            confidence: 0.9,
        }),
        confidence: 0.87,
        reliability: 0.9,
        anomaly_score: 0.998,
        abnormal: true,
        novelty: 0.6,
        trends: vec![TrendNote {
            metric: "flow".into(),
            slope: -0.1,
            lower: -0.2,
            upper: -0.05,
            span: 23.0 * HOUR,
            text: format!("{HOSTILE} falls"),
        }],
        reasons: vec![
            Reason {
                feature: HOSTILE.into(),
                value: f64::NAN,
                usual: f64::NAN,
                weight: 0.52,
                text: format!("{HOSTILE} is missing"),
            },
            Reason {
                feature: "flow: last value".into(),
                value: 1.0,
                usual: 2.0,
                weight: -0.2,
                text: "flow: last value is 1, usually 2".into(),
            },
        ],
        action,
    }
}

fn focus() -> Focus {
    let points = |scale: f64| -> Vec<(f64, f64)> {
        (0..288).map(|n| (START + HOUR * f64::from(212 + n), scale * f64::from(n % 24))).collect()
    };
    let panel = |metric: &str, scale: f64, band| {
        let points = points(scale);
        let odd = points.iter().copied().skip(200).take(3).collect();
        Panel { metric: metric.into(), points, band, odd }
    };
    Focus {
        number: 0,
        from: START + 212.0 * HOUR,
        panels: vec![
            panel(HOSTILE, 1e9, Some((0.0, 1.5e10))),
            panel("never changes", 0.0, None),
            panel("tiny", 1e-12, Some((0.0, 1e-12))),
        ],
        risk: points(1.0 / 24.0),
        abnormal: vec![START + 300.0 * HOUR],
        failures: vec![START + 250.0 * HOUR],
    }
}

fn past(machines: usize) -> Past {
    let times: Vec<f64> = (1..=120).map(|n| START + 4.2 * HOUR * f64::from(n)).collect();
    let row = |number: usize| PastRow {
        entity: format!("{HOSTILE} {number}"),
        risk: (0..120)
            .map(|n| if n < 5 { f64::NAN } else { (n * (number + 7) % 97) as f64 / 97.0 })
            .collect(),
        failures: vec![times[60], times[119]],
    };
    Past {
        step: 4.2 * HOUR,
        rows: (0..machines).map(row).collect(),
        alerts: (0..120).map(|n| n % 3).collect(),
        failures: vec![times[60]; machines],
        times,
    }
}

/// A fleet of so many machines.
fn content<'a>(card: &'a ModelCard, evaluation: &'a Evaluation, machines: usize) -> Content<'a> {
    let params = ReportParams::default();
    let actions = [
        Action::ActNow,
        Action::ActBefore { time: START + 510.0 * HOUR },
        Action::Investigate,
        Action::None,
    ];
    let assessments = (0..machines).map(|n| {
        let probability = (card.mode == Mode::Predict).then(|| 0.9 / (n + 1) as f64);
        assessment(format!("{HOSTILE} {n}"), probability, actions[n.min(3)])
    });
    Content {
        title: HOSTILE,
        noun: "machine",
        at_risk: params.at_risk,
        listed: params.listed,
        card,
        evaluation,
        threshold: 0.118,
        now: START + 500.0 * HOUR,
        assessments: assessments.collect(),
        past: past(machines.min(params.over_time)),
        focus: (machines > 0).then(focus),
    }
}

/// All pages worth a look: figures and none, failures foretold or not, many machines, one, none.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    for (mode, evaluation) in [
        (Mode::Predict, figures()),
        (Mode::Predict, nothing(Mode::Predict)),
        (Mode::DetectOnly, nothing(Mode::DetectOnly)),
    ] {
        let card = card(mode);
        for machines in [0, 1, 4, 1_000] {
            pages.push(page::page(&content(&card, &evaluation, machines)));
        }
    }
    pages
}

/// The text of a page without its style, in which there is no data.
fn without_style(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap();
    format!("{head}{}", rest.split_once("</style>").unwrap().1)
}

/// What a document is made of: tags, each with what follows it up to the next. Fails where an attribute
/// is not quoted, or a tag not closed in its turn.
fn check_well_formed(document: &str) {
    let mut open: Vec<&str> = Vec::new();
    let document = document.strip_prefix("<!DOCTYPE html>").unwrap_or(document);
    let mut rest = document;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a stray >: {}", &rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag without an end");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "a quote within a quote: <{tag}>");
        assert!(!tag.contains('<'), "a tag within a tag: <{tag}>");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed out of turn, before {}", &rest[end..]);
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    // Every & begins an entity.
    for (at, _) in document.match_indices('&') {
        let entity = document[at + 1..].split_once(';').unwrap().0;
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&entity), "&{entity};");
    }
}

#[test]
fn pages_are_well_formed() {
    for page in pages() {
        assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
        let styled = without_style(&page);
        check_well_formed(&styled.replace("<style>", ""));
    }
}

#[test]
#[should_panic(expected = "closed out of turn")]
fn tags_closed_out_of_turn_are_noticed() {
    check_well_formed("<p><b>text</p></b>");
}

#[test]
fn names_are_nothing_but_text() {
    for page in pages() {
        assert!(!page.contains("<script"));
        assert!(!page.contains("<b>alert") && !page.contains("&<b>"));
        assert!(!page.contains('\u{202e}') && !page.contains('\u{7}'));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for page in pages() {
        for address in
            ["http:", "https:", "//", "url(", "@import", "src=", "href=", "javascript", "onload"]
        {
            // Comments of a style would be no harm, but there are none.
            assert!(!page.contains(address), "{address}");
        }
    }
}

#[test]
fn what_is_no_number_is_not_told_as_one() {
    for page in pages() {
        let told = without_style(&page);
        for word in ["NaN", "inf\"", "inf ", "inf,", "-inf", "infinit", "--"] {
            assert!(!told.contains(word), "{word}");
        }
    }
}

#[test]
fn the_size_is_bounded_and_the_bytes_are_the_same() {
    let (card, evaluation) = (card(Mode::Predict), figures());
    let write = |machines| page::page(&content(&card, &evaluation, machines));
    assert!(write(1_000).len() < 1_000_000);
    assert_eq!(write(1_000), write(1_000));
    // Those beyond the table are only counted.
    assert!(write(100_000).len() < write(1_000).len() + 1_000);
}

#[test]
fn the_headline_counts_what_is_to_be_done() {
    let (card, evaluation) = (card(Mode::Predict), figures());
    let said = |machines| super::summary::headline(&content(&card, &evaluation, machines));
    assert_eq!(said(0), "No readings to judge.");
    assert_eq!(said(1), "1 of 1 machine needs action now.");
    assert_eq!(said(4), "1 of 4 machines needs action now, 1 action before a date and 1 a look.");
    let mut calm = content(&card, &evaluation, 4);
    calm.assessments.iter_mut().for_each(|assessment| assessment.action = Action::None);
    assert_eq!(super::summary::headline(&calm), "None of 4 machines needs action.");
    calm.assessments[0].action = Action::Watch;
    assert_eq!(
        super::summary::headline(&calm),
        "None of 4 machines needs action; 1 is to be watched."
    );
}

#[test]
fn a_chart_of_its_own_is_a_whole_file() {
    let (card, evaluation) = (card(Mode::Predict), figures());
    let drawn = alone(&content(&card, &evaluation, 2)).unwrap();
    check_well_formed(&without_style(&drawn));
    assert!(drawn.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert_eq!(drawn.matches("http").count(), 1);
    let nobody = alone(&content(&card, &evaluation, 0));
    assert_eq!(nobody, Err(Error::Empty { what: "entities" }));
}

#[test]
fn every_chart_is_drawn_for_both_widths_and_described() {
    let (card, evaluation) = (card(Mode::Predict), figures());
    let page = page::page(&content(&card, &evaluation, 4));
    for layout in Layout::ALL {
        assert_eq!(page.matches(&format!("<svg class=\"{}\"", layout.class())).count(), 2);
    }
    assert_eq!(page.matches("<svg class=\"part\"").count(), 3);
    assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\"><title>").count());
    assert_eq!(page.matches("<svg").count(), page.matches("</title><desc>").count());
}

#[test]
fn numbers_are_said_as_a_reader_would() {
    for (value, said) in [
        (0.0, "0"),
        (-0.0, "0"),
        (1234.5, "1,235"),
        (-1234.5, "−1,235"),
        (12.345, "12.3"),
        (0.012_345, "0.0123"),
        (2.0, "2"),
        (1e20, "1.0e20"),
        (f64::NAN, "–"),
        (f64::NEG_INFINITY, "–"),
    ] {
        assert_eq!(words::number(value), said);
    }
    for (share, said) in [
        (0.0, "0 %"),
        (1e-9, "< 0.1 %"),
        (0.012, "1.2 %"),
        (0.5, "50 %"),
        (0.9995, "> 99.9 %"),
        (1.0, "100 %"),
        (f64::NAN, "–"),
    ] {
        assert_eq!(words::percent(share).replace('\u{a0}', " "), said);
    }
    let cycles = Clock::Counted("cycles".into());
    assert_eq!(words::length(30.4, &cycles), "30\u{a0}cycles");
    assert_eq!(words::length(5.0 * HOUR, &Clock::Seconds), "5\u{a0}h");
    assert_eq!(words::length(400.0 * HOUR, &Clock::Seconds), "17\u{a0}days");
    assert_eq!(words::moment(START, &Clock::Seconds), "Mon 1 Jan 2024, 00:00");
    assert_eq!(words::moment(90_000.0, &Clock::Seconds), "1 d 01:00");
    assert_eq!(words::moment(203.0, &cycles), "203 cycles");
}

#[test]
fn ticks_are_round_few_and_within() {
    let texts =
        |ticks: Vec<ticks::Tick>| ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts(ticks::numbers(0.0, 1.0, 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    assert_eq!(texts(ticks::numbers(-20_000.0, 30_000.0, 3)), ["−20 k", "0", "20 k"]);
    assert_eq!(texts(ticks::numbers(0.0, 3e-12, 3)), ["0", "1e-12", "2e-12", "3e-12"]);
    assert_eq!(texts(ticks::percents(0.0, 0.3, 3)), ["0 %", "10 %", "20 %", "30 %"]);
    let week = ticks::moments(START, START + 7.0 * 86_400.0, 4, &Clock::Seconds);
    assert_eq!(texts(week), ["2 Jan", "4 Jan", "6 Jan", "8 Jan"]);
    let years = ticks::moments(START, START + 4.1 * 365.25 * 86_400.0, 5, &Clock::Seconds);
    assert_eq!(texts(years), ["2024", "2025", "2026", "2027", "2028"]);
    let long = ticks::moments(0.0, 40.0 * 86_400.0, 5, &Clock::Seconds);
    assert_eq!(texts(long), ["0 d", "10 d", "20 d", "30 d", "40 d"]);
    for (from, to) in [
        (0.0, 1e-9),
        (1e12, 1e12 + 1.0),
        (-5e149, 7e149),
        (3.0, 3.0),
        (f64::NAN, 1.0),
        (START, START + 1e9),
    ] {
        for most in 1..12 {
            for ticks in
                [ticks::numbers(from, to, most), ticks::moments(from, to, most, &Clock::Seconds)]
            {
                assert!(ticks.len() <= most + 1, "{from} {to} {most}: {ticks:?}");
                assert!(
                    ticks
                        .iter()
                        .all(|(at, _)| *at >= from - 1e-9 * from.abs()
                            && *at <= to + 1e-9 * to.abs())
                );
            }
        }
    }
}

#[test]
fn numbers_beyond_their_range_are_refused() {
    let message = |params: ReportParams| params.check().unwrap_err().to_string();
    assert!(ReportParams::new("x").check().is_ok());
    assert_eq!(
        message(ReportParams::default().at_risk(101)),
        "at_risk is 101: it must be from 0 to 100"
    );
    assert_eq!(
        message(ReportParams::default().listed(1_001)),
        "listed is 1001: it must be from 0 to 1,000"
    );
    assert_eq!(
        message(ReportParams::default().over_time(101)),
        "over_time is 101: it must be from 0 to 100"
    );
    assert_eq!(
        message(ReportParams::default().columns(9)),
        "columns is 9: it must be from 10 to 500"
    );
    assert_eq!(
        message(ReportParams::default().metrics(21)),
        "metrics is 21: it must be from 0 to 20"
    );
}
