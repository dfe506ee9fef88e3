use forewarn::ndarray::Array2;
use forewarn::prelude::*;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    s.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
fn main() {
    let a: Vec<usize> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let (n, d) = (a[0], a[1]);
    let mut s = 12345u64;
    let mut u = || {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        (s >> 11) as f64 / (1u64 << 53) as f64
    };
    let x = Array2::from_shape_fn((n, d), |_| {
        let a = u() + u() + u() + u() + u() + u() - 3.0;
        a
    });
    let f = IsolationForestParams::standard().train(Batch::new(x.view())).unwrap();
    let mut best = f64::MAX;
    let mut bt = f64::MAX;
    for _ in 0..12 {
        let t = cpu();
        let _ = f.score(x.view()).unwrap();
        best = best.min(cpu() - t);
        let t = cpu();
        let _ = IsolationForestParams::standard().train(Batch::new(x.view())).unwrap();
        bt = bt.min(cpu() - t);
    }
    println!("{n}x{d} {:.2} ns/row/tree train {:.2} ms", best * 1e9 / n as f64 / 100.0, bt * 1e3);
}
