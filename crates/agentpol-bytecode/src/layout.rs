//! What stands in a program, section by section, in the order of its bytes.

use crate::codec::{Broken, Coded, Reader, coded_enum, coded_struct};
use crate::instruction::{Instruction, Op};
use crate::tables::{
    Agent, Alarm, Answer, Ask, Automaton, Candidate, Check, Comparison, Constant, Dataset, Debug, Delegation, Effect,
    Evidence, Field, Group, Happened, Identity, Identity64, Kept, Key, KeySource, Module, On, Phase, Piece, Place,
    Query, Rate, Reach, ResourceName, ResourceOf, ResourceType, Returns, Rule, RuleId, Schedule, Scope, Slot,
    SlotShape, Source, Sources, Symbol, Tables, Tool, TypeDef, TypeId, Window, Zone,
};
use alloc::string::String;
use alloc::vec::Vec;

coded_struct!(Module { name: Symbol, requires: Vec<u32>, root: bool, grantable: Vec<u32> });
coded_enum!(Constant {
    0 Bool(value);
    1 Int(value);
    2 Decimal(value);
    3 Float(value);
    4 Text(value);
    5 Duration(value);
    6 Date(value);
    7 DateTime(value);
    8 Ip { bits, v6 };
    9 Network { bits, prefix, v6 };
    10 Enum { of, member };
    11 Level { of, member };
    12 List(elements);
});
coded_enum!(TypeDef {
    0 Bool;
    1 Int;
    2 Decimal { as_string };
    3 Float;
    4 String;
    5 Date;
    6 DateTime { zone };
    7 Ip;
    8 Email;
    9 Url { allow_ip6 };
    10 Host;
    11 Path { under };
    12 Json;
    13 Enum(of);
    14 Level(of);
    15 List { of, max };
    16 Map { of, max };
    17 Record { fields, evidence };
    18 User;
    19 Group;
    20 Principal;
    21 Resource(of);
});
coded_struct!(Field { name: Symbol, wire: Symbol, ty: TypeId, optional: bool, secret: bool, untrusted: bool, checks: Vec<Check> });
coded_enum!(Check { 0 Where(block); 1 Matches(automaton); });
coded_struct!(Group { wire: Symbol, closure: Vec<Symbol> });
coded_struct!(Zone { name: Symbol, offsets: Vec<(i64, i32)> });
coded_struct!(Schedule { zone: u32, windows: Vec<Window> });
coded_struct!(Window { days: u8, start: u16, end: u16 });
coded_struct!(Automaton { classes: Vec<u8>, class_count: u32, start: u32, accepting: Vec<bool>, next: Vec<u32> });
coded_struct!(Dataset { name: Symbol, labels: Vec<u32>, entitlement: bool });
coded_struct!(Tool {
    module: u32,
    name: Symbol,
    wire: Symbol,
    servers: Vec<Symbol>,
    environments: Option<Vec<Symbol>>,
    params: Vec<Field>,
    open: bool,
    verbs: u16,
    unverified: bool,
    datasets: Vec<u32>,
    touches_anything: bool,
    fixed_hosts: Vec<Symbol>,
    pinned: Option<Symbol>,
    answer: Option<u32>,
    returns: Returns,
    resource: Option<ResourceOf>,
});
coded_struct!(Sources { least: Option<u32>, tools: Vec<u32> });
coded_enum!(Source { 0 Request; 1 Directory { max_age }; });
coded_struct!(ResourceType { name: Symbol, wire: Symbol, fields: Vec<Field>, within: Vec<u32> });
coded_struct!(ResourceOf { of: u32, id: ResourceName });
coded_enum!(ResourceName { 0 Text(symbol); 1 Argument(param); });
coded_struct!(Agent {
    module: u32,
    name: Symbol,
    wire: Symbol,
    qualified: Symbol,
    identities: Vec<Identity>,
    credential_max_age: Option<i64>,
    owner: Symbol,
    phase: Phase,
    reached_via: Vec<u32>,
    directly: bool,
    fleet: Option<Vec<Field>>,
});
coded_struct!(Identity { issuer: Option<Symbol>, pieces: Vec<Piece> });
coded_enum!(Piece { 0 Text(symbol); 1 Attribute(index); });
coded_enum!(Phase { 0 Observe { until }; 1 ReadOnly; 2 Supervised { by }; 3 Autonomous; });
coded_enum!(Effect {
    0 Allow;
    1 Entitle;
    2 Deny;
    3 RequireApproval { from, count, within, distinct };
    4 Limit { rate };
    5 Alert { severity, outcomes, alarm };
});
coded_enum!(Alarm { 0 Match; 1 Rate(rate); 2 Novel(rate); });
coded_struct!(Slot {
    id: Identity64,
    happened: Happened,
    reach: Reach,
    scope: Scope,
    entry: u32,
    clauses: u32,
    result_entry: Option<u32>,
    registers: u32,
    keys: u32,
    values: Vec<Kept>,
    shape: SlotShape,
    window: Option<i64>,
    room: u32,
});
coded_enum!(Kept {
    0 Bool;
    1 Int;
    2 Decimal;
    3 Float;
    4 Text;
    5 Duration;
    6 Date;
    7 DateTime;
    8 Ip;
    9 Enum(of);
    10 Level(of);
    11 Typed(of);
});
coded_enum!(SlotShape {
    0 Time;
    1 Other;
    2 Least { steps };
    3 Greatest { steps };
    4 Count { most };
    5 Distinct { most };
    6 Sum { entries };
    7 First;
    8 Last;
    9 Newest { steps };
    10 Ring { most };
});
coded_enum!(Happened { 0 Attempted; 1 Called; 2 Completed; 3 Failed; });
coded_enum!(Reach { 0 Session; 1 Agent; 2 User; });
coded_struct!(Query {
    slot: u32,
    within: Option<i64>,
    since: Option<u32>,
    compares: Vec<(u32, Comparison)>,
    ask: Ask,
});
coded_enum!(Ask {
    0 Exists;
    1 Pair(op);
    2 Count { op, plus, bound };
    3 Distinct { op, bound };
    4 Sum { op, plus, bound };
    5 Value(place);
});
coded_enum!(Comparison { 0 Eq; 1 Ne; 2 Lt; 3 Le; 4 Gt; 5 Ge; });
coded_struct!(Evidence {
    id: Identity64,
    name: Symbol,
    ty: TypeId,
    keys: Vec<Vec<u32>>,
    kept: Vec<u32>,
    room: u32,
    fresh: Option<i64>,
});
coded_enum!(KeySource { 0 Call; 1 Answer; 2 AnswerOrCall; });
coded_enum!(Answer {
    0 Value(of);
    1 Verbatim;
    2 Keyed { evidence, entry, registers, field, of, keys };
    3 Either(answers);
    4 List { of, max };
});
coded_enum!(Returns { 0 Untrusted; 1 Trusted; 2 Mixed; 3 Nothing; });
coded_struct!(Rate {
    id: Identity64,
    bound: i64,
    window: i64,
    entry: u32,
    registers: u32,
    cost: Option<Kept>,
    keys: Vec<Key>,
});
coded_enum!(Key { 0 Agent; 1 User; 2 Session; 3 Origin; 4 Tool; 5 Dataset; 6 Env; 7 Value(kept); 8 Pair; });
coded_struct!(Delegation { from: u32, to: u32, scope: Scope, entry: u32, clauses: u32, registers: u32 });
coded_struct!(Rule {
    module: u32,
    name: Symbol,
    effect: Effect,
    observed: bool,
    always: bool,
    because: Option<Symbol>,
    scope: Scope,
    names_nobody: bool,
    entry: u32,
    clauses: u32,
    registers: u32,
});
coded_struct!(Scope {
    agents: Option<Vec<u32>>,
    tools: Option<Vec<u32>>,
    tools_by_name: bool,
    does: Option<u16>,
    on: Option<On>,
    grantable: Option<Vec<u32>>,
});
coded_enum!(On { 0 Datasets(datasets); 1 Level(level, member); });
coded_struct!(Candidate { rule: RuleId, unsure: bool });
coded_struct!(Debug {
    files: Vec<String>,
    rules: Vec<Place>,
    clauses: Vec<Vec<(Place, String)>>,
    code: Vec<(u32, Place)>,
});
coded_struct!(Place { file: u32, line: u32, column: u32 });

impl Coded for RuleId {
    const LEAST: usize = 4;

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        u32::read(from).map(RuleId)
    }
}

impl Coded for Op {
    const LEAST: usize = 1;

    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        match Op::from_number(u8::read(from)?) {
            Some(op) => Ok(op),
            None => from.broken(),
        }
    }
}

coded_struct!(Instruction { op: Op, dst: u8, a: u8, b: u8, imm: u32 });

macro_rules! sections {
    ($($number:literal $name:ident $word:literal { $($field:ident),* })*) => {
        /// The sections of a program, in the order of its bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Section {
            $(#[doc = concat!("`", $word, "`")] $name = $number,)*
        }

        impl Section {
            /// All sections, in order.
            pub const ALL: &'static [Section] = &[$(Section::$name,)*];

            /// Returns the word of listings.
            pub fn as_str(self) -> &'static str {
                match self { $(Section::$name => $word,)* }
            }

            /// Appends the section's bytes.
            pub(crate) fn write(self, tables: &Tables, out: &mut Vec<u8>) {
                match self {
                    $(Section::$name => { $(tables.$field.write(out);)* })*
                }
            }

            /// Reads the section's bytes, all of them, into the tables.
            pub(crate) fn read(self, bytes: &[u8], tables: &mut Tables) -> Result<(), Broken> {
                let mut reader = Reader::new(bytes);
                match self {
                    $(Section::$name => { $(tables.$field = Coded::read(&mut reader)?;)* })*
                }
                if reader.is_empty() { Ok(()) } else { reader.broken() }
            }
        }
    };
}

sections! {
    1 Modules "modules" { modules }
    2 Time "time" { tz_version, horizon }
    3 Symbols "symbols" { symbols }
    4 Constants "constants" { constants }
    5 Types "types" { types }
    6 Enums "enums" { enums }
    7 Levels "levels" { levels }
    8 Groups "groups" { groups }
    9 Zones "zones" { zones }
    10 Schedules "schedules" { schedules }
    11 Automata "automata" { automata }
    12 User "user" { user }
    13 Context "context" { context }
    14 Datasets "datasets" { datasets }
    15 Tools "tools" { tools, sources }
    16 Agents "agents" { agents }
    17 Memory "memory" { slots, queries, evidence, answers, rates }
    18 Delegations "delegations" { delegations }
    19 Resources "resources" { users_from, unvouched, resources_from, resources }
    20 Rules "rules" { rules }
    21 Code "code" { code }
    22 Candidates "candidates" { candidates }
    23 Cells "cells" { cells }
    24 Debug "debug" { debug }
}
