//! What the standard demands of a SARIF 2.1.0 log ("Static Analysis Results Interchange Format", OASIS),
//! as far as a log of ours goes: a property that is not in the table is one that nobody looked up.

use serde_json::Value;

/// What a property holds.
enum Holds {
    Text,
    /// A string that is one of these.
    Word(&'static [&'static str]),
    Bool,
    /// An integer that is at least so much.
    Number(i64),
    One(&'static Object),
    Many(&'static Object),
    /// Names and values of the tool's own: strings alone, or anything (a property bag, 3.8).
    Strings,
    Bag,
}

use Holds::Bag;
use Holds::Bool;
use Holds::Many;
use Holds::Number;
use Holds::One;
use Holds::Strings;
use Holds::Text;
use Holds::Word;

/// An object of the standard.
struct Object {
    /// The section that describes it, and every property below.
    section: &'static str,
    must: &'static [(&'static str, Holds)],
    may: &'static [(&'static str, Holds)],
}

const LEVELS: Holds = Word(&["none", "note", "warning", "error"]);

static LOG: Object = Object {
    section: "3.13 sarifLog",
    must: &[("version", Word(&["2.1.0"])), ("runs", Many(&RUN))],
    may: &[("$schema", Text)],
};

static RUN: Object = Object {
    section: "3.14 run",
    must: &[("tool", One(&TOOL))],
    may: &[
        ("automationDetails", One(&AUTOMATION)),
        ("invocations", Many(&INVOCATION)),
        ("results", Many(&RESULT)),
    ],
};

static AUTOMATION: Object = Object {
    section: "3.17 runAutomationDetails",
    must: &[],
    may: &[("id", Text)],
};

static TOOL: Object = Object {
    section: "3.18 tool",
    must: &[("driver", One(&COMPONENT))],
    may: &[],
};

static COMPONENT: Object = Object {
    section: "3.19 toolComponent",
    must: &[("name", Text)],
    may: &[("version", Text), ("rules", Many(&DESCRIPTOR))],
};

static DESCRIPTOR: Object = Object {
    section: "3.49 reportingDescriptor",
    must: &[("id", Text)],
    may: &[
        ("name", Text),
        ("shortDescription", One(&MULTIFORMAT)),
        ("help", One(&MULTIFORMAT)),
        ("defaultConfiguration", One(&CONFIGURATION)),
    ],
};

static MULTIFORMAT: Object = Object {
    section: "3.12 multiformatMessageString",
    must: &[("text", Text)],
    may: &[("markdown", Text)],
};

static CONFIGURATION: Object = Object {
    section: "3.50 reportingConfiguration",
    must: &[],
    may: &[("level", LEVELS)],
};

static INVOCATION: Object = Object {
    section: "3.20 invocation",
    must: &[("executionSuccessful", Bool)],
    may: &[("toolExecutionNotifications", Many(&NOTIFICATION))],
};

static NOTIFICATION: Object = Object {
    section: "3.58 notification",
    must: &[("message", One(&MESSAGE))],
    may: &[("level", LEVELS)],
};

static MESSAGE: Object = Object {
    section: "3.11 message",
    must: &[("text", Text)],
    may: &[],
};

static RESULT: Object = Object {
    section: "3.27 result",
    must: &[("message", One(&MESSAGE))],
    may: &[
        ("ruleId", Text),
        ("ruleIndex", Number(0)),
        (
            "kind",
            Word(&["pass", "open", "informational", "notApplicable", "review", "fail"]),
        ),
        ("level", LEVELS),
        ("locations", Many(&LOCATION)),
        ("partialFingerprints", Strings),
        ("suppressions", Many(&SUPPRESSION)),
        (
            "baselineState",
            Word(&["new", "unchanged", "updated", "absent"]),
        ),
        ("properties", Bag),
    ],
};

static LOCATION: Object = Object {
    section: "3.28 location",
    must: &[],
    may: &[
        ("physicalLocation", One(&PHYSICAL)),
        ("logicalLocations", Many(&LOGICAL)),
    ],
};

static PHYSICAL: Object = Object {
    section: "3.29 physicalLocation",
    must: &[("artifactLocation", One(&ARTIFACT))],
    may: &[("region", One(&REGION))],
};

static ARTIFACT: Object = Object {
    section: "3.4 artifactLocation",
    must: &[("uri", Text)],
    may: &[],
};

static REGION: Object = Object {
    section: "3.30 region",
    must: &[],
    may: &[("startLine", Number(1)), ("startColumn", Number(1))],
};

static LOGICAL: Object = Object {
    section: "3.33 logicalLocation",
    must: &[],
    may: &[("fullyQualifiedName", Text)],
};

static SUPPRESSION: Object = Object {
    section: "3.35 suppression",
    must: &[("kind", Word(&["inSource", "external"]))],
    may: &[("justification", Text)],
};

/// Everything about a log that the standard does not allow.
pub fn violations(log: &Value) -> Vec<String> {
    let mut found = Vec::new();
    object(&LOG, log, "", &mut found);
    for run in items(&log["runs"]) {
        let rules = &run["tool"]["driver"]["rules"];
        for result in items(&run["results"]) {
            let mut say = |what: &str| found.push(format!("{}: {what}", result["ruleId"]));
            // 3.27.9, 3.27.10: what is no failure has no level.
            let kind = result.get("kind").is_none_or(|kind| kind == "fail");
            if !kind && result["level"] != "none" {
                say("a kind other than `fail` goes with the level `none`");
            }
            // 3.27.5, 3.27.6: the index is that of the rule of that id.
            let index = result["ruleIndex"].as_u64().map(|index| index as usize);
            if index.is_some_and(|index| rules[index]["id"] != result["ruleId"]) {
                say("the rule at `ruleIndex` is another one");
            }
            for location in items(&result["locations"]) {
                // 3.4.3: a valid URI reference.
                let uri = &location["physicalLocation"]["artifactLocation"]["uri"];
                if uri.as_str().is_some_and(|uri| !is_uri(uri)) {
                    say("the `uri` is none");
                }
            }
        }
    }
    found
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// RFC 3986, 2: the characters of a URI reference, `%` only before two hexadecimal digits.
fn is_uri(text: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let fits = match byte {
            b'%' => (0..2).all(|_| rest.next().is_some_and(|b| b.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn object(of: &Object, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(properties) = value.as_object() else {
        found.push(format!("{at}: {} is an object", of.section));
        return;
    };
    for (name, _) in of.must {
        if !properties.contains_key(*name) {
            found.push(format!("{at}: {} has `{name}`", of.section));
        }
    }
    for (name, value) in properties {
        let mut all = of.must.iter().chain(of.may);
        match all.find(|(known, _)| known == name) {
            Some((_, holds)) => property(holds, value, &format!("{at}/{name}"), found),
            None => found.push(format!("{at}: {} has no `{name}`", of.section)),
        }
    }
}

fn property(holds: &Holds, value: &Value, at: &str, found: &mut Vec<String>) {
    let fits = match holds {
        Text => value.is_string(),
        Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Bool => value.is_boolean(),
        Number(least) => value.as_i64().is_some_and(|number| number >= *least),
        Strings => value
            .as_object()
            .is_some_and(|all| all.values().all(Value::is_string)),
        Bag => value.is_object(),
        One(of) => return object(of, value, at, found),
        Many(of) => {
            for (index, item) in (0..).zip(items(value)) {
                object(of, item, &format!("{at}/{index}"), found);
            }
            value.is_array()
        }
    };
    if !fits {
        found.push(format!("{at}: {value} does not belong there"));
    }
}
