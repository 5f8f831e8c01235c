//! `PONG`: the node lives, and says no more.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "ping",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let mut head = head.lines().peekable();
    head.peek().is_some() && head.all(|line| line == "PONG")
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    vec![Section::new(DIALECT.name, block, Facts::Pong)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[test]
    fn a_pong_is_the_whole_answer() {
        let file = |text: &str| Source::new("f", text.into(), String::new());
        assert!(sniff(&Head::of(Block::of(&file("PONG\n")))));
        assert!(sniff(&Head::of(Block::of(&file(
            "10.0.0.1:7000> ping\nPONG\n"
        )))));
        assert!(!sniff(&Head::of(Block::of(&file("PONG\nrole:master\n")))));
        assert!(!sniff(&Head::of(Block::of(&file("")))));
    }
}
