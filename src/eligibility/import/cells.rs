//! The cells of a row, read in the order of its columns, with every fault noted.

use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::{NationalId, ServiceNumber};
use shiryan_kernel::{Code, Problem, Result};

use crate::donors::Key;
use crate::sheets::{Column, Row};
use crate::vault::Vault;

pub const SERVICE_NUMBER: Column =
    Column { name: "service_number", also: &["الرقم العسكري", "رقم الخدمة"] };
pub const NATIONAL_ID: Column =
    Column { name: "national_id", also: &["رقم الهوية", "الرقم الوطني"] };

pub struct Cells<'a> {
    columns: &'static [Column],
    row: &'a Row,
    pub faults: Faults,
    next: usize,
}

impl<'a> Cells<'a> {
    /// Notes a row that has more or fewer cells than the header.
    pub fn of(row: &'a Row, columns: &'static [Column]) -> Self {
        let mut faults = Faults::none();
        if !row.is_whole() {
            faults.add("row", Code::InvalidRequest);
        }
        Self { columns, row, faults, next: 0 }
    }

    /// The next column's name and cell.
    fn next(&mut self) -> (&'static str, Result<&'a str>) {
        let at = self.next;
        self.next += 1;
        let cell = self.row.readable(at).map(|()| self.row.cell(at));
        (self.columns.get(at).map_or("", |column| column.name), cell)
    }

    /// The next cell, read; none when it is empty or at fault.
    pub fn read<T>(&mut self, parse: impl FnOnce(&str) -> Result<T>) -> Option<T> {
        let (name, cell) = self.next();
        match cell {
            Ok("") => None,
            cell => self.faults.keep(name, cell.and_then(parse)),
        }
    }

    /// The next cell, read; an empty one is a fault.
    pub fn need<T>(&mut self, parse: impl FnOnce(&str) -> Result<T>) -> Option<T> {
        let (name, cell) = self.next();
        let needed =
            |cell: &str| if cell.is_empty() { Err(Problem::new(Code::MissingField)) } else { parse(cell) };
        self.faults.keep(name, cell.and_then(needed))
    }

    /// Whether the cell that was read last had anything in it.
    pub fn had_any(&self) -> bool {
        !self.row.cell(self.next.saturating_sub(1)).is_empty()
    }

    /// The keys of the donor whom the row is about, a service number and a national id: one of them at least.
    pub fn donor(&mut self, vault: &Vault) -> Vec<Key> {
        let service_number = self.read(ServiceNumber::parse);
        let named = self.had_any();
        let national_id = self.read(NationalId::parse);
        if !named && !self.had_any() {
            self.faults.add(NATIONAL_ID.name, Code::MissingField);
        }
        let service_number = service_number.map(|number| Key::of_service_number(vault, &number));
        service_number
            .into_iter()
            .chain(national_id.map(|number| Key::of_national_id(vault, &number)))
            .collect()
    }
}
