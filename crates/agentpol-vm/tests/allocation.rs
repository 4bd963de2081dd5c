//! Deciding takes no memory, whatever the request.

#[path = "../../agentpol-bytecode/tests/lab/mod.rs"]
mod lab;

use agentpol_bytecode::{encode, load};
use agentpol_vm::{Scratch, decide, prepare};

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
