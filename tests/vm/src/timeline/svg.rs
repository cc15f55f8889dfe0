// SPDX-License-Identifier: GPL-2.0

//! The picture: the driver's stages above, the device's lanes below, one scale for both.

use std::fmt::Write as _;

use super::{
    device::Lane,
    milliseconds,
    Stage, //
};

const WIDTH: u64 = 1280;
/// Where time begins, right of the names.
const LEFT: u64 = 150;
const RIGHT: u64 = 30;
const ROW: u64 = 22;
const BAR: u64 = 16;
const TOP: u64 = 46;
const GAP: u64 = 30;
/// Ticks of the scale, at least.
const TICKS: u64 = 6;
/// Width of a character, for deciding whether a name fits into its bar.
const LETTER: u64 = 7;

const STAGE_COLOURS: &[&str] = &["#3b7dd8", "#6fa3e8", "#a7c7f2"];
const FAILED: &str = "#c0392b";
const DEVICE: &str = "#76b900";

/// An SVG document.
pub fn document(title: &str, stages: &[Stage], lanes: &[Lane]) -> String {
    let ends = stages.iter().map(Stage::end_us);
    // What the device saw after the last stage is no part of the bring-up.
    let whole = ends.max().or_else(|| last_span(lanes)).unwrap_or(0).max(1);
    let depth = stages.iter().map(|s| s.depth + 1).max().unwrap_or(0) as u64;
    let device_top = TOP + depth * ROW + GAP;
    let height = device_top + lanes.len() as u64 * ROW + GAP;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="12">"#
    );
    let _ = writeln!(
        svg,
        r##"<rect width="100%" height="100%" fill="#ffffff"/>"##
    );
    text(&mut svg, 8, 18, "#000000", title);
    text(&mut svg, 8, TOP + 12, "#444444", "driver");
    for stage in stages {
        draw_stage(&mut svg, stage, whole);
    }
    for (lane, row) in lanes.iter().zip(0..) {
        let y = device_top + row * ROW;
        text(&mut svg, 8, y + 12, "#444444", lane.name);
        let shown = lane.spans.iter().filter(|span| span.start_us <= whole);
        for span in shown {
            let label = format!("{} ms: {}", milliseconds(span.start_us), span.label);
            let end = span.end_us.min(whole);
            bar(&mut svg, y, (span.start_us, end), whole, DEVICE, &label);
        }
    }
    scale(&mut svg, whole, height);
    svg.push_str("</svg>\n");
    svg
}

fn last_span(lanes: &[Lane]) -> Option<u64> {
    lanes.iter().flat_map(|l| &l.spans).map(|s| s.end_us).max()
}

fn draw_stage(svg: &mut String, stage: &Stage, whole: u64) {
    let y = TOP + stage.depth as u64 * ROW;
    let colour = match stage.result {
        Some(errno) if errno != 0 => FAILED,
        _ => STAGE_COLOURS[stage.depth.min(STAGE_COLOURS.len() - 1)],
    };
    let took = stage.duration_us.map_or_else(
        || "not over".to_owned(),
        |us| format!("{} ms", milliseconds(us)),
    );
    let label = format!(
        "{}: {took}, from {} ms",
        stage.name,
        milliseconds(stage.start_us)
    );
    let ends = (stage.start_us, stage.end_us());
    bar(svg, y, ends, whole, colour, &label);
    let (from, to) = (x(ends.0, whole), x(ends.1, whole));
    if to - from > stage.name.len() as u64 * LETTER {
        text(svg, from + 3, y + 12, "#ffffff", &stage.name);
    }
}

/// Column of a time.
fn x(us: u64, whole: u64) -> u64 {
    LEFT + us.min(whole) * (WIDTH - LEFT - RIGHT) / whole
}

fn bar(svg: &mut String, y: u64, (start, end): (u64, u64), whole: u64, colour: &str, label: &str) {
    let from = x(start, whole);
    let width = (x(end, whole) - from).max(1);
    let _ = writeln!(
        svg,
        r#"<rect x="{from}" y="{y}" width="{width}" height="{BAR}" fill="{colour}"><title>{}</title></rect>"#,
        escaped(label)
    );
}

fn text(svg: &mut String, x: u64, y: u64, colour: &str, words: &str) {
    let words = escaped(words);
    let _ = writeln!(
        svg,
        r#"<text x="{x}" y="{y}" fill="{colour}">{words}</text>"#
    );
}

/// Ticks at a round number of microseconds.
fn scale(svg: &mut String, whole: u64, height: u64) {
    let rough = whole / TICKS;
    let magnitude = 10_u64.pow(rough.max(1).ilog10());
    let step = [1, 2, 5, 10]
        .map(|n| n * magnitude)
        .into_iter()
        .rev()
        .find(|step| *step <= rough.max(1))
        .unwrap_or(magnitude);
    for tick in (0..=whole / step).map(|n| n * step) {
        let at = x(tick, whole);
        let _ = writeln!(
            svg,
            r##"<line x1="{at}" y1="{}" x2="{at}" y2="{}" stroke="#dddddd"/>"##,
            TOP - 6,
            height - GAP
        );
        let words = format!("{} ms", milliseconds(tick));
        text(svg, at, height - 12, "#444444", &words);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{
        device::Span,
        parse, //
    };

    fn lanes() -> Vec<Lane> {
        let span = |start_us, end_us| Span {
            start_us,
            end_us,
            label: "3 reads, 1 writes".into(),
        };
        vec![Lane {
            name: "GSP falcon",
            spans: vec![span(100, 500_000), span(2_000_000, 2_000_000)],
        }]
    }

    #[test]
    fn driver_and_device_share_one_scale() {
        let stages = parse(["0 1000000 0 0 boot <gsp>", "500000 500000 -5 1 booter"]).unwrap();
        let svg = document("GA102 & more", &stages, &lanes());
        assert!(svg.contains("GA102 &amp; more"), "{svg}");
        assert!(
            svg.contains("boot &lt;gsp&gt;: 1000.00 ms, from 0.00 ms"),
            "{svg}"
        );
        // Half of the time is half of the picture, whoever's it is.
        let half = x(500_000, 1_000_000);
        assert!(svg.contains(&format!(r#"<rect x="{half}""#)), "{svg}");
        let width = half - x(100, 1_000_000);
        assert!(svg.contains(&format!(r#"width="{width}""#)), "{svg}");
        assert!(svg.contains(FAILED), "{svg}");
        assert!(!svg.contains("2000.00 ms:"), "after the last stage: {svg}");
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }

    #[test]
    fn ticks_are_round_and_not_too_many() {
        for whole in [1, 7, 999, 5_000, 1_234_567, 60_000_000] {
            let mut svg = String::new();
            scale(&mut svg, whole, 100);
            let ticks = svg.matches("<line").count();
            assert!((2..=16).contains(&ticks), "{whole}: {ticks}");
        }
    }

    #[test]
    fn a_trace_alone_is_drawn_to_its_end() {
        let svg = document("t", &[], &lanes());
        assert!(svg.contains("2000.00 ms: 3 reads"), "{svg}");
    }
}
