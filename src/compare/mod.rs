//! Is B worse than A: canaries, performance regressions, tests that may be looked at any time.
