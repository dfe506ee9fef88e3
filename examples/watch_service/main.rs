//! An engine within a service: readings come in over HTTP, and anyone may ask who is about to fail.
//!
//! ```text
//! cargo run --release --example watch_service                       # serves itself, and ends
//! cargo run --release --example watch_service -- 127.0.0.1:8080     # serves until it is stopped
//! curl -d '1706000000,pump 1,temperature=61.2,vibration=1.4' 127.0.0.1:8080/observe
//! curl '127.0.0.1:8080/assess?pump%201'
//! curl 127.0.0.1:8080/metrics
//! ```

mod http;
#[path = "../support/pumps.rs"]
mod pumps;
#[allow(dead_code, reason = "other examples take numbers and draw pictures")]
#[path = "../support/text.rs"]
mod text;

use forewarn::engine::{Engine, Fleet};
use http::Request;
use pumps::Hour;
use std::error::Error;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use text::say;

fn main() -> ExitCode {
    text::start(run)
}

fn run() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    // A service learns offline and loads what was saved; here it learns from simulated pumps.
    let (history, later) = pumps::simulate(20, 548, 500)?;
    let engine = Arc::new(Engine::builder().train(&history)?);
    say(format_args!("{}", engine.card()));
    let mut service = Service { fleet: engine.fleet(), now: f64::NEG_INFINITY };

    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"))?;
    let at = listener.local_addr()?;
    say(format_args!("listening on {at}"));
    if address.is_some() {
        return service.serve(&listener, usize::MAX);
    }
    let requests = requests(&later);
    std::thread::scope(|scope| {
        let count = requests.len();
        let client = scope.spawn(move || -> std::io::Result<()> {
            for (what, body) in requests {
                let answer = http::ask(at, &what, &body)?;
                let lines: Vec<&str> = answer.lines().take(12).collect();
                say(format_args!("\n> {what}\n{}", lines.join("\n")));
            }
            Ok(())
        });
        service.serve(&listener, count)?;
        client.join().map_err(|_| "the client has panicked")??;
        Ok(())
    })
}

/// What is asked where nobody else does: two days of readings, and then how the pumps are.
fn requests(later: &[Hour]) -> Vec<(String, String)> {
    let mut body = String::new();
    for Hour { pump, time, values, .. } in later {
        let _ = write!(body, "{time},{pump}");
        for (metric, value) in pumps::metrics().iter().zip(values).filter(|(_, v)| v.is_finite()) {
            let _ = write!(body, ",{metric}={value}");
        }
        body.push('\n');
    }
    let fails = later.iter().find(|hour| hour.fails).map_or("pump 1", |hour| &hour.pump);
    let ask = |what: String| (what, String::new());
    vec![
        ("POST /observe".to_owned(), body),
        ask(format!("GET /assess?{}", fails.replace(' ', "%20"))),
        ask("GET /assess?nobody".to_owned()),
        ask("GET /metrics".to_owned()),
    ]
}

struct Service {
    fleet: Fleet,
    /// The latest time that was told: nothing here reads a clock.
    now: f64,
}

impl Service {
    /// Answers so many requests, one after the other.
    fn serve(&mut self, listener: &TcpListener, count: usize) -> Result<(), Box<dyn Error>> {
        for stream in listener.incoming().take(count) {
            let stream = stream?;
            let answered = match http::read(&stream).map(|request| self.answer(&request)) {
                Ok(Ok(body)) => http::answer(&stream, "200 OK", &body),
                Ok(Err(error)) => http::answer(&stream, "400 Bad Request", &format!("{error}\n")),
                Err(error) => http::answer(&stream, "400 Bad Request", &format!("{error}\n")),
            };
            if let Err(error) = answered {
                // A client that went away is no reason to stop.
                eprintln!("not answered: {error}");
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: &Request) -> Result<String, Box<dyn Error>> {
        match request.what.split_once('?').unwrap_or((&request.what, "")) {
            ("POST /observe", _) => {
                let taken = request
                    .body
                    .lines()
                    .try_fold(0, |taken, line| self.observe(line).map(|()| taken + 1));
                Ok(format!("{} readings taken\n", taken?))
            }
            ("GET /assess", pump) => {
                let assessment = self.fleet.assess(&pump.replace("%20", " "), self.now)?;
                Ok(format!("{assessment}\n"))
            }
            ("GET /metrics", _) => {
                let mut text = "# TYPE failure_probability gauge\n".to_owned();
                for assessment in self.fleet.assess_all(self.now)? {
                    let name = assessment.entity.replace('\\', "\\\\").replace('"', "\\\"");
                    let probability = assessment.failure_probability.unwrap_or(f64::NAN);
                    let _ =
                        writeln!(text, "failure_probability{{pump=\"{name}\"}} {probability:.4}");
                }
                Ok(text)
            }
            (what, _) => {
                Err(format!("{what}: there are POST /observe, GET /assess?NAME, GET /metrics")
                    .into())
            }
        }
    }

    /// Takes "time,name,metric=value,…" in.
    fn observe(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let mut fields = line.split(',');
        let mut next =
            || fields.next().ok_or_else(|| format!("{line:?}: time, name and readings are needed"));
        let (time, pump) = (next()?.parse()?, next()?);
        let readings = fields.map(|field| {
            let (metric, value) = field
                .split_once('=')
                .ok_or_else(|| format!("{field:?}: metric=value is needed"))?;
            Ok((metric, value.parse()?))
        });
        let readings = readings.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
        self.fleet.observe_named(pump, time, readings)?;
        self.now = self.now.max(time);
        Ok(())
    }
}
