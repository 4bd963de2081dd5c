//! Cobertura XML: each file of a policy as a class.

use crate::Tested;
use crate::escape::markup;
use crate::lines::{File, files};

/// Writes what the tests of a run reach.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    let files = files(tested);
    let sum = |of: fn(&File) -> usize| files.values().map(of).sum::<usize>();
    let (reached, valid) = (sum(File::reached), sum(|file| file.hits.len()));
    let (taken, branches) = (sum(|file| file.taken().0), sum(|file| file.taken().1));
    let rates = format!("line-rate=\"{}\" branch-rate=\"{}\"", rate(reached, valid), rate(taken, branches));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str("<!DOCTYPE coverage SYSTEM \"http://cobertura.sourceforge.net/xml/coverage-04.dtd\">\n");
    out.push_str(&format!(
        "<coverage {rates} lines-covered=\"{reached}\" lines-valid=\"{valid}\" branches-covered=\"{taken}\" \
         branches-valid=\"{branches}\" complexity=\"0\" version=\"{}\" timestamp=\"0\">\n",
        env!("CARGO_PKG_VERSION")
    ));
    out.push_str("  <sources>\n    <source>.</source>\n  </sources>\n  <packages>\n");
    out.push_str(&format!("    <package name=\"policy\" {rates} complexity=\"0\">\n      <classes>\n"));
    files.iter().for_each(|(name, file)| out.push_str(&class(name, file)));
    out.push_str("      </classes>\n    </package>\n  </packages>\n</coverage>\n");
    out
}

fn class(name: &str, file: &File) -> String {
    let (taken, of) = file.taken();
    let (name, lines, branches) = (markup(name), rate(file.reached(), file.hits.len()), rate(taken, of));
    let mut out = format!(
        "        <class name=\"{name}\" filename=\"{name}\" line-rate=\"{lines}\" branch-rate=\"{branches}\" \
         complexity=\"0\">\n          <methods/>\n          <lines>\n"
    );
    for (line, hits) in &file.hits {
        let Some(parts) = file.branches.get(line) else {
            out.push_str(&format!("            <line number=\"{line}\" hits=\"{hits}\" branch=\"false\"/>\n"));
            continue;
        };
        let of = parts.len() * 2;
        let taken: usize = parts.iter().map(|(yes, no)| usize::from(*yes > 0) + usize::from(*no > 0)).sum();
        let percent = taken * 100 / of;
        out.push_str(&format!(
            "            <line number=\"{line}\" hits=\"{hits}\" branch=\"true\" \
             condition-coverage=\"{percent}% ({taken}/{of})\"/>\n"
        ));
    }
    out.push_str("          </lines>\n        </class>\n");
    out
}

/// A share with four places behind the point; all of nothing is 1.
fn rate(reached: usize, of: usize) -> String {
    let parts = (reached * 10_000).checked_div(of).unwrap_or(10_000);
    format!("{}.{:04}", parts / 10_000, parts % 10_000)
}
