//! A print of a tree in which no place shows, to compare what two texts mean.

use crate::ast::Ast;

impl Ast<'_> {
    /// Returns a print of the items without their places: equal exactly when two texts say the same in the same order,
    /// however they are spaced and whatever their comments.
    pub fn shape(&self) -> String {
        without_places(&format!("{:?}", self.items))
    }
}

/// Drops every `Span { ... }` of a debug print that does not stand in a string.
fn without_places(print: &str) -> String {
    const PLACE: &str = "Span {";
    let mut out = String::with_capacity(print.len() / 2);
    let mut rest = print;
    while let Some(at) = rest.find(['"', 'S']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = if rest.starts_with(PLACE) {
            out.push('_');
            rest.find('}').map_or(rest.len(), |end| end + 1)
        } else {
            let len = if rest.starts_with('"') { string_len(rest) } else { 1 };
            out.push_str(&rest[..len]);
            len
        };
        rest = &rest[len..];
    }
    out.push_str(rest);
    out
}

/// Returns the length of a string in a debug print, quotes included.
fn string_len(print: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in print.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    print.len()
}

#[cfg(test)]
mod tests {
    use super::without_places;

    #[test]
    fn places_go_and_texts_stay() {
        let print = r#"Text { value: "Span { \" x }", span: Span { file: FileId(0), start: 1, end: 2 } }, Sum"#;
        assert_eq!(without_places(print), r#"Text { value: "Span { \" x }", span: _ }, Sum"#);
    }
}
