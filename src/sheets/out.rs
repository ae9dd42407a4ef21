//! A file of rows, written so that the reader takes each cell again as it was.
//!
//! Every cell is text, and guarded in both formats ([`guarded`]): a cell of a workbook is text already, but whoever
//! saves that workbook as text and opens it again would have it computed. Text begins with the mark of UTF-8, without
//! which spreadsheets guess the encoding. Refused: more rows than a sheet of a workbook holds.

use std::fs::File;
use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::text::header_line;
use super::{EXPORTED, guarded};

/// The rows of a workbook's sheet, its header too.
const MOST_ROWS: u32 = 1_048_576;
const SHEET: usize = 0;

shiryan_kernel::word! {
    /// How a file is written.
    #[derive(Default)]
    pub enum Format {
        /// Comma-separated text, UTF-8 with its mark.
        #[default]
        Csv = "csv",
        /// A workbook of one sheet.
        Xlsx = "xlsx",
    }
}

impl Format {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Who wrote a file and when. A workbook bears it among its properties; in a file of a register each row does, so that a
/// part that was copied still tells ([`Out::marked`]).
#[derive(Debug, Clone)]
pub struct Mark {
    pub by: String,
    pub at: Moment,
}

impl Mark {
    /// As a row bears it: the user's id, and the minute.
    fn of_a_row(&self) -> String {
        format!("{} {}", self.by, self.at.format("%Y-%m-%dT%H:%MZ"))
    }
}

/// A file being written, row by row in flat memory.
pub struct Out {
    sink: Sink,
    /// The last cell of each row, where there is one for it.
    mark: Option<String>,
    /// Without the header.
    rows: u32,
}

enum Sink {
    Text(Box<csv::Writer<File>>),
    Book(Box<Workbook>, File),
}

impl std::fmt::Debug for Out {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Out({} rows)", self.rows)
    }
}

impl Out {
    /// Begins an empty file with its header.
    ///
    /// # Errors
    /// `internal` when it cannot be written.
    pub fn begin<'a>(
        format: Format,
        mut file: File,
        header: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let mut header = header.into_iter();
        let sink = match format {
            Format::Csv => {
                let names: Vec<String> = header.by_ref().map(guarded).collect();
                file.write_all(b"\xef\xbb\xbf").map_err(Problem::internal)?;
                file.write_all(&header_line(&names).map_err(Problem::internal)?)
                    .map_err(Problem::internal)?;
                Sink::Text(Box::new(csv::Writer::from_writer(file)))
            }
            Format::Xlsx => {
                let mut book = Box::new(Workbook::new());
                book.add_worksheet_with_constant_memory().map_err(Problem::internal)?;
                Sink::Book(book, file)
            }
        };
        let mut out = Self { sink, mark: None, rows: 0 };
        if matches!(out.sink, Sink::Book(..)) {
            out.write(header)?;
        }
        Ok(out)
    }

    /// The same with one column more, in which each row says who took it out and when.
    ///
    /// # Errors
    /// As [`Out::begin`].
    pub fn marked<'a>(
        format: Format,
        file: File,
        header: impl IntoIterator<Item = &'a str>,
        mark: &Mark,
    ) -> Result<Self> {
        let out = Self::begin(format, file, header.into_iter().chain([EXPORTED]))?;
        Ok(Self { mark: Some(mark.of_a_row()), ..out })
    }

    /// Writes a row, cell for column.
    ///
    /// # Errors
    /// `out_of_range` of `format` past the last row of a workbook; `internal` when it cannot be written.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<()> {
        self.rows += 1;
        let mark = self.mark.take();
        let written = self.write(cells.iter().map(AsRef::as_ref).chain(mark.as_deref()));
        self.mark = mark;
        written
    }

    fn write<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<()> {
        match &mut self.sink {
            Sink::Text(text) => text.write_record(cells.map(guarded)).map_err(Problem::internal),
            Sink::Book(book, _) => {
                if self.rows >= MOST_ROWS {
                    return Err(Problem::field("format", Code::OutOfRange));
                }
                let sheet = book.worksheet_from_index(SHEET).map_err(Problem::internal)?;
                for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                    sheet.write_string(self.rows, column, guarded(cell)).map_err(Problem::internal)?;
                }
                Ok(())
            }
        }
    }

    /// Ends the file; it, and how many rows it holds beside the header.
    ///
    /// # Errors
    /// `internal` when it cannot be written.
    pub fn end(self, mark: &Mark) -> Result<(File, u32)> {
        let rows = self.rows;
        let file = match self.sink {
            Sink::Text(text) => {
                text.into_inner().map_err(|stopped| Problem::internal(stopped.into_error()))?
            }
            Sink::Book(mut book, file) => {
                let at = ExcelDateTime::from_timestamp(mark.at.timestamp()).map_err(Problem::internal)?;
                let properties = DocProperties::new().set_author(&mark.by).set_creation_datetime(&at);
                book.set_properties(&properties.set_comment(format!("{rows} rows")));
                book.save_to_writer(&file).map_err(Problem::internal)?;
                file
            }
        };
        Ok((file, rows))
    }
}
