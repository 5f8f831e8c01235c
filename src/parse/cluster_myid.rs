//! `CLUSTER MYID`: the id of the node that answered, and nothing else.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-myid",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    id(head).is_some()
}

/// The one word of the answer, if it is an id as servers make them.
fn id<'a>(head: &Head<'a>) -> Option<&'a str> {
    const LENGTH: usize = 40;
    let mut lines = head.scalars();
    let id = lines.next()?;
    let is_hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    (lines.next().is_none() && id.len() == LENGTH && id.bytes().all(is_hex)).then_some(id)
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let section = |id| Section::new(DIALECT.name, block, Facts::MyId(id));
    id(&Head::of(block)).map(section).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn the_id_is_all_there_is() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (text, found) in [
            (format!("{id}\n"), true),
            (format!("\"{id}\"\n"), true),
            (format!("10.0.0.1:7000> cluster myid\n\"{id}\"\n"), true),
            (format!("{id}  disk.img\n"), false),
            (format!("{id}\n{id}\n"), false),
            (format!("{}\n", id.to_uppercase()), false),
            (format!("{id}00\n"), false),
        ] {
            let source = Source::new("f", text.clone(), String::new());
            let parsed = parse_file(&source);
            let mine = matches!(
                parsed.sections.first().map(|s| &s.facts),
                Some(Facts::MyId(found)) if *found == id
            );
            assert_eq!(mine, found, "{text}");
        }
    }
}
