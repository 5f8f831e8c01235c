//! Readers: counted, limited, decompressed.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::io::BufRead;
use std::io::Read;
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::BlockDecodingStrategy;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::errors::ReadFrameHeaderError;

use crate::cli::archive::limits::Budget;

/// Packed bytes on their way in.
pub(super) struct Counted<R> {
    inner: R,
    budget: Rc<Budget>,
}

impl<R> Counted<R> {
    pub fn new(inner: R, budget: Rc<Budget>) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.packed(count as u64);
        Ok(count)
    }
}

/// Unpacked bytes on their way out; fails as soon as they are too many.
pub(super) struct Limited<R> {
    inner: R,
    budget: Rc<Budget>,
}

impl<R> Limited<R> {
    pub fn new(inner: R, budget: Rc<Budget>) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.unpacked(count)?;
        Ok(count)
    }
}

/// Remembers whether what was read is not what was packed.
pub(super) struct Watched<'a, R> {
    inner: R,
    corrupt: &'a Cell<bool>,
}

impl<'a, R> Watched<'a, R> {
    pub fn new(inner: R, corrupt: &'a Cell<bool>) -> Self {
        Self { inner, corrupt }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let outcome = self.inner.read(buffer);
        if outcome.as_ref().is_err_and(is_corrupt) {
            self.corrupt.set(true);
        }
        outcome
    }
}

/// A decoder stumbled, or a checksum does not match. What is cut off is good up to there.
pub(super) fn is_corrupt(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
    )
}

/// Fails once, then is at its end.
pub(super) struct Broken(pub Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// All gzip streams of a file, one after the other: parallel compressors and `cat` make many.
pub(super) struct Gunzip<R> {
    /// `None` at the end.
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(source: R) -> Self {
        Self {
            decoder: Some(GzDecoder::new(source)),
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer).inspect_err(|_| self.decoder = None)?;
            if count > 0 {
                return Ok(count);
            }
            let source = self.decoder.take().map(GzDecoder::into_inner);
            if let Some(mut source) = source
                && follows(&mut source, |first| first == 0x1f)?
            {
                self.decoder = Some(GzDecoder::new(source));
            }
        }
        Ok(0)
    }
}

/// All zstd frames of a file, one after the other.
pub(super) struct Unzstd<R> {
    source: R,
    frame: FrameDecoder,
    state: State,
}

enum State {
    Between,
    InFrame,
    /// What was decoded before is still to be handed out.
    Failed(io::Error),
    Done,
}

impl<R: BufRead> Unzstd<R> {
    pub fn new(source: R) -> Self {
        Self {
            source,
            frame: FrameDecoder::new(),
            state: State::Between,
        }
    }

    /// Goes to the next frame; there may be none.
    fn start(&mut self) -> io::Result<State> {
        let is_magic = |first| first == 0x28 || (0x50..=0x5f).contains(&first);
        if !follows(&mut self.source, is_magic)? {
            return Ok(State::Done);
        }
        match self.frame.reset(&mut self.source) {
            Ok(()) => Ok(State::InFrame),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut (&mut self.source).take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(State::Between)
            }
            Err(error) => Err(undecoded(error)),
        }
    }

    /// Decodes a block. If there is none, the frame is ended by hand: the decoder holds a whole
    /// window back until then, and that may be all that there is of the file.
    fn block(&mut self) -> State {
        /// The last block, raw and empty, and a checksum, if one is wanted.
        const END: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
        let one = BlockDecodingStrategy::UptoBlocks(1);
        match self.frame.decode_blocks(&mut self.source, one) {
            Ok(_) => State::InFrame,
            Err(error) => {
                // Where even that fails, less is handed out.
                let _ = self.frame.decode_blocks(END, BlockDecodingStrategy::All);
                State::Failed(undecoded(error))
            }
        }
    }

    /// Every byte of the frame was handed out.
    fn end(&mut self) -> io::Result<State> {
        let stored = self.frame.get_checksum_from_data();
        if stored.is_some() && stored != self.frame.get_calculated_checksum() {
            return Err(corrupt("its checksum does not match"));
        }
        Ok(State::Between)
    }
}

impl<R: BufRead> Read for Unzstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let state = std::mem::replace(&mut self.state, State::Done);
            let holds = self.frame.can_collect() > 0;
            self.state = match state {
                State::Done => return Ok(0),
                State::Between => self.start()?,
                State::InFrame | State::Failed(_) if holds => {
                    self.state = state;
                    return self.frame.read(buffer);
                }
                State::Failed(error) => return Err(error),
                State::InFrame if self.frame.is_finished() => self.end()?,
                State::InFrame => self.block(),
            };
        }
    }
}

/// In words: the decoder's own tell of its states. What the reader below said is kept.
fn undecoded(error: FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "its end is missing"),
                kind => io::Error::new(kind, error.to_string()),
            };
        }
        cause = error.source();
    }
    corrupt("its zstd data is damaged")
}

fn corrupt(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Whether another stream starts here. Padding ends a file as well; anything else is no part of
/// it.
fn follows(source: &mut impl BufRead, is_magic: impl Fn(u8) -> bool) -> io::Result<bool> {
    loop {
        let buffer = source.fill_buf()?;
        let Some(first) = buffer.first() else {
            return Ok(false);
        };
        if is_magic(*first) {
            return Ok(true);
        }
        let padding = buffer.iter().take_while(|b| **b == 0).count();
        if padding == 0 {
            return Err(io::Error::other("something else follows"));
        }
        source.consume(padding);
    }
}
