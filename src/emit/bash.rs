//! The guarded bash program: what is accepted and the steps as data, then a library that runs them.
//!
//! The library is the same for every plan and lies in `guarded/`, so that it can be read and
//! checked as what it is. Only [`data`] and [`terms`](super::terms) write values, all
//! from [`checked`](super::checked).

mod aftermath;
mod data;

use std::fmt::Write;

use sha2::Digest;
use sha2::Sha256;

use crate::emit::Edits;
use crate::emit::EmitError;
use crate::emit::checked;
use crate::emit::checked::CheckedCluster;
use crate::emit::checked::CheckedStep;
use crate::emit::terms;
use crate::emit::text::one_line;
use crate::emit::text::utc;
use crate::report::PlanReport;
use crate::text::quote::in_shell_quotes;
use crate::text::words::count;

const LIBRARY: &str = concat!(
    include_str!("guarded/words.sh"),
    include_str!("guarded/client.sh"),
    include_str!("guarded/views.sh"),
    include_str!("guarded/lock.sh"),
    include_str!("guarded/journal.sh"),
    include_str!("guarded/cluster.sh"),
    include_str!("guarded/guards.sh"),
    include_str!("guarded/steps.sh"),
    include_str!("guarded/forget.sh"),
    include_str!("guarded/restart.sh"),
    include_str!("guarded/slots.sh"),
    include_str!("guarded/stop.sh"),
    include_str!("guarded/run.sh"),
);

/// The whole script around a client of that name.
pub(super) fn program(plan: &PlanReport, edits: Edits, client: &str) -> Result<String, EmitError> {
    let steps = checked::steps(plan)?;
    let cluster = checked::cluster(plan)?;
    let mut out = header(plan, &cluster, &steps, client);
    let _ = write!(
        out,
        "\n# Functions are called by name: of each step, for each node, by signals.\n\
         # shellcheck disable=SC2317\n\
         # sh reads this line before anything that only bash knows.\n\
         [ -n \"${{BASH_VERSION-}}\" ] || {{ echo 'run it with bash' >&2; exit 2; }}\n\
         ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)) ||\n    \
             {{ echo 'needs bash 4.2 or later' >&2; exit 2; }}\n\
         set -u -f\n\
         export LC_ALL=C TZ=UTC0\n\n\
         plan_id={}\ndefault_client={}\n",
        in_shell_quotes(&one_line(&plan.plan_id)),
        in_shell_quotes(client),
    );
    out.push_str(
        "\n# What whoever runs this accepts; it is shown in the dry run and before the first step.\n\
         terms() {\n",
    );
    for line in terms::terms(plan, edits, &cluster, &steps) {
        let _ = writeln!(out, "    say {}", in_shell_quotes(&format!("  {line}")));
    }
    out.push_str("}\n");
    out.push_str(&data::steps(plan, &steps, client));
    out.push_str(&data::cluster(plan, &cluster, &steps));
    let _ = writeln!(
        out,
        "\n# ==== From here on: the library of topoplan {}, the same in every script of that version.\n\
         # SHA-256 of all that follows this line: {}",
        env!("CARGO_PKG_VERSION"),
        hash(LIBRARY),
    );
    out.push_str(LIBRARY);
    Ok(out)
}

fn hash(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn header(
    plan: &PlanReport,
    cluster: &CheckedCluster,
    steps: &[CheckedStep],
    client: &str,
) -> String {
    let version = plan.cluster.version.as_deref();
    let mut out = format!(
        "#!/usr/bin/env bash\n\
         # Plan {}\n\
         # for {} {}, {}; {}. Written by topoplan {}.\n\
         #\n\
         #   bash THIS-FILE            shows what it would do, changes nothing\n\
         #   bash THIS-FILE --apply    runs it; what is already done is skipped\n\
         #   bash THIS-FILE --status   what earlier runs did\n\
         #   bash THIS-FILE --help     the rest\n\
         #\n\
         # Every step looks first whether it is done and whether what it relies on still holds,\n\
         # at every node that it relies on, and stops if not. What is done is written down in a\n\
         # journal. Needs bash, coreutils and {client} (or what $REDIS_CLI names).\n",
        one_line(&plan.plan_id),
        one_line(&plan.cluster.server),
        one_line(version.unwrap_or("of unknown version")),
        count(plan.cluster.members.len(), "member"),
        count(steps.len(), "step"),
        env!("CARGO_PKG_VERSION"),
    );
    if let Some(time) = cluster.taken {
        let _ = writeln!(out, "# Captured {}.", utc(time));
    }
    if let Some(why) = &plan.refused {
        let _ = writeln!(out, "# No plan was made: {}", one_line(why));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing;

    fn script(steps: Vec<crate::report::Step>) -> String {
        program(&testing::plan(steps), Edits::None, "redis-cli").expect("legal")
    }

    #[test]
    fn one_step_is_one_step() {
        let (a, b) = (("aaaa", "127.0.0.1:7000"), ("bbbb", "::1:7001"));
        let one = script(vec![testing::flush(1, a)]);
        assert!(one.contains("0 members; 1 step. "), "{one}");
        let two = script(vec![testing::flush(1, a), testing::flush(2, b)]);
        assert!(two.contains("0 members; 2 steps. "), "{two}");
    }

    #[test]
    fn the_program_is_bash_and_ends_in_its_last_line() {
        let script = script(Vec::new());
        assert!(script.starts_with("#!/usr/bin/env bash\n"));
        // A file that was cut off must not run: nothing but definitions before the end.
        assert!(script.ends_with("\nmain \"$@\"\nexit\n"));
    }

    #[test]
    fn the_library_is_told_by_its_hash_and_is_the_same_for_every_plan() {
        let node = ("aaaa", "127.0.0.1:7000");
        for script in [script(Vec::new()), script(vec![testing::flush(1, node)])] {
            let (_, told) = script
                .split_once("\n# SHA-256 of all that follows this line: ")
                .expect("the line is there");
            let (told, library) = told.split_once('\n').expect("more lines follow");
            assert_eq!(library, LIBRARY);
            assert_eq!(told, hash(library));
        }
    }
}
