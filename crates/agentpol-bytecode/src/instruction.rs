//! The instruction table: the one place that encoder, decoder, verifier, listing, vm and reference page read.
//!
//! An instruction is eight bytes: opcode, three register numbers, a 32-bit immediate. Registers hold values; every
//! operation on an unknown or absent operand gives unknown, except where the table says otherwise. Jumps only go
//! forward. A loop is one instruction whose body follows it up to `imm` and ends in `Yield`.

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What is done.
    pub op: Op,
    /// The register that takes the result.
    pub dst: u8,
    /// The first operand's register.
    pub a: u8,
    /// The second operand's register.
    pub b: u8,
    /// A constant, symbol, table index, register or jump target, as the table says.
    pub imm: u32,
}

/// How a field of an instruction is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Not used; must be 0.
    Unused,
    /// A register that is read.
    Read,
    /// A register that is written.
    Write,
    /// Two registers from here that are written (loop elements).
    WriteTwo,
    /// 0 or 1.
    Flag,
    /// An index into the constants.
    Constant,
    /// An index into the symbols.
    Symbol,
    /// A field index of a record value.
    Field,
    /// A field of the user shape.
    UserField,
    /// A field of the context shape.
    ContextField,
    /// A part of a value, by number.
    Part,
    /// An index into the zones.
    Zone,
    /// An index into the groups.
    Group,
    /// An index into the schedules.
    Schedule,
    /// An index into the automata.
    Automaton,
    /// A register that is read, given in the immediate.
    ReadImmediate,
    /// An instruction index behind this one, inside the block.
    Target,
    /// The number of a clause of the rule.
    Clause,
    /// An index into the levels.
    Level,
    /// An index into the queries.
    Query,
    /// An index into the evidence.
    Evidence,
    /// The place of a value that is remembered.
    Place,
    /// The number of a mark.
    Mark,
    /// An index into the sources.
    Sources,
}

macro_rules! instructions {
    ($($number:literal $name:ident $word:literal $dst:ident $a:ident $b:ident $imm:ident $doc:literal)*) => {
        /// The operations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op { $(#[doc = $doc] $name = $number,)* }

        impl Op {
            /// All operations, by number.
            pub const ALL: &'static [Op] = &[$(Op::$name,)*];

            /// Finds an operation by its number.
            pub fn from_number(number: u8) -> Option<Op> {
                match number { $($number => Some(Op::$name),)* _ => None }
            }

            /// Returns the word of the listing.
            pub fn word(self) -> &'static str {
                match self { $(Op::$name => $word,)* }
            }

            /// Returns how `dst`, `a`, `b` and `imm` are used.
            pub fn operands(self) -> [Operand; 4] {
                match self { $(Op::$name => [Operand::$dst, Operand::$a, Operand::$b, Operand::$imm],)* }
            }

            /// Returns what it does, in words.
            pub fn meaning(self) -> &'static str {
                match self { $(Op::$name => $doc,)* }
            }
        }
    };
}

instructions! {
    1 Const "const" Write Unused Unused Constant "dst := constant"
    2 Move "move" Write Read Unused Unused "dst := a"
    3 Arg "arg" Write Unused Unused Symbol "dst := the argument of this policy name of the call's tool; absent where the tool has none"
    4 Args "args" Write Unused Unused Unused "dst := all arguments as one value, for `origin`"
    5 User "user" Write Unused Unused UserField "dst := the user's attribute; unknown without a user"
    6 UserId "user_id" Write Unused Unused Unused "dst := the user's id; unknown without a user"
    7 Context "context" Write Unused Unused ContextField "dst := the context field"
    8 Agent "agent" Write Unused Unused Symbol "dst := the fleet member's attribute of this policy name; unknown where not given"
    9 SessionId "session" Write Unused Unused Unused "dst := the session's id; unknown without one"
    10 Now "now" Write Unused Unused Unused "dst := the request's time"
    11 Today "today" Write Unused Unused Zone "dst := the request's date in the zone"
    12 Field "field" Write Read Unused Field "dst := field of the record in a; absent where missing"
    13 Index "index" Write Read Read Unused "dst := value of the map in a under the key in b; absent where missing"
    14 Part "part" Write Read Unused Part "dst := part of the typed text in a"
    15 DateOf "date_of" Write Read Unused Zone "dst := the date of the datetime in a in the zone"
    16 Result "result" Write Unused Unused Unused "dst := what the earlier call answered; unknown but where its result is remembered"
    17 AgentName "agent_name" Write Unused Unused Unused "dst := the agent's qualified name"
    18 ToolName "tool_name" Write Unused Unused Unused "dst := the tool's name in the policy"
    19 SessionLabel "session_label" Write Unused Unused Level "dst := the highest member among the data that the root session has touched; unknown without memory"

    20 Not "not" Write Read Unused Unused "dst := Kleene negation of a"
    21 And "and" Write Read Read Unused "dst := Kleene conjunction"
    22 Or "or" Write Read Read Unused "dst := Kleene disjunction"
    23 Select "select" Write Read Read ReadImmediate "dst := a where the condition imm is true, b where false, else unknown"
    24 Has "has" Write Read Unused Unused "dst := true where a is present, false where absent, unknown where unknown"
    25 Otherwise "otherwise" Write Read Read Unused "dst := b where a is absent, else a"

    30 Eq "eq" Write Read Read Unused "dst := a == b"
    31 Ne "ne" Write Read Read Unused "dst := a != b"
    32 Lt "lt" Write Read Read Unused "dst := a < b"
    33 Le "le" Write Read Read Unused "dst := a <= b"
    34 Gt "gt" Write Read Read Unused "dst := a > b"
    35 Ge "ge" Write Read Read Unused "dst := a >= b"

    40 Add "add" Write Read Read Unused "dst := a + b; unknown on overflow"
    41 Sub "sub" Write Read Read Unused "dst := a - b; unknown on overflow"
    42 Mul "mul" Write Read Read Unused "dst := a * b; unknown on overflow; of decimals, one is an int"
    43 Neg "neg" Write Read Unused Unused "dst := -a; unknown on overflow"
    44 ToDecimal "to_decimal" Write Read Unused Unused "dst := the int in a as decimal; unknown on overflow"
    45 Min "min" Write Read Read Unused "dst := the lesser"
    46 Max "max" Write Read Read Unused "dst := the greater"

    50 In "in" Write Read Read Unused "dst := whether the list or map keys in b hold a (Kleene over the elements)"
    51 UserIn "user_in" Write Unused Unused Group "dst := whether the user is in the group or one inside it; false without a user"
    52 InDomain "in_domain" Write Read Unused Symbol "dst := whether the host in a is the domain or below it"
    53 Within "within" Write Read Read Unused "dst := whether the path in a is the directory in b or below it"
    54 InNetwork "in_network" Write Read Unused Constant "dst := whether the ip in a is in the network constant"
    55 StartsWith "starts_with" Write Read Unused Symbol "dst := whether the text in a starts so"
    56 EndsWith "ends_with" Write Read Unused Symbol "dst := whether the text in a ends so"
    57 HasText "has_text" Write Read Unused Symbol "dst := whether the text in a contains it"
    58 Match "match" Write Read Unused Automaton "dst := whether the automaton accepts the whole text in a"

    60 Count "count" Write Read Unused Unused "dst := how many elements the list or map in a has"
    61 First "first" Write Read Unused Unused "dst := first element of the list in a; absent where empty"
    62 Last "last" Write Read Unused Unused "dst := last element of the list in a; absent where empty"
    63 Pairs "pairs" Write Read Read Unused "dst := the lists in a and b side by side; unknown where their lengths differ"
    64 Origin "origin" Write Read Unused Unused "dst := the origin of the value in a"
    65 OriginIn "origin_in" Write Read Unused Sources "dst := whether everything in the value in a comes from one of the sources"

    70 Any "any" Write Read WriteTwo Target "dst := Kleene disjunction of the body over a"
    71 All "all" Write Read WriteTwo Target "dst := Kleene conjunction of the body over a"
    72 CountWhere "count_where" Write Read WriteTwo Target "dst := how many elements of a fulfil the body; unknown where one is"
    73 FirstWhere "first_where" Write Read WriteTwo Target "dst := first element of a that fulfils the body; absent where none; unknown where one before it is"
    74 LastWhere "last_where" Write Read WriteTwo Target "dst := last element of a that fulfils the body; absent where none; unknown where one after it is"
    75 SumOf "sum_of" Write Read WriteTwo Target "dst := sum of the body over a; unknown on overflow; of nothing, 0 of the type that the Yield's imm names"
    76 MinOf "min_of" Write Read WriteTwo Target "dst := least body over a; absent over nothing"
    77 MaxOf "max_of" Write Read WriteTwo Target "dst := greatest body over a; absent over nothing"
    78 Yield "yield" Unused Read Unused Flag "ends a loop's body with its value in a; imm 1 where a sum is of decimals"

    80 SkipIfFalse "skip_if_false" Unused Read Unused Target "goes to imm where a is false"
    81 SkipIfTrue "skip_if_true" Unused Read Unused Target "goes to imm where a is true"

    90 UserAny "user_any" Write Unused Unused Unused "dst := whether there is a user"
    91 UserNone "user_none" Write Unused Unused Unused "dst := whether there is nobody"
    92 UserIs "user_is" Write Unused Unused Symbol "dst := whether the user has this id; false without a user"
    93 Env "env" Write Unused Unused Symbol "dst := whether the environment is this one; unknown without one"
    94 Task "task" Write Unused Unused Symbol "dst := whether the task is this one; unknown without one"
    95 During "during" Write Unused Unused Schedule "dst := whether the time is inside the schedule; unknown past the horizon"
    96 Clause "clause" Unused Read Flag Clause "the clause imm of the rule has the value in a, negated where b is 1; the rule's match is the conjunction of its clauses"
    100 Gather "gather" Write Read Read Unused "dst := the operands in a, then those in b, for a question about earlier calls"
    101 Earlier "earlier" Write Read Unused Query "dst := the answer to the question, with the operands in a; without operands a is not looked at"
    102 Known "known" Write Read Unused Evidence "dst := the newest record under the key in a; absent where surely none is known"
    103 AllKnown "all_known" Write Unused Unused Evidence "dst := the list of all records that are known; where some may be missing, an unknown element stands for them"
    104 Keep "keep" Unused Read Unused Place "remembers the value in a as the imm-th"
    105 Mark "mark" Unused Read Unused Mark "counts the value in a at mark imm; only in programs that are made to measure coverage"
    110 Requester "requester" Write Unused Unused Unused "dst := the user, to be compared and followed; absent without one"
    111 Resource "resource" Write Unused Unused Unused "dst := the resource of the call; unknown where its tool has none"
    112 Attribute "attribute" Write Read Unused Symbol "dst := the attribute of this policy name of the user or resource in a; absent where its type has none; unknown where nobody says it"
    113 Id "id" Write Read Unused Unused "dst := the id of the user or resource, or the name of the group, in a"
    114 PathOf "path_of" Write Read Unused Unused "dst := the list of the resource in a and of all that it lies in, the nearest first"
    115 Inside "inside" Write Read Read Unused "dst := whether the user, group or resource in a is the one in b, or in it by closure; of a list in b, one of its elements"
    116 InGroup "in_group" Write Read Unused Group "dst := whether the user or group in a is in the group or one inside it"
    97 Return "return" Unused Unused Unused Unused "ends a block; only as its last instruction"
    98 ReturnValue "return_value" Unused Read Unused Unused "ends a constraint's block with its value in a; only as its last instruction"
}

/// The parts that [`Op::Part`] takes, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Part {
    /// `.domain` of an email
    Domain = 0,
    /// `.local` of an email
    Local = 1,
    /// `.host` of a url
    Host = 2,
    /// `.scheme` of a url
    Scheme = 3,
    /// `.port` of a url, an int; the scheme's own where none is written
    Port = 4,
    /// `.path` of a url; `/` where none is written
    UrlPath = 5,
    /// `.name` of a path
    Name = 6,
    /// `.extension` of a path
    Extension = 7,
    /// `.lower` of a text
    Lower = 8,
}

impl Part {
    /// All parts, by number.
    pub const ALL: [Part; 9] = [
        Part::Domain,
        Part::Local,
        Part::Host,
        Part::Scheme,
        Part::Port,
        Part::UrlPath,
        Part::Name,
        Part::Extension,
        Part::Lower,
    ];

    /// Returns the word of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Domain => "domain",
            Part::Local => "local",
            Part::Host => "host",
            Part::Scheme => "scheme",
            Part::Port => "port",
            Part::UrlPath => "path",
            Part::Name => "name",
            Part::Extension => "extension",
            Part::Lower => "lower",
        }
    }

    /// Finds a part by its number.
    pub fn from_number(number: u32) -> Option<Part> {
        Part::ALL.get(number as usize).copied()
    }
}
