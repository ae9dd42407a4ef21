//! The table of a page as a file: the rows that the page shows, in its words, as text or as a workbook.

use std::fs::File;

use shiryan_kernel::{Code, Problem, Result};

use super::Visitor;
use crate::db::off_loop;
use crate::http::{Answer, House, file};
use crate::sheets::{Format, Mark, Out};

/// Rows under headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What the file is called, before the day.
    pub name: &'static str,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn write(&self, format: Format, mark: &Mark, file: File) -> Result<File> {
        let mut out = Out::begin(format, file, self.header.iter().map(String::as_str))?;
        for row in &self.rows {
            out.row(row)?;
        }
        Ok(out.end(mark)?.0)
    }
}

impl Visitor {
    /// A table as a file, named by the day.
    ///
    /// # Errors
    /// `unauthenticated`; `busy`; `internal` when it cannot be written.
    pub async fn file(&self, house: &House, format: Format, table: Table) -> Answer {
        let by = self.principal.as_ref().ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        let room = house.room_for_a_file()?;
        let mark = Mark { by: by.user.to_string(), at: house.db.now() };
        let name = format!("{}-{}.{format}", table.name, house.today());
        let written = off_loop(move || table.write(format, &mark, file::nameless()?)).await?;
        Ok(file::attachment(written, room, &name, format.media_type())?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_compute_is_guarded() {
        let table = Table {
            name: "reserve",
            header: vec!["group".into(), "days".into()],
            rows: vec![vec!["=1+1".into(), "2.5".into()]],
        };
        let mark = Mark { by: "x".into(), at: Default::default() };
        let mut file = table.write(Format::Csv, &mark, file::nameless().unwrap()).unwrap();
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\u{feff}group,days\n'=1+1,2.5\n");
    }
}
