//! LCOV: rules as functions, what is true and false as branches.

use crate::Tested;
use crate::escape::one_line;
use crate::lines::{File, files};

/// Writes what the tests of a run reach.
pub(crate) fn write(tested: &Tested<'_>) -> String {
    files(tested).iter().map(|(name, file)| record(name, file)).collect()
}

fn record(name: &str, file: &File) -> String {
    let mut out = format!("TN:\nSF:{}\n", one_line(name));
    // A comma ends a name.
    let rule = |name: &str| one_line(name).replace(',', ";");
    for (line, name, _) in &file.rules {
        out.push_str(&format!("FN:{line},{}\n", rule(name)));
    }
    for (_, name, applied) in &file.rules {
        out.push_str(&format!("FNDA:{applied},{}\n", rule(name)));
    }
    let applied = file.rules.iter().filter(|(_, _, applied)| *applied > 0).count();
    out.push_str(&format!("FNF:{}\nFNH:{applied}\n", file.rules.len()));
    for (line, parts) in &file.branches {
        let asked = file.hits.get(line).is_some_and(|hits| *hits > 0);
        for (block, (yes, no)) in parts.iter().enumerate() {
            for (branch, taken) in [yes, no].into_iter().enumerate() {
                let taken = if asked { taken.to_string() } else { "-".to_owned() };
                out.push_str(&format!("BRDA:{line},{block},{branch},{taken}\n"));
            }
        }
    }
    let (taken, of) = file.taken();
    out.push_str(&format!("BRF:{of}\nBRH:{taken}\n"));
    for (line, hits) in &file.hits {
        out.push_str(&format!("DA:{line},{hits}\n"));
    }
    out.push_str(&format!("LF:{}\nLH:{}\nend_of_record\n", file.hits.len(), file.reached()));
    out
}
