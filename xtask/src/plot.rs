//! The pictures: for each pack and source, rule or suite one bar of what came out.

use crate::desks::Desks;
use crate::dojo::{Dojo, SUITES};
use crate::recorded::Pack;

const LEFT: u64 = 230;
const WIDTH: u64 = 460;
const STEP: u64 = 30;
const BAR: u64 = 20;

/// Colours that are readable beside each other without telling red from green.
const COLOURS: [&str; 4] = ["#2b7a78", "#e0a030", "#8c2f5b", "#5b6c8c"];
/// The outcomes and their words.
const OUTCOMES: [(&str, &str); 4] =
    [("allow", "allow"), ("require_approval", "require approval"), ("deny", "deny"), ("throttle", "throttle")];

/// A bar: its name, and how many of each kind.
type Bar = (String, Vec<u64>);

/// What was decided, for each pack and source.
pub(crate) fn plot(packs: &[Pack]) -> String {
    let bars = packs.iter().flat_map(|pack| {
        pack.sources.iter().map(|(source, row)| {
            (format!("{}, {source}", pack.name), OUTCOMES.map(|(outcome, _)| row.outcome(outcome)).to_vec())
        })
    });
    draw(&OUTCOMES.map(|(_, word)| word), "calls", &bars.collect::<Vec<_>>())
}

/// What became of findings, for each rule.
pub(crate) fn desks(desks: &Desks) -> String {
    let bars = desks.rules.iter().map(|(label, tally)| {
        let (found, missed) = (tally.found as u64, tally.missed as u64);
        ((*label).to_owned(), vec![found, tally.findings as u64 - found - missed, missed])
    });
    draw(&["found", "denied otherwise", "missed"], "findings", &bars.collect::<Vec<_>>())
}

/// What became of attacks and wanted tasks, for each suite.
pub(crate) fn dojo(dojo: &Dojo) -> String {
    let mut bars: Vec<Bar> = Vec::new();
    for (_, suite) in SUITES {
        if let Some(wanted) = dojo.wanted.get(suite) {
            let [tasks, asked] = [wanted.tasks as u64, wanted.asked as u64];
            bars.push((format!("{suite}, wanted tasks"), vec![tasks - asked, asked, 0]));
        }
        let attacks = dojo.attacks.iter().filter(|((name, _), _)| *name == suite);
        bars.extend(attacks.map(|((_, version), attacks)| {
            let [all, through] = [attacks.attacks as u64, attacks.through as u64];
            (format!("{suite}, attacks {version}"), vec![through, 0, all - through])
        }));
    }
    draw(&["goes through", "asks", "stopped"], "tasks", &bars)
}

/// Draws bars as SVG.
fn draw(words: &[&str], counted: &str, bars: &[Bar]) -> String {
    let mut body = String::new();
    let mut top = 50;
    for (name, counts) in bars {
        let all: u64 = counts.iter().sum();
        if all == 0 {
            continue;
        }
        let text = top + BAR - 5;
        body += &format!("<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{name}</text>\n", LEFT - 10);
        let mut at = LEFT;
        let mut sum = 0;
        for ((count, word), colour) in counts.iter().zip(words).zip(COLOURS) {
            sum += count;
            let end = LEFT + WIDTH * sum / all;
            body += &format!(
                "<rect x=\"{at}\" y=\"{top}\" width=\"{}\" height=\"{BAR}\" fill=\"{colour}\"><title>{count} {word}</title></rect>\n",
                end - at
            );
            at = end;
        }
        body += &format!("<text x=\"{}\" y=\"{text}\" class=\"count\">{all}</text>\n", LEFT + WIDTH + 8);
        top += STEP;
    }
    let mut key = String::new();
    let mut x = LEFT;
    for (word, colour) in words.iter().zip(COLOURS) {
        key += &format!("<rect x=\"{x}\" y=\"16\" width=\"14\" height=\"14\" fill=\"{colour}\"/>\n");
        key += &format!("<text x=\"{}\" y=\"28\">{word}</text>\n", x + 20);
        x += 40 + 8 * word.len() as u64;
    }
    key += &format!("<text x=\"{}\" y=\"28\" class=\"count\">{counted}</text>\n", LEFT + WIDTH + 8);
    let (width, height) = (LEFT + WIDTH + 60, top + 10);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <style>text {{ fill: #222 }} .count {{ fill: #666 }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{key}{body}</svg>\n"
    )
}
