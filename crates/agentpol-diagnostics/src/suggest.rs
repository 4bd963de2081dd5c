//! "Did you mean": the known name nearest to what was typed.

/// Returns the nearest candidate when it is near enough to be a likely slip, the first one on a tie.
///
/// Near enough is an edit distance (insert, delete, replace, swap neighbours; letter case ignored) of at most a third
/// of the longer word, and at least one; two names of one letter are never near.
pub fn nearest<'c>(typed: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let longest = typed.chars().count().max(candidate.chars().count());
        let bound = (longest / 3).max(1).min(longest.saturating_sub(1));
        let distance = distance(&typed.to_ascii_lowercase(), &candidate.to_ascii_lowercase());
        if distance <= bound && candidate != typed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Returns the help line for the nearest candidate, ready for [`Diagnostic::maybe_help`](crate::Diagnostic::maybe_help).
pub fn did_you_mean<'c>(typed: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(typed, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// Counts the edits between two words (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_leaves_strangers() {
        let names = ["support_bot", "billing_bot", "amount", "if"];
        assert_eq!(nearest("suport_bot", names), Some("support_bot"));
        assert_eq!(nearest("amuont", names), Some("amount"));
        assert_eq!(nearest("Amount", names), Some("amount"));
        assert_eq!(nearest("customer", names), None);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
