//! Lists of addresses as steps name them: groups spelt out, and one list in memory for all steps
//! that name the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::emit::EmitError;
use crate::emit::checked::field::At;
use crate::emit::text::one_line;
use crate::model::Address;

pub(super) struct Sets<'a> {
    groups: BTreeMap<&'a str, Vec<Address>>,
    seen: BTreeMap<&'a [String], Arc<[Address]>>,
}

impl<'a> Sets<'a> {
    /// The groups of a plan file, every address checked.
    pub fn new(groups: &'a BTreeMap<String, Vec<String>>) -> Result<Self, EmitError> {
        let address = |name: &str, value: &String| {
            value.parse().map_err(|_| EmitError::Cluster {
                field: format!("groups.{}", one_line(name)),
                value: one_line(value),
                problem: "not an address and port",
            })
        };
        let group = |(name, values): (&'a String, &'a Vec<String>)| {
            let addresses = values.iter().map(|value| address(name, value));
            Ok((name.as_str(), addresses.collect::<Result<_, EmitError>>()?))
        };
        Ok(Self {
            groups: groups.iter().map(group).collect::<Result<_, EmitError>>()?,
            seen: BTreeMap::new(),
        })
    }

    /// The list of a step's field.
    pub fn list(
        &mut self,
        at: At<'a>,
        field: &str,
        values: &'a [String],
    ) -> Result<Arc<[Address]>, EmitError> {
        if let Some(list) = self.seen.get(values) {
            return Ok(list.clone());
        }
        let mut list = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let field = || format!("{field}[{index}]");
            match value.split_at_checked(1) {
                Some(("@", name)) => match self.groups.get(name) {
                    Some(group) => list.extend_from_slice(group),
                    None => return Err(at.wrong(&field(), value, "not a group of the plan")),
                },
                Some(("-", address)) => {
                    let out = at.address(&field(), address)?;
                    let before = list.len();
                    list.retain(|known| *known != out);
                    if list.len() == before {
                        return Err(at.wrong(&field(), value, "not in a group before it"));
                    }
                }
                Some(_) | None => list.push(at.address(&field(), value)?),
            }
        }
        let list: Arc<[Address]> = list.into();
        self.seen.insert(values, list.clone());
        Ok(list)
    }
}
