//! Circuit breakers: one state machine for running, replaying and simulating, and settings that
//! are learned from the history of calls.
