//! The `timings` of `summary.json`, in the order in which they stand there.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;

/// What a stage took; what the job does not tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) micros: Option<u64>,
    pub(super) lines: Option<u64>,
    pub(super) peak_bytes: Option<u64>,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    timings: Timings,
}

#[derive(Default)]
struct Timings(Vec<Stage>);

#[derive(Deserialize)]
struct Timing {
    seconds: Option<serde_json::Number>,
    lines: Option<u64>,
    peak_memory_bytes: Option<u64>,
}

impl<'de> Deserialize<'de> for Timings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Timings;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object with a member per stage")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Timings, A::Error> {
                let mut stages = Vec::new();
                while let Some((name, timing)) = map.next_entry::<String, Timing>()? {
                    let Timing { seconds, lines, peak_memory_bytes: peak_bytes } = timing;
                    let micros = seconds.and_then(|seconds| micros(&seconds.to_string()));
                    stages.push(Stage { name, micros, lines, peak_bytes });
                }
                Ok(Timings(stages))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Decimal seconds as microseconds, without a detour over binary fractions; digits beyond are cut.
fn micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction.parse().ok()?)
}

/// Reads the timings of a `summary.json`.
pub(super) fn read(text: &[u8]) -> Result<Vec<Stage>> {
    let summary: Summary = serde_json::from_slice(text).context("the timings cannot be read")?;
    Ok(summary.timings.0)
}

#[cfg(test)]
mod tests {
    use super::{micros, read};

    #[test]
    fn stages_keep_their_order_and_tolerate_what_is_absent() {
        let text = br#"{"other": 1, "timings": {"parse": {"seconds": 0.25, "lines": 7}, "match": {"seconds": 2}}}"#;
        let stages = read(text).expect("the text is valid");
        let told: Vec<_> = stages.iter().map(|stage| (stage.name.as_str(), stage.micros, stage.lines)).collect();
        assert_eq!(told, [("parse", Some(250_000), Some(7)), ("match", Some(2_000_000), None)]);
        assert_eq!(read(b"{}").expect("no timings are fine"), []);
    }

    #[test]
    fn seconds_are_read_exactly() {
        assert_eq!([micros("0.001"), micros("12"), micros("1e-7")], [Some(1_000), Some(12_000_000), None]);
    }
}
