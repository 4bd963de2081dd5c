//! What random policies speak about: two modules with systems, tools with parameters of every type, agents in every phase.

use crate::random::Random;

/// The type of a parameter, a user's attribute or a context field, as far as expressions and values differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Date,
    Time,
    Ip,
    Email,
    Url,
    Host,
    Path,
    Reason,
    Rank,
    Ints,
    Texts,
    Items,
    Table,
    Owner,
}

/// A declared field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) ty: &'static str,
    pub(crate) optional: bool,
}

const fn field(name: &'static str, kind: Kind, ty: &'static str, optional: bool) -> Field {
    Field { name, kind, ty, optional }
}

/// Parameters that tools are made of; one name has one type everywhere.
pub(crate) const PARAMETERS: [Field; 24] = [
    field("flag", Kind::Bool, "bool", false),
    field("n", Kind::Int, "int", false),
    field("m", Kind::Int, "int", true),
    field("small", Kind::Int, "int where small > -5", false),
    field("price", Kind::Decimal, "decimal", false),
    field("rebate", Kind::Decimal, "decimal", true),
    field("score", Kind::Float, "float", false),
    field("name", Kind::Text, "string", false),
    field("note", Kind::Text, "string", true),
    field("day", Kind::Date, "date", false),
    field("moment", Kind::Time, "datetime", false),
    field("due", Kind::Time, "datetime in \"Europe/Berlin\"", true),
    field("address", Kind::Ip, "ip", false),
    field("mail", Kind::Email, "email", false),
    field("link", Kind::Url, "url", false),
    field("site", Kind::Host, "host", true),
    field("file", Kind::Path, "path", false),
    field("why", Kind::Reason, "reason", false),
    field("rank", Kind::Rank, "standing", false),
    field("ns", Kind::Ints, "list<int, 4>", false),
    field("tags", Kind::Texts, "list<string, 3>", true),
    field("items", Kind::Items, "list<item, 3>", false),
    field("counts", Kind::Table, "map<string, int, 3>", false),
    field("owner", Kind::Owner, "{ id: string, age?: int }", false),
];

/// What a user carries.
pub(crate) const USER: [Field; 4] = [
    field("vip", Kind::Bool, "bool", false),
    field("grade", Kind::Int, "int", false),
    field("region", Kind::Text, "string", false),
    field("quota", Kind::Decimal, "decimal", true),
];

/// What the host adds.
pub(crate) const CONTEXT: [Field; 3] = [
    field("cwd", Kind::Path, "path", true),
    field("depth", Kind::Int, "int", true),
    field("mood", Kind::Text, "string", true),
];

/// The groups, by their names on the wire.
pub(crate) const GROUPS: [&str; 4] = ["staff", "support", "Team Leads", "night"];

/// A tool.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    /// With its system.
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) server: Option<&'static str>,
    pub(crate) fields: Vec<Field>,
}

/// An agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agent {
    pub(crate) name: &'static str,
    /// The module that it belongs to.
    pub(crate) module: &'static str,
    /// As a request presents it.
    pub(crate) presented: &'static str,
    /// What it declares beside its phase.
    clauses: &'static str,
}

/// The agents. One is a fleet with the attribute `shop`.
pub(crate) const AGENTS: [Agent; 4] = [
    Agent { name: "bot", module: "random.one", presented: r#""bot""#, clauses: "" },
    Agent {
        name: "signed",
        module: "random.one",
        presented: r#"{"spiffe":"spiffe://acme.example/signed"}"#,
        clauses: "identity \"spiffe://acme.example/signed\"",
    },
    Agent {
        name: "shop_bot",
        module: "random.one",
        presented: r#"{"spiffe":"spiffe://acme.example/shop/7/bot"}"#,
        clauses: "identity \"spiffe://acme.example/shop/{shop}/bot\"",
    },
    Agent { name: "guest", module: "random.two", presented: r#""guest""#, clauses: "" },
];

/// Phases from the mildest to the strictest.
pub(crate) const PHASES: [&str; 4] = ["observe until 2026-06-01", "autonomous", "supervised by staff", "read_only"];

/// The declarations of a program.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) tools: Vec<Tool>,
    /// For each agent an index into [`PHASES`].
    pub(crate) phases: [usize; 4],
    /// Declarations of the tools, as text.
    tool_text: Vec<(String, &'static str)>,
    labels: [&'static str; 5],
    pub(crate) shares: bool,
}

impl World {
    pub(crate) fn new(random: &mut Random) -> World {
        let labels = [": public", ": internal", ": confidential", ": restricted", ""];
        let mut world = World {
            tools: Vec::new(),
            phases: std::array::from_fn(|_| [1, 1, 1, 0, 2, 3][random.below(6)]),
            tool_text: Vec::new(),
            labels: std::array::from_fn(|_| labels[random.below(5)]),
            shares: random.percent(50),
        };
        for number in 0..5 {
            world.add_tool(random, number);
        }
        world
    }

    fn add_tool(&mut self, random: &mut Random, number: usize) {
        let (system, module, server) = match random.below(4) {
            0 => ("crm.", "random.one", None),
            1 => ("mail.", "random.one", Some("gmail")),
            2 => ("desk.", "random.two", None),
            _ => ("", "random.one", None),
        };
        let mut fields = random.some(&PARAMETERS, 30);
        fields.extend(
            PARAMETERS
                .iter()
                .skip(random.below(20))
                .take(2)
                .filter(|field| !fields.contains(field))
                .copied()
                .collect::<Vec<_>>(),
        );
        let parameters: Vec<String> = fields.iter().map(declared).collect();
        let wire = format!("tool{number}");
        let open = if random.percent(10) { ", ..." } else { "" };
        let targets: &[&str] = match (system, module) {
            ("desk.", _) => &["desk.notes"],
            _ => &["crm.tickets", "crm.customers", "mail.outbox", "crm.gold"],
        };
        let mut text = format!("tool {system}t{number} \"{wire}\" ({}{open})", parameters.join(", "));
        let mut first = "";
        if system.is_empty() && random.percent(40) {
            text.push_str(" computes");
        } else {
            for _ in 0..=random.below(2) {
                let verb = random.pick(&["reads", "reads", "updates", "sends", "pays", "deletes"]);
                let target = random.pick(targets);
                if !text.contains(verb) {
                    text.push_str(&format!("  {verb} {target}"));
                    first = if first.is_empty() { target } else { first };
                }
            }
            let marks = [
                "  unverified",
                "  touches anything",
                "  to fixed hosts \"a.example\", \"acme.example\"",
                "  unverified",
                "  touches anything",
            ];
            if random.percent(30) {
                text.push_str(marks[random.below(marks.len())]);
            }
        }
        // Without a system of its own name, a tool is at home where its first target is.
        let server = if system.is_empty() && first.starts_with("mail.") { Some("gmail") } else { server };
        self.tool_text.push((text, module));
        self.tools.push(Tool { name: format!("{system}t{number}"), wire, server, fields });
    }

    /// The declarations of the first module, of which agents have these phases.
    pub(crate) fn first(&self, phases: &[usize; 4]) -> String {
        let [a, b, c, d, _] = self.labels;
        let mut text = format!(
            "module random.one\nuse random.two as two\n\
             level standing = low < middle < high\n\
             enum reason = other | \"no longer needed\"\n\
             group staff\ngroup support, night in staff\ngroup leads \"Team Leads\" in support\n\
             environment prod, staging\ntask \"desk\", \"mail\"\ntimezone \"America/New_York\"\n\
             schedule office = mon..fri 09:00..17:00\nschedule late = fri 22:00..06:00, sun 01:00..03:00 in \"Europe/Berlin\"\n\
             user {{ {} }}\ncontext {{ {} }}\n\
             record item {{ sku: string, price: decimal, count?: int }}\n\
             system crm {{ dataset tickets{a}  dataset customers{b}  dataset gold{c}, entitlement required }}\n\
             system mail {{ server \"gmail\"  dataset outbox{d} }}\n",
            fields(&USER),
            fields(&CONTEXT)
        );
        if self.shares {
            text.push_str("share crm.tickets with random.two\n");
        }
        self.append("random.one", phases, &mut text);
        text
    }

    /// The declarations of the second module.
    pub(crate) fn second(&self, phases: &[usize; 4]) -> String {
        let label = self.labels[4];
        let mut text = format!(
            "module random.two\nuse random.one as one\nenum reason = other | \"no longer needed\"\n\
             level standing = low < middle < high\ngroup staff \"desk staff\"\n\
             record item {{ sku: string, price: decimal, count?: int }}\nsystem desk {{ dataset notes{label} }}\n",
        );
        self.append("random.two", phases, &mut text);
        text
    }

    fn append(&self, module: &str, phases: &[usize; 4], text: &mut String) {
        let wire = module.trim_start_matches("random.");
        text.push_str(&format!(
            "record spoken {{ word: string, echo: untrusted string }}\n\
             tool vouch \"vouch_{wire}\" (q: string) -> string computes  returns trusted\n\
             tool vouch_part \"part_{wire}\" (q: string) -> list<spoken, 4> computes  returns trusted\n"
        ));
        for (tool, _) in self.tool_text.iter().filter(|(_, of)| *of == module) {
            text.push_str(&format!("{tool}\n"));
        }
        for (agent, phase) in AGENTS.iter().zip(phases).filter(|(agent, _)| agent.module == module) {
            let word = if agent.name == "shop_bot" {
                "fleet shop_bot(shop: string)".to_owned()
            } else {
                format!("agent {}", agent.name)
            };
            let clauses = agent.clauses;
            let phase = PHASES[*phase];
            text.push_str(&format!(
                "{word} {{ function \"random\"  owner \"cases@acme.example\"  phase {phase}  {clauses} }}\n"
            ));
        }
    }

    /// A tool's name as a module writes it.
    pub(crate) fn name_in(&self, tool: usize, module: &str) -> String {
        let of = self.tool_text[tool].1;
        let name = &self.tools[tool].name;
        match (module, of) {
            ("random.one", "random.two") => format!("two.{name}"),
            ("random.two", "random.one") => format!("one.{name}"),
            _ => name.clone(),
        }
    }
}

fn declared(field: &Field) -> String {
    let mark = if field.optional { "?" } else { "" };
    format!("{}{mark}: {}", field.name, field.ty)
}

fn fields(of: &[Field]) -> String {
    of.iter().map(declared).collect::<Vec<_>>().join(", ")
}
