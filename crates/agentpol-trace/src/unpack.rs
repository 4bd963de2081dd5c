//! Packed recordings: gzip and zstd as they come, unpacked while they are read and within bounds.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The most that a packed recording may unpack to, in bytes.
pub const UNPACKED_LIMIT: u64 = 64 << 30;
/// How many times its own size a packed recording may unpack to.
pub(crate) const MOST_RATIO: u64 = 500;
/// How much may be unpacked whatever it was packed to: short files of little content pack best.
const FREE: u64 = 64 << 20;

/// Whether these first bytes of a file are those of gzip (RFC 1952).
fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Whether these first bytes of a file are those of zstd (RFC 8878); a frame that is to be skipped may come first.
fn is_zstd(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Unpacks what comes packed, told from its first bytes; everything else is read as it is.
///
/// What unpacks to more than 500 times its size beyond the first 64 MiB, or to more than [`UNPACKED_LIMIT`], ends with an error.
///
/// # Errors
/// What the reader says where its first bytes cannot be read.
pub fn unpack<'r, R: BufRead + 'r>(reader: R) -> io::Result<Box<dyn BufRead + 'r>> {
    unpack_beyond(FREE, reader)
}

/// Unpacks; the bound on the ratio holds beyond so many bytes.
fn unpack_beyond<'r, R: BufRead + 'r>(free: u64, mut reader: R) -> io::Result<Box<dyn BufRead + 'r>> {
    let first = reader.fill_buf()?;
    let (gzip, zstd) = (is_gzip(first), is_zstd(first));
    let packed = Counted { reader, read: 0 };
    Ok(if gzip {
        Box::new(BufReader::with_capacity(1 << 16, Bounded { unpacked: MultiGzDecoder::new(packed), written: 0, free }))
    } else if zstd {
        let frames = Frames { packed, decoder: FrameDecoder::new(), within: false };
        Box::new(BufReader::with_capacity(1 << 16, Bounded { unpacked: frames, written: 0, free }))
    } else {
        Box::new(packed.reader)
    })
}

/// Counts what is taken.
struct Counted<R> {
    reader: R,
    read: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount as u64;
        self.reader.consume(amount);
    }
}

/// Something that unpacks, and knows how much it took.
trait Unpacker: Read {
    fn taken(&self) -> u64;
}

impl<R: BufRead> Unpacker for MultiGzDecoder<Counted<R>> {
    fn taken(&self) -> u64 {
        self.get_ref().read
    }
}

impl<R: BufRead> Unpacker for Frames<R> {
    fn taken(&self) -> u64 {
        self.packed.read
    }
}

/// What is unpacked may not go on without end.
struct Bounded<U> {
    unpacked: U,
    written: u64,
    free: u64,
}

impl<U: Unpacker> Read for Bounded<U> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.unpacked.read(into)?;
        self.written += read as u64;
        if self.written > UNPACKED_LIMIT {
            return Err(io::Error::other(format!("more than {} GiB when unpacked", UNPACKED_LIMIT >> 30)));
        }
        let most = self.unpacked.taken().saturating_mul(MOST_RATIO).saturating_add(self.free);
        if self.written > most {
            return Err(io::Error::other(format!("unpacks to more than {MOST_RATIO} times its size")));
        }
        Ok(read)
    }
}

/// The frames of a zstd file, one behind the other.
struct Frames<R> {
    packed: Counted<R>,
    decoder: FrameDecoder,
    /// Whether a frame was begun and has not ended.
    within: bool,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !into.is_empty() {
            if !self.within {
                if self.packed.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.within = self.begin()?;
                continue;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let strategy = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder
                    .decode_blocks(&mut self.packed, strategy)
                    .map_err(|error| io::Error::other(error.to_string()))?;
            }
            match self.decoder.read(into)? {
                0 => self.end()?,
                read => return Ok(read),
            }
        }
        Ok(0)
    }
}

impl<R: BufRead> Frames<R> {
    /// Begins a frame; or skips one that holds nothing, and says so.
    fn begin(&mut self) -> io::Result<bool> {
        match self.decoder.init(&mut self.packed) {
            Ok(()) => Ok(true),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                io::copy(&mut (&mut self.packed).take(u64::from(length)), &mut io::sink())?;
                Ok(false)
            }
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }

    /// Ends a frame, whose checksum must be right where it has one.
    fn end(&mut self) -> io::Result<()> {
        self.within = false;
        match self.decoder.get_checksum_from_data() {
            Some(written) if self.decoder.get_calculated_checksum() != Some(written) => {
                Err(io::Error::other("the checksum of a frame is wrong"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write as _;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).and_then(|()| encoder.finish()).unwrap_or_default()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        let read = unpack(bytes).and_then(|mut reader| reader.read_to_end(&mut text));
        read.map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn plain_gzip_and_zstd_read_alike() {
        let text = b"{\"tool\": \"t\"}\n".repeat(1_000);
        for packed in [text.clone(), gzip(&text), zstd(&text)] {
            assert_eq!(unpacked(&packed).as_ref(), Ok(&text));
        }
        assert_eq!(unpacked(b""), Ok(Vec::new()));
    }

    #[test]
    fn members_and_frames_stand_one_behind_the_other() {
        let skipped = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let frames = [skipped, zstd(b"one\n"), zstd(b"two\n")].concat();
        assert_eq!(unpacked(&frames), Ok(b"one\ntwo\n".to_vec()));
        assert_eq!(unpacked(&[gzip(b"one\n"), gzip(b"two\n")].concat()), Ok(b"one\ntwo\n".to_vec()));
    }

    #[test]
    fn what_is_cut_off_or_goes_on_without_end_is_an_error() {
        for packed in [gzip(b"a line of text\n"), zstd(b"a line of text\n")] {
            assert!(unpacked(&packed[..packed.len() - 3]).is_err());
        }
        let blank = vec![b' '; 4 << 20];
        for bomb in [gzip(&blank), zstd(&blank)] {
            assert_eq!(unpacked(&bomb).map(|text| text.len()), Ok(4 << 20));
            let mut text = Vec::new();
            let read = unpack_beyond(1 << 20, &bomb[..]).and_then(|mut reader| reader.read_to_end(&mut text));
            let error = read.err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some("unpacks to more than 500 times its size"));
        }
    }
}
