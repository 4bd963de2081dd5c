//! The table of codes. A code is stable: its meaning never changes and its number is never used again.
//!
//! `AP00` characters and tokens, `AP01` grammar, `AP02` names and ownership, `AP03` types, `AP04` declarations and
//! rules, `AP05` parts of the language that are not built yet and limits of size, `AP06` lints, `AP07` tests.

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A mistake: nothing is built.
    Error,
    /// A lint: a warning unless the project sets another level.
    Lint,
}

macro_rules! codes {
    ($($name:ident $kind:ident $title:literal)*) => {
        /// A stable diagnostic code, shown as `AP0301`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All codes, by number.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// Returns the code as written, `AP0301`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => stringify!($name),)* }
            }

            /// Returns what the code is about, in general words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// Returns whether it is a mistake or a lint.
            pub fn kind(self) -> Kind {
                match self { $(Code::$name => Kind::$kind,)* }
            }
        }
    };
}

codes! {
    AP0001 Error "a character that has no place here"
    AP0002 Error "a string that is not closed"
    AP0003 Error "a bracket that is not closed"
    AP0004 Error "a bracket that closes nothing"
    AP0005 Error "an operator of another language"
    AP0006 Error "a character that hides or reorders text"
    AP0007 Error "a letter that looks like another"
    AP0008 Error "text that is not in normal form"
    AP0009 Error "an escape that does not exist"
    AP0010 Error "a file that is not UTF-8"
    AP0011 Error "a file that is too large"
    AP0012 Error "nested too deeply"
    AP0013 Error "a malformed number, date, time or duration"

    AP0101 Error "not an item of the language"
    AP0102 Error "not what the grammar expects here"
    AP0103 Error "a reserved word used as a name"
    AP0104 Error "a clause that does not belong here"
    AP0105 Error "a clause that stands twice"
    AP0106 Error "a comma too many or too few"
    AP0107 Error "a clause that is missing"

    AP0201 Error "an unknown name"
    AP0202 Error "a name declared twice"
    AP0203 Error "a name that hides another"
    AP0204 Error "an unknown module"
    AP0205 Error "a file without a module"
    AP0206 Error "a required module that is not there"
    AP0207 Error "a name of another kind"
    AP0208 Error "not yours to widen"
    AP0209 Error "an allow on what the module does not own"
    AP0210 Error "groups that contain each other"
    AP0211 Error "an identity used twice"
    AP0212 Error "a tool that is on the wire twice"
    AP0213 Error "an unknown argument"
    AP0214 Error "an unknown field"
    AP0215 Error "an ambiguous name"

    AP0301 Error "values that cannot be compared"
    AP0302 Error "a value of the wrong type"
    AP0303 Error "an operator that the type does not have"
    AP0304 Error "an optional value that is not guarded"
    AP0305 Error "not a value of the enumeration or level"
    AP0306 Error "a number out of range"
    AP0307 Error "a pattern that is not valid"
    AP0308 Error "a literal is needed here"
    AP0309 Error "the wrong number of arguments"
    AP0310 Error "a test that string ends defeat"
    AP0311 Error "more than the analyser can decide"
    AP0312 Error "a secret that would be shown"
    AP0313 Error "trust read the wrong way round"
    AP0314 Error "an argument that not every tool has"
    AP0315 Error "a day without a time zone"
    AP0316 Error "something that cannot be read here"
    AP0317 Error "earlier calls that cannot be asked about so"
    AP0318 Error "a set of earlier calls where a value stands"
    AP0319 Error "a grant that rests on asking"
    AP0320 Error "a grant that rests on a stranger's word"
    AP0321 Error "an answer that is not declared"
    AP0322 Error "a source that no argument can have"

    AP0330 Error "a resource that not every tool names"

    AP0401 Error "an agent without an owner"
    AP0402 Error "an allow without a user clause"
    AP0403 Error "a rule without an agent clause"
    AP0404 Error "a rule without tool, verb or dataset"
    AP0405 Error "a rule that can never match"
    AP0406 Error "a tool without a verb"
    AP0407 Error "an invalid declaration"
    AP0408 Error "an observation without an end"
    AP0409 Error "an approval that nobody can give"
    AP0410 Error "a label that no level has"
    AP0411 Error "a bound out of range"
    AP0412 Error "nothing to count apart by"
    AP0413 Error "an alert that makes no sense"
    AP0414 Error "a delegation that one side does not declare"
    AP0415 Error "a delegation that makes no sense"

    AP0501 Error "not built yet"
    AP0502 Error "a definition that uses itself"
    AP0503 Error "a rule that grows too large"
    AP0504 Error "a program that grows too large"

    AP0601 Lint "absence opens: `not has` in an allow"
    AP0602 Lint "`all` over a list that may be empty in an allow"
    AP0603 Lint "a grant until something happens"
    AP0604 Lint "a negative filter on free text"
    AP0606 Lint "a grant that grows with every import"
    AP0607 Lint "a threshold that can be split"
    AP0608 Lint "a restriction that reads one of several receivers"
    AP0609 Lint "a restriction that names tools beside others like them"
    AP0611 Lint "amounts without their currency"
    AP0612 Lint "evidence that another tool makes stale"
    AP0613 Lint "a name that is declared and never used"
    AP0614 Lint "a long observation"
    AP0616 Lint "`has` exempts the tools without the argument"
    AP0617 Lint "a verb that reads more than it says"
    AP0618 Lint "`user any` in a restriction leaves out unattended runs"
    AP0619 Lint "a restriction on a self-declared function"
    AP0620 Lint "only the user confirms what is grave"
    AP0621 Lint "a module over several folders"
    AP0622 Lint "a stranger's word loosens a restriction"
    AP0623 Lint "a budget that grows with the agents"
    AP0624 Lint "a budget that one user can use up for all"
    AP0625 Lint "a delegation that the other module does not declare"
    AP0626 Lint "sessions that nobody vouches for"

    AP0701 Error "a test step that cannot be run"
    AP0702 Error "a test with nothing to check"
}
