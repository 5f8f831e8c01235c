//! Members of a zip.

use std::cell::Cell;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::rc::Rc;

use zip::CompressionMethod;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::read::read_zipfile_from_stream;
use zip::result::ZipError;

use crate::cli::archive::At;
use crate::cli::archive::Content;
use crate::cli::archive::Unpacking;
use crate::cli::archive::limits::Refused;
use crate::cli::archive::name;
use crate::cli::archive::name::Name;
use crate::cli::archive::stream::Limited;
use crate::cli::archive::stream::is_corrupt;
use crate::cli::archive::trouble::Trouble;
use crate::cli::archive::trouble::Troubles;

/// Bytes of a directory: ten times what the most members need, and little enough to hold.
const DIRECTORY: u64 = 64 << 20;

/// How many members the end of the archive tells of, where it is not one of the largest.
fn members_told(archive: &mut (impl Read + Seek)) -> io::Result<usize> {
    const END: usize = 22;
    const LONGEST_COMMENT: u64 = 0xffff;
    let size = archive.seek(SeekFrom::End(0))?;
    archive.seek(SeekFrom::Start(
        size.saturating_sub(END as u64 + LONGEST_COMMENT),
    ))?;
    let mut tail = Vec::new();
    archive.read_to_end(&mut tail)?;
    archive.rewind()?;
    let mut ends = tail.windows(END).rev();
    let end = ends.find(|w| w.starts_with(b"PK\x05\x06"));
    let told = end.and_then(|e| Some(u16::from_le_bytes([*e.get(10)?, *e.get(11)?])));
    Ok(usize::from(told.filter(|t| *t != u16::MAX).unwrap_or(0)))
}

impl Unpacking {
    /// The directory stands at the end; without it, members are read as they come.
    pub(super) fn zip(
        &mut self,
        mut archive: impl Read + Seek,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        let told = members_told(&mut archive).unwrap_or(0);
        let left = Rc::new(Cell::new(DIRECTORY));
        let limited = Fused {
            inner: &mut archive,
            left: left.clone(),
        };
        match ZipArchive::new(limited) {
            Ok(mut listed) => {
                left.set(u64::MAX);
                // Of one name the directory that was read keeps the last.
                if listed.len() < told {
                    let hidden = format!("{} of its members", told - listed.len());
                    troubles.add(Trouble::Repeated, &hidden);
                }
                self.listed(&mut listed, at, troubles)
            }
            // All of the directory is in memory before its members can be counted.
            Err(_) if left.get() == 0 => self.budget.too_many_members(),
            Err(error) => {
                troubles.damage(&error);
                match archive.rewind() {
                    Ok(()) => self.unlisted(BufReader::new(archive), at, troubles),
                    Err(_) => Ok(()),
                }
            }
        }
    }

    fn listed<R: Read + Seek>(
        &mut self,
        archive: &mut ZipArchive<R>,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        for index in 0..archive.len() {
            self.budget.count_member()?;
            let Ok(entry) = archive.by_index_data(index) else {
                continue;
            };
            let raw = String::from_utf8_lossy(entry.name_raw()).into_owned();
            let encrypted = entry.encrypted();
            let file = entry.is_file();
            if entry.is_dir() {
                continue;
            }
            match archive.by_index(index) {
                Ok(member) => self.zip_member(member, at, troubles)?,
                Err(_) if !file => troubles.add(Trouble::Special, &raw),
                Err(_) if encrypted => troubles.add(Trouble::Encrypted, &raw),
                Err(error) => troubles.add(of(&error), &raw),
            }
        }
        Ok(())
    }

    fn unlisted(
        &mut self,
        mut archive: impl Read,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        // What stops this was said: the directory at the end is missing.
        while let Ok(Some(member)) = read_zipfile_from_stream(&mut archive) {
            self.budget.count_member()?;
            if !member.is_dir() {
                self.zip_member(member, at, troubles)?;
            }
        }
        Ok(())
    }

    fn zip_member<R: Read>(
        &mut self,
        member: ZipFile<'_, R>,
        at: &At,
        troubles: &mut Troubles,
    ) -> Result<(), Refused> {
        let raw = match member.name() {
            Ok(raw) => raw.into_owned(),
            Err(_) => String::from_utf8_lossy(member.name_raw()).into_owned(),
        };
        let name = match name::of_zip(&raw) {
            Name::Shown(name) => name,
            Name::Hidden => return Ok(()),
            Name::Refused => {
                troubles.add(Trouble::Name, &raw);
                return Ok(());
            }
        };
        let shown = name::below(&at.prefix, &name);
        if !member.is_file() {
            troubles.add(Trouble::Special, &shown);
            return Ok(());
        }
        // Else reading fails, as if the member were damaged.
        if !matches!(
            member.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            troubles.add(Trouble::Method, &shown);
            return Ok(());
        }
        let size = member.size();
        let mut content = Limited::new(member, self.budget.clone());
        match self.read(&mut content, size)? {
            Content::TooLarge => troubles.add(Trouble::TooLarge, &shown),
            Content::Whole(bytes) => self.keep(shown.clone(), &shown, bytes, at, troubles)?,
            Content::Cut(bytes, error) => {
                troubles.add(Trouble::DamagedMember, &shown);
                let before = self.members.len();
                if !bytes.is_empty() {
                    self.keep(shown.clone(), &shown, bytes, at, troubles)?;
                }
                if is_corrupt(&error) {
                    self.doubt(before);
                }
            }
        }
        Ok(())
    }
}

/// Fails once `left` bytes have been read.
struct Fused<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Fused<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other("a limit was reached"));
        }
        let count = self.inner.read(buffer)?;
        self.left.set(left.saturating_sub(count as u64));
        Ok(count)
    }
}

impl<R: Seek> Seek for Fused<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Why a member cannot be opened.
fn of(error: &ZipError) -> Trouble {
    match error {
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            Trouble::Method
        }
        _ => Trouble::DamagedMember,
    }
}
