//! How values become bytes and are read back: one encoding for each value, every length checked before memory is taken.

use alloc::string::String;
use alloc::vec::Vec;

/// What is read does not follow the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The byte of the section at which reading stopped.
    pub(crate) at: u32,
}

/// Bytes that are read from the front.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    read: u32,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes, read: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn broken<T>(&self) -> Result<T, Broken> {
        Err(Broken { at: self.read })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else { return self.broken() };
        self.rest = rest;
        self.read = self.read.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let at = self.read;
        <[u8; N]>::try_from(self.take(N)?).map_err(|_| Broken { at })
    }

    /// Reads a count of things that take at least so many bytes each: more than can follow is refused.
    fn count(&mut self, least: usize) -> Result<usize, Broken> {
        let count = u32::read(self)? as usize;
        if count > self.rest.len() / least.max(1) { self.broken() } else { Ok(count) }
    }
}

/// A value with exactly one encoding.
pub(crate) trait Coded: Sized {
    /// How many bytes it takes at least.
    const LEAST: usize;

    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads the encoding from the front.
    fn read(from: &mut Reader<'_>) -> Result<Self, Broken>;
}

macro_rules! numbers {
    ($($number:ident)*) => {$(
        impl Coded for $number {
            const LEAST: usize = size_of::<$number>();

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
                from.array().map($number::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8 u16 u32 u64 i32 i64 u128);

impl Coded for bool {
    const LEAST: usize = 1;

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        match u8::read(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => from.broken(),
        }
    }
}

impl Coded for f64 {
    const LEAST: usize = 8;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        from.array().map(|bytes| f64::from_bits(u64::from_le_bytes(bytes)))
    }
}

impl Coded for String {
    const LEAST: usize = 4;

    fn write(&self, out: &mut Vec<u8>) {
        length(self.len()).write(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let count = from.count(1)?;
        let bytes = from.take(count)?;
        match core::str::from_utf8(bytes) {
            Ok(text) => Ok(String::from(text)),
            Err(_) => from.broken(),
        }
    }
}

impl<T: Coded> Coded for Vec<T> {
    const LEAST: usize = 4;

    fn write(&self, out: &mut Vec<u8>) {
        length(self.len()).write(out);
        self.iter().for_each(|element| element.write(out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let count = from.count(T::LEAST)?;
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(T::read(from)?);
        }
        Ok(elements)
    }
}

impl<T: Coded> Coded for Option<T> {
    const LEAST: usize = 1;

    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok(if bool::read(from)? { Some(T::read(from)?) } else { None })
    }
}

impl<A: Coded, B: Coded> Coded for (A, B) {
    const LEAST: usize = A::LEAST + B::LEAST;

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok((A::read(from)?, B::read(from)?))
    }
}

/// A length as it is written. What does not fit in 32 bits is written as the greatest, which no reader accepts.
pub(crate) fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Makes the encoding of a struct: its fields in this order.
macro_rules! coded_struct {
    ($name:ident { $($field:ident: $of:ty),* $(,)? }) => {
        impl Coded for $name {
            const LEAST: usize = 0 $(+ <$of as Coded>::LEAST)*;

            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)*
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
                Ok($name { $($field: Coded::read(from)?),* })
            }
        }
    };
}

/// Makes the encoding of an enum: a byte that tells the variant, then its fields.
macro_rules! coded_enum {
    ($name:ident { $($tag:literal $variant:ident $(($($part:ident),*))? $({$($field:ident),*})?;)* }) => {
        impl Coded for $name {
            const LEAST: usize = 1;

            fn write(&self, out: &mut Vec<u8>) {
                match self {$(
                    $name::$variant $(($($part),*))? $({$($field),*})? => {
                        out.push($tag);
                        $($($part.write(out);)*)?
                        $($($field.write(out);)*)?
                    }
                )*}
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
                match u8::read(from)? {
                    $($tag => {
                        $($(let $part = Coded::read(from)?;)*)?
                        $($(let $field = Coded::read(from)?;)*)?
                        Ok($name::$variant $(($($part),*))? $({$($field),*})?)
                    })*
                    _ => from.broken(),
                }
            }
        }
    };
}

pub(crate) use {coded_enum, coded_struct};
