//! The guarded bash program: the steps as data, then a fixed program that runs them.
//!
//! The program is the same for every plan and lies in `guarded/`, so that it can be read and
//! checked as what it is. Only [`load`] writes values, all from [`checked`](super::checked).

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::action::GuardLink;
use crate::action::GuardRole;
use crate::action::Kind;
use crate::action::StepMode;
use crate::emit::EmitError;
use crate::emit::checked;
use crate::emit::checked::CheckedStep;
use crate::emit::text::one_line;
use crate::model::Address;
use crate::report::PlanReport;
use crate::text::quote::in_shell_quotes;
use crate::text::words::count;

const PROGRAM: &str = concat!(
    include_str!("guarded/client.sh"),
    include_str!("guarded/steps.sh"),
    include_str!("guarded/run.sh"),
);

/// The whole script around a client of that name.
pub(super) fn program(plan: &PlanReport, client: &str) -> Result<String, EmitError> {
    let steps = checked::steps(plan)?;
    let mut out = header(plan, &steps, client);
    let ids: Vec<String> = steps.iter().map(|s| s.id.to_string()).collect();
    let _ = writeln!(
        out,
        "\n# sh reads this line before anything that only bash knows.\n\
         [ -n \"${{BASH_VERSION-}}\" ] || {{ echo 'run it with bash' >&2; exit 2; }}\n\
         ((BASH_VERSINFO[0] >= 4)) || {{ echo 'needs bash 4 or later' >&2; exit 2; }}\n\
         set -u -f\n\
         export LC_ALL=C\n\n\
         plan_id={}\ndefault_client={}\nsteps={}\n",
        in_shell_quotes(&one_line(&plan.plan_id)),
        in_shell_quotes(client),
        in_shell_quotes(&ids.join(" ")),
    );
    out.push_str(&load(&steps));
    out.push_str(PROGRAM);
    Ok(out)
}

fn header(plan: &PlanReport, steps: &[CheckedStep], client: &str) -> String {
    let version = plan
        .cluster
        .version
        .as_deref()
        .unwrap_or("of unknown version");
    let mut out = format!(
        "#!/usr/bin/env bash\n\
         # Plan {}\n\
         # for {} {}, {}; {}.\n\
         #\n\
         #   bash plan.sh            shows what it would do, changes nothing\n\
         #   bash plan.sh --apply    runs it; what is already done is skipped\n\
         #   bash plan.sh --help     the rest\n\
         #\n\
         # Every step looks first whether it is done and whether what it relies on still holds,\n\
         # and stops if not. Needs bash, coreutils and {client} (or what $REDIS_CLI names).\n\
         #\n",
        one_line(&plan.plan_id),
        one_line(&plan.cluster.server),
        one_line(version),
        count(plan.cluster.members.len(), "member"),
        count(steps.len(), "step"),
    );
    if let Some(why) = &plan.refused {
        let _ = writeln!(out, "# No plan was made: {}", one_line(why));
    }
    for step in steps {
        let (mode, who) = (step.told_mode().map_or("", StepMode::word), step.who());
        let words = [step.action.spec().word, mode, &who];
        let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
        let _ = writeln!(
            out,
            "# step {:>3}  {:<7}  {}: {}{}{}",
            step.id,
            step.phase.name(),
            words.join(" "),
            step.reason,
            if step.cures.is_empty() {
                ""
            } else {
                "  cures "
            },
            step.cures,
        );
    }
    out
}

/// The function that sets the variables of one step; unset ones are empty.
fn load(steps: &[CheckedStep]) -> String {
    let mut out = String::from(
        "# load STEP: its facts, from the plan file.\n\
         load() {\n    \
             phase='' action='' mode='' node='' address='' target='' target_address='' bus_port=''\n    \
             tell='' slots='' after='' pause_ms=0 pause_after='' wait_at='' limit_ms=0 reason='' later='' heirs=''\n    \
             guard_role='' guard_master='' guard_slots=- guard_empty='' guard_link='' loss=''\n    \
             case $1 in\n",
    );
    for (index, step) in steps.iter().enumerate() {
        let _ = writeln!(out, "    {})", step.id);
        let mut all = values(step);
        all.extend(aftermath(step, &steps[index + 1..]));
        for (name, value) in all {
            if !value.is_empty() {
                let _ = writeln!(out, "        {name}={}", in_shell_quotes(&value));
            }
        }
        // No slots at all is a guard, too: not the same as no guard.
        if step.guard.slots.as_ref().is_some_and(|s| s.is_empty()) {
            out.push_str("        guard_slots=''\n");
        }
        out.push_str("        ;;\n");
    }
    out.push_str("    esac\n}\n");
    out
}

/// What later steps of the plan make of this one's effect, so that a second run knows it for done:
/// a flushed node holds keys again once it is a replica, a promoted one may hand over again.
/// `later` are steps whose effect includes this one's; `heirs` the masters that a replica follows
/// in place of its own after their promotion.
fn aftermath(step: &CheckedStep, rest: &[CheckedStep]) -> [(&'static str, String); 2] {
    let mut later = Vec::new();
    let mut heirs: Vec<&str> = Vec::new();
    for next in rest {
        let same_node = step.node == next.node;
        let includes = match (step.action, next.action) {
            (Kind::Failover, Kind::Failover) => {
                let both = step.taken_over().zip(next.taken_over());
                both.is_some_and(|(slots, all)| slots.intersection(all) == *slots)
            }
            (Kind::Replicate | Kind::Flush, Kind::Replicate | Kind::Failover) => same_node,
            (Kind::Meet | Kind::SetSlot | Kind::Forget, Kind::Replicate | Kind::Failover)
            | (Kind::Failover, Kind::Replicate)
            | (
                Kind::Meet
                | Kind::Flush
                | Kind::Replicate
                | Kind::SetSlot
                | Kind::Failover
                | Kind::Forget,
                Kind::Meet | Kind::Flush | Kind::SetSlot | Kind::Forget,
            ) => false,
        };
        if includes {
            later.push(next.id.to_string());
        }
        if let (Kind::Replicate, Some(master)) = (step.action, &step.target)
            && let (Kind::Failover, Some(old)) = (next.action, &next.target)
            && (old == master || heirs.contains(&old.as_str()))
        {
            heirs.extend(next.node.as_ref().map(|n| n.as_str()));
        }
    }
    [("later", later.join(" ")), ("heirs", heirs.join(" "))]
}

fn values(step: &CheckedStep) -> Vec<(&'static str, String)> {
    fn text<T: ToString>(value: &Option<T>) -> String {
        value.as_ref().map(T::to_string).unwrap_or_default()
    }
    let guard = &step.guard;
    let after: Vec<String> = step.after.iter().map(u32::to_string).collect();
    let mode = step.told_mode().map_or("", StepMode::word);
    let role = guard.role.map_or("", GuardRole::word);
    let link = guard.link.map_or("", GuardLink::word);
    vec![
        ("phase", step.phase.to_string()),
        ("action", step.action.to_string()),
        ("after", after.join(" ")),
        ("pause_ms", step.pause_ms.to_string()),
        ("pause_after", text(&step.pause_after)),
        ("wait_at", list(&step.wait_at)),
        ("limit_ms", step.limit_ms.to_string()),
        ("guard_role", role.to_owned()),
        ("guard_master", text(&guard.master)),
        ("guard_slots", text(&guard.slots)),
        (
            "guard_empty",
            if guard.empty { "yes" } else { "" }.to_owned(),
        ),
        ("guard_link", link.to_owned()),
        ("loss", step.loss().unwrap_or_default()),
        ("reason", step.reason.clone()),
        ("node", text(&step.node)),
        ("address", text(&step.address)),
        ("mode", mode.to_owned()),
        ("target", text(&step.target)),
        ("target_address", text(&step.target_address)),
        ("bus_port", text(&step.bus_port)),
        ("tell", list(&step.tell)),
        ("slots", text(&step.slots)),
    ]
}

/// Each address once, in order.
fn list(addresses: &[Address]) -> String {
    let mut seen = BTreeSet::new();
    let once = addresses.iter().filter(|a| seen.insert(*a));
    once.map(Address::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing;
    use crate::emit::testing::At;

    const A: At = ("aaaa", "127.0.0.1:7000");
    const B: At = ("bbbb", "::1:7001");
    const C: At = ("cccc", "127.0.0.3:7002");

    fn script(steps: Vec<crate::report::Step>) -> String {
        program(&testing::plan(steps), "redis-cli").expect("legal")
    }

    /// The assignments of one step.
    fn facts(script: &str, step: u32) -> Vec<&str> {
        script
            .lines()
            .skip_while(|l| *l != format!("    {step})"))
            .skip(1)
            .take_while(|l| *l != "        ;;")
            .map(str::trim)
            .collect()
    }

    #[test]
    fn a_step_is_its_facts() {
        let mut step = testing::failover(4, StepMode::Force, B, A, "7,0-5,6");
        step.guard.slots = Some(String::new());
        let script = script(vec![step]);
        let facts = facts(&script, 4);
        for fact in [
            "action='failover'",
            "mode='force'",
            "node='bbbb'",
            "address='::1:7001'",
            "target='aaaa'",
            "target_address='127.0.0.1:7000'",
            "slots='0-7'",
            "guard_role='replica'",
            "guard_master='aaaa'",
            "guard_slots=''",
            "limit_ms='1000'",
        ] {
            assert!(facts.contains(&fact), "{fact} is not in {facts:#?}");
        }
    }

    #[test]
    fn one_step_is_one_step() {
        let one = script(vec![testing::flush(1, A)]);
        assert!(one.contains("0 members; 1 step.\n"), "{one}");
        let two = script(vec![testing::flush(1, A), testing::flush(2, B)]);
        assert!(two.contains("0 members; 2 steps.\n"), "{two}");
    }

    #[test]
    fn an_address_is_told_once() {
        let step = testing::forget(1, "gone", &[A.1, C.1, A.1]);
        let script = script(vec![step]);
        assert!(facts(&script, 1).contains(&"tell='127.0.0.1:7000 127.0.0.3:7002'"));
    }

    #[test]
    fn knows_which_later_steps_change_an_effect() {
        let script = script(vec![
            testing::flush(1, B),
            testing::replicate(2, B, A),
            testing::replicate(3, C, A),
            testing::failover(4, StepMode::Graceful, B, A, "0-5"),
            testing::flush(5, A),
        ]);
        assert!(facts(&script, 1).contains(&"later='2 4'"));
        assert!(facts(&script, 2).contains(&"later='4'"));
        assert!(facts(&script, 3).contains(&"heirs='bbbb'"));
        assert!(!facts(&script, 5).iter().any(|f| f.starts_with("later=")));
    }

    #[test]
    fn free_text_is_one_quoted_line() {
        let mut step = testing::flush(1, A);
        step.reason = "it's\n$(reboot)\n`reboot`\u{1b}[2J".into();
        let script = script(vec![step]);
        let reasons: Vec<&str> = facts(&script, 1)
            .into_iter()
            .filter(|f| f.starts_with("reason="))
            .collect();
        assert_eq!(reasons, [r"reason='it'\''s ?(reboot) ?reboot??[2J'"]);
        assert!(!script.contains('\u{1b}'));
        assert!(!script.contains("\n$(reboot)"));
    }

    #[test]
    fn the_program_is_bash_and_ends_in_its_last_line() {
        let script = script(Vec::new());
        assert!(script.starts_with("#!/usr/bin/env bash\n"));
        // A file that was cut off must not run: nothing but definitions before the end.
        assert!(script.ends_with("\nmain \"$@\"\nexit\n"));
    }
}
