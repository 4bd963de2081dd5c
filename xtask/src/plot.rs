//! The picture of `docs/replay.md`: for each pack and source one bar of what was decided.

use crate::recorded::Pack;

const LEFT: u64 = 230;
const WIDTH: u64 = 460;
const STEP: u64 = 30;
const BAR: u64 = 20;

/// The outcomes, their words and colours: readable beside each other without telling red from green.
const OUTCOMES: [(&str, &str, &str); 3] =
    [("allow", "allow", "#2b7a78"), ("require_approval", "require approval", "#e0a030"), ("deny", "deny", "#8c2f5b")];

/// Draws the bars as SVG.
pub(crate) fn plot(packs: &[Pack]) -> String {
    let mut body = String::new();
    let mut top = 50;
    for pack in packs {
        for (source, row) in &pack.sources {
            let judged: u64 = OUTCOMES.iter().map(|(key, ..)| row.outcome(key)).sum();
            if judged == 0 {
                continue;
            }
            let text = top + BAR - 5;
            body +=
                &format!("<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}, {source}</text>\n", LEFT - 10, pack.name);
            let mut at = LEFT;
            let mut sum = 0;
            for (key, word, colour) in OUTCOMES {
                let count = row.outcome(key);
                sum += count;
                let end = LEFT + WIDTH * sum / judged;
                body += &format!(
                    "<rect x=\"{at}\" y=\"{top}\" width=\"{}\" height=\"{BAR}\" fill=\"{colour}\"><title>{count} {word}</title></rect>\n",
                    end - at
                );
                at = end;
            }
            body += &format!("<text x=\"{}\" y=\"{text}\" class=\"count\">{judged}</text>\n", LEFT + WIDTH + 8);
            top += STEP;
        }
    }
    let mut key = String::new();
    let mut x = LEFT;
    for (_, word, colour) in OUTCOMES {
        key += &format!("<rect x=\"{x}\" y=\"16\" width=\"14\" height=\"14\" fill=\"{colour}\"/>\n");
        key += &format!("<text x=\"{}\" y=\"28\">{word}</text>\n", x + 20);
        x += 40 + 8 * word.len() as u64;
    }
    key += &format!("<text x=\"{}\" y=\"28\" class=\"count\">calls</text>\n", LEFT + WIDTH + 8);
    let (width, height) = (LEFT + WIDTH + 60, top + 10);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <style>text {{ fill: #222 }} .count {{ fill: #666 }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{key}{body}</svg>\n"
    )
}
