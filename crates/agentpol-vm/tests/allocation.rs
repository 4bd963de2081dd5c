//! Deciding takes no memory, whatever the request.

#[path = "../../agentpol-bytecode/tests/lab/mod.rs"]
mod lab;
#[path = "history/slots.rs"]
#[expect(dead_code, reason = "each test uses its part of it")]
mod slots;
#[path = "history/world.rs"]
#[expect(dead_code, reason = "each test uses its part of it")]
mod world;

use agentpol_bytecode::tables::{Ask, Comparison, Happened, Reach, SlotShape};
use agentpol_bytecode::{encode, load};
use agentpol_vm::{Handle, Host, Records, Scratch, Trouble, decide, decide_in, prepare, preview_in};

#[test]
fn deciding_takes_no_memory() {
    let program = load(&encode(&lab::sample::sample())).expect("the sample is sound");
    let mut scratch = Scratch::new(&program);
    let frame = r#"{"at":"2026-03-02T15:00:00Z","user":{"id":"ana","groups":["staff"]},"context":{"no":"10.0.0.1"},"#;
    let mail = |args: &str| {
        let agent = r#""agent":{"spiffe":"spiffe://a.example/7","attributes":{"name":"7"}},"#;
        let credential = r#""credential":{"issued_at":"2026-03-02T15:00:00Z"},"#;
        format!(r#"{frame}{agent}{credential}"server":"srv","tool":"mail.send","args":{args}}}"#)
    };
    let members: String = (0..3000).map(|n| format!("\"k{n}\":[{n}],")).collect();
    let wide = format!(r#"{{"to":["a@FIXED.example"],"more":{{{members}"z":0}}}}"#);
    let agent = r#""agent":{"issuer":"issuer","subject":"issuer"},"#;
    let args = r#""args":{"query":"\u00e4\n","limit":4,"path":"/work//x/"},"origin":{"/query":"user"}}"#;
    let search = format!(r#"{frame}{agent}"tool":"crm.search","tool_digest":"sha256:aa",{args}"#);
    let requests = [
        mail(r#"{"to":["a@FIXED.example","b@fixed.example"]}"#),
        mail(r#"{"to":[1]}"#),
        mail(&wide),
        search.clone(),
        search.replace(":4,", ":9,"),
        "{".to_owned(),
        format!("{}1", "[".repeat(100_000)),
        format!("\"{}\"", "\\u00e4".repeat(150_000)),
        String::new(),
    ];
    // What goes furthest is denied only in the end, when all rules are asked.
    assert_eq!(decide(&program, requests[0].as_bytes(), &mut scratch).code().as_str(), "no_allow");
    assert_eq!(decide(&program, requests[2].as_bytes(), &mut scratch).code().as_str(), "no_allow");
    assert_eq!(decide(&program, requests[3].as_bytes(), &mut scratch).code().as_str(), "not_entitled");
    for recording in [false, true] {
        scratch.record(recording);
        for request in &requests {
            let info = allocation_counter::measure(|| {
                let decision = decide(&program, request.as_bytes(), &mut scratch);
                let mut prepared = prepare(&program, request.as_bytes(), &mut scratch);
                assert_eq!(prepared.decide(), decision);
                assert_eq!(prepared.decide(), decision);
            });
            let start: String = request.chars().take(60).collect();
            assert_eq!((info.count_total, info.bytes_total), (0, 0), "{start}");
        }
    }
}

/// Records that lie in the store with room to grow.
struct Roomy {
    names: Vec<Vec<u8>>,
    bytes: Vec<Vec<u8>>,
}

impl Records for Roomy {
    fn open(&mut self, key: &[u8]) -> Result<Handle, Trouble> {
        let known = self.names.iter().position(|name| name == key);
        let at = known.unwrap_or_else(|| {
            self.names.push(key.to_vec());
            self.bytes.push(Vec::with_capacity(1 << 20));
            self.names.len() - 1
        });
        Ok(Handle(at as u32))
    }

    fn bytes(&self, handle: Handle) -> &[u8] {
        &self.bytes[handle.0 as usize]
    }

    fn edit(&mut self, handle: Handle) -> Option<&mut Vec<u8>> {
        self.bytes.get_mut(handle.0 as usize)
    }
}

#[test]
fn remembering_takes_no_memory_but_the_records_own() {
    let mut lab = slots::lab();
    for (at, shape) in [
        SlotShape::Time,
        SlotShape::Other,
        SlotShape::Count { most: 40 },
        SlotShape::Distinct { most: 40 },
        SlotShape::Sum { entries: 40 },
        SlotShape::Last,
    ]
    .into_iter()
    .enumerate()
    {
        let happened = if at < 4 { Happened::Called } else { Happened::Completed };
        let reach = [Reach::Session, Reach::Agent, Reach::User][at % 3];
        let about = slots::About { happened, reach, keyed: at % 2 == 0, by_result: false, window: None, room: 64 };
        let slot = slots::slot(&mut lab, about, shape);
        let ask = match shape {
            SlotShape::Time => Ask::Exists,
            SlotShape::Other => Ask::Pair(Comparison::Ne),
            SlotShape::Count { .. } => Ask::Count { op: Comparison::Ge, plus: true, bound: 3 },
            SlotShape::Distinct { .. } => Ask::Distinct { op: Comparison::Ge, bound: 3 },
            SlotShape::Sum { .. } => Ask::Sum { op: Comparison::Ge, plus: true, bound: 3 },
            _ => Ask::Value(0),
        };
        slots::query(&mut lab, slot, None, ask);
    }
    let mut world = world::World::new(&mut lab);
    let mut records = Roomy { names: Vec::new(), bytes: Vec::new() };
    for (name, bytes) in &world.store.kept {
        let handle = records.open(name).expect("it opens");
        records.edit(handle).expect("it was opened").extend_from_slice(bytes);
    }
    let long = "x".repeat(40);
    let mut grown = 0;
    for number in 0..60 {
        world.now += 1000;
        let args = format!(r#"{{"f":true,"k":"{long}{}","v":{number},"w":3}}"#, number % 7);
        let request = world.request(&format!("c{number}"), "t", &args, &[]);
        let host = Host { key: &world.key, installed: &world.installed };
        let mut decide = || {
            let _ = preview_in(&world.program, request.as_bytes(), &mut world.scratch, &mut records, &host);
            decide_in(&world.program, request.as_bytes(), &mut world.scratch, &mut records, &host)
        };
        let mut decision = None;
        let info = allocation_counter::measure(|| decision = Some(decide()));
        assert!(decision.is_some_and(|decision| decision.permits()));
        grown += u32::from(info.count_total > 0);
    }
    // The first makes the records of agent and user; now and then one is swept up, which writes it anew.
    assert!(grown <= 6, "{grown}");
}
