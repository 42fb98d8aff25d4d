//! The XML of a part, piece by piece: elements by their local names, texts with their references resolved, nothing held but the
//! piece at hand. There are no document types and so no entities but XML's own five.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::XmlVersion::Implicit1_0;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::WorkbookError;
use super::bounds::{MAX_DEPTH, MAX_PIECE_BYTES};
use super::error::{Reached, quoted};

/// A part that is being read.
pub(super) struct Xml<'p> {
    part: String,
    reader: Reader<Metered<'p>>,
    piece: Vec<u8>,
    depth: usize,
}

/// A piece of XML.
pub(super) enum Node<'a> {
    /// An element begins; an empty one ends with the next node.
    Open(Tag<'a>),
    /// The element that was opened last and not closed yet ends.
    Close,
    /// A text, or a part of one: references stand apart.
    Text(Cow<'a, str>),
    /// A comment, a declaration or an instruction.
    Nothing,
    /// The part ends, with all its elements closed.
    End,
}

impl<'p> Xml<'p> {
    /// Reads a part, of which `most` bytes may be unpacked, each of them taken from `left`.
    pub(super) fn new(part: String, inner: Box<dyn Read + 'p>, left: &'p mut u64, most: u64, reached: Reached) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        let metered = Metered { inner, buffer, start: 0, end: 0, piece: 0, most, left, reached };
        let mut reader = Reader::from_reader(metered);
        reader.config_mut().expand_empty_elements = true;
        Self { part, reader, piece: Vec::new(), depth: 0 }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Node<'_>, WorkbookError> {
        self.piece.clear();
        self.reader.get_mut().piece = 0;
        let part = self.part.as_str();
        let wrong = |found: String, expected| WorkbookError::Part { part: part.to_owned(), found, expected };
        let event = self.reader.read_event_into(&mut self.piece).map_err(|error| failure(part, error))?;
        Ok(match event {
            Event::Start(start) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    let (what, most) = ("elements inside each other", MAX_DEPTH as u64);
                    return Err(WorkbookError::Bound { place: format!("part `{part}`"), what, most });
                }
                Node::Open(Tag { part, start })
            }
            Event::End(_) => {
                self.depth -= 1;
                Node::Close
            }
            Event::Text(text) => Node::Text(text.into_inner()),
            Event::CData(text) => Node::Text(text.into_inner()),
            Event::GeneralRef(reference) => Node::Text(resolve(part, &reference)?),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Node::Nothing,
            Event::DocType(_) => return Err(wrong("a document type".to_owned(), "none in a part of a workbook")),
            Event::Eof if self.depth > 0 => {
                return Err(wrong("the end inside of an element".to_owned(), "every element closed"));
            }
            Event::Eof => Node::End,
            Event::Empty(_) => unreachable!("empty elements are expanded"),
        })
    }

    /// Passes over the rest of the element that was opened last.
    pub(super) fn skip(&mut self) -> Result<(), WorkbookError> {
        let inside = self.depth;
        while self.depth >= inside {
            self.next()?;
        }
        Ok(())
    }

    /// Opens the root element, whose local name must be this.
    pub(super) fn root(&mut self, name: &'static str) -> Result<(), WorkbookError> {
        loop {
            let found = match self.next()? {
                Node::Open(tag) if tag.name() == name => return Ok(()),
                Node::Open(tag) => format!("the element `{}`", quoted(tag.name())),
                Node::End => "no element".to_owned(),
                Node::Close | Node::Text(_) | Node::Nothing => continue,
            };
            let expected = "a part of the kind that its relationship says";
            return Err(WorkbookError::Part { part: self.part.clone(), found, expected });
        }
    }

    /// Reads to the end of the part, so that its checksum is verified.
    pub(super) fn finish(mut self) -> Result<(), WorkbookError> {
        while !matches!(self.next()?, Node::End) {}
        Ok(())
    }

    /// Appends the text of the element that was opened last, up to its end, and passes over elements in it.
    pub(super) fn text(&mut self, out: &mut String, most: usize) -> Result<(), WorkbookError> {
        let start = out.len();
        loop {
            match self.next()? {
                Node::Text(text) => out.push_str(&text),
                Node::Open(_) => self.skip()?,
                Node::Close => return Ok(()),
                Node::Nothing | Node::End => {}
            }
            if out.len() - start > most {
                let (what, most) = ("bytes in the text of a cell", most as u64);
                return Err(WorkbookError::Bound { place: format!("part `{}`", self.part), what, most });
            }
        }
    }

    /// The name of the part, for messages.
    pub(super) fn part(&self) -> &str {
        &self.part
    }
}

/// The beginning of an element.
pub(super) struct Tag<'a> {
    part: &'a str,
    start: BytesStart<'a>,
}

impl Tag<'_> {
    /// Its name without a prefix.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The values of the attributes of these names, in this order. A name such as `:id` stands for `id` with any prefix.
    pub(super) fn attributes<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<Cow<'_, str>>; N], WorkbookError> {
        let wrong = |found: String| WorkbookError::Part {
            part: self.part.to_owned(),
            found: format!("{found} in the element `{}`", quoted(self.name())),
            expected: "well-formed XML",
        };
        let mut values = [const { None }; N];
        for attribute in self.start.attributes() {
            let attribute = attribute.map_err(|error| wrong(error.to_string()))?;
            let is_named = |name: &&str| match name.strip_prefix(':') {
                Some(local) => attribute.key.prefix().is_some() && attribute.key.local_name().into_inner() == local,
                None => attribute.key.into_inner() == *name,
            };
            if let Some(at) = names.iter().position(is_named) {
                let value = attribute.normalized_value(Implicit1_0).map_err(|error| wrong(error.to_string()))?;
                values[at] = Some(value);
            }
        }
        Ok(values)
    }
}

/// What a reference stands for. XML knows five names; others would need a document type.
fn resolve<'a>(part: &str, reference: &BytesRef<'_>) -> Result<Cow<'a, str>, WorkbookError> {
    if let Some(text) = resolve_predefined_entity(reference) {
        return Ok(Cow::Borrowed(text));
    }
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(Cow::Owned(character.to_string())),
        _ => Err(WorkbookError::Part {
            part: part.to_owned(),
            found: format!("the reference `&{};`", quoted(reference)),
            expected: "a character or one of `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&apos;`",
        }),
    }
}

fn failure(part: &str, error: quick_xml::Error) -> WorkbookError {
    match error {
        quick_xml::Error::Io(error) => {
            // The error of a bound is made anew: behind a shared pointer it cannot be taken out.
            let reached = error.get_ref().and_then(|inner| inner.downcast_ref::<Reached>()).copied();
            let error = match reached {
                Some(reached) => reached.into(),
                None => {
                    Arc::try_unwrap(error).unwrap_or_else(|shared| io::Error::new(shared.kind(), shared.to_string()))
                }
            };
            WorkbookError::reading(part, error)
        }
        other => WorkbookError::Part {
            part: part.to_owned(),
            found: quoted(&other.to_string()),
            expected: "well-formed XML in UTF-8",
        },
    }
}

/// Bytes that are unpacked at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Bytes of a part, with bounds on the piece at hand, on the part and on all parts together.
struct Metered<'p> {
    inner: Box<dyn Read + 'p>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes of the piece at hand so far.
    piece: usize,
    /// Bytes of the part that may still come.
    most: u64,
    /// Bytes of all parts that may still come.
    left: &'p mut u64,
    /// What to say when they have come.
    reached: Reached,
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(out)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > MAX_PIECE_BYTES {
            return Err(Reached { what: "bytes in one piece of XML", most: MAX_PIECE_BYTES as u64 }.into());
        }
        if self.start == self.end {
            let length = self.inner.read(&mut self.buffer)?;
            let taken = length as u64;
            if taken > self.most {
                return Err(self.reached.into());
            }
            self.most -= taken;
            *self.left -= taken;
            (self.start, self.end) = (0, length);
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, length: usize) {
        self.start += length;
        self.piece += length;
    }
}
