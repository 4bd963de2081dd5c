//! What a policy would ask of people and agents.

use std::collections::BTreeMap;

use agentpol_replay::{AgentForecast, Asked, Forecast};

use super::{SHOWN, number, outcomes};
use crate::escape::one_line;
use crate::terminal::{Ink, Page};
use crate::wording::{counted, grouped};

/// Writes the forecast of a project.
pub(crate) fn show(name: &str, forecast: &Forecast, persons: &BTreeMap<String, u32>, page: &mut Page) {
    let heading = page.ink(Ink::Bold, one_line(name));
    page.line(heading);
    let days = match (forecast.days.len(), forecast.without_day) {
        (0, _) => "with no recorded time".to_owned(),
        (days, 0) => format!("on {}", counted(days, "day")),
        (days, without) => {
            format!("on {}, {} of them with no recorded time", counted(days, "day"), grouped(number(without)))
        }
    };
    let calls = counted(number(forecast.decided), "call");
    page.line(format_args!("  {calls} in {}, {days}", counted(number(forecast.tasks.count), "task")));
    if forecast.decided > 0 {
        page.line(format_args!("    {}", outcomes(&forecast.outcomes)));
    }
    if forecast.not_evaluable > 0 {
        let word = page.ink(Ink::Yellow, "not evaluable");
        page.line(format_args!(
            "    {word} {}; they are missing in every number",
            grouped(number(forecast.not_evaluable))
        ));
    }
    approvals(forecast, persons, page);
    rules("must wait", &forecast.throttled, page);
    rules("denied", &forecast.denied, page);
    rules("alerts", &forecast.alerts, page);
    agents(&forecast.agents, page);
    for why in forecast.unread.iter().take(SHOWN) {
        let cross = page.ink(Ink::Red, "✗");
        page.line(format_args!("  {cross} {}", one_line(why)));
    }
    if forecast.unread.len() > SHOWN {
        page.line(format_args!("  and {} more that could not be read", forecast.unread.len() - SHOWN));
    }
    page.line("");
}

fn approvals(forecast: &Forecast, persons: &BTreeMap<String, u32>, page: &mut Page) {
    if forecast.approvers.is_empty() {
        return;
    }
    let tasks = &forecast.tasks;
    let calls = forecast.outcomes.get("require_approval").copied().unwrap_or(0);
    let share = percent(tasks.asked, tasks.count);
    page.line("  approvals");
    page.line(format_args!(
        "    {} for each task; {share} of tasks ask, none for more than {}",
        ratio(calls, tasks.count),
        counted(number(tasks.most_asked), "call")
    ));
    for (group, asked) in &forecast.approvers {
        page.line(format_args!("    {}", approver(group, asked, forecast.days.len(), persons.get(group).copied())));
    }
}

fn approver(group: &str, asked: &Asked, days: usize, persons: Option<u32>) -> String {
    let mut text = format!("{}: {}", one_line(group), counted(number(asked.answers), "answer"));
    if days == 0 || asked.by_day.is_empty() {
        return text;
    }
    let (days, most) = (days as u64, asked.by_day.values().copied().max().unwrap_or(0));
    let all = asked.by_day.values().sum();
    text.push_str(&format!(", {} a day, {} at most", ratio(all, days), grouped(number(most))));
    if let Some(persons) = persons {
        let each = ratio(all, days.saturating_mul(u64::from(persons)));
        text.push_str(&format!("; {each} a day for each of {}", counted(persons as usize, "person")));
    }
    text
}

fn rules(title: &str, counts: &BTreeMap<String, u64>, page: &mut Page) {
    if counts.is_empty() {
        return;
    }
    page.line(format_args!("  {title}"));
    let mut sorted: Vec<(&String, &u64)> = counts.iter().collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    for (name, count) in sorted.iter().take(SHOWN) {
        page.line(format_args!("    {:>7}  {}", grouped(number(**count)), one_line(name)));
    }
    if sorted.len() > SHOWN {
        page.line(format_args!("    and {} more; `--format json` lists them all", sorted.len() - SHOWN));
    }
}

fn agents(agents: &BTreeMap<String, AgentForecast>, page: &mut Page) {
    if agents.is_empty() {
        return;
    }
    page.line("  agents and their phases");
    for (name, agent) in agents {
        let phase = agent.phase.replace('_', " ");
        page.line(format_args!("    {}, {phase}: {}", one_line(name), outcomes(&agent.outcomes)));
        if agent.by_phase > 0 {
            let calls = counted(number(agent.by_phase), "call");
            page.line(format_args!("      its phase alone stops or asks for {calls}"));
        }
        if agent.observed > 0 {
            let calls = counted(number(agent.observed), "call");
            page.line(format_args!("      {calls} of these only because rules or the agent are in observation"));
        }
        if agent.changing > 0 {
            let calls = counted(number(agent.changing), "call");
            page.line(format_args!("      goes through and changes something: {calls}; read-only would deny,"));
            page.line("      supervised would ask");
        }
    }
}

/// A ratio with two places behind the point.
fn ratio(count: u64, of: u64) -> String {
    let parts = count.saturating_mul(100).checked_div(of).unwrap_or(0);
    format!("{}.{:02}", grouped(number(parts / 100)), parts % 100)
}

fn percent(count: u64, of: u64) -> String {
    format!("{} %", count.saturating_mul(100).checked_div(of).unwrap_or(0))
}
