//! Regret of circuit breakers on simulated dependencies: settings learned from logs of calls, the
//! self-tuning breaker, no breaker, and the defaults of other libraries, in one table.
//!
//! ```text
//! cargo bench --bench breaker_regret                            # the table, in two minutes
//! cargo bench --bench breaker_regret -- --services 3 --seed 951 # more services, others
//! cargo bench --bench breaker_regret -- --learned 0          # only what needs no log, in seconds
//! cargo bench --bench breaker_regret -- --no-harm 200           # recommendations on later calls
//! cargo bench --bench breaker_regret -- --calls 1000000         # how long long logs take
//! ```
//!
//! Options, each followed by a number: `--services` of each family (1), `--seed` of the first (901),
//! `--candidates` (500), `--rate` in calls a second (drawn by service), `--weight` of a failure
//! (0.2, then 1), `--learned 0` to learn no settings, `--verbose 1` for a line a service.
//!
//! Regret is the cost above an oracle's that knows the law of calls but not their luck, per 100
//! requests, on three later traces of ten minutes of the same service; costs are
//! [`CallCosts`]' with failures at 0.2 and at 1. Learned settings are those recommended: where the
//! optimizer would rather change nothing, what was in use.

#[path = "../tests/support/recorder.rs"]
mod recorder;

use forewarn::breaker::sim::{Family, Report, Service};
use forewarn::breaker::{
    AdaptiveParams, Advice, BreakerOptimizer, BreakerSettings, CallCosts, PeerDefaults,
};
use recorder::{judge, oracle, record};
use std::collections::HashMap;
use std::ops::Range;
use std::time::Instant;

/// Traces to judge on; those to learn from come before.
const LATER: Range<u64> = 100..103;

/// Ten minutes each.
const SHORT: Range<u64> = 0..1;
const LONG: Range<u64> = 0..3;

/// Breakers that logs are recorded through, in turn.
const RECORDERS: [PeerDefaults; 4] = [
    PeerDefaults::Hystrix,
    PeerDefaults::Resilience4j,
    PeerDefaults::Sentinel,
    PeerDefaults::Gobreaker,
];

/// What a failure costs.
const WEIGHTS: [f64; 2] = [0.2, 1.0];

/// `--name number` pairs; what cargo adds by itself is left out.
struct Options(HashMap<String, f64>);

impl Options {
    fn read() -> Result<Self, String> {
        let mut pairs = HashMap::new();
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let names = [
                "services",
                "seed",
                "candidates",
                "rate",
                "weight",
                "verbose",
                "no-harm",
                "calls",
                "family",
                "learned",
            ];
            let name = word.strip_prefix("--").filter(|name| names.contains(name));
            let name = name.ok_or_else(|| format!("{word} is none of the options {names:?}"))?;
            let value = words.next().and_then(|value| value.parse().ok());
            let value = value.ok_or_else(|| format!("--{name} needs a number"))?;
            pairs.insert(name.to_owned(), value);
        }
        Ok(Self(pairs))
    }

    fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    fn count(&self, name: &str, default: u64) -> u64 {
        self.get(name).map_or(default, |value| value as u64)
    }

    fn families(&self) -> Vec<Family> {
        let one = self.get("family").and_then(|number| Family::ALL.get(number as usize - 1));
        one.map_or(Family::ALL.to_vec(), |family| vec![*family])
    }

    fn service(&self, family: Family, seed: u64) -> Service {
        let service = Service::draw(family, seed);
        match self.get("rate") {
            Some(rate) => service.calls_per_second(rate),
            None => service,
        }
    }

    fn optimizer(&self, costs: &CallCosts) -> BreakerOptimizer {
        let candidates = self.count("candidates", 500) as usize;
        BreakerOptimizer::default().costs(*costs).candidates(candidates).peers(Vec::new())
    }
}

/// Sums of regrets by policy and family.
#[derive(Default)]
struct Table {
    names: Vec<String>,
    cells: HashMap<(String, Family), (f64, u32)>,
}

impl Table {
    fn add(&mut self, name: &str, family: Family, regret: f64) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        let cell = self.cells.entry((name.to_owned(), family)).or_default();
        *cell = (cell.0 + regret, cell.1 + 1);
    }

    fn print(&self, families: &[Family]) {
        print!("{:38}", "regret per 100 requests");
        for family in families {
            print!("{:>7}", format!("F{}", *family as u8 + 1));
        }
        println!("    mean");
        for name in &self.names {
            print!("{name:38}");
            let mut mean = 0.0;
            for family in families {
                let (sum, count) = self.cells[&(name.clone(), *family)];
                print!("{:7.2}", sum / f64::from(count));
                mean += sum / f64::from(count) / families.len() as f64;
            }
            println!("{mean:8.2}");
        }
    }
}

fn no_breaker_and_peers() -> Vec<(String, Option<BreakerSettings>)> {
    let peers = PeerDefaults::ALL.map(|peer| (peer.to_string(), Some(peer.settings())));
    std::iter::once(("no breaker".to_owned(), None)).chain(peers).collect()
}

fn table(options: &Options) -> Result<(), forewarn::Error> {
    let first = options.count("seed", 901);
    let families = options.families();
    let verbose = options.get("verbose").is_some();
    let weights = options.get("weight").map_or(WEIGHTS.to_vec(), |weight| vec![weight]);
    for failed in weights {
        let costs = CallCosts::default().failed(failed);
        let mut table = Table::default();
        for &family in &families {
            let number = family as usize;
            for seed in first..first + options.count("services", 1) {
                let service = options.service(family, seed);
                let best = oracle(&service, LATER, &costs);
                let mut add = |name: &str, report: &Report| {
                    let regret = report.regret(&best);
                    table.add(name, family, regret);
                    regret
                };
                let recorder = RECORDERS[(number + seed as usize) % RECORDERS.len()];
                let through = recorder.settings();
                let learned = [
                    ("learned, 30 min", LONG, None),
                    ("learned, 10 min", SHORT, None),
                    ("learned, 30 min, censored", LONG, Some(through)),
                ];
                let learned = learned.into_iter().filter(|_| options.count("learned", 1) > 0);
                for (name, traces, current) in learned {
                    let log = record(&service, current.as_ref(), traces, &costs);
                    let clock = Instant::now();
                    let found = options.optimizer(&costs).current(current).optimize(&log)?;
                    let seconds = clock.elapsed().as_secs_f64();
                    let report = judge(&service, found.settings.as_ref(), LATER, &costs);
                    let regret = add(name, &report);
                    let best = found.found.as_ref().and_then(|found| found.settings);
                    let report = judge(&service, best.as_ref(), LATER, &costs);
                    let of_best = add(&format!("{name}, unsure too"), &report);
                    if verbose {
                        let (rate, advice) = (service.calls_per_second, found.advice);
                        println!(
                            "F{} {seed} {rate:.0}/s {recorder} {name}: {regret:.2} ({of_best:.2}), {advice:?}, saving {:.1?}, {:.2?}, {seconds:.1} s\n    {:?}\n    {:?}",
                            number + 1,
                            found.saving,
                            found.saving_bounds,
                            found.log,
                            best,
                        );
                    }
                }
                let mut own = Report::default();
                for trace in LATER {
                    let mut breaker = AdaptiveParams::default().costs(costs).seed(seed).start()?;
                    own.add(&service.trace(trace)?.run(&mut breaker, &costs));
                }
                add("self-tuning, no history", &own);
                for (name, settings) in no_breaker_and_peers() {
                    add(&name, &judge(&service, settings.as_ref(), LATER, &costs));
                }
            }
        }
        println!("a failure costs {failed}");
        table.print(&families);
    }
    Ok(())
}

/// Ten minutes of each of so many services, recorded through nothing or through the default of a
/// peer; what is recommended, against what was in use, on later calls.
fn no_harm(options: &Options, services: u64) -> Result<(), forewarn::Error> {
    let first = options.count("seed", 901);
    let (mut adopted, mut worse, mut harmed, mut before, mut after) = (0, 0, 0, 0.0, 0.0);
    let mut kept = HashMap::<String, (u32, f64)>::new();
    for number in 0..services {
        let family = Family::ALL[number as usize % 10];
        let service = options.service(family, first + number);
        let costs = CallCosts::default().failed(WEIGHTS[(number as usize / 10) % 2]);
        let currents = no_breaker_and_peers();
        // Half of them through nothing.
        let (name, current) = currents
            [if number % 2 == 0 { 0 } else { 1 + (number as usize / 2) % (currents.len() - 1) }]
        .clone();
        let log = record(&service, current.as_ref(), SHORT, &costs);
        let found = options.optimizer(&costs).current(current).optimize(&log)?;
        let cost = |settings: Option<&BreakerSettings>| {
            let report = judge(&service, settings, LATER, &costs);
            100.0 * report.cost / report.requests as f64
        };
        let was = cost(current.as_ref());
        if found.advice != Advice::Adopt {
            let best = found.found.as_ref().and_then(|found| found.settings);
            let missed = best.map_or(0.0, |best| was - cost(Some(&best)));
            let cell = kept.entry(format!("{:?}", found.advice)).or_default();
            *cell = (cell.0 + 1, cell.1 + missed);
            (before, after) = (before + was, after + was);
            continue;
        }
        let is = cost(found.settings.as_ref());
        (before, after) = (before + was, after + is);
        adopted += 1;
        worse += u32::from(is > was);
        let saved = was - is;
        if saved < -(found.saving.high - found.saving.mean) || saved < found.saving.low.min(0.0) {
            harmed += 1;
            println!(
                "F{} {} {name}: saved {saved:.2}, said {:.2?}, was {was:.2}",
                family as u8 + 1,
                first + number,
                found.saving
            );
        }
    }
    println!(
        "{services} services: {adopted} recommendations, {worse} of them worse on later calls, {harmed} by more than their interval"
    );
    for (advice, (count, missed)) in kept {
        println!("{advice}: {count}, which would have saved {:.2} each", missed / f64::from(count));
    }
    let mean = |sum: f64| sum / services as f64;
    println!("cost per 100 requests {:.2} before, {:.2} after", mean(before), mean(after));
    Ok(())
}

/// How long it takes to learn from logs of about so many calls, recorded through nothing and through
/// the default of a peer.
fn speed(options: &Options, calls: u64) -> Result<(), forewarn::Error> {
    let costs = CallCosts::default();
    for family in options.families() {
        let service = options.service(family, options.count("seed", 901)).calls_per_second(150.0);
        let service = service.length(calls as f64 / 150.0);
        for through in [None, Some(PeerDefaults::Hystrix)] {
            let settings = through.map(PeerDefaults::settings);
            let log = record(&service, settings.as_ref(), 0..1, &costs);
            let clock = Instant::now();
            let found = options.optimizer(&costs).current(settings).optimize(&log)?;
            let seconds = clock.elapsed().as_secs_f64();
            let through = through.map_or("nothing".to_owned(), |peer| peer.to_string());
            let (rows, usable, advice) = (log.len(), 100.0 * found.log.usable, found.advice);
            println!(
                "{seconds:6.1} s for {rows} calls through {through}, {usable:.0} % usable, of {family}: {advice:?}"
            );
        }
    }
    Ok(())
}

fn main() -> std::process::ExitCode {
    // As a test it only has to build.
    if !std::env::args().any(|word| word == "--bench") {
        return std::process::ExitCode::SUCCESS;
    }
    let done = Options::read().and_then(|options| {
        let result = match (options.get("no-harm"), options.get("calls")) {
            (Some(services), _) => no_harm(&options, services as u64),
            (None, Some(calls)) => speed(&options, calls as u64),
            (None, None) => table(&options),
        };
        result.map_err(|error| error.to_string())
    });
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
