//! Alarms, as the metrics count them: of the whole process, and so of tests beside each other too.

/// How many alarms of this kind there were in this process.
pub(crate) fn alarms(kind: &str) -> u64 {
    let line = format!("ownsight_alarms_total{{kind=\"{kind}\"}} ");
    let rendered = ownsight_server::metrics::render();
    rendered.lines().find_map(|text| text.strip_prefix(&line)).unwrap().parse().unwrap()
}

/// All alarms of what does not open.
pub(crate) fn unopened_alarms() -> u64 {
    ["mix-up", "damaged", "not-authentic", "malformed"].map(alarms).iter().sum()
}
