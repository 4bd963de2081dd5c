//! Random calls, random reports, random windows: every question is answered as a log that forgets nothing answers it.

use crate::log::{Args, Now, Past, Stage, answer, is_lost};
use crate::slots::{About, COMPARISONS, deny, lab, query, slot};
use crate::world::{HOUR, World};
use agentpol_bytecode::Tri;
use agentpol_bytecode::tables::{Ask, Comparison, Happened, Reach, SlotShape};

const MINUTE: i64 = 60_000;

/// A small generator of numbers (xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn maybe<T>(&mut self, value: T, percent: u64) -> Option<T> {
        (self.roll(100) < percent).then_some(value)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }

    fn args(&mut self) -> Args {
        let (f, k) = (self.roll(5) > 0, self.roll(6) as u8);
        let (v, w) = (self.roll(8) as i64 - i64::from(self.roll(20) == 0) * 9, self.roll(8) as i64);
        let n = self.maybe(1, 8);
        Args { f: self.maybe(f, 92), k: self.maybe(k, 94), v: self.maybe(v, 92), w: self.maybe(w, 94), n }
    }
}

/// A question with everything that it is about.
#[derive(Clone, Debug)]
struct Asked {
    rule: String,
    about: About,
    shape: SlotShape,
    within: Option<i64>,
    ask: Ask,
}

fn shapes(dice: &mut Dice, small: bool) -> Vec<SlotShape> {
    let ring = |dice: &mut Dice| if small { 1 + dice.roll(5) as u32 } else { 40 };
    vec![
        SlotShape::Time,
        SlotShape::Other,
        SlotShape::Least { steps: if small { 2 } else { 64 } },
        SlotShape::Greatest { steps: if small { 2 } else { 64 } },
        SlotShape::Count { most: ring(dice) },
        SlotShape::Distinct { most: ring(dice) },
        SlotShape::Sum { entries: if small { 3 } else { 256 } },
        SlotShape::First,
        SlotShape::Last,
        SlotShape::Newest { steps: if small { 1 } else { 4 } },
        SlotShape::Ring { most: ring(dice) },
    ]
}

fn question(dice: &mut Dice, shape: SlotShape) -> Ask {
    let (op, plus) = (dice.pick(&COMPARISONS), dice.roll(3) == 0);
    let bound = |dice: &mut Dice, most: u32| dice.roll(u64::from(most).min(9)) as i64;
    match shape {
        SlotShape::Time | SlotShape::Newest { .. } => Ask::Exists,
        SlotShape::Other => Ask::Pair(Comparison::Ne),
        SlotShape::Least { .. } => Ask::Pair(dice.pick(&[Comparison::Lt, Comparison::Le])),
        SlotShape::Greatest { .. } => Ask::Pair(dice.pick(&[Comparison::Gt, Comparison::Ge])),
        SlotShape::Ring { .. } if dice.roll(4) == 0 => Ask::Exists,
        SlotShape::Count { most } | SlotShape::Ring { most } => Ask::Count { op, plus, bound: bound(dice, most) },
        SlotShape::Distinct { most } => Ask::Distinct { op, bound: bound(dice, most) },
        SlotShape::Sum { .. } => Ask::Sum { op, plus, bound: dice.roll(30) as i64 },
        SlotShape::First | SlotShape::Last => Ask::Value(0),
    }
}

/// A program with slots of every shape, and their questions.
fn program(dice: &mut Dice, small: bool, reaches: &[Reach]) -> (World, Vec<Asked>) {
    let mut lab = lab();
    let mut asked = Vec::new();
    for shape in shapes(dice, small) {
        for keyed in [false, true] {
            let takes = matches!(shape, SlotShape::First | SlotShape::Last);
            let all = [Happened::Attempted, Happened::Called, Happened::Completed, Happened::Failed];
            let happened = if takes { Happened::Completed } else { dice.pick(&all) };
            let first_ever = shape == SlotShape::First && !small;
            let windows = [20 * MINUTE, HOUR, 3 * HOUR];
            let window = if first_ever { None } else { dice.maybe(3 * HOUR, 50) };
            let by_result = happened != Happened::Attempted && dice.roll(3) == 0;
            // Without a window the most extreme of all says it all.
            let extreme = !small && window.is_none() && dice.roll(2) == 0;
            let shape = match shape {
                SlotShape::Least { .. } if extreme => SlotShape::Least { steps: 1 },
                SlotShape::Greatest { .. } if extreme => SlotShape::Greatest { steps: 1 },
                other => other,
            };
            let ever = first_ever || matches!(shape, SlotShape::Least { steps: 1 } | SlotShape::Greatest { steps: 1 });
            let (reach, room) = (dice.pick(reaches), if small { 3 } else { 256 });
            let about = About { happened, reach, keyed, by_result, window, room };
            let slot = slot(&mut lab, about, shape);
            for _ in 0..3 {
                let within = if ever { None } else { Some(dice.pick(&windows)) };
                let within = if window.is_none() { dice.maybe((), 70).and(within) } else { within };
                let ask = question(dice, shape);
                let rule = query(&mut lab, slot, within, ask);
                asked.push(Asked { rule, about, shape, within, ask });
            }
        }
    }
    deny(&mut lab);
    (World::new(&mut lab), asked)
}

/// A log, a line for each call.
fn lines(log: &[Past], now: i64) -> String {
    let line = |past: &Past| {
        let Past { args, stage, who, .. } = past;
        format!("{:>9} {stage:?} s{} {}", past.time - now, who[0], args.json())
    };
    log.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A step of the random life of a host.
fn live(dice: &mut Dice, world: &mut World, log: &mut Vec<Past>, asked: &[Asked], exact: bool) {
    world.now += dice.pick(&[0, 1, MINUTE, 7 * MINUTE, 7 * MINUTE, 25 * MINUTE]);
    let now = world.now;
    if dice.roll(2) == 0 {
        let open: Vec<usize> =
            (0..log.len()).filter(|at| log[*at].stage == Stage::Open && !is_lost(&log[*at], now)).collect();
        if let Some(at) = (!open.is_empty()).then(|| open[dice.roll(open.len() as u64) as usize]) {
            let (session, call) = (format!("s{}", log[at].who[0]), format!("c{}", at + 1));
            let stage = dice.pick(&[Stage::Done, Stage::Done, Stage::Done, Stage::Failed, Stage::Released]);
            let args = Args { w: None, n: None, ..dice.args() };
            let result = dice.maybe(args, 90);
            let rest = result.map_or(String::new(), |result| format!(",\"result\":{}", result.json()));
            let told = match stage {
                Stage::Done => world.observe(&session, &call, "ok", &rest),
                Stage::Failed => world.observe(&session, &call, "failed", ""),
                _ => world.release(&session, &call),
            };
            assert!(told.is_ok(), "{told:?}");
            (log[at].stage, log[at].result) = (stage, result);
        }
        return;
    }
    let who = [1 + dice.roll(2) as u8, 1, 1];
    let args = dice.args();
    let session = format!("\"s{}\"", who[0]);
    let request = world.request(&format!("c{}", log.len() + 1), "t", &args.json(), &[("session", &session)]);
    let code = world.code(&request);
    assert_eq!(code, if args.n.is_some() { "denied_by_rule" } else { "allowed" }, "{request}");
    let matched = world.matched();
    for one in asked {
        let expected = answer(log, Now { time: now, args, who }, one.about, one.shape, one.within, one.ask);
        let found = matched[&one.rule];
        let sound = found == expected || (!exact && found == Tri::Unknown);
        assert!(sound, "{one:?}\n{args:?}\nfound {found:?}, expected {expected:?}\n{}", lines(log, now));
    }
    let stage = if args.n.is_some() { Stage::Refused } else { Stage::Open };
    log.push(Past { time: now, args, stage, result: None, who });
}

/// Lives so many lives; returns how many of all answers were unknown.
fn lives(seed: u64, count: u64, steps: usize, small: bool) {
    for life in 0..count {
        let mut dice = Dice(seed + life * 7919);
        dice.roll(2);
        let (mut world, asked) =
            program(&mut dice, small, &[Reach::Session, Reach::Session, Reach::Agent, Reach::User]);
        world.open("s2", "bot", "ana", None).expect("a fresh session opens");
        let mut log = Vec::new();
        for _ in 0..steps {
            live(&mut dice, &mut world, &mut log, &asked, !small);
        }
    }
}

#[test]
fn every_shape_answers_as_a_log_does() {
    lives(11, 40, 90, false);
}

#[test]
fn what_has_no_room_is_unknown_and_never_wrong() {
    lives(77, 60, 120, true);
}
