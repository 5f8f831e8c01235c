//! Metrics in the text format of Prometheus, for the textfile collector.

use std::fmt::Write;

use crate::render::brief::Brief;
use crate::render::brief::line;

pub(super) fn write(brief: &Brief) -> String {
    let mut out = String::new();
    for gauge in brief
        .gauges
        .iter()
        .filter(|gauge| !gauge.samples.is_empty())
    {
        let _ = writeln!(out, "# HELP {} {}", gauge.name, gauge.help);
        let _ = writeln!(out, "# TYPE {} gauge", gauge.name);
        for (labels, value) in &gauge.samples {
            out.push_str(gauge.name);
            if !labels.is_empty() {
                let labels: Vec<String> = labels
                    .iter()
                    .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                    .collect();
                let _ = write!(out, "{{{}}}", labels.join(","));
            }
            let _ = writeln!(out, " {value}");
        }
    }
    out
}

/// The value of a label.
fn escaped(text: &str) -> String {
    line(text).replace('\\', "\\\\").replace('"', "\\\"")
}
