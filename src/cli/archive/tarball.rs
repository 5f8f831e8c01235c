//! Members of a tar.

use std::io;
use std::io::Read;

use crate::cli::archive::At;
use crate::cli::archive::Content;
use crate::cli::archive::HEAD;
use crate::cli::archive::Unpacking;
use crate::cli::archive::limits::Refused;
use crate::cli::archive::name;
use crate::cli::archive::name::Name;
use crate::cli::archive::trouble::Trouble;
use crate::cli::archive::trouble::Troubles;

/// Whether a file that starts so is a tar: by its magic, or, for the oldest ones, by the
/// checksum of the first header.
pub(super) fn starts(head: &[u8]) -> bool {
    let (Some(magic), Some(stored)) = (head.get(257..262), head.get(148..156)) else {
        return false;
    };
    if head.len() < HEAD || head.first() == Some(&0) {
        return false;
    }
    magic == b"ustar" || checksum(stored).is_some_and(|sum| sum == sum_of(head))
}

/// A whole header whose checksum fits.
fn is_header(block: &[u8]) -> bool {
    let stored = block.get(148..156).and_then(checksum);
    block.len() == HEAD && block.first() != Some(&0) && stored == Some(sum_of(block))
}

/// Octal digits between blanks and NULs.
fn checksum(field: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(field).ok()?;
    u32::from_str_radix(text.trim_matches([' ', '\0']), 8).ok()
}

/// The checksum field itself counts as blanks.
fn sum_of(header: &[u8]) -> u32 {
    let bytes = header.iter().enumerate();
    bytes
        .map(|(at, byte)| match at {
            148..156 => u32::from(b' '),
            _ => u32::from(*byte),
        })
        .sum()
}

impl Unpacking {
    /// Every byte of `stream` has been counted by then. Behind a damaged part it goes on with the
    /// next header that can be read.
    pub(super) fn tar(
        &mut self,
        stream: impl Read,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        let mut blocks = Blocks::new(stream);
        loop {
            let mut archive = tar::Archive::new(blocks);
            let outcome = self.entries(&mut archive, at, troubles);
            self.budget.check()?;
            let mut damage = outcome?.err();
            blocks = archive.into_inner();
            if damage.is_none() && blocks.nuls < HEAD {
                damage = Some(io::Error::other("it has no end mark"));
            }
            let next = blocks.resume();
            self.budget.check()?;
            let (found, padding) = match next {
                Ok(next) => next,
                Err(error) => {
                    troubles.damage(&damage.unwrap_or(error));
                    return Ok(());
                }
            };
            if damage.is_none() && !padding {
                damage = Some(io::Error::other("something else follows its end mark"));
            }
            match damage {
                Some(error) if found => troubles.add(Trouble::DamagedPart, &error.to_string()),
                Some(error) => troubles.damage(&error),
                None => {}
            }
            if !found {
                return Ok(());
            }
        }
    }

    /// Reads the members up to the end mark or to where the archive is damaged.
    fn entries<R: Read>(
        &mut self,
        archive: &mut tar::Archive<R>,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<io::Result<()>, Refused> {
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(error)),
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Ok(Err(error)),
            };
            self.budget.count_member()?;
            let raw = entry.path_bytes().into_owned();
            let name = match wanted(entry.header().entry_type(), &raw) {
                Ok(Some(name)) => name,
                Ok(None) => continue,
                Err(trouble) => {
                    troubles.add(trouble, &String::from_utf8_lossy(&raw));
                    continue;
                }
            };
            let shown = name::below(&at.prefix, &name);
            let size = entry.size();
            match self.read(&mut entry, size)? {
                Content::TooLarge => troubles.add(Trouble::TooLarge, &shown),
                Content::Whole(bytes) => {
                    let cut = (bytes.len() as u64) < size;
                    if !(cut && bytes.is_empty()) {
                        self.keep(shown.clone(), &shown, bytes, at, troubles)?;
                    }
                    if cut {
                        return Ok(Err(io::Error::other(format!("within `{name}`"))));
                    }
                }
                Content::Cut(bytes, error) => {
                    if !bytes.is_empty() {
                        self.keep(shown.clone(), &shown, bytes, at, troubles)?;
                    }
                    return Ok(Err(io::Error::other(format!("within `{name}`: {error}"))));
                }
            }
        }
        Ok(Ok(()))
    }
}

/// The name of a member that is to be read; `None` for one that nobody misses.
fn wanted(kind: tar::EntryType, raw: &[u8]) -> Result<Option<String>, Trouble> {
    // Directories of the oldest archives are empty files with a slash.
    if kind.is_dir() || (kind.is_file() && raw.ends_with(b"/")) {
        return Ok(None);
    }
    if kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
        return Ok(None);
    }
    let name = match name::of_tar(raw) {
        Name::Shown(name) => name,
        Name::Hidden => return Ok(None),
        Name::Refused => return Err(Trouble::Name),
    };
    // A sparse file of the newer kind starts with a map of its holes.
    let plain = kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse();
    if plain
        && !name
            .split('/')
            .any(|part| part.starts_with("GNUSparseFile."))
    {
        Ok(Some(name))
    } else {
        Err(Trouble::Special)
    }
}

/// Bytes of the name or the attributes that a header may announce: they are read into memory
/// before anybody can ask how many there are.
const NAME_MAX: u64 = 64 << 10;

/// Whether a header announces a name, or attributes, that no file has.
fn is_endless_name(block: &[u8; HEAD]) -> bool {
    let header = tar::Header::from_byte_slice(block);
    let kind = header.entry_type();
    let names = kind.is_gnu_longname() || kind.is_gnu_longlink();
    let attributes = kind.is_pax_local_extensions() || kind.is_pax_global_extensions();
    (names || attributes)
        && header.entry_size().is_ok_and(|size| size > NAME_MAX)
        && is_header(block)
}

/// A stream that can go on with the next header.
struct Blocks<R> {
    inner: R,
    /// Read ahead: a header.
    ahead: io::Cursor<Vec<u8>>,
    /// Bytes that were handed out.
    count: u64,
    /// How many NULs came last: an archive ends with a block of them.
    nuls: usize,
}

impl<R: Read> Blocks<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            ahead: io::Cursor::default(),
            count: 0,
            nuls: 0,
        }
    }

    fn some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.ahead.read(buffer)? {
            0 => self.inner.read(buffer),
            count => Ok(count),
        }
    }

    /// Stands before the next header then, or at the end, for checksums stand there: whether it
    /// is a header, and whether nothing but padding was left out.
    fn resume(&mut self) -> io::Result<(bool, bool)> {
        let mut padding = true;
        let mut block = Vec::with_capacity(HEAD);
        let inside = (self.count % HEAD as u64) as usize;
        let rest = if inside == 0 { HEAD } else { HEAD - inside };
        let mut wanted = rest as u64;
        loop {
            block.clear();
            let size = self.by_ref().take(wanted).read_to_end(&mut block)?;
            if size == 0 {
                return Ok((false, padding));
            }
            padding &= block.iter().all(|b| *b == 0);
            wanted = HEAD as u64;
            if is_header(&block) {
                self.ahead = io::Cursor::new(block);
                self.nuls = 0;
                self.count -= wanted;
                return Ok((true, padding));
            }
        }
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_head = buffer.len() == HEAD && self.count.is_multiple_of(HEAD as u64);
        let mut count = self.some(buffer)?;
        // All of a header is looked at, however the stream is cut.
        while is_head && 0 < count && count < HEAD {
            match self.some(&mut buffer[count..])? {
                0 => break,
                more => count += more,
            }
        }
        let last = buffer.iter().take(count).rev();
        let nuls = last.take_while(|b| **b == 0).count();
        let before = if nuls == count { self.nuls } else { 0 };
        self.nuls = before.saturating_add(nuls);
        self.count += count as u64;
        let head = buffer.first_chunk().filter(|_| is_head && count == HEAD);
        if head.is_some_and(is_endless_name) {
            return Err(io::Error::other("a name longer than any file has"));
        }
        Ok(count)
    }
}
