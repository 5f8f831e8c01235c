//! What is said to an operator holds: what a help promises of a plan, the plan does; what a
//! refusal names as its unlock changes the plan when it is given.
//!
//! The words are read as an operator reads them: a command is what stands behind `topoplan plan`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::LazyLock;

use topoplan::inventory::Inventory;
use topoplan::plan::Request;
use topoplan::policy::Flag;
use topoplan::report;
use topoplan::report::Finding;
use topoplan::report::PlanReport;
use topoplan::rules::Phase;

use fancy_regex::Regex;

/// A command in a help, and what it does.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("`topoplan plan((?: --?[a-zA-Z0-9,-]+| [A-Z][0-9,A-Z]+)*)` (\\S+) ?(\\d*)")
        .expect("legal")
});

/// An option in an unlock.
static OPTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("--[a-z-]+(?: [A-Z]\\d{3}(?:,[A-Z]\\d{3})*)?").expect("legal"));

/// Plans of one capture by the words that ask for them: many helps name the same.
struct Plans<'a> {
    inventory: &'a Inventory,
    made: BTreeMap<String, Rc<PlanReport>>,
}

impl Plans<'_> {
    fn of(&mut self, words: &str) -> Result<Rc<PlanReport>, String> {
        let words = words.trim();
        if let Some(made) = self.made.get(words) {
            return Ok(made.clone());
        }
        let made = Rc::new(report::plan(self.inventory, &request(words)?)?);
        self.made.insert(words.to_owned(), made.clone());
        Ok(made)
    }
}

/// Everything that is said of this capture.
pub fn judge(inventory: &Inventory) -> Result<(), String> {
    let check = report::check(inventory);
    let mut plans = Plans {
        inventory,
        made: BTreeMap::new(),
    };
    let default = plans.of("")?;
    for finding in check.findings.iter().chain(&default.found) {
        helps(&mut plans, finding)?;
    }
    let (steps, refused) = (check.outlook.steps, check.outlook.refused.is_some());
    let looked = !check.findings.is_empty();
    if looked && (steps, refused) != (default.steps.len(), default.refused.is_some()) {
        return Err(format!("check promises {steps} steps, refused: {refused}"));
    }
    unlocks(&mut plans, &default)
}

/// Every command that the help names does to the finding what it says.
fn helps(plans: &mut Plans, finding: &Finding) -> Result<(), String> {
    for said in COMMAND.captures_iter(&finding.help) {
        let said = said.map_err(|e| e.to_string())?;
        let group = |n: usize| said.get(n).map_or("", |m| m.as_str());
        let (verb, number) = (group(2), group(3));
        // What an operator would have to vouch for first is no promise.
        if matches!(verb, "says" | "writes") || group(1).contains("--dead") {
            continue;
        }
        let plan = plans.of(group(1))?;
        let done = match verb {
            "promotes" if !number.is_empty() => {
                let serves = plan.steps.iter().filter(|s| s.phase == Phase::Serve);
                serves.count().to_string() == number
            }
            _ => {
                let mut left = plan.remaining.iter();
                !left.any(|f| f.code == finding.code && f.subject == finding.subject)
            }
        };
        if plan.refused.is_some() || !done {
            return Err(format!(
                "the help of {} {:?} is not true: {} ({:?})",
                finding.code, finding.subject, finding.help, plan.refused
            ));
        }
    }
    Ok(())
}

/// The words behind `topoplan plan`.
fn request(words: &str) -> Result<Request, String> {
    let mut request = Request::default();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        let named = |flag: &&Flag| flag.to_string() == word;
        if let Some(flag) = Flag::ALL.iter().find(named) {
            request.flags.insert(*flag);
        } else if word == "--only" {
            let codes = words.next().unwrap_or_default().split(',');
            let codes: Result<BTreeSet<_>, _> = codes.map(str::parse).collect();
            request.only = codes.map_err(|e| format!("{e:?}"))?;
        } else {
            return Err(format!("`{word}` is no option of plan"));
        }
    }
    Ok(request)
}

/// Every option that an unlock names changes the plan.
fn unlocks(plans: &mut Plans, default: &PlanReport) -> Result<(), String> {
    let mut tried = BTreeSet::new();
    for refusal in &default.refusals {
        for said in OPTION.find_iter(&refusal.unlock) {
            let words = said.map_err(|e| e.to_string())?.as_str();
            // Options of other tools, and what an operator vouches for, change no plan by themselves.
            let known = |flag: &Flag| flag.to_string() == words;
            let is_plans = words.starts_with("--only ") || Flag::ALL.iter().any(known);
            if !is_plans || !tried.insert(words.to_owned()) {
                continue;
            }
            let other = plans.of(words)?;
            if other.steps == default.steps && other.remaining == default.remaining {
                return Err(format!("`{words}` changes nothing: {refusal:?}"));
            }
        }
    }
    Ok(())
}
