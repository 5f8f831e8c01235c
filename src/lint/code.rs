//! The catalogue: the code of every rule for lists of commands, and the file that it stands for.

use std::fmt;

use crate::lint::rules;
use crate::lint::rules::Rule;

macro_rules! catalogue {
    ($($name:ident $code:literal $file:ident,)+) => {
        /// The code of a rule. Printed as `L001`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($name,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            pub fn rule(self) -> &'static Rule {
                match self {
                    $(Self::$name => &rules::$file::RULE,)+
                }
            }
        }
    };
}

catalogue! {
    Refused "L001" refused,
    Loses "L002" loses,
    MakesFinding "L003" makes_finding,
    ToldToSome "L004" told_to_some,
    ForgetsLive "L005" forgets_live,
    Swapped "L006" swapped,
    NeedsManual "L007" needs_manual,
    Needless "L008" needless,
    OutOfOrder "L009" out_of_order,
    NotFollowed "L010" not_followed,
}

/// By code or name, in any case.
pub fn find(word: &str) -> Option<&'static Rule> {
    let word = word.trim();
    let same = |text: &str| text.eq_ignore_ascii_case(word);
    let mut all = Code::ALL.iter().map(|code| code.rule());
    all.find(|rule| same(rule.code.as_str()) || same(rule.id))
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// As printed, so that a failed test names the code and not the variant.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut all = Self::ALL.iter().copied();
        let found = all.find(|code| code.as_str() == text);
        found.ok_or_else(|| serde::de::Error::custom("no rule for lists has this code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_of_its_own_rule_and_every_page_has_three_headings() {
        for &code in Code::ALL {
            let rule = code.rule();
            assert_eq!(rule.code, code);
            assert!(
                rule.page.contains(&format!("id: \"{}\"", rule.id)),
                "{code}"
            );
            let page = rule.markdown();
            let heads: Vec<&str> = page.lines().filter(|l| l.starts_with("## ")).collect();
            assert_eq!(heads, ["## What", "## Why", "## Do"], "{code}");
            assert_eq!(find(&rule.id.to_uppercase()).map(|r| r.code), Some(code));
        }
        let codes: Vec<&str> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert!(codes.windows(2).all(|w| w[0] < w[1]));
    }
}
